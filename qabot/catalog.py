"""What the index holds, and its lexical half: one SQLite file with an FTS5 table.

A document is in the index when it has a row here: one transaction adds its row and its passages,
takes the old ones away and names the vector store that goes with them. Everything in this file can
be made again from the vector store.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import weakref
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from qabot.storage import damaged, refused_by_sqlite
from qabot.types import Document, Passage, SourceInfo

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE documents (
    id TEXT PRIMARY KEY, version TEXT NOT NULL, source TEXT NOT NULL, title TEXT NOT NULL,
    tail TEXT NOT NULL, characters INTEGER NOT NULL, added_at TEXT NOT NULL,
    sha256 TEXT NOT NULL);
CREATE INDEX documents_source ON documents (source);
CREATE TABLE passages (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, document_id TEXT NOT NULL,
    start INTEGER NOT NULL, end INTEGER NOT NULL, kind TEXT NOT NULL, line INTEGER NOT NULL,
    gap TEXT NOT NULL);
CREATE INDEX passages_document ON passages (document_id, start);
CREATE VIRTUAL TABLE passages_text USING fts5 (
    title, heading, text, tokenize = "porter unicode61 remove_diacritics 2");
"""
_WEIGHTS = "1.0, 1.0, 4.0"  # BM25 weights of title, heading and text
_COLUMNS = (
    "p.id, p.document_id, t.title, d.source, p.start, p.end, t.text, p.kind, t.heading, p.line"
)
_IN_MEMORY = Path(":memory:")
_FROM = (
    "passages p JOIN documents d ON d.id = p.document_id JOIN passages_text t ON t.rowid = p.number"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A document ready to be written: its version and its passages by id."""

    document: Document
    version: str
    added_at: str
    passages: Sequence[tuple[str, Passage]]


class Catalog:
    """The SQLite file at ``path``. Safe to share between threads; one writer at a time."""

    def __init__(self, path: Path | None, create: bool = False) -> None:
        """Open it, or make it if ``create``; without a path it is made in memory.

        Raises IndexCorrupt or StorageError.
        """
        self._lock = threading.RLock()
        self._path = path or _IN_MEMORY
        if path and not create and not path.is_file():
            raise damaged(path.parent)
        mode = "rwc" if create else "rw"
        uri = f"{path.absolute().as_uri()}?mode={mode}" if path else f"file:{_IN_MEMORY}"
        with self._guard():
            self._db = sqlite3.connect(
                uri, uri=True, timeout=30, isolation_level=None, check_same_thread=False
            )
            self._close = weakref.finalize(self, self._db.close)
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
                # A commit is on the disk before the vectors it replaces are deleted.
                self._db.execute("PRAGMA synchronous = FULL")
            except sqlite3.Error:
                self._close()
                raise

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._close()

    def initialise(self, meta: Mapping[str, str]) -> None:
        """Make the tables and write ``meta`` in one transaction, unless they are there."""
        with self._transaction():
            if self.has_tables():
                return
            for statement in filter(str.strip, _SCHEMA.split(";")):
                self._db.execute(statement)
            self.write_meta(meta)

    def has_tables(self) -> bool:
        """Whether the file has been initialised."""
        return bool(self._rows("SELECT 1 FROM sqlite_master WHERE name = 'documents'"))

    def meta(self) -> dict[str, str]:
        """What this file was made for, and the vector store that goes with it."""
        return dict(self._rows("SELECT key, value FROM meta"))

    def write_meta(self, meta: Mapping[str, str]) -> None:
        """Set some of the values of ``meta``."""
        with self._lock, self._guard():
            self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta.items())

    # Reading

    def sources(self) -> list[SourceInfo]:
        """Every document, by title."""
        rows = self._rows(
            "SELECT id, title, source, (SELECT count(*) FROM passages WHERE document_id = d.id),"
            " characters, added_at FROM documents d ORDER BY title, id"
        )
        return [SourceInfo(*row) for row in rows]

    def versions(self) -> dict[str, str]:
        """The version of every document by its id."""
        return dict(self._rows("SELECT id, version FROM documents"))

    def ids_by_source(self) -> dict[str, str]:
        """The id of every document by its source."""
        return dict(self._rows("SELECT source, id FROM documents"))

    def document(self, document_id: str) -> Document | None:
        """The document with its untouched text, or None. Raises IndexCorrupt if it is altered."""
        rows = self._rows(
            "SELECT d.title, d.source, d.tail, d.sha256, p.gap, t.text FROM documents d"
            " LEFT JOIN passages p ON p.document_id = d.id"
            " LEFT JOIN passages_text t ON t.rowid = p.number WHERE d.id = ? ORDER BY p.start",
            document_id,
        )
        if not rows:
            return None
        title, source, tail, sha256 = rows[0][:4]
        text = "".join((row[4] or "") + (row[5] or "") for row in rows) + tail
        if sha256_of(text) != sha256:
            raise damaged(self._path.parent)
        return Document(document_id, title, source, text)

    def beginning(self, document_id: str) -> str:
        """The text of a document up to the end of its first passages; empty if there is none."""
        rows = self._rows(
            "SELECT p.gap, t.text FROM passages p JOIN passages_text t ON t.rowid = p.number"
            " WHERE p.document_id = ? ORDER BY p.start LIMIT 4",
            document_id,
        )
        return "".join(gap + text for gap, text in rows)

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        """The passages among ``ids`` that are in the index, by id."""
        rows = self._rows(
            f"SELECT {_COLUMNS} FROM {_FROM} WHERE p.id IN (SELECT value FROM json_each(?))",
            json.dumps(list(ids)),
        )
        return {row[0]: Passage(*row[1:]) for row in rows}

    def passage_ids(self, document_ids: Sequence[str]) -> list[str]:
        """The ids of the passages of some documents."""
        rows = self._rows(
            "SELECT id FROM passages WHERE document_id IN (SELECT value FROM json_each(?))",
            json.dumps(list(document_ids)),
        )
        return [str(row[0]) for row in rows]

    def before(self, passage: Passage) -> Passage | None:
        """The passage that stands before another in its document, or None."""
        rows = self._rows(
            f"SELECT {_COLUMNS} FROM {_FROM} WHERE p.document_id = ? AND p.start < ?"
            " ORDER BY p.start DESC LIMIT 1",
            passage.document_id,
            passage.start,
        )
        return Passage(*rows[0][1:]) if rows else None

    def count(self) -> int:
        """The number of passages."""
        return int(self._rows("SELECT count(*) FROM passages")[0][0])

    def search(
        self, terms: Sequence[str], limit: int, among: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """Ids of passages with any of ``terms``, with BM25, best first; of documents ``among``."""
        if not terms:
            return []
        chosen = "" if among is None else "AND p.document_id IN (SELECT value FROM json_each(?))"
        rows = self._rows(
            f"SELECT p.id, -bm25(passages_text, {_WEIGHTS}) AS score FROM passages_text"
            " JOIN passages p ON p.number = passages_text.rowid"
            f" WHERE passages_text MATCH ? {chosen} ORDER BY score DESC, p.id LIMIT ?",
            " OR ".join(_quoted(term) for term in terms),
            *([] if among is None else [json.dumps(list(among))]),
            limit,
        )
        return [(str(row[0]), float(row[1])) for row in rows]

    def frequency(self, term: str) -> int:
        """The number of passages with ``term``, inflected or not, in title, heading or text."""
        rows = self._rows(
            "SELECT count(*) FROM passages_text WHERE passages_text MATCH ?", _quoted(term)
        )
        return int(rows[0][0])

    # Writing: only under the index's lock

    def commit(
        self, entries: Sequence[Entry], gone: Sequence[str], meta: Mapping[str, str]
    ) -> None:
        """Put documents in, each in place of its older version, and take the ``gone`` ones out.

        All of it is one transaction, ``meta`` included.
        """
        with self._transaction():
            for document_id in (*gone, *(entry.document.id for entry in entries)):
                self._delete(document_id)
            for entry in entries:
                self._insert(entry)
            self.write_meta({**meta, "used": "yes"})

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All of what is written inside, or nothing of it."""
        with self._lock, self._guard():
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield
                self._db.execute("COMMIT")
            finally:
                # After some errors SQLite has rolled back by itself.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def _delete(self, document_id: str) -> None:
        self._db.execute(
            "DELETE FROM passages_text WHERE rowid IN"
            " (SELECT number FROM passages WHERE document_id = ?)",
            (document_id,),
        )
        self._db.execute("DELETE FROM passages WHERE document_id = ?", (document_id,))
        self._db.execute("DELETE FROM documents WHERE id = ?", (document_id,))

    def _insert(self, entry: Entry) -> None:
        document, position = entry.document, 0
        for identifier, passage in entry.passages:
            gap = document.text[position : passage.start]
            position = passage.end
            number = self._db.execute(
                "INSERT INTO passages (id, document_id, start, end, kind, line, gap)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    identifier,
                    document.id,
                    passage.start,
                    passage.end,
                    passage.kind,
                    passage.line,
                    gap,
                ),
            ).lastrowid
            self._db.execute(
                "INSERT INTO passages_text (rowid, title, heading, text) VALUES (?, ?, ?, ?)",
                (number, passage.title, passage.heading, passage.text),
            )
        self._db.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (document.id, entry.version, document.source, document.title,
             document.text[position:], len(document.text), entry.added_at,
             sha256_of(document.text)),
        )  # fmt: skip

    def _rows(self, sql: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]
        with self._lock, self._guard():
            return self._db.execute(sql, values).fetchall()

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.ProgrammingError:
            raise  # a mistake of ours, not of the file
        except UnicodeDecodeError as error:  # SQLite quotes what it cannot read in its message
            raise damaged(self._path.parent) from error
        except sqlite3.Error as error:
            raise refused_by_sqlite(error, self._path.parent) from error


def sha256_of(text: str) -> str:
    """The hash of a text, in hex digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _quoted(term: str) -> str:
    """A term as an FTS5 string: nothing in it can act as query syntax."""
    return '"' + term.replace('"', '""').replace("\0", " ") + '"'
