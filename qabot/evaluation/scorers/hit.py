"""hit@k: is there evidence among the first k passages found? 1 or 0. Pure."""

from __future__ import annotations

from qabot.evaluation.model import Outcome, Score
from qabot.evaluation.scorers.ranking import ranking


def score(outcome: Outcome, depth: int) -> Score | None:
    """1 where one of the first ``depth`` passages overlaps the evidence."""
    ranked = ranking(outcome)
    if ranked is None:
        return None
    rank = next((n for n, is_hit in enumerate(ranked.relevant, start=1) if is_hit), None)
    if rank is None:
        return Score(0.0, f"none of the {len(ranked.relevant)} found holds evidence")
    return Score(float(rank <= depth), f"evidence first stands at rank {rank}")
