"""A catalog on this machine that follows what counts on a Chroma server.

Only what has changed is fetched. Whatever cannot be fetched whole stays as it was.
"""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from qabot.catalog import Catalog
from qabot.chroma_collections import Collections, Fields
from qabot.entries import Entry
from qabot.errors import IndexCorrupt
from qabot.index import FORMAT
from qabot.nodes import document_of, passage_of
from qabot.records import DOCUMENT, STATE, Record, key_of, record_of
from qabot.storage import catalog_path, locked, make_folder, writable

COMMIT = "server_commit"
"""In the catalog: names its state, and changes with every commit."""
_STATE, _NEWEST = "server_state", "server_newest"
_COMPARED, _WHERE = "server_compared", "server_collection"
_SLACK = 120_000  # milliseconds that the clocks of writers may differ
_EACH = 3_600.0  # seconds after which everything is compared, to heal what was missed
_BATCH_DOCUMENTS, _BATCH_PASSAGES = 64, 1_000
_ATTEMPTS = 5
"""Times that a document which cannot be read whole is fetched again at once."""

Notice = Callable[[str], None]


def open_copy(folder: Path, embedder: str, anew: bool = False) -> Catalog:
    """The catalog in ``folder``; made anew where it is damaged or of another version.

    Raises IndexLocked, StorageError.
    """
    with locked(folder, wait=60):
        make_folder(folder)
        path = catalog_path(folder)
        meta = {"format": FORMAT, "embedder": embedder}
        if path.exists() and not anew:
            with suppress(IndexCorrupt):
                catalog = Catalog(path)
                with suppress(IndexCorrupt):
                    if meta.items() <= catalog.meta().items():
                        return catalog
                catalog.close()
        with writable(folder):
            shutil.rmtree(folder)
        make_folder(folder)
        catalog = Catalog(path, create=True)
        catalog.initialise(meta)
        return catalog


class Follower:
    """Brings ``catalog`` up to date with a server. Safe to share between threads."""

    def __init__(self, catalog: Catalog, folder: Path, notice: Notice) -> None:
        """``notice`` is told in a sentence what takes time."""
        self.catalog, self._folder, self.notice = catalog, folder, notice
        self._turn = threading.RLock()
        self._failed: dict[str, int] = {}

    @property
    def has_followed(self) -> bool:
        """Whether the catalog has ever held all that counted on the server."""
        return _COMPARED in self.catalog.meta()

    @property
    def damaged(self) -> int:
        """How many documents of the server could not be read whole."""
        return len(self._failed)

    def follow(self, collections: Collections, wait: float = 0, full: bool = False) -> None:
        """Fetch what has changed; with ``full`` compare everything.

        Raises IndexUnavailable, IndexLocked when another process has been following for ``wait``
        seconds, StorageError.
        """
        with self._turn, locked(self._folder, wait):
            state = str(collections.get([STATE]).get(STATE, {}).get("state", ""))
            meta = self.catalog.meta()
            full = full or _is_due(meta) or meta.get(_WHERE) != collections.identity
            if state == meta.get(_STATE) and not full:
                return
            newest = int(meta.get(_NEWEST, 0))
            found = list(_records(collections, None if full else newest - _SLACK))
            is_whole = self._take(collections, found, full)
            newest = max([newest, *(record.changed for record in found)])
            known = {_NEWEST: str(newest), _WHERE: collections.identity}
            known |= {_STATE: state} if is_whole else {}
            known |= {_COMPARED: str(time.time())} if full else {}
            self.catalog.write_meta(known)

    def keep(self, entries: Sequence[Entry], gone: Sequence[str]) -> None:
        """Take over what this process has itself committed to the server."""
        with self._turn:
            self.catalog.commit(entries, gone, {COMMIT: secrets.token_hex(8)})

    def _take(self, collections: Collections, found: Sequence[Record], full: bool) -> bool:
        """Bring the catalog in line with the records; whether nothing is left to be fetched."""
        held = self.catalog.versions()
        changed = [one for one in found if one.write and held.get(one.document_id) != one.write]
        gone = [one.document_id for one in found if not one.write and one.document_id in held]
        if full:
            gone += _vanished(collections, held.keys() - {one.document_id for one in found})
        if gone:
            self.keep((), gone)
        if len(changed) > _BATCH_DOCUMENTS:
            self.notice(f"Fetching {len(changed):,} articles from the index server ...")
        is_whole = True
        for batch in _in_batches(changed):
            brought = collections.passages([record.write for record in batch])
            entries = [_entry(record, brought[record.write]) for record in batch]
            whole = [entry for entry in entries if entry]
            if whole:
                self.keep(whole, ())
            for record, entry in zip(batch, entries, strict=True):
                is_whole = self._is_settled(record, entry) and is_whole
        return is_whole

    def _is_settled(self, record: Record, entry: Entry | None) -> bool:
        """Whether a document needs no other attempt: it is there, or too many have failed."""
        if entry:
            self._failed.pop(record.document_id, None)
            return True
        # Its passages may just be leaving because it was replaced: then another record comes.
        self._failed[record.document_id] = self._failed.get(record.document_id, 0) + 1
        return self._failed[record.document_id] >= _ATTEMPTS


def _is_due(meta: Fields) -> bool:
    return not 0 <= time.time() - float(meta.get(_COMPARED, 0)) < _EACH


def _records(collections: Collections, since: int | None) -> Iterator[Record]:
    where: Fields = {"kind": DOCUMENT}
    if since is not None:
        where = {"$and": [where, {"changed": {"$gte": since}}]}
    for _, fields in collections.find(where):
        record = record_of(fields)
        if record:
            yield record


def _vanished(collections: Collections, missing: Iterable[str]) -> list[str]:
    """Those of the documents that are really gone: a page may skip what moves meanwhile."""
    listed = list(missing)
    gone: list[str] = []
    for start in range(0, len(listed), _BATCH_DOCUMENTS):
        some = {key_of(name): name for name in listed[start : start + _BATCH_DOCUMENTS]}
        there = collections.get(list(some))
        gone += [name for key, name in some.items() if not there.get(key, {}).get("write")]
    return gone


def _in_batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    batch: list[Record] = []
    for record in records:
        passages = sum(one.passages for one in batch) + record.passages
        if batch and (len(batch) >= _BATCH_DOCUMENTS or passages > _BATCH_PASSAGES):
            yield batch
            batch = []
        batch.append(record)
    if batch:
        yield batch


def _entry(record: Record, brought: Sequence[tuple[str, str, Fields]]) -> Entry | None:
    """The document of a record with its passages; None unless all of it is there, unaltered."""
    document = document_of((text, fields) for _, text, fields in brought)
    if document is None or document.id != record.document_id or len(brought) != record.passages:
        return None
    try:
        passages = [
            (identifier, passage_of(document.id, text, fields))
            for identifier, text, fields in brought
        ]
    except (KeyError, TypeError, ValueError):
        return None
    passages.sort(key=lambda one: one[1].start)
    if any(document.text[one.start : one.end] != one.text for _, one in passages):
        return None
    return Entry(document, record.write, str(brought[0][2].get("added_at", "")), passages)
