"""The day that an article, or its address, says it is of; none where that could mean two. Pure."""

from __future__ import annotations

import re
from datetime import date

_READ = 20_000
"""Code points of a head that are looked at."""
_REST = 80
"""Code points that a line of a head may have besides its date."""

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def ascii_pattern(pattern: str) -> re.Pattern[str]:
    """A pattern in ASCII letters of either case, whose spaces may be ones that do not break."""
    return re.compile(pattern.replace(r"\s", "[\\s\u00a0\u202f]"), re.I | re.ASCII)


MONTH_NAME = "|".join(f"{name[:3]}(?:t|{name[3:]})?" if len(name) > 3 else name for name in MONTHS)
_ORDINAL = r"(?:st|nd|rd|th)?"
_DATE = ascii_pattern(
    rf"\b(?P<m1>{MONTH_NAME})\.?\s{{1,3}}(?P<d1>\d{{1,2}}){_ORDINAL},?\s{{1,3}}(?P<y1>\d{{4}})\b"
    rf"|\b(?P<d2>\d{{1,2}}){_ORDINAL}\s{{1,3}}(?P<m2>{MONTH_NAME})\.?,?\s{{1,3}}(?P<y2>\d{{4}})\b"
    r"|(?<![\d/.-])(?P<y3>\d{4})(?P<s>[-/.])(?P<m3>\d{1,2})(?P=s)(?P<d3>\d{1,2})(?!\d|[/.-]\d)"
    r"|(?<![\d/.-])(?P<a>\d{1,2})(?P<t>[-/.])(?P<b>\d{1,2})(?P=t)(?P<y4>\d{4})(?!\d|[/.-]\d)"
)
_IN_ADDRESS = re.compile(r"/((?:19|20)\d\d)/(\d\d?)/(\d\d?)(?=/|$)")
_UPDATED = re.compile(r"\b(?:updated|modified|edited|revised|corrected)\b", re.I)
_HEAD_WORDS = frozenset(
    """at on by and of the am pm a.m p.m est edt utc gmt updated published posted modified last for
    first created date time min read minute minutes story article edited revised""".split()
)
_LOWER_WORD = re.compile(r"(?<![\w'’])[a-z][\w.]*\w")


def article_date(head: str) -> date | None:
    """The day an article says it was published, or else updated; None where it does not say.

    03/04/2025 may be two days and is none; a date within a sentence is not the article's.
    """
    published: list[date] = []
    updated: list[date] = []
    for line in head[:_READ].splitlines():
        found = list(_DATE.finditer(line))
        rest = _DATE.sub(" ", line)
        if not found or len(rest) > _REST or not _is_furniture(rest):
            continue
        position = 0
        for match in found:
            day = _read(match)
            is_update = _UPDATED.search(line, position, match.start()) is not None
            position = match.end()
            if day:
                (updated if is_update else published).append(day)
    return next(iter(published + updated), None)


def _is_furniture(rest: str) -> bool:
    return all(match.group().lower() in _HEAD_WORDS for match in _LOWER_WORD.finditer(rest))


def _read(match: re.Match[str]) -> date | None:
    part = match.groupdict()
    name = part["m1"] or part["m2"]
    if name:
        month = next(n for n, one in enumerate(MONTHS, 1) if one[:3].lower() == name[:3].lower())
        return _date(part["y1"] or part["y2"], month, part["d1"] or part["d2"])
    if part["y3"]:
        return _date(part["y3"], int(part["m3"]), part["d3"])
    first, second = int(part["a"]), int(part["b"])
    if first != second and max(first, second) <= 12:
        return None
    month, day = (second, first) if first > 12 else (first, second)
    return _date(part["y4"], month, str(day))


def _date(year: str, month: int, day: str) -> date | None:
    try:
        return date(int(year), month, int(day))
    except ValueError:
        return None


def day_in_address(address: str) -> str:
    """The day (ISO 8601) in a newspaper's address, ``/2024/05/24/``; empty where there is none."""
    match = _IN_ADDRESS.search(address)
    try:
        return date(*map(int, match.groups())).isoformat() if match else ""
    except ValueError:
        return ""
