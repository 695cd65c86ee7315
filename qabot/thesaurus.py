"""Words that news English uses for one another, for matching only: never shown, never cited.

The lists are general and stand beside this file: ``thesaurus.txt`` with groups of words,
``countries.txt`` with the people and the capital that newspapers name a country by.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from qabot.words import stem

_FOLDER = Path(__file__).resolve().parent


@cache
def _lines(name: str) -> tuple[tuple[str, ...], ...]:
    text = (_FOLDER / name).read_text(encoding="utf-8")
    return tuple(tuple(line.split()) for line in text.splitlines() if line[:1] not in {"#", ""})


@cache
def _all_groups() -> tuple[tuple[str, ...], ...]:
    return (*_lines("thesaurus.txt"), *_lines("countries.txt"))


@cache
def _groups() -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, words in enumerate(_all_groups()):
        for word in words:
            found.setdefault(stem(word), set()).add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


@cache
def _countries() -> frozenset[str]:
    return frozenset(stem(words[0]) for words in _lines("countries.txt"))


def is_country(word_stem: str) -> bool:
    """Whether a stem is the name of one of the countries listed; a people's name is not."""
    return word_stem in _countries()


def related(one: str, other: str) -> bool:
    """Whether two stems may stand for one another."""
    groups = _groups()
    mine, theirs = groups.get(one), groups.get(other)
    return bool(mine and theirs and not mine.isdisjoint(theirs))


@cache
def relatives(word_stem: str) -> tuple[str, ...]:
    """Words that may stand for one with this stem, itself left out, in the lists' order."""
    groups = _all_groups()
    found = [word for group in sorted(_groups().get(word_stem, ())) for word in groups[group]]
    return tuple(word for word in dict.fromkeys(found) if stem(word) != word_stem)
