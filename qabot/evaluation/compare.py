"""What got better and what worse since a baseline, case by case.

Scores of 0 and 1 are compared by McNemar's exact test, others by a paired bootstrap over clusters.
Only a few headline scores can make a regression, at SIGNIFICANT each: of every twenty changes that
alter nothing, each of them wrongly reports one at most. A quote that does not stand in its document
is a regression whatever the baseline says.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from qabot.errors import QabotError
from qabot.evaluation.bootstrap import Array, Resampler, interval
from qabot.evaluation.figures import DIGITS, LOWER_IS_BETTER, scores_of
from qabot.evaluation.model import Result
from qabot.evaluation.scorers import SCORERS

HEADLINE = ("right", "contains", "rejection", "over_abstention", "quote_validity", "citation_hit")
"""The scores that can make a regression."""
SIGNIFICANT = 0.05
LARGEST_BASELINE = 64 * 1024 * 1024
"""Bytes in a baseline file that is read."""


class BaselineError(QabotError):
    """A baseline cannot be read, or has nothing in common with the run."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The scores of an earlier run by case, and what is known of that run."""

    scores: Mapping[str, Mapping[str, float]]
    manifest: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """How a score changed over the cases that have it on both sides.

    ``value`` is the mean of now less before, with its 95% interval; ``p`` is two-sided. ``better``
    and ``worse`` name the cases that changed, in their order.
    """

    before: float
    now: float
    value: float
    low: float
    high: float
    p: float
    test: str
    better: tuple[str, ...]
    worse: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run against a baseline; ``reasons`` say in a sentence each why it is a regression."""

    differences: Mapping[str, Difference]
    compared: int
    only_now: tuple[str, ...]
    only_before: tuple[str, ...]
    reasons: tuple[str, ...]

    @property
    def regressed(self) -> bool:
        """Whether something got worse that must not."""
        return bool(self.reasons)

    @property
    def better(self) -> dict[str, tuple[str, ...]]:
        """By score the cases that got better, where there are any."""
        return {name: one.better for name, one in self.differences.items() if one.better}

    @property
    def worse(self) -> dict[str, tuple[str, ...]]:
        """By score the cases that got worse, where there are any."""
        return {name: one.worse for name, one in self.differences.items() if one.worse}

    def as_json(self) -> dict[str, Any]:
        """All of it, by its names."""
        return {
            "regressed": self.regressed,
            "reasons": list(self.reasons),
            "compared": self.compared,
            "differences": {name: _written(one) for name, one in self.differences.items()},
            "only_now": list(self.only_now),
            "only_before": list(self.only_before),
        }


def compare(
    now: Sequence[Result],
    before: Baseline,
    seed: int = 0,
    clusters: Mapping[str, str] | None = None,
) -> Comparison:
    """Compare the cases that are on both sides; ``clusters`` names that of each case, by id.

    Raises BaselineError where no case is on both sides.
    """
    mine = {result.id: _rounded(scores_of(result)) for result in now}
    both = [identifier for identifier in mine if identifier in before.scores]
    if not both:
        raise BaselineError(
            "The baseline has no case in common with this run: compare with one of the same cases."
        )
    differences = _differences(both, mine, before.scores, clusters or {}, seed)
    return Comparison(
        differences=differences,
        compared=len(both),
        only_now=tuple(identifier for identifier in mine if identifier not in before.scores),
        only_before=tuple(identifier for identifier in before.scores if identifier not in mine),
        reasons=tuple(_reasons(differences, mine)),
    )


def baseline_object(results: Sequence[Result], manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What a baseline file holds: the scores of each case, and no text of any article."""
    return {
        "manifest": dict(manifest),
        "scores": {result.id: _rounded(scores_of(result)) for result in results},
    }


def read_baseline(path: Path) -> Baseline:
    """A baseline file; raises BaselineError, which names the file and what to do."""
    again = "Make it again from a run that is known to be good."
    try:
        if path.stat().st_size > LARGEST_BASELINE:
            raise BaselineError(f"{path} is too large for a baseline. {again}")
        found = json.loads(path.read_text("utf-8"))
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise BaselineError(f"The baseline {path} cannot be read: {reason}. {again}") from error
    except (ValueError, RecursionError) as error:
        raise BaselineError(f"{path} is not a baseline: it is not JSON. {again}") from error
    scores = found.get("scores") if isinstance(found, dict) else None
    if not isinstance(scores, dict) or not all(map(_are_scores, scores.values())):
        raise BaselineError(f"{path} is not a baseline: it has no scores by case. {again}")
    manifest = found.get("manifest")
    return Baseline(scores, manifest if isinstance(manifest, dict) else {})


def mcnemar(better: int, worse: int) -> float:
    """Exact two-sided p-value that as many get better as worse; 1 where none changed."""
    changed = better + worse
    tail, ways = 0, 1
    for count in range(min(better, worse) + 1):
        tail += ways
        ways = ways * (changed - count) // (count + 1)
    return min(1.0, 2 * tail / (1 << changed))


def _differences(
    cases: Sequence[str],
    mine: Mapping[str, Mapping[str, float]],
    earlier: Mapping[str, Mapping[str, float]],
    clusters: Mapping[str, str],
    seed: int,
) -> dict[str, Difference]:
    """By score, over the cases that have it on both sides."""
    both = {name for case in cases for name in set(mine[case]) & set(earlier[case])}
    names = sorted(both, key=_order)
    if not names:
        return {}
    now = np.array([[mine[case].get(name, np.nan) for name in names] for case in cases])
    before = np.array([[earlier[case].get(name, np.nan) for name in names] for case in cases])
    has = ~np.isnan(now) & ~np.isnan(before)
    resampler = Resampler([clusters.get(case, "") for case in cases], seed)
    samples = resampler.ratios(np.where(has, now - before, 0.0), has.astype(np.float64))
    found = {}
    for number, name in enumerate(names):
        rows = has[:, number]
        compared = [case for case, is_there in zip(cases, rows, strict=True) if is_there]
        sides = before[rows, number], now[rows, number]
        found[name] = _difference(name, compared, *sides, samples[:, number])
    return found


def _difference(
    name: str, cases: Sequence[str], before: Array, now: Array, samples: Array
) -> Difference:
    change = now - before
    gain = -change if name in LOWER_IS_BETTER else change
    better = tuple(case for case, one in zip(cases, gain, strict=True) if one > 0)
    worse = tuple(case for case, one in zip(cases, gain, strict=True) if one < 0)
    value = float(change.mean())
    low, high = interval(samples) or (value, value)
    is_binary = bool(np.isin(before, (0, 1)).all() and np.isin(now, (0, 1)).all())
    p = mcnemar(len(better), len(worse)) if is_binary else _bootstrap_p(samples)
    test = "McNemar" if is_binary else "bootstrap"
    return Difference(
        float(before.mean()), float(now.mean()), value, low, high, p, test, better, worse
    )


def _bootstrap_p(samples: Array) -> float:
    """Two-sided: twice the share of samples on the far side of no change, itself included."""
    known = samples[~np.isnan(samples)]
    far = min(np.count_nonzero(known <= 0), np.count_nonzero(known >= 0))
    return float(min(1.0, 2 * (far + 1) / (len(known) + 1)))


def _reasons(
    differences: Mapping[str, Difference], mine: Mapping[str, Mapping[str, float]]
) -> list[str]:
    broken = [case for case, scores in mine.items() if scores.get("quote_validity", 1.0) < 1]
    found = []
    if broken:
        listed = ", ".join(broken[:3]) + ", …" * (len(broken) > 3)
        found.append(f"A quote does not stand in its document, in {len(broken)} cases: {listed}.")
    for name in HEADLINE:
        one = differences.get(name)
        if one is None or one.p >= SIGNIFICANT:
            continue
        if (one.value > 0) == (name in LOWER_IS_BETTER):
            found.append(
                f"{name} went from {one.before:.3f} to {one.now:.3f} (p = {one.p:.2g}): "
                f"{len(one.worse)} cases worse, {len(one.better)} better."
            )
    return found


def _order(name: str) -> tuple[int, str]:
    known = list(SCORERS)
    return known.index(name) if name in SCORERS else len(known), name


def _rounded(scores: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, DIGITS) for name, value in scores.items()}


def _are_scores(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(one, int | float) and math.isfinite(one) for one in value.values()
    )


def _written(one: Difference) -> dict[str, Any]:
    numbers = {name: getattr(one, name) for name in ("before", "now", "value", "low", "high", "p")}
    return {
        **_rounded(numbers),
        "test": one.test,
        "better": list(one.better),
        "worse": list(one.worse),
    }
