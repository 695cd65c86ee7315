"""LlamaIndex's view of the index: the node parser, its pipeline, the embedding, the retriever.

The collection is a plain LlamaIndex-on-Chroma index: any LlamaIndex program can open it with
``VectorStoreIndex.from_vector_store(ChromaVectorStore(collection), embed_model=...)``.
Only ingestion imports this module; questions are answered without LlamaIndex.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.node_parser import NodeParser
from llama_index.core.schema import (
    BaseNode,
    MetadataMode,
    NodeRelationship,
    NodeWithScore,
    QueryBundle,
    RelatedNodeInfo,
    TextNode,
)
from llama_index.core.schema import Document as LlamaDocument

from qabot.nodes import passage_of
from qabot.origins import fields_of, origin_of, pages_of, pages_text
from qabot.protocols import Embedder
from qabot.split import FINGERPRINT, split
from qabot.types import Document, Hit, Passage
from qabot.vector_rows import Rows, Store, write_rows

EMBEDDED_FIELDS = ("title", "heading")
"""Fields that are embedded before a passage's text; the others are kept beside it."""
FILTERED_FIELDS = ("title", "source", "url", "author", "publisher", "date", "tags")
"""Fields that Chroma can filter by; all the others are in the node only."""


class PassageParser(NodeParser):
    """Cuts documents into qabot's passages; each node knows its exact span in the text."""

    fingerprint: str = FINGERPRINT

    @classmethod
    def class_name(cls) -> str:
        return "PassageParser"

    def _parse_nodes(
        self, nodes: Sequence[BaseNode], show_progress: bool = False, **kwargs: Any
    ) -> list[BaseNode]:
        return [passage for node in nodes for passage in self._passages(node)]

    def _postprocess_parsed_nodes(
        self, nodes: list[BaseNode], parent_doc_map: dict[str, Any]
    ) -> list[BaseNode]:
        """Keep the offsets: the base class would search for each text again, and miss."""
        return nodes

    def _passages(self, node: BaseNode) -> list[BaseNode]:
        text = node.get_content(metadata_mode=MetadataMode.NONE)
        fields = dict(node.metadata)
        document = Document(
            node.node_id,
            str(fields.get("title", "")),
            str(fields.get("source", "")),
            text,
            origin_of(fields),
            pages_of(pages := str(fields.pop("pages", ""))),
        )
        made: list[BaseNode] = []
        passages, position = split(document), 0
        for number, passage in enumerate(passages):
            is_last = number + 1 == len(passages)
            own = {
                "heading": passage.heading,
                "kind": passage.kind,
                "start": passage.start,
                "end": passage.end,
                "line": passage.line,
                "gap": text[position : passage.start],
                "tail": text[passage.end :] if is_last else "",
                "count": len(passages),
            }
            if document.pages:
                own |= {"page": passage.page, "breaks": pages_text(passage.breaks)}
                own |= {"pages": pages} if is_last else {}
            position = passage.end
            made.append(_node(document, passage, {**fields, **own}))
        return made


def _node(document: Document, passage: Passage, fields: dict[str, Any]) -> TextNode:
    version = fields.get("version", document.id)
    hidden = [name for name in fields if name not in EMBEDDED_FIELDS]
    if not passage.heading:
        hidden.append("heading")
    return TextNode(
        id_=f"{version}:{passage.start}-{passage.end}",
        text=passage.text,
        start_char_idx=passage.start,
        end_char_idx=passage.end,
        metadata=fields,
        metadata_template="{value}",
        excluded_embed_metadata_keys=hidden,
        excluded_llm_metadata_keys=hidden,
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=document.id)},
    )


class EmbeddingAdapter(BaseEmbedding):
    """One of qabot's embedding models as LlamaIndex's ``BaseEmbedding``."""

    _embedder: Embedder = PrivateAttr()

    def __init__(self, embedder: Embedder) -> None:
        super().__init__(model_name=embedder.fingerprint, embed_batch_size=256)
        self._embedder = embedder

    @classmethod
    def class_name(cls) -> str:
        return "EmbeddingAdapter"

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        found: list[list[float]] = self._embedder.embed(texts).tolist()
        return found

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embeddings([query])[0]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)


class PassageRetriever(BaseRetriever):
    """qabot's retrieval as a LlamaIndex retriever, for use in other LlamaIndex programs."""

    def __init__(self, retrieve: Callable[[str], Sequence[Hit]]) -> None:
        super().__init__()
        self._find = retrieve

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return [_scored(hit) for hit in self._find(query_bundle.query_str)]


def _scored(hit: Hit) -> NodeWithScore:
    passage = hit.passage
    fields = {
        "document_id": passage.document_id,
        "title": passage.title,
        "source": passage.source,
        "heading": passage.heading,
        "kind": passage.kind,
        "line": passage.line,
    }
    node = TextNode(
        text=passage.text,
        start_char_idx=passage.start,
        end_char_idx=passage.end,
        metadata=fields,
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=passage.document_id)},
    )
    return NodeWithScore(node=node, score=hit.score)


def run_pipeline(
    documents: Sequence[tuple[Document, Mapping[str, str]]], embedder: Embedder, store: Store
) -> list[tuple[str, Passage]]:
    """Split, embed and write documents to a vector store; returns the passages by node id.

    Each document comes with the fields its passages carry besides title and source.
    """
    passages, rows = parsed(documents, are_beside=True)
    write_rows(rows.embedded(embedder), store)
    return passages


def parsed(
    documents: Sequence[tuple[Document, Mapping[str, str]]], are_beside: bool = False
) -> tuple[list[tuple[str, Passage]], Rows]:
    """Split documents; returns the passages by node id, and what a store is to hold, not embedded.

    The rows are such as LlamaIndex's ``ChromaVectorStore`` reads. Chroma indexes every field, which
    takes time and room: only those that one filters by stand beside the node, which has them all.
    It indexes every three letters of a text, too, which takes most of the time: so the node has
    the text, unless texts ``are_beside``, for a server that bounds the size of a field.
    """
    pipeline = IngestionPipeline(transformations=[PassageParser()], disable_cache=True)
    nodes = pipeline.run(documents=[_llama_document(*given) for given in documents])
    texts = [node.get_content(metadata_mode=MetadataMode.NONE) for node in nodes]
    passages = [
        (node.node_id, passage_of(node.ref_doc_id or "", text, node.metadata))
        for node, text in zip(nodes, texts, strict=True)
    ]
    within = [{} if are_beside else {"text": text} for text in texts]
    rows = Rows(
        [node.node_id for node in nodes],
        [_stored_fields(node, own) for node, own in zip(nodes, within, strict=True)],
        to_embed=[node.get_content(metadata_mode=MetadataMode.EMBED) for node in nodes],
        documents=texts if are_beside else (),
    )
    return passages, rows


def _stored_fields(node: BaseNode, within: Mapping[str, str]) -> dict[str, Any]:
    source = node.ref_doc_id or ""
    hidden = node.excluded_llm_metadata_keys
    content = {
        "id_": node.node_id,
        **within,
        "metadata": node.metadata,
        "metadata_template": node.metadata_template,
        "excluded_embed_metadata_keys": hidden,
        "excluded_llm_metadata_keys": hidden,
        "relationships": {"1": {"node_id": source, "class_name": "RelatedNodeInfo"}},
        "start_char_idx": node.metadata["start"],
        "end_char_idx": node.metadata["end"],
        "class_name": node.class_name(),
    }
    return {
        **{name: node.metadata[name] for name in FILTERED_FIELDS if node.metadata.get(name)},
        "document_id": source,
        "_node_type": node.class_name(),
        "_node_content": json.dumps(content, ensure_ascii=False),
    }


def _llama_document(document: Document, fields: Mapping[str, str]) -> LlamaDocument:
    metadata = {"title": document.title, "source": document.source, **fields}
    metadata |= fields_of(document.origin)
    if document.pages:
        metadata["pages"] = pages_text(document.pages)
    return LlamaDocument(id_=document.id, text=document.text, metadata=metadata)
