"""What the index holds, and its lexical half: one SQLite file with an FTS5 table.

A document is in the index when it has a row here: one transaction adds its row and its passages,
takes the old ones away and names the vector store that goes with them. Everything in this file can
be made again from the vector store.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import weakref
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from qabot.entries import (
    DOCUMENT,
    PASSAGE,
    PASSAGES,
    SCHEMA,
    Entry,
    document_of_rows,
    document_row,
    passage_of_row,
    passage_row,
    searched_row,
)
from qabot.storage import damaged, refused_by_sqlite
from qabot.types import Document, Passage

_WEIGHTS = "2.0, 1.0, 4.0, 4.0"  # BM25 weights of title, heading, text and publisher
_IN_MEMORY = Path(":memory:")


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
            for statement in filter(str.strip, SCHEMA.split(";")):
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

    def look_up(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a query of ours, in the tables of ``entries``; it may change nothing."""
        return self._rows(sql, *values)

    def versions(self) -> dict[str, str]:
        """The version of every document by its id."""
        return dict(self._rows("SELECT id, version FROM documents"))

    def ids_by_source(self) -> dict[str, str]:
        """The id of every document by its source."""
        return dict(self._rows("SELECT source, id FROM documents"))

    def document(self, document_id: str) -> Document | None:
        """The document with its untouched text, or None. Raises IndexCorrupt if it is altered."""
        rows = self._rows(
            f"SELECT {DOCUMENT}, p.gap, t.text FROM documents d"
            " LEFT JOIN passages p ON p.document_id = d.id"
            " LEFT JOIN passages_text t ON t.rowid = p.number WHERE d.id = ? ORDER BY p.start",
            document_id,
        )
        found = document_of_rows(document_id, rows) if rows else None
        if rows and found is None:
            raise damaged(self._path.parent)
        return found

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
            f"SELECT {PASSAGE} FROM {PASSAGES} WHERE p.id IN (SELECT value FROM json_each(?))",
            json.dumps(list(ids)),
        )
        return {row[0]: passage_of_row(row) for row in rows}

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
            f"SELECT {PASSAGE} FROM {PASSAGES} WHERE p.document_id = ? AND p.start < ?"
            " ORDER BY p.start DESC LIMIT 1",
            passage.document_id,
            passage.start,
        )
        return passage_of_row(rows[0]) if rows else None

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
        """The number of passages with ``term``, inflected or not, in any of its fields."""
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
                "INSERT INTO passages (id, document_id, start, end, kind, line, page, breaks, gap)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                passage_row(identifier, passage, gap),
            ).lastrowid
            self._db.execute(
                "INSERT INTO passages_text (rowid, title, heading, text, publisher)"
                " VALUES (?, ?, ?, ?, ?)",
                (number, *searched_row(passage)),
            )
        self._db.execute(
            f"INSERT INTO documents VALUES ({', '.join('?' * 14)})",
            document_row(entry, document.text[position:]),
        )

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


def _quoted(term: str) -> str:
    """A term as an FTS5 string: nothing in it can act as query syntax."""
    return '"' + term.replace('"', '""').replace("\0", " ") + '"'
