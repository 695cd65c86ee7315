"""Figures for Prometheus: what the bot has done since it started, and how it stands.

No label holds anything that people wrote: their values are few and known beforehand.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from qabot.errors import QabotError
from qabot.types import Answer

TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""The content type of ``Metrics.text``."""
FAILED = "failed"
_STATUSES = ("answered", "abstained", FAILED)
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """Counts questions; may be called from any thread."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._questions = self._counter("questions", "Questions by how they ended.", ["status"])
        for status in _STATUSES:
            self._questions.labels(status)
        self._seconds = Histogram(
            "qabot_question_seconds",
            "Seconds from a question to its whole answer.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._failures = self._counter("model_failures", "Questions whose model gave no reply.")
        self._withheld = self._counter("withheld_sentences", "What the gate held back of replies.")
        ProcessCollector(registry=self._registry)
        self.is_model_well: bool | None = None

    def _counter(self, name: str, text: str, labels: list[str] | None = None) -> Counter:
        return Counter(f"qabot_{name}", text, labels or (), registry=self._registry)

    def observe(self, answer: Answer | None, seconds: float) -> None:
        """A question has ended; with None where it could not be answered at all."""
        self._questions.labels(answer.status if answer else FAILED).inc()
        self._seconds.observe(seconds)
        if answer is None:
            return
        failed = any(one.marker is None and not one.text for one in answer.rejected)
        self._failures.inc(failed)
        self._withheld.inc(sum(bool(one.text) for one in answer.rejected))
        if failed or answer.usage is not None:
            self.is_model_well = not failed

    def watch(self, name: str, text: str, read: Callable[[], float]) -> None:
        """A figure that is read whenever somebody asks; what cannot be read is no number."""

        def value() -> float:
            try:
                return float(read())
            except QabotError:
                return math.nan

        Gauge(f"qabot_{name}", text, registry=self._registry).set_function(value)

    def text(self) -> bytes:
        """All figures, as Prometheus reads them."""
        return generate_latest(self._registry)
