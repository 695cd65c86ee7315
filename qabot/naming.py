"""Who says something, when and where, in the words that people read. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from qabot.types import Citation, Closest, Document, Origin, SourceInfo, Twin

MOST_TWINS = 3
"""Articles that are named as saying nearly the same."""
_LONGEST_TITLE = 60


def day_of(origin: Origin) -> date | None:
    """The day of publication; None where it is not known or no day."""
    try:
        return date.fromisoformat(origin.date)
    except ValueError:
        return None


def said_day(day: date) -> str:
    """A day as the program writes it: 27 Feb 2026."""
    return f"{day.day} {day:%b} {day.year}"


def by_whom(origin: Origin) -> str:
    """Publisher and day, as far as they are known: "Reuters, 27 Feb 2026"; else empty."""
    day = day_of(origin)
    return ", ".join(filter(None, (shortened(origin.publisher), said_day(day) if day else "")))


def where_in(place: Citation | Closest) -> str:
    """Page and line: "p. 3, line 12"."""
    return f"p. {place.page:,}, line {place.line:,}" if place.page else f"line {place.line:,}"


def address_of(found: Citation | Closest | Document | SourceInfo | Twin) -> str:
    """Where the article can be read: its web address, else the path or address it came from."""
    url = found.origin.url
    return url if url.lower().startswith(("http://", "https://")) else found.source


def also_in(cited: Iterable[Citation]) -> list[Twin]:
    """The further articles that say nearly the same as these citations, each once."""
    return list({twin.document_id: twin for one in cited for twin in one.also}.values())


def further(twins: Sequence[Twin]) -> str:
    """How many more there are than are named."""
    return f" and {len(twins) - MOST_TWINS:,} more" if len(twins) > MOST_TWINS else ""


def lead(cited: Sequence[Citation], before: Sequence[Citation] = ()) -> str:
    """What stands before a sentence to say whose it is: "Reuters, 27 Feb 2026"; empty if plain.

    ``before`` is what the sentence before it cites: one that goes on from there needs no lead, and
    one of another article always gets one. It is no part of the sentence, which is a quotation.
    """
    known = {one.document_id for one in before}
    if all(one.document_id in known for one in cited):
        return ""
    said = {by_whom(one.origin) for one in before}
    names = dict.fromkeys(
        _name(one, said) for one in cited if before or one.origin.publisher.strip()
    )
    return "; ".join(names)


def _name(cited: Citation, taken: Collection[str]) -> str:
    """Publisher and day; the title as well where these name no one article."""
    whom = by_whom(cited.origin)
    if shortened(cited.origin.publisher) and whom not in taken:
        return whom
    return ", ".join(filter(None, (f"“{shortened(cited.title)}”", whom)))


def shortened(title: str) -> str:
    """A title on one line, cut where it is too long to be named in passing."""
    line = " ".join(title.split())
    return line if len(line) <= _LONGEST_TITLE else line[: _LONGEST_TITLE - 1].rstrip() + "…"
