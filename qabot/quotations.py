"""Who speaks in a sentence of a quotation that does not say so itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, takewhile

from qabot.dialogue import on_one_line
from qabot.passage_sentences import QUOTATION_MARK, Sentence, begins_quotation, neighbours, opens
from qabot.speech import PRONOUNS, sayings
from qabot.thesaurus import is_common, is_place
from qabot.words import Token, fold, is_stopword, tokens

_OFFICE = re.compile(r"(?:The|An?|Its|His|Her|Their)\s[^\W\d_][\w ’'-]{2,40},\s(?=[^,]{3,40},)")
_BEGINS = re.compile(r"[(\[]?[“\"]")


@dataclass(frozen=True, slots=True)
class Voice:
    """Who says a sentence: the words that name them, and the place of the sentence these are in."""

    name: tuple[Token, ...]
    place: int


@dataclass(frozen=True, slots=True)
class _Heard:
    """What a sentence shows of speech: whom it names as speaking, whether only by a pronoun,
    whether it holds words of a quotation, and whether that goes on.

    Where it is no speech, the name it begins with, and stems of its names of two words.
    """

    name: tuple[Token, ...] = ()
    by_pronoun: bool = False
    is_quoted: bool = False
    goes_on: bool = False
    subject: tuple[Token, ...] = ()
    others: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _State:
    """How things stand after a sentence: who says it, and who was last named as saying anything."""

    heard: _Heard = _Heard()
    voice: Voice | None = None
    last: Voice | None = None


def voices(sentences: Sequence[Sentence]) -> dict[int, Voice]:
    """For the places of sentences that are speech, who speaks, as far as the text plainly says.

    A quotation that goes on behind "said Keller" is Keller's, in a new paragraph, too, where its
    marks were not closed; so is one that ends with that. "She added" is who spoke last, unless
    somebody else was named since.
    """
    states: dict[int, _State] = {}
    pairs = neighbours(sentences)
    for previous, number in pairs:
        if previous not in states:
            states[previous] = _after(_State(), False, sentences[previous], previous)
        one, other = sentences[previous], sentences[number]
        states[number] = _after(states[previous], on_one_line(one, other), other, number)
    found = {number: state.voice for number, state in states.items() if state.voice}
    for previous, number in reversed(pairs):  # "“It is late. We must act,” said Keller."
        is_one = states[previous].heard.goes_on and states[number].heard.is_quoted
        if is_one and number in found:
            found.setdefault(previous, found[number])
    return found


def _after(before: _State, same_line: bool, sentence: Sentence, place: int) -> _State:
    begins = _BEGINS.match(sentence.text) is not None
    is_inside = before.heard.goes_on and same_line
    heard = _heard(sentence.text, is_inside)
    if heard.name:
        own = Voice(heard.name, place)
        return _State(heard, own, own)
    if heard.by_pronoun:
        return _State(heard, before.last, before.last)
    goes_on = before.heard.goes_on and (same_line or begins)
    if goes_on or (begins and same_line):
        return _State(heard, before.voice, before.last)
    if heard.is_quoted:
        return _State(heard, None, before.last)
    if heard.subject:
        return _State(heard, None, Voice(heard.subject, place))
    known = {word.stem for word in before.last.name} if before.last else set()
    return _State(heard, None, None if heard.others - known else before.last)


@lru_cache(maxsize=4_096)
def _heard(text: str, is_inside: bool) -> _Heard:
    """What ``text`` shows, a part of a quotation that began before it if it ``is_inside`` one."""
    quoted = _quoted(text, is_inside)
    starts, goes_on = (
        is_inside or begins_quotation(text),
        bool(quoted) and quoted[-1][1] > len(text),
    )

    def is_told(word: Token) -> bool:
        return not any(start <= word.start < end for start, end in quoted)

    behind = {0, *(end + 1 for _, end in quoted)}
    sentence = tuple(tokens(text))
    for verb, around in sayings(text, sentence):
        words = [word for word in around if is_told(word)]
        by_pronoun = any(fold(word.surface) in PRONOUNS for word in words)
        if by_pronoun and not behind & {words[0].start, verb.start}:
            continue  # "The mixer, she says, is old", "blaming what he said": it may be anybody
        name = tuple(word for word in words if not is_stopword(word.surface))
        if is_told(verb) and (name or by_pronoun):
            return _Heard(() if by_pronoun else name, by_pronoun, bool(quoted), goes_on)
    subject, others = _subject(text, sentence), _surnames(text, sentence)
    return _Heard((), False, starts, goes_on, subject, others)


def _quoted(text: str, is_inside: bool) -> list[tuple[int, int]]:
    """Where quotations stand in a text; one that goes on ends behind it."""
    found, begin = [], 0 if is_inside else None
    for mark in QUOTATION_MARK.finditer(text):
        if not opens(text, mark.start()):
            found.append((begin or 0, mark.end()))
            begin = None
        elif begin is None:
            begin = mark.start()
    return found if begin is None else [*found, (begin, len(text) + 1)]


def _subject(text: str, sentence: tuple[Token, ...]) -> tuple[Token, ...]:
    """The name that a sentence begins with, perhaps behind an office, if it does."""
    office = _OFFICE.match(text)
    words = [word for word in sentence if office is None or word.start >= office.end()]
    name = tuple(takewhile(lambda word: word.is_capitalised, words))
    plain = any(
        is_stopword(word.surface) or is_common(word.stem) or is_place(word.stem) for word in name
    )
    return () if plain or len(name) > 2 else name


def _surnames(text: str, words: tuple[Token, ...]) -> frozenset[str]:
    """The stems of the words that stand second in names of two."""
    return frozenset(
        other.stem
        for one, other in pairwise(words)
        if one.is_capitalised
        and other.is_capitalised
        and text[one.end : other.start].isspace()
        and not (is_stopword(one.surface) or is_stopword(other.surface))
    )
