"""Articles -> a table for a terminal, and the object that ``qabot sources --json`` prints."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table

from qabot.naming import address_of
from qabot.render.terminal import safe, shorten
from qabot.types import SourceInfo, SourcePage

_LONGEST = {"title": 100, "publisher": 24}
"""Code points shown, however wide the terminal is."""
_ROOMY = 140
"""Columns from which there is room for where an article is from."""
_READABLE = 40
"""Columns that titles get where they need them, before ids stand on lines of their own."""
_HEADINGS = ["title", "publisher", "date", "passages", "id", "from"]
_SHARES = {1: 6, 4: 3}
"""Of a narrow terminal publisher and id get at most a sixth and a third."""
_WHOLE = ("id", "from")
_STYLES = {"id": "cyan", "from": "dim"}
_NARROWEST, _GAP = 9, 2


def table(page: SourcePage) -> RenderableType:
    """A line an article; what is too long for the terminal is cut, but for the ids.

    Ids stand below the titles where beside them one or the other would be cut.
    """
    return _Listing(page)


class _Listing:
    def __init__(self, page: SourcePage) -> None:
        self._page = page

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        rows = [_HEADINGS, *map(_cells, self._page.sources)]
        if width < _ROOMY:
            rows = [row[:-1] for row in rows]
        needed = [max(cell_len(cell) for cell in column) for column in zip(*rows, strict=True)]
        widths = _fitted(needed, width)
        is_all_there = widths[0] >= min(needed[0], _READABLE) and widths[4] == needed[4]
        if width >= _ROOMY or is_all_there:
            yield _grid(rows, widths)
            return
        widths = _fitted(needed[:4], width)
        for number, row in enumerate(rows):
            yield _grid([row[:4]], widths, number)
            yield safe(f"  {row[4]}", _STYLES["id"] if number else "dim")


def _fitted(needed: list[int], width: int) -> list[int]:
    """The columns' widths, so that all are as wide as the terminal at most."""
    widths = list(needed)
    for number, share in _SHARES.items():
        if number < len(widths):
            widths[number] = min(widths[number], max(_NARROWEST, width // share))
    spare = width - sum(widths) - _GAP * (len(widths) - 1)
    widths[0] = max(_NARROWEST, widths[0] + min(0, spare))
    return widths


def _grid(rows: list[list[str]], widths: list[int], first: int = 0) -> Table:
    """Rows, the ``first`` of which has this number; number 0 are the headings."""
    found = Table.grid(padding=(0, _GAP, 0, 0))
    for heading, room in zip(_HEADINGS, widths, strict=False):
        found.add_column(
            width=room,
            no_wrap=heading not in _WHOLE,
            overflow="fold" if heading in _WHOLE else "ellipsis",
            justify="right" if heading == "passages" else "left",
            style=_STYLES.get(heading, ""),
        )
    for number, row in enumerate(rows, start=first):
        found.add_row(*map(safe, row), style="" if number else "dim")
    return found


def _cells(source: SourceInfo) -> list[str]:
    return [
        shorten(source.title, _LONGEST["title"]),
        shorten(source.origin.publisher, _LONGEST["publisher"]) or "-",
        shorten(source.origin.date, 10) or "-",
        f"{source.passages:,}",
        " ".join(source.id.split()),
        " ".join(address_of(source).split()),
    ]


def place_in_list(page: SourcePage, first: int) -> str:
    """Which articles of how many are shown, and how to see further ones; empty for all of them."""
    if len(page.sources) == page.total:
        return ""
    shown = f"{first:,} to {first + len(page.sources) - 1:,} of {page.total:,} articles."
    return f"{shown} Further ones: --page {page.next}" if page.next else shown


def json_object(page: SourcePage) -> dict[str, Any]:
    """The page as ``--json`` prints it; what is not known of an origin is null."""
    return {
        "sources": [_object(source) for source in page.sources],
        "total": page.total,
        "next": page.next,
    }


def _object(source: SourceInfo) -> dict[str, Any]:
    found = asdict(source)
    origin = found.pop("origin")
    tags = list(origin.pop("tags"))
    return {**found, **{name: value or None for name, value in origin.items()}, "tags": tags}
