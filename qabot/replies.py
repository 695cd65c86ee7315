"""How nearly a text itself asks the question before a sentence that answers it there. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from qabot.dialogue import Asked, answered
from qabot.kinds import is_polar
from qabot.matching import Array, Columns, Matcher
from qabot.passage_sentences import Sentence
from qabot.question import Question, analyse
from qabot.sentences import asks
from qabot.words import fold, tokens

_FURTHER_ON = 0.5  # what the first sentence of an answer counts, the others count
_ASKING = frozenset({"who", "whom", "whose", "what", "which", "when", "where", "why", "how"})
_WILL = frozenset({"will", "won't", "shall", "going"})
_COMING = frozenset({"will"})
_SUMS = frozenset({"money", "number"})  # "What would it cost?" and "How much is it?"


class Replies:
    """The questions of the text that sentences answer.

    ``grades`` has for the place of each such sentence how well its question holds each term, shape
    (terms,), and ``topics`` the same of what the questions of its document are about; ``likeness``
    how nearly its question is the one asked, 0 to 1; ``fitting`` are those that answer, right
    behind it, one which expects the same kind of answer.
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


def _alike(text: str, question: Question) -> bool:
    """Whether two questions expect the same kind of answer, about the same time."""
    kinds = {analyse(text).expects, question.expects}
    if not (len(kinds) == 1 or kinds <= _SUMS) or is_polar(text) != is_polar(question.text):
        return False
    one, other = _form(text), _form(question.text)
    return one == other if kinds == {"other"} else one & _COMING == other & _COMING


def _form(text: str) -> frozenset[str]:
    """The words of a question that say what it asks for and whether that is to come."""
    words = {fold(word.surface) for word in tokens(text)}
    return frozenset(words & _ASKING) | (_COMING if words & _WILL else frozenset())


def _topics(
    sentences: Sequence[Sentence],
    matcher: Matcher,
    words: Sequence[Columns],
    asking: Mapping[int, Asked],
) -> dict[str, Array]:
    """For each document that asks, how well its title and what stands before the first of its
    questions hold each term: what "it" and "you" are in an interview or a list of questions.
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
            if sentence.start < first[name] and not asks(sentence.text):
                topics[name] = np.maximum(topic, matcher.grades(columns))
    return topics
