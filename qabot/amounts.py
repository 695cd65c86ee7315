"""The figures, lengths of time and days that a sentence gives in answer. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from qabot.dates import MONTH_NAME, MONTHS
from qabot.question import Question
from qabot.relative_days import explain
from qabot.values import Value, tied
from qabot.words import Token, fold

_DAY = re.compile(
    rf"\b(?:(?P<m1>{MONTH_NAME})\.?\s(?P<d1>\d{{1,2}})\b(?:st|nd|rd|th)?(?:,?\s(?P<y1>\d{{4}})\b)?"
    rf"|(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\s(?P<m2>{MONTH_NAME})\b\.?(?:,?\s(?P<y2>\d{{4}})\b)?"
    r"|(?P<y3>\d{4})-(?P<m3>\d\d)-(?P<d3>\d\d)\b"
    rf"|(?P<m4>{MONTH_NAME})\.?,?\s(?:of\s)?(?P<y4>\d{{4}})\b)",
    re.I,
)
_YEAR = re.compile(r"(?<![\d$€£.,])\b(?:1[5-9]|20)\d\d\b(?![\d%]|,\d|\.\d)")
_SMALL = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_NO_COUNT = re.compile(
    rf"\b(?:\d+|an?|several|{_SMALL})[\s-]+(?:\w+\s)?(?:years?|months?|weeks?|days?|hours?|minutes?|"
    r"decades?)\b|\b\d{1,2}(?::\d\d)?\s?[ap]\.?m\b|\b\d{1,2}:\d\d\b|\b\d+(?:st|nd|rd|th)\b"
    r"|\baged?\s\d+|,\s\d{1,3},|\b\d[\d,.]*-[^\W\d]+"
    r"|\b(?:magnitude|category|number|no\.|highway|route|flight|chapter|section|grade|phase|level)"
    r"\s(?:of\s)?\d[\d.]*",
    re.I,
)
"""Lengths of time, times of day, ordinals, ages and names with a number, which count nothing."""
_LENGTH = re.compile(
    rf"\b(\d+|an?|{_SMALL})[\s-]+(year|month|week|day|hour|minute)s?\b(?![\s-](?:old|ago))", re.I
)
_MINUTES = {"minute": 1, "hour": 60, "day": 1_440, "week": 10_080, "month": 43_800, "year": 525_600}
_WORDS = {
    "a": 1, "an": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "dozen": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_FIGURE = re.compile(
    r"(?P<sign>[$€£¥₹]\s?)?(?:(?P<digits>\d[\d,]*(?:\.\d+)?)(?![\d:/]|-year)"
    rf"|\b(?P<word>{'|'.join(word for word in _WORDS if len(word) > 2)})"
    r"(?:-(?P<ones>one|two|three|four|five|six|seven|eight|nine))?\b)"
    rf"(?:[\s-](?P<scale>{'|'.join(_SCALES)})s?\b)?"
    r"\s?(?P<unit>%|per\s?cent\b|percentage\spoints?\b|dollars?\b|euros?\b|pounds?\b|yuan\b|yen\b)?",
    re.I,
)
_UNITS = {"$": "dollar", "€": "euro", "£": "pound", "%": "%", "per": "%"}
_SINCE = re.compile(r"\b(?:since|until|till|before|after|from|between|than|by)\s(?:the\s)?$", re.I)
_Date = tuple[int | None, int | None, int | None]
_HEDGES = (
    (re.compile(r"\b(?:at least|more than|over|no fewer than|above|exceed\w*)\s$", re.I), 1, 1.25),
    (re.compile(r"\b(?:up to|as many as|fewer than|less than|under)\s$", re.I), 0.75, 1),
    (re.compile(r"\b(?:about|around|some|nearly|almost|roughly|approximately)\s$", re.I), 0.9, 1.1),
)
"""Words before a figure, and between which shares of it the true one may lie."""
_ROUNDED, _EXACT_TO = 1_000, 0.05
"""Figures from here are rounded more often than not, by this share at most."""


def figures(
    asked: Question, text: str, words: Sequence[Token], day: date | None
) -> Iterator[Value]:
    """The figures of the unit asked for: money, shares or plain counts."""
    is_money, is_share = asked.expects == "money", "percent" in fold(asked.text)
    for value in all_figures(asked, text, words, day):
        unit = value.key[0]
        if bool(unit) == (is_money or is_share) and (unit == "%") == is_share:
            yield value


def all_figures(
    asked: Question, text: str, words: Sequence[Token], day: date | None
) -> Iterator[Value]:
    masked = text
    for pattern in (_DAY, _NO_COUNT, _YEAR):
        masked = pattern.sub(lambda match: "\0" * len(match.group()), masked)
    for match in _FIGURE.finditer(masked):
        unit = fold((match["sign"] or match["unit"] or "").strip()).rstrip("s")
        unit = _UNITS.get(unit, _UNITS.get(unit[:3], unit))
        digits = (match["digits"] or "").replace(",", "")
        number = float(digits) if digits else _worded(match)
        number *= _SCALES[match["scale"].casefold()] if match["scale"] else 1
        yield _figure(asked, masked, words, match.start(), number, unit)


def _worded(match: re.Match[str]) -> float:
    return _WORDS[match["word"].casefold()] + _WORDS.get((match["ones"] or "").casefold(), 0)


def _figure(
    asked: Question, text: str, words: Sequence[Token], start: int, number: float, unit: str
) -> Value:
    before = text[max(0, start - 20) : start]
    spread = _EXACT_TO if number >= _ROUNDED else 0
    low, high = next(
        ((low, high) for words_, low, high in _HEDGES if words_.search(before)),
        (1 - spread, 1 + spread),
    )
    beside = tied(asked, text, words, start)
    return Value(start, (unit,), number, number * low, number * high, beside)


def lengths(
    asked: Question, text: str, words: Sequence[Token], day: date | None
) -> Iterator[Value]:
    for match in _LENGTH.finditer(text):
        count = float(match[1]) if match[1].isdigit() else _WORDS[match[1].casefold()]
        minutes = count * _MINUTES[match[2].casefold()]
        yield _figure(asked, text, words, match.start(), minutes, "")


def days(asked: Question, text: str, words: Sequence[Token], day: date | None) -> Iterator[Value]:
    """The days, months and years that a text gives; not those since or until which something is."""
    for start, key in _dates(text, day):
        if not _SINCE.search(text[max(0, start - 20) : start]):
            yield Value(start, key, tied=tied(asked, text, words, start))


def _dates(text: str, day: date | None) -> Iterator[tuple[int, _Date]]:
    masked = text
    for match in _DAY.finditer(text):
        part = {name[0]: value for name, value in match.groupdict().items() if value}
        month = int(part["m"]) if part["m"].isdigit() else _month(part["m"])
        year = int(part["y"]) if "y" in part else _nearest_year(month, day)
        yield match.start(), (year, month, int(part["d"]) if "d" in part else None)
        masked = masked[: match.start()] + "\0" * len(match.group()) + masked[match.end() :]
    for match in _YEAR.finditer(masked):
        yield match.start(), (int(match.group()), None, None)
    for one in explain(masked, day) if day else ():
        length = (one.last - one.first).days + 1
        if length == 1 or length > 27:  # a week is no day, and no month
            month_of = one.first.month if length < 32 else None
            yield one.start, (one.first.year, month_of, one.first.day if length == 1 else None)


def _month(name: str) -> int:
    return next(n for n, one in enumerate(MONTHS, 1) if one[:3].casefold() == name[:3].casefold())


def _nearest_year(month: int, day: date | None) -> int | None:
    """The year in which an article of ``day`` means a month without one."""
    return day.year + (month < day.month - 8) - (month > day.month + 4) if day else None
