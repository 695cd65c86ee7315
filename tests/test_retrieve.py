"""Which passages come up for a question, and in which order."""

from __future__ import annotations

from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st
from index_support import EMBEDDER

from qabot.evaluation.throwaway import MemoryIndex
from qabot.retrieve import as_read, retrieve
from qabot.types import Document, Hit, Origin, Passage

TOPICS = ("harbour", "railway", "orchard", "theatre", "glacier", "vineyard", "lighthouse", "quarry")


def article(name: str, text: str, publisher: str = "", date: str = "") -> Document:
    return Document(name, "", "", text, Origin(publisher=publisher, date=date))


def found(question: str, *documents: Document, top_k: int = 16) -> list[Hit]:
    with closing(MemoryIndex(documents, EMBEDDER)) as index:
        return retrieve(question, index, top_k, 12_000)


def names(hits: list[Hit]) -> list[str]:
    return [hit.passage.document_id for hit in hits]


def test_an_article_of_the_publisher_that_is_named_comes_first() -> None:
    text = "The minister opened the {} on Monday and spoke about its cost."
    documents = [
        article(topic, text.format(topic), "Fortune" if topic == "quarry" else "Polygon")
        for topic in TOPICS
    ]
    assert names(found("What did the minister open, as Fortune has it?", *documents))[0] == "quarry"


def test_an_article_of_the_day_that_is_named_comes_first() -> None:
    text = "The minister opened the {} and spoke about its cost."
    documents = [
        article(topic, text.format(topic), date=f"2024-05-{number:02}")
        for number, topic in enumerate(TOPICS, start=1)
    ]
    question = "What did the minister open, in the article published on May 7?"
    assert names(found(question, *documents))[0] == TOPICS[6]


def test_each_part_of_a_question_keeps_its_passage_among_the_first() -> None:
    much = [
        article(f"{topic}-{number}", f"Workers of the old {topic} asked the owner for money.")
        for topic in TOPICS
        for number in range(4)
    ]
    lone = article("lone", "A purple submarine surfaced beside the ferry at midnight.")
    question = (
        "Which owner was asked for money by the workers of the old harbour, by workers of the "
        "orchard and railway, and saw a purple submarine surface beside the ferry?"
    )
    assert "lone" in names(found(question, lone, *much))[:3]


@given(st.text(max_size=200), st.text(max_size=60), st.integers(1, 5))
def test_hits_are_passages_of_the_index_best_first_and_no_more_than_asked_for(
    question: str, publisher: str, top_k: int
) -> None:
    documents = [article(topic, f"It rained on the {topic}.", publisher) for topic in TOPICS]
    hits = found(question, *documents, top_k=top_k)
    assert len(hits) <= top_k
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len(set(names(hits))) == len(hits)


def hits_of(count: int) -> list[Hit]:
    return [Hit(Passage(str(n), "", "", 0, 1, "x"), None, None, 1.0) for n in range(count)]


def test_a_passage_that_reads_best_comes_before_the_one_found_first() -> None:
    assert names(as_read("Who came?", hits_of(3), (0.1, 2.0, 0.5))) == ["1", "0", "2"]


def test_for_a_question_of_several_parts_the_order_found_stays() -> None:
    question = "Who built the old harbour of Malta, and who painted the new theatre of Rome?"
    assert names(as_read(question, hits_of(3), (0.1, 2.0, 0.5))) == ["0", "1", "2"]


@given(st.text(max_size=60), st.lists(st.floats(allow_nan=False), max_size=12))
def test_reading_loses_no_hit_and_keeps_the_order_among_equals(
    question: str, fit: list[float]
) -> None:
    hits = hits_of(len(fit))
    read = as_read(question, hits, fit)
    assert sorted(names(read)) == sorted(names(hits))
    assert [hit.score for hit in read] == sorted((hit.score for hit in read), reverse=True)
    assert names(as_read(question, hits, [0.0] * len(hits))) == names(hits)
    assert as_read(question, hits, ()) == hits
