"""Words that news English uses for one another, for matching only: never shown, never cited.

The lists are general and stand beside this file: ``thesaurus.txt`` with groups of words,
``irregular.txt`` with the forms of irregular verbs, which have no stem in common,
``opposites.txt`` with words of opposite meaning, ``countries.txt`` with the people and the capital
that newspapers name a country by, ``regions.txt`` with the countries of a region.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from qabot.words import stem

_FOLDER = Path(__file__).resolve().parent
_PREFIXES = ("un", "non", "non-")
_NEGATED = re.compile(rf"(?:{'|'.join(reversed(_PREFIXES))})(.{{4,}})")
_NONE: Mapping[str, float] = {}


@cache
def _lines(name: str) -> tuple[tuple[str, ...], ...]:
    text = (_FOLDER / name).read_text(encoding="utf-8")
    return tuple(tuple(line.split()) for line in text.splitlines() if line[:1] not in {"#", ""})


def _all_groups() -> tuple[tuple[str, ...], ...]:
    return _lines("thesaurus.txt") + _lines("irregular.txt") + _lines("countries.txt")


@cache
def _groups() -> dict[str, frozenset[int]]:
    """The groups that each stem stands in; capitals stand in their country's with a bar before."""
    found: dict[str, set[int]] = {}
    for number, words in enumerate(_all_groups()):
        for word in words:
            found.setdefault(stem(word), set()).add(number)
    found.pop("|", None)
    return {word: frozenset(numbers) for word, numbers in found.items()}


@cache
def _places() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Stems of countries, of countries and peoples, and of capitals."""
    lines = _lines("countries.txt")
    cut = [words.index("|") if "|" in words else len(words) for words in lines]
    countries = frozenset(stem(words[0]) for words in lines)
    peoples = frozenset(stem(w) for words, end in zip(lines, cut, strict=True) for w in words[:end])
    capitals = frozenset(
        stem(w) for words, end in zip(lines, cut, strict=True) for w in words[end + 1 :]
    )
    return countries, peoples, capitals


def is_country(word_stem: str) -> bool:
    """Whether a stem is the name of one of the countries listed; a people's name is not."""
    return word_stem in _places()[0]


def is_place(word_stem: str) -> bool:
    """Whether a stem is the name of a listed country, people or capital."""
    _, peoples, capitals = _places()
    return word_stem in peoples or word_stem in capitals


def is_common(word_stem: str) -> bool:
    """Whether a stem is an ordinary word of the lists, not a place."""
    return word_stem in _groups() and not is_place(word_stem)


@cache
def is_irregular_verb(word_stem: str) -> bool:
    """Whether a stem is of a form of an irregular verb."""
    return any(word_stem in map(stem, words) for words in _lines("irregular.txt"))


def related_stems(word_stem: str) -> Mapping[str, float]:
    """Stems that may stand for this one, and how far: 0.8, or 0.7 for a capital and its country."""
    return _related(word_stem) if word_stem in _groups() else _NONE


@cache
def _related(word_stem: str) -> Mapping[str, float]:
    groups, capitals = _groups(), _places()[2]
    return {
        other: 0.8 if (other in capitals) == (word_stem in capitals) else 0.7
        for other, theirs in groups.items()
        if not theirs.isdisjoint(groups[word_stem])
    }


def in_region(word_stem: str) -> frozenset[str]:
    """Stems of the countries of a region, and of their peoples and capitals; mostly none.

    What is said of one is not said of the other: they help to find, and prove nothing.
    """
    return _regions().get(word_stem, frozenset())


@cache
def _regions() -> dict[str, frozenset[str]]:
    found = {}
    for line in _lines("regions.txt"):
        end = line.index("|")
        countries = set(map(stem, line[end + 1 :]))
        within = countries.union(*map(related_stems, countries))
        found.update({stem(name): frozenset(within) for name in line[:end]})
    return found


def related(one: str, other: str) -> float:
    """How far two stems may stand for one another, 0 where not at all."""
    return related_stems(one).get(other, 0.0)


@cache
def relatives(word_stem: str) -> tuple[str, ...]:
    """Words that may stand for one with this stem, itself left out, in the lists' order."""
    lines = _all_groups()
    found = [word for group in sorted(_groups().get(word_stem, ())) for word in lines[group]]
    return tuple(word for word in dict.fromkeys(found) if word != "|" and stem(word) != word_stem)


def opposites(word_stem: str) -> frozenset[str]:
    """Stems of the words that mean the opposite: those listed, "unsolved" for "solved"."""
    bare = _NEGATED.match(word_stem)
    return _opposites().get(word_stem, frozenset()) | (
        {bare[1]} if bare else {f"{prefix}{word_stem}" for prefix in _PREFIXES}
    )


@cache
def _opposites() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for line in _lines("opposites.txt"):
        end = line.index("|")
        sides = frozenset(map(stem, line[:end])), frozenset(map(stem, line[end + 1 :]))
        for side, other in (sides, sides[::-1]):
            for one in side:
                found[one] = found.get(one, frozenset()) | other
    return found
