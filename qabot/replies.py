"""How nearly a text itself asks the question before a sentence that answers it there. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from qabot.dialogue import answered
from qabot.kinds import is_polar
from qabot.layout import cells
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


@dataclass(frozen=True, slots=True)
class Replies:
    """What is known of sentences, by their places, from a question or a label of the text itself.

    ``grades`` has how well that question holds each term, shape (terms,), ``topics`` the same of
    what it is about; ``likeness`` how nearly it is the one asked, 0 to 1; ``fitting`` are sentences
    that give the kind of answer asked for because that question asks for it, ``alone`` those that
    the rest of their passage says nothing of, ``barred`` those that are no answer.
    """

    grades: dict[int, Array] = field(default_factory=dict)
    topics: dict[int, Array] = field(default_factory=dict)
    likeness: dict[int, float] = field(default_factory=dict)
    fitting: set[int] = field(default_factory=set)
    alone: set[int] = field(default_factory=set)
    barred: set[int] = field(default_factory=set)


def add_answers(
    found: Replies,
    question: Question,
    sentences: Sequence[Sentence],
    matcher: Matcher,
    words: Sequence[Columns],
) -> None:
    """Add the sentences that answer questions of the text."""
    asking = answered(sentences)
    topics = topics_of(sentences, matcher, words, asking)
    weights = matcher.weights / matcher.weights.sum()
    for number, asked in asking.items():
        columns = matcher.columns(asked.words)
        share = matcher.share(columns)
        found.topics[number] = topic = topics[sentences[number].passage.document_id]
        found.grades[number] = np.maximum(matcher.grades(columns), topic * share)
        if _alike(asked.text, question):
            alike = float(found.grades[number] @ weights) * share
            found.likeness[number] = alike if asked.directly else _FURTHER_ON * alike
            if asked.directly:
                found.fitting.add(number)


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


def topics_of(
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
