"""Tables of a page: those that only place text are undone, cells that span rows filled in. Pure."""

from __future__ import annotations

from typing import Any

from qabot.loading.markup import LONGEST_CELL
from qabot.loading.shaping import HEADINGS, made, wrap_loose

_SHORTEST_TEXT = 40
"""Code points that the cells of a layout table have on average, where one stands in a row."""
_MOST_FILLED = 2_000
"""Cells that are repeated on a page, at most."""


def undo_layout_tables(tree: Any) -> None:
    """Make plain boxes of tables that only place paragraphs on a page."""
    tables: dict[Any, list[Any]] = {table: [] for table in tree.iter("table")}
    for row in tree.iter("tr"):
        table = next(row.iterancestors("table"), None)
        if table is not None:
            tables[table].append(row)
    blocks = tree.iter("table", *HEADINGS)
    parted = {next(block.iterancestors("td", "table"), None) for block in blocks}
    undone = [table for table, rows in tables.items() if _is_layout(table, rows, parted)]
    body = tree.find("body")
    if undone and body is not None and next(tree.iter("article", "main"), None) is None:
        _name_article(body, undone)
    for table in undone:
        for row in tables[table]:
            for cell in _cells(row):
                wrap_loose(cell)
                cell.tag = "div"
            row.tag = "div"
        for part in table.findall("tbody"):
            part.tag = "div"
        table.tag = "div" if table.tag == "table" else table.tag


def _name_article(body: Any, tables: list[Any]) -> None:
    """Name that of some tables that holds most of a page its article; if all do, all of it."""
    outer = [table for table in tables if next(table.iterancestors("table"), None) is None]
    sizes = [sum(map(len, table.itertext())) for table in outer]
    total = sum(map(len, body.itertext()))
    if 3 * max(sizes, default=0) >= 2 * total:
        outer[sizes.index(max(sizes))].tag = "article"
    elif 2 * sum(sizes) >= total:
        article = made(body, "article", body.text)
        article.extend(list(body))
        body.text = None
        body.append(article)


def _is_layout(table: Any, rows: list[Any], parted: set[Any]) -> bool:
    """Whether a table says so, or heads no columns and holds other blocks or one text a row."""
    if (table.get("role") or "") in ("presentation", "none"):
        return True
    cells = [_cells(row) for row in rows]
    if table.find("caption") is not None or any(cell.tag == "th" for row in cells for cell in row):
        return False
    if any(cell in parted for row in cells for cell in row):
        return True
    texts = [list(filter(None, map(_text_of, row))) for row in cells]
    alone = [row[0] for row in texts if len(row) == 1]
    is_text = sum(map(len, alone)) >= _SHORTEST_TEXT * len(alone)
    return is_text and 2 * len(alone) >= sum(map(bool, texts)) > 0


def _cells(row: Any) -> list[Any]:
    return [cell for cell in row if cell.tag in ("td", "th")]


def fill_spans(tree: Any) -> None:
    """Repeat a cell in each row that it spans, so that all cells stand in their columns."""
    room = _MOST_FILLED
    for table in tree.iter("table"):
        spanning: dict[int, tuple[int, Any]] = {}
        for row in table.iter("tr"):
            if next(row.iterancestors("table")) is table:
                room -= _fill_row(row, spanning, room)


def _fill_row(row: Any, spanning: dict[int, tuple[int, Any]], room: int) -> int:
    """Put the cells ``spanning`` it into a row, ``room`` at most; how many these were.

    Cells are known by their columns, with the rows that they span yet.
    """
    own = _cells(row)
    filled = column = 0
    while own or (column in spanning and filled < room):
        if column in spanning and filled < room:
            rows, cell = spanning.pop(column)
            copy = made(cell, cell.tag, _text_of(cell))
            if own:
                own[0].addprevious(copy)
            else:
                row.append(copy)
            filled += 1
        else:
            cell = own.pop(0)
            rows = _span(cell)
            cell.attrib.pop("rowspan", None)
        if rows > 1 and len(_text_of(cell)) <= LONGEST_CELL:
            spanning[column] = (rows - 1, cell)
        column += 1
    return filled


def _text_of(cell: Any) -> str:
    return " ".join("".join(cell.itertext()).split())


def _span(cell: Any) -> int:
    given = (cell.get("rowspan") or "").strip()
    return int(given) if given.isascii() and given.isdigit() and len(given) < 3 else 1
