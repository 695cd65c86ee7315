"""The parts of an article: title, byline, captions, headings and body, as exact spans.

Nothing is cut out: every part is a span of the untouched text, so that offsets count from the
first character of the file. The rules are about form (where a line stands, how it ends, whether it
carries a photo credit), never about particular words of particular articles. In doubt a line is
body text, since only that and captions, subtitles, bylines and notes can be cited.
"""

from __future__ import annotations

import re
from itertools import pairwise

from qabot.frontmatter import FRONT_MATTER
from qabot.furniture import (
    CAPTION_LIMIT,
    FOR_EDITORS,
    NOTE,
    PROSE_END,
    SENTENCE_END,
    SIGNED,
    is_caption,
    is_end_mark,
    is_furniture,
    is_names,
    is_signed,
    set_aside,
)
from qabot.layout import cells, is_capitals, is_dateline, label_of, stand_apart
from qabot.sentences import sentence_spans
from qabot.types import Block, BlockKind
from qabot.words import fold

_LINE = re.compile(r"[^\n]+")
_MARKDOWN_TITLE = re.compile(r"#\s+\S")
_MARKDOWN_HEADING = re.compile(r"#{1,6}\s+\S")
_UNDERLINE = re.compile(r"={3,}|-{3,}")
_LIST_ITEM = re.compile(r"(?:[-*+•–—]|\d{1,3}[.)])\s")
_WORDS = re.compile(r"\w+")
_FIELD = re.compile(r"title\s*:\s*[\"']?(?P<value>\S.*?)[\"']?", re.I)
_SUBTITLE_LIMIT = 300
_TITLE_LIMIT = 200
_HEADING_LIMIT = 90
_WIDTHS = range(45, 131)
"""Code points in the longest line of a hard-wrapped paragraph."""
_ROOM = 6
"""Code points left free at the end of a line that goes on in the next."""

Span = tuple[int, int]


def read_blocks(text: str) -> list[Block]:
    """The parts of ``text`` in order; they do not overlap, and only white space lies between."""
    front = FRONT_MATTER.match(text)
    start = front.end() if front else 0
    blocks = _front_matter(text, start)
    units = _units(text, start)
    aside = set_aside(text, units)
    named = [block for block in blocks if block.kind == "title"]
    title = fold(text[named[0].start : named[0].end]) if named else ""
    first = -1
    if not title:
        title, first = _title(text, units, aside)
    head = _head_length(text, units, first, title, aside)
    for number in range(len(units)):
        kind = _kind(text, units, number, title, head, blocks)
        blocks.append(Block("furniture" if number in aside else kind, *units[number]))
    return blocks


def title_of(text: str, blocks: list[Block]) -> str:
    """The article's title on one line, or an empty string where it has none."""
    for block in blocks:
        if block.kind == "title":
            return " ".join(text[block.start : block.end].lstrip("#\ufeff ").split())
    return ""


def head_of(text: str, blocks: list[Block] | None = None) -> str:
    """What stands before the body, or is set apart from it: subtitle, byline, "Updated: ..."."""
    kinds = ("subtitle", "byline", "furniture")
    blocks = read_blocks(text) if blocks is None else blocks
    return "\n".join(text[block.start : block.end] for block in blocks if block.kind in kinds)


def _front_matter(text: str, stop: int) -> list[Block]:
    """Blocks of the fields between two lines of dashes that Markdown files may start with."""
    blocks: list[Block] = []
    for start, end in _lines(text, 0, stop):
        field = _FIELD.fullmatch(text, start, end)
        if field and len(field["value"]) <= _TITLE_LIMIT:
            inner, outer = field.span("value")
            blocks += [Block("furniture", start, inner), Block("title", inner, outer)]
            blocks += [Block("furniture", outer, end)] if outer < end else []
        else:
            blocks.append(Block("furniture", start, end))
    return blocks


def _lines(text: str, start: int, stop: int) -> list[Span]:
    """Lines without surrounding white space; empty ones are left out."""
    found = (_strip(text, *match.span()) for match in _LINE.finditer(text, start, stop))
    return [span for span in found if span[0] < span[1]]


def _units(text: str, start: int) -> list[Span]:
    """Lines, with the lines of a hard-wrapped paragraph taken together."""
    units: list[Span] = []
    run: list[Span] = []
    for line in _lines(text, start, len(text)):
        if run and text.count("\n", run[-1][1], line[0]) > 1:
            units += _join_wrapped(text, run)
            run = []
        run.append(line)
    return units + _join_wrapped(text, run)


def _strip(text: str, start: int, end: int) -> Span:
    while start < end and (text[start].isspace() or text[start] == "\ufeff"):
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _join_wrapped(text: str, run: list[Span]) -> list[Span]:
    """The lines of a run, those taken together that were broken by width alone."""
    width = max((end - start for start, end in run), default=0)
    if len(run) < 2 or width not in _WIDTHS:
        return run
    unfinished = sum(not SENTENCE_END.search(text[start:end]) for start, end in run[:-1])
    if unfinished * 2 < len(run) - 1:
        return run
    is_title = run[0][0] == _strip(text, 0, run[0][1])[0] and not text[run[1][0]].islower()
    if is_title and len(run) == 2:
        return run
    units = [run[0]]
    for before, line in pairwise(run):
        if _is_broken(text, before, line, width) and not _are_apart(text, before, line, width):
            units[-1] = (units[-1][0], line[1])
        else:
            units.append(line)
    return units


def _are_apart(text: str, before: Span, line: Span, width: int) -> bool:
    is_marked = _LIST_ITEM.match(text, line[0]) or _MARKDOWN_HEADING.match(text, before[0])
    one, other = text[slice(*before)], text[slice(*line)]
    is_headed = is_capitals(one) and not (other.isupper() or other[0].islower())
    return bool(is_marked) or is_headed or stand_apart(one, other, width)


def _is_broken(text: str, before: Span, line: Span, width: int) -> bool:
    """Whether a line goes on in the next: its first word had no room, or no sentence has ended.

    People and other editors leave some room at the end, and nobody breaks half a line.
    """
    length = before[1] - before[0]
    needed = length + 1 + len(text[line[0] : line[1]].split(maxsplit=1)[0])
    if needed >= width or SENTENCE_END.search(text[before[0] : before[1]]):
        return needed >= width
    return needed >= width - _ROOM or (text[line[0]].islower() and length * 2 >= width)


def _title(text: str, units: list[Span], aside: set[int]) -> tuple[str, int]:
    """The folded title and its unit (else -1): the first that is no furniture, if not prose."""
    for number, (start, end) in enumerate(units[:-1]):
        if end - start > _TITLE_LIMIT:
            break
        first = text[start:end]
        if number in aside or is_furniture(first):
            continue
        if _MARKDOWN_TITLE.match(first):
            return _plain(first), number
        is_other = any((
            PROSE_END.search(first), _LIST_ITEM.match(first), SIGNED.fullmatch(first),
            is_caption(first), cells(first), label_of(first) and _has_more(text, units, number),
        ))  # fmt: skip
        return ("", -1) if is_other else (_plain(first), number)
    return "", -1


def _has_more(text: str, units: list[Span], number: int) -> bool:
    """Whether two labelled values stand right below a unit."""
    below = units[number + 1 : number + 3]
    close = text.count("\n", units[number][1], below[-1][0]) == 2
    return close and all(label_of(text[start:end]) for start, end in below)


def _plain(unit: str) -> str:
    return fold(unit.lstrip("# "))


def _head_length(text: str, units: list[Span], first: int, title: str, aside: set[int]) -> int:
    """How many units stand above the body: up to the last piece of head furniture near the top."""
    last, prose = first, 0
    for number, span in enumerate(units[: first + 9]):
        unit = text[span[0] : min(span[1], span[0] + CAPTION_LIMIT + 1)]
        if is_end_mark(unit):
            break
        is_byline = is_signed(unit) or (bool(title) and is_names(unit))
        if _is_title(unit, title) or is_furniture(unit) or is_byline:
            last = number
        elif not is_caption(unit) and number not in aside:
            prose += 1
            if prose > 1 or len(unit) > _SUBTITLE_LIMIT:
                break
    return last + 1


def _kind(
    text: str, units: list[Span], number: int, title: str, head: int, blocks: list[Block]
) -> BlockKind:
    start, end = units[number]
    # No rule but the last looks at more of a unit than this.
    unit = text[start : min(end, start + CAPTION_LIMIT + 1)]
    if _is_title(unit, title):
        return "title"
    if is_furniture(unit):
        return "furniture"
    if NOTE.fullmatch(unit):
        return "note"
    if is_caption(unit):
        return "furniture" if _repeats_caption(text, unit, blocks) else "caption"
    if number < head:
        return "byline" if is_signed(unit) or is_names(unit) else "subtitle"
    return "heading" if _is_heading(text, units, number) else "body"


def _is_title(unit: str, title: str) -> bool:
    return bool(title) and len(unit) <= 2 * _TITLE_LIMIT and _plain(unit) == title


def _repeats_caption(text: str, unit: str, blocks: list[Block]) -> bool:
    lately = [text[one.start : one.end] for one in blocks[-4:] if one.kind == "caption"]
    return _WORDS.findall(fold(unit)) in [_WORDS.findall(fold(caption)) for caption in lately]


def _is_heading(text: str, units: list[Span], number: int) -> bool:
    start, end = units[number]
    if end - start <= _TITLE_LIMIT and _MARKDOWN_HEADING.match(text, start, end):
        return True
    if end - start > _HEADING_LIMIT:
        return False
    unit = text[start:end]
    is_last = number + 1 == len(units)
    if not is_last and (FOR_EDITORS.fullmatch(unit) or _heads_text(text, units, number)):
        return True
    letter = unit.lstrip("“\"'‘")[:1]
    if SENTENCE_END.search(unit) or _LIST_ITEM.match(unit) or unit[-1] in ",;:—–" or cells(unit):
        return False
    if not letter.isalnum() or letter.islower() or is_last or number == 0 or is_dateline(unit):
        return False
    above, following = (text[slice(*units[place])] for place in (number - 1, number + 1))
    if label_of(unit) and label_of(above):
        return False
    if _UNDERLINE.fullmatch(following):
        return True
    if len(sentence_spans(unit)) > 1:
        return False
    alone = text.count("\n", units[number - 1][1], start) > 1
    alone = alone and text.count("\n", end, units[number + 1][0]) > 1
    return alone and len(following) > len(unit) and bool(SENTENCE_END.search(following))


def _heads_text(text: str, units: list[Span], number: int) -> bool:
    """Whether a line in capitals begins a paragraph, and text that is not in capitals follows."""
    start, end = units[number]
    if not is_capitals(text[start:end]):
        return False
    below = number + 2 if is_capitals(text[slice(*units[number + 1])]) else number + 1
    above = units[number - 1][1] if number else 0
    if below == len(units) or (number and text.count("\n", above, start) < 2):
        return False
    following = text[slice(*units[below])]
    is_text = len(following) > end - start and SENTENCE_END.search(following) is not None
    return not following.isupper() and (is_text or _LIST_ITEM.match(following) is not None)
