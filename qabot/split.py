"""Document -> passages with exact spans. Pure.

A passage is a paragraph, or neighbouring paragraphs where they are tiny, rows of a table or where a
quotation goes on, or part of a paragraph, cut between sentences, where it is long.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from qabot.article import read_blocks
from qabot.layout import cells
from qabot.sentences import asks, sentence_spans
from qabot.types import Block, BlockKind, Document, Passage

LONGEST = 700
"""Code points in a passage, except where a sentence or a quotation with its speaker is longer."""
HARD_LIMIT = 2_000
"""Code points in any passage, whatever the text."""
TINY = 60
FINGERPRINT = f"qabot-passages-7:{LONGEST}:{HARD_LIMIT}:{TINY}"
"""Names the way passages are made; a change means that documents are to be split again."""

_CITABLE: frozenset[BlockKind] = frozenset({"body", "caption", "subtitle", "byline", "note"})
_LABELS: dict[BlockKind, str] = {"caption": "Photo caption", "byline": "Author", "note": "Credits"}
"""Stands in place of a heading on parts that are not body, so that they can be asked for."""
_OPENING, _CLOSING = '“"«„‘「', '”"»“’」'
_QUOTATION = re.compile(r"[“\"][^”\"]*[”\"]?")


def split(document: Document) -> list[Passage]:
    """The passages of ``document`` in order, without overlap; ``text[start:end] == passage.text``.

    Titles, headings and page furniture are no passages, but for a heading that asks, which stands
    before what answers it: title and heading travel with each passage as fields. A document
    without any citable part is taken as one body of text.
    """
    text = document.text
    blocks = read_blocks(text)
    if not any(block.kind in _CITABLE for block in blocks):
        blocks = [Block("body", block.start, block.end) for block in blocks]
    passages: list[Passage] = []
    line, counted = 1, 0
    for span, kind, heading in _spans(text, blocks):
        page = bisect_right(document.pages, span[0])
        line += text.count("\n", counted, span[0])
        counted = span[0]
        passages.append(
            Passage(
                document_id=document.id,
                title=document.title,
                source=document.source,
                start=span[0],
                end=span[1],
                text=text[span[0] : span[1]],
                kind=kind,
                heading=heading,
                line=line,
                page=page,
                breaks=document.pages[page : bisect_left(document.pages, span[1])],
                origin=document.origin,
            )
        )
    return passages


def _spans(text: str, blocks: list[Block]) -> Iterator[tuple[tuple[int, int], BlockKind, str]]:
    heading = ""
    waiting: tuple[int, int] | None = None
    for block in blocks:
        if waiting and not (block.kind == "body" and _joins(text, waiting, block)):
            yield from (((a, b), "body", heading) for a, b in _cut(text, *waiting))
            waiting = None
        if block.kind == "heading":
            words = text[block.start : block.end].lstrip("# ")
            heading = " ".join(words.split())
            if asks(heading):
                waiting = block.end - len(words), block.end
        elif block.kind == "body":
            waiting = (waiting[0] if waiting else block.start, block.end)
        elif block.kind in _CITABLE:
            for start, end in _cut(text, block.start, block.end):
                yield (start, end), block.kind, _LABELS.get(block.kind, "")
    if waiting:
        yield from (((a, b), "body", heading) for a, b in _cut(text, *waiting))


def _joins(text: str, waiting: tuple[int, int], block: Block) -> bool:
    """Whether a paragraph belongs to the one before: one is tiny, both are rows of a table, or the
    speaker is still speaking.
    """
    if block.end - waiting[0] > LONGEST:
        return False
    before, here = text[waiting[0] : waiting[1]], text[block.start : block.end]
    if (
        len(before) < TINY
        or len(here) < TINY
        or (cells(here) and cells(before.rsplit("\n", 1)[-1]))
    ):
        return True
    still_quoting = before.count("“") > before.count("”") and here.startswith("“")
    only_quotation = _QUOTATION.fullmatch(here) is not None and ("“" in before or '"' in before)
    return still_quoting or only_quotation


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a long paragraph between sentences into stretches of at most ``LONGEST``."""
    if end - start <= LONGEST:
        yield start, end
        return
    begin = last = start
    for first, stop in _spoken(text, start, end):
        if stop - begin > LONGEST and last > begin:
            yield from _chop(text, begin, last)
            begin = first
        last = stop
    yield from _chop(text, begin, last)


def _spoken(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Sentences, a quotation together with its neighbours, one of which says whose it is.

    Together they are at most ``HARD_LIMIT`` long.
    """
    begin = last = start
    is_open = False
    for first, stop in sentence_spans(text, start, end):
        beside = is_open or text[first] in _OPENING or text[max(start, last - 1)] in _CLOSING
        if last > begin and not (beside and stop - begin <= HARD_LIMIT):
            yield begin, last
            begin, is_open = first, False
        is_open ^= text.count('"', first, stop) % 2 == 1
        last = stop
    if last > begin:
        yield begin, last


def _chop(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut where nothing better is left, at white space if there is some: a line without an end."""
    while end - start > HARD_LIMIT:
        stop = start + HARD_LIMIT
        while stop > start and not text[stop].isspace():
            stop -= 1
        if stop == start:
            stop = start + HARD_LIMIT
        yield start, start + len(text[start:stop].rstrip())
        start = stop
        while start < end and text[start].isspace():
            start += 1
    if start < end:
        yield start, end
