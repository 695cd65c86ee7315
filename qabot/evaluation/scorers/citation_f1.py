"""citation_f1: are the citations just the evidence, and all of it? Pure."""

from __future__ import annotations

from qabot.evaluation.model import Outcome, Score
from qabot.evaluation.scorers import citation_precision, citation_recall


def score(outcome: Outcome) -> Score | None:
    """Harmonic mean of citation_precision and citation_recall; 0 for an abstention."""
    recall, precision = citation_recall.score(outcome), citation_precision.score(outcome)
    if recall is None or recall.value is None:
        return None
    if precision is None or not precision.value or not recall.value:
        return Score(0.0, recall.reason)
    value = 2 * precision.value * recall.value / (precision.value + recall.value)
    return Score(value, f"{precision.reason}; {recall.reason}")
