"""Scores of cases -> the figures that people read, each with its interval. Pure.

A case that erred counts as not right and has no other score, so that breaking never helps. Tokens
are those that models reported.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from qabot.evaluation.bootstrap import Array, Resampler, interval
from qabot.evaluation.model import Case, Figure, Result
from qabot.evaluation.risk import Answered, RiskCoverage
from qabot.evaluation.scorers import SCORERS

ABSTENTION, PAIRS, AREA = "abstention_f1", "pair_accuracy", "area_under_risk_coverage"
"""Figures of several cases together: no single case has such a score."""
LOWER_IS_BETTER = frozenset({"over_abstention", AREA})
DIGITS = 6
"""Decimal places of what is written."""

_TOKENS = ("prompt_tokens", "completion_tokens")

Pairs = Sequence[tuple[Case, Result]]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run says of the bot.

    ``by_answerable`` has the keys ``answerable`` and ``unanswerable``; ``risk_coverage`` is a list
    of coverage and risk; ``latency`` has ``p50``, ``p95``, ``first_sentence_p50`` and
    ``first_sentence_p95`` in milliseconds, those that are known. ``counts`` has ``cases``,
    ``errors``, ``answered``, ``abstained``, ``unreadable`` judgements, ``pairs`` of twins and
    ``clusters``. ``resampled`` says whether the intervals of all cases come from drawing
    ``clusters`` or ``cases``.
    """

    figures: Mapping[str, Figure]
    by_tag: Mapping[str, Mapping[str, Figure]] = field(default_factory=dict)
    by_answerable: Mapping[str, Mapping[str, Figure]] = field(default_factory=dict)
    risk_coverage: Sequence[tuple[float, float]] = ()
    latency: Mapping[str, float] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    tokens: Mapping[str, int] | None = None
    cost_usd: float | None = None
    resampled: str = "cases"

    def as_json(self) -> dict[str, Any]:
        """All of it, by its names."""
        return {
            "figures": _written(self.figures),
            "by_tag": {tag: _written(figures) for tag, figures in self.by_tag.items()},
            "by_answerable": {key: _written(found) for key, found in self.by_answerable.items()},
            "risk_coverage": [
                [round(coverage, DIGITS), round(risk, DIGITS)]
                for coverage, risk in self.risk_coverage
            ],
            "latency_ms": dict(self.latency),
            "counts": dict(self.counts),
            "tokens": None if self.tokens is None else dict(self.tokens),
            "cost_usd": self.cost_usd,
            "resampled": self.resampled,
        }


def summarise(pairs: Pairs, seed: int = 0, price: tuple[float, float] | None = None) -> Summary:
    """The figures of a run, over all cases, by tag, and by whether the documents answer.

    ``price`` is US dollars for a million tokens read and written. The same pairs and seed give
    the same summary.
    """
    tags = dict.fromkeys(tag for case, _ in pairs for tag in case.tags)
    kinds = {
        name: [pair for pair in pairs if pair[0].answerable is wanted]
        for name, wanted in (("answerable", True), ("unanswerable", False))
    }
    twins = _twins(pairs)
    resampler = _resampler(pairs, seed)
    tokens = _tokens(pairs)
    return Summary(
        figures=_figures(pairs, twins, seed),
        by_tag={
            tag: _figures([pair for pair in pairs if tag in pair[0].tags], twins, seed)
            for tag in sorted(tags)
        },
        by_answerable={
            name: _means(_scores(found), _resampler(found, seed))
            for name, found in kinds.items()
            if found
        },
        risk_coverage=_curve(pairs).points(),
        latency=_latency(pairs),
        counts=_counts(pairs, len(twins), resampler.clusters),
        tokens=tokens,
        cost_usd=_cost(tokens, price),
        resampled="clusters" if resampler.draws_clusters else "cases",
    )


def scores_of(result: Result) -> dict[str, float]:
    """The scores of a result that are numbers; one that erred is not right."""
    if result.error is not None:
        return {"right": 0.0}
    values = {name: score.value for name, score in result.scores.items()}
    return {n: value for n, value in values.items() if value is not None and math.isfinite(value)}


Columns = dict[str, tuple[Array, Array]]
"""By figure, for each case what it adds above and below the line of a fraction."""


def _figures(pairs: Pairs, twins: Mapping[str, float], seed: int) -> dict[str, Figure]:
    """The figures of some cases, in the order in which people read them."""
    columns, resampler = _scores(pairs), _resampler(pairs, seed)
    columns |= _abstention(columns) | _pair_accuracy(pairs, twins)
    found = _means(columns, resampler)
    if ABSTENTION in found:
        asked = found["rejection"].cases + found["over_abstention"].cases
        found[ABSTENTION] = replace(found[ABSTENTION], cases=asked)
    curve = _curve(pairs)
    if points := curve.points():
        area = float(curve.areas(np.ones((1, len(pairs))))[0])
        samples = np.concatenate([curve.areas(weights) for weights in resampler.weights()])
        answered = round(points[-1][0] * len(pairs))
        found[AREA] = Figure(area, *(interval(samples) or (area, area)), answered)
    order = [*(name for name in SCORERS if name != "right"), ABSTENTION, PAIRS, "right", AREA]
    return {name: found[name] for name in [*order, *found] if name in found}


def _scores(pairs: Pairs) -> Columns:
    scored = [scores_of(result) for _, result in pairs]
    columns: Columns = {}
    for name in dict.fromkeys(name for scores in scored for name in scores):
        has = np.array([name in scores for scores in scored], dtype=np.float64)
        columns[name] = np.array([scores.get(name, 0.0) for scores in scored]), has
    return columns


def _means(columns: Columns, resampler: Resampler) -> dict[str, Figure]:
    if not columns:
        return {}
    over = np.stack([above for above, _ in columns.values()], axis=1)
    under = np.stack([below for _, below in columns.values()], axis=1)
    samples = resampler.ratios(over, under)
    found = {}
    for number, (name, (above, below)) in enumerate(columns.items()):
        value = float(above.sum() / below.sum())
        low, high = interval(samples[:, number]) or (value, value)
        found[name] = Figure(value, low, high, int(np.count_nonzero(below)))
    return found


def _abstention(columns: Columns) -> Columns:
    """F1 of abstaining, on the unanswerable the right thing to do; of cases of both kinds only."""
    if not {"rejection", "over_abstention"} <= set(columns):
        return {}
    rejected, unanswerable = columns["rejection"]
    withheld = columns["over_abstention"][0]
    below = 2 * rejected + withheld + (unanswerable - rejected)
    return {ABSTENTION: (2 * rejected, below)} if below.any() else {}


def _pair_accuracy(pairs: Pairs, twins: Mapping[str, float]) -> Columns:
    """The share of pairs of twins with both right, each counted at the case that has an answer."""
    has = np.array([float(case.id in twins) for case, _ in pairs])
    values = np.array([twins.get(case.id, 0.0) for case, _ in pairs])
    return {PAIRS: (values, has)} if has.any() else {}


def _twins(pairs: Pairs) -> dict[str, float]:
    """By the id of each answerable case whose twin was asked too: 1 where both are right."""
    right = {result.id: scores_of(result).get("right") for _, result in pairs}
    found: dict[str, float] = {}
    for case, _ in pairs:
        both = right.get(case.id), right.get(case.twin or "")
        if case.answerable and case.twin and None not in both:
            found[case.id] = float(both == (1.0, 1.0))
    return found


def _curve(pairs: Pairs) -> RiskCoverage:
    answered = [
        Answered(row, confidence_of(result), 1.0 - right)
        for row, (_, result) in enumerate(pairs)
        if was_answered(result) and (right := scores_of(result).get("right")) is not None
    ]
    return RiskCoverage(answered, len(pairs))


def was_answered(result: Result) -> bool:
    """Whether the bot answered; neither an abstention nor an error."""
    return result.answer is not None and result.answer.get("status") == "answered"


def confidence_of(result: Result) -> float | None:
    """How sure the reading was of the answer; None where it does not say."""
    explanation = (result.answer or {}).get("explanation") or {}
    value = (explanation.get("signals") or {}).get("confidence")
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    return None


def _resampler(pairs: Pairs, seed: int) -> Resampler:
    return Resampler([case.cluster for case, _ in pairs], seed)


def _latency(pairs: Pairs) -> dict[str, float]:
    found = {}
    for key, prefix in (("total", ""), ("first_sentence", "first_sentence_")):
        times = [result.timings_ms[key] for _, result in pairs if key in result.timings_ms]
        if times:
            for percent in (50, 95):
                found[f"{prefix}p{percent}"] = round(float(np.percentile(times, percent)), 2)
    return found


def _counts(pairs: Pairs, twins: int, clusters: int) -> dict[str, int]:
    results = [result for _, result in pairs]
    return {
        "cases": len(results),
        "errors": sum(result.error is not None for result in results),
        "answered": sum(map(was_answered, results)),
        "abstained": sum(
            result.answer is not None and not was_answered(result) for result in results
        ),
        "unreadable": sum(
            score.value is None for result in results for score in result.scores.values()
        ),
        "pairs": twins,
        "clusters": clusters,
    }


def _tokens(pairs: Pairs) -> dict[str, int] | None:
    """All tokens that were reported; None where none were."""
    usages = [usage for _, result in pairs if (usage := (result.answer or {}).get("usage"))]
    if not usages:
        return None
    return {name: sum(usage.get(name, 0) for usage in usages) for name in _TOKENS}


def _cost(tokens: Mapping[str, int] | None, price: tuple[float, float] | None) -> float | None:
    if tokens is None or price is None:
        return None
    amounts = zip(_TOKENS, price, strict=True)
    return round(sum(tokens[name] * dollars for name, dollars in amounts) / 1_000_000, DIGITS)


def _written(figures: Mapping[str, Figure]) -> dict[str, dict[str, float | int]]:
    return {
        name: {
            "value": round(figure.value, DIGITS),
            "low": round(figure.low, DIGITS),
            "high": round(figure.high, DIGITS),
            "cases": figure.cases,
        }
        for name, figure in figures.items()
    }
