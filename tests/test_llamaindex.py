"""The index on the disk is a plain LlamaIndex-on-Chroma index, and our parts work in LlamaIndex."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from index_support import (
    ANIMALS,
    EMBEDDER,
    article_text,
    ingest_into,
    open_index,
    write_articles,
)
from llama_index.core import VectorStoreIndex
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.node_parser import NodeParser
from llama_index.core.schema import Document as LlamaDocument
from llama_index.core.schema import NodeRelationship, TextNode
from llama_index.core.vector_stores import ExactMatchFilter, MetadataFilters
from llama_index.vector_stores.chroma import ChromaVectorStore
from texts_support import repetitive_text, texts

from qabot.index import Index
from qabot.llamaindex import EmbeddingAdapter, PassageParser, PassageRetriever
from qabot.nodes import passage_of
from qabot.retrieve import retrieve
from qabot.split import split
from qabot.types import Document


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """An index of some articles, made by an ordinary ingestion."""
    folder = tmp_path_factory.mktemp("llamaindex")
    ingest_into(folder / "home", *write_articles(folder / "articles", *ANIMALS))
    with open_index(folder / "home", create=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def llama_index(index: Index) -> VectorStoreIndex:
    """The same index as any LlamaIndex program opens it."""
    assert index.vectors
    (part,) = index.vectors
    store = ChromaVectorStore(chroma_collection=part.collection)
    return VectorStoreIndex.from_vector_store(store, embed_model=EmbeddingAdapter(EMBEDDER))


def test_llamaindex_retrieves_from_the_index_on_the_disk(
    index: Index, llama_index: VectorStoreIndex
) -> None:
    found = llama_index.as_retriever(similarity_top_k=3).retrieve("the walrus painted apples")
    assert len(found) == 3
    best = found[0].node
    assert isinstance(best, TextNode)
    assert "The walrus painted apples" in best.text
    assert best.ref_doc_id == "walrus"
    document = index.catalog.document("walrus")
    assert document
    assert document.text[best.start_char_idx : best.end_char_idx] == best.text
    assert [node.score for node in found] == sorted(
        (node.score or 0 for node in found), reverse=True
    )


def test_llamaindex_finds_the_same_passages_as_our_own_search(
    index: Index, llama_index: VectorStoreIndex
) -> None:
    question = "the walrus painted apples"
    theirs = llama_index.as_retriever(similarity_top_k=5).retrieve(question)
    ours = index.dense(EMBEDDER.embed([question])[0], 5)
    assert [node.node.node_id for node in theirs] == [identifier for identifier, _ in ours]


def test_every_node_says_all_that_a_passage_says(index: Index) -> None:
    assert index.vectors
    (part,) = index.vectors
    store = ChromaVectorStore(chroma_collection=part.collection)
    nodes = store.get_nodes(node_ids=None)
    passages = index.catalog.passages([node.node_id for node in nodes])
    assert len(passages) == len(nodes) == 2 * len(ANIMALS)
    for node in nodes:
        assert isinstance(node, TextNode)
        assert passage_of(node.ref_doc_id or "", node.text, node.metadata) == passages[node.node_id]
        assert (node.start_char_idx, node.end_char_idx) == (
            passages[node.node_id].start, passages[node.node_id].end
        )  # fmt: skip


def test_llamaindex_can_filter_by_the_fields_of_a_passage(llama_index: VectorStoreIndex) -> None:
    only = MetadataFilters(filters=[ExactMatchFilter(key="title", value="Life of the otter")])
    found = llama_index.as_retriever(similarity_top_k=9, filters=only).retrieve("apples")
    assert {node.node.ref_doc_id for node in found} == {"otter"}


def test_llamaindex_deletes_a_document_by_its_id(home: Path, tmp_path: Path) -> None:
    ingest_into(home, *write_articles(tmp_path, "zebra", "walrus"))
    with open_index(home, create=False) as opened:
        assert opened.vectors
        (part,) = opened.vectors
        store = ChromaVectorStore(chroma_collection=part.collection)
        llama = VectorStoreIndex.from_vector_store(store, embed_model=EmbeddingAdapter(EMBEDDER))
        llama.delete_ref_doc("zebra")
        left = llama.as_retriever(similarity_top_k=9).retrieve("painted apples")
        assert {node.node.ref_doc_id for node in left} == {"walrus"}


# The node parser on its own


def nodes_of(text: str, **metadata: str) -> list[TextNode]:
    made = PassageParser().get_nodes_from_documents(
        [LlamaDocument(id_="d", text=text, metadata=metadata)]
    )
    assert all(isinstance(node, TextNode) for node in made)
    return [node for node in made if isinstance(node, TextNode)]


@given(texts)
def test_the_parser_alone_gives_exact_spans_of_any_text(text: str) -> None:
    nodes = nodes_of(text)
    for node in nodes:
        assert text[node.start_char_idx : node.end_char_idx] == node.text
    passages = split(Document("d", "", "", text))
    assert [(node.start_char_idx, node.end_char_idx) for node in nodes] == [
        (passage.start, passage.end) for passage in passages
    ]


@given(repetitive_text)
def test_the_nodes_of_a_repetitive_text_neither_overlap_nor_lose_anything(text: str) -> None:
    nodes = nodes_of(text)
    rebuilt, position = "", 0
    for node in nodes:
        assert node.start_char_idx is not None
        assert node.end_char_idx is not None
        assert node.start_char_idx >= position
        rebuilt += str(node.metadata["gap"]) + node.text
        position = node.end_char_idx
    if nodes:
        assert rebuilt + str(nodes[-1].metadata["tail"]) == text


REPEATED = "The talks failed again. " * 300


def test_where_llamaindexs_own_search_loses_its_place_the_parser_does_not() -> None:
    document = LlamaDocument(id_="d", text=REPEATED)
    ours = nodes_of(REPEATED)
    spans = [(node.start_char_idx or 0, node.end_char_idx or 0) for node in ours]
    assert len(spans) > 5
    assert spans[-1][1] == len(REPEATED.rstrip())
    assert all(before[1] < after[0] for before, after in itertools.pairwise(spans))
    # What the base class would have done: it looks for each text just behind the last one's start.
    searched = NodeParser._postprocess_parsed_nodes(PassageParser(), [*ours], {"d": document})
    found = [node.end_char_idx or 0 for node in searched if isinstance(node, TextNode)]
    assert found[-1] < len(REPEATED) // 2


def test_the_parser_works_in_a_pipeline_of_someone_else() -> None:
    pipeline = IngestionPipeline(
        transformations=[PassageParser(), EmbeddingAdapter(EMBEDDER)], disable_cache=True
    )
    document = LlamaDocument(
        id_="mine", text=article_text("zebra"), metadata={"title": "T", "author": "A. Writer"}
    )
    nodes = list(pipeline.run(documents=[document]))
    assert len(nodes) == 2
    assert all(node.embedding and len(node.embedding) == EMBEDDER.dimensions for node in nodes)
    assert {node.metadata["author"] for node in nodes} == {"A. Writer"}
    source = nodes[0].relationships[NodeRelationship.SOURCE]
    assert not isinstance(source, list)
    assert source.node_id == "mine"


def test_title_and_heading_are_embedded_with_a_passage_but_are_no_part_of_its_text() -> None:
    text = (
        "# The Title\n\n## A Heading\n\nThe zebra walked along the river until it came to the sea "
        "and there it slept.\n"
    )
    (node,) = nodes_of(text, title="The Title", source="/a.md")
    assert node.text.startswith("The zebra walked")
    embedded = node.get_content(metadata_mode="embed")  # type: ignore[arg-type]
    assert embedded.split("\n\n")[0].split("\n") == ["The Title", "A Heading"]
    assert "/a.md" not in embedded


# The embedding and the retriever


def test_the_embedding_is_the_embedders() -> None:
    adapter = EmbeddingAdapter(EMBEDDER)
    text = "the walrus painted apples"
    expected = [float(value) for value in EMBEDDER.embed([text])[0]]
    assert adapter.get_text_embedding(text) == pytest.approx(expected)
    assert adapter.get_query_embedding(text) == pytest.approx(expected)
    assert adapter.get_text_embedding_batch([text, "another"])[0] == pytest.approx(expected)
    assert adapter.model_name == EMBEDDER.fingerprint


def test_the_retriever_gives_our_passages_with_exact_spans(index: Index) -> None:
    retriever = PassageRetriever(lambda question: retrieve(question, index, 5, 8_000))
    found = retriever.retrieve("What did the walrus paint?")
    hits = retrieve("What did the walrus paint?", index, 5, 8_000)
    assert [node.score for node in found] == [hit.score for hit in hits]
    assert found[0].node.ref_doc_id == "walrus"
    for scored in found:
        node = scored.node
        assert isinstance(node, TextNode)
        document = index.catalog.document(node.ref_doc_id or "")
        assert document
        assert document.text[node.start_char_idx : node.end_char_idx] == node.text
        assert node.metadata["title"] == document.title


# What questions cost


def test_a_question_never_imports_llamaindex(home: Path, tmp_path: Path) -> None:
    ingest_into(home, *write_articles(tmp_path, "zebra"))
    code = """
import sys
from contextlib import closing
from qabot import open_bot
with closing(open_bot()) as bot:
    assert bot.ask("What did the zebra paint?").citations
assert "chromadb" in sys.modules
print([name for name in sys.modules if name.startswith("llama_index")])
"""
    # Started anew: what the tests' processes are forked from has loaded it.
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")
