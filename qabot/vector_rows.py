"""Passages as rows of a Chroma collection, read and written by thousands."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from qabot.protocols import Embedder
from qabot.types import Vectors


class Store(Protocol):
    """What writing needs of a vector store."""

    @property
    def collection(self) -> Any: ...

    @property
    def batch_limit(self) -> int: ...

    def guarded(self) -> AbstractContextManager[None]: ...


@dataclass(frozen=True, slots=True)
class Rows:
    """Passages as a collection holds them: ids, texts, fields and, a row each, vectors.

    Before they are embedded there are no vectors, but ``to_embed`` with what they are made of.
    """

    ids: Sequence[str]
    texts: Sequence[str]
    fields: Sequence[Mapping[str, Any]]
    vectors: Vectors = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))
    to_embed: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def is_embedded(self) -> bool:
        """Whether they have their vectors."""
        return len(self.vectors) == len(self.ids)

    def embedded(self, embedder: Embedder) -> Rows:
        """The same with their vectors. Raises EmbeddingError."""
        if self.is_embedded:
            return self
        return Rows(self.ids, self.texts, self.fields, embedder.embed(self.to_embed))

    def cut(self, start: int, stop: int) -> Rows:
        """Those from ``start`` to before ``stop``."""
        chosen = slice(start, stop)
        return Rows(*(column[chosen] for column in self._columns))

    def among(self, ids: Collection[str]) -> Rows:
        """Those with these ids."""
        kept = [number for number, identifier in enumerate(self.ids) if identifier in ids]
        if len(kept) == len(self):
            return self
        return Rows(
            [self.ids[number] for number in kept],
            [self.texts[number] for number in kept],
            [self.fields[number] for number in kept],
            self.vectors[kept] if len(self.vectors) else self.vectors,
            [self.to_embed[number] for number in kept] if self.to_embed else (),
        )

    @property
    def _columns(self) -> tuple[Any, ...]:
        return self.ids, self.texts, self.fields, self.vectors, self.to_embed


def joined(parts: Sequence[Rows]) -> Rows:
    """All rows of one part or more, in order; all of them are embedded, or none is."""
    return Rows(
        [identifier for part in parts for identifier in part.ids],
        [text for part in parts for text in part.texts],
        [fields for part in parts for fields in part.fields],
        np.concatenate([part.vectors for part in parts]),
        [text for part in parts for text in part.to_embed],
    )


def write_rows(rows: Rows, store: Store) -> None:
    """Write embedded rows, in even stretches of no more than the store takes at once."""
    with store.guarded():
        for start, stop in stretches(len(rows), store.batch_limit):
            part = rows.cut(start, stop)
            store.collection.add(
                ids=list(part.ids),
                embeddings=part.vectors,
                documents=list(part.texts),
                metadatas=list(part.fields),
            )


def stretches(length: int, size: int) -> Iterator[tuple[int, int]]:
    """Where to cut ``length`` items into even stretches of at most ``size``."""
    count = -(-length // size)
    cuts = (length * number // max(count, 1) for number in range(count + 1))
    return itertools.pairwise(cuts)
