"""Passages of different articles that say nearly the same: one stays and names the others."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts_support import HOSTILE_LENGTH, article_text, in_time

from qabot.twins import distinct
from qabot.types import BlockKind, Hit, Origin, Passage
from qabot.words import stem

REPORT = (
    "The Senate of Brazil approved a law on Tuesday that bans mining on native land. Senator Ana "
    "Prado said the rivers had been poisoned for 30 years. Miners protested outside the building "
    "until late in the evening, and 12 of them were arrested by the police."
)
REWRITTEN = (
    "Miners demonstrated outside the building until late in the evening, and 12 of them were taken "
    "away by the police. The Senate of Brazil passed a law on Tuesday that forbids mining on "
    "native land. Senator Ana Prado said the rivers had been fouled for 30 years."
)
OTHER = (
    "The Senate of Brazil approved a law on Tuesday that raises the tax on coffee and sugar. "
    "Farmers said that they would sell their harvest abroad, as they did when prices fell."
)


def hit(
    name: str,
    text: str,
    date: str = "",
    kind: BlockKind = "body",
    score: float = 1.0,
    start: int = 0,
) -> Hit:
    origin = Origin(date=date)
    passage = Passage(name, "", "", start, start + len(text), text, kind, origin=origin)
    return Hit(passage, None, None, score)


def names(hits: list[Hit]) -> list[str]:
    return [one.passage.document_id for one in hits]


def also(one: Hit) -> list[str]:
    return [twin.document_id for twin in one.also]


def test_a_report_that_is_reordered_and_reworded_is_named_with_the_one_that_stays() -> None:
    (stays,) = distinct([hit("a", REPORT), hit("b", REWRITTEN), hit("c", REPORT)], 9)
    assert (stays.passage.document_id, also(stays)) == ("a", ["b", "c"])


def test_reports_on_other_things_stay() -> None:
    assert names(distinct([hit("a", REPORT), hit("b", OTHER)], 9)) == ["a", "b"]


@pytest.mark.parametrize(
    ("said", "instead"),
    [("12", "15"), ("30", "40"), ("Prado", "Lima"), ("Tuesday", "Monday"), ("had", "had not")],
)
def test_a_report_with_another_figure_name_or_denial_stays(said: str, instead: str) -> None:
    changed = REWRITTEN.replace(said, instead)
    assert names(distinct([hit("a", REPORT), hit("b", changed)], 9)) == ["a", "b"]


def test_a_short_report_with_one_other_word_stays() -> None:
    found = [hit("a", "The minister opened the harbour and spoke about its cost.")]
    found.append(hit("b", "The minister opened the quarry and spoke about its cost."))
    assert names(distinct(found, 9)) == ["a", "b"]


def test_a_report_that_holds_more_of_what_is_asked_stays() -> None:
    found = [hit("a", REPORT), hit("b", REWRITTEN)]
    assert names(distinct(found, 9, frozenset({stem("demonstrated")}))) == ["a", "b"]


def test_a_report_that_says_much_more_stays() -> None:
    shorter = REPORT.split(". Miners")[0] + "."
    assert names(distinct([hit("a", shorter), hit("b", REPORT)], 9)) == ["a", "b"]


def test_a_report_that_is_part_of_one_kept_goes() -> None:
    shorter = REPORT.split(". Miners")[0] + "."
    (stays,) = distinct([hit("a", REPORT), hit("b", shorter)], 9)
    assert also(stays) == ["b"]


def test_of_twins_the_one_published_first_stays_at_the_place_of_the_best() -> None:
    found = [
        hit("late", REPORT, "2024-05-02", score=3),
        hit("other", OTHER, score=2),
        hit("early", REWRITTEN, "2024-05-01", score=1),
    ]
    first, second = distinct(found, 9)
    assert (names([first, second]), first.score) == (["early", "other"], 3)
    assert also(first) == ["late"]


def test_without_both_dates_the_best_stays() -> None:
    found = [hit("best", REPORT), hit("dated", REWRITTEN, "2024-05-01")]
    assert names(distinct(found, 9)) == ["best"]


def test_the_text_stays_rather_than_a_caption_that_says_the_same() -> None:
    found = [hit("a", REPORT, kind="caption"), hit("a", REWRITTEN, start=900)]
    (stays,) = distinct(found, 9)
    assert (stays.passage.kind, stays.also) == ("body", ())


def test_an_article_is_named_once_however_many_of_its_passages_say_it() -> None:
    found = [hit("a", REPORT), hit("b", REPORT), hit("b", REWRITTEN, start=900)]
    (stays,) = distinct(found, 9)
    assert also(stays) == ["b"]


passages = st.lists(
    st.builds(
        hit,
        st.sampled_from("abc"),
        st.one_of(article_text, st.sampled_from([REPORT, REWRITTEN, OTHER])),
        st.sampled_from(["", "2024-05-01", "2024-05-02"]),
        st.sampled_from(["body", "caption"]),
    ),
    max_size=8,
)


@given(passages, st.integers(1, 9))
def test_no_hit_is_made_up_and_what_stays_is_not_dropped_again(found: list[Hit], most: int) -> None:
    kept = distinct(found, most)
    given_passages = [one.passage for one in found]
    assert len(kept) <= most
    for one in kept:
        assert one.passage in given_passages
        assert all(twin in given_passages for twin in one.also)
        assert one.passage.document_id not in also(one)
        assert len(set(also(one))) == len(one.also)


@given(passages)
def test_the_first_article_found_is_kept_or_named(found: list[Hit]) -> None:
    kept = distinct(found, 9)
    said = {name for one in kept for name in [one.passage.document_id, *also(one)]}
    assert said == set(names(found))


@given(st.lists(st.sampled_from(REPORT.split()), min_size=1), st.integers())
def test_the_order_of_sentences_does_not_matter(words: list[str], seed: int) -> None:
    sentences = [f"{' '.join(words)} {number}." for number in range(3)]
    mixed = random.Random(seed).sample(sentences, 3)
    found = [hit("a", " ".join(sentences)), hit("b", " ".join(mixed))]
    assert len(distinct(found, 9)) == 1


@in_time
@pytest.mark.parametrize("unit", ["a ", "Ab ", "1 ", "not ", "“", "."])
def test_texts_made_to_do_harm_end(unit: str) -> None:
    text = unit * (HOSTILE_LENGTH // len(unit))
    assert len(distinct([hit("a", text), hit("b", text)], 9)) == 1
