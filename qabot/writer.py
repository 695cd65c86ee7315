"""Documents into the index and out of it: the order in which its two halves are written.

A writer puts new passages into a vector store of their own, seals it, and then commits the
documents together with the list of all stores in one catalog transaction. Nothing that a reader may
have open is altered. A process killed anywhere leaves either the old or the new state whole, and at
worst a folder that the catalog does not name, which the next writer deletes.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from qabot.catalog import Catalog
from qabot.entries import Entry, searched_row, sha256_of
from qabot.origins import fields_of
from qabot.protocols import Embedder
from qabot.seals import check_seal
from qabot.split import FINGERPRINT
from qabot.storage import damaged, store_folders
from qabot.stores import LARGEST, SMALL, NewStore, Stored, crowded, named, stores_in
from qabot.tokenizer import Words
from qabot.types import Document, Passage
from qabot.vectors import VectorStore

_LOT_DOCUMENTS, _LOT_CHARACTERS = 512, 1_000_000  # split at once
_BATCH_DOCUMENTS = 50_000
_BATCH_SECONDS = 120.0
"""What is not committed after so long is, so that little is lost when the process is killed."""


class Writer:
    """Puts documents into an index and takes them out. Holds the lock while it lives.

    ``cleared`` counts what interrupted writers had left behind.
    """

    def __init__(self, folder: Path, catalog: Catalog, embedder: Embedder) -> None:
        self._folder, self._catalog, self._embedder = folder, catalog, embedder
        self._versions = catalog.versions()
        self.cleared = self._clear()

    def put(self, documents: Iterable[Document]) -> None:
        """Write documents, each in place of its older version, a batch at a time.

        A batch is written whole or not at all. Raises StorageError, IndexCorrupt.
        """
        batch = _Batch(self._folder, self._embedder)
        try:
            for lot in _in_lots(documents):
                if batch.is_due or batch.has_any(lot):
                    self._commit(batch, ())
                    batch = _Batch(self._folder, self._embedder)
                batch.take(lot)
            if batch.entries:
                self._commit(batch, ())
        finally:
            batch.store.close()
            self._clear()

    def has(self, document: Document) -> bool:
        """Whether the index holds this very version of the document."""
        return self._versions.get(document.id) == version_of(document, self._embedder)

    def remove(self, *document_ids: str) -> bool:
        """Take documents out, all or none; False if none of them was in."""
        gone = [document_id for document_id in document_ids if document_id in self._versions]
        if gone:
            batch = _Batch(self._folder, self._embedder)
            try:
                self._commit(batch, gone)
            finally:
                batch.store.close()
                self._clear()
        return bool(gone)

    def _commit(self, batch: _Batch, gone: Sequence[str]) -> None:
        """Make what is new visible and what is gone invisible, at once."""
        documents = [entry.document.id for entry in batch.entries]
        replaced = [document_id for document_id in documents if document_id in self._versions]
        lost = self._catalog.passage_ids([*replaced, *gone])
        stores = self._without(lost)
        small = [store for store in stores if store.live < SMALL]
        if len(batch.store) or any(store.gone for store in small):
            self._copy(small, batch.store, lost)
            stores = [store for store in stores if store not in small]

        def everything() -> dict[str, str]:
            stores.extend(batch.store.finish())
            return named(stores)

        # The catalog takes in the documents while the last vectors are written.
        batch.store.complete()
        self._catalog.commit(batch.entries, gone, everything, batch.words)
        self._versions.update((entry.document.id, entry.version) for entry in batch.entries)
        for document_id in gone:
            del self._versions[document_id]
        self._merge(stores)

    def _stores(self) -> list[Stored]:
        try:
            return stores_in(self._catalog.meta())
        except (TypeError, ValueError) as error:
            raise damaged(self._folder) from error

    def _without(self, lost: Sequence[str]) -> list[Stored]:
        """The stores as they are without some passages."""
        stores = self._stores()
        if lost:
            for number, stored in enumerate(stores):
                with closing(self._open(stored)) as store:
                    gone = min(stored.gone + store.holds(lost), stored.passages)
                stores[number] = replace(stored, gone=gone)
        return [store for store in stores if store.live]

    def _merge(self, stores: list[Stored]) -> None:
        """Put stores together where there are many of a size; one stays as it was if killed."""
        while several := crowded(stores):
            new = NewStore(self._folder, self._embedder)
            with closing(new):
                self._copy(several, new)
                stores = [store for store in stores if store not in several] + new.finish()
            self._catalog.commit((), (), named(stores))
            self._clear()

    def _copy(self, stores: Sequence[Stored], new: NewStore, lost: Sequence[str] = ()) -> None:
        """Write what is still in the index of some stores, but for the ``lost``, to a new one."""
        gone = set(lost)
        for stored in stores:
            with closing(self._open(stored)) as store:
                for rows in store.rows():
                    new.add(rows.among(self._catalog.present(rows.ids) - gone))

    def _open(self, stored: Stored) -> VectorStore:
        check_seal(self._folder / stored.name, stored.seal)
        return VectorStore(self._folder / stored.name, self._embedder.fingerprint)

    def _clear(self) -> int:
        """Delete every store that the catalog does not name."""
        current = {store.name for store in self._stores()}
        stray = [folder for folder in store_folders(self._folder) if folder.name not in current]
        for folder in stray:
            shutil.rmtree(folder, ignore_errors=True)
        return len(stray)


class _Batch:
    """Documents that are committed together: their rows, and their passages in a new store."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self.entries: list[Entry] = []
        self.store = NewStore(folder, embedder)
        self.words = Words()
        self._embedder = embedder
        self._begun = time.monotonic()

    @property
    def is_due(self) -> bool:
        """Whether it is large or old enough to be committed."""
        return (
            len(self.store) >= LARGEST
            or len(self.entries) >= _BATCH_DOCUMENTS
            or time.monotonic() - self._begun > _BATCH_SECONDS
        )

    def has_any(self, documents: Sequence[Document]) -> bool:
        """Whether one of them is in it in another version."""
        own = {entry.document.id for entry in self.entries}
        return any(document.id in own for document in documents)

    def take(self, documents: Sequence[Document]) -> None:
        """Split documents, and have them embedded and written."""
        from qabot.llamaindex import parsed

        if sum(len(document.text) for document in documents) >= _LOT_CHARACTERS:
            self.store.expect_many()
        now = datetime.now(UTC).isoformat(timespec="seconds")
        versions = [version_of(document, self._embedder) for document in documents]
        fields = [
            {"version": version, "added_at": now, "sha256": sha256_of(document.text)}
            for document, version in zip(documents, versions, strict=True)
        ]
        passages, rows = parsed(list(zip(documents, fields, strict=True)))
        if passages:
            self.store.add(rows)
        own: dict[str, list[tuple[str, Passage]]] = {document.id: [] for document in documents}
        for identifier, passage in passages:
            own[passage.document_id].append((identifier, passage))
        new = [
            Entry(document, version, now, own[document.id])
            for document, version in zip(documents, versions, strict=True)
        ]
        self.entries += new
        self.words.take(searched_row(passage) for entry in new for _, passage in entry.passages)


def _in_lots(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Documents in lots that are worth splitting together, and small enough for memory."""
    lot: dict[str, Document] = {}
    characters = 0
    for document in documents:
        is_full = len(lot) >= min(_LOT_DOCUMENTS, _BATCH_DOCUMENTS) or characters >= _LOT_CHARACTERS
        if is_full or document.id in lot:
            yield list(lot.values())
            lot, characters = {}, 0
        lot[document.id] = document
        characters += len(document.text)
    if lot:
        yield list(lot.values())


def version_of(document: Document, embedder: Embedder) -> str:
    """Names a document's content and all that shapes its passages and vectors: 24 hex digits."""
    origin = json.dumps([fields_of(document.origin), document.pages], sort_keys=True)
    parts = (
        document.id, document.title, document.source, origin, FINGERPRINT, embedder.fingerprint
    )  # fmt: skip
    return sha256_of("\0".join((*parts, document.text)))[:24]
