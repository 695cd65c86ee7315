"""BM25: which passages have most of some terms. Pure.

The formula is that of SQLite's ``bm25``, and so are the numbers, to the last digit. What a frequent
word adds is worked out for those passages alone that it might bring among the best (MaxScore:
Turtle and Flood, 1995).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from qabot.postings import Floats

_K1, _B = 1.2, 0.75  # the usual constants of BM25, which SQLite has too
_ROOM = 1e-4  # of a bound, for what 32 bits round off
_FREQUENT = 20  # of so many passages one with a term makes it a frequent one
_FEW = 1_500
"""Passages that may be among the best, when it costs less to look at them one by one."""

Slots = npt.NDArray[np.int32]
Rough = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Lengths:
    """What of BM25 depends on a passage alone, its length against the average: exact and rough."""

    exact: Floats
    rough: Rough


@dataclass(frozen=True)
class Match:
    """The passages with a term, by slot, ascending; the weight in each; the term's rarity."""

    slots: Slots
    weights: npt.NDArray[np.uint16]
    rarity: float
    lengths: Lengths

    @property
    def most(self) -> float:
        """More than it adds to any passage."""
        return self.rarity * (_K1 + 1.0)

    @property
    def nbytes(self) -> int:
        """The memory it takes, once it was among the rarer terms of a question."""
        return self.slots.nbytes + self.weights.nbytes + 4 * len(self.slots)

    @cached_property
    def gained(self) -> Rough:
        """What it adds to each passage, roughly."""
        gained = self.weights.astype(np.float32)
        below = self.lengths.rough[self.slots]
        below += gained
        gained *= np.float32(self.most)
        gained /= below
        return gained

    def among(self, chosen: npt.NDArray[np.bool_]) -> Match:
        """The same for the ``chosen`` of all slots alone."""
        kept = chosen[self.slots]
        return replace(self, slots=self.slots[kept], weights=self.weights[kept])

    def add_to(self, scores: Floats, slots: Slots) -> None:
        """Add what it adds to ``slots``, ascending, to their ``scores``."""
        at = np.searchsorted(self.slots, slots)
        at[at == len(self.slots)] = 0
        has = np.flatnonzero(self.slots[at] == slots) if len(self.slots) else at[:0]
        weights = self.weights[at[has]].astype(np.int64)
        lengths = self.lengths.exact[slots[has]]
        scores[has] += self.rarity * ((weights * (_K1 + 1.0)) / (weights + lengths))


def best(matches: Sequence[Match], room: Rough, limit: int) -> tuple[Slots, Floats]:
    """The slots of the best ``limit`` passages, ties included, and their scores.

    ``room`` for a number of each slot is overwritten: memory that is fresh for each question costs
    more than what is computed in it.
    """
    ordered = sorted(matches, key=lambda match: len(match.slots))
    slots, rough, left = _promising(ordered, room, limit)
    for match in left:
        match.add_to(rough, slots)
    slots = slots[rough >= _least_of_best(rough, limit) * (1 - _ROOM)]
    scores = np.zeros(len(slots))
    for match in matches:  # in the order of the terms: no digit is to differ
        match.add_to(scores, slots)
    found = np.flatnonzero(scores >= _least_of_best(scores, limit))
    return slots[found], scores[found]


def _promising(
    ordered: Sequence[Match], scores: Rough, limit: int
) -> tuple[Slots, Floats, Sequence[Match]]:
    """The slots among which the best are, what the rarer terms add to them, and the other terms.

    Rare terms are counted first. Once what the others may add would bring few passages more among
    the best, those few are left.
    """
    rest = sum(match.most for match in ordered)  # what the terms that follow may add
    scores.fill(0.0)
    some: Slots | None = None
    for place, match in enumerate(ordered):
        if some is not None and len(match.slots) > len(scores) / _FREQUENT:
            bound = (_least_of_best(scores[some], limit) * (1 - _ROOM) - rest) * (1 - _ROOM)
            if bound > 0 and np.count_nonzero(scores > np.float32(bound)) <= _FEW:
                slots = np.flatnonzero(scores > np.float32(bound))
                return slots.astype(np.int32), scores[slots].astype(float), ordered[place:]
        scores[match.slots] += match.gained
        rest -= match.most
        if some is None and len(match.slots) >= limit:
            some = match.slots
    least = _least_of_best(scores[some], limit) * (1 - _ROOM) if some is not None else 0.0
    slots = np.flatnonzero(scores > np.float32(least))
    return slots.astype(np.int32), scores[slots].astype(float), ()


def _least_of_best(scores: npt.NDArray[np.floating], limit: int) -> float:
    """A score that the best ``limit`` have; 0 where there are fewer."""
    return float(np.partition(scores, -limit)[-limit]) if len(scores) >= limit else 0.0


def rarity(passages: int, found: int) -> float:
    """The inverse document frequency of a term that ``found`` of so many passages have."""
    value = math.log((passages - found + 0.5) / (found + 0.5))
    return value if value > 0.0 else 1e-6


def lengths_compared(lengths: Floats, average: float) -> Lengths:
    """The lengths of all passages, by slot, against their average."""
    exact = _K1 * (1 - _B + _B * lengths / average)
    return Lengths(exact, exact.astype(np.float32))
