"""Words that differ by a slip of the pen, and misspelt ones of a question mended. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher, get_close_matches
from functools import cache, lru_cache
from pathlib import Path

from qabot.words import fold, is_stopword

_ALIKE = 0.8
"""How much of two words has to agree (Ratcliff and Obershelp): one letter in five may differ."""
_JUST_ALIKE = 0.9
"""The same for a word with a capital and one that the articles write without: "Engadget" is a name
and not "engage", "Ministr" is a slip."""
_SHORTEST, _FURTHER = 4, 2
"""Letters of words that may be alike, at least, and that one may have more than the other."""
_BEGINNING = 6
_WORD = re.compile(r"[^\W\d_]{5,}")
"""Of shorter words too little is left to tell a slip from another word."""
_VOCABULARY = Path(__file__).resolve().parent / "weights" / "vocabulary.txt"


def respelled(question: str, frequency: Callable[[str], int], texts: Iterable[str]) -> str:
    """The question as it was probably meant, or itself.

    A word is replaced by the one in ``texts`` that is nearly the same and begins with the same
    letter, if it stands in no article, by its ``frequency``, and is no common word of English: one
    who asks about Austria is not told about Australia.
    """
    # What was looked up for the passages is known by now; words that say nothing are in most of
    # them, and counting those would take longer than all else.
    asked = (word for word in _WORD.findall(question) if not is_stopword(word))
    unknown = {word for word in asked if not frequency(word) and not _is_common(word)}
    if not unknown:
        return question
    known: dict[str, str] = {}
    for text in texts:
        for word in _WORD.findall(text):
            # The capitals of a title or of the start of a sentence make no name.
            if word.islower() or fold(word) not in known:
                known[fold(word)] = word
    meant = {word: _nearest(word, known) for word in unknown}
    return _WORD.sub(lambda match: meant.get(match[0], match[0]), question)


@lru_cache(maxsize=100_000)
def spelled_alike(one: str, other: str, agreeing: float = _ALIKE) -> bool:
    """Whether two folded words differ by a slip of the pen: the same start, most letters alike.

    Two common words are two, but for those with one beginning: Thursday is not Tuesday nor Austria
    Australia, while a minister is of a ministry. A digit is no slip: an A320 is no A330.
    """
    if min(len(one), len(other)) < _SHORTEST or one[0] != other[0]:
        return False
    if abs(len(one) - len(other)) > _FURTHER or any(map(str.isdigit, one + other)):
        return False
    if SequenceMatcher(None, one, other).ratio() < agreeing:
        return False
    return one[:_BEGINNING] == other[:_BEGINNING] or not (_is_common(one) and _is_common(other))


def _nearest(word: str, known: dict[str, str]) -> str:
    folded = fold(word)
    alike = [one for one in known if one[0] == folded[0]]
    found = get_close_matches(folded, alike, 1, _ALIKE)
    if not found:
        return word
    meant = known[found[0]]
    if word[0].isupper() and meant.islower():
        return meant if SequenceMatcher(None, found[0], folded).ratio() >= _JUST_ALIKE else word
    # A common word that stands in a name only ("Research Council") is no name for that.
    return meant.lower() if word.islower() and _is_common(meant) else meant


def _is_common(word: str) -> bool:
    return fold(word) in _common()


@cache
def _common() -> frozenset[str]:
    """Whole words among those that the encoder knows: the usual ones, and the best-known names."""
    lines = _VOCABULARY.read_text("utf-8").splitlines()
    return frozenset(line for line in lines if _WORD.fullmatch(line))
