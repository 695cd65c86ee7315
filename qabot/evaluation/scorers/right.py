"""right: is the reply the right one, whether an answer or an abstention? Pure."""

from __future__ import annotations

from qabot.evaluation.model import Outcome, Score
from qabot.evaluation.scorers import citation_hit, contains, rejection


def score(outcome: Outcome) -> Score | None:
    """1 for an answer that holds an expected one, and for abstaining where nothing answers.

    Where no answer is given to compare with, citing the evidence will do; where no evidence is
    known either, nobody can tell.
    """
    if not outcome.case.answerable:
        return rejection.score(outcome)
    return contains.score(outcome) or citation_hit.score(outcome)
