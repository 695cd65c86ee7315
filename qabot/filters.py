"""Which articles may be read: by source, day and tag, in the words that people give. Pure."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from qabot.dates import article_date
from qabot.errors import QuestionError
from qabot.relative_days import explain
from qabot.words import clean

MOST = 20
"""Values of one kind that can be given."""
LONGEST = 200
"""Code points of a value."""
_NUMERIC = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", re.ASCII)
_GIVEN = re.compile(
    rf"(?<!\S)(source|since|until|tag):(?:[\"“”]([^\"“”\n]{{1,{LONGEST}}})[\"“”](?!\w)"
    rf"|([^\s\"“”]\S{{0,{LONGEST}}})(?!\S))",
    re.IGNORECASE,
)
_AT_END = "?!.,;"
"""What ends a sentence, and so may stand after a value without being part of it."""
_LOOSE_END = re.compile(r" (?=[?!.,;]+(?:\s|$))")


@dataclass(frozen=True, slots=True)
class Filters:
    """Which articles may be read: of several values of a kind one must hold, and of kinds each.

    A source is an article's id, or stands in its title, publisher, address or path; a tag is one of
    its tags; neither minds capitals. ``since`` and ``until`` are days of publication, both
    included, which leave out articles without a known one. Articles but those with ``ids`` do not
    exist for the question; None is all. Raises QuestionError for values that cannot be looked up.
    """

    sources: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    tags: tuple[str, ...] = ()
    ids: frozenset[str] | None = None

    def __post_init__(self) -> None:
        for name in ("sources", "tags"):
            object.__setattr__(self, name, checked(name, getattr(self, name)))
        if self.since and self.until and self.since > self.until:
            raise QuestionError(
                f"No day is since {self.since} and until {self.until}. Give the earlier one first."
            )

    def __bool__(self) -> bool:
        return self != Filters()

    @property
    def is_dated(self) -> bool:
        """Whether articles without a date are left out."""
        return bool(self.since or self.until)

    def said(self) -> str:
        """The filters for a person; nothing of ``ids``, which nobody has asked for."""
        parts = [_listed(name, getattr(self, f"{name}s")) for name in ("source", "tag")]
        parts.insert(1, f"since {_written(self.since)}" if self.since else "")
        parts.insert(2, f"until {_written(self.until)}" if self.until else "")
        return ", ".join(filter(None, parts))

    def undated(self) -> Filters:
        """The same without days."""
        return replace(self, since=None, until=None)


def read_filters(
    today: date,
    sources: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
    tags: Sequence[str] = (),
    before: str = "",
) -> Filters:
    """The filters that people give in words; ``since`` last week begins with its first day.

    Raises QuestionError; ``before`` is what stands before names there, such as ``--``.
    """
    return Filters(
        tuple(sources),
        _days(f"{before}since", since, today)[0] if since is not None else None,
        _days(f"{before}until", until, today)[1] if until is not None else None,
        tuple(tags),
    )


def taken_out(text: str, today: date) -> tuple[str, Filters]:
    """A question without the filters in it, such as ``since:2026-01-01 source:"The Times"``.

    Raises QuestionError.
    """
    given: dict[str, list[str]] = {"source": [], "since": [], "until": [], "tag": []}
    for match in _GIVEN.finditer(text):
        value = match[2] or match[3].rstrip(_AT_END)
        given[match[1].lower()].append(value)
    if not any(given.values()):
        return text, Filters()
    rest = _GIVEN.sub(lambda match: (match[3] or "")[len((match[3] or "").rstrip(_AT_END)) :], text)
    lines = (_LOOSE_END.sub("", " ".join(line.split())) for line in rest.splitlines())
    since, until = (given[name][-1] if given[name] else None for name in ("since", "until"))
    filters = read_filters(today, given["source"], since, until, given["tag"])
    return "\n".join(lines).strip(), filters


def only(text: str, today: date) -> Filters:
    """The filters that a text gives and nothing else, in the form of ``taken_out``.

    Raises QuestionError.
    """
    rest, filters = taken_out(text, today)
    if rest:
        raise QuestionError(
            f"{rest[:50]!r} is no filter. Write source:reuters, since:2026-02 or since:last-week, "
            'until:yesterday, tag:iran, and source:"The Times" where there are spaces.'
        )
    return filters


def checked(name: str, given: Sequence[str]) -> tuple[str, ...]:
    """Texts that can be looked up, each once. Raises QuestionError."""
    values = tuple(dict.fromkeys(map(clean, given)))
    if not all(values):
        raise QuestionError(f"One of the {name} is empty. Leave it out.")
    if len(values) > MOST:
        raise QuestionError(f"{len(values)} {name} are too many. Give at most {MOST}.")
    if any(len(value) > LONGEST for value in values):
        raise QuestionError(f"One of the {name} has more than {LONGEST} characters. Shorten it.")
    return values


def _days(name: str, text: str, today: date) -> tuple[date, date]:
    """The first and the last day that a text means. Raises QuestionError."""
    words = " ".join(clean(text[: LONGEST + 1]).split())
    found = _numeric(words) if len(words) <= LONGEST else None
    if found is None and len(words) <= LONGEST:
        spoken = re.sub(r"(?<=\w)[-_](?=\w)", " ", words)
        meant = [one for one in explain(spoken, today) if one.phrase == spoken]
        day = article_date(words)
        found = (meant[0].first, meant[0].last) if meant else (day, day) if day else None
    if found is None:
        raise QuestionError(
            f"{name} takes a day such as 2026-02-27, a month as 2026-02, a year as 2026, or words "
            f"such as yesterday, last-week, 3-days-ago, not {words[:50]!r}."
        )
    return found


def _numeric(text: str) -> tuple[date, date] | None:
    match = _NUMERIC.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        first = date(year or 0, month or 1, day or 1)
    except ValueError:
        return None
    end = month or 12
    last = day or calendar.monthrange(first.year, end)[1]
    return first, date(first.year, end, last)


def _listed(name: str, values: Sequence[str]) -> str:
    return f"{name} " + " or ".join(f"“{value}”" for value in values) if values else ""


def _written(day: date | None) -> str:
    return f"{day.day} {day:%B} {day.year}" if day else ""
