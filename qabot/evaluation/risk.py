"""Does confidence tell right from wrong? Risk against coverage. Pure.

Answered cases stand in the order of their confidence, highest first, those without one last.
Coverage is the share of all cases that is answered when only the first are, risk the share of these
that is not right. Cases of the same confidence are answered together, so that the order of the file
does not matter. The area is taken by trapezoids, from nothing to the coverage that the bot reached,
and divided by that coverage: it is the mean risk on the way there. The risk before the first point
is taken to be that of the first point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Answered:
    """An answered case: its row among all cases, the bot's confidence, and whether it is wrong."""

    row: int
    confidence: float | None
    wrong: float


class RiskCoverage:
    """The curve of some answered cases among ``cases`` in all."""

    def __init__(self, answered: Sequence[Answered], cases: int) -> None:
        order = sorted(answered, key=_confidence, reverse=True)
        levels = np.array([_confidence(one) for one in order])
        self._rows = np.array([one.row for one in order], dtype=np.intp)
        self._wrong = np.array([one.wrong for one in order])
        is_last = np.append(levels[1:] != levels[:-1], True) if len(order) else np.zeros(0, bool)
        self._ends = np.flatnonzero(is_last)
        self._cases = cases

    def points(self) -> list[tuple[float, float]]:
        """Coverage and risk for each confidence there is, highest first."""
        counts = self._ends + 1
        risks = np.cumsum(self._wrong)[self._ends] / counts
        return [
            (float(count / self._cases), float(risk))
            for count, risk in zip(counts, risks, strict=True)
        ]

    def areas(self, weights: Array) -> Array:
        """The area in each sample; ``weights`` says how often it holds each case.

        Shape (samples,), from (samples, all cases); NaN where a sample holds no answered case.
        """
        if not len(self._ends):
            return np.full(len(weights), np.nan)
        drawn = weights[:, self._rows]
        counts = np.cumsum(drawn, axis=1)[:, self._ends]
        wrong = np.cumsum(drawn * self._wrong, axis=1)[:, self._ends]
        risks = np.divide(wrong, counts, out=np.zeros_like(wrong), where=counts > 0)
        before = np.concatenate([np.zeros((len(counts), 1)), counts[:, :-1]], axis=1)
        earlier = np.concatenate([risks[:, :1], risks[:, :-1]], axis=1)
        earlier = np.where(before > 0, earlier, risks)
        area = ((counts - before) * (earlier + risks) / 2).sum(axis=1)
        reached = counts[:, -1]
        empty = np.full(len(area), np.nan)
        return np.asarray(np.divide(area, reached, out=empty, where=reached > 0), dtype=np.float64)


def _confidence(one: Answered) -> float:
    return -np.inf if one.confidence is None else one.confidence
