"""The parts of which SVG pictures are made: axes, grids, words, the frame. Pure.

Text is escaped, and what XML cannot hold is shown as U+FFFD.
"""

from __future__ import annotations

import html
import math
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 640
"""Of every picture, in its own units; a page scales it."""
LEFT, RIGHT, TOP = 60, 20, 16
"""Room around what is drawn."""

_COLOURS = ("#3a86d8", "#d9662b", "#2f9e6e")
_DASHES = ("none", "7 4", "2 4")
LONGEST_WORDS = 200
"""Code points of a label that are shown."""
_LONGEST_DESCRIPTION = 2_000
_MOST_POWERS = 8
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Axis:
    """Maps values from ``low`` to ``high`` to a stretch of the picture."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.logarithmic:
            low, high, at = math.log10(low), math.log10(high), math.log10(at)
        return round(self.start + (at - low) / (high - low) * (self.end - self.start), 2)

    def ticks(self) -> list[float]:
        """Round numbers along it: some five, or 1, 2 and 5 of each power of ten."""
        if self.logarithmic:
            powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            digits = (1, 2, 5) if len(powers) <= 4 else (1,)
            powers = powers[:: len(powers) // _MOST_POWERS + 1]
            found = [digit * 10.0**power for power in powers for digit in digits]
            return [tick for tick in found if self.low <= tick <= self.high]
        rough = (self.high - self.low) / 5
        base = 10.0 ** math.floor(math.log10(rough))
        step = next(base * times for times in (1, 2, 5, 10) if base * times >= rough * 0.999)
        margin = 1e-9
        first = math.ceil(self.low / step - margin)
        last = math.floor(self.high / step + margin)
        return [number * step for number in range(first, last + 1)]


def picture(parts: Sequence[str], height: float, title: str, description: str) -> str:
    """The whole of it, with a name and a description for those who do not see it."""
    body = "\n".join(parts)
    described = _escaped(description or title, _LONGEST_DESCRIPTION)
    name = f"plot-{zlib.crc32(f'{title}{description}{body}'.encode('utf-8', 'replace')):08x}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" role="img" '
        f'aria-labelledby="{name}-title {name}-description" font-family="system-ui, sans-serif" '
        f'font-size="13" fill="currentColor">\n<title id="{name}-title">{_escaped(title)}</title>\n'
        f'<desc id="{name}-description">{described}</desc>\n{body}\n</svg>'
    )


def vertical_grid(axis: Axis, top: float, bottom: float) -> list[str]:
    """Upright lines at the ticks, with their numbers below."""
    parts = []
    for tick in axis.ticks():
        x = axis(tick)
        parts.append(
            f'<line x1="{x}" x2="{x}" y1="{top}" y2="{bottom}" stroke="currentColor" '
            'opacity="0.18"/>'
        )
        parts.append(words(x, bottom + 17, shown(tick), "middle", 12))
    return parts


def horizontal_grid(axis: Axis) -> list[str]:
    """Level lines at the ticks, with their numbers to the left."""
    parts = []
    for tick in axis.ticks():
        y = axis(tick)
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="currentColor" '
            'opacity="0.18"/>'
        )
        parts.append(words(LEFT - 8, y + 4, shown(tick), "end", 12))
    return parts


def words(x: float, y: float, text: str, anchor: str, size: int = 13) -> str:
    """Text at a place; ``anchor`` is start, middle or end."""
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-size="{size}">'
        f"{_escaped(text)}</text>"
    )


def _escaped(text: str, limit: int = LONGEST_WORDS) -> str:
    return html.escape(_NOT_XML.sub("\ufffd", text[:limit]))


def colour(number: int) -> str:
    """The colour of a series, by its number from 0."""
    place = number % len(_COLOURS)
    return f"var(--plot-{place + 1}, {_COLOURS[place]})"


def stroke(number: int) -> str:
    """The attributes of the line of a series: its colour, and dashes of its own."""
    dash = _DASHES[number % len(_DASHES)]
    return (
        f'style="stroke:{colour(number)}" fill="none" stroke-width="2.5" stroke-dasharray="{dash}"'
    )


def shown(value: float) -> str:
    """A number as people read it."""
    return f"{value:,.0f}" if 1_000 <= abs(value) < 1e7 else f"{round(value, 9):.4g}"
