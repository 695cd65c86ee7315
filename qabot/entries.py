"""Documents and passages as rows of the catalog, and back. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qabot.origins import pages_of, pages_text
from qabot.types import Document, Origin, Passage, SourceInfo

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE documents (
    id TEXT PRIMARY KEY, version TEXT NOT NULL, source TEXT NOT NULL, title TEXT NOT NULL,
    url TEXT NOT NULL, author TEXT NOT NULL, publisher TEXT NOT NULL, date TEXT NOT NULL,
    tags TEXT NOT NULL, pages TEXT NOT NULL, tail TEXT NOT NULL, characters INTEGER NOT NULL,
    added_at TEXT NOT NULL, sha256 TEXT NOT NULL);
CREATE INDEX documents_source ON documents (source);
CREATE TABLE passages (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, document_id TEXT NOT NULL,
    start INTEGER NOT NULL, end INTEGER NOT NULL, kind TEXT NOT NULL, line INTEGER NOT NULL,
    page INTEGER NOT NULL, breaks TEXT NOT NULL, gap TEXT NOT NULL, heading TEXT NOT NULL,
    text TEXT NOT NULL);
CREATE INDEX passages_document ON passages (document_id, start);
"""
_ORIGIN = "d.url, d.author, d.publisher, d.date, d.tags"
PASSAGE = (
    "p.id, p.document_id, d.title, d.source, p.start, p.end, p.text, p.kind, p.heading, p.line,"
    f" p.page, p.breaks, {_ORIGIN}"
)
"""The columns ``passage_of_row`` reads."""
PASSAGES = "passages p JOIN documents d ON d.id = p.document_id"
SOURCE = (
    "d.id, d.title, d.source, (SELECT count(*) FROM passages WHERE document_id = d.id),"
    f" d.characters, d.added_at, {_ORIGIN}"
)
"""The columns ``source_of_row`` reads."""
DOCUMENT = f"d.title, d.source, d.tail, d.sha256, d.pages, {_ORIGIN}"
"""The columns ``document_of_rows`` reads, before the gap and the text of each passage."""
Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """A document ready to be written: its version and its passages by id."""

    document: Document
    version: str
    added_at: str
    passages: Sequence[tuple[str, Passage]]


def document_row(entry: Entry, tail: str) -> Row:
    """The values of a row of ``documents``."""
    document, origin = entry.document, entry.document.origin
    return (
        document.id, entry.version, document.source, document.title, origin.url, origin.author,
        origin.publisher, origin.date, json.dumps(origin.tags, ensure_ascii=False),
        pages_text(document.pages), tail, len(document.text), entry.added_at,
        sha256_of(document.text),
    )  # fmt: skip


def passage_row(identifier: str, passage: Passage, gap: str) -> Row:
    """The values of a row of ``passages``, but for its number."""
    return (
        identifier, passage.document_id, passage.start, passage.end, passage.kind, passage.line,
        passage.page, pages_text(passage.breaks), gap, passage.heading, passage.text,
    )  # fmt: skip


def searched_row(passage: Passage) -> Sequence[str]:
    """What words are looked up in, as ``postings.COLUMNS`` names it."""
    return passage.title, passage.heading, passage.text, passage.origin.publisher


def passage_of_row(row: Row) -> Passage:
    """The passage of a row with the columns ``PASSAGE``."""
    return Passage(*[*row[1:11], pages_of(row[11]), _origin(row[12:])])


def source_of_row(row: Row) -> SourceInfo:
    """The document of a row with the columns ``SOURCE``."""
    return SourceInfo(*[*row[:6], _origin(row[6:])])


def document_of_rows(identifier: str, rows: Sequence[Row]) -> Document | None:
    """The document of its rows in order; None where its text is not what was written."""
    title, source, tail, sha256, pages = rows[0][:5]
    text = "".join((row[-2] or "") + (row[-1] or "") for row in rows) + tail
    if sha256_of(text) != sha256:
        return None
    return Document(identifier, title, source, text, _origin(rows[0][5:10]), pages_of(pages))


def _origin(row: Row) -> Origin:
    return Origin(*[*row[:4], tuple(json.loads(row[4]))])


def sha256_of(text: str) -> str:
    """The hash of a text, in hex digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
