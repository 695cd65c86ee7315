"""What a model is given to read: order, numbers, and one line for each passage."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from qabot.compose import Head, arranged, numbered, smaller
from qabot.prompts import as_data
from qabot.types import Hit, Passage


def hit(document: str, start: int, text: str = "Some words.") -> Hit:
    return Hit(Passage(document, f"Title {document}", "s", start, start + len(text), text), 1, 1, 1)


def test_the_article_of_the_best_hit_comes_first_and_each_is_in_reading_order() -> None:
    hits = [hit("b", 50), hit("a", 70), hit("b", 10), hit("a", 30)]
    assert [(one.document_id, one.start) for one in arranged(hits)] == [
        ("b", 10), ("b", 50), ("a", 30), ("a", 70),
    ]  # fmt: skip


def test_passages_are_numbered_through_under_a_line_for_each_article() -> None:
    heads = {"a": Head("", date(2025, 2, 26)), "b": Head("", None), "c": Head("", None, "The\nSun")}
    passages = [
        one.passage for one in (hit("a", 0, "One\ntwo."), hit("a", 9), hit("b", 0), hit("c", 0))
    ]
    assert numbered(passages, heads).splitlines() == [
        "ARTICLE: Title a (article of Wednesday, 26 February 2025)",
        "[1] One two.",
        "[2] Some words.",
        "ARTICLE: Title b",
        "[3] Some words.",
        "ARTICLE: Title c (The Sun)",
        "[4] Some words.",
    ]
    both = Head("", date(2025, 2, 26), "Reuters")
    assert both.whose() == "Reuters, article of Wednesday, 26 February 2025"


def test_a_caption_is_told_to_be_one() -> None:
    passage = Passage("a", "T", "s", 0, 7, "A mill.", "caption")
    assert numbered([passage], {}).endswith("[1] Photo caption: A mill.")


def test_smaller_keeps_the_better_half_and_at_least_one() -> None:
    hits = [hit("a", 0, "x" * 100), hit("a", 200, "y" * 100), hit("a", 400, "z" * 100)]
    assert smaller(hits) == hits[:1]
    assert smaller(hits[:1]) == hits[:1]
    assert smaller([]) == []


@given(st.lists(st.tuples(st.sampled_from("ab"), st.text(max_size=80)), max_size=6))
def test_whatever_articles_hold_each_passage_is_one_line_after_its_number(
    found: list[tuple[str, str]],
) -> None:
    hits = [hit(document, number * 100, text) for number, (document, text) in enumerate(found)]
    lines = numbered(arranged(hits), {}).splitlines()
    numbers = [int(line[1 : line.index("]")]) for line in lines if line.startswith("[")]
    assert numbers == list(range(1, len(found) + 1))
    assert len(lines) == len(found) + len({document for document, _ in found})


@given(st.text())
def test_data_is_one_line_without_tags_and_markers_and_stays_so(text: str) -> None:
    data = as_data(text)
    assert len(data.splitlines()) <= 1
    assert as_data(data) == data
    assert "<|" not in data
