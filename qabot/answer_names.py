"""The names that a sentence gives in answer: those that stand beside what is asked. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from qabot.dates import MONTHS, WEEKDAYS
from qabot.kinds import Expects
from qabot.question import Question
from qabot.thesaurus import is_common, is_place
from qabot.values import Value, matches, telling
from qabot.words import Token, fold, is_stopword

_PLACED = frozenset("in at on of from to near into for during with against than over about".split())
_PEOPLE: frozenset[Expects] = frozenset({"person", "role"})
_TITLES = frozenset(
    """president minister prime mayor governor senator king queen prince princess pope chancellor
    secretary general sir lord lady rep sen gov judge justice captain chief""".split()
)
_CALENDAR = frozenset(name.casefold() for name in (*MONTHS, *WEEKDAYS))
_SIDE = re.compile(r",?\s+|-")


def names(asked: Question, text: str, words: Sequence[Token], day: date | None) -> Iterator[Value]:
    """The names that stand beside what is asked: "Ada Lee built", "built by Ada Lee"."""
    for first, last in runs(asked, text, words):
        stems = {word.stem for word in words[first:last] if fold(word.surface) not in _TITLES}
        tied = set()
        for places in (range(last, len(words)), range(first - 1, -1, -1)):
            term, passed = _beside(asked, text, words, places)
            is_after = places.step > 0  # what is asked comes after the name
            if term and _is_wanted(asked.expects, is_after, passed):
                tied.add(term)
        if stems and tied:
            yield Value(words[first].start, (frozenset(stems),), tied=frozenset(tied))


def _is_wanted(expects: Expects, is_after: bool, passed: set[str]) -> bool:
    if expects == "place":
        return not is_after and bool(passed & {"in", "at", "near"})
    if expects == "person":  # who does it: "Lee built", "built by Lee", not "built Lee"
        return not passed & _PLACED if is_after else "by" in passed
    return not passed & _PLACED


def _beside(
    asked: Question, text: str, words: Sequence[Token], places: range
) -> tuple[str, set[str]]:
    """The first word that says what is asked, with small words alone between, and these."""
    passed: set[str] = set()
    for number in places:
        word = words[number]
        one, other = (number - 1, number) if places.step > 0 else (number, number + 1)
        gap = text[words[one].end : words[other].start]
        if not _SIDE.fullmatch(gap) or fold(word.surface) in {"a", "an"}:
            break
        term = next((stem for stem in telling(asked) if matches(stem, [word])), "")
        if term:
            return term, passed
        if not (is_stopword(word.surface) or word.stem in asked.stems):
            break
        passed.add(fold(word.surface))
    return "", passed


def runs(asked: Question, text: str, words: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Where names stand that the question does not hold: the first word, and past the last."""
    first: int | None = None
    for number, word in enumerate(words):
        is_name = _is_name(asked, word, number == 0)
        adjoins = number > 0 and text[words[number - 1].end : word.start].isspace()
        if first is not None and not (is_name and adjoins):
            yield first, number
            first = None
        if is_name and first is None:
            first = number
    if first is not None:
        yield first, len(words)


def is_calendar(word: str) -> bool:
    """Whether a word is a month or a day of the week."""
    return fold(word) in _CALENDAR


def _is_name(asked: Question, word: Token, is_first: bool) -> bool:
    if not word.is_capitalised or word.is_number or is_stopword(word.surface):
        return False
    if word.stem in asked.stems or is_calendar(word.surface):
        return False
    if is_place(word.stem):
        return asked.expects not in _PEOPLE
    return not (is_first and is_common(word.stem))
