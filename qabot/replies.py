"""How nearly a text itself asks the question before a sentence that answers it there, or names what
is asked for by a label or in a table. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from qabot.dialogue import answered
from qabot.kinds import fits, is_polar
from qabot.labels import heads_of, labelled
from qabot.layout import cells
from qabot.matching import MATCHED, Array, Columns, Matcher
from qabot.passage_sentences import Sentence
from qabot.question import Question, analyse
from qabot.sentences import asks
from qabot.words import fold, tokens

_FURTHER_ON = 0.5  # what the first sentence of an answer counts, the others count
_ASKING = frozenset({"who", "whom", "whose", "what", "which", "when", "where", "why", "how"})
_WILL = frozenset({"will", "won't", "shall", "going"})
_COMING = frozenset({"will"})
_INTRODUCTION = 700
"""Code points at the beginning of a document that may say what its labelled values are of."""
_FIGURES = frozenset({"time", "number", "money", "duration"})
_SUMS = frozenset({"money", "number"})  # "What would it cost?" and "How much is it?"


class Replies:
    """The questions of the text that sentences answer.

    ``grades`` has for the place of each such sentence how well its question holds each term, shape
    (terms,), and ``topics`` the same of what the questions of its document are about; ``likeness``
    how nearly its question is the one asked, 0 to 1; ``fitting`` are those that answer, right
    behind it, one which expects the same kind of answer. The same is told of ``labelled`` sentences
    by their labels, and by what ``heads`` them.
    """

    def __init__(
        self,
        question: Question,
        sentences: Sequence[Sentence],
        matcher: Matcher,
        words: Sequence[Columns],
    ) -> None:
        asking = answered(sentences)
        topics = _topics(sentences, matcher, words, asking)
        weights = matcher.weights / matcher.weights.sum()
        self.grades: dict[int, Array] = {}
        self.topics: dict[int, Array] = {}
        self.likeness: dict[int, float] = {}
        self.fitting: set[int] = set()
        for number, asked in asking.items():
            columns = matcher.columns(asked.words)
            share = matcher.share(columns)
            self.topics[number] = topic = topics[sentences[number].passage.document_id]
            self.grades[number] = np.maximum(matcher.grades(columns), topic * share)
            if _alike(asked.text, question):
                alike = float(self.grades[number] @ weights) * share
                self.likeness[number] = alike if asked.directly else _FURTHER_ON * alike
                if asked.directly:
                    self.fitting.add(number)
        self._add_labelled(question, sentences, matcher, words)

    def _add_labelled(
        self,
        question: Question,
        sentences: Sequence[Sentence],
        matcher: Matcher,
        words: Sequence[Columns],
    ) -> None:
        """A label asks what the value behind it answers, about what its document is about."""
        under = heads_of(sentences)
        labels = labelled(sentences, under)
        self.labelled = frozenset(number for number, label in labels.items() if label.words)
        self.heads = frozenset(
            number for number in under.values() if not sentences[number].text.endswith(":")
        )
        topics = _topics(sentences, matcher, words, labels, _INTRODUCTION)
        weights = matcher.weights / matcher.weights.sum()
        focus = np.array([term.stem == question.focus for term in question.terms])
        for number, label in labels.items():
            sentence, columns = sentences[number], matcher.columns(label.words)
            own, share = matcher.grades(columns), matcher.share(columns)
            fields = topics[sentence.passage.document_id], matcher.field(sentence.passage.heading)
            self.topics[number] = topic = np.maximum(*fields) * (share > 0)
            head = matcher.grades(matcher.columns(label.head))
            self.grades[number] = held = np.maximum(head, topic * share)
            if focus.any() and not (np.maximum(own, head)[focus] >= MATCHED).any():
                continue
            if label.names and share == 1.0 and _may_be(question, sentence.text):
                self.fitting.add(number)
            if number in self.fitting or _fits(question, sentence):
                self.likeness[number] = float(np.maximum(own, held) @ weights) * share


def _alike(text: str, question: Question) -> bool:
    """Whether two questions expect the same kind of answer, about the same time."""
    kinds = {analyse(text).expects, question.expects}
    if not (len(kinds) == 1 or kinds <= _SUMS) or is_polar(text) != is_polar(question.text):
        return False
    one, other = _form(text), _form(question.text)
    return one == other if kinds == {"other"} else one & _COMING == other & _COMING


def _fits(question: Question, sentence: Sentence) -> bool:
    stems, text, words = question.stems, sentence.text, sentence.words
    return fits(question.expects, stems, text, words, question.grain) > 0


def _may_be(question: Question, value: str) -> bool:
    """Whether what a label names may be what is asked for: figures where such are, else words."""
    if question.expects in _FIGURES:
        return any(map(str.isdigit, value))
    return question.expects != "saying"


def _form(text: str) -> frozenset[str]:
    """The words of a question that say what it asks for and whether that is to come."""
    words = {fold(word.surface) for word in tokens(text)}
    return frozenset(words & _ASKING) | (_COMING if words & _WILL else frozenset())


def _topics(
    sentences: Sequence[Sentence],
    matcher: Matcher,
    words: Sequence[Columns],
    asking: Iterable[int],
    until: float = math.inf,
) -> dict[str, Array]:
    """For each document of the sentences ``asking``, how well its title and what stands before the
    first of these, and ``until`` where at most, hold each term: what "it" and "you" are in an
    interview or a list of questions, and what labelled values are of.
    """
    first: dict[str, int] = {}
    for number in asking:
        sentence = sentences[number]
        name = sentence.passage.document_id
        first[name] = min(sentence.start, first.get(name, sentence.start))
    topics: dict[str, Array] = {}
    for sentence, columns in zip(sentences, words, strict=True):
        name = sentence.passage.document_id
        if name in first:
            topic = topics.setdefault(name, matcher.field(sentence.passage.title))
            is_prose = not asks(sentence.text) and not cells(sentence.text)
            if is_prose and sentence.start < min(first[name], until):
                topics[name] = np.maximum(topic, matcher.grades(columns))
    return topics
