"""nDCG@10: how near the top of the ranking the passages that hold evidence stand. Pure.

Our own lines, as the libraries that have them are heavy for it: pytrec-eval-terrier brings SciPy
and has no wheel for Linux on ARM, ir-measures is built on it, ranx brings Numba and pandas. The
tests hold these lines to pytrec-eval-terrier.
"""

from __future__ import annotations

import math

from qabot.evaluation.model import Outcome, Score
from qabot.evaluation.scorers.ranking import DEPTH, ranking


def score(outcome: Outcome) -> Score | None:
    """Discounted gain of the first ten, as a share of what the best order would give."""
    ranked = ranking(outcome)
    if ranked is None:
        return None
    places = [n for n, is_hit in enumerate(ranked.relevant[:DEPTH], start=1) if is_hit]
    where = ", ".join(map(str, places)) or "none"
    reason = f"relevant ranks of the first {DEPTH}: {where}; {ranked.total} relevant in all"
    return Score(discounted_gain(ranked.relevant, ranked.total), reason)


def discounted_gain(relevant: tuple[bool, ...], total: int) -> float:
    """As ``ndcg_cut_10`` of trec_eval, gains 0 and 1; ``total`` relevant ones there are."""
    gain = sum(1 / math.log2(n + 1) for n, is_hit in enumerate(relevant[:DEPTH], 1) if is_hit)
    ideal = sum(1 / math.log2(n + 1) for n in range(1, min(total, DEPTH) + 1))
    return gain / ideal if ideal else 0.0
