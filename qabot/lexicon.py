"""The lexical half of the index: which passages have which words, in two tables of the catalog.

What one commit adds is a segment of its own. Segments of similar size are merged, so that there are
few of them, and every passage is merged a few times in all. The ranking is exactly that of SQLite's
FTS5 with ``bm25``, which reads every passage with a frequent word: here such words cost arrays.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from qabot.postings import (
    LARGEST,
    Floats,
    Found,
    Integers,
    Row,
    contributions,
    found_in,
    joined,
    lengths_compared,
    phrase,
    rarity,
)
from qabot.tokenizer import Words, stems

SCHEMA = """
CREATE TABLE segments (
    number INTEGER PRIMARY KEY AUTOINCREMENT, live INTEGER NOT NULL, passages BLOB NOT NULL,
    lengths BLOB NOT NULL);
CREATE TABLE postings (
    segment INTEGER NOT NULL, term TEXT NOT NULL, postings BLOB NOT NULL, places BLOB NOT NULL,
    PRIMARY KEY (segment, term)) WITHOUT ROWID;
"""
_SMALL, _MERGED = 200, 6  # passages in segments of the smallest size; how many make the next size
_GONE = -1  # the length of a passage that is no longer in the index
_REMEMBERED = 200_000_000  # bytes kept of terms that were looked up


@dataclass(slots=True)
class _Segment:
    """``passages`` are the numbers of its passages in the catalog, ``lengths`` their words."""

    number: int
    passages: Integers
    lengths: Integers

    @property
    def live(self) -> int:
        return int((self.lengths != _GONE).sum())


@dataclass(slots=True)
class _Match:
    """What a term adds to the scores of passages."""

    slots: Integers
    gained: Floats


@dataclass(slots=True)
class _State:
    """All segments as of one commit; the passages of all of them have *slots* in a row."""

    name: str
    segments: list[_Segment]
    passages: Integers
    is_live: np.ndarray
    compared: Floats
    count: int
    known: dict[str, _Match] = field(default_factory=dict)
    remembered: int = 0


class Lexicon:
    """The words of passages in an open SQLite database. Not safe to share between threads."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._state: _State | None = None

    # Reading, in one transaction with what else is read; ``name`` is that of the last commit

    def best(
        self, name: str, terms: Sequence[str], limit: int, among: Sequence[int] | None = None
    ) -> list[tuple[int, float]]:
        """Numbers of the passages with any of ``terms``, with BM25: the best, ties included.

        With ``among`` only passages with these numbers. Raises ValueError or IndexError where the
        tables are damaged.
        """
        state = self._at(name)
        matches = [self._match(state, term) for term in terms]
        scores = np.zeros(len(state.passages))
        for match in matches:
            np.add.at(scores, match.slots, match.gained)
        if among is not None:
            scores[~np.isin(state.passages, among)] = 0.0
        # A few passages are enough to know that most of the others are not among the best.
        few = min(matches, key=lambda match: (len(match.slots) < limit, len(match.slots))).slots
        found = np.flatnonzero(scores >= _least_of_best(scores[few], limit))
        found = found[scores[found] >= _least_of_best(scores[found], limit)]
        return list(zip(state.passages[found].tolist(), scores[found].tolist(), strict=True))

    def frequency(self, name: str, term: str) -> int:
        """The number of passages with ``term``."""
        return len(self._match(self._at(name), term).slots)

    def _at(self, name: str) -> _State:
        if self._state is None or self._state.name != name:
            self._state = _state_of(name, list(self._segments()))
        return self._state

    def _segments(self) -> Iterator[_Segment]:
        rows = self._db.execute("SELECT number, passages, lengths FROM segments ORDER BY number")
        for number, passages, lengths in rows:
            own = np.frombuffer(lengths, dtype="<i4").astype(np.int64)
            segment = _Segment(number, np.frombuffer(passages, dtype="<i8").astype(np.int64), own)
            if len(segment.passages) != len(own):
                raise ValueError("a segment's passages and lengths differ")
            yield segment

    def _match(self, state: _State, term: str) -> _Match:
        known = state.known.get(term)
        if known is None:
            known = self._looked_up(state, stems(term))
            size = known.slots.nbytes + known.gained.nbytes
            if state.remembered + size > _REMEMBERED:
                state.known, state.remembered = {}, 0
            state.known[term] = known
            state.remembered += size
        return known

    def _looked_up(self, state: _State, words: Sequence[str]) -> _Match:
        slots, weights, base = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], 0
        for segment in state.segments:
            found = self._found(segment, words)
            if found:
                slots.append(found.passages + base)
                weights.append(found.weights)
            base += len(segment.passages)
        at, worth = np.concatenate(slots), np.concatenate(weights)
        live = state.is_live[at]
        if not live.all():
            at, worth = at[live], worth[live]
        idf = rarity(state.count, len(at))
        return _Match(at, contributions(worth, state.compared[at], idf))

    def _found(self, segment: _Segment, words: Sequence[str]) -> Found | None:
        columns = "postings, places" if len(words) > 1 else "postings, x''"
        rows = []
        for word in words:
            row = self._db.execute(
                f"SELECT {columns} FROM postings WHERE segment = ? AND term = ?",
                (segment.number, word),
            ).fetchone()
            if row is None:
                return None
            rows.append(Row(word, *row))
        if len(rows) == 1:
            return found_in(rows[0].postings)
        return phrase(rows) if rows else None

    # Writing, in the transaction that writes the passages

    def add(self, numbers: Sequence[int], words: Words) -> None:
        """Take in passages: the number of each, ascending, and the words of all."""
        start = 0
        for lengths, rows in words.parts():
            own = np.array(numbers[start : start + len(lengths)], dtype=np.int64)
            self._write(own, lengths, rows)
            start += len(lengths)

    def remove(self, numbers: Sequence[int]) -> None:
        """Leave passages out from now on."""
        gone = np.array(sorted(numbers), dtype=np.int64)
        for segment in self._segments():
            is_gone = np.isin(segment.passages, gone) & (segment.lengths != _GONE)
            if is_gone.any():
                segment.lengths[is_gone] = _GONE
                self._db.execute(
                    "UPDATE segments SET live = ?, lengths = ? WHERE number = ?",
                    (segment.live, segment.lengths.astype("<i4").tobytes(), segment.number),
                )

    def merge(self) -> bool:
        """Put segments of one size together where there are many; whether there was any to do."""
        segments = self._crowded()
        if segments:
            self._merge(segments)
        return bool(segments)

    def _crowded(self) -> list[_Segment]:
        rows = self._db.execute(
            "SELECT number, live, length(lengths) / 4 FROM segments ORDER BY number"
        )
        sizes: dict[int, list[int]] = {}
        chosen: list[int] = []
        for number, live, size in rows:
            if live < size / 2:
                chosen = [number]
                break
            of_size = sizes.setdefault(_size_class(live), [])
            of_size.append(number)
            if len(of_size) == _MERGED and live * _MERGED < LARGEST:
                chosen = of_size
                break
        return [segment for segment in self._segments() if segment.number in chosen]

    def _merge(self, segments: Sequence[_Segment]) -> None:
        new, position = {}, 0
        for segment in segments:
            is_live = segment.lengths != _GONE
            new[segment.number] = np.where(is_live, np.cumsum(is_live) - 1 + position, _GONE)
            position += segment.live
        live = [segment.lengths != _GONE for segment in segments]
        passages = [own.passages[kept] for own, kept in zip(segments, live, strict=True)]
        lengths = [own.lengths[kept] for own, kept in zip(segments, live, strict=True)]
        rows = [self._rows(segment.number, new[segment.number]) for segment in segments]
        together = heapq.merge(*rows, key=lambda pair: pair[0].term)
        merged = (joined(list(group)) for _, group in groupby(together, lambda pair: pair[0].term))
        self._write(np.concatenate(passages), np.concatenate(lengths), merged)
        for segment in segments:
            self._db.execute("DELETE FROM postings WHERE segment = ?", (segment.number,))
            self._db.execute("DELETE FROM segments WHERE number = ?", (segment.number,))

    def _rows(self, segment: int, new: Integers) -> Iterator[tuple[Row, Integers]]:
        rows = self._db.execute(
            "SELECT term, postings, places FROM postings WHERE segment = ? ORDER BY term",
            (segment,),
        )
        return ((Row(*row), new) for row in rows)

    def _write(self, passages: Integers, lengths: Integers, rows: Iterable[Row]) -> None:
        if not len(passages):
            return
        number = self._db.execute(
            "INSERT INTO segments (live, passages, lengths) VALUES (?, ?, ?)",
            (len(passages), passages.astype("<i8").tobytes(), lengths.astype("<i4").tobytes()),
        ).lastrowid
        self._db.executemany(
            "INSERT INTO postings VALUES (?, ?, ?, ?)",
            ((number, row.term, row.postings, row.places) for row in rows if row.postings),
        )


def _least_of_best(scores: Floats, limit: int) -> float:
    """A score that the best ``limit`` have, or where there are fewer, all that are above 0."""
    least = np.partition(scores, -limit)[-limit] if len(scores) >= limit else 0.0
    return float(least) or float(np.nextafter(0.0, 1.0))


def _size_class(passages: int) -> int:
    found = 0
    while passages >= _SMALL:
        passages //= _MERGED
        found += 1
    return found


def _state_of(name: str, segments: list[_Segment]) -> _State:
    none = np.zeros(0, dtype=np.int64)
    passages = np.concatenate([none, *(segment.passages for segment in segments)])
    lengths = np.concatenate([none, *(segment.lengths for segment in segments)])
    is_live = lengths != _GONE
    count = int(is_live.sum())
    average = float(lengths[is_live].sum()) / max(count, 1) or 1.0
    compared = lengths_compared(lengths.astype(np.float64), average)
    return _State(name, segments, passages, is_live, compared, count)
