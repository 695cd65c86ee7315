"""citation_precision: which share of the citations is evidence? Pure."""

from __future__ import annotations

from qabot.evaluation.model import Outcome, Score
from qabot.evaluation.scorers.gold import overlap, pieces


def score(outcome: Outcome) -> Score | None:
    """Share of citations that overlap the evidence, of answers that cite where it is known."""
    gold, citations = pieces(outcome), outcome.answer.citations
    if not gold or not citations:
        return None
    good = sum(any(overlap(citation, piece) for piece in gold) for citation in citations)
    return Score(good / len(citations), f"{good} of {len(citations)} citations overlap evidence")
