"""Question -> hits: lexical and dense search, fused by reciprocal rank, within a budget."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from qabot.catalog import Catalog
from qabot.parts import by_day, by_publisher, parts
from qabot.protocols import Embedder
from qabot.thesaurus import relatives
from qabot.twins import distinct
from qabot.types import Hit, Leg, Vectors
from qabot.words import clean, fold, is_stopword, spellings, stem, tokens

_DEPTH = 30
"""Passages each leg returns before fusion."""
_RANK_CONSTANT = 60
"""The usual constant of reciprocal rank fusion (Cormack et al., 2009)."""
_PART_CONSTANT = 20
"""The same for the parts of a question: the first passages on one weigh as much as three legs."""
_READ = 2.0
"""How much more a passage's place among those read counts than its place among those found."""


class Searchable(Protocol):
    """Where passages are looked up: an index, or a part of one."""

    @property
    def catalog(self) -> Catalog: ...

    @property
    def embedder(self) -> Embedder: ...

    def legs(self, vector: Vectors, wordings: Sequence[Sequence[str]], limit: int) -> list[Leg]:
        """As ``Searched`` has it."""
        ...


class Searched(Protocol):
    """What a question needs of an index, be it on the disk or in memory."""

    @property
    def catalog(self) -> Catalog:
        """The documents, their passages, and the words in these."""
        ...

    @property
    def embedder(self) -> Embedder:
        """What made the vectors."""
        ...

    @property
    def store_name(self) -> str | None:
        """Names the current state of the index: it changes with every commit."""
        ...

    @property
    def trouble(self) -> str:
        """Why the index cannot be searched whole just now, in a sentence; empty where it can."""
        ...

    def legs(
        self,
        vector: Vectors,
        wordings: Sequence[Sequence[str]],
        limit: int,
        among: Collection[str] | None = None,
    ) -> list[Leg]:
        """The passages nearest to ``vector``, with their cosine; then, for each of some wordings,
        those with any of its words, with BM25. With ``among`` only passages of these documents.
        """
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...


def retrieve(
    question: str,
    index: Searchable,
    top_k: int,
    budget: int,
) -> list[Hit]:
    """The passages that may answer, best first.

    At most ``top_k`` hits and ``budget`` code points together (the first always fits); of passages
    that say nearly the same one stays, and names the others.
    """
    text = clean(question)
    words = content_words(text)
    # Relatives find what the question words differently, and lead a long question astray: a leg of
    # their own lets passages gain by them that the question's own words find as well.
    wordings = [words, with_relatives(words), *(content_words(part) for part in parts(text))]
    vector = index.embedder.embed([text])[0]
    dense, own, lexical, *clauses = index.legs(vector, wordings, _DEPTH)
    scores: dict[str, float] = {}
    for leg in (own, lexical, dense):
        for rank, (identifier, _) in enumerate(leg, start=1):
            scores[identifier] = scores.get(identifier, 0.0) + 1.0 / (_RANK_CONSTANT + rank)
    _raise_best(scores, [[identifier for identifier, _ in leg] for leg in clauses])
    passages = index.catalog.passages(list(scores))
    ranked = _ranked(scores, passages)
    found = [passages[identifier] for identifier in ranked]
    for groups in (by_publisher(text, found), by_day(text, found)):
        _raise_best(scores, [[ranked[place] for place in group] for group in groups])
    by_lexical, by_dense = {**dict(own), **dict(lexical)}, dict(dense)
    hits = [
        Hit(
            passages[identifier],
            by_lexical.get(identifier),
            by_dense.get(identifier),
            scores[identifier],
        )
        for identifier in _ranked(scores, passages)
    ]
    return _within(distinct(hits, top_k, frozenset(map(stem, words))), budget)


def as_read(question: str, hits: Sequence[Hit], fit: Sequence[float]) -> list[Hit]:
    """The hits with those that read best moved up: their order and that of ``fit``, fused.

    ``fit`` says of each hit how well it reads, or is empty. A question of several parts keeps the
    order found: what reads best is on one of them.
    """
    if not fit or parts(clean(question)):
        return list(hits)
    read = sorted(range(len(hits)), key=lambda place: -fit[place])
    found = list(hits)
    for rank, place in enumerate(read, start=1):
        score = 1.0 / (_RANK_CONSTANT + place + 1) + _READ / (_RANK_CONSTANT + rank)
        found[place] = replace(hits[place], score=score)
    return sorted(found, key=lambda hit: -hit.score)


def _raise_best(scores: dict[str, float], legs: Sequence[Sequence[str]]) -> None:
    """Add to ``scores`` what the best of each leg gain: only by the leg that ranks them highest,
    so that a passage which holds a little of everything does not pass those on one part.
    """
    gains: dict[str, float] = {}
    for leg in legs:
        for rank, identifier in enumerate(leg, start=1):
            gains[identifier] = max(gains.get(identifier, 0.0), 1.0 / (_PART_CONSTANT + rank))
    for identifier, gain in gains.items():
        scores[identifier] = scores.get(identifier, 0.0) + gain


def _ranked(scores: Mapping[str, float], known: Collection[str]) -> list[str]:
    order = sorted(scores, key=lambda identifier: (-scores[identifier], identifier))
    return [identifier for identifier in order if identifier in known]


def content_words(text: str) -> list[str]:
    """The words to look up: content words and their other spellings, or all words if none."""
    found = tokens(text)
    content = [token for token in found if not is_stopword(token.surface)] or found
    terms: dict[str, None] = {}
    for token in content:
        terms.update(dict.fromkeys(spellings(fold(token.surface).rstrip("."))))
    return list(terms)


def with_relatives(words: Sequence[str]) -> list[str]:
    """``words``, and those that news English uses for them."""
    found = dict.fromkeys(words)
    for word in words:
        found.update(dict.fromkeys(relatives(stem(word))))
    return list(found)


def _within(hits: Sequence[Hit], budget: int) -> list[Hit]:
    kept: list[Hit] = []
    for hit in hits:
        budget -= len(hit.passage.text)
        if kept and budget < 0:
            break
        kept.append(hit)
    return kept
