"""Who holds an office, where a text says that: "the director of the museum, Ada Lee". Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from qabot.words import fold, is_stopword, tokens

_WORD = r"[^\W\d_][\w’'-]*"
# Something stands between two names, so that a run of capitals is read in one way only.
_NAMES = r"(?P<name>[A-ZÀ-Þ][\w’'-]*(?:(?:\.,? ?|, ?| )[A-ZÀ-Þ][\w’'-]*){0,3})"
_OWNER = r"(?: (?:of|for|at) (?P<owner>[^,.;:]{1,40}?)(?=,| is\b| was\b|$))?"
_ASKED = re.compile(
    r"\W*(?:and |so )?who(?:'s| is| was| are) (?:the |its |their |his |her |.{1,60}['’]s? )"
    r"(?:current |new |present )?(?P<office>[\w -]{2,60}?)(?: (?:of|for|at) .{1,60})?\W*",
    re.I,
)
_BEHIND = re.compile(rf"{_OWNER}(?:,|,? (?:is|was|will be)|:)? {_NAMES}")
_AHEAD = re.compile(
    rf"{_NAMES},? (?:(?:who )?(?:is|was|became|becomes) |as )?"
    rf"(?:(?:the|a|its|their|his|her) |(?:the )?(?P<owner>{_WORD}(?: {_WORD}){{0,3}})['’]s? )?$"
)
_BESIDE = re.compile(r"(?P<owner>(?:[A-ZÀ-Þ][\w.’'-]* ){1,4})$")
_OTHER = re.compile(
    r"\b(?:former|ex|deputy|vice|assistant|interim|acting|then|one-time)[ -]$", re.I
)
_SHORT = {"ceo": "chief executive", "pm": "prime minister"}
_LONGEST = 600
"""Code points of a sentence that are looked at."""


def holds_office(question: str, sentence: str) -> bool:
    """Whether a sentence names who holds the office that is asked for, right beside it.

    Whose office it is may stand elsewhere; a name that stands there as such has to be one of the
    question's.
    """
    asked = _asked(question)
    if asked is None:
        return False
    office, known = asked
    text = sentence[:_LONGEST]
    return any(
        _is_held(text[: match.start()], text[match.end() :], known)
        for match in office.finditer(text)
        if not _OTHER.search(text, 0, match.start())
    )


def _is_held(before: str, after: str, known: frozenset[str]) -> bool:
    behind, ahead, beside = _BEHIND.match(after), _AHEAD.search(before), _BESIDE.search(before)
    if not any(_names(found["name"]) - known for found in (behind, ahead) if found):
        return False
    owners = [_names(found["owner"] or "") for found in (behind, ahead, beside) if found]
    return all(owner & known for owner in owners if owner)


def _names(text: str) -> set[str]:
    words = tokens(text)
    return {word.stem for word in words if word.is_capitalised and not is_stopword(word.surface)}


@lru_cache(maxsize=256)
def _asked(question: str) -> tuple[re.Pattern[str], frozenset[str]] | None:
    """What finds the office that is asked for, and the stems of the question."""
    match = _ASKED.fullmatch(question)
    words = fold(match["office"]).split() if match else []
    if not words:
        return None
    words = [each for word in words for each in _SHORT.get(word, word).split()]
    known = frozenset(word.stem for word in tokens(question))
    return re.compile(rf"\b{'[ -]'.join(map(re.escape, words))}\b", re.I), known
