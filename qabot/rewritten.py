"""Two articles that are one report written again, and the one thing in which they differ. Pure.

Agencies' reports run in many papers, with later figures and other names. Where a sentence of one is
that of the other but for a single name, figure or day, what they say of it cannot both be right,
wherever in the sentence it stands and whatever else it holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher

from qabot.amounts import all_figures, days, lengths
from qabot.answer_names import runs
from qabot.kinds import Expects
from qabot.passage_sentences import Sentence, leans_on_previous, sentences_of
from qabot.question import Question
from qabot.twins import resembles
from qabot.types import Hit
from qabot.values import Reader, Value, cannot_both_be
from qabot.words import Token, is_stopword

_ALIKE = 0.7
"""Share of the words of two sentences that stand in both, in the same order."""
_FEWEST, _MOST = 6, 200
"""Words of a sentence, at least, for that share to say anything, and at most, as two long ones take
long to compare.
"""
_DENIALS = frozenset({"not", "no", "never", "nor", "without", "cannot"})
_NAMED: frozenset[Expects] = frozenset(
    {"person", "role", "place", "name", "country", "countries", "capital"}
)
_READERS: Mapping[Expects, Reader] = {
    "number": all_figures, "money": all_figures, "duration": lengths, "time": days,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two sentences, and the words of each that the other has not at that place."""

    one: Sentence
    other: Sentence
    own: Sequence[Token]
    others: Sequence[Token]


def said_otherwise(
    asked: Question, sentence: Sentence, hits: Sequence[Hit], day: date | None
) -> Iterator[Sentence]:
    """The same sentence in other articles, as far as it gives something else of what is asked.

    ``day`` is that of the sentence's article.
    """
    if not _FEWEST <= len(sentence.words) <= _MOST or leans_on_previous(sentence.text):
        return
    found: dict[str, tuple[float, Sentence]] = {}
    for rank, hit in enumerate(hits):
        identifier = hit.passage.document_id
        if identifier == sentence.passage.document_id:
            continue
        if not resembles(hit.passage.text, sentence.passage.text):
            continue
        for other in sentences_of(hit.passage, rank):
            if len(other.words) > _MOST:
                continue
            share = _matched(sentence, other).ratio()
            if share >= max(_ALIKE, found.get(identifier, (0.0, other))[0]):
                found[identifier] = share, other
    for _, other in found.values():
        if _differs(asked, sentence, other, day):
            yield other


def _matched(one: Sentence, other: Sentence) -> SequenceMatcher[str]:
    mine, theirs = ([word.stem for word in each.words] for each in (one, other))
    return SequenceMatcher(None, mine, theirs, autojunk=False)


def _differs(asked: Question, one: Sentence, other: Sentence, day: date | None) -> bool:
    """Whether one thing that is asked for is all that two sentences differ in."""
    telling = []
    for kind, begin, end, begins, ends in _matched(one, other).get_opcodes():
        if kind == "equal":
            continue
        pair = _Pair(one, other, one.words[begin:end], other.words[begins:ends])
        words = [*pair.own, *pair.others]
        if any(word.stem in _DENIALS for word in words):
            return False
        if any(_tells(word) for word in words):
            telling.append(pair)
    if len(telling) != 1:
        return False
    if asked.expects in _READERS:
        return _values_differ(asked, _READERS[asked.expects], one, other, day)
    if _names_differ(asked, telling[0]):
        return True
    return asked.expects not in _NAMED and any(
        _values_differ(asked, read, one, other, day) for read in (all_figures, days)
    )


def _tells(word: Token) -> bool:
    return word.is_number or (word.is_capitalised and not is_stopword(word.surface))


def _values_differ(
    asked: Question, read: Reader, one: Sentence, other: Sentence, day: date | None
) -> bool:
    mine, theirs = (
        {(value.key, value.figure): value for value in read(asked, each.text, each.words, day)}
        for each in (one, other)
    )
    apart = [
        [value for key, value in here.items() if key not in there]
        for here, there in ((mine, theirs), (theirs, mine))
    ]
    return all(len(values) == 1 for values in apart) and cannot_both_be(apart[0][0], apart[1][0])


def _names_differ(asked: Question, pair: _Pair) -> bool:
    mine, theirs = _named(asked, pair.one, pair.own), _named(asked, pair.other, pair.others)
    if not (mine and theirs):
        return False
    # A name that the other article has, too, is no other name for the same.
    for names, passage in ((mine, pair.other.passage), (theirs, pair.one.passage)):
        held = {word.stem for each in sentences_of(passage, 0) for word in each.words}
        if names & held:
            return False
    return cannot_both_be(Value(0, (mine,)), Value(0, (theirs,)))


def _named(asked: Question, sentence: Sentence, own: Sequence[Token]) -> frozenset[str]:
    places = {word.start for word in own}
    return frozenset(
        word.stem
        for first, last in runs(asked, sentence.text, sentence.words)
        if places & {word.start for word in sentence.words[first:last]}
        for word in sentence.words[first:last]
    )
