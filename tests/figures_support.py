"""Cases, answers and results for the tests of the figures, made in a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qabot.evaluation.model import Case, Outcome, Result, Score, Span
from qabot.types import Answer, Citation, Claim, Explanation, Hit, Passage

TEXT = (
    "Museum opens\n\n"
    "The new museum in Lisbon opened on Friday after six years of work on its old roof.\n\n"
    "It cost 40 million euros, the city said, and a foundation paid a third of that sum.\n\n"
    "Visitors waited for three hours in the rain, and some went home without a ticket.\n"
)
DOCUMENT = "museum"
OPENED = "opened on Friday"
COST = "40 million euros"


def span(words: str, document_id: str = DOCUMENT, text: str = TEXT) -> Span:
    """Where ``words`` first stand."""
    start = text.index(words)
    return Span(document_id, start, start + len(words))


def case(identifier: str = "c", **fields: Any) -> Case:
    """An answerable case, unless told otherwise."""
    fields.setdefault("answerable", True)
    return Case(identifier, "When did the museum open?", **fields)


def citation(words: str, marker: int = 1, shift: int = 0) -> Citation:
    """A citation of ``words``; ``shift`` moves its offsets, which makes it wrong."""
    place = span(words)
    start, end = place.start + shift, place.end + shift
    return Citation(marker, DOCUMENT, "Museum opens", "", start, end, words)


def answered(*claims: str, citations: Sequence[Citation] = (), found: Sequence[str] = ()) -> Answer:
    """An answer of these sentences, each with the marker of its place."""
    said = tuple(Claim(text, (n,), "supported") for n, text in enumerate(claims, start=1))
    text = " ".join(f"{claim.text} [{claim.markers[0]}]" for claim in said)
    return Answer("q", "answered", text, said, tuple(citations), explanation=explained(*found))


def abstained(*found: str) -> Answer:
    """An abstention that says what it does not find."""
    text = "The articles do not say: the passages do not mention “Friday”; these come closest."
    return Answer("q", "abstained", text, explanation=explained(*found))


def explained(*found: str) -> Explanation:
    """The passages found: the paragraphs of TEXT that hold these words, in this order."""
    hits = []
    for rank, words in enumerate(found):
        start = TEXT.rindex("\n\n", 0, TEXT.index(words)) + 2
        end = TEXT.index("\n", start)
        passage = Passage(DOCUMENT, "", "", start, end, TEXT[start:end])
        hits.append(Hit(passage, None, None, 1.0 / (rank + 1)))
    return Explanation("why", {"confidence": 1.5}, tuple(hits))


def outcome(of: Case, answer: Answer, *gold: Span) -> Outcome:
    """The case with its answer, evidence and the text of the one document."""
    return Outcome(of, answer, gold, {DOCUMENT: TEXT})


def result(
    identifier: str,
    scores: dict[str, float | None] | None = None,
    status: str = "answered",
    confidence: float | None = None,
    error: str | None = None,
    **fields: Any,
) -> Result:
    """A result with these scores."""
    signals = {} if confidence is None else {"confidence": confidence}
    answer = {"status": status, "explanation": {"signals": signals}, **fields.pop("answer", {})}
    made = {name: Score(value, "why") for name, value in (scores or {}).items()}
    return Result(identifier, None if error else answer, made, error, **fields)
