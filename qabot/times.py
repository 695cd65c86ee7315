"""The times that a sentence tells, and how exact a time a question asks for. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from qabot.dates import MONTH_NAME
from qabot.words import fold

Grain = Literal["any", "clock", "weekday", "day", "month", "year"]
"""How exact the time is that a question asks for: "any" where it says "when"."""

# "May" and "March" are words, too: as months they stand by a day, a year or such a word.
_BEFORE_MONTH = "|".join(
    rf"(?<=\b{word} )" for word in "in of by from since until last next this early late mid".split()
)
_MONTH = (
    rf"(?:(?!(?:may|march)\b)(?:{MONTH_NAME})\b\.?|(?:may|march)\b(?=\s\d)"
    rf"|(?:(?<=\d\s)|{_BEFORE_MONTH})(?:may|march)\b)"
)
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
_HOUR = r"(?:[01]?\d|2[0-4])"
# A bare 20:15 may be a score: a time stands behind such a word, or begins a line or a cell.
_BEFORE_TIME = "|".join(
    rf"(?<=\b{word} )"
    for word in "at from until till to by after before around about and or is was between".split()
)
_BEFORE_TIME = rf"(?:^|{_BEFORE_TIME}|(?<=day )|(?<=[|,;(–—-] )|(?<=[|(“]))"
_CLOCK = (
    rf"(?:{_BEFORE_TIME}{_HOUR}:[0-5]\d\b|"
    rf"\b{_HOUR}(?:[.:][0-5]\d)?\s?(?:[ap]\.?m\b|o['’]clock\b)|"
    r"\b(?:noon|midnight|half past \w+|quarter (?:past|to) \w+|"
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve) o['’]clock)\b|"
    rf"\b(?:at|from|until|till) {_HOUR}\.[0-5]\d\b(?! ?(?:%|per|points|[mb]illion))|"
    rf"\bat {_HOUR}(?=[,;.”\"](?!\d)|$| on\b| in the (?:morning|evening)\b)|"
    rf"\b{_HOUR}\.[0-5]\d (?:to|until|–|-) {_HOUR}\.[0-5]\d\b)"
)
_BEFORE_YEAR = "|".join(
    rf"(?<=\b{word} )" for word in "in of since by until from during the early late year".split()
)
DATE = re.compile(rf"\b(?:{MONTH_NAME})\b\.?\s+\d{{1,2}}\b(?:,\s*\d{{4}})?", re.I)
TIMES: Mapping[Grain, re.Pattern[str]] = {
    "any": re.compile(
        rf"\b(?:(?:mid-|early |late )?{_MONTH}|{_WEEKDAY}|1[5-9]\d\d|20\d\d|century|decade|"
        r"today|yesterday|tomorrow|tonight|(?:last|this|next|earlier this|later this) "
        r"(?:week|month|year|term|spring|summer|autumn|fall|winter|season)|"
        r"(?:years?|months?|weeks?|days?|hours?|decades?) (?:later|earlier|before|after)|"
        r"\d+(?:st|nd|rd|th) minute|half-time|full-time|at the age of|birthday|christmas|easter|"
        r"during|in the (?:spring|summer|autumn|winter)|"
        r"(?:morning|afternoon|evening|ago|first term|second term))\b"
        rf"|{_CLOCK}",
        re.I,
    ),
    "clock": re.compile(
        rf"{_CLOCK}|\b(?:morning|afternoon|evening|night|tonight|dawn|dusk)\b"
        rf"|\b(?:at|around|after|before|until) {_HOUR}\b(?! ?[%\w]|[.,:]\d)",
        re.I,
    ),
    "weekday": re.compile(rf"\b(?:{_WEEKDAY}|weekdays|weekends?|daily|every day)\b", re.I),
    "day": re.compile(
        rf"\b(?:{MONTH_NAME})\b\.?,? (?:the )?\d{{1,2}}\b"
        rf"|\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? (?:{MONTH_NAME})\b"
        rf"|\b(?:{_WEEKDAY}|today|yesterday|tomorrow|tonight|christmas|easter|new year[’']s)\b"
        r"|\b\d{1,2}(?:st|nd|rd|th)\b(?! (?:century|time|anniversary))"
        r"|\b\d{4}-\d\d-\d\d\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b",
        re.I,
    ),
    "month": re.compile(
        rf"\b(?:{_MONTH}|(?:last|this|next|same) month\b|\d{{4}}-(?:0\d|1[0-2])(?!\d))", re.I
    ),
    "year": re.compile(
        rf"(?:(?:{_BEFORE_YEAR})(?:1\d|20)\d\ds?\b|"
        r"\b(?:1\d|20)\d\d(?:s\b|\b(?! (?:[a-z]+s|people|men|women|children)\b))|"
        r"\b(?:last|this|next|same|following|previous) year|"
        r"\b(?:years?|decades?) (?:ago|later|earlier|before)|\bcentury)\b",
        re.I,
    ),
}
"""What tells a time as exact as each grain."""
_ASKED: tuple[tuple[Grain, str], ...] = (
    ("clock", r"\b(?:what|which) (?:time|hour)s?\b(?! of (?:the )?(?:year|month|week))"),
    ("year", r"\b(?:what|which) years?\b"),
    ("month", r"\b(?:what|which) months?\b"),
    ("weekday", r"\b(?:what|which) (?:days? of the week|weekdays?)\b"),
    ("day", r"\b(?:what|which) (?:exact )?(?:date|day)s?\b"),
    ("day", r"\bwhat(?:'s| is| was) the (?:[\w-]+ )?date\b"),
)


def grain_of(text: str) -> Grain:
    """How exact the time is that a question asks for, if it asks for one."""
    lowered = fold(text)
    return next((grain for grain, form in _ASKED if re.search(form, lowered)), "any")
