"""all_evidence@10: do the first ten passages found hold every piece of evidence? Pure."""

from __future__ import annotations

from qabot.evaluation.model import Outcome, Score
from qabot.evaluation.scorers.gold import pieces
from qabot.evaluation.scorers.ranking import DEPTH, ranking


def score(outcome: Outcome) -> Score | None:
    """1 where each piece of evidence is overlapped by one of the first ten passages."""
    ranked = ranking(outcome)
    if ranked is None:
        return None
    count = len(pieces(outcome))
    reason = f"{count - len(ranked.missed)} of {count} pieces of evidence in the first {DEPTH}"
    return Score(float(not ranked.missed), reason)
