"""The parts of a question that each want passages of their own. Pure.

A question may ask several things at once, set articles of two publishers side by side, or name the
day of an article. Where passages are found for the whole question alone, those on one part push
out those on another.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from qabot.dates import MONTHS
from qabot.types import Passage
from qabot.words import Token, is_stopword, tokens

_LEAST = 4
"""Content words of a part, at least: "Moscow and Tehran" are not two parts of a question."""
_MOST = 6
"""Parts of a question, at most, that are looked up; what comes after these is not."""
_CUT = re.compile(
    r"[,;:?]\s+(?:(?:and|but|while|or|which|who|with|that)\s+)?"
    r"|\s+(?:and|while|but|as well as|whereas|or)\s+",
    re.I,
)
_SEGMENT = re.compile(r"\s*[|:]\s*|\s+[-–—]\s+")  # "Guardian | World news", "BBC News - Arts"
_LONGEST_NAME = 200
"""Code points of a publisher's name that are read."""

_MONTH = "|".join(f"{name[:3]}(?:t|{name[3:]})?" if len(name) > 3 else name for name in MONTHS)
_DAY = re.compile(
    rf"\b(?:(?P<m1>{_MONTH})\.?\s(?P<d1>[0-9]{{1,2}})(?:st|nd|rd|th)?\b"
    rf"|(?P<d2>[0-9]{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?(?P<m2>{_MONTH})\b)"
    r"(?:\.?,?\s(?P<y>[0-9]{4})\b)?",
    re.I,
)
_NUMBERS = {name[:3].lower(): f"{number:02}" for number, name in enumerate(MONTHS, start=1)}
_OF_ARTICLES = re.compile(r"\b(?:articles?|publish\w*|report\w*|stor(?:y|ies)|pieces?|coverage)\b")


def parts(question: str) -> list[str]:
    """The clauses of a question that asks several things, at most 6; none where it asks one."""
    found: list[str] = []
    for clause in _CUT.split(question):
        if found and _content(clause) < _LEAST:
            found[-1] += " " + clause
        else:
            found.append(clause)
    if len(found) > 1 and _content(found[0]) < _LEAST:
        found[:2] = [f"{found[0]} {found[1]}"]
    return found[:_MOST] if len(found) > 1 else []


def by_publisher(question: str, passages: Sequence[Passage]) -> list[list[int]]:
    """The places of ``passages`` from each publisher that the question names, in order."""
    words = tokens(question)
    publishers = [passage.origin.publisher[:_LONGEST_NAME] for passage in passages]
    found: dict[str, list[int]] = {
        publisher: []
        for publisher in dict.fromkeys(publishers)
        if any(_is_named(name, words) for name in _names(publisher))
    }
    for place, publisher in enumerate(publishers):
        if publisher in found:
            found[publisher].append(place)
    return list(found.values())


def by_day(question: str, passages: Sequence[Passage]) -> list[list[int]]:
    """The places of ``passages`` from each day that the question says articles are from."""
    days = _days(question)
    dated = [(place, passage.origin.date) for place, passage in enumerate(passages)]
    return [[place for place, date in dated if date.endswith(day)] for day in days]


def _content(text: str) -> int:
    return sum(not is_stopword(token.surface) for token in tokens(text))


@lru_cache(maxsize=1_000)
def _names(publisher: str) -> tuple[tuple[str, ...], ...]:
    """The stems of what a publisher may be called: its whole name, or what stands before a bar."""
    found = (tuple(token.stem for token in tokens(one)) for one in _SEGMENT.split(publisher))
    return tuple(name for name in found if name)


def _is_named(name: Sequence[str], words: Sequence[Token]) -> bool:
    """Whether the question writes this name, in capitals: "Fortune" is a paper, "fortune" none."""
    return any(
        all(
            word.stem == stem and not word.surface[:1].islower()
            for word, stem in zip(words[start : start + len(name)], name, strict=True)
        )
        for start in range(len(words) - len(name) + 1)
    )


def _days(question: str) -> list[str]:
    """The days that a question says articles are from, as ISO 8601 dates end: ``-10-01``."""
    if not _OF_ARTICLES.search(question):
        return []
    found = []
    for match in _DAY.finditer(question):
        month = _NUMBERS[(match["m1"] or match["m2"])[:3].lower()]
        found.append(f"{match['y'] or ''}-{month}-{int(match['d1'] or match['d2']):02}")
    return list(dict.fromkeys(found))
