"""Words: exact spans, and what is written differently but means one thing is one thing."""

from __future__ import annotations

import itertools
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from texts_support import hostile_texts, strings, texts

from qabot.words import clean, content_stems, fold, is_stopword, stem, tokens


@given(st.one_of(texts, strings))
@example("$1,000.50, U.S. and don't—won’t 20-year")
def test_tokens_are_exact_in_order_and_never_empty(text: str) -> None:
    found = tokens(text)
    assert all(text[token.start : token.end] == token.surface != "" for token in found)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))


@given(st.one_of(texts, strings))
def test_a_cleaned_question_is_one_line_of_what_can_be_seen(text: str) -> None:
    cleaned = clean(text)
    assert cleaned == " ".join(cleaned.split()) == clean(cleaned)
    assert all(unicodedata.category(character)[0] != "C" for character in cleaned)


@given(strings)
def test_any_text_can_be_folded_and_stemmed(text: str) -> None:
    assert isinstance(fold(text), str)
    assert isinstance(stem(text), str)
    assert all(isinstance(each, str) for each in content_stems(text))


@pytest.mark.parametrize("text", hostile_texts(), ids=lambda text: repr(text[-12:]))
def test_hostile_text_has_words_all_the_same(text: str) -> None:
    found = tokens(text[:20_000])
    assert all(text[token.start : token.end] == token.surface for token in found)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sanction", "sanctions"),
        ("Negotiate", "negotiating"),
        ("U.S.", "US"),
        ("America", "U.S."),
        ("Feb.", "February"),
        ("three", "3"),
        ("1,000", "1000"),
        ("café", "CAFÉ"),
        ("café", "cafe"),
    ],
)
def test_forms_of_one_word_have_one_stem(one: str, other: str) -> None:
    (mine,), (theirs,) = tokens(one), tokens(other)
    assert mine.stem == theirs.stem


@pytest.mark.parametrize(("one", "other"), [("us", "US"), ("Iran", "Iraq"), ("2015", "2016")])
def test_different_words_have_different_stems(one: str, other: str) -> None:
    (mine,), (theirs,) = tokens(one), tokens(other)
    assert mine.stem != theirs.stem


def test_possessives_and_full_stops_are_no_part_of_a_word() -> None:
    assert [token.surface for token in tokens("Iran’s policy. Russia's deal.")] == [
        "Iran", "policy", "Russia", "deal",
    ]  # fmt: skip


def test_words_that_say_nothing_of_their_own_are_known() -> None:
    assert is_stopword("The")
    assert is_stopword("who")
    assert not is_stopword("Iran")
    assert content_stems("What is it that they are?") == []


def test_threads_stem_alike() -> None:
    starts = ("relation", "nation", "hope", "generous", "conduct")
    ends = ("al", "ally", "ing", "edly", "ness", "fulness", "ization", "ability", "ities", "ively")
    words = [f"{a}{start}{end}" for start in starts for end in ends for a in ("", "un", "re", "co")]
    alone = [stem.__wrapped__(word) for word in words]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(stem.__wrapped__, words * 5)) == alone * 5
    finally:
        sys.setswitchinterval(interval)
