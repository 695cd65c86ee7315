"""What a line is by its form: a table's row, an item of a list, a value behind its label. Pure."""

from __future__ import annotations

import re

ITEM = re.compile(r"(?:[-*+•–—]|\(?(?:\d{1,3}|[A-Za-z]|[ivx]{1,5})[.)])\s+")
"""What begins an item of a list."""
_CELLS = re.compile(r"[^\S\n]*(?:\||\t)[^\S\n]*")
_RULE = re.compile(r"[\s|:+=-]*-[\s|:+=-]*")  # "|---|---|" below the head of a table in Markdown
_BULLET = re.compile(r"[-*+•–—]\s+")
_LABEL = re.compile(
    r"[A-Z0-9](?:[\w.,&'’/-]+[^\S\n]+){0,5}[\w.&'’/-]+(?:[^\S\n]*\([^()\n]{1,30}\))?:\s+(?=\S)"
)
_ENDED = re.compile(r"[.!?…。！？][\"'”’»)\]*_]*$")
_LOOKED_AT = 200  # code points of a line; what is longer has no form
_SHORT = 45
"""Code points in a line that were not all that had room in it."""
_LONGEST = 160
"""Code points in a labelled value; what is longer is text."""


def cells(line: str) -> list[str]:
    """What stands between the bars or tabs of a table's row, in order; empty if it is none."""
    if len(line) > _LOOKED_AT or not _CELLS.search(line):
        return []
    found = [cell.strip() for cell in _CELLS.split(line.strip())]
    if len(found) > 2 and not found[0] and not found[-1]:
        found = found[1:-1]  # bars all around
    return found if len(found) > 1 else []


def is_rule(line: str) -> bool:
    """Whether a line only parts the head of a table from its rows."""
    return len(line) <= _LOOKED_AT and _RULE.fullmatch(line) is not None


def label_of(line: str) -> str:
    """The label of a line "Label: value" that is no sentence, else ""."""
    item = _BULLET.match(line)
    rest = line[item.end() :] if item else line
    label = _LABEL.match(rest[:_LOOKED_AT])
    if label is None or len(line) > _LONGEST or _ENDED.search(line):
        return ""
    return label.group().rstrip(": \t")


def stand_apart(before: str, after: str) -> bool:
    """Whether two lines, one under the other, are each of its own, by the form of one of them.

    Other lines are taken for one text, broken where it had no more room.
    """
    if cells(before) or cells(after):
        return True
    goes_on = after[:1].islower()
    ended = len(before) < _SHORT or _ENDED.search(before) is not None or before.endswith(":")
    if ITEM.match(after):
        return ended or ITEM.match(before) is not None
    return ended and not goes_on and bool(label_of(before) or label_of(after))
