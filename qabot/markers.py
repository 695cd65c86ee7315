"""The one grammar of citation markers: what ``[1]`` may look like, and how it is written. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

MOST = 50
"""Passages that one marker may name, ranges counted out."""

_SPACE = r"[ \t\u00a0]{0,3}"
_NUMBER = r"\d{1,3}"
_MARKER = re.compile(
    rf"[\[［【]{_SPACE}(?:(?:sources?|passages?|citations?|refs?)\.?{_SPACE}#?)?"
    rf"({_NUMBER}(?:{_SPACE}[,;、，；–—-]{_SPACE}{_NUMBER}){{0,{MOST}}}){_SPACE}[\]］】]",
    re.IGNORECASE,
)
_BRACKETED_FIGURE = re.compile(r"[\[［【]\s*\d[\d\s,;、，–—-]*[\]］】]")
_PART = re.compile(rf"({_NUMBER})(?:{_SPACE}[–—-]{_SPACE}({_NUMBER}))?")


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker at ``text[start:end]``: the numbers it names, and why it is rejected, if it is."""

    start: int
    end: int
    numbers: tuple[int, ...]
    rejected: str | None = None


def find(text: str, last: int) -> list[Marker]:
    """The markers in ``text``, in order; those naming no passage from 1 to ``last`` are rejected.

    Accepts ``[1]``, ``[1, 2]``, ``[1-3]``, ``[1][2]``, the fullwidth forms, and ``[Source 3]`` as
    small models write it; never any other bracketed word. Linear time.
    """
    return [_read(match, last) for match in _MARKER.finditer(text)]


def without(text: str) -> str:
    """``text`` without its markers, whatever passages they name."""
    return _MARKER.sub("", text)


def write(numbers: Sequence[int]) -> str:
    """Markers for ``numbers`` as answers carry them: ``[1][2]``."""
    return "".join(f"[{number}]" for number in numbers)


def defuse(text: str) -> str:
    """``text`` with its own ``[2]`` or ``[2021]`` turned to ``(2)``, which nobody mistakes."""
    for pattern in (_MARKER, _BRACKETED_FIGURE):
        text = pattern.sub(lambda match: f"({match.group()[1:-1]})", text)
    return text


def _read(match: re.Match[str], last: int) -> Marker:
    numbers: dict[int, None] = {}
    for first, final in _PART.findall(match.group(1)):
        low, high = int(first), int(final or first)
        if high < low or high - low >= MOST:
            return Marker(match.start(), match.end(), (), f"{match.group()} is no range")
        numbers.update(dict.fromkeys(range(low, high + 1)))
    missing = [number for number in numbers if not 1 <= number <= last]
    if missing:
        return Marker(
            match.start(), match.end(), tuple(numbers), f"there is no passage {missing[0]}"
        )
    return Marker(match.start(), match.end(), tuple(numbers))
