"""What a line is by its form: a table's row, an item of a list, a value behind its label. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from qabot.dates import MONTH_NAME

ITEM = re.compile(r"(?:[-*+•–—]|\(?(?:\d{1,3}|[A-Za-z]|[ivx]{1,5})[.)])\s+")
"""What begins an item of a list."""
_BETWEEN_CELLS = re.compile(r"\||\t|(?<=\S[ \xa0])\.{4,}(?=[ \xa0])")
_COLUMNS = re.compile(r"(?<=[^\s.!?:;,])[ \xa0]{2,}(?=\S)")
_WIDE_GAP = re.compile(r"[^\s.!?:;,][ \xa0]{3,}\S")
_NEXT_SENTENCE = re.compile(  # text with a bar in it is no row
    r"(?<!\b[A-Z])(?<!\bMr)(?<!\bMs)(?<!\bMrs)(?<!\bDr)(?<!\bSt)(?<!\bNo)(?<!\bJr)(?<!\bSr)(?<!\bProf)"
    r"[.!?][\"'”’»)]*\s+[“\"‘«(]?[A-Z]"
)
_RULE = re.compile(r"[\s|:+=-]*-[\s|:+=-]*")  # "|---|---|" below the head of a table in Markdown
_BULLET = re.compile(r"[-*+•–—]\s+")
_TIMED = re.compile(r"\d{1,2}[:.]\d\d\s")
_LABEL = re.compile(
    r"[*_]{0,3}((?![a-z_])\w[\w.&'’/-]*(?:,?[^\S\n]+[\w.&'’/-]+){0,5}(?:[^\S\n]*\([^()\n]{1,30}\))?)"
    r"(?::[*_]{1,3}|[*_]{1,3}:|[^\S\n]?:)\s+(?=\S)"
)
_SAYING = re.compile(r"\b(?:says?|said|tells?|told|asks?|asked|adds?|added|writes?|wrote)\b", re.I)
_ABBREVIATED = re.compile(r"\b(?:[ap]\.m|Jr|Sr|Bros|Inc|Ltd|Corp|Co|etc)\.$")
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|Gen|Sen|Rep|Gov|Col|Lt|Capt|Rev|No|vs|[A-Z])\.$")
_ENDED = re.compile(r"[.!?…。！？][\"'”’»)\]*_]*$")
_DATELINE = re.compile(  # "LONDON, MARCH 3", "KYIV (AP)"
    rf"\(|\b(?:{MONTH_NAME})\.?\s\d{{1,2}}\b|\b\d{{1,2}}\s(?:{MONTH_NAME})\b", re.I
)
_LONGEST_HEADING, _FEWEST_LETTERS = 90, 4
LONGEST_ROW = 2_000
"""Code points in a row; what is longer is no table."""
_ROOM = 6
"""Code points left free at the end of a line that goes on in the next."""
_NARROW, _SHORT = 45, 30
"""Code points in the longest of lines that nobody wraps, and in one that ends where it wants to."""
_LONGEST = 160
"""Code points in a labelled value; what is longer is text."""


def cells(line: str) -> tuple[str, ...]:
    """What stands between the bars, tabs, dots or wide gaps of a table's row, else nothing."""
    return _cells(line) if len(line) <= LONGEST_ROW else ()


@lru_cache(maxsize=4_096)
def _cells(line: str) -> tuple[str, ...]:
    row = line.strip(" \n\xa0")
    found = tuple(cell.strip() for cell in _BETWEEN_CELLS.split(row))
    if len(found) == 1:
        found = tuple(_COLUMNS.split(row)) if _WIDE_GAP.search(row) else ()
    if len(found) > 2 and row[0] == row[-1] == "|":
        return found[1:-1] if len(found) > 3 and any(found) else ()
    is_text = len(list(filter(None, found))) < 2 or any(map(_NEXT_SENTENCE.search, found))
    return () if is_text else found


def is_rule(line: str) -> bool:
    """Whether a line only parts the head of a table from its rows."""
    return len(line) <= LONGEST_ROW and _RULE.fullmatch(line) is not None


def is_bullet(line: str) -> bool:
    """Whether a line is an item of a list without numbers."""
    return _BULLET.match(line) is not None


def label_of(line: str) -> str:
    """The label of a line "Label: value" that is no sentence, else ""."""
    return _label_of(line) if len(line) <= _LONGEST else ""


@lru_cache(maxsize=4_096)
def _label_of(line: str) -> str:
    if (_ENDED.search(line) and not _ABBREVIATED.search(line)) or _NEXT_SENTENCE.search(line):
        return ""
    item = _BULLET.match(line)
    label = _LABEL.match(line, item.end() if item else 0)
    return label.group(1) if label and not _SAYING.search(label.group(1)) else ""


def is_capitals(line: str) -> bool:
    """Whether a line is in capitals as a heading is: no sentence, dateline, row or value."""
    if len(line) > _LONGEST_HEADING or not line.isupper() or is_dateline(line):
        return False
    letters = sum(map(str.isalpha, line))
    is_other = _ENDED.search(line) or line[-1] in ",;:—–-" or has_form(line)
    return letters >= _FEWEST_LETTERS and letters * 2 > len(line) and not is_other


def is_dateline(line: str) -> bool:
    """Whether a line in capitals holds a day, or an agency in brackets."""
    return line.isupper() and _DATELINE.search(line) is not None


def has_form(line: str) -> bool:
    """Whether a line is of a table or a list, or a labelled value."""
    return bool(cells(line) or is_rule(line) or ITEM.match(line) or label_of(line))


def stand_apart(before: str, after: str, width: int) -> bool:
    """Whether two lines, one under the other, are each of its own, by the form of one of them.

    Other lines are one text, and so are those of which the first had no more room, where the
    longest line around has ``width`` code points.
    """
    before, after = before.strip(), after.strip()
    if cells(before) or cells(after):
        return True
    if (_TIMED.match(before) and _TIMED.match(after)) or (label_of(before) and label_of(after)):
        return True
    if not (_has_ended(before) or _had_room(before, after, width)):
        return ITEM.match(before) is not None and ITEM.match(after) is not None
    if ITEM.match(after) or _TIMED.match(after):
        return True
    return not after[:1].islower() and bool(label_of(before) or label_of(after))


def _has_ended(line: str) -> bool:
    """Whether a line ends like a sentence, or announces what follows."""
    return line.endswith(":") or (_ENDED.search(line) is not None and not _TITLE.search(line))


def _had_room(before: str, after: str, width: int) -> bool:
    needed = len(before) + 1 + len(after.split(maxsplit=1)[0]) if after else width
    return needed < width - _ROOM or (width < _NARROW and len(before) < _SHORT)
