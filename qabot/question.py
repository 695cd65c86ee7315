"""What a question asks for: its content words, its names, its focus. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from qabot.kinds import Expects, expected, fits
from qabot.measures import Measure, measure_of
from qabot.thesaurus import is_common, is_place, related
from qabot.times import Grain, grain_of
from qabot.words import Token, clean, fold, is_stopword, stem, tokens

# Words that questions are made of whatever they are about; they weigh little and may be missing.
_PLAIN = frozenset(
    """thing things kind kinds type types sort happen happened happens happening way ways place
    people person someone somebody something anyone anything name names named called article
    story piece author text mean means meant mention mentioned mentions use used uses get got
    gets getting make makes made making do done doing go goes went going gone new one ones right
    currently recently today yet still put puts take takes took taken taking bring brings
    brought come comes came coming give gives gave given giving keep kept let want wants wanted
    try tried look looking looked back bit lot far together according concerning regarding mainly
    mostly supposed i'm i'd i've he'd she'd they'd we'd you'd two first second last next date day
    week weekend month year time city town country countries nation nations job post position role
    number need needs seem seems think thinks believe exactly also ever never all both same able
    possible hear heard know known wonder curious tell question answer information detail
    details part hold holds held level latest topic weekday european
    difference differences meaning purpose purposes function functions importance significance
    concept term terms cause causes reason reasons role roles example examples definition""".split()
)
_WITHOUT_APOSTROPHE = re.compile(r"\b(what|who|where|when|how)s\b", re.I)
_FOCUS = re.compile(
    r"\b(?:which|what|whose|how (?:many|much))\s+(?:(?:is|was|are|were|'s)\s+)?"
    r"(?!(?:do|does|did|has|have|had|will|would|can|could|should|is|was|are|were)\b)"
    r"(?:(?:the|a|an|his|her|its|their)\s+)?((?:[\w'’-]+\s+)?[\w'’-]+?)"
    r"(?=\s+(?:is|are|was|were|do|does|did|has|have|had|will|would|can|could|should|of|in|on|at|"
    r"for|from|to|by|with|about|that|who|which)\b|[?.,]|$)"
)
_TOPIC = re.compile(
    r"\b(?:say|said|tell|told|thinks?|statement|comment\w*)\b.{0,40}?\b(?:about|regarding|on)\b(.*)"
)
_SIZE = re.compile(r"\bhow (high|large|big|far|strong)\b", re.I)
_SPEAKER = re.compile(
    r"\bwhat (?:did|does|do|has|have) (.{1,60}?) "
    r"(?:say|said|tell|told|add|warn|claim|stress|state|announce)\b"
)
# Nouns that name the kind of the answer, which a sentence that answers need not repeat.
_KIND_NOUNS = frozenset(
    """country countries nation state city cities date day month year time place person job
    position role number percentage percent share organisation organization agency agencies
    reason purpose event official part side word words money""".split()
)


_JOINS = frozenset("of from in at and or for on".split())
_CARRIED = re.compile(r"\s\([^()]*\)$")
"""What a follow-up carries along from the turn before, in brackets at its end."""


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
    """A question read: its content terms in order and what would count as an answer.

    ``focus`` is the stem of the noun that "which", "what" or "how many" asks about, if any;
    ``speaker`` and ``topic`` hold those of whose words are asked for, by the surname where there is
    one, and on what; ``sized`` that of "old" in "how old"; ``stems`` all of them.
    """

    text: str
    terms: tuple[Term, ...]
    expects: Expects
    stems: frozenset[str]
    focus: str | None
    topic: frozenset[str]
    speaker: frozenset[str]
    grain: Grain
    measure: Measure
    sized: str | None


@lru_cache(maxsize=256)
def analyse(text: str) -> Question:
    """Read a question; several steps read the same one."""
    plain = _WITHOUT_APOSTROPHE.sub(r"\1's", clean(text))
    found = tokens(plain)
    content = [token for token in found if not is_stopword(token.surface)]
    starts = {match.start(1) for match in re.finditer(r"(?:^|[.!?:]\s+|[\"“]\s*)(\w)", plain)}
    # A question written In Title Case, or in capitals, does not show which words are names.
    capitals = sum(token.is_capitalised for token in found)
    shows_names = capitals * 3 <= len(found) * 2 or len(found) < 4
    asked = _CARRIED.sub("", plain)
    expects, speaker = expected(asked), _speaker(asked)
    sizes = {match.start(1) for match in _SIZE.finditer(plain)}
    measure, sized = measure_of(asked)
    terms: dict[str, Term] = {}
    for token in content:
        capital = token.start not in starts or token.surface[1:2].isupper()
        is_name = token.is_number or (shows_names and token.is_capitalised and capital)
        is_name = is_name or is_place(token.stem)
        word = fold(token.surface)
        # "How much money", "how high" name the kind of answer, no topic.
        is_plain = word in _PLAIN or word == expects == "money" or token.start in sizes
        terms.setdefault(token.stem, Term(token, is_name, is_plain))
    stems = frozenset(token.stem for token in found)
    if expects == "saying" and not speaker:
        expects = "other"
    return Question(
        plain,
        tuple(terms.values()),
        expects,
        stems,
        _focus(asked),
        _stems(_TOPIC, asked),
        speaker,
        grain_of(asked),
        measure,
        stem(sized) if sized and expects == "number" else None,
    )


def answers_in_kind(question: Question, text: str, words: tuple[Token, ...]) -> float:
    """Whether a text holds the kind of answer that is asked for: see ``kinds.fits``."""
    return fits(question.expects, question.stems, text, words, question.grain, question.measure)


def _stems(pattern: re.Pattern[str], text: str) -> frozenset[str]:
    match = pattern.search(fold(text))
    return frozenset(token.stem for token in tokens(match.group(1))) if match else frozenset()


def _speaker(text: str) -> frozenset[str]:
    """Stems of who is asked to have spoken: a person or body, not a document."""
    match = _SPEAKER.search(fold(text))
    words = tokens(match[1]) if match else []
    found = [word.stem for word in words if not is_stopword(word.surface)]
    if any(related(word, stem(kind)) for word in found for kind in ("document", "agreement")):
        return frozenset()
    joined = any(fold(word.surface) in _JOINS for word in words)
    if len(found) > 1 and not joined and not is_common(found[-1]):
        return frozenset(found[-1:])  # a surname: later in an article it stands alone
    return frozenset(found)


def _focus(text: str) -> str | None:
    match = _FOCUS.search(fold(text))
    found = tokens(match.group(1)) if match else []
    words = [token for token in found if not is_stopword(token.surface)]
    if not words or any(token.surface.endswith("ed") for token in words):
        return None
    noun = fold(words[-1].surface)
    return None if noun in _KIND_NOUNS or noun in _PLAIN else words[-1].stem
