"""What ``qabot eval`` prints: the figures with their intervals, a comparison, a sweep."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.table import Table

from qabot.cli.output import plural

if TYPE_CHECKING:
    from qabot.evaluation.compare import Comparison
    from qabot.evaluation.figures import Summary
    from qabot.evaluation.model import Figure, Result
    from qabot.evaluation.run import Pair
    from qabot.evaluation.sweep import Sweep

LISTED = 20
"""Cases that are named before the rest is only counted."""
_POINTS = 20
"""Thresholds of a sweep that are printed; all of them are in the file."""


def figures(summary: Summary) -> Table:
    """The figures over all cases, each with its interval and the number of cases behind it."""
    table = _table("figure", "value", "95% interval", "cases")
    for name, figure in summary.figures.items():
        table.add_row(name, *_cells(figure), f"{figure.cases:,}")
    return table


def totals(summary: Summary) -> Iterator[str]:
    """Counts, times and costs in a line each."""
    counts = summary.counts
    parts = [plural(counts.get("cases", 0), "case")]
    parts += [f"{counts.get(name, 0):,} {name}" for name in ("answered", "abstained")]
    parts += [f"{counts[name]:,} {what}" for name, what in _RARE.items() if counts.get(name)]
    yield ", ".join(parts)
    if summary.latency:
        times = ", ".join(f"{name} {ms:,.1f} ms" for name, ms in summary.latency.items())
        yield f"latency: {times}"
    if summary.tokens:
        cost = "" if summary.cost_usd is None else f", {summary.cost_usd:.4f} US dollars"
        read, written = summary.tokens["prompt_tokens"], summary.tokens["completion_tokens"]
        yield f"tokens: {read:,} read, {written:,} written{cost}"


def failures(results: Iterable[Result]) -> Iterator[str]:
    """The cases that erred, by name, with what went wrong."""
    failed = [result for result in results if result.error is not None]
    for result in failed[:LISTED]:
        yield f"failed {result.id}: {result.error}"
    if len(failed) > LISTED:
        yield f"failed {len(failed) - LISTED:,} more"


def differences(comparison: Comparison) -> Table:
    """How each score changed since the baseline."""
    table = _table("figure", "before", "now", "change", "95% interval", "p", "better", "worse")
    for name, one in comparison.differences.items():
        table.add_row(
            name, f"{one.before:.3f}", f"{one.now:.3f}", f"{one.value:+.3f}",
            f"{one.low:+.3f} to {one.high:+.3f}", f"{one.p:.3f}",
            f"{len(one.better):,}", f"{len(one.worse):,}",
        )  # fmt: skip
    return table


def changes(comparison: Comparison) -> Iterator[str]:
    """What got better and worse by name, what could not be compared, and whether that is bad."""
    for word, changed in (("better", comparison.better), ("worse", comparison.worse)):
        for name, cases in changed.items():
            yield f"{word} in {name}: {_some(cases)}"
    if comparison.only_now:
        yield f"not in the baseline: {_some(comparison.only_now)}"
    if comparison.only_before:
        yield f"only in the baseline: {_some(comparison.only_before)}"
    for reason in comparison.reasons:
        yield f"Regression: {reason}"
    if not comparison.regressed:
        yield f"No regression in {plural(comparison.compared, 'case')}."


def thresholds(found: Sweep) -> Table:
    """What some of the thresholds give, the chosen one among them."""
    table = _table("threshold", "rejection", "over-abstention", "right", "")
    step = max(1, len(found.points) // _POINTS)
    for number, point in enumerate(found.points):
        if number % step == 0 or point is found.chosen:
            kinds = (point.rejection, point.over_abstention, point.right)
            values = ["" if kind is None else f"{kind.value:.3f}" for kind in kinds]
            mark = "chosen" if point is found.chosen else ""
            table.add_row(f"{point.threshold:g}", *values, mark)
    return table


_RARE = {"errors": "failed", "unreadable": "unreadable judgements"}


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=True)
    return table


def _cells(figure: Figure) -> tuple[str, str]:
    return f"{figure.value:.3f}", f"{figure.low:.3f} to {figure.high:.3f}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - LISTED:,} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more


@dataclass
class Tally:
    """The running figures beside the progress bar."""

    total: int
    show: Callable[[int, int, str], None]
    done: int = 0
    errors: int = 0
    right: list[float] = field(default_factory=list)

    def add(self, pair: Pair) -> None:
        """Count a result, and show where things stand."""
        result = pair[1]
        score = result.scores.get("right")
        self.done += 1
        self.errors += result.error is not None
        if score is not None and score.value is not None:
            self.right.append(score.value)
        mean = sum(self.right) / len(self.right) if self.right else math.nan
        said = f"right {mean:.3f}" + (f", {self.errors} failed" if self.errors else "")
        self.show(self.done, self.total, said)
