"""Word files (.docx), through python-docx: paragraphs, headings, lists, tables and properties."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from qabot.article import read_blocks
from qabot.errors import LoadError
from qabot.loading.fields import line_of, paragraphs, tags_of
from qabot.loading.markup import LONGEST_CELL, row_of
from qabot.loading.model import Extract, Hints
from qabot.loading.plain import day_of_head
from qabot.types import Origin

MOST_PARTS = 5_000
LARGEST_UNPACKED = 64 * 1024 * 1024
"""Bytes that the parts of a file may have together, unpacked; pictures are seldom packed at all."""
_BROKEN = "is a broken Word file. Open it and save it again as .docx."
_HEADING = re.compile(r"heading (\d)", re.I)
_NAMESPACE = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_RULE = re.compile(r"---(?: \| ---)*")
_SPACES = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


def read(data: bytes, hints: Hints) -> Iterator[Extract]:
    """The article in a Word file.

    Raises LoadError: broken, encrypted, empty, or unpacking to far more than an article has.
    """
    docx = _library()
    _check_archive(data)
    try:
        document = docx.Document(io.BytesIO(data))
        parts = _paragraphs(document)
        about = document.core_properties
        title, author, keywords = about.title, about.author, about.keywords
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # python-docx raises whatever its parts do on what it did not expect
        raise LoadError(_BROKEN) from error
    text = paragraphs(parts)
    if not text:
        raise LoadError("holds no text.")
    # Word writes the program's name where nobody wrote their own.
    author = "" if line_of(author).lower() in ("python-docx", "microsoft office user") else author
    origin = Origin(
        author=line_of(author), date=day_of_head(text, read_blocks(text)), tags=tags_of([keywords])
    )
    yield Extract(text, _title(parts) or line_of(title), origin)


def _check_archive(data: bytes) -> None:
    """Raise LoadError for what would fill the memory; what an archive says of itself is a bound.

    Python unpacks no more of a part than the archive says it has.
    """
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise LoadError("is encrypted, or an old .doc file. Save it as .docx without a password.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise LoadError(_BROKEN) from error
    size = sum(part.file_size for part in parts)
    if len(parts) > MOST_PARTS or size > LARGEST_UNPACKED:
        raise LoadError(
            f"unpacks to {size // 1024 // 1024:,} MiB in {len(parts):,} parts; an article may have "
            f"{LARGEST_UNPACKED // 1024 // 1024} MiB in {MOST_PARTS:,}."
        )


def _paragraphs(document: Any) -> list[str]:
    """The paragraphs in order: headings as in Markdown, rows of tables on a line each."""
    styles = {style.style_id: str(style.name) for style in document.styles}
    found: list[str] = []
    row: Any = None
    above: dict[int, str] = {}
    for event, element in _walk(document.element.body):
        tag = element.tag.removeprefix(_NAMESPACE)
        if tag == "tr":
            if event == "start" and row is None:
                row = element
            elif event == "end" and row is element:
                found += _row(element, above)
                row = None
        elif tag == "tbl" and row is None:
            above = {}
        elif tag == "p" and event == "end" and row is None:
            text = _text(element)
            found.append(_lead(element, styles, text) + text)
    return [text for text in found if text.strip("# -\n\t|") or _RULE.fullmatch(text)]


def _row(row: Any, above: dict[int, str]) -> Iterator[str]:
    """A row as a line, and one that parts it from the others where it is the head of its table.

    A cell that goes on from the row ``above`` says the same. Where a cell is long the table is
    there for the layout, and its paragraphs are such.
    """
    cells: list[str] = []
    texts: list[str] = []
    for cell in row.iter(f"{_NAMESPACE}tc"):
        if next(cell.iterancestors(f"{_NAMESPACE}tr")) is not row:
            continue
        own = [" ".join(_text(each).split()) for each in cell.iter(f"{_NAMESPACE}p")]
        said = " ".join(filter(None, own))
        texts += own
        if _property(cell, "tcPr", "vMerge") not in (None, "restart"):
            said = said or above.get(len(cells), "")
        above[len(cells)] = said
        width = _property(cell, "tcPr", "gridSpan") or ""
        more = int(width) - 1 if width.isdigit() and len(width) < 3 else 0
        cells += [said, *[""] * more]
    if max(map(len, cells), default=0) > LONGEST_CELL:
        yield from filter(None, texts)
    elif any(cells):
        yield row_of(cells)
        if _property(row, "trPr", "tblHeader") is not None:
            yield row_of(["---"] * len(cells))


def _property(element: Any, properties: str, name: str) -> str | None:
    """The value of a property of a cell or a row, "" where it has none; None if it is not set."""
    found = element.find(f"{_NAMESPACE}{properties}/{_NAMESPACE}{name}")
    return None if found is None else found.get(f"{_NAMESPACE}val") or ""


def _walk(body: Any) -> Iterator[tuple[str, Any]]:
    from lxml import etree

    tags = tuple(f"{_NAMESPACE}{name}" for name in ("p", "tr", "tbl"))
    yield from etree.iterwalk(body, events=("start", "end"), tag=tags)


def _text(paragraph: Any) -> str:
    """The words of a paragraph as they are now: insertions are in, deletions are not."""
    words: list[str] = []
    for element in paragraph.iter():
        tag = element.tag.removeprefix(_NAMESPACE) if isinstance(element.tag, str) else ""
        if tag != "t" and tag not in _SPACES:
            continue
        if next(element.iterancestors(f"{_NAMESPACE}p")) is not paragraph:
            continue  # of a text box inside, which is a paragraph of its own
        if next(element.iterancestors(_FALLBACK), None) is None:
            words.append(element.text or "" if tag == "t" else _SPACES[tag])
    return "".join(words)


def _lead(paragraph: Any, styles: dict[str, str], text: str) -> str:
    """What stands before a heading, a title or the item of a list."""
    properties = paragraph.find(f"{_NAMESPACE}pPr")
    style = properties.find(f"{_NAMESPACE}pStyle") if properties is not None else None
    name = styles.get(style.get(f"{_NAMESPACE}val"), "").lower() if style is not None else ""
    heading = _HEADING.fullmatch(name)
    if "\n" in text or not text.strip():
        return ""
    if name == "title":
        return "# "
    if heading:
        return "#" * min(6, 1 + int(heading[1])) + " "
    is_item = name.startswith("list ") or (
        properties is not None and properties.find(f"{_NAMESPACE}numPr") is not None
    )
    return "- " if is_item else ""


def _title(parts: list[str]) -> str:
    return next((line_of(part[2:]) for part in parts if part.startswith("# ")), "")


def _library() -> Any:
    try:
        import docx
    except ImportError as error:
        raise LoadError(
            "Word files need an extra that is not installed: pip install 'qabot[docx]'"
        ) from error
    return docx
