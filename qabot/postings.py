"""Which passages have which words, as arrays; and which have a phrase. Pure.

A *segment* holds the words of some passages, numbered from 0, and is not altered afterwards. A
*posting* is a passage that has a term, with how much of it, in 32 bits; its *places* say where, in
16 bits each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt

COLUMNS = {"title": 2, "heading": 1, "text": 4, "publisher": 4}
"""The parts of a passage that are searched, in order, and what a word in each is worth."""
LARGEST = 1 << 20
"""Passages in a segment, at most."""
LAST_PLACE = (1 << 13) - 1
"""The position in a column that all later words are said to have too."""
PLACE_BITS, PASSAGE_BITS = 13, 15
"""In the number of an occurrence: where its column begins, and where its passage."""
_WEIGHT_BITS, _MOST = 12, (1 << 12) - 1
_IS_LAST = 1 << 15  # a place: the last one in its passage

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Every place of every term: terms in order, how many places each has, and these by term."""

    terms: Sequence[str]
    counts: Integers
    keys: Integers


@dataclass(frozen=True, slots=True)
class Row:
    """A term of a segment as it is stored: its postings, and its places in them."""

    term: str
    postings: bytes
    places: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """Passages that have a term, ascending, and its weight in each."""

    passages: npt.NDArray[np.integer]
    weights: npt.NDArray[np.integer]


def rows_of(found: Occurrences) -> list[Row]:
    """What a segment stores of each term."""
    keys = found.keys
    if not len(keys):
        return []
    passages, places = keys >> PASSAGE_BITS, keys & ((1 << PASSAGE_BITS) - 1)
    ends = np.cumsum(found.counts)
    is_first = np.ones(len(keys), dtype=bool)
    is_first[1:] = passages[1:] != passages[:-1]
    is_first[ends[:-1]] = True
    starts = np.flatnonzero(is_first)
    worth = np.array(list(COLUMNS.values()))[places >> PLACE_BITS]
    weights = np.minimum(np.add.reduceat(worth, starts), _MOST)
    postings = (passages[starts] << _WEIGHT_BITS | weights).astype("<u4").tobytes()
    is_last = np.append(is_first[1:], True)
    stored = (places | is_last * _IS_LAST).astype("<u2").tobytes()
    cuts = [0, *(4 * np.searchsorted(starts, ends)).tolist()]
    place_cuts = [0, *(2 * ends).tolist()]
    return [
        Row(term, postings[cuts[n] : cuts[n + 1]], stored[place_cuts[n] : place_cuts[n + 1]])
        for n, term in enumerate(found.terms)
    ]


def found_in(postings: bytes) -> Found:
    """The passages of a stored term. Raises ValueError for garbage."""
    numbers = np.frombuffer(postings, dtype="<u4")
    return Found(numbers >> _WEIGHT_BITS, numbers & _MOST)


def joined(rows: Sequence[tuple[Row, Integers]]) -> Row:
    """One row of a term from those of several segments.

    Each comes with the new number of every passage of its segment, -1 for those that are gone; the
    numbers rise from row to row. Raises ValueError or IndexError for garbage.
    """
    postings, places = [], []
    for row, numbers in rows:
        found, own = found_in(row.postings), np.frombuffer(row.places, dtype="<u2")
        new = numbers[found.passages]
        if (new < 0).any():
            own = own[(new >= 0)[_owners(own)]]
        found = Found(new[new >= 0], found.weights[new >= 0])
        postings.append((found.passages << _WEIGHT_BITS | found.weights).astype("<u4").tobytes())
        places.append(own.tobytes())
    return Row(rows[0][0].term, b"".join(postings), b"".join(places))


def phrase(words: Sequence[Row]) -> Found:
    """The passages of a segment in which terms follow one another in a column, with the weight.

    Raises ValueError or IndexError for garbage.
    """
    found = [found_in(word.postings).passages.astype(np.int64) for word in words]
    # Only of the passages with all of them are the places looked at: "u", "s" and "a" have many.
    rarest, *others = sorted(found, key=len)
    common = reduce(_in_both, others, rarest)
    keys = [_keys(word, own, common) for word, own in zip(words, found, strict=True)]
    begins = keys[0]
    for distance, own in enumerate(keys[1:], start=1):
        begins = _in_both(own - distance, begins)
    begins = begins[(begins & LAST_PLACE) + len(words) - 1 < LAST_PLACE]
    passages, starts = np.unique(begins >> PASSAGE_BITS, return_index=True)
    columns = (begins & ((1 << PASSAGE_BITS) - 1)) >> PLACE_BITS
    worth = np.array(list(COLUMNS.values()))[columns]
    weights = np.add.reduceat(worth, starts) if len(starts) else worth
    return Found(passages, np.minimum(weights, _MOST))


def _in_both(many: Integers, few: Integers) -> Integers:
    """Those of ``few`` that are among ``many``, both ascending."""
    at = np.searchsorted(many, few)
    few, at = few[at < len(many)], at[at < len(many)]
    found: Integers = few[many[at] == few]
    return found


def _keys(row: Row, passages: Integers, chosen: Integers) -> Integers:
    """The numbers of all occurrences of a term in some of its ``passages``, ascending."""
    places = np.frombuffer(row.places, dtype="<u2")
    ends = np.flatnonzero(places & _IS_LAST) + 1
    starts = np.append(0, ends[:-1])
    postings = np.searchsorted(passages, chosen)
    counts = ends[postings] - starts[postings]
    shifts = starts[postings] - (np.cumsum(counts) - counts)
    own = places[np.repeat(shifts, counts) + np.arange(counts.sum())].astype(np.int64)
    is_known = (own & LAST_PLACE) != LAST_PLACE
    keys: Integers = (np.repeat(chosen, counts) << PASSAGE_BITS | own & (_IS_LAST - 1))[is_known]
    return keys


def _owners(places: npt.NDArray[np.integer]) -> Integers:
    """For each place the posting it belongs to."""
    is_last = (places & _IS_LAST) != 0
    owners: Integers = np.cumsum(is_last) - is_last
    return owners
