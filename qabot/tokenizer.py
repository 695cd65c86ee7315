"""SQLite's own tokenizer: the words of a text as English stems, case and diacritics folded."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from qabot.postings import (
    COLUMNS,
    LAST_PLACE,
    PASSAGE_BITS,
    PLACE_BITS,
    Integers,
    Occurrences,
    Row,
    rows_of,
)

_TOKENIZER = "porter unicode61 remove_diacritics 2"
_AT_ONCE = 16_384  # passages taken apart at once
_GATHERED = 1 << 28  # bytes that FTS5 sorts in memory: more than it is ever given at once


class _Tokenizer:
    """Says which terms stand where in texts. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._db.execute(
            f"CREATE VIRTUAL TABLE texts USING fts5 ({', '.join(COLUMNS)},"
            f" content = '', tokenize = '{_TOKENIZER}')"
        )
        self._db.execute(f"INSERT INTO texts (texts, rank) VALUES ('hashsize', {_GATHERED})")
        self._db.execute("CREATE VIRTUAL TABLE terms USING fts5vocab (texts, row)")
        self._db.execute("CREATE VIRTUAL TABLE places USING fts5vocab (texts, instance)")
        column = " ".join(f"WHEN '{name}' THEN {n}" for n, name in enumerate(COLUMNS))
        self._select = (
            f"SELECT group_concat((doc << {PASSAGE_BITS}) + ((CASE col {column} END) <<"
            f" {PLACE_BITS}) + min(offset, {LAST_PLACE})) FROM places WHERE term = ?"
        )

    def occurrences(self, texts: Sequence[Sequence[str]]) -> Occurrences:
        """Every place of every term of texts, each of which is given by its columns."""
        with self._lock:
            try:
                self._insert(texts)
                terms = [row[0] for row in self._db.execute("SELECT term FROM terms")]
                found = [
                    np.fromstring(
                        self._db.execute(self._select, (term,)).fetchone()[0], int, sep=","
                    )
                    for term in terms
                ]
            finally:
                self._db.execute("INSERT INTO texts (texts) VALUES ('delete-all')")
        counts = np.array([len(keys) for keys in found], dtype=np.int64)
        return Occurrences(terms, counts, np.concatenate(found) if found else counts)

    def _insert(self, texts: Sequence[Sequence[str]]) -> None:
        self._db.execute("BEGIN")
        try:
            self._db.executemany(
                f"INSERT INTO texts (rowid, {', '.join(COLUMNS)}) VALUES (?{', ?' * len(COLUMNS)})",
                ((number, *columns) for number, columns in enumerate(texts)),
            )
        finally:
            self._db.execute("COMMIT")


_tokenizer = lru_cache(maxsize=1)(_Tokenizer)


def occurrences(texts: Sequence[Sequence[str]]) -> Occurrences:
    """Every place of every term of texts, each given by its columns; numbered from 0.

    Raises UnicodeEncodeError for a lone surrogate.
    """
    return _tokenizer().occurrences(texts)


class Words:
    """The words of passages, taken apart as they come, in order; each part makes a segment."""

    def __init__(self) -> None:
        self._waiting: list[Sequence[str]] = []
        self._parts: list[tuple[Integers, Sequence[Row]]] = []

    def take(self, passages: Iterable[Sequence[str]]) -> None:
        """Take passages in, each given by its columns."""
        for columns in passages:
            self._waiting.append(columns)
            if len(self._waiting) == _AT_ONCE:
                self._take_apart()

    def parts(self) -> Sequence[tuple[Integers, Sequence[Row]]]:
        """How many words each passage of a part has, and what is stored of each term."""
        if self._waiting:
            self._take_apart()
        return self._parts

    def _take_apart(self) -> None:
        found = occurrences(self._waiting)
        lengths = np.bincount(found.keys >> PASSAGE_BITS, minlength=len(self._waiting))
        self._parts.append((lengths, rows_of(found)))
        self._waiting = []


@lru_cache(maxsize=10_000)
def stems(words: str) -> tuple[str, ...]:
    """The terms that ``words`` stand for, in their order: none, one, or those of a phrase."""
    found = occurrences([["", "", words, ""]])
    terms = np.repeat(np.arange(len(found.terms)), found.counts)
    return tuple(found.terms[terms[n]] for n in np.argsort(found.keys, kind="stable"))
