"""Web pages: trafilatura finds the article on the page and what it says of itself."""

from __future__ import annotations

import codecs
import logging
import re
from collections.abc import Iterator
from typing import Any

from qabot.article import read_blocks
from qabot.dates import day_in_address
from qabot.errors import LoadError
from qabot.loading.fields import address_of, clean_text, line_of, paragraphs, tags_of
from qabot.loading.markup import LONGEST_CELL, paragraphs_of
from qabot.loading.model import Extract, Hints
from qabot.loading.plain import day_of_head
from qabot.loading.published import day_published
from qabot.types import Origin
from qabot.words import fold

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.I)
_DECLARED_XML = re.compile(rb"<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]{2,40})", re.I)
_CHARSET = re.compile(
    r"utf-?8|utf-?16(?:-?[bl]e)?|us-ascii|ascii|iso-?8859-?\d{1,2}|latin-?\d|(?:windows|cp)-?125\d"
    r"|koi8-[ru]|gb2312|gbk|gb18030|big5(?:-hkscs)?|euc-(?:jp|kr)|shift_jis|iso-2022-jp|macintosh"
    r"|tis-620",
    re.I,
)
_READ_FOR_CHARSET = 4_096
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
    _keep_captions(tree, etree)
    _keep_boxes(tree)
    _fill_spans(tree, etree)
    found = trafilatura.bare_extraction(
        tree,
        url=hints.url or None,
        with_metadata=True,
        include_comments=False,
        date_extraction_params=_DATES,  # not used, since it guesses; so it shall not look long
    )
    title = line_of(found.title) if found else ""
    parts = paragraphs_of(found.body, etree.iterwalk) if found and found.body is not None else []
    text = paragraphs(_below_title(title, parts))
    if not any(not part.startswith("#") for part in parts):
        raise LoadError("no article was found on the page. Save its text as a .txt file.")
    url = hints.url or address_of(found.url)
    origin = Origin(
        url=url,
        author=line_of(found.author),
        publisher=line_of(found.sitename),
        date=day or day_in_address(url) or day_of_head(text, read_blocks(text)),
        tags=tags_of([*(found.tags or ()), *(found.categories or ())]),
    )
    yield Extract(text, title, origin)


def decode(data: bytes, charset: str = "") -> str:
    """A page as text: by its byte order mark, the ``charset`` it came with, or what it declares.

    Else it is UTF-8 where it can be, or Windows-1252. What is broken becomes U+FFFD.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    start = data[:_READ_FOR_CHARSET]
    declared = _DECLARED_XML.match(start) or _DECLARED.search(start)
    for name in (charset, declared[1].decode("ascii", "replace") if declared else ""):
        if _CHARSET.fullmatch(name):
            is_latin = re.fullmatch(r"iso-?8859-?1|latin-?1|us-ascii|ascii", name, re.I)
            return _decoded(data, "windows-1252" if is_latin else name)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("windows-1252", "replace")


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode(name, "replace")
    except LookupError:  # a name of the right form that Python does not have
        return data.decode("utf-8", "replace")


def fragment(markup: str) -> list[str]:
    """The paragraphs of a piece of HTML, such as the content of a feed's item."""
    from lxml import etree

    root = _parsed(f"<div>{markup}</div>")
    return [] if root is None else paragraphs_of(root, etree.iterwalk)


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
    rest = list(parts)
    if rest and fold(rest[0].lstrip("# ")) == fold(title):
        del rest[0]
    return [f"# {title}", *rest]


def _keep_captions(tree: Any, etree: Any) -> None:
    """Put captions in place of their figures, which trafilatura drops as a whole."""
    for caption in list(tree.iter("figcaption")):
        figure = next(caption.iterancestors("figure"), None)
        if figure is None or figure.getparent() is None:
            continue
        paragraph = etree.SubElement(figure.getparent(), "p")
        paragraph.text = " ".join(clean_text("".join(caption.itertext())).split())
        paragraph.tail, figure.tail = figure.tail, None
        figure.addprevious(paragraph)
        if len(figure.findall(".//figcaption")) == 1:
            figure.getparent().remove(figure)
        else:
            caption.getparent().remove(caption)


def _keep_boxes(tree: Any) -> None:
    """Keep boxes of facts beside an article, which trafilatura drops with all that stands aside."""
    for box in list(tree.iter("aside")):
        lines = sum(1 for _ in box.iter("p", "li", "dt", "tr"))
        acts = any(box.find(f".//{tag}") is not None for tag in ("form", "button", "input", "nav"))
        within = next(box.iterancestors("article", "main"), None) is not None
        if lines > 1 and within and not acts:
            linked = sum(len("".join(link.itertext())) for link in box.iter("a"))
            if linked * 5 <= len("".join(box.itertext())):
                box.tag = "div"


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
    own = [cell for cell in row if cell.tag in ("td", "th")]
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
