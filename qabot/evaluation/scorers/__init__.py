"""What is said of a single answer without a model: a value and the reason, one small file each.

Each module has ``score(outcome)``, which is None where the score does not apply to the case. Pure,
but for ``sentence_coverage``, which looks at word vectors where a sentence is not a quotation.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from qabot.evaluation.model import Outcome, Score, Scorer
from qabot.evaluation.scorers import (
    all_evidence,
    citation_f1,
    citation_hit,
    citation_precision,
    citation_recall,
    contains,
    discounted_gain,
    exact_match,
    hit,
    over_abstention,
    quote_validity,
    reciprocal_rank,
    rejection,
    right,
    sentence_coverage,
    token_overlap,
)

SCORERS: Mapping[str, Scorer] = MappingProxyType(
    {
        "hit@1": partial(hit.score, depth=1),
        "hit@3": partial(hit.score, depth=3),
        "hit@10": partial(hit.score, depth=10),
        "mrr@10": reciprocal_rank.score,
        "ndcg@10": discounted_gain.score,
        "all_evidence@10": all_evidence.score,
        "contains": contains.score,
        "token_f1": token_overlap.score,
        "exact_match": exact_match.score,
        "quote_validity": quote_validity.score,
        "citation_precision": citation_precision.score,
        "citation_recall": citation_recall.score,
        "citation_f1": citation_f1.score,
        "citation_hit": citation_hit.score,
        "sentence_coverage": sentence_coverage.score,
        "rejection": rejection.score,
        "over_abstention": over_abstention.score,
        "right": right.score,
    }
)
"""Every scorer by the name of its score, in the order in which people read them."""


def score_all(outcome: Outcome) -> dict[str, Score]:
    """The scores that apply to ``outcome``, in the order of SCORERS."""
    found = {name: scorer(outcome) for name, scorer in SCORERS.items()}
    return {name: score for name, score in found.items() if score is not None}
