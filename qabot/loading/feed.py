"""RSS and Atom, through feedparser: the items with their text, or where that is to be read."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from qabot.errors import LoadError
from qabot.loading.fields import address_of, day_of, key_of, line_of, paragraphs, tags_of
from qabot.loading.html import fragment
from qabot.loading.model import Extract, Hints
from qabot.types import Origin

LEAST_TEXT = 400
"""Code points in an item's own text; what is shorter is a teaser, if there is an address."""


def read(data: bytes, hints: Hints) -> Iterator[Extract | LoadError]:
    """The items of a feed. Raises LoadError for what is no feed, and where there are no items."""
    feedparser = _library()
    headers = {"content-type": f"application/xml; charset={hints.charset}"} if hints.charset else {}
    # Given a text it would take it for an address or a path, and open that.
    found = feedparser.parse(io.BytesIO(data), response_headers=headers)
    if not found.entries:
        if found.get("version"):
            raise LoadError("the feed has no items.")
        raise LoadError("is no RSS or Atom feed.")
    publisher = line_of(found.feed.get("title"))
    seen: set[str] = set()
    for number, entry in enumerate(found.entries, 1):
        key = _key(entry)
        if not key:
            yield LoadError(f"item {number}: has no id, no address and no title.")
        elif key not in seen:
            seen.add(key)
            yield from _item(entry, number, key, publisher)


def _item(entry: Any, number: int, key: str, publisher: str) -> Iterator[Extract | LoadError]:
    title, link = line_of(entry.get("title")), address_of(entry.get("link"))
    origin = Origin(
        url=link,
        author=line_of(entry.get("author")),
        publisher=publisher,
        date=_day(entry),
        tags=tags_of(tag.get("term") for tag in entry.get("tags") or ()),
    )
    parts = _own_text(entry)
    length = sum(map(len, parts))
    if link and length < LEAST_TEXT and not entry.get("content"):
        yield Extract("", title, origin, key=key, link=link)
    elif length:
        heading = [f"# {title}"] if title and parts[0] != title else []
        yield Extract(paragraphs([*heading, *parts]), title, origin, key=key)
    else:
        yield LoadError(f"item {number}: has neither a text nor an address.")


def _own_text(entry: Any) -> list[str]:
    """The paragraphs of an item's content, or else of its summary."""
    contents = [content.get("value") or "" for content in entry.get("content") or ()]
    markup = max([*contents, ""], key=len) or entry.get("summary") or ""
    return fragment(str(markup))


def _key(entry: Any) -> str:
    """What names an item in its feed: its id, its address, or else its title."""
    return key_of(entry.get("id")) or key_of(entry.get("link")) or key_of(entry.get("title"))


def _day(entry: Any) -> str:
    """The day of publication as the feed writes it, else as feedparser reads it (in UTC)."""
    for name in ("published", "updated"):
        parsed = entry.get(f"{name}_parsed")
        read = "{:04d}-{:02d}-{:02d}".format(*parsed[:3]) if parsed else ""
        day = day_of(entry.get(name)) or day_of(read)
        if day:
            return day
    return ""


def _library() -> Any:
    try:
        import feedparser
        import lxml.html  # noqa: F401
    except ImportError as error:
        raise LoadError(
            "feeds need an extra that is not installed: pip install 'qabot[feeds]'"
        ) from error
    return feedparser
