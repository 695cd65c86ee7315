"""Web pages: trafilatura finds the article on the page and what it says of itself."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from qabot.article import read_blocks
from qabot.dates import day_in_address
from qabot.errors import LoadError
from qabot.loading.fields import address_of, clean_text, line_of, paragraphs, tags_of, without_site
from qabot.loading.markup import LINE_BREAK, LONGEST_CELL, paragraphs_of
from qabot.loading.model import Extract, Hints
from qabot.loading.plain import day_of_head, decode
from qabot.loading.published import day_published, sites_named
from qabot.loading.shaping import HEADINGS, INLINE, made, plain, shape, wrap_loose
from qabot.loading.tidying import preceding, short_text, tidy
from qabot.types import Origin
from qabot.words import fold

_CAPTION = re.compile(
    r"(?:^|[\s_-])(?:captions?|(?:photo|image|picture|img|media)[_-]{0,2}(?:caption|credits?))"
    r"(?:[_-]{1,2}(?:text|content|credit))?(?:\s|$)|(?:image|photo|picture)(?:Caption|Credit)",
)
_CAPTIONS = ("p", "div", "span", "small", "em", "i", "cite")
_LONGEST_CAPTION = 600
_RAISED = str.maketrans("0123456789+-−–", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")
_FEW = 750
_SHORTEST_TEXT = 40
"""Code points that the cells of a layout table have on average, where one stands in a row."""
_MOST_FILLED = 2_000
"""Cells that are repeated on a page, at most."""
_DATES = {"extensive_search": False, "original_date": True, "outputformat": "%Y-%m-%d"}


def read(data: bytes, hints: Hints) -> Iterator[Extract]:
    """The article on a page. Raises LoadError where there is none, or no library to find it."""
    trafilatura, etree = _libraries()
    tree = _parsed(decode(data, hints.charset))
    if tree is None:
        raise LoadError("holds no HTML page.")
    day = day_published(tree)
    sites, headings = sites_named(tree), [line_of(one.text_content()) for one in tree.iter("h1")]
    _prepare(tree, etree)
    found = trafilatura.bare_extraction(
        tree,
        url=hints.url or None,
        with_metadata=True,
        include_comments=False,
        date_extraction_params=_DATES,  # not used, since it guesses; so it shall not look long
    )
    url = hints.url or address_of(found.url if found else "")
    title = without_site(line_of(found.title), sites, url, headings) if found else ""
    parts = paragraphs_of(found.body, etree.iterwalk) if found and found.body is not None else []
    text = paragraphs(_below_title(title, parts))
    if not any(not part.startswith("#") for part in parts):
        raise LoadError("no article was found on the page. Save its text as a .txt file.")
    origin = Origin(
        url=url,
        author=line_of(found.author),
        publisher=line_of(found.sitename),
        date=day or day_in_address(url) or day_of_head(text, read_blocks(text)),
        tags=tags_of([*(found.tags or ()), *(found.categories or ())]),
    )
    yield Extract(text, title, origin)


def _prepare(tree: Any, etree: Any) -> None:
    """Bring a tree into the form from which trafilatura takes an article, and no more than that."""
    had_few = _has_few(tree)
    tidy(tree)
    shape(tree)
    _undo_layout_tables(tree)
    _keep_captions(tree)
    _keep_inline(tree)
    _fill_spans(tree, etree)
    if had_few and not _has_few(tree):
        for box in list(tree.iter("div", "section", "article", "main")):
            wrap_loose(box)


def _has_few(tree: Any) -> bool:
    """Whether there is so little in paragraphs that trafilatura takes other text as well."""
    texts = (text for paragraph in tree.iter("p") for text in paragraph.itertext())
    return not any(length >= _FEW for length in accumulate(map(len, texts)))


def fragment(markup: str) -> list[str]:
    """The paragraphs of a piece of HTML, such as the content of a feed's item."""
    from lxml import etree

    root = _parsed(f"<div>{markup}</div>")
    if root is None:
        return []
    _prepare(root, etree)
    return paragraphs_of(root, etree.iterwalk)


def _parsed(page: str) -> Any:
    """The tree of a page, whatever it says of its encoding; None where there is nothing in it."""
    from lxml import etree, html

    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    data = clean_text(page).encode("utf-8")
    try:
        return html.document_fromstring(data, parser=parser)
    except (etree.LxmlError, ValueError):
        return None


def _below_title(title: str, parts: list[str]) -> list[str]:
    """The paragraphs below a heading with the title, which often stands first among them."""
    if not title:
        return parts
    rest = [
        part for part in parts if not (part[0] == "#" and fold(part.lstrip("# ")) == fold(title))
    ]
    if rest and fold(rest[0]) == fold(title):
        del rest[0]
    return [f"# {title}", *rest]


def _keep_captions(tree: Any) -> None:
    """Put captions in place of their figures, which trafilatura drops as a whole."""
    for caption in list(tree.iter("figcaption")):
        if next(caption.iterancestors("figcaption"), None) is None:
            _put_before(caption, next(caption.iterancestors("figure"), None))
    for caption in list(tree.iter(*_CAPTIONS)):
        if _CAPTION.search(caption.get("class") or "") and _is_caption(caption):
            _put_before(caption, next(caption.iterancestors("figure"), caption))
    for block in tree.iter("blockquote", "pre", "p", "table"):
        for figure in block.iterancestors("figure"):
            figure.tag = "div"


def _is_caption(element: Any) -> bool:
    """Whether what is called a caption is a short text, and no picture with one or part of one."""
    others = (*HEADINGS, "img", "table", "li")
    is_short = len(short_text(element, _LONGEST_CAPTION, 40) or "") > 0
    is_inline = element.tag in INLINE and (preceding(element) + (element.tail or "")).strip()
    return (
        is_short
        and not is_inline
        and not any(element.find(f".//{tag}") is not None for tag in others)
    )


def _put_before(caption: Any, figure: Any) -> None:
    if figure is None or figure.getparent() is None:
        return
    text = clean_text(" ".join("".join(caption.itertext()).split()))
    place = next(figure.iterancestors("p"), figure)
    place.addprevious(made(figure, "p", text))
    for box in place.iterancestors():
        if "caption" in f"{box.get('class')} {box.get('id')}":  # by which it would be dropped
            box.attrib.pop("class", None)
            box.attrib.pop("id", None)
    caption.drop_tree()


def _keep_inline(tree: Any) -> None:
    """Keep times and insertions within sentences, powers, and the lines of what is typed."""
    for element in list(tree.iter("time", "ins")):
        if (preceding(element) + (element.tail or "")).strip():
            plain(element, "span")
    for element in tree.iter("sup"):
        is_power = re.fullmatch(r"[-+−–]?\d{1,3}", element.text or "") and not len(element)
        if is_power and preceding(element)[-1:].isdigit():
            element.text = element.text.translate(_RAISED)
    for typed in tree.iter("pre"):
        if next(typed.iterancestors("pre"), None) is not None:
            continue
        for element in typed.iter():
            if element.text:
                element.text = element.text.replace("\n", f"{LINE_BREAK}\n")
            if element.tail and element is not typed:
                element.tail = element.tail.replace("\n", f"{LINE_BREAK}\n")


def _undo_layout_tables(tree: Any) -> None:
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


def _fill_spans(tree: Any, etree: Any) -> None:
    """Repeat a cell in each row that it spans, so that all cells stand in their columns."""
    room = _MOST_FILLED
    for table in tree.iter("table"):
        spanning: dict[int, tuple[int, Any]] = {}
        for row in table.iter("tr"):
            if next(row.iterancestors("table")) is table:
                room -= _fill_row(row, spanning, room, etree)


def _fill_row(row: Any, spanning: dict[int, tuple[int, Any]], room: int, etree: Any) -> int:
    """Put the cells ``spanning`` it into a row, ``room`` at most; how many these were.

    Cells are known by their columns, with the rows that they span yet.
    """
    own = _cells(row)
    filled = column = 0
    while own or (column in spanning and filled < room):
        if column in spanning and filled < room:
            rows, cell = spanning.pop(column)
            copy = etree.Element(cell.tag)
            copy.text = _text_of(cell)
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


def _libraries() -> tuple[Any, Any]:
    try:
        import trafilatura
        from lxml import etree
    except ImportError as error:
        raise LoadError(
            "web pages need an extra that is not installed: pip install 'qabot[html]'"
        ) from error
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    logging.getLogger("htmldate").setLevel(logging.CRITICAL)
    return trafilatura, etree
