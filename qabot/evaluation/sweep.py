"""Which threshold of confidence should the settings hold?

Made from a run in which the bot answered whenever it could, its threshold being lower than any
confidence. A case stopped by more than its confidence has abstained there, and does so at every
threshold. The cases that choose the threshold flatter it a little: measure it on others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qabot.evaluation.bootstrap import LEVEL, Resampler
from qabot.evaluation.figures import DIGITS, Pairs, confidence_of, scores_of, was_answered
from qabot.evaluation.model import Figure
from qabot.evaluation.plots import Series, line_plot

MOST_WITHHELD = 0.20
"""Over-abstention that people may be asked to bear, where nothing else is said."""
STEP = 0.05
"""Between thresholds: finer ones would be chosen by a case or two."""

_MOST_POINTS = 200


@dataclass(frozen=True, slots=True)
class Point:
    """What a threshold gives; a figure is None where there are no cases of its kind."""

    threshold: float
    rejection: Figure | None
    over_abstention: Figure | None
    right: Figure | None


@dataclass(frozen=True, slots=True)
class Sweep:
    """The points from the lowest threshold to the highest, and the one to choose.

    ``chosen`` is None where no threshold keeps over-abstention at ``most_withheld`` or below.
    """

    points: tuple[Point, ...]
    chosen: Point | None
    most_withheld: float

    def sentence(self) -> str:
        """What to set, for a person, and what it gives."""
        criterion = f"the highest rejection at an over-abstention of {self.most_withheld:g} or less"
        if not self.points:
            return "No case was answered with a confidence: there is no threshold to choose."
        if self.chosen is None:
            return f"No threshold gives {criterion}: too much is withheld whatever it is."
        return (
            f"Threshold {self.chosen.threshold:g} gives {criterion}: rejection "
            f"{_spoken(self.chosen.rejection)}, over-abstention "
            f"{_spoken(self.chosen.over_abstention)}, right {_spoken(self.chosen.right)}. "
            f"Set QABOT_THRESHOLD={self.chosen.threshold:g}."
        )

    def plot(self) -> str:
        """Rejection and over-abstention against the threshold, as SVG."""
        series = []
        for label, name in (
            ("rejection", "rejection"),
            ("over-abstention", "over_abstention"),
            ("right", "right"),
        ):
            known = [(point.threshold, getattr(point, name)) for point in self.points]
            points = [(at, figure.value) for at, figure in known if figure is not None]
            bands = [(at, f.low, f.high) for at, f in known if f is not None]
            series.append(Series(label, points, bands))
        return line_plot(
            series,
            title="Abstention by threshold",
            description=self.sentence(),
            x_label="threshold of confidence",
            y_label="share of cases",
            y_range=(0.0, 1.0),
            mark=self.chosen.threshold if self.chosen else None,
        )

    def as_json(self) -> dict[str, Any]:
        """All of it, by its names; figures as value, low, high and cases."""
        return {
            "criterion": f"highest rejection at over-abstention <= {self.most_withheld:g}",
            "chosen": _written(self.chosen) if self.chosen else None,
            "points": [_written(point) for point in self.points],
        }


def sweep(pairs: Pairs, seed: int = 0, most_withheld: float = MOST_WITHHELD) -> Sweep:
    """Try every threshold in steps of STEP on a run that answered whenever it could.

    The one chosen has the highest rejection of those that keep over-abstention at
    ``most_withheld`` or below; of equal ones the lowest. Cases that erred are left out.
    """
    pairs = [(case, result) for case, result in pairs if result.error is None]
    confidences = np.array([_level(result) for _, result in pairs])
    thresholds = _thresholds(confidences)
    if not thresholds:
        return Sweep((), None, most_withheld)
    answers = confidences[:, None] >= np.array(thresholds)
    answerable = np.array([case.answerable for case, _ in pairs])[:, None]
    right = np.array([scores_of(result).get("right", math.nan) for _, result in pairs])[:, None]
    can_be_right = ~np.isnan(right) | ~answerable
    is_right = np.where(answerable, answers * np.nan_to_num(right), ~answers)
    resampler = Resampler([case.cluster for case, _ in pairs], seed)
    columns = [
        _figures(resampler, above * of, np.broadcast_to(of, answers.shape))
        for above, of in ((~answers, ~answerable), (~answers, answerable), (is_right, can_be_right))
    ]
    points = tuple(map(Point, thresholds, *columns))
    return Sweep(points, _choose(points, most_withheld), most_withheld)


def _level(result: Any) -> float:
    """The highest threshold at which a case is still answered; one without a confidence always."""
    if not was_answered(result):
        return -math.inf
    confidence = confidence_of(result)
    return math.inf if confidence is None else confidence


def _thresholds(confidences: np.ndarray[Any, np.dtype[np.float64]]) -> list[float]:
    """From below the lowest confidence to above the highest, on whole multiples of the step."""
    known = confidences[np.isfinite(confidences)]
    if not len(known):
        return []
    step = STEP
    while (known.max() - known.min()) / step > _MOST_POINTS:
        step *= 2
    first, last = math.floor(known.min() / step), math.floor(known.max() / step) + 1
    return [round(number * step, DIGITS) for number in range(first, last + 1)]


def _figures(resampler: Resampler, over: Any, under: Any) -> list[Figure | None]:
    """A figure for each threshold; ``under`` says which cases count, the same at each."""
    over, under = np.asarray(over, dtype=np.float64), np.asarray(under, dtype=np.float64)
    count = int(under[:, 0].sum())
    if not count:
        return [None] * over.shape[1]
    samples = resampler.ratios(over, under)
    known = samples[~np.isnan(samples[:, 0])]  # the same samples at every threshold
    lows, highs = np.quantile(known, LEVEL, axis=0)
    values = over.sum(axis=0) / count
    return [
        Figure(float(value), float(low), float(high), count)
        for value, low, high in zip(values, lows, highs, strict=True)
    ]


def _choose(points: Sequence[Point], most_withheld: float) -> Point | None:
    allowed = [
        point
        for point in points
        if point.over_abstention is not None and point.over_abstention.value <= most_withheld
    ]
    return max(allowed, key=_rejection, default=None)  # of equal ones the first, the lowest


def _rejection(point: Point) -> float:
    return point.rejection.value if point.rejection else 0.0


def _spoken(figure: Figure | None) -> str:
    if figure is None:
        return "unknown"
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def _written(point: Point) -> dict[str, Any]:
    found: dict[str, Any] = {"threshold": point.threshold}
    for name in ("rejection", "over_abstention", "right"):
        figure: Figure | None = getattr(point, name)
        found[name] = figure and {
            "value": round(figure.value, DIGITS),
            "low": round(figure.low, DIGITS),
            "high": round(figure.high, DIGITS),
            "cases": figure.cases,
        }
    return found
