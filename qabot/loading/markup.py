"""A tree of HTML, or of what trafilatura makes of it -> paragraphs and Markdown headings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

_HEADING = re.compile(r"h([1-6])")
_BLOCKS = frozenset(
    """address article aside blockquote body caption center dd details div dl dt fieldset figcaption
    figure footer form header hr li list item main nav ol p pre code quote section summary table
    tbody thead tr row ul head h1 h2 h3 h4 h5 h6""".split()
)
_SKIPPED = frozenset("script style template noscript svg math iframe object form button".split())
LINE_BREAK = "\ue00a"
"""Stands for the end of a line of typed text where blanks do not count; of no public meaning."""
NUMBER = "\ue00b"
"""Stands before the number of a list's item; of no public meaning."""
_BREAKS = frozenset(("br", "lb"))
_ROWS = frozenset(("tr", "row"))
_CELLS = frozenset(("td", "th", "cell"))
_ITEMS = frozenset(("li", "item"))
_BLOCKS_IN_CELLS = ("table", "list", "ul", "ol", "dl", "head", "h1", "h2", "h3", "h4", "h5", "h6")
LONGEST_CELL = 300
"""Code points in a table's cell; one with more, or with lists in it, is there for the layout."""


class _Paragraphs:
    """Gathers words until a block ends."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._lead = ""
        self._cell: Any = None
        self.done: list[str] = []

    def add(self, text: str | None) -> None:
        if text:
            self._words.append(re.sub(r"\s+", " ", text).replace(LINE_BREAK, "\0"))

    def end(self, lead: str = "") -> None:
        """End a paragraph; the next one begins with ``lead``."""
        lines = (" ".join(line.split()) for line in "".join(self._words).split("\0"))
        body = "\n".join(line for line in lines if line)
        if body.startswith(NUMBER) and self._lead == "- ":
            number, _, body = body[1:].partition(" ")
            self._lead = f"{number} "
        body = body.replace(NUMBER, "")
        if body:
            one_line = body.replace("\n", " ") if self._lead.startswith("#") else body
            self.done.append(self._lead + one_line)
            self._lead = ""
        self._words = []
        self._lead = lead or self._lead

    def drop_lead(self) -> None:
        self._lead = ""

    def open_cell(self, element: Any) -> None:
        """Until it is closed, no block ends the paragraph, if it is a cell of a real table."""
        if self._cell is None and _is_small(element):
            self._cell = element

    def close_cell(self, element: Any) -> None:
        if self._cell is element:
            self._cell = None

    def is_in_cell(self) -> bool:
        return self._cell is not None

    def define(self) -> None:
        """Go on with what a term means, on its line unless that asks or is a sentence."""
        term = "".join(self._words).rstrip()
        if not term or term.endswith(tuple("?.!")):
            self.end()
        else:
            self._words = [term, " " if term.endswith(":") else ": "]

    def break_line(self) -> None:
        self._words.append("\0")


def paragraphs_of(root: Any, events: Any) -> list[str]:
    """The paragraphs below ``root``; ``events`` is lxml's ``iterwalk``, which does not recurse."""
    found = _Paragraphs()
    skipped: Any = None
    for event, element in events(root, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if skipped is not None:
            if event == "end" and element is skipped:
                skipped = None
                found.add(element.tail)
        elif event == "start":
            if not tag or tag in _SKIPPED:
                skipped = element
                continue
            _begin(found, tag, element)
        else:
            _finish(found, tag, element)
            if element is not root:
                found.add(element.tail)
    found.end()
    return list(_tables_joined(found.done))


def _begin(found: _Paragraphs, tag: str, element: Any) -> None:
    if tag in _CELLS:
        found.open_cell(element)
    role = (element.get("rend") or "")[:2] if tag in _ITEMS else tag
    heading = _HEADING.fullmatch(element.get("rend") or "" if tag == "head" else tag)
    if found.is_in_cell():
        found.add(" ")
    elif tag in _BREAKS:
        found.break_line()
    elif role == "dd":
        found.define()
    elif tag in _BLOCKS:
        lead = "#" * max(2, int(heading[1])) + " " if heading else "- " if tag in _ITEMS else ""
        found.end("## " if tag == "head" and not heading else lead)
    found.add(element.text)


def _finish(found: _Paragraphs, tag: str, element: Any) -> None:
    if tag in _CELLS:
        found.close_cell(element)
        found.add(" | ")
    elif found.is_in_cell():
        found.add(" ")
    elif tag == "dt" or (tag in _ITEMS and (element.get("rend") or "").startswith("dt")):
        return  # what it means follows on its line
    elif tag in _BLOCKS:
        found.end()
        if tag in _ITEMS or tag.startswith("h"):
            found.drop_lead()
        if tag in _ROWS and _heads_columns(element):
            found.done.append(row_of(["---"] * len(element)))


def _heads_columns(row: Any) -> bool:
    """Whether all cells of a row are heads, and others follow."""
    cells = [cell for cell in row if cell.tag in _CELLS]
    marked = all(cell.tag == "th" or cell.get("role") == "head" for cell in cells)
    return (
        len(cells) > 1
        and marked
        and (row.getnext() is not None or row.getparent().tag in ("thead", "tbody"))
    )


def _is_small(cell: Any) -> bool:
    if any(cell.find(f".//{tag}") is not None for tag in _BLOCKS_IN_CELLS):
        return False
    size = 0
    for text in cell.itertext():
        size += len(text)
        if size > LONGEST_CELL:
            return False
    return True


def _tables_joined(parts: list[str]) -> Iterator[str]:
    """Rows without the bar after their last cell, and none of empty cells."""
    for part in parts:
        if not part.endswith("|"):
            yield part
            continue
        cells = [cell.strip() for cell in part[:-1].split("|")]
        if any(cells):
            yield row_of(cells)


def row_of(cells: Sequence[str]) -> str:
    """A row of a table as a line, with bars all around where a cell is empty."""
    row = " | ".join(cells)
    return row if all(cells) else f"| {row} |"
