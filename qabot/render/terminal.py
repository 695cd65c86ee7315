"""Answer -> Rich renderables for a terminal; without colour or width the same words remain."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from qabot.types import Answer, Citation, Closest, Document, Explanation, SourceInfo

_QUOTE_LIMIT = 160
_PASSAGE_LIMIT = 320
_AROUND = 3
_MARKER = re.compile(r"\[\d+\]")


def answer(given: Answer) -> RenderableType:
    """The answer, then each citation as a short quote with title and place."""
    parts: list[RenderableType] = []
    if given.status == "answered":
        text = safe(given.text)
        text.highlight_regex(_MARKER, "bold cyan")
        parts.append(text)
        for citation in given.citations:
            label = f"[{citation.marker}]"
            parts += [Text(), _quoted(label, citation, _QUOTE_LIMIT)]
    else:
        parts.append(safe(given.text, "yellow"))
        for closest in given.closest:
            parts += [Text(), _quoted(" • ", closest, _PASSAGE_LIMIT)]
    if given.explanation is not None:
        parts += [Text(), explanation(given.explanation)]
    return Group(*parts)


def _quoted(label: str, where: Citation | Closest, limit: int) -> RenderableType:
    quote = safe(shorten(where.quote, limit), "italic")
    place = Text.assemble(
        safe(where.title, "dim"),
        Text(f" · line {where.line} · ", "dim"),
        safe(f"{where.document_id}:{where.start}-{where.end}", "cyan"),
    )
    line = Text.assemble(Text(label, "bold cyan"), " ", quote)
    return Group(line, Padding(place, (0, 0, 0, len(label) + 1)))


def explanation(given: Explanation) -> RenderableType:
    """Why the answer was given or withheld, and the passages found with their scores."""
    table = Table("fused", "lexical", "dense", "passage", box=None, padding=(0, 2, 0, 0))
    for hit in given.hits:
        passage = hit.passage
        place = f"{passage.document_id}:{passage.start}-{passage.end}"
        table.add_row(
            f"{hit.score:.4f}",
            "-" if hit.lexical is None else f"{hit.lexical:.2f}",
            "-" if hit.dense is None else f"{hit.dense:.2f}",
            Text.assemble(safe(place, "cyan"), " ", safe(shorten(passage.text, 90))),
        )
    signals = ", ".join(f"{name} {_number(value)}" for name, value in given.signals.items())
    return Group(
        Text.assemble(Text("Why: ", "bold"), safe(given.reason)),
        Text.assemble(Text("Signals: ", "bold"), safe(signals or "none")),
        table,
    )


def passage_in_place(document: Document, start: int, end: int) -> RenderableType:
    """The lines around ``document.text[start:end]`` with their numbers, that stretch highlighted."""
    lines = list(numbered_lines(document.text))
    holding = [
        number for number, first, text in lines if first < end and first + len(text) >= start
    ]
    low = (holding[0] if holding else 1) - _AROUND
    high = (holding[-1] if holding else 1) + _AROUND
    shown: list[RenderableType] = [safe(document.title, "bold"), safe(document.source, "dim"), Text()]
    for number, first, text in lines:
        if low <= number <= high:
            shown.append(_numbered(number, first, text, start, end))
    return Group(*shown)


def _numbered(number: int, first: int, text: str, start: int, end: int) -> Text:
    inside = slice(max(0, start - first), max(0, end - first))
    before, marked, after = text[: inside.start], text[inside], text[inside.stop :]
    sign = "▌" if marked.strip() else " "
    return Text.assemble(
        Text(f"{number:>5} ", "dim"),
        Text(sign, "yellow"),
        " ",
        safe(before),
        safe(marked, "bold black on yellow"),
        safe(after),
    )


def numbered_lines(text: str) -> Iterator[tuple[int, int, str]]:
    """Line number from 1, offset of its first character, and the line without its end."""
    position = 0
    for number, line in enumerate(text.split("\n"), start=1):
        yield number, position, line
        position += len(line) + 1


def sources(found: Sequence[SourceInfo]) -> RenderableType:
    """The documents in the index."""
    table = Table("id", "title", "passages", "added", "file", box=None, padding=(0, 2, 0, 0))
    for source in found:
        table.add_row(
            safe(source.id, "cyan"),
            safe(source.title),
            str(source.passages),
            source.added_at[:10],
            safe(source.source, "dim"),
        )
    return table


def safe(text: str, style: str = "") -> Text:
    """Text from people and articles, shown as it is: no markup, no control characters."""
    return Text("".join(_visible(text)), style)


def shorten(text: str, limit: int) -> str:
    """The text on one line, cut at a word with an ellipsis where it is too long."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    return line[: limit - 1].rsplit(" ", 1)[0] + " …"


def _visible(text: str) -> Iterable[str]:
    for character in text:
        if character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cf", "Cs"}:
            yield character
        elif character in "\u200d\u200c":
            yield character  # joiners that scripts and emoji need
        elif character != "\r":
            yield "\ufffd"


def _number(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
