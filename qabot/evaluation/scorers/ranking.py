"""Which of the passages found for a question are to the point. Pure.

A passage is relevant when it overlaps the evidence. Where the evidence is whole documents, the
ranking is one of documents instead, each at the place of its first passage.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from qabot.evaluation.model import Outcome, Span
from qabot.evaluation.scorers.gold import Place, overlap, pieces
from qabot.split import split
from qabot.types import Document

DEPTH = 10
"""Ranks that count."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """``relevant`` for each rank in turn, ``total`` such that there are, ``missed`` pieces.

    A piece of evidence is missed when none of the first DEPTH ranks overlaps it.
    """

    relevant: tuple[bool, ...]
    total: int
    missed: tuple[Span, ...]


def ranking(outcome: Outcome) -> Ranking | None:
    """The ranking of the passages found; None where passages or evidence are not known."""
    gold, explanation = pieces(outcome), outcome.answer.explanation
    if not gold or explanation is None:
        return None
    ranked: list[Place] = [hit.passage for hit in explanation.hits]
    if all(_is_whole(piece, outcome) for piece in gold):
        total = len(gold)
        ranked = [Span(name, 0, 1) for name in dict.fromkeys(p.document_id for p in ranked)]
    else:
        total = sum(_relevant_passages(name, gold, outcome) for name in _documents(gold))
    relevant = tuple(any(overlap(place, piece) for piece in gold) for place in ranked)
    near = ranked[:DEPTH]
    missed = tuple(piece for piece in gold if not any(overlap(place, piece) for place in near))
    return Ranking(relevant, max(total, sum(relevant)), missed)


def _is_whole(piece: Span, outcome: Outcome) -> bool:
    text = outcome.texts.get(piece.document_id)
    return text is not None and piece.start <= 0 and piece.end >= len(text)


def _documents(gold: list[Span]) -> list[str]:
    return list(dict.fromkeys(piece.document_id for piece in gold))


def _relevant_passages(document_id: str, gold: list[Span], outcome: Outcome) -> int:
    """How many passages of a document overlap the evidence."""
    bounds = _passages(outcome.texts.get(document_id, ""))
    spans = [Span(document_id, start, end) for start, end in bounds]
    return sum(any(overlap(span, piece) for piece in gold) for span in spans)


@lru_cache(maxsize=64)
def _passages(text: str) -> tuple[tuple[int, int], ...]:
    return tuple((passage.start, passage.end) for passage in split(Document("", "", "", text)))
