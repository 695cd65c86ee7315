"""sentence_coverage: which share of the answer's sentences has a citation that supports it?

In the way of ALCE (Gao et al., 2023), with qabot.support in place of its entailment model.
"""

from __future__ import annotations

from qabot.embed import WordLlamaEmbedder
from qabot.evaluation.model import Outcome, Score
from qabot.evaluation.scorers.gold import shortened
from qabot.evaluation.scorers.said import squeezed
from qabot.passage_sentences import sentences_of
from qabot.support import THRESHOLD, support
from qabot.types import Citation, Claim, Passage

_VECTORS = WordLlamaEmbedder()
"""Loads on first use, which verbatim sentences never are."""


def score(outcome: Outcome) -> Score | None:
    """Share of claims that stand in a quote they cite, or that such a quote alone supports."""
    claims = outcome.answer.claims if outcome.answer.status == "answered" else ()
    if not claims:
        return None
    bare = [claim for claim in claims if not _is_covered(claim, outcome)]
    covered = len(claims) - len(bare)
    reason = f"{covered} of {len(claims)} sentences have a citation that supports them"
    if bare:
        reason += f"; not “{shortened(bare[0].text)}”"
    return Score(covered / len(claims), reason)


def _is_covered(claim: Claim, outcome: Outcome) -> bool:
    cited = [one for one in outcome.answer.citations if one.marker in claim.markers]
    said = squeezed(claim.text)
    if not said.strip():
        return False
    verbatim = any(said in squeezed(citation.quote) for citation in cited)
    return verbatim or any(_supports(citation, claim) for citation in cited)


def _supports(citation: Citation, claim: Claim) -> bool:
    quote = citation.quote
    passage = Passage(citation.document_id, citation.title, "", 0, len(quote), quote)
    found = support(claim.text, sentences_of(passage, 0), _VECTORS, citation.title)
    return found.score >= THRESHOLD
