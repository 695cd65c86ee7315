"""Passages that say nearly the same: one stays, the others are named with it. Pure.

Agencies' reports run in many papers, shortened, reordered and reworded. Such a passage adds nothing
to the one that is kept, unless it gives another figure or name, denies what that one says, or holds
more of what is asked: those are told apart however alike the rest is, so that articles which
disagree are both heard.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from qabot.types import Hit, Passage
from qabot.words import Token, is_stopword, tokens

_WORDS = 0.45
"""Share of common stems (Jaccard) from which two passages may say the same."""
_PAIRS = 0.2
"""Share of common pairs of neighbouring stems, besides."""
_HELD = 0.65
"""Share of its stems that another passage must hold for one to go: what is dropped is said."""
_SHORT, _NEARLY_ALL = 20, 0.9
"""A passage of fewer stems turns on a single word: another must hold nearly all of them."""
_DENIAL = re.compile(r"\b(?:not|no|never|nor|cannot|without)\b|n['’]t\b", re.I)
_STARTS = re.compile(r"(?:^|[.!?:;\n])[\s\"'“‘(•—–-]*$")
_BEFORE = 6
"""Code points before a word that say whether it starts a sentence."""


@dataclass(frozen=True, slots=True)
class _Signature:
    """What of a passage is compared; ``telling`` are the stems of its figures and names."""

    words: frozenset[str]
    pairs: frozenset[tuple[str, str]]
    telling: frozenset[str]
    denies: bool


def distinct(hits: Sequence[Hit], most: int, asked: frozenset[str] = frozenset()) -> list[Hit]:
    """The first ``most`` hits that each say something else, in their order.

    ``asked`` are the stems of the question: a hit that holds more of them says something else.
    Of twins the one published first stays, if both are dated, at the place of the best; else the
    best; a photograph's caption goes before the text. ``also`` names those of other articles.
    """
    kept: list[tuple[Hit, _Signature]] = []
    for hit in hits:
        if len(kept) == most:
            break
        mine = _signature(hit.passage.text)
        for place, (other, theirs) in enumerate(kept):
            if _holds(theirs, mine, asked):
                earlier = _comes_before(hit.passage, other.passage)
                swaps = earlier and _holds(mine, theirs, asked)
                kept[place] = (
                    (_joined(hit, other), mine) if swaps else (_joined(other, hit), theirs)
                )
                break
        else:
            kept.append((hit, mine))
    return [replace(hit, also=_others(hit)) for hit, _ in kept]


def resembles(one: str, other: str) -> bool:
    """Whether one text may be the other, or a part of it, written again, whatever either gives."""
    mine, theirs = _signature(one), _signature(other)
    least = min(len(mine.words), len(theirs.words))
    if len(mine.words & theirs.words) < _HELD * least:
        return False
    return len(mine.pairs & theirs.pairs) >= _PAIRS * min(len(mine.pairs), len(theirs.pairs))


def _joined(stays: Hit, goes: Hit) -> Hit:
    """The hit that stays, with the better score of both."""
    twins = (*stays.also, goes.passage, *goes.also)
    return replace(stays, score=max(stays.score, goes.score), also=twins)


def _others(hit: Hit) -> tuple[Passage, ...]:
    """The first twin in each other article."""
    found: dict[str, Passage] = {}
    for twin in hit.also:
        found.setdefault(twin.document_id, twin)
    found.pop(hit.passage.document_id, None)
    return tuple(found.values())


def _comes_before(one: Passage, other: Passage) -> bool:
    if (one.kind == "body") != (other.kind == "body"):
        return one.kind == "body"
    return bool(one.origin.date and other.origin.date) and one.origin.date < other.origin.date


def _holds(one: _Signature, other: _Signature, asked: frozenset[str]) -> bool:
    """Whether ``one`` says what ``other`` says."""
    least, most = sorted((len(one.words), len(other.words)))
    if least < _WORDS * most or one.denies != other.denies:
        return False
    if not (other.telling <= one.words and other.words & asked <= one.words):
        return False
    common = len(one.words & other.words)
    held = _HELD if len(other.words) >= _SHORT else _NEARLY_ALL
    if common < held * len(other.words) or common < _WORDS * (least + most - common):
        return False
    pairs = len(one.pairs & other.pairs)
    return pairs >= _PAIRS * (len(one.pairs) + len(other.pairs) - pairs)


@lru_cache(maxsize=2_000)
def _signature(text: str) -> _Signature:
    found = tokens(text)
    stems = [token.stem for token in found]
    return _Signature(
        frozenset(stems),
        frozenset(pairwise(stems)),
        frozenset(token.stem for token in found if _tells(token, text)),
        _DENIAL.search(text) is not None,
    )


def _tells(token: Token, text: str) -> bool:
    """Whether a word is a figure or a name; one that a sentence starts with may be any word."""
    if token.is_number:
        return True
    if not token.is_capitalised or is_stopword(token.surface):
        return False
    return not _STARTS.search(text[max(0, token.start - _BEFORE) : token.start])
