"""The vocabulary of an evaluation: cases, what came of them, and scores. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from qabot.types import Answer, Document, Turn


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a document: half-open, in code points."""

    document_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Case:
    """A question with what is known of its answer.

    ``documents`` are the case's own; without any the bot's index is asked. ``evidence`` is verbatim
    text that answers, ``gold`` the same as spans where the row gives places. ``cluster`` names what
    cases depend on together, such as their document: intervals resample clusters. ``twin`` is the
    id of the case that asks the same with the answer taken out of the documents. ``asked_on`` is
    the day of the question, where that is known.
    """

    id: str
    question: str
    answerable: bool
    answers: tuple[str, ...] = ()
    documents: tuple[Document, ...] = ()
    evidence: tuple[str, ...] = ()
    gold: tuple[Span, ...] = ()
    history: tuple[Turn, ...] = ()
    tags: tuple[str, ...] = ()
    cluster: str = ""
    twin: str | None = None
    asked_on: date | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case with the answer it got.

    ``gold`` are the places of the evidence in ``texts``, which holds the text of every document
    that was cited, found or is evidence, by id.
    """

    case: Case
    answer: Answer
    gold: tuple[Span, ...]
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Score:
    """What a scorer says of one case, and why; ``value`` None where it could not be read."""

    value: float | None
    reason: str


Scorer = Callable[[Outcome], Score | None]
"""Scores an outcome; None where the score does not apply to the case."""


@dataclass(frozen=True, slots=True)
class Result:
    """A line of results.jsonl: the answer as ``--json`` prints it, or the error in its place."""

    id: str
    answer: Mapping[str, Any] | None
    scores: Mapping[str, Score] = field(default_factory=dict)
    error: str | None = None
    timings_ms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over cases with its 95% interval, and the number of cases behind it."""

    value: float
    low: float
    high: float
    cases: int
