"""rejection: does the bot abstain where the documents do not answer? Pure."""

from __future__ import annotations

from qabot.evaluation.model import Outcome, Score


def score(outcome: Outcome) -> Score | None:
    """1 where it abstains, 0 where it answers; of unanswerable cases only."""
    if outcome.case.answerable:
        return None
    if outcome.answer.status == "abstained":
        return Score(1.0, "abstained, as it should")
    return Score(0.0, "answered what the documents do not say")
