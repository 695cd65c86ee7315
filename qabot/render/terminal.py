"""Answer -> Rich renderables for a terminal; without colour or width the same words remain.

Whatever comes from people and articles goes through ``safe``, so that nothing in it acts on the
terminal. Lines that wrap go on under the text they belong to.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.text import Text

from qabot import markers
from qabot.answers import as_released
from qabot.naming import MOST_TWINS, address_of, also_in, by_whom, further, lead, where_in
from qabot.types import (
    Answer,
    Citation,
    Closest,
    Document,
    Explanation,
    Hit,
    Released,
    Twin,
)

_QUOTE_LIMIT = 160
_PASSAGE_LIMIT = 320
_TITLE_LIMIT = 100
_EXCERPT_LIMIT = 60
_AROUND = 3
"""Lines shown above and below a passage."""
_LINE_LIMIT = 600
"""Code points shown of a line's part that is not the passage."""
_NARROWEST = 20


class Hanging:
    """``label`` and then ``body``, whose further lines start with ``again`` or as far in."""

    def __init__(self, label: Text, body: Text, again: Text | None = None) -> None:
        self._label = label
        self._body = body
        self._again = again or Text(" " * label.cell_len)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """Wrapped at the width there is, without space at the ends of lines."""
        width = options.max_width - max(self._label.cell_len, self._again.cell_len)
        if width < _NARROWEST:
            yield Text.assemble(self._label, self._body)
            return
        for number, line in enumerate(self._body.wrap(console, width)):
            whole = Text.assemble(self._again if number else self._label, line)
            whole.rstrip()
            yield whole


def answer(given: Answer, lenient: bool = False) -> RenderableType:
    """The answer, a sentence a line, then each citation as a short quote with title and place.

    ``lenient`` shows what was withheld as well.
    """
    released = as_released(given)
    said = [sentence(*both) for both in zip(released, (None, *released), strict=False)]
    withheld = [one for one in given.rejected if one.marker is None and one.text]
    if lenient:
        said += [_withheld(one.text, one.reason) for one in withheld]
    return Group(*said, evidence(given, len(withheld) * (not lenient)))


def sentence(given: Released, before: Released | None = None) -> RenderableType:
    """A sentence with its markers, after who says it unless ``before`` did so too.

    One that was withheld is struck through, with the reason.
    """
    if given.withheld is not None:
        return _withheld(given.claim.text, given.withheld)
    marked = Text(f" {markers.write(given.claim.markers)}", "bold cyan")
    said = lead(given.citations, before.citations if before else ())
    whose = safe(f"{shorten(said, _TITLE_LIMIT)}: " if said else "", "dim")
    return Hanging(Text(), Text.assemble(whose, safe(given.claim.text), marked))


def _withheld(text: str, reason: str) -> RenderableType:
    return Hanging(
        Text("✗ ", "red"),
        Text.assemble(safe(text, "strike dim"), safe(f" (withheld: {reason})", "red")),
    )


def evidence(given: Answer, hidden: int = 0) -> RenderableType:
    """All but the sentences: citations or closest passages, notes, and what ``hidden`` counts."""
    parts: list[RenderableType] = []
    if given.status == "abstained":
        parts.append(Hanging(Text(), safe(given.text, "yellow")))
    if given.standalone:
        parts.append(Hanging(Text(), safe(f"Understood as: {given.standalone}", "dim")))
    for _, cited in groupby(given.citations, lambda one: one.document_id):
        parts += [Text(), *_grouped([(f"[{one.marker}] ", one) for one in cited], _QUOTE_LIMIT)]
    for _, closest in groupby(given.closest, lambda one: one.document_id):
        parts += [Text(), *_grouped([("  • ", one) for one in closest], _PASSAGE_LIMIT)]
    notes = list(given.notes)
    if hidden:
        sentences = "1 sentence was" if hidden == 1 else f"{hidden} sentences were"
        notes.append(f"{sentences} withheld, not found in the articles: --lenient shows them.")
    if notes:
        parts += [Text(), *(Hanging(Text("Note: ", "yellow"), safe(note)) for note in notes)]
    if given.explanation is not None:
        parts += [Text(), explanation(given.explanation)]
    return Group(*parts)


def _grouped(
    places: Sequence[tuple[str, Citation | Closest]], limit: int
) -> Iterator[RenderableType]:
    """Quotes of one article with their places, then the article: title, publisher, day, address."""
    for label, where in places:
        place = Text.assemble(
            Text(f"{where_in(where)} · ", "dim"),
            safe(f"{where.document_id}:{where.start}-{where.end}", "cyan"),
        )
        yield Hanging(Text(label, "bold cyan"), safe(shorten(where.quote, limit), "italic"))
        yield Hanging(Text(" " * len(label)), place)
    label, where = places[-1]
    yield Hanging(Text(" " * len(label)), safe(_titled(where), "dim"))
    # An address that is broken into lines could not be followed.
    address = safe(" ".join(address_of(where).split()), "dim")
    yield Text.assemble(" " * len(label), address, no_wrap=True, overflow="ignore")
    twins = also_in(one for _, one in places if isinstance(one, Citation))
    if twins:
        said = "; ".join(map(_titled, twins[:MOST_TWINS])) + further(twins)
        yield Hanging(Text(" " * len(label)), safe(f"also in: {said}", "dim"))


def _titled(article: Citation | Closest | Twin) -> str:
    """Title, publisher and day."""
    whom = by_whom(article.origin)
    return shorten(article.title, _TITLE_LIMIT) + (f" ({whom})" if whom else "")


def explanation(given: Explanation) -> RenderableType:
    """Why the answer was given or withheld, and the passages found with their scores."""
    signals = ", ".join(f"{name} {_number(value)}" for name, value in given.signals.items())
    reason = safe(shorten(given.reason, _PASSAGE_LIMIT))
    return Group(
        Hanging(Text("Why: ", "bold"), reason),
        Hanging(Text("Signals: ", "bold"), safe(signals or "none")),
        Text(),
        Text("fused   lexical  dense  passage", "bold"),
        *(_hit(hit) for hit in given.hits),
    )


def _hit(hit: Hit) -> RenderableType:
    lexical = "-" if hit.lexical is None else f"{hit.lexical:.2f}"
    dense = "-" if hit.dense is None else f"{hit.dense:.2f}"
    passage = hit.passage
    place = safe(f"{passage.document_id}:{passage.start}-{passage.end}", "cyan")
    start = safe(shorten(passage.text, _EXCERPT_LIMIT))
    return Hanging(
        Text(f"{hit.score:.4f}  {lexical:>7}  {dense:>5}  "), Text.assemble(place, " ", start)
    )


def passage_in_place(document: Document, start: int, end: int) -> RenderableType:
    """The lines around ``document.text[start:end]``, numbered, with that stretch highlighted."""
    lines = list(numbered_lines(document.text))
    holding = [number for number, first, text in lines if first < end and first + len(text) > start]
    low = (holding[0] if holding else 1) - _AROUND
    high = (holding[-1] if holding else 1) + _AROUND
    place = f" · characters {start} to {end} of {len(document.text)}"
    shown: list[RenderableType] = [
        Hanging(Text(), safe(shorten(document.title, _QUOTE_LIMIT), "bold")),
        Hanging(Text(), Text.assemble(safe(document.source, "dim"), Text(place, "dim"))),
        Text(),
    ]
    for number, first, text in lines[max(0, low - 1) : high]:
        shown.append(_numbered(number, first, text, start, end))
    return Group(*shown)


def _numbered(number: int, first: int, text: str, start: int, end: int) -> RenderableType:
    inside = slice(max(0, start - first), max(0, end - first))
    before, marked, after = text[: inside.start], text[inside], text[inside.stop :]
    if len(before) > _LINE_LIMIT:
        before = before[:_LINE_LIMIT] + " …" if not marked else "… " + before[-_LINE_LIMIT:]
    if len(after) > _LINE_LIMIT:
        after = after[:_LINE_LIMIT] + " …"
    sign = Text("▌ " if marked.strip() else "  ", "yellow")
    return Hanging(
        Text.assemble(Text(f"{number:>5} ", "dim"), sign),
        Text.assemble(safe(before), safe(marked, "bold black on yellow"), safe(after)),
        again=Text.assemble(" " * 6, sign),
    )


def numbered_lines(text: str) -> Iterator[tuple[int, int, str]]:
    """Line number from 1, offset of its first character, and the line without its end."""
    position = 0
    for number, line in enumerate(text.split("\n"), start=1):
        yield number, position, line.removesuffix("\r")
        position += len(line) + 1


def check(is_well: bool, name: str, finding: str, remedy: str) -> RenderableType:
    """One thing that ``qabot doctor`` looked at, with what to do about it where it is amiss."""
    label = Text("ok   ", "green") if is_well else Text("FAIL ", "red")
    line = Hanging(label, safe(f"{name}: {finding}"))
    return line if is_well else Group(line, Hanging(Text("     "), safe(remedy)))


def safe(text: str, style: str = "") -> Text:
    """Text from people and articles, shown as it is: no markup, no control characters."""
    return Text("".join(_visible(text)), style)


def shorten(text: str, limit: int) -> str:
    """The text on one line, cut at a word with an ellipsis where it is too long."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > limit // 2 else cut).rstrip() + " …"


def _visible(text: str) -> Iterable[str]:
    """What is seen of a text; characters that would act on a terminal give way to a sign."""
    for character in text:
        category = unicodedata.category(character)
        if character in "\n\t\u200c\u200d" or category not in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
            yield character  # with the joiners that scripts and emoji need
        elif category in {"Zl", "Zp"}:
            yield " "
        elif category != "Cf":  # soft hyphens and marks of direction leave no trace
            yield "\ufffd"


def _number(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
