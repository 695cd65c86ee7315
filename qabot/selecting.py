"""Which articles filters leave, questions asked of these alone, and articles listed by the page.

The catalog decides in one pass over its documents. Where filters leave few articles, these are
named to both searches, which then find every passage of theirs: that one article of a million is
left costs no more than finding it. Where they leave many, no list of them is ever made: the
searches look deeper, the deeper the rarer the articles are, and what they find is sifted.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Literal

from qabot.catalog import Catalog
from qabot.conditions import PLACES, condition, holding, in_time, named
from qabot.entries import SOURCE, source_of_row
from qabot.errors import QuestionError
from qabot.filters import Filters, checked
from qabot.protocols import Embedder
from qabot.retrieve import Searched, retrieve
from qabot.types import Hit, Leg, SourcePage, Vectors

FEW = 1_000
"""Articles that are named to a search; of more, what it finds is sifted."""
DEEPEST = 3_000
"""Passages that a search returns at most to be sifted."""
_NEAR = 2_000
"""Articles among whose names the ones like a misspelt one are sought."""
_LONGEST_NAME = 100
_TABLE = "documents d"

Order = Literal["title", "date", "added", "passages"]
ORDERS: dict[Order, str] = {
    "title": "d.title COLLATE NOCASE, d.id",
    "date": "d.date DESC, d.added_at DESC, d.id",
    "added": "d.added_at DESC, d.date DESC, d.id",
    "passages": "size DESC, d.id",
}
"""How articles are listed: by title; the newest first; the most passages first."""
_JOINS: dict[Order, str] = {
    "passages": "LEFT JOIN (SELECT document_id, count(*) AS size FROM passages GROUP BY 1)"
    " ON document_id = d.id"
}


@dataclass(frozen=True, slots=True)
class Selection:
    """The articles that filters leave: ``count`` of ``total``.

    ``undated`` more are left out only because they carry no date. ``ids`` are the articles where
    they are few, else None.
    """

    filters: Filters
    count: int
    total: int
    undated: int
    ids: tuple[str, ...] | None

    def notes(self) -> tuple[str, ...]:
        """What a reader should know of it."""
        said = self.filters.said()
        if not said:
            return ()
        notes = [f"Read {self.count:,} of {_articles(self.total)}: {said}."] if self.count else []
        if self.undated:
            carry = "carries no date and is" if self.undated == 1 else "carry no date and are"
            notes.append(f"{_articles(self.undated)} {carry} left out.")
        return tuple(notes)


def _articles(count: int) -> str:
    return f"{count:,} article" + ("" if count == 1 else "s")


@dataclass(frozen=True, slots=True)
class Looked:
    """The passages for a question; with filters, what they left, and if nothing, what they hid."""

    hits: list[Hit]
    selection: Selection | None = None
    outside: list[Hit] = field(default_factory=list)


def look(index: Searched, question: str, top_k: int, budget: int, filters: Filters) -> Looked:
    """The passages of the articles that filters leave. Raises QuestionError for unknown names."""
    if not filters:
        return Looked(retrieve(question, index, top_k, budget))
    selection = select(index.catalog, filters)
    if selection.count:
        return Looked(retrieve(question, Part(index, selection), top_k, budget), selection)
    everything = select(index.catalog, Filters(ids=filters.ids))
    if not everything.count:
        return Looked([], selection)
    outside = retrieve(question, Part(index, everything), top_k, budget)
    return Looked([], selection, outside)


def select(catalog: Catalog, filters: Filters) -> Selection:
    """What filters leave; raises QuestionError for a source or a tag that no article has."""
    names = [("source", name) for name in filters.sources]
    names += [("tag", name) for name in filters.tags]
    each = [named(kind, name) for kind, name in names]
    within = condition(Filters(ids=filters.ids))
    count = len(filters.sources)
    groups = [range(count), range(count, len(names))]
    fits = " AND ".join(f"({' OR '.join(f'n{n}' for n in group)})" for group in groups if group)
    then, days = in_time(filters)
    known = "".join(f", total(n{n})" for n in range(len(names)))
    # The limit has SQLite look for each name once in a row, not once in each of the sums.
    ((total, kept, undated, *found),) = catalog.look_up(
        f"SELECT count(*), total({fits or 1} AND {then}), total({fits or 1} AND date = '')"
        f"{known} FROM (SELECT d.date AS date"
        f"{''.join(f', {sql} AS n{n}' for n, (sql, _) in enumerate(each))}"
        f" FROM {_TABLE} WHERE {within[0]} LIMIT -1)",
        *days,
        *(value for _, values in each for value in values),
        *within[1],
    )
    for (kind, name), is_known in zip(names, found, strict=True):
        if total and not is_known:
            raise _unknown(catalog, filters, kind, name)
    ids = None
    if kept <= FEW:
        sql, values = condition(filters)
        rows = catalog.look_up(f"SELECT d.id FROM {_TABLE} WHERE {sql}", *values)
        ids = tuple(str(row[0]) for row in rows)
    undated = int(undated) if filters.is_dated else 0
    return Selection(filters, int(kept), int(total), undated, ids)


class Part:
    """An index of which only the articles of a selection are found."""

    def __init__(self, index: Searched, selection: Selection) -> None:
        self._index, self._selection = index, selection

    @property
    def catalog(self) -> Catalog:
        return self._index.catalog

    @property
    def embedder(self) -> Embedder:
        return self._index.embedder

    def legs(self, vector: Vectors, wordings: Sequence[Sequence[str]], limit: int) -> list[Leg]:
        """The best ``limit`` of each leg that are of the selected articles."""
        chosen = self._selection
        if chosen.ids is not None:
            return self._index.legs(vector, wordings, limit, chosen.ids)
        depth = min(DEEPEST, 2 * limit * chosen.total // chosen.count)
        while True:
            found = self._index.legs(vector, wordings, depth)
            kept = self._kept({identifier for leg in found for identifier, _ in leg})
            best = [[one for one in leg if one[0] in kept][:limit] for leg in found]
            legs = zip(best, found, strict=True)
            is_enough = all(len(own) == limit or len(leg) < depth for own, leg in legs)
            if is_enough or depth >= DEEPEST:
                return best
            depth = DEEPEST

    def _kept(self, ids: Collection[str]) -> set[str]:
        sql, values = condition(self._selection.filters)
        rows = self.catalog.look_up(
            f"SELECT p.id FROM passages p JOIN {_TABLE} ON d.id = p.document_id"
            f" WHERE p.id IN (SELECT value FROM json_each(?)) AND {sql}",
            json.dumps(list(ids)),
            *values,
        )
        return {str(row[0]) for row in rows}


def listed(
    catalog: Catalog,
    words: str = "",
    filters: Filters | None = None,
    order: Order = "title",
    limit: int = 50,
    page: int = 1,
) -> SourcePage:
    """A page of the articles, from page 1, with all ``words`` in title, author or where they are.

    Raises QuestionError for unknown names in the filters.
    """
    filters = filters or Filters()
    if filters:
        select(catalog, filters)
    sql, values = condition(filters)
    for word in checked("words", words.split()):
        clause, own = holding(word, (*PLACES, "d.author", "d.id"))
        sql, values = f"{sql} AND {clause}", [*values, *own]
    ((total,),) = catalog.look_up(f"SELECT count(*) FROM {_TABLE} WHERE {sql}", *values)
    # Only for the page are the rows read whole, and their passages counted.
    rows = catalog.look_up(
        f"SELECT {SOURCE} FROM (SELECT d.id AS chosen FROM {_TABLE} {_JOINS.get(order, '')}"
        f" WHERE {sql} ORDER BY {ORDERS[order]} LIMIT ? OFFSET ?)"
        f" JOIN {_TABLE} ON d.id = chosen {_JOINS.get(order, '')} ORDER BY {ORDERS[order]}",
        *values,
        limit,
        (page - 1) * limit,
    )
    following = page + 1 if page * limit < total else None
    return SourcePage([source_of_row(row) for row in rows], int(total), following)


def _unknown(catalog: Catalog, filters: Filters, kind: str, value: str) -> QuestionError:
    """No article has it: an error that names the nearest that some have."""
    is_tag = kind == "tag"
    sql, values = condition(Filters(ids=filters.ids))
    rows = catalog.look_up(
        f"SELECT d.publisher, d.id, d.title, d.tags FROM {_TABLE} WHERE {sql}"
        f" ORDER BY d.added_at DESC LIMIT {_NEAR}",
        *values,
    )
    names: dict[str, str] = {}
    for publisher, identifier, title, tags in rows:
        own = json.loads(tags) if is_tag else (publisher, identifier, title, *title.split())
        names.update((name.casefold(), name) for name in own if 0 < len(name) <= _LONGEST_NAME)
    near = [names[one] for one in difflib.get_close_matches(value.casefold(), names, 3)]
    meant = f"Did you mean {' or '.join(f'“{one}”' for one in near)}? " if near else ""
    what = f"has the tag “{value}”" if is_tag else f"is of the source “{value}”"
    return QuestionError(f"No article {what}. {meant}List them: qabot sources")
