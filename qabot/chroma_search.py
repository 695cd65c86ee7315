"""Chroma's Search API: passages by words and by meaning in one call, where a server offers it.

That is Chroma Cloud and the distributed engine. ``chroma run`` refuses an index of sparse vectors,
and tells by that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qabot.entries import searched_row
from qabot.nodes import node_of, passage_of
from qabot.sparse import Sparse, passages_as_sparse, query_as_sparse
from qabot.types import Leg, Vectors

if TYPE_CHECKING:
    from chromadb import Schema
    from chromadb.api.models.Collection import Collection
    from chromadb.api.types import SparseVector

_WORDS = "words"
"""The field of a passage that holds its words."""
_NOT_OFFERED = re.compile(r"not (?:enabled|implemented|supported)|unimplemented|is disabled", re.I)


def searched_schema() -> Schema:
    """What a collection is made with so that both can be searched, words weighed by rarity."""
    from chromadb import Schema, SparseVectorIndexConfig, VectorIndexConfig

    meaning = VectorIndexConfig(space="cosine", embedding_function=None)
    schema = Schema().create_index(config=meaning)
    return schema.create_index(key=_WORDS, config=SparseVectorIndexConfig(bm25=True))


def searches_words(passages: Collection) -> bool:
    """Whether a collection was made so."""
    kinds = passages.schema.keys.get(_WORDS) if passages.schema else None
    index = kinds.sparse_vector and kinds.sparse_vector.sparse_vector_index if kinds else None
    return bool(index and index.enabled)


def with_words(
    texts: Sequence[str], fields: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """The fields of passages, and their words among these."""
    rows = [
        searched_row(passage_of("", *node_of(text, own)))
        for text, own in zip(texts, fields, strict=True)
    ]
    found = zip(fields, passages_as_sparse(rows), strict=True)
    return [{**own, _WORDS: _sparse(words)} if words else own for own, words in found]


def found_together(
    passages: Collection,
    vector: Vectors,
    wordings: Sequence[Sequence[str]],
    limit: int,
    where: Mapping[str, Any] | None,
) -> list[Leg]:
    """The passages nearest to ``vector``, with their cosine; then, for each of some wordings, those
    with any of its words, with BM25; at most ``limit`` each.

    Each is a search of its own: fused by the server, passages that do not count would have their
    part in it. Raises what Chroma does.
    """
    from chromadb import K, Knn, Search

    queries = [query_as_sparse(words) for words in wordings]
    ranks = [Knn(query=vector.reshape(-1), limit=limit)]
    ranks += [Knn(query=_sparse(words), key=_WORDS, limit=limit) for words in queries if words]
    plain = Search(where=dict(where) if where else None, limit=limit).select(K.SCORE)
    found = passages.search([plain.rank(rank) for rank in ranks])
    # The score of either kind is what is lacking to 1.
    legs = [
        [(str(one), 1.0 - float(score)) for one, score in zip(ids, scores or (), strict=True)]
        for ids, scores in zip(found["ids"], found["scores"], strict=True)
    ]
    nearest, *lexical = legs
    # Passages that have just been written are found by a server though they have none of the words.
    having = iter([[one for one in leg if one[1] > 0] for leg in lexical])
    return [nearest, *(next(having) if words else [] for words in queries)]


def is_not_offered(error: Exception) -> bool:
    """Whether a server says by an error that it has no such search, or no such index."""
    from chromadb.errors import ChromaError

    # By its words: the kinds of error are those of any bad request, or of any failure.
    return isinstance(error, ChromaError) and bool(_NOT_OFFERED.search(str(error)))


def _sparse(vector: Sparse) -> SparseVector:
    from chromadb.api.types import SparseVector

    return SparseVector(indices=list(vector), values=list(vector.values()))
