"""The best passages by BM25 are those that working out every score gives, to the last digit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qabot import ranking
from qabot.ranking import Match, best, lengths_compared, rarity

SHARES = (0.001, 0.004, 0.02, 0.1, 0.4, 0.8)


def drawn(seed: int, passages: int, shares: Sequence[float]) -> list[Match]:
    """Terms that so many passages have, as often as chance will."""
    chance = np.random.default_rng(seed)
    lengths = chance.integers(5, 200, passages).astype(np.float64)
    compared = lengths_compared(lengths, float(lengths.mean()))
    found = []
    for share in shares:
        slots = np.flatnonzero(chance.random(passages) < share).astype(np.int32)
        weights = chance.integers(1, 30, len(slots)).astype(np.uint16)
        found.append(Match(slots, weights, rarity(passages, len(slots)), compared))
    return found


def by_working_out_all(matches: Sequence[Match], passages: int, limit: int) -> dict[int, float]:
    scores = np.zeros(passages)
    for match in matches:
        match.add_to(scores, np.arange(passages, dtype=np.int32))
    least = sorted(scores, reverse=True)[min(limit, passages) - 1]
    return {slot: score for slot, score in enumerate(scores) if score >= least and score > 0}


@given(
    seed=st.integers(0, 2**32),
    passages=st.integers(1, 3_000),
    shares=st.lists(st.sampled_from((0.0, *SHARES)), min_size=1, max_size=8),
    limit=st.integers(1, 60),
)
def test_the_best_are_those_of_all(
    seed: int, passages: int, shares: list[float], limit: int
) -> None:
    matches = drawn(seed, passages, shares)
    slots, scores = best(matches, np.zeros(passages, dtype=np.float32), limit)
    assert dict(zip(slots.tolist(), scores.tolist(), strict=True)) == by_working_out_all(
        matches, passages, limit
    )


def test_a_frequent_word_is_not_worked_out_for_every_passage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ranking, "_FEW", 200)
    matches = drawn(7, 20_000, (0.01, 0.01, 0.01, 0.9))
    slots, scores = best(matches, np.zeros(20_000, dtype=np.float32), 10)
    assert dict(zip(slots.tolist(), scores.tolist(), strict=True)) == by_working_out_all(
        matches, 20_000, 10
    )
    assert ["gained" in vars(match) for match in matches] == [True, True, True, False]


def test_memory_that_was_used_before_changes_nothing() -> None:
    matches, room = drawn(3, 500, SHARES), np.full(500, np.nan, dtype=np.float32)
    for _ in range(2):
        slots, scores = best(matches, room, 5)
        assert dict(zip(slots.tolist(), scores.tolist(), strict=True)) == by_working_out_all(
            matches, 500, 5
        )
