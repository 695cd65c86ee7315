"""How well each sentence fits a question: a table of measured signals. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from qabot.denials import denies
from qabot.dialogue import Speakers, speakers
from qabot.kinds import is_polar
from qabot.matching import MATCHED, NAMED, Array, Columns, Matcher
from qabot.measures import counts_bare
from qabot.offices import holds_office
from qabot.passage_sentences import Sentence, leans_on_previous, neighbours
from qabot.question import Question, answers_in_kind
from qabot.quotations import Voice, voices
from qabot.replies import Replies, add_answers
from qabot.rows import add_lines
from qabot.speech import PRONOUNS, says
from qabot.surnames import Others, by_surname, of_others
from qabot.thesaurus import related_stems
from qabot.words import fold, is_stopword

FEATURES = (
    "coverage", "exact", "soft", "missing", "context", "fits", "near", "rank", "focus", "cosine",
    "elsewhere", "denial", "names",
)  # fmt: skip
"""The columns of ``table``, each from 0 to 1:

- coverage, exact, soft: share of the question's weight that the sentence holds, by graded match, by
  stem alone, by nearest meaning; missing: the heaviest term it lacks;
- context: coverage together with its passage, the sentence before, title, heading and publisher;
  elsewhere: what only the rest of its passage holds; names: share of the question's names in that
  context;
- fits: holds the kind of answer expected; focus: the noun asked about is there; denial: says "not"
  where the question does; near: neighbouring terms stand together;
- rank: how high its passage came; cosine: of the mean word vectors.
"""
_UNKNOWN_FOCUS = 0.6
# How much of a term "he" or "the talks" carries over from the sentence before, and what answers a
# question from that.
_CARRIED = 0.9
_SYNONYM = 0.8  # of ``related``: less is a capital for its country
_SIDE_BY_SIDE = 0.75  # of ``near``: an office and whose it is, with a word between at most
_FADING = 6.0  # places in the ranking after which a passage counts e times less


@dataclass(frozen=True, slots=True)
class Table:
    """What was measured of ``sentences`` against the terms of a question.

    ``features`` has the shape (sentences, features); ``own``, ``close`` and ``around`` (sentences,
    terms): how well each term is held by the sentence itself and what it leans on, by its passage
    (for a line of a table or a labelled value by itself), and by that with title, heading,
    publisher and topic; ``best`` (terms,): by any sentence or publisher; ``replies`` (sentences,):
    how nearly the text itself asks the question before the sentence, or names by a label what is
    asked for; ``barred`` are the places of sentences that are no answer, whatever they score,
    ``lines`` those that their label or head speaks for; ``voices`` says who speaks in some.
    """

    features: Array
    own: Array
    close: Array
    around: Array
    best: Array
    replies: Array
    barred: Collection[int]
    lines: Collection[int]
    voices: Mapping[int, Voice]


def table(question: Question, sentences: Sequence[Sentence], matcher: Matcher) -> Table:
    """Measure every sentence; there must be one, and the question must have a term."""
    words = [matcher.columns(sentence.words) for sentence in sentences]
    others = list(of_others(question, sentences))
    answering = _replies(question, sentences, matcher, words, others)
    heard = voices(sentences)
    named = {n: voice.name for n, voice in heard.items()} | dict(speakers(sentences))
    near = [matcher.near(sentence.words) for sentence in sentences]
    kinds = _kinds(question, sentences, near, named)
    grades = _held(question, sentences, matcher, words, answering, named, others, kinds)
    close = _passages(sentences, grades)
    alone = list(answering.alone)
    close[alone] = grades[alone]
    around = _around(sentences, matcher, close, answering, others)
    weights = matcher.weights / matcher.weights.sum()
    focus = np.array([term.stem == question.focus for term in question.terms])
    count, negated = len(sentences), denies(question.text)
    columns: dict[str, Array | list[float]] = {
        "coverage": grades @ weights,
        "exact": (grades >= 1.0) @ weights,
        "soft": np.maximum(grades, np.array(list(map(matcher.soft, words)))) @ weights,
        "missing": ((grades < 0.3) * weights).max(axis=1) / weights.max(),
        "context": around @ weights,
        "fits": _fits(question, sentences, kinds, answering, grades),
        "near": near,
        "rank": np.exp(-np.array([sentence.rank for sentence in sentences]) / _FADING),
        "focus": around[:, focus].max(axis=1) if focus.any() else np.full(count, _UNKNOWN_FOCUS),
        "cosine": list(map(matcher.cosine, words)),
        "elsewhere": (close - grades) @ weights,
        "denial": [float(denies(s.text)) if negated else 0.5 for s in sentences],
        "names": (around[:, matcher.names] >= NAMED).mean(axis=1)
        if matcher.names.any()
        else np.ones(count),
    }
    features = np.column_stack([np.asarray(columns[name], dtype=np.float64) for name in FEATURES])
    replies = np.zeros(count)
    replies[list(answering.likeness)] = list(answering.likeness.values())
    best, lines = around.max(axis=0), answering.fitting & answering.alone
    return Table(features, grades, close, around, best, replies, answering.barred, lines, heard)


def _around(
    sentences: Sequence[Sentence],
    matcher: Matcher,
    close: Array,
    answering: Replies,
    others: Others,
) -> Array:
    """How well each term is held by what stands around each sentence: (sentences, terms)."""
    passages = [sentence.passage for sentence in sentences]
    publishers = np.array([matcher.field(passage.origin.publisher) for passage in passages])
    fields = np.array([
        np.maximum(matcher.field(passage.title), matcher.field(passage.heading))
        for passage in passages
    ])  # fmt: skip
    around: Array = np.maximum(np.maximum(close, fields), publishers)
    for both, places in others:
        around[np.ix_(places, both)] = 0.0
    for number, topic in answering.topics.items():
        around[number] = np.maximum(around[number], topic)
    return around


def _replies(
    question: Question,
    sentences: Sequence[Sentence],
    matcher: Matcher,
    words: Sequence[Columns],
    others: Others,
) -> Replies:
    found = Replies()
    add_answers(found, question, sentences, matcher, words)
    add_lines(found, question, sentences, matcher, words)
    if not is_polar(question.text):
        found.barred.update(_telling_nothing(question, sentences))
        found.barred.update(place for _, places in others for place in places)
    return found


def _telling_nothing(question: Question, sentences: Sequence[Sentence]) -> Iterator[int]:
    """The places of sentences that say nothing but words of the question."""
    for number, sentence in enumerate(sentences):
        said = [word.stem for word in sentence.words if not is_stopword(word.surface)]
        if said and question.stems.issuperset(said):
            yield number


def _held(
    question: Question,
    sentences: Sequence[Sentence],
    matcher: Matcher,
    words: Sequence[Columns],
    answering: Replies,
    named: Speakers,
    others: Others,
    kinds: Sequence[float],
) -> Array:
    """How well each term is held by each sentence and by what it leans on: (sentences, terms)."""
    grades = np.array(list(map(matcher.grades, words)))
    for given, surname, places in by_surname(question, sentences):
        grades[places, given] = np.maximum(grades[places, given], grades[places, surname])
    if question.sized:  # a sentence that gives an age need not say "old"
        sized = [term.stem == question.sized for term in question.terms]
        grades[np.outer(np.array(kinds) >= 1.0, sized)] = 1.0
    for both, places in others:
        grades[np.ix_(places, both)] = 0.0
    leaning = np.array([[leans_on_previous(sentence.text)] for sentence in sentences])
    for previous, number in neighbours(sentences):
        leaning[number] |= _refers_back(sentences[previous], sentences[number])
    carried = _before(sentences, grades) * leaning
    for number, terms in answering.grades.items():
        carried[number] = np.maximum(carried[number], terms)
    for number, name in named.items():
        carried[number] = np.maximum(carried[number], matcher.grades(matcher.columns(name)))
    return np.asarray(np.maximum(grades, _CARRIED * carried), dtype=np.float64)


def _kinds(
    question: Question, sentences: Sequence[Sentence], near: Sequence[float], named: Speakers
) -> list[float]:
    """Whether each sentence by itself holds the kind of answer expected: see ``kinds.fits``."""
    if question.expects == "saying":
        return _said(question, sentences, named)
    if question.expects == "role":  # an office and whose it is stand side by side
        return [
            float(closeness >= _SIDE_BY_SIDE or holds_office(question.text, sentence.text))
            for closeness, sentence in zip(near, sentences, strict=True)
        ]
    return [answers_in_kind(question, sentence.text, sentence.words) for sentence in sentences]


def _fits(
    question: Question,
    sentences: Sequence[Sentence],
    kinds: Sequence[float],
    answering: Replies,
    grades: Array,
) -> list[float]:
    """Whether each sentence gives the kind of answer expected, of what is asked about, or answers a
    question or a label of the text that asks for the same.
    """
    found = list(kinds)
    if question.expects != "saying":
        for number in _of_other_things(question, sentences, grades):
            found[number] = 0.0
        for number in answering.fitting:
            found[number] = 1.0
    return found


def _of_other_things(
    question: Question, sentences: Sequence[Sentence], grades: Array
) -> Iterator[int]:
    """Asked how many there are of something, the places of sentences that only count others."""
    if question.measure == "count":
        for place in (n for n, term in enumerate(question.terms) if term.stem == question.focus):
            for number, sentence in enumerate(sentences):
                if grades[number, place] < MATCHED and not counts_bare(sentence.text):
                    yield number


def _said(question: Question, sentences: Sequence[Sentence], named: Speakers) -> list[float]:
    """Whether each sentence holds words of who is asked to have spoken.

    "He said" is known to be theirs where ``Table.own`` says so.
    """
    by_label = {
        number
        for number, name in named.items()
        if any(word.stem in question.speaker for word in name)
    }
    return [
        float(
            number in by_label or says(question.speaker | PRONOUNS, sentence.text, sentence.words)
        )
        for number, sentence in enumerate(sentences)
    ]


def _refers_back(previous: Sentence, sentence: Sentence) -> bool:
    """Whether a sentence says "the deal" after one that says "agreement"."""
    known = {word.stem for word in previous.words}
    return any(
        fold(one.surface) in {"the", "this", "that"}
        and not other.is_capitalised
        and other.stem not in known
        and any(
            word in known and far >= _SYNONYM for word, far in related_stems(other.stem).items()
        )
        for one, other in pairwise(sentence.words)
    )


def _passages(sentences: Sequence[Sentence], grades: Array) -> Array:
    """For each sentence the best grades in its whole passage."""
    whole: dict[tuple[str, int], Array] = {}
    keys = [(sentence.passage.document_id, sentence.passage.start) for sentence in sentences]
    for key, grade in zip(keys, grades, strict=True):
        whole[key] = np.maximum(whole.get(key, 0.0), grade)
    return np.array([whole[key] for key in keys])


def _before(sentences: Sequence[Sentence], grades: Array) -> Array:
    """For each sentence the grades of the one right before it in its document, else zeros."""
    found = np.zeros_like(grades)
    for previous, number in neighbours(sentences):
        found[number] = grades[previous]
    return found
