"""An article's origin and pages as plain fields, and back. Pure.

Only what is known makes a field: an index of many passages does not pay for what it lacks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from qabot.types import Origin

_TEXTS = ("url", "author", "publisher", "date")


def fields_of(origin: Origin) -> dict[str, str]:
    """The known parts of an origin; tags are a JSON list."""
    found = {name: getattr(origin, name) for name in _TEXTS if getattr(origin, name)}
    return {**found, "tags": json.dumps(origin.tags)} if origin.tags else found


def origin_of(fields: Mapping[str, Any]) -> Origin:
    """The origin that ``fields`` were made of. Raises ValueError where its tags are garbage."""
    tags = json.loads(str(fields.get("tags") or "[]"))
    if not isinstance(tags, list):
        raise ValueError("tags are no list")  # noqa: TRY004
    texts = {name: str(fields.get(name) or "") for name in _TEXTS}
    return Origin(**texts, tags=tuple(map(str, tags)))


def pages_text(pages: tuple[int, ...]) -> str:
    """The offsets of pages as text; empty without pages."""
    return json.dumps(pages) if pages else ""


def pages_of(text: str) -> tuple[int, ...]:
    """The pages that ``pages_text`` wrote. Raises ValueError for garbage."""
    offsets = json.loads(text or "[]")
    if not isinstance(offsets, list):
        raise ValueError("pages are no list")  # noqa: TRY004
    return tuple(int(offset) for offset in offsets)
