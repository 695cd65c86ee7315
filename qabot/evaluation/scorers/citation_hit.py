"""citation_hit: does a citation overlap the evidence? 1 or 0. Pure."""

from __future__ import annotations

from qabot.evaluation.model import Outcome, Score
from qabot.evaluation.scorers.gold import overlap, pieces


def score(outcome: Outcome) -> Score | None:
    """1 where a cited quote overlaps the evidence, where it is known; 0 for an abstention."""
    gold = pieces(outcome)
    if not gold:
        return None
    for citation in outcome.answer.citations:
        if any(overlap(citation, piece) for piece in gold):
            return Score(1.0, f"[{citation.marker}] overlaps evidence")
    if outcome.answer.status != "answered":
        return Score(0.0, "the bot abstained")
    return Score(0.0, "no citation overlaps evidence")
