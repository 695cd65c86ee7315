"""PDF files, through PDFium: the text of each page, with where its lines stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qabot.article import read_blocks, title_of
from qabot.errors import LoadError
from qabot.loading.fields import check_length, line_of, tags_of
from qabot.loading.lines import Line, text_of
from qabot.loading.model import Extract, Hints
from qabot.loading.plain import day_of_head
from qabot.types import Origin

MOST_PAGES = 5_000
_SOFT_HYPHENS = dict.fromkeys((0x02, 0xAD, 0xFFFE))
_NEEDS_PASSWORD, _UNKNOWN_SECURITY = 4, 5  # FPDF_ERR_PASSWORD, FPDF_ERR_SECURITY


def read(data: bytes, hints: Hints) -> Iterator[Extract]:
    """The article in a PDF file, with its pages.

    Raises LoadError: broken, encrypted, without text (as scans are), or with too many pages.
    """
    library = _library()
    document = _open(library, data)
    try:
        if len(document) > MOST_PAGES:
            raise LoadError(
                f"has {len(document):,} pages; an article may have {MOST_PAGES:,}. Split it."
            )
        pages, length = [], 0
        for number in range(len(document)):
            lines = _lines(library, document, number)
            length += sum(len(line.text) for line in lines)
            check_length(length)
            pages.append(lines)
        about = document.get_metadata_dict()
    finally:
        document.close()
    text, offsets = text_of(pages)
    if not text.strip():
        raise LoadError(
            "holds no text, only pictures of it, as scans do. Recognise its text first, for "
            "example: ocrmypdf IN.pdf OUT.pdf"
        )
    blocks = read_blocks(text)
    origin = Origin(
        author=line_of(about.get("Author")),
        date=day_of_head(text, blocks),
        tags=tags_of([about.get("Keywords")]),
    )
    yield Extract(text, line_of(about.get("Title")) or title_of(text, blocks), origin, offsets)


def _open(library: Any, data: bytes) -> Any:
    try:
        return library.PdfDocument(data)
    except library.PdfiumError as error:
        if getattr(error, "err_code", None) in (_NEEDS_PASSWORD, _UNKNOWN_SECURITY):
            raise LoadError(
                "is encrypted. Save a copy without a password, for example: "
                "qpdf --decrypt --password=... IN.pdf OUT.pdf"
            ) from error
        raise LoadError("is a broken PDF file. Get it again, or print it to a new PDF.") from error


def _lines(library: Any, document: Any, number: int) -> list[Line]:
    """The lines of a page; none where the page is broken."""
    try:
        page = document[number]
    except library.PdfiumError:
        return []
    try:
        words = page.get_textpage()
        try:
            return _lines_of(library.raw, words.raw, words.count_chars())
        finally:
            words.close()
    except library.PdfiumError:
        return []
    finally:
        page.close()


def _lines_of(raw: Any, words: Any, count: int) -> list[Line]:
    check_length(count)
    codes = [raw.FPDFText_GetUnicode(words, place) for place in range(count)]
    lines: list[Line] = []
    start = 0
    for place in range(count + 1):
        if place < count and codes[place] not in (10, 13):
            continue
        visible = [at for at in range(start, place) if codes[at] > 32]
        if visible:
            text = _text(codes[start:place])
            lines.append(Line(text, *_place(raw, words, visible[0], visible[-1])))
        start = place + 1
    return lines


def _text(codes: list[int]) -> str:
    """Letters of code units, without the hyphens that only broke a word at a line's end."""
    text = "".join(map(chr, codes)).translate(_SOFT_HYPHENS)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _place(raw: Any, words: Any, first: int, last: int) -> tuple[float, float, float, float]:
    """The left and right end of a line, its height, and the size of its letters."""
    from ctypes import c_double

    left, bottom, right, unused = c_double(), c_double(), c_double(), c_double()
    raw.FPDFText_GetCharOrigin(words, first, left, bottom)
    raw.FPDFText_GetCharBox(words, last, unused, right, unused, unused)
    return left.value, right.value, bottom.value, float(raw.FPDFText_GetFontSize(words, first))


def _library() -> Any:
    try:
        import pypdfium2
    except ImportError as error:
        raise LoadError(
            "PDF files need an extra that is not installed: pip install 'qabot[pdf]'"
        ) from error
    return pypdfium2
