"""The lines of a document's pages, with where they stand -> paragraphs. Pure.

A PDF has no paragraphs, only letters at places. What belongs together is told by the distance
between lines, their indents and their size; a paragraph may go on over the end of a page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from qabot.loading.fields import check_length, clean_text

_SENTENCE_END = re.compile(r"[.!?…:;。！？][\"'”’»)\]]*$")
_BULLET = re.compile(r"(?:[•●▪◦‣∙·*–—-]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+\S")
_DIGITS = re.compile(r"\d+|\b[ivxlc]+\b")
_WIDER = 1.3
"""A gap between lines so many times the usual one ends a paragraph."""
_INDENT = 0.6
"""Widths of a letter, as of the line's height, by which a first line is set in."""
_SHORT = 0.85
"""The last line of a paragraph ends before this share of the page's longest."""
_EDGE = 2
"""Lines at the top and at the bottom of a page that may be its head and foot."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page: its text, its ends from the left, its height from the bottom, its size."""

    text: str
    left: float = 0.0
    right: float = 0.0
    height: float = 0.0
    size: float = 0.0


def text_of(pages: Sequence[Sequence[Line]]) -> tuple[str, tuple[int, ...]]:
    """The text of the pages, and the offset at which each begins.

    Page numbers and what stands at the head or foot of most pages is left out.
    """
    kept = _without_furniture(pages)
    pages = kept if any(kept) else pages
    words, usual = _hyphenated(pages), _usual_gap(pages)
    pieces: list[str] = []
    offsets: list[int] = []
    length = 0
    before: Line | None = None
    for page in pages:
        edge = max((line.right for line in page), default=0.0)
        offsets.append(length)
        for number, line in enumerate(page):
            text, joint = clean_text(line.text).replace("\n", " ").strip(), ""
            if before is not None:
                starts = (
                    _starts_over(before, line)
                    if number == 0
                    else _starts(before, line, usual, edge)
                )
                joint = "\n\n" if starts else _joint(pieces, text, words)
            if number == 0:
                offsets[-1] = length + len(joint)
            pieces += [joint, text]
            length += len(joint) + len(text)
            check_length(length)
            before = line
    last = len("".join(pieces))
    return "".join(pieces), tuple(min(offset, last) for offset in offsets)


def _starts(before: Line, line: Line, usual: float, edge: float) -> bool:
    """Whether a line begins a paragraph, by where it and the one above stand."""
    gap = before.height - line.height
    if gap <= 0:  # another column
        return _starts_over(before, line)
    if usual and gap > usual * _WIDER * (line.size or 1):
        return True
    if _is_other_size(before, line) or _BULLET.match(line.text):
        return True
    ended = _SENTENCE_END.search(before.text) is not None
    if line.left - before.left > _INDENT * (line.size or gap) and ended:
        return True
    return ended and before.right < edge * _SHORT


def _starts_over(before: Line, line: Line) -> bool:
    """Whether a line begins a paragraph at the top of a page or column."""
    if _is_other_size(before, line) or _BULLET.match(line.text):
        return True
    return _SENTENCE_END.search(before.text) is not None and not line.text[:1].islower()


def _is_other_size(before: Line, line: Line) -> bool:
    small, large = sorted((before.size, line.size))
    return small > 0 and large / small > 1.12


def _usual_gap(pages: Sequence[Sequence[Line]]) -> float:
    """The distance between the lines of a paragraph, in sizes of their letters; 0 if unknown."""
    pairs = (pair for page in pages for pair in pairwise(page))
    gaps = sorted(
        (above.height - below.height) / (below.size or 1)
        for above, below in pairs
        if above.height > below.height and not _is_other_size(above, below)
    )
    return gaps[len(gaps) // 4] if len(gaps) > 2 else 0.0


def _joint(pieces: list[str], text: str, words: Counter[str]) -> str:
    """What stands between two lines of a paragraph; a hyphen that only broke a word goes."""
    last = pieces[-1]
    first = re.match(r"[^\W\d_]+", text)
    broken = re.search(r"([^\W\d_]+)-$", last)
    if broken is None or first is None or not first[0][0].islower():
        return "" if not last or not text else " "
    if not words[f"{broken[1]}-{first[0]}".lower()]:
        pieces[-1] = last[:-1]
    return ""


def _hyphenated(pages: Sequence[Sequence[Line]]) -> Counter[str]:
    """The words that are written with a hyphen inside of lines."""
    found = re.compile(r"[^\W\d_]+-[^\W\d_]+")
    return Counter(
        word.lower() for page in pages for line in page for word in found.findall(line.text)
    )


def _without_furniture(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The pages without their numbers, and without lines that most of them have at an edge."""
    if len(pages) < 3:
        return [list(page) for page in pages]
    seen = Counter(shape for page in pages for shape in {_shape(line) for line in _edges(page)})
    often = {
        shape
        for shape, count in seen.items()
        if count > len(pages) / 2 or (count > 2 and (shape[:1] == "#" or shape[-1:] == "#"))
    }
    kept = []
    for page in pages:
        edges = {id(line) for line in _edges(page) if _shape(line) in often}
        kept.append([line for line in page if id(line) not in edges])
    return kept


def _edges(page: Sequence[Line]) -> list[Line]:
    return [*page[:_EDGE], *page[_EDGE:][-_EDGE:]]


def _shape(line: Line) -> str:
    """A line with its numbers masked: "Page 3" and "Page 4" are alike."""
    return " ".join(_DIGITS.sub("#", line.text.casefold()).split())
