"""The smallest LlamaIndex + Chroma program that finds passages for a question, to compare with.

    python benchmarks/smallest_llamaindex.py FOLDER QUESTION

It reads an index that ``build_llamaindex.py`` has made, embeds the question with the same WordLlama
model that qabot uses, and prints the text of the three nearest passages. It neither reads them for
an answer nor checks anything.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import chromadb
import wordllama
from llama_index.core import VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.vector_stores.chroma import ChromaVectorStore


class WordLlamaEmbedding(BaseEmbedding):
    """WordLlama's vectors for LlamaIndex."""

    _model: Any = PrivateAttr()

    def __init__(self) -> None:
        super().__init__()
        folder = Path(wordllama.__file__).parent
        self._model = wordllama.WordLlama.load(dim=256, cache_dir=folder, disable_download=True)

    def _get_text_embedding(self, text: str) -> list[float]:
        return [float(value) for value in self._model.embed([text], norm=True)[0]]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)


def open_store(folder: str) -> ChromaVectorStore:
    settings = chromadb.Settings(anonymized_telemetry=False)
    client = chromadb.PersistentClient(folder, settings=settings)
    collection = client.get_or_create_collection("articles", embedding_function=None)
    return ChromaVectorStore(chroma_collection=collection)


if __name__ == "__main__":
    index = VectorStoreIndex.from_vector_store(open_store(sys.argv[1]), WordLlamaEmbedding())
    for found in index.as_retriever(similarity_top_k=3).retrieve(sys.argv[2]):
        print(found.text, end="\n\n")
