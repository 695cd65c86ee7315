"""The parts of an article: title, byline, captions, headings and body, as exact spans.

Nothing is cut out: every part is a span of the untouched text, so that offsets count from the
first character of the file. The rules are about form (where a line stands, how it ends, whether it
carries a photo credit), never about particular words of particular articles.
"""

from __future__ import annotations

import re

from qabot.types import Block, BlockKind
from qabot.words import fold

_LINE = re.compile(r"[^\n]+")
_MARKDOWN_TITLE = re.compile(r"#\s+\S")
_MARKDOWN_HEADING = re.compile(r"#{1,6}\s+\S")
_LIST_ITEM = re.compile(r"(?:[-*•–—]|\d{1,3}[.)])\s")
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’»)\]]*$")
_CREDIT = re.compile(
    r"\b(?:via\s+)?(?:Getty Images|AFP|AP|Reuters|REUTERS|EPA|Pool|Shutterstock|Bloomberg|Xinhua|"
    r"Anadolu|NurPhoto|Handout|Associated Press|Alamy|iStock|Unsplash|Keystone|TASS|DPA|dpa)\b"
)
_CREDIT_TAIL = re.compile(r"(?:[/(]|\bvia\b|\b[Pp]hoto\b|\bImages?\b)")
_CAPTION_LEAD = re.compile(r"(?:photo|image|picture|caption|file photo|video)\s*[:—–-]\s*\S", re.I)
_FURNITURE = re.compile(
    r"(?:(?:last )?(?:updated|published|posted|modified)\b.{0,60}|\d{1,2}:\d{2}(?::\d{2})?|"
    r"advertisement|share(?: this)?|print|listen|save|subscribe|sign up.{0,60}|read more.{0,120}|"
    r"related(?: stories| articles)?:?|\d+ min(?:ute)?s? read|skip to .{0,40}|.{0,40}\s[—–]|[-*_=—]{3,})\s*",
    re.I,
)
_BYLINE = re.compile(
    r"(?:by|written by|reporting by)\s+\S.{0,120}"
    r"|[A-Z][\w.’'-]+(?:\s+(?:[A-Z][\w.’'-]*|de|van|von|al|bin|and|&)){1,5}"
    r"(?:,\s*(?:[A-Z][\w.’'-]+\s*){1,4})?"
)
_NOTE = re.compile(
    r".{0,120}\bcontributed to this (?:report|article|story)\.?"
    r"|(?:additional )?(?:reporting|editing|writing) by .{0,200}"
    r"|editor[’']s note:? .{0,400}",
    re.I,
)
_HEADING_LIMIT = 90
_TITLE_LIMIT = 200
_WRAPPED = range(45, 101)


def read_blocks(text: str) -> list[Block]:
    """The parts of ``text`` in order; they do not overlap, and only white space lies between."""
    units = _units(text)
    blocks: list[Block] = []
    title = _title_unit(text, units)
    head = _head_length(text, units) if title else 0
    for number, (start, end) in enumerate(units):
        kind = _kind(text, units, number, title, head, blocks)
        blocks.append(Block(kind, start, end))
    return blocks


def title_of(text: str, blocks: list[Block]) -> str:
    """The article's title on one line, or an empty string where it has none."""
    for block in blocks:
        if block.kind == "title":
            return " ".join(text[block.start : block.end].lstrip("#\ufeff ").split())
    return ""


def _units(text: str) -> list[tuple[int, int]]:
    """Lines, with the lines of a hard-wrapped paragraph taken together."""
    units: list[tuple[int, int]] = []
    run: list[tuple[int, int]] = []
    for match in _LINE.finditer(text):
        start, end = _strip(text, match.start(), match.end())
        gap = text[run[-1][1] : match.start()].count("\n") if run else 0
        if gap > 1 or start == end:
            units.extend(_join_wrapped(text, run))
            run = []
        if start < end:
            run.append((start, end))
    units.extend(_join_wrapped(text, run))
    return units


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and (text[start].isspace() or text[start] == "\ufeff"):
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _join_wrapped(text: str, run: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """One unit for a run of lines that were broken by width alone, else the lines themselves."""
    lengths = [end - start for start, end in run]
    if len(run) < 2 or any(_LIST_ITEM.match(text, start) for start, _ in run):
        return run
    body, last = lengths[:-1], lengths[-1]
    wrapped = all(length in _WRAPPED for length in body) and last <= max(body) + 12
    unfinished = sum(not _SENTENCE_END.search(text[start:end]) for start, end in run[:-1])
    if wrapped and unfinished * 2 >= len(body):
        return [(run[0][0], run[-1][1])]
    return run


def _title_unit(text: str, units: list[tuple[int, int]]) -> str:
    if not units:
        return ""
    start, end = units[0]
    first = text[start:end]
    if _MARKDOWN_TITLE.match(first):
        return fold(first.lstrip("# "))
    ends_like_prose = first.endswith((".", "。", "—", "–", ":", ",")) or _LIST_ITEM.match(first)
    if len(first) > _TITLE_LIMIT or ends_like_prose or len(units) == 1:
        return ""
    return fold(first)


def _head_length(text: str, units: list[tuple[int, int]]) -> int:
    """How many units stand above the body: up to the last piece of head furniture near the top."""
    title = fold(text[slice(*units[0])].lstrip("# "))
    last = 0
    for number, (start, end) in enumerate(units[1:9], start=1):
        unit = text[start:end]
        repeated = fold(unit.lstrip("# ")) == title
        if repeated or _FURNITURE.fullmatch(unit) or _is_byline(unit):
            last = number
    return last + 1


def _kind(
    text: str,
    units: list[tuple[int, int]],
    number: int,
    title: str,
    head: int,
    blocks: list[Block],
) -> BlockKind:
    unit = text[slice(*units[number])]
    if title and fold(unit.lstrip("# ")) == title:
        return "title"
    if _FURNITURE.fullmatch(unit):
        return "furniture"
    if _NOTE.fullmatch(unit):
        return "note"
    if _is_caption(unit):
        return "furniture" if _repeats_caption(text, unit, blocks) else "caption"
    if number < head:
        return "byline" if _is_byline(unit) else "subtitle"
    if _is_heading(text, units, number):
        return "heading"
    return "body"


def _is_byline(unit: str) -> bool:
    return len(unit) <= 120 and _BYLINE.fullmatch(unit) is not None


def _is_caption(unit: str) -> bool:
    if len(unit) > 600:
        return False
    tail = unit[-70:]
    credit = _CREDIT.search(tail)
    if credit and _CREDIT_TAIL.search(tail[max(0, credit.start() - 40) :]):
        return not _SENTENCE_END.search(unit) or unit.endswith(")")
    return bool(_CAPTION_LEAD.match(unit))


def _repeats_caption(text: str, unit: str, blocks: list[Block]) -> bool:
    mine = _caption_words(unit)
    return any(
        block.kind == "caption" and _caption_words(text[block.start : block.end]) == mine
        for block in blocks[-4:]
    )


def _caption_words(caption: str) -> list[str]:
    return re.findall(r"\w+", fold(caption))


def _is_heading(text: str, units: list[tuple[int, int]], number: int) -> bool:
    start, end = units[number]
    unit = text[start:end]
    if _MARKDOWN_HEADING.match(unit):
        return True
    if len(unit) > _HEADING_LIMIT or _SENTENCE_END.search(unit) or _LIST_ITEM.match(unit):
        return False
    if unit[-1] in ",;:" or not (unit[0].isupper() or unit[0].isdigit()):
        return False
    if number + 1 >= len(units) or number == 0:
        return False
    alone = "\n\n" in _between(text, units[number - 1][1], start)
    alone = alone and "\n\n" in _between(text, end, units[number + 1][0])
    following = text[slice(*units[number + 1])]
    return alone and len(following) > len(unit) and bool(_SENTENCE_END.search(following))


def _between(text: str, start: int, end: int) -> str:
    return re.sub(r"[^\S\n]", "", text[start:end])
