"""The vocabulary every layer shares: frozen values.

All offsets are half-open and count code points in ``Document.text``, which is never altered after
loading. Two invariants hold for every value that leaves the program::

    document.text[passage.start:passage.end] == passage.text
    document.text[citation.start:citation.end] == citation.quote
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Leg = list[tuple[str, float]]
"""What one search finds: ids of passages with their score, best first."""

BlockKind = Literal[
    "title", "subtitle", "byline", "furniture", "caption", "heading", "note", "body"
]
Status = Literal["answered", "abstained"]
Verdict = Literal["supported", "misattributed", "misquoted", "unsupported", "uncited"]


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of where an article comes from; each is empty where it is not known.

    ``date`` is the day of publication, ISO 8601 (``2026-02-27``).
    """

    url: str = ""
    author: str = ""
    publisher: str = ""
    date: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """An article as decoded or extracted; ``source`` is the path or address it came from.

    ``pages`` holds the offset at which each page begins, where the format has pages.
    """

    id: str
    title: str
    source: str
    text: str
    origin: Origin = Origin()
    pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of an article and the part it plays there."""

    kind: BlockKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A citable stretch of a document; ``line`` and ``page`` are where it starts, from 1.

    ``page`` is 0 where the document has no pages; ``breaks`` are the offsets inside the passage at
    which further pages begin.
    """

    document_id: str
    title: str
    source: str
    start: int
    end: int
    text: str
    kind: BlockKind = "body"
    heading: str = ""
    line: int = 1
    page: int = 0
    breaks: tuple[int, ...] = ()
    origin: Origin = Origin()


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a question.

    ``lexical`` is BM25 (higher is better), ``dense`` the cosine; either is None when that leg did
    not return the passage. ``score`` is their reciprocal rank fusion, once read that of the place
    found and the place read. ``also`` are passages of other articles that say nearly the same.
    """

    passage: Passage
    lexical: float | None
    dense: float | None
    score: float
    also: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of an answer, the markers it carries, and what the check said of it."""

    text: str
    markers: tuple[int, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Twin:
    """Another article that says nearly the same as a citation."""

    document_id: str
    title: str
    source: str
    origin: Origin = Origin()


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a claim can be read: ``document.text[start:end] == quote``.

    ``line`` and ``page`` are where the quote starts, from 1; ``page`` is 0 where there are none.
    ``also`` are other articles that say nearly the same.
    """

    marker: int
    document_id: str
    title: str
    source: str
    start: int
    end: int
    quote: str
    line: int = 1
    page: int = 0
    origin: Origin = Origin()
    also: tuple[Twin, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """Something withheld from the answer, and why."""

    marker: int | None
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Released:
    """A sentence as it leaves the gate: said, with where it stands, or withheld for a reason."""

    claim: Claim
    citations: tuple[Citation, ...] = ()
    withheld: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of a conversation, with the answer it got.

    ``standalone`` is the question as it was looked up, where it was a follow-up.
    """

    question: str
    answer: str
    standalone: str | None = None


@dataclass(frozen=True, slots=True)
class Closest:
    """A passage shown when the articles do not answer; ``score`` is the fused retrieval score."""

    document_id: str
    title: str
    source: str
    start: int
    end: int
    quote: str
    score: float
    line: int = 1
    page: int = 0
    origin: Origin = Origin()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an answer was given or withheld: the reason, its evidence, and the passages found."""

    reason: str
    signals: Mapping[str, Any]
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question gets: every sentence of ``text`` is a claim, every marker a citation.

    ``standalone`` is the question as it was looked up, where it was a follow-up. ``notes`` are
    sentences for the reader about the answer, such as why no model wrote it.
    """

    question: str
    status: Status
    text: str
    claims: tuple[Claim, ...] = ()
    citations: tuple[Citation, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    closest: tuple[Closest, ...] = ()
    notes: tuple[str, ...] = ()
    model: str = "extractive"
    usage: Mapping[str, int] | None = None
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    explanation: Explanation | None = None
    standalone: str | None = None
    prompt_hash: str | None = None


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """A document in the index, as ``qabot sources`` lists it."""

    id: str
    title: str
    source: str
    passages: int
    characters: int
    added_at: str
    origin: Origin = Origin()


@dataclass(frozen=True, slots=True)
class SourcePage:
    """Some of a list of ``total`` documents; ``next`` is the number of the page after, if any."""

    sources: list[SourceInfo]
    total: int
    next: int | None = None


@dataclass(frozen=True, slots=True)
class Logged:
    """A question as logged.

    ``answer`` is what ``--json`` prints, with the explanation; in the other fields a lone surrogate
    stands as U+FFFD. ``asked_at`` is ISO 8601 in UTC, ``cost_usd`` US dollars, ``total_ms``
    milliseconds; what is not known is None.
    """

    number: int
    conversation: str
    asked_at: str
    question: str
    standalone: str | None
    status: str
    text: str
    model: str
    prompt_hash: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    cost_usd: float | None
    total_ms: float | None
    answer: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The fields by their names, as ``qabot logs --json`` prints them."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a reader says of the answer logged under ``number``; ``reader`` tells readers apart."""

    number: int
    reader: str
    is_good: bool
    category: str = ""
    comment: str = ""
    judged_at: str = ""
