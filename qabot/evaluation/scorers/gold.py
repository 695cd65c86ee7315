"""The places that answer a case, and which places touch them. Pure."""

from __future__ import annotations

from typing import Protocol

from qabot.evaluation.model import Outcome, Span


class Place(Protocol):
    """A stretch of a document, half-open; citations, passages and spans are such."""

    @property
    def document_id(self) -> str: ...

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...


def pieces(outcome: Outcome) -> list[Span]:
    """The evidence of an answerable case, in order; spans that overlap are one piece.

    Empty where no evidence is known.
    """
    if not outcome.case.answerable:
        return []
    joined: list[Span] = []
    known = (span for span in outcome.gold if span.start < span.end)
    for span in sorted(known, key=lambda span: (span.document_id, span.start, span.end)):
        if joined and overlap(joined[-1], span):
            last = joined.pop()
            span = Span(last.document_id, last.start, max(last.end, span.end))
        joined.append(span)
    return joined


def overlap(one: Place, other: Place) -> bool:
    """Whether two places share at least one code point."""
    return one.document_id == other.document_id and one.start < other.end and other.start < one.end


def shortened(text: str, limit: int = 80) -> str:
    """``text`` on one line, cut to ``limit`` code points: fit for a reason."""
    line = " ".join(text[: limit * 4].split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
