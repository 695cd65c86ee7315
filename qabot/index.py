"""The index on disk: the catalog and the vector stores that it names, followed by readers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from qabot.catalog import Catalog
from qabot.errors import IndexCorrupt, IndexOutdated, IndexProblem
from qabot.protocols import Embedder
from qabot.storage import (
    REBUILD,
    catalog_path,
    damaged,
    exists,
    locked,
    make_folder,
    settle,
    store_folders,
)
from qabot.stores import Stores, stores_in
from qabot.types import Leg, Vectors
from qabot.writer import Writer

FORMAT = "3"
"""The format of the files in the index folder."""


class Index:
    """An open index. Reads see only committed documents; writes go through ``writing``.

    Safe to share between threads, not with forked processes. Follows what other processes write to
    the index, a rebuild included.
    """

    trouble = ""
    """What is on the disk can always be searched whole."""

    def __init__(self, folder: Path, embedder: Embedder, create: bool = False) -> None:
        """Open the index in ``folder``, or make an empty one if ``create`` and there is none.

        Raises IndexCorrupt, IndexOutdated or StorageError, each with the remedy.
        """
        self.folder = folder
        self.embedder = embedder
        self._lock = threading.RLock()
        self._stores: tuple[str, Stores] | None = None
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
                self._stores = None
                self._open()
            return self._catalog

    @property
    def vectors(self) -> Stores | None:
        """The vector stores that go with the catalog; None where there is no passage."""
        meta = self.catalog.meta()
        name = meta.get("state", "")
        with self._lock:
            if self._stores is None or self._stores[0] != name:
                try:
                    stored = stores_in(meta)
                except (TypeError, ValueError) as error:
                    raise damaged(self.folder) from error
                old = self._stores[1] if self._stores else None
                opened = Stores(self.folder, self.embedder.fingerprint, stored, old)
                self._stores = (name, opened)
            stores = self._stores[1]
            return stores if stores.stored else None

    @property
    def store_name(self) -> str | None:
        """Names the current state of the index: it changes with every commit."""
        return self.catalog.meta().get("state")

    @property
    def is_used(self) -> bool:
        """Whether a document has ever been committed."""
        return "used" in self.catalog.meta()

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            self._catalog.close()
            if self._stores:
                self._stores[1].close()

    def legs(
        self,
        vector: Vectors,
        wordings: Sequence[Sequence[str]],
        limit: int,
        among: Collection[str] | None = None,
    ) -> list[Leg]:
        """What vectors find, then what each wording finds; see ``retrieve.Searched``."""
        return legs_of(
            lambda: self.dense(vector, limit, among), self.catalog, wordings, limit, among
        )

    def dense(self, vector: Vectors, limit: int, among: Collection[str] | None = None) -> Leg:
        """Ids of the committed passages nearest to ``vector`` with their cosine, best first.

        With ``among`` only passages of these documents.
        """
        while True:
            before = self.store_name
            try:
                stores, present = self.vectors, self.catalog.present
                found = stores.query(vector, limit, among, present) if stores else []
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
            yield Writer(self.folder, self.catalog, self.embedder)


def legs_of(
    nearest: Callable[[], Leg],
    catalog: Catalog,
    wordings: Sequence[Sequence[str]],
    limit: int,
    among: Collection[str] | None,
) -> list[Leg]:
    """What ``nearest`` finds, and meanwhile what a catalog has of each wording."""
    with ThreadPoolExecutor(1) as beside:  # Chroma, and a server, let others work meanwhile
        first = beside.submit(nearest)
        found = [catalog.search(words, limit, among) for words in wordings]
    return [first.result(), *found]


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
