"""Filters as SQL over the documents of the catalog, ``d`` in a query. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date

from qabot.filters import Filters

PLACES = ("d.title", "d.publisher", "d.url", "d.source")
"""Where a source may stand, besides being an id."""


def condition(filters: Filters) -> tuple[str, list[object]]:
    """SQL that holds for a row ``d`` of the documents that filters leave, and its values."""
    clauses: list[tuple[str, list[object]]] = []
    if filters.ids is not None:
        ids = json.dumps(sorted(filters.ids))
        clauses.append(("d.id IN (SELECT value FROM json_each(?))", [ids]))
    for kind, names in (("source", filters.sources), ("tag", filters.tags)):
        own = [named(kind, name) for name in names]
        if own:
            sql = " OR ".join(clause for clause, _ in own)
            clauses.append((f"({sql})", [value for _, values in own for value in values]))
    if filters.is_dated:
        clauses.append(in_time(filters))
    sql = " AND ".join(clause for clause, _ in clauses) or "1"
    return f"({sql})", [value for _, values in clauses for value in values]


def in_time(filters: Filters) -> tuple[str, list[object]]:
    """Whether the day ``date`` is one of those that filters leave."""
    if not filters.is_dated:
        return "1", []
    first, last = filters.since or date.min, filters.until or date.max
    return "(date BETWEEN ? AND ?)", [first.isoformat(), last.isoformat()]


def named(kind: str, name: str) -> tuple[str, list[object]]:
    """Whether the article ``d`` is of a source, or has a tag."""
    if kind == "tag":
        return holding(json.dumps(name, ensure_ascii=False), ("d.tags",))
    clause, values = holding(name, PLACES)
    return f"(d.id = ? COLLATE NOCASE OR {clause})", [name, *values]


def holding(text: str, columns: Sequence[str]) -> tuple[str, list[object]]:
    """Whether one of the columns holds a text, in capitals or not."""
    # LIKE itself takes capitals of ASCII alone for small letters.
    forms = {_lower(form): None for form in (text.lower(), text, text.upper(), text.title())}
    patterns = ["%" + re.sub(r"([%_!])", r"!\1", form) + "%" for form in forms]
    clauses = [f"{column} LIKE ? ESCAPE '!'" for column in columns for _ in patterns]
    return f"({' OR '.join(clauses)})", [pattern for _ in columns for pattern in patterns]


def _lower(text: str) -> str:
    return "".join(character.lower() if character.isascii() else character for character in text)
