"""Passages as rows of a Chroma collection, read and written by thousands."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
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
    """Passages as a collection holds them: ids, fields and, a row each, vectors.

    Before they are embedded there are no vectors, but ``to_embed`` with what they are made of.
    Their text is in the fields, or else in ``documents``.
    """

    ids: Sequence[str]
    fields: Sequence[Mapping[str, Any]]
    vectors: Vectors = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))
    to_embed: Sequence[str] = ()
    documents: Sequence[str] = ()

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
        return replace(self, vectors=embedder.embed(self.to_embed), to_embed=())

    def cut(self, start: int, stop: int) -> Rows:
        """Those from ``start`` to before ``stop``."""
        chosen = slice(start, stop)
        return Rows(
            self.ids[chosen],
            self.fields[chosen],
            self.vectors[chosen],
            self.to_embed[chosen],
            self.documents[chosen],
        )

    def among(self, ids: Collection[str]) -> Rows:
        """Those with these ids."""
        kept = [number for number, identifier in enumerate(self.ids) if identifier in ids]
        if len(kept) == len(self):
            return self
        return Rows(
            [self.ids[number] for number in kept],
            [self.fields[number] for number in kept],
            self.vectors[kept] if len(self.vectors) else self.vectors,
            [self.to_embed[number] for number in kept] if self.to_embed else (),
            [self.documents[number] for number in kept] if self.documents else (),
        )


def joined(parts: Sequence[Rows]) -> Rows:
    """All rows of one part or more, in order, which have the same columns."""
    return Rows(
        [identifier for part in parts for identifier in part.ids],
        [fields for part in parts for fields in part.fields],
        np.concatenate([part.vectors for part in parts]),
        [text for part in parts for text in part.to_embed],
        [text for part in parts for text in part.documents],
    )


def write_rows(rows: Rows, store: Store) -> None:
    """Write embedded rows, in even stretches of no more than the store takes at once."""
    with store.guarded():
        for start, stop in stretches(len(rows), store.batch_limit):
            part = rows.cut(start, stop)
            columns = {"documents": list(part.documents)} if part.documents else {}
            store.collection.add(
                ids=list(part.ids),
                embeddings=part.vectors,
                metadatas=list(part.fields),
                **columns,
            )


def stretches(length: int, size: int) -> Iterator[tuple[int, int]]:
    """Where to cut ``length`` items into even stretches of at most ``size``."""
    count = -(-length // size)
    cuts = (length * number // max(count, 1) for number in range(count + 1))
    return itertools.pairwise(cuts)
