"""The index on disk: the vector store, the catalog, and the order in which they are written.

Writing a document's version announces it in the catalog, writes its passages to the vector store,
then commits it in one catalog transaction that also gives up the older version. A process killed
anywhere leaves either the old or the new version in the catalog, which is all that readers see,
and at worst passages in the vector store that the next writer takes out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from filelock import FileLock, Timeout

from qabot.catalog import Catalog, Entry
from qabot.errors import IndexCorrupt, IndexLocked, IndexOutdated, StorageError
from qabot.split import FINGERPRINT
from qabot.types import Document, Embedder, Passage, Vectors
from qabot.vectors import VectorStore

FORMAT = "1"
"""The format of the files in the index folder."""
REBUILD = "qabot ingest --rebuild"


class Index:
    """An open index. Reads see only committed documents; writes go through ``writing``."""

    def __init__(self, folder: Path, embedder: Embedder, create: bool = False) -> None:
        """Open the index in ``folder``, or make an empty one if ``create`` and there is none.

        Raises IndexCorrupt, IndexOutdated or StorageError, each with the remedy.
        """
        self.folder = folder
        self.embedder = embedder
        self._create = create
        if create:
            make_folder(folder)
        elif not exists(folder):
            raise IndexCorrupt(f"There is no index at {folder}. Make one: qabot ingest PATH")
        self.catalog = Catalog(catalog_path(folder), create)
        if create:
            self.catalog.initialise({"format": FORMAT, "embedder": embedder.fingerprint})
        self._check()

    def _check(self) -> None:
        meta = self.catalog.meta() if self.catalog.has_tables() else {}
        if not meta.get("format"):
            raise IndexCorrupt(f"The index at {self.folder} is half-written. Mend it: {REBUILD}")
        if meta["format"] != FORMAT:
            raise IndexOutdated(
                f"The index at {self.folder} was made by another version of qabot "
                f"(format {meta['format']}, this one reads {FORMAT}). Make it anew: {REBUILD}"
            )
        if meta["embedder"] != self.embedder.fingerprint:
            raise IndexOutdated(
                f"The index at {self.folder} was made with the embedding model "
                f"{meta['embedder']}, not {self.embedder.fingerprint}. Make it anew: {REBUILD}"
            )

    @cached_property
    def vectors(self) -> VectorStore:
        """The vector store, opened on first use."""
        store = VectorStore(self.folder / "chroma", self.embedder.fingerprint, self._create)
        expected = self.catalog.meta().get("collection")
        if expected is None and self._create:
            self.catalog.write_meta({"collection": store.id})
        elif expected != store.id:
            raise IndexCorrupt(
                f"The two halves of the index at {self.folder} do not belong together. "
                f"Mend it: {REBUILD}"
            )
        return store

    @property
    def is_used(self) -> bool:
        """Whether a document has ever been committed."""
        return "used" in self.catalog.meta()

    def close(self) -> None:
        """Let go of the files."""
        self.catalog.close()
        if "vectors" in self.__dict__:
            self.vectors.close()

    def dense(self, vector: Vectors, limit: int) -> list[tuple[str, float]]:
        """Ids of the committed passages nearest to ``vector`` with their cosine, best first."""
        spare = 20 if self.catalog.to_purge() else 0
        found = self.vectors.query(vector, limit + spare)
        known = self.catalog.passages([identifier for identifier, _ in found])
        return [(identifier, cosine) for identifier, cosine in found if identifier in known][:limit]

    @contextmanager
    def writing(self, wait: float = 0) -> Iterator[Writer]:
        """The only writer, after repairing what a killed one left behind.

        Waits at most ``wait`` seconds for another writer. Raises IndexLocked, StorageError.
        """
        with locked(self.folder, wait):
            writer = Writer(self)
            writer.repair()
            yield writer


class Writer:
    """Puts documents into an index and takes them out. Holds the lock while it lives."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._catalog = index.catalog

    def repair(self) -> None:
        """Take out of the vector store what does not belong to a committed document."""
        for version in self._catalog.to_purge():
            self._index.vectors.purge(version)
            self._catalog.purged(version)

    def put(self, documents: Sequence[Document]) -> None:
        """Write documents, each in place of its older version; all of them or none."""
        from qabot.llamaindex import run_pipeline

        embedder = self._index.embedder
        versions = {document.id: version_of(document, embedder) for document in documents}
        stale = set(versions.values()) & set(self._catalog.versions().values())
        changed = [document for document in documents if versions[document.id] not in stale]
        if not changed:
            return
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._catalog.announce(versions[document.id] for document in changed)
        fields = [
            {"version": versions[document.id], "added_at": now, "sha256": sha256_of(document.text)}
            for document in changed
        ]
        passages = run_pipeline(
            list(zip(changed, fields, strict=True)), embedder, self._index.vectors.collection
        )
        self._catalog.commit(
            [
                Entry(document, versions[document.id], now, own)
                for document, own in _by_document(changed, passages)
            ]
        )
        self.repair()

    def remove(self, document_id: str) -> bool:
        """Take a document out; False if it was not in."""
        was_in = self._catalog.remove(document_id)
        self.repair()
        return was_in


def version_of(document: Document, embedder: Embedder) -> str:
    """Names a document's content and all that shapes its passages and vectors: 24 hex digits."""
    parts = (document.id, document.title, document.source, FINGERPRINT, embedder.fingerprint)
    return sha256_of("\0".join((*parts, document.text)))[:24]


def sha256_of(text: str) -> str:
    """The hash of a text, in hex digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def catalog_path(folder: Path) -> Path:
    """Where the catalog of the index in ``folder`` lies."""
    return folder / "catalog.sqlite3"


def exists(folder: Path) -> bool:
    """Whether there is an index in ``folder``, whatever its state."""
    return catalog_path(folder).exists() or (folder / "chroma").exists()


def make_folder(folder: Path) -> None:
    """Make a folder for state, or raise StorageError with the remedy."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"Cannot make the folder {folder}: {error.strerror or error}. "
            "Set QABOT_HOME to a folder that you can write to."
        ) from error


@contextmanager
def locked(folder: Path, wait: float = 0) -> Iterator[None]:
    """Hold the lock on the index in ``folder``; raises IndexLocked when another holds it."""
    make_folder(folder.parent)
    lock = FileLock(folder.with_name(folder.name + ".lock"))
    try:
        lock.acquire(timeout=wait)
    except Timeout as error:
        raise IndexLocked(
            "Another qabot is writing to the index. Wait until it has finished, "
            "then run the command again."
        ) from error
    except OSError as error:
        raise StorageError(
            f"Cannot write to {folder.parent}: {error.strerror or error}. "
            "Set QABOT_HOME to a folder that you can write to."
        ) from error
    try:
        yield
    finally:
        lock.release()


def _by_document(
    documents: Sequence[Document], passages: Sequence[tuple[str, Passage]]
) -> Iterator[tuple[Document, Sequence[tuple[str, Passage]]]]:
    own: Mapping[str, list[tuple[str, Passage]]] = {document.id: [] for document in documents}
    for identifier, passage in passages:
        own[passage.document_id].append((identifier, passage))
    for document in documents:
        yield document, own[document.id]
