"""Long text for Slack in pieces that each fit, cut where a reader would. Pure, in linear time.

Nothing is lost but the space at a cut. No character made of several code points is cut in two, nor
an escape; code that is cut is closed with its fence, and opened again in the next piece.
"""

from __future__ import annotations

import re
import unicodedata

from qabot.render.mrkdwn import JOINER, fence_closed, fence_opened, guard

_BREAKS = (
    re.compile(r"\n\n+"),
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?…。！？”\"\])])\s++(?!\[\d)"),
    re.compile(r"\s++(?!\[\d)"),
    re.compile(r"(?<=\])(?=\[)"),
)
"""Where to cut, the best first: paragraphs, lines, sentences with their markers, words, markers."""
_ENTITY_BEGUN = re.compile(r"&[a-z]{0,3}$")
_SPACE = re.compile(r"\s*")
_LONGEST_CHARACTER = 40
"""Code points looked back for the start of a character; families and flags have fewer."""
_FOR_FENCES = 200
"""Code points kept for the fences that a cut adds."""


def pieces(text: str, limit: int) -> list[str]:
    """Text that Slack shows as it is, in pieces of at most ``limit`` code points."""
    found, start = [], 0
    while len(text) - start > limit:
        end = _cut(text, start, start + limit)
        found.append(text[start:end].strip())
        start = end
    return [piece for piece in (*found, text[start:].strip()) if piece]


def markdown_pieces(text: str, limit: int) -> list[str]:
    """Markdown that ``mrkdwn.markdown`` has made, in pieces of at most ``limit`` code points.

    ``limit`` is well over 200, which are kept for fences.
    """
    found, start, opening = [], 0, ""
    room = limit - _FOR_FENCES
    while len(text) - start > room:
        end = _cut(text, start, start + room)
        begun, begun_at = _open_code(text, start, end, opening)
        if begun and begun_at - start > room // 3:
            end, begun = begun_at, ""
        found.append(_whole(text[start:end], opening, begun))
        start = end + (text[end] == "\n") if begun else end
        opening = begun
    found.append(_whole(text[start:], opening, ""))
    return [piece for piece in found if piece]


def _whole(piece: str, opening: str, begun: str) -> str:
    """A piece that stands alone: ``opening`` begins the code it starts in, ``begun`` ends in."""
    piece = f"{opening}\n{piece}" if opening else guard(piece.lstrip())
    return f"{piece.rstrip()}\n{fence_opened(begun)}" if begun else piece.rstrip()


def _open_code(text: str, start: int, end: int, opening: str) -> tuple[str, int]:
    """The first line of the code that ``end`` is in, or "", and where that line begins."""
    position = begun_at = start
    for line in text[start:end].split("\n"):
        fence = fence_opened(opening) if opening else None
        if fence is not None:
            opening = "" if fence_closed(line, fence) else opening
        elif fence_opened(line):
            opening, begun_at = line, position
        position += len(line) + 1
    return opening, begun_at


def _cut(text: str, start: int, latest: int) -> int:
    """The best place to cut after the first third of ``text[start:latest]``."""
    earliest = start + (latest - start) // 3
    for pattern in _BREAKS:
        places = [match.start() for match in pattern.finditer(text, earliest, latest + 1)]
        if places and places[-1] > earliest:
            return min(places[-1], latest)
    return _between_characters(text, start, latest)


def _between_characters(text: str, start: int, end: int) -> int:
    """The last place up to ``end`` that is in no character and no escape."""
    begun = _ENTITY_BEGUN.search(text, max(start, end - 4), end)
    end = begun.start() if begun else end
    backslashes = end - start - len(text[start:end].rstrip("\\"))
    end -= backslashes % 2
    for place in range(end, max(start, end - _LONGEST_CHARACTER), -1):
        if not _joined(text, start, place):
            return place
    return max(end, start + 1)


def _joined(text: str, start: int, place: int) -> bool:
    """Whether the code points before and after ``place`` belong together."""
    before, after = text[place - 1], text[place]
    if before in "\u200c\u200d" + JOINER or after in "\u200c\u200d" + JOINER:
        return True
    if unicodedata.category(after).startswith("M") or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    if not (_is_flag_letter(before) and _is_flag_letter(after)):
        return False
    first = place
    while first > start and _is_flag_letter(text[first - 1]):
        first -= 1
    return (place - first) % 2 == 1


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
