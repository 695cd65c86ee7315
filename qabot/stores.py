"""The dense half of the index: several vector stores, asked as one.

Each commit writes a store of its own; the catalog names those that count. Passages that have left
the index stay in their store, unless it is small, and are left out of what is found. Stores of
similar size are put together now and then, so that there are few of them.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path
from typing import TypeVar

from qabot.closing import Closes
from qabot.filling import Filling, FillingProcess
from qabot.protocols import Embedder
from qabot.seals import Seal, check_seal
from qabot.storage import damaged
from qabot.types import Vectors
from qabot.vector_rows import Rows, joined
from qabot.vectors import UNSAVED, VectorStore

LARGEST = 100_000
"""Passages in a store, about, at most."""
_MANY = 4_000  # passages from which on a store is written by a process of its own
_PART = 2_000  # passages that are written at once, at least
SMALL = 1_000
"""Passages up to which a store is written anew with every commit."""
_MERGED = 6  # stores of a size that make one of the next
_AT_ONCE = 2  # stores opened or asked at once
_META = "stores"
_Done = TypeVar("_Done")


@dataclass(frozen=True, slots=True)
class Stored:
    """A store that the catalog names; ``gone`` of its ``passages`` are no longer in the index."""

    name: str
    passages: int
    gone: int
    sha256: str
    stamp: str

    @property
    def live(self) -> int:
        """Passages that are in the index."""
        return self.passages - self.gone

    @property
    def seal(self) -> Seal:
        """What proves it unaltered."""
        return Seal(self.sha256, self.stamp)


def stores_in(meta: Mapping[str, str]) -> list[Stored]:
    """The stores that a catalog names. Raises ValueError or TypeError where it is damaged."""
    return [Stored(**row) for row in json.loads(meta.get(_META, "[]"))]


def named(stores: Sequence[Stored]) -> dict[str, str]:
    """What the catalog is to say of stores."""
    return {_META: json.dumps([asdict(store) for store in stores])}


def crowded(stores: Sequence[Stored]) -> list[Stored]:
    """Stores to be put together into one, or one to be written anew; none where all is well."""
    by_size: dict[int, list[Stored]] = {}
    for store in stores:
        if store.gone > store.passages / 2:
            return [store]
        alike = by_size.setdefault(_size_class(store.live), [])
        alike.append(store)
        if len(alike) >= _MERGED and len(fitting := _fitting(alike)) > 1:
            return fitting
    return []


def _fitting(stores: Sequence[Stored]) -> list[Stored]:
    """The smallest of some stores, as many as fit into one."""
    smallest = sorted(stores, key=lambda store: store.live)
    sums = accumulate(store.live for store in smallest)
    return [store for store, together in zip(smallest, sums, strict=True) if together <= LARGEST]


def _size_class(passages: int) -> int:
    found = 0
    while passages >= SMALL:
        passages //= _MERGED
        found += 1
    return found


class Stores:
    """Open vector stores, by the catalog's word. Safe to share between threads."""

    def __init__(
        self, folder: Path, embedder: str, stored: Sequence[Stored], old: Stores | None = None
    ) -> None:
        """Open ``stored``, all but those that ``old`` has open.

        Raises IndexCorrupt where one is missing or not what was written, StorageError.
        """
        self._folder, self._embedder = folder, embedder
        self.stored = tuple(stored)
        kept: Mapping[str, VectorStore] = old._open if old else {}
        opened = _each(lambda one: kept.get(one.name) or self._opened(one), stored)
        self._open: dict[str, VectorStore] = {
            one.name: store for one, store in zip(stored, opened, strict=True)
        }

    def _opened(self, stored: Stored) -> VectorStore:
        folder = self._folder / stored.name
        check_seal(folder, stored.seal)
        store = VectorStore(folder, self._embedder)
        if store.count() != stored.passages:
            store.close()
            raise damaged(self._folder)
        return store

    def __iter__(self) -> Iterator[VectorStore]:
        return iter(self._open.values())

    def count(self) -> int:
        """The number of passages that are in the index, some in two stores."""
        return sum(store.live for store in self.stored)

    def query(
        self,
        vector: Vectors,
        limit: int,
        among: Collection[str] | None,
        present: Callable[[Sequence[str]], Collection[str]],
    ) -> list[tuple[str, float]]:
        """Ids of the nearest passages, of the documents ``among`` if given, with their cosine.

        ``present`` says which of some ids are still in the index.
        """

        def asked(stored: Stored) -> list[tuple[str, float]]:
            return self._asked(stored, vector, limit, among, present)

        nearest: dict[str, float] = {}
        for found in _each(asked, self.stored):
            nearest.update(found)
        return sorted(nearest.items(), key=lambda one: -one[1])[:limit]

    def _asked(
        self,
        stored: Stored,
        vector: Vectors,
        limit: int,
        among: Collection[str] | None,
        present: Callable[[Sequence[str]], Collection[str]],
    ) -> list[tuple[str, float]]:
        """What one store finds that is still in the index."""
        store = self._open[stored.name]
        found, depth = store.query(vector, limit, among), limit
        while stored.gone:
            ids = present([identifier for identifier, _ in found])
            found = [one for one in found if one[0] in ids]
            if len(found) >= limit or depth >= limit + stored.gone:
                break
            depth = min(4 * depth, limit + stored.gone)
            found = store.query(vector, depth, among)
        return found[:limit]

    def close(self) -> None:
        """Let go of the files."""
        for store in self:
            store.close()


def _each(do: Callable[[Stored], _Done], stores: Sequence[Stored]) -> list[_Done]:
    """Do something with each store: on threads, since Chroma lets others work meanwhile."""
    if len(stores) < 2:
        return [do(stored) for stored in stores]
    with ThreadPoolExecutor(min(len(stores), _AT_ONCE)) as pool:
        return list(pool.map(do, stores))


class NewStore(Closes):
    """A store that is being written, which nobody reads yet."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        """Nothing is made in ``folder``, which holds all stores, before there is a passage."""
        self._folder, self._embedder = folder, embedder
        self._filling: Filling | FillingProcess | None = None
        self._waiting: list[Rows] = []
        self._name = ""
        self._ids: set[str] = set()

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, rows: Rows) -> None:
        """Take passages in, but for those it has. Raises StorageError, EmbeddingError."""
        rows = rows.among(set(rows.ids) - self._ids).embedded(self._embedder)
        if not len(rows):
            return
        self._ids.update(rows.ids)
        self._waiting.append(rows)
        if len(self) >= _MANY:
            self.expect_many()
        count = sum(map(len, self._waiting))
        if isinstance(self._filling, FillingProcess) and count >= _PART + UNSAVED:
            together = joined(self._waiting)
            # The last part is never a small one: Chroma would save a graph without it.
            self._filling.write(together.cut(0, count - UNSAVED))
            self._waiting = [together.cut(count - UNSAVED, count)]

    def expect_many(self) -> None:
        """Have another process write it, which takes a second to begin."""
        self._begun(FillingProcess)

    def complete(self) -> None:
        """Have the last passages written, by another process if many. Raises StorageError."""
        if self._waiting:
            self._begun(Filling).complete(joined(self._waiting))
            self._waiting = []

    def finish(self) -> list[Stored]:
        """The store, sealed; none where there is no passage. Raises StorageError."""
        self.complete()
        if not self._filling or not self._ids:
            return []
        sealed = self._filling.finish()
        self.close()
        return [Stored(self._name, len(self._ids), 0, sealed.sha256, sealed.stamp)]

    def _begun(self, make: type[Filling] | type[FillingProcess]) -> Filling | FillingProcess:
        if self._filling is None:
            # In order of time, so that a rebuild without the catalog knows what is newer.
            self._name = f"chroma-{time.time_ns():016x}-{secrets.token_hex(4)}"
            self._filling = make(self._folder / self._name, self._embedder.fingerprint)
        return self._filling

    def close(self) -> None:
        """Let go of the files."""
        if self._filling:
            self._filling.close()
