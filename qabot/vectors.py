"""The dense half of the index: one Chroma collection per embedding model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from qabot.errors import IndexCorrupt, QabotError, StorageError
from qabot.types import Vectors

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

_PAGE = 1_000
_PREFIX = "qabot-"


class VectorStore:
    """Vectors and fields of passages in Chroma, in ``folder``. Vectors are always given to it."""

    def __init__(self, folder: Path, embedder: str, create: bool = False) -> None:
        """Open the collection of an embedding model's fingerprint, or make it if ``create``.

        Raises IndexCorrupt when it is missing or damaged, StorageError when the disk refuses.
        """
        self._folder = folder
        name = _PREFIX + re.sub(r"[^a-zA-Z0-9._-]+", "-", embedder).strip("-._")
        with _guard(self._folder):
            self._client = _client(folder)
            if create:
                self.collection: Collection = self._client.get_or_create_collection(
                    name, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
                )
            else:
                self.collection = self._client.get_collection(name, embedding_function=None)

    def close(self) -> None:
        """Let go of the files."""
        self._client.close()

    @property
    def id(self) -> str:
        """Chroma's id of the collection."""
        return str(self.collection.id)

    def count(self) -> int:
        """The number of vectors."""
        with _guard(self._folder):
            return self.collection.count()

    def query(self, vector: Vectors, limit: int) -> list[tuple[str, float]]:
        """Ids of the nearest passages with their cosine, best first."""
        with _guard(self._folder):
            found = self.collection.query(
                query_embeddings=vector.reshape(1, -1), n_results=limit, include=["distances"]
            )
        distances = found["distances"] or [[]]
        return [
            (identifier, 1.0 - float(distance))
            for identifier, distance in zip(found["ids"][0], distances[0], strict=True)
        ]

    def purge(self, version: str) -> None:
        """Take out every passage of a document's version."""
        with _guard(self._folder):
            self.collection.delete(where={"version": version})


def read_everything(folder: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Text and fields of every passage of every collection of ours in ``folder``."""
    with _guard(folder):
        with closing(_client(folder)) as client:
            for name in [found.name for found in client.list_collections()]:
                if name.startswith(_PREFIX):
                    yield from _pages(client.get_collection(name, embedding_function=None))


def _pages(collection: Collection) -> Iterator[tuple[str, Mapping[str, Any]]]:
    offset = 0
    while True:
        page = collection.get(limit=_PAGE, offset=offset, include=["documents", "metadatas"])
        if not page["ids"]:
            return
        yield from zip(page["documents"] or [], page["metadatas"] or [], strict=True)
        offset += len(page["ids"])


def _client(folder: Path) -> Client:
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    return cast("Client", chromadb.PersistentClient(str(folder), settings=settings))


@contextmanager
def _guard(folder: Path) -> Iterator[None]:
    """Turn whatever Chroma raises, panics of its engine included, into our errors."""
    try:
        yield
    except (QabotError, GeneratorExit, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise _translated(error, folder) from error


def _translated(error: BaseException, folder: Path) -> QabotError:
    text = f"{type(error).__name__} {error}".lower()
    if any(sign in text for sign in ("disk is full", "no space", "disk i/o", "file too large")):
        return StorageError(
            f"Cannot write to {folder}: the disk is full or refuses. Nothing committed is lost; "
            "make room and run the command again."
        )
    if any(sign in text for sign in ("readonly", "read-only", "permission denied")):
        return StorageError(
            f"Cannot write to {folder}. Set QABOT_HOME to a folder that you can write to."
        )
    return IndexCorrupt(f"The index at {folder.parent} is damaged. Mend it: qabot ingest --rebuild")
