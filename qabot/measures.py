"""The figures that a sentence gives, and what a question has measured or counted. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from qabot.words import fold

Measure = Literal["any", "age", "speed", "length", "weight", "heat", "share", "often",
                  "people", "score", "count"]  # fmt: skip
"""What a figure is of that a question asks for: "any" where it says "how much", "how big"."""

NUMERALS = (
    r"two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|"
    r"nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|dozens?|hundreds?|thousands?|million|"
    r"billion|trillion|half|third|quarter|zero|twice|double|triple|one"
)
LENGTH = (
    r"\d\s?(?:km|cm|mm|m|ft|mi)\b|\b(?:kilo|centi|milli)?met(?:er|re)s?\b|\bmiles?\b"
    r"|\b(?:feet|foot|yards?|inch(?:es)?|fathoms?|leagues?)\b|\d['’′]"
)
_FIGURE = rf"(?:\d[\d.,]*|\b(?:an?|several|few|{NUMERALS}))[\s-]"
_LASTING = rf"{_FIGURE}(?:[\w-]+ )?(?:second|minute|hour|day|week|month|year)s?\b"
_PERCENT = r"\d\s?%|\bper ?cent\b|\bpercentage points?\b"
_PART = (
    r"\bhalf\b"
    r"|\b(?:an?|one|two|three|four|nine)[ -](?:third|quarter|fifth|sixth|seventh|eighth|tenth)s?\b"
)
_AGE = (
    rf"\bage[ds]?\b|\bborn\b|\bbirthday\b|\bteenage|{_FIGURE}\w+(?=[\s-]old\b)"
    r"|[,(] ?\d{1,3}(?=[,.;)]| and\b)"  # "Gareth Munn, 38, was held"
    r"|\b(?:at|of|is|was|turn(?:s|ed)?|now|only|just) \d{1,3}"
    r"(?=[,.;)]|$| (?:s?he|they|and|who|after|in|on|when|today|yesterday|following)\b)"
    r"|\b(?:his|her|their) (?:early |mid-?|late )?\w+(?:ies|teens)\b"
    r"|\bdat(?:es?|ed|ing) (?:from|back)\b|\b(?:built|founded|established|opened)\b|\bcentur"
)
_RATE = (
    r"\bmph\b|\bk(?:m/?h|ph)\b|\d\s?m/s\b|\bknots?\b|\bmach\b"
    r"|\b(?:an?|per) (?:second|minute|hour)\b|\btimes\b|\b(?:twice|double)\b"
)
_WEIGHT = (
    r"\d\s?(?:kg|g|lbs?|oz|t)\b"
    r"|\b(?:kilos?|(?:kilo)?gram(?:me)?s?|tons?|tonnes?|pounds?|ounces?|stone)\b"
)
_OFTEN = (
    r"\b(?:every|each|once|twice|daily|weekly|monthly|yearly|annual(?:ly)?|hourly|nightly|always|"
    r"never|rarely|seldom|regularly|often|fortnight(?:ly)?|times)\b"
    r"|\b(?:an?|per) (?:second|minute|hour|day|night|week|month|season|year|decade)\b"
)
_SHARE = (
    rf"{_PERCENT}|{_PART}|\d|\b(?:all|none|most|majority)\b"
    r"|\b(?:in|out of) (?:\w+ )?(?:two|three|four|five|ten)\b"
)
_COUNT = (
    rf"(?<![\w.,-])\d|{_PART}|\b(?!half\b|third\b|quarter\b)(?:{NUMERALS})\b"
    r"|\b(?:nobody|no one|none|no|both|couple|pair)\b"
)
_PEOPLE = (
    rf"(?:(?<![\w.,-])\d[\d.,]*|\b(?:{NUMERALS}))(?:[\s-](?:[mb]illion|thousand|hundred))?"
    r"(?:[\s-][\w’'-]+){0,3}? (?:people|persons|m[ea]n|wom[ea]n|child(?:ren)?|boys?|girls?|"
    r"(?-i:[a-z])\w*(?:ers?|ors?|ees?|ists?|ians?|ents?|ants?|ans)|staff|police|crew|troops|officers?|pupils|"
    r"fans|victims|bodies|deaths?|dead|lives|soldiers|civilians|famil(?:y|ies)|others|guests|adults|"
    r"died|killed|were|was|have|had|are|of (?:them|its|the)|missing|injured|wounded|jobs|posts)\b"
    r"|(?<![\w.,-])\d[\d.,]*(?=[.;)]|,\D|$)"
    r"|\b\w+(?:ing|ed|s) (?:at least |about |some |more than |up to |nearly |over |around |only |"
    r"another |almost )?\d"
    r"|\b(?:crowd|attendance|audience|toll|population|turnout|number)\b"
    rf".{{0,60}}(?:\d|\b(?:{NUMERALS})\b)"
    r"|\b(?:nobody|no one|none|no)\b"
)
"""A count of people, or one that says not of what it is."""
MEASURES: Mapping[Measure, re.Pattern[str]] = {
    "any": re.compile(rf"(?<![a-z][.!?])\d|\b(?:{NUMERALS})\b", re.I),
    "age": re.compile(_AGE, re.I),
    "speed": re.compile(f"{_RATE}|{_PERCENT}|{_LASTING}", re.I),
    "length": re.compile(rf"{LENGTH}|{_PERCENT}|\b(?:storeys?|stor(?:y|ies)|floors?)\b", re.I),
    "weight": re.compile(_WEIGHT, re.I),
    "heat": re.compile(
        r"°|\b(?:degrees?|celsius|fahrenheit)\b|\d\s?[CF]\b|\b(?:zero|freezing)\b", re.I
    ),
    "share": re.compile(_SHARE, re.I),
    "often": re.compile(_OFTEN, re.I),
    "people": re.compile(_PEOPLE, re.I),
    "score": re.compile(
        r"\b\d{1,3} ?[-–] ?\d{1,3}\b|\bnil\b|\d to \d|\b[A-Z]\w+ \d{1,3}, [A-Z]\w+ \d"
    ),
    "count": re.compile(_COUNT, re.I),
}
"""What gives a figure of each, or says how much by a word."""
UNITS = re.compile(
    r"[$€£¥₹]\s?\d[\d.,]*(?:\s?(?:k|m|bn|[mbtr]+illion|thousand)\b)?|[\d.,]+\s?%"
    rf"|(?:\d[\d.,]*|\b(?:{NUMERALS}))(?: (?:[mb]illion|thousand|hundred))?[\s-]?"
    r"(?:km|cm|mm|m|ft|kg|lbs?|oz|°C|°F|mph|km/h|per ?cent(?:age)?|kilomet(?:er|re)s?|"
    r"met(?:er|re)s?|miles?|feet|yards?|inch(?:es)?|acres?|hectares?|kilos?|tonnes?|tons?|pounds?|"
    r"degrees?|dollars?|euros?|cents?)\b",
    re.I,
)
"""Figures of money, shares and measures, which count nothing."""
_BARE = re.compile(
    rf"(?:(?<![\w.,-])\d[\d.,]*+|\b(?:{NUMERALS})\b)(?! ?(?:{NUMERALS})\b)"
    r"(?!\s(?:[a-z][\w’'-]+\s){0,2}[a-z][\w’'-]*[a-rt-z]s\b)",
)
"""A figure with no noun in the plural right behind it or a word or two further."""
_ASKED: tuple[tuple[Measure, str], ...] = (
    ("age", r"\bhow (old)\b|\bwhat(?:'s| is| was) (?:[\w.’'-]+ ){1,4}(age)\W*$"),
    ("speed", r"\bhow (fast)\b"),
    ("length", r"\bhow (tall|deep|wide|thick)\b"),
    ("weight", r"\bhow (heavy)\b"),
    ("heat", r"\bhow (hot|cold|warm)\b|\bwhat(?:'s| is| was) the (?:[\w-]+ ){0,2}temperature\b"),
    ("share", r"\b(?:what|which) (?:percentage|percent|share|proportion|fraction)\b"),
    ("often", r"\bhow (?:(often)|frequently)\b"),
    ("any", r"\bhow many (?:[\w-]+ )?(?:percent|points|dollars|euros|pounds|cents|degrees|miles|"
            r"(?:kilo)?met(?:er|re)s|feet|yards|inches|tons|tonnes|kilos|acres|hectares|times)\b"),
    ("any", r"\bhow many of\b"),
    ("people", r"\bhow many people\b"),
    ("score", r"\bwhat(?:'s| is| was) the (?:[\w-]+ ){0,2}score\b"),
    ("count", r"\bhow many\b"),
)  # fmt: skip


def measure_of(text: str) -> tuple[Measure, str]:
    """What a question asks a figure of, if it asks for one, and the word that says so: "old"."""
    lowered = fold(text)
    for measure, form in _ASKED:
        if found := re.search(form, lowered):
            return measure, next(filter(None, found.groups()), "")
    return "any", ""


def counts_bare(text: str) -> bool:
    """Whether a figure stands in a text that is not said to be of anything."""
    return _BARE.search(text) is not None
