"""What a question asks for: its words, its names, and the kind of answer it expects. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from qabot.words import Token, clean, fold, is_stopword, tokens

Expects = Literal[
    "person", "place", "time", "duration", "number", "reason", "saying", "author", "name", "other"
]

_PATTERNS: tuple[tuple[Expects, str], ...] = (
    ("author", r"\b(?:who (?:wrote|authored|reported)|author|byline|journalist|reporter)\b"),
    ("duration", r"\b(?:how long|how many (?:years|months|weeks|days|hours)|what duration)\b"),
    ("time", r"\b(?:when|what (?:date|day|year|month|time)|which (?:date|day|year|month))\b"),
    ("time", r"\b(?:on|in|since|until|by|at) (?:what|which) (?:date|day|year|month|time)\b"),
    ("number", r"\b(?:how (?:many|much|old|far|big|large|high|tall|often)|what (?:percentage|"
               r"percent|share|number|price|amount)|to what percentage)\b"),
    ("reason", r"\b(?:why|what (?:is|was|were) the (?:reason|cause)|how come|what caused)\b"),
    ("place", r"\b(?:where|(?:what|which) (?:city|country|place|capital|state|town|venue))\b"),
    ("name", r"\b(?:which|what) (?:countries|nations|states|company|companies|agency|"
             r"organi[sz]ations?)\b"),
    ("person", r"\b(?:who|whom|whose|who's|what (?:person|official|minister|president))\b"),
    ("saying", r"\bwhat (?:did|does|do|has|have)\b.{1,60}\b(?:say|said|tell|told|think|call|"
               r"stress(?:ed)?|describe|claim|argue|add|warn|promise)\b"),
    ("saying", r"\b(?:what is|what was|what's) .{1,40}\b(?:view|opinion|stance|position|response|"
               r"reaction)\b"),
)  # fmt: skip
_PLAIN = frozenset(
    """thing things kind kinds type types sort reason reasons main happen happened happens way
    ways place people person someone somebody something anyone anything name names named called
    article story piece author text mean means meant mention mentioned use used get got getting
    make made do done go going went new one ones right currently recently today yet still""".split()
)


@dataclass(frozen=True, slots=True)
class Term:
    """A content word of a question. ``is_plain`` words say little about what is asked."""

    token: Token
    is_name: bool
    is_plain: bool

    @property
    def stem(self) -> str:
        return self.token.stem

    @property
    def surface(self) -> str:
        return self.token.surface


@dataclass(frozen=True, slots=True)
class Question:
    """A question read: its content terms in order and what would count as an answer."""

    text: str
    terms: tuple[Term, ...]
    expects: Expects
    all_stems: frozenset[str]


def analyse(text: str) -> Question:
    """Read a question; the last clause decides what it expects when it holds several."""
    plain = clean(text)
    found = tokens(plain)
    first_words = _sentence_starts(plain)
    terms: dict[str, Term] = {}
    for token in found:
        if is_stopword(token.surface) and not (token.surface == "US"):
            continue
        is_name = _looks_like_name(token, token.start in first_words)
        term = Term(token, is_name, fold(token.surface) in _PLAIN)
        terms.setdefault(token.stem, term)
    return Question(
        plain, tuple(terms.values()), expected(plain), frozenset(token.stem for token in found)
    )


def expected(text: str) -> Expects:
    """The kind of answer a question asks for; the earliest question word decides."""
    lowered = fold(text)
    found = [
        (match.start(), order, kind)
        for order, (kind, pattern) in enumerate(_PATTERNS)
        if (match := re.search(pattern, lowered))
    ]
    return min(found)[2] if found else "other"


def _looks_like_name(token: Token, is_first: bool) -> bool:
    if token.is_number:
        return True
    if not token.is_capitalised:
        return False
    return not is_first or token.surface[1:2].isupper()


def _sentence_starts(text: str) -> set[int]:
    return {match.start(1) for match in re.finditer(r"(?:^|[.!?:]\s+|[\"“]\s*)(\w)", text)}
