"""The index on disk: the catalog, the vector store, and the order in which they are written.

A writer copies the vector store to a new folder, changes the copy, seals it, and then commits the
documents together with the name of that folder in one catalog transaction. Readers follow the
catalog. A process killed anywhere leaves either the old or the new state whole, and at worst a
folder that the catalog does not name, which the next writer deletes.
"""

from __future__ import annotations

import json
import secrets
import shutil
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from qabot.catalog import Catalog
from qabot.entries import Entry, sha256_of
from qabot.errors import IndexCorrupt, IndexOutdated, IndexProblem
from qabot.origins import fields_of
from qabot.protocols import Embedder
from qabot.split import FINGERPRINT
from qabot.storage import (
    REBUILD,
    catalog_path,
    exists,
    locked,
    make_folder,
    settle,
    store_folders,
)
from qabot.types import Document, Passage, Vectors
from qabot.vectors import VectorStore, check_seal, copy_store, seal

FORMAT = "2"
"""The format of the files in the index folder."""
_STORE, _SEAL = "vectors", "seal"  # in the catalog: the current store's folder, and its seal
_BATCH_DOCUMENTS = 512
_BATCH_CHARACTERS = 1_000_000


class Index:
    """An open index. Reads see only committed documents; writes go through ``writing``.

    Safe to share between threads, not with forked processes. Follows what other processes write to
    the index, a rebuild included.
    """

    def __init__(self, folder: Path, embedder: Embedder, create: bool = False) -> None:
        """Open the index in ``folder``, or make an empty one if ``create`` and there is none.

        Raises IndexCorrupt, IndexOutdated or StorageError, each with the remedy.
        """
        self.folder = folder
        self.embedder = embedder
        self._lock = threading.RLock()
        self._store: tuple[str, VectorStore] | None = None
        settle(folder)
        if create:
            make_folder(folder)
        elif not exists(folder):
            raise IndexCorrupt(f"There is no index at {folder}. Make one: qabot ingest PATH")
        self._open(create)

    def _open(self, create: bool = False) -> None:
        path = catalog_path(self.folder)
        # With no store and no tables, another process is making the index or was killed making it.
        is_new = not store_folders(self.folder)
        identity = _identity(path)
        catalog = Catalog(path, create and is_new)
        try:
            if is_new and not catalog.has_tables():
                catalog.initialise({"format": FORMAT, "embedder": self.embedder.fingerprint})
            self._check(catalog.meta() if catalog.has_tables() else {})
        except BaseException:
            catalog.close()
            raise
        self._catalog, self._identity = catalog, identity or _identity(path)

    def _check(self, meta: Mapping[str, str]) -> None:
        if not meta.get("format"):
            raise IndexCorrupt(f"The index at {self.folder} is half-written. Mend it: {REBUILD}")
        if meta["format"] != FORMAT:
            raise IndexOutdated(
                f"The index at {self.folder} was made by another version of qabot "
                f"(format {meta['format']}, this one reads {FORMAT}). Make it anew: {REBUILD}"
            )
        if meta.get("embedder") != self.embedder.fingerprint:
            raise IndexOutdated(
                f"The index at {self.folder} was made with the embedding model "
                f"{meta.get('embedder')}, not {self.embedder.fingerprint}. Make it anew: {REBUILD}"
            )

    @property
    def catalog(self) -> Catalog:
        """The catalog, opened again when a rebuild has put a new index in its place."""
        with self._lock:
            identity = _identity(catalog_path(self.folder))
            if identity and identity != self._identity:
                self._store = None
                self._open()
            return self._catalog

    @property
    def vectors(self) -> VectorStore | None:
        """The vector store that goes with the catalog; None before the first document."""
        meta = self.catalog.meta()
        name = meta.get(_STORE)
        with self._lock:
            if name is None:
                return None
            if self._store is None or self._store[0] != name:
                check_seal(self.folder / name, meta.get(_SEAL, ""))
                store = VectorStore(self.folder / name, self.embedder.fingerprint)
                if store.count() != self.catalog.count() and self.store_name == name:
                    raise IndexCorrupt(
                        f"The two halves of the index at {self.folder} do not belong together. "
                        f"Mend it: {REBUILD}"
                    )
                self._store = (name, store)
            return self._store[1]

    @property
    def store_name(self) -> str | None:
        """Names the current state of the index: it changes with every commit."""
        return self.catalog.meta().get(_STORE)

    @property
    def is_used(self) -> bool:
        """Whether a document has ever been committed."""
        return "used" in self.catalog.meta()

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            self._catalog.close()
            if self._store:
                self._store[1].close()

    def dense(
        self, vector: Vectors, limit: int, among: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """Ids of the committed passages nearest to ``vector`` with their cosine, best first.

        With ``among`` only passages of these documents.
        """
        while True:
            before = self.store_name
            try:
                store = self.vectors
                found = store.query(vector, limit, among) if store else []
            except IndexProblem:
                if self.store_name == before:
                    raise
                continue
            # Else another process has replaced the store meanwhile, and deletes the one just read.
            if self.store_name == before:
                return found

    @contextmanager
    def writing(self, wait: float = 0) -> Iterator[Writer]:
        """The only writer, after clearing away what a killed one left behind.

        Waits at most ``wait`` seconds for another writer. Raises IndexLocked, StorageError.
        """
        with locked(self.folder, wait):
            yield Writer(self)


class Writer:
    """Puts documents into an index and takes them out. Holds the lock while it lives.

    ``cleared`` counts what interrupted writers had left behind.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._catalog = index.catalog
        self._versions = self._catalog.versions()
        self.cleared = self._clear()

    def put(self, documents: Iterable[Document]) -> None:
        """Write documents, each in place of its older version, a batch at a time.

        A batch is written whole or not at all. Raises StorageError, IndexCorrupt.
        """
        for batch in _in_batches(documents):
            self._write(batch, ())

    def has(self, document: Document) -> bool:
        """Whether the index holds this very version of the document."""
        return self._versions.get(document.id) == version_of(document, self._index.embedder)

    def remove(self, *document_ids: str) -> bool:
        """Take documents out, all or none; False if none of them was in."""
        gone = [document_id for document_id in document_ids if document_id in self._versions]
        if gone:
            self._write((), gone)
        return bool(gone)

    def _write(self, documents: Sequence[Document], gone: Sequence[str]) -> None:
        current = self._catalog.meta().get(_STORE)
        name = f"chroma-{secrets.token_hex(6)}"
        try:
            entries, sealed = self._write_store(current, name, documents, gone)
            self._catalog.commit(entries, gone, {_STORE: name, _SEAL: sealed})
        finally:
            self._clear()
        self._versions.update((entry.document.id, entry.version) for entry in entries)
        for document_id in gone:
            del self._versions[document_id]

    def _write_store(
        self, current: str | None, name: str, documents: Sequence[Document], gone: Sequence[str]
    ) -> tuple[list[Entry], str]:
        embedder, folder = self._index.embedder, self._index.folder / name
        make_folder(folder)
        if current:
            check_seal(self._index.folder / current, self._catalog.meta().get(_SEAL, ""))
            copy_store(self._index.folder / current, folder)
        store = VectorStore(folder, embedder.fingerprint, create=True)
        try:
            replaced = [document.id for document in documents if document.id in self._versions]
            store.delete(self._catalog.passage_ids([*replaced, *gone]))
            entries = _add(documents, embedder, store) if documents else []
        finally:
            store.close()
        return entries, seal(folder)

    def _clear(self) -> int:
        """Delete every store but the one that the catalog names."""
        current = self._catalog.meta().get(_STORE)
        stray = [folder for folder in store_folders(self._index.folder) if folder.name != current]
        for folder in stray:
            shutil.rmtree(folder, ignore_errors=True)
        return len(stray)


def _in_batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Documents in lots that are worth a commit, and small enough for memory."""
    batch: list[Document] = []
    characters = 0
    for document in documents:
        batch.append(document)
        characters += len(document.text)
        if len(batch) >= _BATCH_DOCUMENTS or characters >= _BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _add(documents: Sequence[Document], embedder: Embedder, store: VectorStore) -> list[Entry]:
    from qabot.llamaindex import run_pipeline

    now = datetime.now(UTC).isoformat(timespec="seconds")
    versions = {document.id: version_of(document, embedder) for document in documents}
    fields = [
        {"version": versions[document.id], "added_at": now, "sha256": sha256_of(document.text)}
        for document in documents
    ]
    own: dict[str, list[tuple[str, Passage]]] = {document.id: [] for document in documents}
    for identifier, passage in run_pipeline(
        list(zip(documents, fields, strict=True)), embedder, store
    ):
        own[passage.document_id].append((identifier, passage))
    return [Entry(document, versions[document.id], now, own[document.id]) for document in documents]


def version_of(document: Document, embedder: Embedder) -> str:
    """Names a document's content and all that shapes its passages and vectors: 24 hex digits."""
    origin = json.dumps([fields_of(document.origin), document.pages], sort_keys=True)
    parts = (
        document.id, document.title, document.source, origin, FINGERPRINT, embedder.fingerprint
    )  # fmt: skip
    return sha256_of("\0".join((*parts, document.text)))[:24]


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
