"""Figures -> SVG pictures as text, without any library. Pure.

They stand in a page or in a file of their own. Words and axes take the colour of the text around
them, and the series middle tones, so that both show on light and on dark; a page may set
``--plot-1`` to ``--plot-3``. Values that are not finite are left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qabot.evaluation.model import Figure
from qabot.evaluation.svg import (
    LEFT,
    LONGEST_WORDS,
    RIGHT,
    TOP,
    WIDTH,
    Axis,
    colour,
    horizontal_grid,
    picture,
    shown,
    stroke,
    vertical_grid,
    words,
)

Point = tuple[float, float]

_SHORTEST_RANGE = 1e-9
_LARGEST = 1e12


@dataclass(frozen=True, slots=True)
class Series:
    """A line through ``points`` (x, y), with a ``band`` of (x, low, high) around it if there is."""

    label: str
    points: Sequence[Point]
    band: Sequence[tuple[float, float, float]] = ()


def dot_and_whisker(
    figures: Mapping[str, Figure], title: str, description: str = "", labels_width: int = 190
) -> str:
    """A row for each figure: its value as a dot, its interval as a line, from 0 to 1."""
    known = {n: f for n, f in figures.items() if all(map(math.isfinite, (f.value, f.low, f.high)))}
    top, row = TOP, 24
    bottom = top + row * max(len(known), 1)
    axis = Axis(0.0, 1.0, labels_width, WIDTH - 130)
    parts = vertical_grid(axis, top, bottom)
    for number, (name, figure) in enumerate(known.items()):
        y = top + row * number + row / 2
        low, high, value = axis(figure.low), axis(figure.high), axis(figure.value)
        numbers = f"{figure.value:.3f} ({figure.low:.2f}–{figure.high:.2f})"
        parts += [
            words(labels_width - 10, y + 4, name, "end"),
            f'<g style="color:{colour(0)}"><line x1="{low}" x2="{high}" y1="{y}" y2="{y}" '
            'stroke="currentColor" stroke-width="3" stroke-linecap="round" opacity="0.55"/>'
            f'<circle cx="{value}" cy="{y}" r="5" fill="currentColor"/></g>',
            words(WIDTH - 4, y + 4, numbers, "end", 12),
        ]
    return picture(parts, bottom + 26, title, description)


def line_plot(
    series: Sequence[Series],
    title: str,
    description: str = "",
    x_label: str = "",
    y_label: str = "",
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
    mark: float | None = None,
) -> str:
    """Lines with their bands and a legend; ``mark`` draws an upright line at an x."""
    lines = [(one.label, _finite(one.points), _finite(one.band)) for one in series]
    xs = [point[0] for _, points, band in lines for point in (*points, *band)]
    ys = [y for _, points, band in lines for point in (*points, *band) for y in point[1:]]
    low, high = x_range or _range(xs)
    bottom = 300
    x_axis = Axis(low, high, LEFT, WIDTH - RIGHT)
    low, high = y_range or _range(ys)
    y_axis = Axis(low, high, bottom, TOP)
    parts = [*vertical_grid(x_axis, TOP, bottom), *horizontal_grid(y_axis)]
    for number, (_, points, band) in enumerate(lines):
        parts += _line(number, points, band, x_axis, y_axis)
    if mark is not None and math.isfinite(mark):
        at = x_axis(mark)
        parts.append(
            f'<line x1="{at}" x2="{at}" y1="{TOP}" y2="{bottom}" stroke="currentColor" '
            'stroke-width="1.5" stroke-dasharray="4 3"/>'
        )
        parts.append(words(at, TOP - 5, shown(mark), "middle"))
    parts += _labels(x_label, y_label, bottom)
    legend = _legend([label for label, *_ in lines]) if len(lines) > 1 else []
    return picture([*parts, *legend], bottom + (74 if legend else 46), title, description)


def histogram(
    values: Sequence[float],
    title: str,
    description: str = "",
    x_label: str = "",
    bins: int = 40,
    logarithmic: bool = False,
    marks: Mapping[str, float] | None = None,
) -> str:
    """How many values lie where; ``marks`` are upright lines with their names, such as a median.

    A logarithmic axis leaves out what is not above 0.
    """
    known = sorted(value for (value,) in _finite([(value,) for value in values]))
    known = [value for value in known if value > 0] if logarithmic else known
    low, high = _range(known)
    if logarithmic:
        low, high = (known[0], known[-1] * 1.001) if known else (1.0, 10.0)
        high = max(high, low * 2)
    bottom = 220
    x_axis = Axis(low, high, LEFT, WIDTH - RIGHT, logarithmic)
    width = (WIDTH - RIGHT - LEFT) / bins
    counts = [0] * bins
    for value in known:
        counts[min(int((x_axis(value) - LEFT) / width), bins - 1)] += 1
    y_axis = Axis(0.0, float(max([*counts, 1])), bottom, TOP + 20)
    parts = [*vertical_grid(x_axis, TOP + 20, bottom), *horizontal_grid(y_axis)]
    parts += [
        f'<rect x="{LEFT + number * width + 0.5:.2f}" y="{y_axis(count)}" '
        f'width="{width - 1:.2f}" height="{bottom - y_axis(count):.2f}" style="fill:{colour(0)}"/>'
        for number, count in enumerate(counts)
        if count
    ]
    for number, (name, value) in enumerate((marks or {}).items()):
        if math.isfinite(value) and (value > 0 or not logarithmic):
            parts += _mark(x_axis(value), f"{name} {shown(value)}", bottom, number)
    return picture([*parts, *_labels(x_label, "", bottom)], 276, title, description)


def _line(
    number: int,
    points: Sequence[Sequence[float]],
    band: Sequence[Sequence[float]],
    x_axis: Axis,
    y_axis: Axis,
) -> list[str]:
    parts = []
    if band:
        ends = [(x, high) for x, _, high in band] + [(x, low) for x, low, _ in reversed(band)]
        corners = " ".join(f"{x_axis(x)},{y_axis(y)}" for x, y in ends)
        parts.append(f'<polygon points="{corners}" style="fill:{colour(number)}" opacity="0.16"/>')
    if len(points) == 1:
        x, y = points[0]
        parts.append(
            f'<circle cx="{x_axis(x)}" cy="{y_axis(y)}" r="4" style="fill:{colour(number)}"/>'
        )
    if len(points) > 1:
        places = " ".join(f"{x_axis(x)},{y_axis(y)}" for x, y in points)
        parts.append(f'<polyline points="{places}" {stroke(number)}/>')
    return parts


def _mark(at: float, text: str, bottom: float, number: int) -> list[str]:
    y = TOP + 14 * (number % 2) + 2
    anchor, side = ("end", -5) if at > WIDTH * 0.75 else ("start", 5)
    return [
        f'<line x1="{at}" x2="{at}" y1="{y - 8}" y2="{bottom}" stroke="currentColor" '
        'stroke-width="1.5" stroke-dasharray="4 3"/>',
        words(at + side, y, text, anchor, 12),
    ]


def _legend(labels: Sequence[str]) -> list[str]:
    parts, x = [], float(LEFT)
    for number, label in enumerate(labels):
        parts.append(f'<line x1="{x:g}" x2="{x + 26:g}" y1="362" y2="362" {stroke(number)}/>')
        parts.append(words(x + 32, 366, label, "start"))
        x += 60 + 7.5 * min(len(label), LONGEST_WORDS)
    return parts


def _labels(x_label: str, y_label: str, bottom: float) -> list[str]:
    middle = (TOP + bottom) / 2
    return [
        words((LEFT + WIDTH - RIGHT) / 2, bottom + 38, x_label, "middle"),
        f'<g transform="translate(16 {middle:g}) rotate(-90)">{words(0, 0, y_label, "middle")}</g>',
    ]


def _finite(rows: Sequence[tuple[float, ...]]) -> list[tuple[float, ...]]:
    """The rows of finite numbers, none of them so large that the arithmetic would fail."""
    known = [row for row in rows if all(map(math.isfinite, row))]
    return [tuple(min(max(value, -_LARGEST), _LARGEST) for value in row) for row in known]


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if high - low <= max(abs(low), abs(high)) * _SHORTEST_RANGE + _SHORTEST_RANGE:
        room = max(abs(low) * 0.1, 0.5)
        return low - room, high + room
    return low, high
