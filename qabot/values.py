"""What a sentence gives in answer, to be held against what another gives. Pure.

What reads differently and may mean the same is no difference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from qabot.question import Question
from qabot.thesaurus import related
from qabot.words import Token, fold

_BOUNDARY = re.compile(r"[,;:()—–“”\"]")
_JOINS = frozenset(
    "and but while whereas when after before which who that including because with or".split()
)


@dataclass(frozen=True, slots=True)
class Value:
    """What stands at ``start``, with the words of the question that it is ``tied`` to.

    ``key`` is the unit of a figure, year, month and day as far as they are given, or the stems of a
    name; ``least`` and ``most`` are between what a figure means.
    """

    start: int
    key: tuple[object, ...]
    figure: float | None = None
    least: float = 0.0
    most: float = 0.0
    tied: frozenset[str] = frozenset()


Reader = Callable[[Question, str, Sequence[Token], "date | None"], Iterator[Value]]
"""Reads the values of one kind in a text with these words; the day is that of its article."""


def differ(one: Value, other: Value) -> bool:
    """Whether two values of one kind are of the same thing and cannot both be right."""
    return bool(one.tied & other.tied) and cannot_both_be(one, other)


def cannot_both_be(one: Value, other: Value) -> bool:
    """Whether two values of one kind are not the same, said in other words or less exactly."""
    if one.figure is not None and other.figure is not None:
        apart = not (one.least <= other.figure <= one.most or
                     other.least <= one.figure <= other.most)  # fmt: skip
        return one.key == other.key and apart
    if isinstance(one.key[0], frozenset) and isinstance(other.key[0], frozenset):
        mine, theirs = one.key[0], other.key[0]
        return not (mine & theirs or any(related(a, b) for a in mine for b in theirs))
    return any(a and b and a != b for a, b in zip(one.key, other.key, strict=True))


def telling(asked: Question) -> list[str]:
    """The terms that say what is asked, rather than of whom or in words that questions have."""
    return [term.stem for term in asked.terms if not (term.is_name or term.is_plain)]


def matches(stem: str, words: Sequence[Token]) -> bool:
    """Whether a word stands there, or one that news English uses for it."""
    return any(word.stem == stem or related(word.stem, stem) >= 0.8 for word in words)


def tied(asked: Question, text: str, words: Sequence[Token], start: int) -> frozenset[str]:
    """The words of what is asked in the clause, between marks and joining words, round a place."""
    clause: list[Token] = []
    end = 0
    for word in words:
        joins = fold(word.surface) in _JOINS
        if joins or (clause and _BOUNDARY.search(text, end, word.start)):
            if clause and clause[0].start <= start < clause[-1].end:
                break
            clause = []
        if not joins:
            clause.append(word)
        end = word.end
    if not (clause and clause[0].start <= start < clause[-1].end):
        return frozenset()
    return frozenset(stem for stem in telling(asked) if matches(stem, clause))
