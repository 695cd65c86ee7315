"""citation_recall: which share of the evidence is cited? Pure.

Pieces of evidence count as needed together. Where a case lists places that each say the same, an
answer that cites one of them has recalled it in part; citation_hit is the figure for such cases.
"""

from __future__ import annotations

from qabot.evaluation.model import Outcome, Score
from qabot.evaluation.scorers.gold import overlap, pieces


def score(outcome: Outcome) -> Score | None:
    """Share of pieces of evidence that a citation overlaps; 0 for an abstention."""
    gold, citations = pieces(outcome), outcome.answer.citations
    if not gold:
        return None
    good = sum(any(overlap(citation, piece) for citation in citations) for piece in gold)
    return Score(good / len(gold), f"{good} of {len(gold)} pieces of evidence are cited")
