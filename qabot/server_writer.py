"""Documents into an index on a Chroma server, and out of it, while others do the same.

First it is noted that writes are begun, then the passages are written, then a record a document
makes them count. What no longer counts is noted, and deleted by a later writer, when those who
follow have had time to: until then their questions still find it. A writer that is killed leaves
its note as well. Every write has a name of its own, so that no writer ever touches the passages
that another has written.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from qabot.chroma_collections import Collections, Fields
from qabot.entries import Entry, sha256_of
from qabot.errors import IndexUnavailable
from qabot.following import Follower
from qabot.protocols import Embedder
from qabot.records import (
    BEGUN,
    DOCUMENT,
    SPENT,
    STATE,
    Record,
    digest_of,
    key_of,
    note_fields,
    record_of,
    version_in,
    write_of,
    writes_in,
)
from qabot.types import Document, Passage
from qabot.writer import version_of

ABANDONED = 3_600
"""Seconds after which a note that writes are begun is taken for that of a killed writer."""
SPENT_FOR = 60
"""Seconds that passages which no longer count are kept for those who have not followed yet."""
_LONGEST = 1_800  # seconds from the note to the commit; half of that, as clocks may differ
_REMEMBERED = 7 * 24 * 3_600  # seconds that it is kept which documents were taken out
_BATCH_DOCUMENTS, _BATCH_CHARACTERS = 48, 500_000
"""So many that a note on a batch stays below the 4,096 bytes that Chroma Cloud allows."""


class ServerWriter:
    """Puts documents into an index and takes them out; others may do so at the same time.

    ``cleared`` counts the writers that were killed and that this one has cleared up after. Every
    method raises IndexUnavailable; what is committed by then stays.
    """

    def __init__(self, collections: Collections, follower: Follower, embedder: Embedder) -> None:
        self._collections, self._follower, self._embedder = collections, follower, embedder
        self._held = follower.catalog.versions()
        self.cleared = self._clear()

    def put(self, documents: Iterable[Document]) -> None:
        """Write documents, each in place of its older version, a batch at a time.

        A document is written whole or not at all. One whose id another writer has meanwhile given
        to an article from elsewhere gets another.
        """
        for batch in _in_batches(documents):
            if time.monotonic() - self._cleared_at > SPENT_FOR:
                self._clear()
            again = self._write(batch)
            while again:
                again = self._write(again)

    def has(self, document: Document) -> bool:
        """Whether the index holds this very version of the document."""
        return version_in(self._held.get(document.id, "")) == version_of(document, self._embedder)

    def remove(self, *document_ids: str) -> bool:
        """Take documents out; False if none of them was in."""
        gone = [document_id for document_id in document_ids if document_id in self._held]
        for start in range(0, len(gone), _BATCH_DOCUMENTS):
            self._take_out(gone[start : start + _BATCH_DOCUMENTS])
        return bool(gone)

    def _take_out(self, document_ids: Sequence[str]) -> None:
        writes = [self._held[document_id] for document_id in document_ids]
        note = self._begin(writes)
        gone = [Record(document_id, "", 0, _now(), "") for document_id in document_ids]
        self._commit(gone)
        self._follower.keep((), document_ids)
        for document_id in document_ids:
            del self._held[document_id]
        self._spend(note, writes)

    def _write(self, documents: Sequence[Document]) -> list[Document]:
        """Write a batch; what is left of it, under other ids."""
        began, nonce = time.monotonic(), secrets.token_hex(4)
        writes = {one.id: write_of(version_of(one, self._embedder), nonce) for one in documents}
        older = [self._held[one.id] for one in documents if one.id in self._held]
        note = self._begin([*writes.values(), *older])
        entries = _add(documents, writes, self._embedder, self._collections)
        records = {entry.document.id: _record(entry) for entry in entries if entry.passages}
        there = self._collections.get([note, *map(key_of, writes)])
        if note not in there or time.monotonic() - began > _LONGEST:
            self._spend(note, list(writes.values()))
            raise IndexUnavailable(
                "Writing to the index server took too long, and others have cleared it away. "
                "Run the command again."
            )
        winners = self._claim(records.values(), there)
        clashing = {name for name in winners if self._is_clash(records[name], winners[name])}
        kept = [entry for entry in entries if entry.document.id in records.keys() - clashing]
        self._commit([records[entry.document.id] for entry in kept])
        self._follower.keep(kept, ())
        self._held.update((entry.document.id, entry.version) for entry in kept)
        replaced = {winners[entry.document.id].write for entry in kept}
        lost = {writes[name] for name in clashing}
        self._spend(note, sorted((replaced | lost) - {entry.version for entry in kept}))
        return [_renamed(one) for one in documents if one.id in clashing]

    def _claim(self, records: Iterable[Record], there: Mapping[str, Fields]) -> dict[str, Record]:
        """Take the ids that no document has; whose each id is now, by the id."""
        free = [record for record in records if not _counted(there.get(record.key))]
        now = dict(there)
        if free:
            # A document that was taken out leaves its id to whoever comes first.
            self._collections.delete([record.key for record in free if record.key in there])
            self._collections.add({record.key: record.fields() for record in free})
            now |= self._collections.get([record.key for record in free])
        found = (_counted(fields) for fields in now.values())
        return {record.document_id: record for record in found if record}

    def _is_clash(self, own: Record, winner: Record) -> bool:
        """Whether an id is that of an article from elsewhere, which nobody meant to replace."""
        known = (own.write, self._held.get(own.document_id))
        return winner.source != own.source and winner.write not in known

    def _commit(self, records: Sequence[Record]) -> None:
        """Make the records count, all in one call, and tell those who follow."""
        state: Fields = {"kind": STATE, "state": secrets.token_hex(8)}
        self._collections.upsert({**{one.key: one.fields() for one in records}, STATE: state})

    def _begin(self, writes: Sequence[str]) -> str:
        """Note that these writes are begun; the id of the note."""
        note = f"note-{secrets.token_hex(8)}"
        self._collections.upsert({note: note_fields(BEGUN, writes, _now())})
        return note

    def _spend(self, note: str, writes: Sequence[str]) -> None:
        """Note in the same place that nothing is being written, and that these no longer count."""
        if writes:
            self._collections.upsert({note: note_fields(SPENT, writes, _now())})
        else:
            self._collections.delete([note])

    def _clear(self) -> int:
        """Delete what is spent, and clear up after writers that were killed; how many of these."""
        self._cleared_at = time.monotonic()
        forgotten = _now() - 1_000 * _REMEMBERED
        gone = [{"kind": DOCUMENT}, {"write": ""}, {"changed": {"$lt": forgotten}}]
        self._collections.delete(where={"$and": gone})
        self._clear_notes(SPENT, SPENT_FOR)
        return self._clear_notes(BEGUN, ABANDONED)

    def _clear_notes(self, kind: str, seconds: float) -> int:
        """Delete the passages in notes that are older than some seconds; how many notes."""
        before = {"changed": {"$lt": _now() - int(1_000 * seconds)}}
        notes = list(self._collections.find({"$and": [{"kind": kind}, before]}))
        for note, fields in notes:
            self._collections.drop(self._uncounted(writes_in(fields)))
            self._collections.delete([note])
        return len(notes)

    def _uncounted(self, writes: Sequence[str]) -> list[str]:
        """Those of some writes that no record names."""
        if not writes:
            return []
        found = self._collections.find({"write": {"$in": list(writes)}})
        counted = {fields.get("write") for _, fields in found}
        return [write for write in writes if write not in counted]

    def sweep(self) -> int:
        """Delete every passage that neither counts nor is being written; how many writes."""
        writes = set(self._collections.every_write())
        for _, fields in self._collections.find({"kind": {"$in": [BEGUN, SPENT]}}):
            writes.difference_update(writes_in(fields))
        stray = []
        ordered = sorted(writes)
        for start in range(0, len(ordered), _BATCH_DOCUMENTS):
            stray += self._uncounted(ordered[start : start + _BATCH_DOCUMENTS])
        for start in range(0, len(stray), _BATCH_DOCUMENTS):
            self._collections.drop(stray[start : start + _BATCH_DOCUMENTS])
        return len(stray)


def _add(
    documents: Sequence[Document],
    writes: dict[str, str],
    embedder: Embedder,
    collections: Collections,
) -> list[Entry]:
    from qabot.llamaindex import run_pipeline

    now = datetime.now(UTC).isoformat(timespec="seconds")
    given = [
        (one, {"version": writes[one.id], "added_at": now, "sha256": sha256_of(one.text)})
        for one in documents
    ]
    own: dict[str, list[tuple[str, Passage]]] = {one.id: [] for one in documents}
    for identifier, passage in run_pipeline(given, embedder, collections):
        own[passage.document_id].append((identifier, passage))
    return [Entry(one, writes[one.id], now, own[one.id]) for one in documents]


def _counted(fields: Fields | None) -> Record | None:
    """The record of a document that is in, if this is one."""
    record = record_of(fields or {})
    return record if record and record.write else None


def _record(entry: Entry) -> Record:
    source = digest_of(entry.document.source)
    return Record(entry.document.id, entry.version, len(entry.passages), _now(), source)


def _renamed(document: Document) -> Document:
    """The document with an id that tells articles from different places apart."""
    return replace(document, id=f"{document.id}-{digest_of(document.source)[:12]}")


def _now() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def _in_batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Documents in lots that are worth a commit, no id twice in one."""
    batch: dict[str, Document] = {}
    characters = 0
    for document in documents:
        if document.id in batch:
            yield list(batch.values())
            batch, characters = {}, 0
        batch[document.id] = document
        characters += len(document.text)
        if len(batch) >= _BATCH_DOCUMENTS or characters >= _BATCH_CHARACTERS:
            yield list(batch.values())
            batch, characters = {}, 0
    if batch:
        yield list(batch.values())
