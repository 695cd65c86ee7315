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

from qabot.postings import LARGEST, Found, Integers, Row, found_in, joined, phrase
from qabot.ranking import Lengths, Match, Rough, best, lengths_compared, rarity
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
class _State:
    """All segments as of one commit; the passages of all of them have *slots* in a row."""

    name: str
    segments: list[_Segment]
    passages: Integers
    is_live: np.ndarray
    compared: Lengths
    count: int
    is_whole: bool
    room: Rough
    known: dict[tuple[str, ...], Match] = field(default_factory=dict)
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
        if among is not None:
            chosen = np.isin(state.passages, among)
            matches = [match.among(chosen) for match in matches]
        slots, scores = best(matches, state.room, limit)
        return list(zip(state.passages[slots].tolist(), scores.tolist(), strict=True))

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

    def _match(self, state: _State, term: str) -> Match:
        words = stems(term)
        known = state.known.get(words)
        if known is None:
            known = self._looked_up(state, words)
            if state.remembered + known.nbytes > _REMEMBERED:
                state.known, state.remembered = {}, 0
            state.known[words] = known
            state.remembered += known.nbytes
        return known

    def _looked_up(self, state: _State, words: Sequence[str]) -> Match:
        slots, weights, base = [np.zeros(0, np.int32)], [np.zeros(0, np.uint16)], 0
        found = self._found(words)
        for segment in state.segments:
            own = found.get(segment.number)
            if own:
                slots.append(own.passages.astype(np.int32) + np.int32(base))
                weights.append(own.weights.astype(np.uint16))
            base += len(segment.passages)
        at, worth = np.concatenate(slots), np.concatenate(weights)
        if at.size and not 0 <= at.max() < base:
            raise IndexError("a posting is of no passage")
        if not state.is_whole:
            live = state.is_live[at]
            at, worth = at[live], worth[live]
        return Match(at, worth, rarity(state.count, len(at)), state.compared)

    def _found(self, words: Sequence[str]) -> dict[int, Found]:
        """What each segment has of a term, which is a word or a phrase."""
        columns = "postings, places" if len(words) > 1 else "postings, x''"
        rows: dict[int, list[Row]] = {}
        for word in words:
            for segment, postings, places in self._db.execute(
                f"SELECT segment, {columns} FROM postings"
                " WHERE segment IN (SELECT number FROM segments) AND term = ?",
                (word,),
            ):
                rows.setdefault(segment, []).append(Row(word, postings, places))
        return {
            segment: found_in(own[0].postings) if len(own) == 1 else phrase(own)
            for segment, own in rows.items()
            if len(own) == len(words)
        }

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
    room = np.zeros(len(passages), dtype=np.float32)
    return _State(name, segments, passages, is_live, compared, count, count == len(is_live), room)
