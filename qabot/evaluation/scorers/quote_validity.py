"""quote_validity: is every cited quote exactly the document's text at its offsets? Pure."""

from __future__ import annotations

from qabot.evaluation.model import Outcome, Score
from qabot.evaluation.scorers.gold import shortened
from qabot.types import Citation


def score(outcome: Outcome) -> Score | None:
    """Share of citations whose quote stands at its offsets; anything below 1 is a broken promise.

    A quote of a document whose text is not known counts as wrong.
    """
    citations = outcome.answer.citations
    if not citations:
        return None
    wrong = [citation for citation in citations if not _stands(citation, outcome)]
    if not wrong:
        return Score(1.0, f"all of {len(citations)} quotes stand in the text")
    reason = f"not in the text at its place: [{wrong[0].marker}] “{shortened(wrong[0].quote)}”"
    return Score(1 - len(wrong) / len(citations), reason)


def _stands(citation: Citation, outcome: Outcome) -> bool:
    text = outcome.texts.get(citation.document_id)
    if text is None or not 0 <= citation.start < citation.end <= len(text):
        return False
    return text[citation.start : citation.end] == citation.quote
