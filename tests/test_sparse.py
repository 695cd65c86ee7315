"""Words of passages as sparse vectors: what shares a dimension shares a word or a phrase."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts_support import strings

from qabot.sparse import passages_as_sparse, query_as_sparse
from qabot.tokenizer import stems

WORDS = st.lists(st.sampled_from("talks Iran u.s nuclear deal stops über".split()), max_size=8)


def text_of(text: str) -> tuple[str, str, str, str]:
    return "", "", text, ""


def product(query: dict[int, float], passage: dict[int, float]) -> float:
    return sum(value * passage.get(dimension, 0.0) for dimension, value in query.items())


@given(st.lists(strings, max_size=4))
def test_any_text_makes_a_vector_as_chroma_takes_them(texts: list[str]) -> None:
    found = passages_as_sparse([text_of(text) for text in texts])
    assert len(found) == len(texts)
    for vector in [*found, query_as_sparse(texts)]:
        assert list(vector) == sorted(vector)
        assert all(0 <= dimension < 2**31 for dimension in vector)
        assert all(value > 0 and math.isfinite(value) for value in vector.values())


@given(WORDS, st.sampled_from("talk iran deals über deal-stops u.s iran-talks-deal".split()))
def test_a_passage_is_found_by_the_words_and_the_pairs_it_has(words: list[str], term: str) -> None:
    text = " ".join(words)
    (passage,) = passages_as_sparse([text_of(text)])
    there = stems(text)
    sought = list(pairwise(stems(term))) or [stems(term)]
    units = {*pairwise(there), *((one,) for one in there)}
    assert bool(product(query_as_sparse([term]), passage)) == any(one in units for one in sought)


def test_a_phrase_is_not_found_by_its_words_apart() -> None:
    together, apart = passages_as_sparse([text_of("the U.S. talks"), text_of("u and s talks")])
    query = query_as_sparse(["u.s"])
    assert product(query, together) > 0
    assert product(query, apart) == 0


def test_a_word_ending_one_field_makes_no_pair_with_the_next() -> None:
    (passage,) = passages_as_sparse([("A nuclear", "", "deal", "")])
    assert product(query_as_sparse(["nuclear-deal"]), passage) == 0
    assert product(query_as_sparse(["deal"]), passage) > 0


def test_what_is_said_more_often_in_fewer_words_and_in_the_text_weighs_more() -> None:
    once, twice, longer, titled = passages_as_sparse(
        [
            text_of("talks here"),
            text_of("talks talks"),
            text_of("talks " + "and more of it " * 20),
            ("talks here", "", "", ""),
        ]
    )
    query = query_as_sparse(["talk"])
    assert product(query, twice) > product(query, once) > product(query, longer)
    assert product(query, once) > product(query, titled)


def test_words_that_are_asked_for_twice_count_twice() -> None:
    assert query_as_sparse(["talk", "talks"]) == {
        dimension: 2 * value for dimension, value in query_as_sparse(["talk"]).items()
    }
    assert query_as_sparse(["", "!"]) == {}


@pytest.mark.parametrize("lone", ["\ud800", "a \udfff"])
def test_a_lone_surrogate_is_refused(lone: str) -> None:
    with pytest.raises(UnicodeEncodeError):
        passages_as_sparse([text_of(lone)])
