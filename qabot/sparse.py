"""The words of passages as sparse vectors, for a server that searches them (BM25).

A vector has a dimension for each word of a passage, and for each two in a row: a query's phrase is
looked up by its pairs, one of two words exactly. The rarity of a word is the server's to weigh.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np

from qabot.postings import COLUMNS, PASSAGE_BITS, PLACE_BITS
from qabot.tokenizer import occurrences, stems

_K1, _B = 1.2, 0.75  # as in ``ranking``
_AVERAGE = 50.0
"""Words in a passage of news with its title; a constant, so that none is ever written anew."""
_WORTH = tuple(COLUMNS.values())

Sparse = dict[int, float]
"""Values by dimension, dimensions ascending."""


def passages_as_sparse(passages: Sequence[Sequence[str]]) -> list[Sparse]:
    """What each of some passages, given by the columns that are searched, weighs by its words.

    Raises UnicodeEncodeError for a lone surrogate.
    """
    found = occurrences(passages)
    order = np.argsort(found.keys, kind="stable")
    keys = found.keys[order].tolist()
    terms = np.repeat(np.arange(len(found.terms)), found.counts)[order].tolist()
    weights = [Counter[int]() for _ in passages]
    lengths = Counter(key >> PASSAGE_BITS for key in keys)
    last = -2
    for key, term, before in zip(keys, terms, [-1, *terms], strict=False):
        own, worth = weights[key >> PASSAGE_BITS], _WORTH[key >> PLACE_BITS & 3]
        own[_dimension(found.terms[term])] += worth
        if key == last + 1:
            own[_dimension(f"{found.terms[before]} {found.terms[term]}")] += worth
        last = key
    return [_saturated(own, lengths[number]) for number, own in enumerate(weights)]


def query_as_sparse(terms: Sequence[str]) -> Sparse:
    """The words and phrases that are looked up; empty where there is no word in them."""
    sought = Counter[int]()
    for term in terms:
        words = stems(term)
        units = [f"{one} {other}" for one, other in pairwise(words)] or words
        for unit in units:
            sought[_dimension(unit)] += 1.0 / len(units)  # type: ignore[assignment]
    return dict(sorted(sought.items()))


def _saturated(weights: Counter[int], length: int) -> Sparse:
    room = _K1 * (1 - _B + _B * length / _AVERAGE)
    return {one: weight * (_K1 + 1) / (weight + room) for one, weight in sorted(weights.items())}


@lru_cache(maxsize=100_000)
def _dimension(unit: str) -> int:
    """A number of 31 bits: of a million units some hundreds share theirs with another."""
    return int.from_bytes(hashlib.blake2b(unit.encode(), digest_size=4).digest(), "big") >> 1
