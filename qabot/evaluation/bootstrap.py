"""How sure a figure is: percentile bootstrap over clusters of cases. Pure.

Cases that share a document get things right and wrong together, so whole clusters are drawn. Where
there are fewer than FEWEST of them, drawing them says nothing; then cases are drawn, and the
interval speaks of other questions on the same documents, not of other documents. A figure that is
the same for every case has an interval of no width, however few the cases.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

RESAMPLES = 2_000
FEWEST = 10
"""Clusters below which cases are drawn instead."""
LEVEL = (0.025, 0.975)
"""An interval holds 95% of the samples."""

_AT_ONCE = 1_000_000
"""Numbers in a block of samples: 8 MB."""

Array = npt.NDArray[np.float64]


class Resampler:
    """Draws clusters with replacement; the same seed draws the same."""

    def __init__(self, clusters: Sequence[str], seed: int = 0) -> None:
        """``clusters`` names that of each case; a case with an empty name stands alone."""
        numbers: dict[tuple[str, int], int] = {}
        keys = [(name, -1) if name else ("", row) for row, name in enumerate(clusters)]
        self._of = np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.intp)
        self.clusters = len(numbers)
        self.draws_clusters = self.clusters >= FEWEST
        if not self.draws_clusters:
            self._of = np.arange(len(clusters))
        self._units = self.clusters if self.draws_clusters else len(clusters)
        self._seed = seed

    def ratios(self, over: Array, under: Array) -> Array:
        """Sums of ``over`` by sums of ``under``, each (cases, figures), in every sample.

        Shape (RESAMPLES, figures); NaN where a sample holds nothing to divide by.
        """
        sums = self._sums(np.concatenate([over, under], axis=1))
        totals = np.concatenate([counts @ sums for counts in self._counts()])
        return _divided(*np.split(totals, 2, axis=1))

    def weights(self) -> Iterator[Array]:
        """How often each case is drawn, by the block: together (RESAMPLES, cases)."""
        for counts in self._counts():
            yield counts[:, self._of]

    def _sums(self, values: Array) -> Array:
        sums = np.zeros((self._units, values.shape[1]))
        np.add.at(sums, self._of, values)
        return sums

    def _counts(self) -> Iterator[Array]:
        """How often each unit is drawn, in blocks of samples."""
        units, random = self._units, np.random.default_rng(self._seed)
        rows = max(1, min(RESAMPLES, _AT_ONCE // max(units, 1)))
        for first in range(0, RESAMPLES, rows):
            height = min(rows, RESAMPLES - first)
            drawn = random.integers(0, units, size=(height, units))
            drawn += np.arange(height)[:, None] * units
            counts = np.bincount(drawn.ravel(), minlength=height * units)
            yield counts.reshape(height, units).astype(np.float64)


def interval(samples: Array) -> tuple[float, float] | None:
    """The interval of a figure's samples; None where none of them is a number."""
    known = samples[~np.isnan(samples)]
    if not len(known):
        return None
    low, high = np.quantile(known, LEVEL)
    return float(low), float(high)


def _divided(over: Array, under: Array) -> Array:
    empty = np.full_like(over, np.nan)
    return np.asarray(np.divide(over, under, out=empty, where=under > 0), dtype=np.float64)
