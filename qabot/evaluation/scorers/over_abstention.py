"""over_abstention: does the bot abstain although the documents answer? Lower is better. Pure."""

from __future__ import annotations

from qabot.evaluation.model import Outcome, Score


def score(outcome: Outcome) -> Score | None:
    """1 where it abstains, 0 where it answers; of answerable cases only."""
    if not outcome.case.answerable:
        return None
    if outcome.answer.status == "abstained":
        return Score(1.0, "abstained from what the documents say")
    return Score(0.0, "answered")
