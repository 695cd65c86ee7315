"""A part of the dense half of the index: one Chroma collection, in a folder of its own.

A store is written once, while nobody reads it yet, and never altered afterwards: Chroma updates its
files in place, so that a process killed while it writes them may leave a store that crashes whoever
opens it: ``seals.py`` tells a whole store from a damaged one.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from qabot.chroma_faults import DATABASE, guarded_store, open_database
from qabot.nodes import PREFIX, collection_name, holding_text, node_of
from qabot.storage import damaged
from qabot.types import Vectors
from qabot.vector_rows import Rows, stretches

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.collection_configuration import CreateCollectionConfiguration
    from chromadb.api.models.Collection import Collection as ChromaCollection
    from chromadb.api.types import Include, Where

_PAGE = 5_000
UNSAVED = 1_000
"""Passages from which on Chroma saves its graph, after each call that writes some. It keeps fewer
outside, and puts them in on every opening, which takes a fifth of a millisecond each."""
_GRAPH: CreateCollectionConfiguration = {
    # docs/performance.md says what this effort costs and finds
    "hnsw": {"space": "cosine", "ef_construction": 50, "sync_threshold": UNSAVED}
}
_opened = itertools.count(1)


class VectorStore:
    """Vectors and fields of passages in Chroma, in ``folder``. Vectors are always given to it."""

    def __init__(self, folder: Path, embedder: str, create: bool = False) -> None:
        """Open the collection of an embedding model's fingerprint, or make it if ``create``.

        Raises IndexCorrupt when it is missing or damaged, StorageError when the disk refuses.
        """
        self._folder = folder
        name = collection_name(embedder)
        with self.guarded():
            self._client = _client(folder, create)
            self.close = weakref.finalize(self, self._client.close)
            self.close.atexit = False  # the process's end lets go of everything, and quicker
            try:
                if create:
                    self.collection: ChromaCollection = self._client.get_or_create_collection(
                        name, embedding_function=None, configuration=_GRAPH
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

    def holds(self, ids: Sequence[str]) -> int:
        """How many of these passages it has."""
        with self.guarded():
            return sum(
                len(self.collection.get(ids=list(ids[start:stop]), include=[])["ids"])
                for start, stop in stretches(len(ids), _PAGE)
            )

    def rows(self) -> Iterator[Rows]:
        """Everything in it, some thousands of passages at a time."""
        with self.guarded():
            for page in _pages(self.collection, "documents", "metadatas", "embeddings"):
                given = zip(page["documents"], page["metadatas"], strict=True)
                fields = [holding_text(document, stored) for document, stored in given]
                vectors = np.asarray(page["embeddings"]).astype(np.float32, copy=False)
                yield Rows(page["ids"], fields, vectors)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn what Chroma raises inside, panics of its engine included, into our errors."""
        with guarded_store(self._folder):
            yield


def read_everything(folder: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Text and fields of every passage of every collection of ours in ``folder``."""
    with guarded_store(folder), closing(_client(folder)) as client:
        for name in [found.name for found in client.list_collections()]:
            if name.startswith(PREFIX):
                collection = client.get_collection(name, embedding_function=None)
                for page in _pages(collection, "documents", "metadatas"):
                    yield from map(node_of, page["documents"], page["metadatas"])


def _pages(collection: ChromaCollection, *parts: str) -> Iterator[dict[str, Any]]:
    offset = 0
    while True:
        found = collection.get(limit=_PAGE, offset=offset, include=cast("Include", list(parts)))
        if not found["ids"]:
            return
        yield cast("dict[str, Any]", found)
        offset += len(found["ids"])


def _client(folder: Path, create: bool = False) -> Client:
    if (folder / DATABASE).is_file():
        # Reading these, the engine would panic and tell all of its stack to the terminal.
        with closing(open_database(folder)) as database:
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
