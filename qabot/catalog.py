"""What the index holds, and its lexical half: one SQLite file.

A document is in the index when it has a row here: one transaction adds its row, its passages and
their words, takes the old ones away and names the vector stores that go with them. Everything in
this file can be made again from the vector stores.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
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
from qabot.lexicon import SCHEMA as LEXICON
from qabot.lexicon import Lexicon
from qabot.storage import damaged, refused_by_sqlite
from qabot.tokenizer import Words
from qabot.types import Document, Passage

_STATE = "state"  # in the table meta: names the last commit
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
            self._lexicon = Lexicon(self._db)
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
            for statement in filter(str.strip, (SCHEMA + LEXICON).split(";")):
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
            f"SELECT {DOCUMENT}, p.gap, p.text FROM documents d"
            " LEFT JOIN passages p ON p.document_id = d.id WHERE d.id = ? ORDER BY p.start",
            document_id,
        )
        found = document_of_rows(document_id, rows) if rows else None
        if rows and found is None:
            raise damaged(self._path.parent)
        return found

    def beginning(self, document_id: str) -> str:
        """The text of a document up to the end of its first passages; empty if there is none."""
        rows = self._rows(
            "SELECT gap, text FROM passages WHERE document_id = ? ORDER BY start LIMIT 4",
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

    def present(self, ids: Sequence[str]) -> set[str]:
        """Those of ``ids`` that are passages in the index."""
        rows = self._rows(
            "SELECT id FROM passages WHERE id IN (SELECT value FROM json_each(?))",
            json.dumps(list(ids)),
        )
        return {str(row[0]) for row in rows}

    def beside(self, passage: Passage, after: bool) -> Passage | None:
        """The passage that stands next to another in its document, or None."""
        sign, order = (">", "ASC") if after else ("<", "DESC")
        rows = self._rows(
            f"SELECT {PASSAGE} FROM {PASSAGES} WHERE p.document_id = ? AND p.start {sign} ?"
            f" ORDER BY p.start {order} LIMIT 1",
            passage.document_id,
            passage.start,
        )
        return passage_of_row(rows[0]) if rows else None

    def is_empty(self) -> bool:
        """Whether there is no passage, without counting them."""
        return not self._rows("SELECT 1 FROM passages LIMIT 1")

    def count(self) -> int:
        """The number of passages."""
        return int(self._rows("SELECT count(*) FROM passages")[0][0])

    def search(
        self, terms: Sequence[str], limit: int, among: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """Ids of passages with any of ``terms``, with BM25, best first; of documents ``among``."""
        if not terms:
            return []
        with self._reading() as state:
            chosen = None if among is None else self._numbers(among)
            found = dict(self._lexicon.best(state, terms, limit, chosen))
            rows = self._rows(
                "SELECT id, number FROM passages WHERE number IN (SELECT value FROM json_each(?))",
                json.dumps(list(found)),
            )
        ranked = sorted((-found[number], str(identifier)) for identifier, number in rows)
        return [(identifier, -score) for score, identifier in ranked[:limit]]

    def frequency(self, term: str) -> int:
        """The number of passages with ``term``, inflected or not, in any of its fields."""
        with self._reading() as state:
            return self._lexicon.frequency(state, term)

    def _numbers(self, document_ids: Collection[str]) -> list[int]:
        rows = self._rows(
            "SELECT number FROM passages WHERE document_id IN (SELECT value FROM json_each(?))",
            json.dumps(list(document_ids)),
        )
        return [row[0] for row in rows]

    @contextmanager
    def _reading(self) -> Iterator[str]:
        """One state for all that is read inside, by its name."""
        with self._lock, self._guard():
            self._db.execute("BEGIN")
            try:
                yield self.meta().get(_STATE, "")
            except (ValueError, IndexError) as error:
                raise damaged(self._path.parent) from error
            finally:
                self._db.execute("ROLLBACK")

    # Writing: only under the index's lock

    def commit(
        self,
        entries: Sequence[Entry],
        gone: Sequence[str],
        meta: Mapping[str, str] | Callable[[], Mapping[str, str]],
        words: Words | None = None,
    ) -> None:
        """Put documents in, each in place of its older version, and take the ``gone`` ones out.

        ``words`` are those of all their passages, where they were taken apart before. All of it
        is one transaction, ``meta`` included, which may be what a call returns that is made last:
        when it raises nothing has happened.
        """
        with self._transaction():
            replaced = [*gone, *(entry.document.id for entry in entries)]
            self._lexicon.remove(self._numbers(replaced))
            for document_id in replaced:
                self._delete(document_id)
            numbers = [number for entry in entries for number in self._insert(entry)]
            self._lexicon.add(numbers, words or words_of(entries))
            while self._lexicon.merge():
                pass
            known = meta() if callable(meta) else meta
            self.write_meta({**known, "used": "yes", _STATE: secrets.token_hex(8)})

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
        self._db.execute("DELETE FROM passages WHERE document_id = ?", (document_id,))
        self._db.execute("DELETE FROM documents WHERE id = ?", (document_id,))

    def _insert(self, entry: Entry) -> Iterator[int]:
        """Write a document; yields the number of each of its passages."""
        document, position = entry.document, 0
        for identifier, passage in entry.passages:
            gap = document.text[position : passage.start]
            position = passage.end
            number = self._db.execute(
                f"INSERT INTO passages VALUES (NULL{', ?' * 11})",
                passage_row(identifier, passage, gap),
            ).lastrowid
            yield number or 0
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


def words_of(entries: Sequence[Entry]) -> Words:
    """The words of all passages of documents."""
    words = Words()
    words.take(searched_row(passage) for entry in entries for _, passage in entry.passages)
    return words
