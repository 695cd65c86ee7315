"""Make the index that ``smallest_llamaindex.py`` reads: one node for each paragraph of a file.

python benchmarks/build_llamaindex.py FOLDER FILE
"""

from __future__ import annotations

import sys
from pathlib import Path

from llama_index.core import StorageContext, VectorStoreIndex
from llama_index.core.schema import TextNode
from smallest_llamaindex import WordLlamaEmbedding, open_store

if __name__ == "__main__":
    text = Path(sys.argv[2]).read_text(encoding="utf-8")
    nodes = [TextNode(text=paragraph) for paragraph in text.split("\n\n") if paragraph.strip()]
    storage = StorageContext.from_defaults(vector_store=open_store(sys.argv[1]))
    VectorStoreIndex(nodes, storage_context=storage, embed_model=WordLlamaEmbedding())
    print(f"{len(nodes)} passages")
