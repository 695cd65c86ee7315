"""What an index is on a Chroma server: a collection of passages, and one of records beside it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, cast

from qabot.chroma_search import found_together, is_not_offered, searches_words, with_words
from qabot.nodes import node_of
from qabot.types import Leg, Vectors

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection as ChromaCollection

Fields = Mapping[str, Any]
Known = Callable[[Sequence[str]], Collection[str]]
"""Tells which of some passages count."""
Guarded = Callable[[], AbstractContextManager[None]]
_OVER = 2  # times the passages wanted are asked for at first, since some may not count


class Collections:
    """The passages with their vectors, and the records that say which of them count.

    Every method raises IndexUnavailable.
    """

    def __init__(
        self,
        passages: ChromaCollection,
        records: ChromaCollection,
        batch_limit: int,
        most: int,
        guarded: Guarded,
    ) -> None:
        """``most`` results a query may ask for; ``guarded`` turns faults inside into ours."""
        self._passages, self._records = passages, records
        self.searches_words = searches_words(passages)
        self.collection = _Marking(passages, self.searches_words)
        self.batch_limit, self.guarded = batch_limit, guarded
        self._most = most
        self.identity = str(records.id)

    # Passages

    def legs(
        self,
        vector: Vectors,
        wordings: Sequence[Sequence[str]],
        limit: int,
        among: Collection[str] | None,
        known: Known,
    ) -> list[Leg]:
        """Of the passages that are ``known`` the nearest, with their cosine; then, where the
        server ``searches_words``, for each wording those with any of its words, with BM25.
        """
        where = {"document_id": {"$in": list(among)}} if among is not None else None
        wanted = _OVER * limit
        while True:
            wanted = min(wanted, self._most)
            found = self._found(vector, wordings, wanted, where)
            counted = known(list({identifier for leg in found for identifier, _ in leg}))
            kept = [[one for one in leg if one[0] in counted][:limit] for leg in found]
            legs = zip(kept, found, strict=True)
            is_enough = all(len(own) == limit or len(leg) < wanted for own, leg in legs)
            if is_enough or wanted == self._most:
                return kept
            wanted *= 4

    def _found(
        self, vector: Vectors, wordings: Sequence[Sequence[str]], wanted: int, where: Fields | None
    ) -> list[Leg]:
        if self.searches_words:
            with self.guarded():
                try:
                    return found_together(self._passages, vector, wordings, wanted, where)
                except Exception as error:
                    if not is_not_offered(error):
                        raise
                    self.searches_words = False  # a server of another kind has taken it over
        with self.guarded():
            found = self._passages.query(
                query_embeddings=vector.reshape(1, -1),
                n_results=wanted,
                where=cast("Any", where),
                include=["distances"],
            )
            ids = [str(identifier) for identifier in found["ids"][0]]
            distances = [float(distance) for distance in (found["distances"] or [[]])[0]]
            pairs = zip(ids, distances, strict=True)
            return [[(identifier, 1.0 - distance) for identifier, distance in pairs]]

    def passages(self, writes: Sequence[str]) -> dict[str, list[tuple[str, str, Fields]]]:
        """Id, text and fields of the passages that each of some writes brought."""
        brought: dict[str, list[tuple[str, str, Fields]]] = {write: [] for write in writes}
        where = {"version": {"$in": list(writes)}}
        include = ["documents", "metadatas"]
        for page in self._pages(self._passages, where, include):
            rows = zip(page["ids"], page["documents"], page["metadatas"], strict=True)
            for identifier, text, fields in rows:
                if isinstance(text, str) and fields.get("version") in brought:
                    brought[fields["version"]].append((identifier, *node_of(text, fields)))
        return brought

    def drop(self, writes: Sequence[str]) -> None:
        """Take the passages out that some writes brought."""
        if writes:
            with self.guarded():
                self._passages.delete(where=cast("Any", {"version": {"$in": list(writes)}}))

    def every_write(self) -> Iterator[str]:
        """The write that brought each passage; slow, all of them are read."""
        for page in self._pages(self._passages, None, ["metadatas"]):
            yield from (str(fields.get("version")) for fields in page["metadatas"])

    # Records

    def get(self, ids: Sequence[str]) -> dict[str, Fields]:
        """The metadata of the records among ``ids`` that there are."""
        with self.guarded():
            found = self._records.get(ids=list(ids), include=["metadatas"])
            return dict(zip(found["ids"], found["metadatas"] or [], strict=True))

    def find(self, where: Fields) -> Iterator[tuple[str, Fields]]:
        """The id and metadata of every record that fits."""
        for page in self._pages(self._records, where, ["metadatas"]):
            yield from zip(page["ids"], page["metadatas"], strict=True)

    def add(self, records: Mapping[str, Fields]) -> None:
        """Put records in; those whose id is taken change nothing."""
        with self.guarded():
            self._records.add(**_as_columns(records))

    def upsert(self, records: Mapping[str, Fields]) -> None:
        """Put records in, in place of those with the same id: all of them at once."""
        with self.guarded():
            self._records.upsert(**_as_columns(records))

    def delete(self, ids: Sequence[str] | None = None, where: Fields | None = None) -> None:
        """Take records out."""
        if ids is not None and not ids:
            return
        with self.guarded():
            self._records.delete(ids=list(ids) if ids else None, where=cast("Any", where))

    def _pages(
        self, collection: ChromaCollection, where: Fields | None, include: list[str]
    ) -> Iterator[dict[str, Any]]:
        offset = 0
        while True:
            with self.guarded():
                page = cast(
                    "dict[str, Any]",
                    collection.get(
                        where=cast("Any", where),
                        limit=self.batch_limit,
                        offset=offset,
                        include=cast("Any", include),
                    ),
                )
                size = len(page["ids"])
            yield page
            offset += size
            if size < self.batch_limit:
                return


class _Marking:
    """The collection of passages as writing needs it: each is marked with the write it is of."""

    def __init__(self, passages: ChromaCollection, searches_words: bool) -> None:
        self._passages, self._searches_words = passages, searches_words

    def add(
        self,
        ids: Sequence[str],
        metadatas: Sequence[Fields],
        documents: Sequence[str],
        embeddings: Vectors,
    ) -> None:
        """Put passages in."""
        marked: list[Fields] = [
            {**fields, "version": identifier.rpartition(":")[0]}
            for identifier, fields in zip(ids, metadatas, strict=True)
        ]
        if self._searches_words:
            marked = with_words(documents, marked)
        self._passages.add(
            ids=list(ids),
            metadatas=cast("Any", marked),
            documents=list(documents),
            embeddings=embeddings,
        )


def _as_columns(records: Mapping[str, Fields]) -> dict[str, Any]:
    """Records as Chroma takes them; it wants a vector of each, and none is ever asked for."""
    return {
        "ids": list(records),
        "metadatas": [dict(fields) for fields in records.values()],
        "embeddings": [[math.cos(turn), math.sin(turn)] for turn in map(_turn, records)],
    }


def _turn(identifier: str) -> float:
    """An angle by the name, so that no two vectors are alike and the graph stays a good one."""
    return int(hashlib.sha256(identifier.encode()).hexdigest()[:8], 16) * math.tau / 16**8
