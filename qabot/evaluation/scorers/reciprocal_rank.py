"""MRR@10: one over the rank of the first passage found that holds evidence. Pure."""

from __future__ import annotations

from qabot.evaluation.model import Outcome, Score
from qabot.evaluation.scorers.ranking import DEPTH, ranking


def score(outcome: Outcome) -> Score | None:
    """1 / rank of the first relevant passage, 0 where it is not among the first ten."""
    ranked = ranking(outcome)
    if ranked is None:
        return None
    value = reciprocal_rank(ranked.relevant)
    if not value:
        return Score(0.0, f"no evidence among the first {DEPTH}")
    return Score(value, f"evidence first stands at rank {round(1 / value)}")


def reciprocal_rank(relevant: tuple[bool, ...]) -> float:
    """As ``recip_rank`` of trec_eval on the first ten ranks."""
    return next((1 / n for n, is_hit in enumerate(relevant[:DEPTH], start=1) if is_hit), 0.0)
