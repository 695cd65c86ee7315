"""Long text for Slack in pieces that each fit, cut where a reader would. Pure, in linear time.

Nothing of the text is lost but the space at a cut. No character that is made of several code points
is cut in two, nor an escape; code that is cut is closed with its fence and opened again.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from qabot.render.mrkdwn import fence_closed, fence_opened, guard

_BREAKS = (
    re.compile(r"\n\n+"),
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?…。！？”\"\])])\s+"),
    re.compile(r"\s+"),
)
"""Where to cut, the best first: paragraphs, lines, sentences, words."""
_ESCAPE_BEGUN = re.compile(r"(?<!\\)(?:\\\\)*(\\)$|(&[a-z]{0,4})$")
_LONGEST_CHARACTER = 40
"""Code points looked back for the start of a character; families and flags are shorter."""
_ROOM_FOR_FENCES = 200


def pieces(text: str, limit: int) -> list[str]:
    """Text that Slack shows as it is, in pieces of at most ``limit`` code points."""
    found, start = [], 0
    while len(text) - start > limit:
        end = _cut(text, start, start + limit)
        found.append(text[start:end].rstrip())
        start = _next_word(text, end)
    return [piece for piece in (*found, text[start:].rstrip()) if piece.strip()]


def markdown_pieces(text: str, limit: int) -> list[str]:
    """Markdown as ``mrkdwn.markdown`` gives it, in pieces of at most ``limit`` code points.

    ``limit`` is far over 200, which are kept for fences.
    """
    found, start, opening = [], 0, ""
    room = limit - _ROOM_FOR_FENCES
    while len(text) - start > room:
        end = _cut(text, start, start + room)
        begun, open_at = _open_code(text, start, end, opening)
        if begun and open_at - start > room // 3:
            end, begun = open_at, ""
        found.append(_whole(text[start:end], opening, begun))
        start = _next_word(text, end) if not begun else end + (text[end : end + 1] == "\n")
        opening = begun
    found.append(_whole(text[start:], opening, ""))
    return [piece for piece in found if piece]


def _whole(piece: str, opening: str, begun: str) -> str:
    """A piece that stands alone: ``opening`` is its code's first line, ``begun`` that of the next.

    """
    if not opening:
        piece = guard(piece.lstrip())
    piece = piece.rstrip()
    if not piece:
        return ""
    before = f"{opening}\n" if opening else ""
    after = f"\n{fence_opened(begun)}" if begun else ""
    return before + piece + after


def _open_code(text: str, start: int, end: int, opening: str) -> tuple[str, int]:
    """The first line of the code that ``end`` is in, or "", and where that line begins."""
    position = start
    for line in text[start:end].split("\n"):
        fence = fence_opened(opening) if opening else None
        if fence is None:
            if fence_opened(line):
                opening, begun = line, position
        elif fence_closed(line, fence):
            opening = ""
        position += len(line) + 1
    return (opening, begun) if opening else ("", 0)


def _next_word(text: str, start: int) -> int:
    return start + len(text[start:]) - len(text[start:].lstrip())


def _cut(text: str, start: int, latest: int) -> int:
    return latest
