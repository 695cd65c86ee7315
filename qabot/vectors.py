"""The dense half of the index: one Chroma collection per embedding model.

A store is written once, in a folder of its own that nobody reads yet, and never altered afterwards:
Chroma updates its files in place, so that a process killed while it writes them may leave a store
that crashes whoever opens it. ``seal`` and ``check_seal`` tell a whole store from a damaged one.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import shutil
import sqlite3
import weakref
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from qabot.errors import IndexCorrupt, IndexProblem, StorageError
from qabot.storage import damaged, disk_refuses, in_use, not_writable
from qabot.types import Vectors

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection as ChromaCollection
    from chromadb.api.types import Where

_DATABASE = "chroma.sqlite3"
_GRAPH = "index_metadata.pickle"  # Chroma writes it last, and ignores a graph without it
_PAGE = 1_000
_PREFIX = "qabot-"
_opened = itertools.count(1)


class VectorStore:
    """Vectors and fields of passages in Chroma, in ``folder``. Vectors are always given to it."""

    def __init__(self, folder: Path, embedder: str, create: bool = False) -> None:
        """Open the collection of an embedding model's fingerprint, or make it if ``create``.

        Raises IndexCorrupt when it is missing or damaged, StorageError when the disk refuses.
        """
        self._folder = folder
        name = _PREFIX + re.sub(r"[^a-zA-Z0-9._-]+", "-", embedder).strip("-._")
        with self.guarded():
            self._client = _client(folder, create)
            self.close = weakref.finalize(self, self._client.close)
            self.close.atexit = False  # the process's end lets go of everything, and quicker
            try:
                if create:
                    self.collection: ChromaCollection = self._client.get_or_create_collection(
                        name, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
                    )
                else:
                    self.collection = self._client.get_collection(name, embedding_function=None)
            except BaseException:
                self.close()
                raise

    @property
    def batch_limit(self) -> int:
        """The number of passages that can be written at once."""
        return self._client.get_max_batch_size()

    def count(self) -> int:
        """The number of vectors."""
        with self.guarded():
            return self.collection.count()

    def query(
        self, vector: Vectors, limit: int, among: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """Ids of the nearest passages, of the documents ``among`` if given, with their cosine."""
        if among is not None and not among:
            return []
        where = cast("Where", {"document_id": {"$in": list(among)}}) if among else None
        with self.guarded():
            found = self.collection.query(
                query_embeddings=vector.reshape(1, -1),
                n_results=limit,
                where=where,
                include=["distances"],
            )
        distances = found["distances"] or [[]]
        return [
            (identifier, 1.0 - float(distance))
            for identifier, distance in zip(found["ids"][0], distances[0], strict=True)
        ]

    def delete(self, ids: Sequence[str]) -> None:
        """Take passages out."""
        limit = self.batch_limit
        with self.guarded():
            for start in range(0, len(ids), limit):
                self.collection.delete(ids=list(ids[start : start + limit]))

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn what Chroma raises inside, panics of its engine included, into our errors."""
        with _guarded(self._folder):
            yield


def read_everything(folder: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Text and fields of every passage of every collection of ours in ``folder``."""
    with _guarded(folder), closing(_client(folder)) as client:
        for name in [found.name for found in client.list_collections()]:
            if name.startswith(_PREFIX):
                yield from _pages(client.get_collection(name, embedding_function=None))


def _pages(collection: ChromaCollection) -> Iterator[tuple[str, Mapping[str, Any]]]:
    offset = 0
    while True:
        page = collection.get(limit=_PAGE, offset=offset, include=["documents", "metadatas"])
        if not page["ids"]:
            return
        yield from zip(page["documents"] or [], page["metadatas"] or [], strict=True)
        offset += len(page["ids"])


def copy_store(source: Path, target: Path) -> None:
    """Copy a store as it stands, though others have it open, to an empty folder.

    Raises IndexCorrupt or StorageError.
    """
    with (
        _guarded(target),
        closing(_database(source)) as old,
        closing(sqlite3.connect(target / _DATABASE)) as new,
    ):
        old.backup(new)
        for folder in source.iterdir():
            if (folder / _GRAPH).exists():
                shutil.copytree(folder, target / folder.name)


def seal(folder: Path) -> str:
    """Have the disk keep a finished store, and return the seal that proves it unaltered."""
    with _guarded(folder):
        for place in (*folder.rglob("*"), folder, folder.parent):
            _flush(place)
        return _digest(folder)


def _flush(place: Path) -> None:
    if place.is_dir() and os.name == "nt":
        return  # Windows keeps folders by itself
    descriptor = os.open(place, os.O_RDONLY if place.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_seal(folder: Path, expected: str) -> None:
    """Raise IndexCorrupt where the graphs are not those that were sealed.

    Chroma's engine does not survive reading a damaged graph; SQLite checks the rest itself.
    """
    with _guarded(folder):
        if _digest(folder) != expected:
            raise damaged(folder.parent)


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for graph in sorted(folder.glob(f"*/{_GRAPH}")):
        for path in sorted(graph.parent.iterdir()):
            digest.update(f"{path.relative_to(folder)}\0".encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _database(folder: Path) -> sqlite3.Connection:
    uri = f"{(folder / _DATABASE).absolute().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, timeout=30)


def _client(folder: Path, create: bool = False) -> Client:
    if (folder / _DATABASE).is_file():
        # Reading these, the engine would panic and tell all of its stack to the terminal.
        with closing(_database(folder)) as database:
            for table in ("sqlite_master", "migrations"):
                database.execute(f"SELECT * FROM {table}").fetchall()
    elif not create:
        raise damaged(folder.parent)
    import chromadb
    from chromadb.config import Settings

    # Chroma shares one engine between all clients of a path in a process, a broken one or one
    # inherited from a parent process too. A spelling of the path of our own gives us our own.
    own = format(next(_opened), "b").replace("0", "/").replace("1", "/.")
    settings = Settings(anonymized_telemetry=False)
    return cast("Client", chromadb.PersistentClient(f"{folder}{own}", settings=settings))


_engine_process: int | None = None


def _refuse_fork() -> None:
    """The engine's threads do not come along into a forked process, which would wait for ever."""
    global _engine_process
    _engine_process = _engine_process or os.getpid()
    if _engine_process != os.getpid():
        raise IndexProblem(
            "This process was forked from one that had the index open. "
            "Open it after forking, or start processes with 'spawn'."
        )


@contextmanager
def _guarded(folder: Path) -> Iterator[None]:
    _refuse_fork()
    try:
        yield
    except (IndexProblem, *_OURS):
        raise
    except Exception as error:
        raise _translated(error, folder) from error
    except BaseException as error:
        # The engine's panics derive from BaseException and cannot be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise _translated(error, folder) from error


_OURS = (MemoryError, ImportError, AttributeError, NameError, TypeError)
"""What says nothing about the state of the files."""


_REFUSED = ("disk is full", "no space", "disk i/o", "file too large", "disk quota")
_FORBIDDEN = ("readonly", "read-only", "permission denied", "operation not permitted")
_UNEXPLAINED = ("failed to apply logs", "hnsw segment")
_BUSY = ("database is locked", "database is busy", "too many open files")


def _translated(error: BaseException, store: Path) -> IndexCorrupt | StorageError:
    text = f"{type(error).__name__} {error}".lower()
    if any(sign in text for sign in _REFUSED):
        return disk_refuses(store.parent)
    if any(sign in text for sign in _FORBIDDEN):
        return not_writable(store.parent)
    if any(sign in text for sign in _BUSY):
        return in_use(store.parent)
    # Chroma does not always pass on why it could not write.
    if any(sign in text for sign in _UNEXPLAINED) and _is_sound(store):
        return disk_refuses(store.parent)
    return damaged(store.parent)


def _is_sound(store: Path) -> bool:
    try:
        with closing(_database(store)) as database:
            return database.execute("PRAGMA quick_check(1)").fetchall() == [("ok",)]
    except (sqlite3.Error, UnicodeDecodeError):
        return False
