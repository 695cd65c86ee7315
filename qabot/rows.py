"""How lines of tables and lists answer, by their labels and by what heads them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qabot.labels import Label, heads_of, labelled
from qabot.layout import is_rule
from qabot.matching import MATCHED, Array, Columns, Matcher
from qabot.passage_sentences import Sentence
from qabot.question import Question, answers_in_kind
from qabot.replies import Replies, topics_of
from qabot.thesaurus import is_irregular_verb
from qabot.words import fold

_INTRODUCTION = 700
"""Code points at the beginning of a document that may say what its lines are about."""
_LACKING = 0.2
"""Share of a question's weight, but for its verbs, that a line and what it stands under may lack: a
row of the long jump says nothing of the high jump."""
_HALF = 0.5  # of a label, in the question: then the line is judged like any other
_DOES = re.compile(r"\b(?:do|does|did)\b", re.I)
_BARE_YEAR = re.compile(r"(?<![\d.,])\d{3,4}$")
_NAMED = frozenset({"person", "role", "place", "name", "definition", "other"})
_KINDS: Mapping[str, frozenset[str]] = {
    "reason": frozenset({"reason", "reasons", "cause", "causes"}),
    "time": frozenset({"date", "dates", "day", "time", "times", "when"}),
    "place": frozenset({"place", "venue", "location", "where", "address"}),
    "money": frozenset({"price", "prices", "cost", "costs", "fee", "fees"}),
}
"""Labels that say no more than what kind of answer they give."""


class _Asked:
    """A question with the weights of its terms, also without its verbs, and its focus."""

    def __init__(self, question: Question, matcher: Matcher) -> None:
        self.question = question
        self.weights = matcher.weights / matcher.weights.sum()
        self.without_verbs = self.weights * ~_verbs(question)
        self.focus = np.array([term.stem == question.focus for term in question.terms])


@dataclass(frozen=True, slots=True)
class _Line:
    """How well a line's label, the line as a whole, its head, and what its text is about hold each
    term of a question; and the share of its label that is asked for.
    """

    label: Array
    whole: Array
    head: Array
    topic: Array
    share: float

    @property
    def held(self) -> Array:
        """By what stands around the line: the topic as far as the label asks nothing else."""
        return np.maximum(self.head, self.topic * self.share)

    def lacking(self, weights: Array) -> float:
        """The share of these weights that neither the line nor what it stands under holds."""
        known = np.maximum(np.maximum(self.whole, self.head), self.topic)
        return float((known < MATCHED) @ weights)

    def names(self, focus: npt.NDArray[np.bool_]) -> bool:
        """Whether the label or the head is the noun asked about, if there is one."""
        return not focus.any() or bool((np.maximum(self.label, self.head)[focus] >= MATCHED).any())

    def is_under(self) -> bool:
        """Whether the head holds a term better than the line: that is the column asked for."""
        return bool(((self.head > self.whole) & (self.head >= MATCHED)).any())


def add_lines(
    found: Replies,
    question: Question,
    sentences: Sequence[Sentence],
    matcher: Matcher,
    words: Sequence[Columns],
) -> None:
    """Add lines of tables and lists: a label asks what is behind it, of what its text is about."""
    under = heads_of(sentences)
    labels = labelled(sentences, under)
    topics = topics_of(sentences, matcher, words, labels, _INTRODUCTION)
    asked = _Asked(question, matcher)
    found.barred.update(n for n in under.values() if not sentences[n].text.endswith(":"))
    found.barred.update(n for n, sentence in enumerate(sentences) if is_rule(sentence.text))
    for number, label in labels.items():
        passage, columns = sentences[number].passage, matcher.columns(label.words)
        line = _Line(
            matcher.grades(columns),
            matcher.grades(words[number]),
            matcher.grades(matcher.columns(label.head)),
            np.maximum(topics[passage.document_id], matcher.field(passage.heading)),
            1.0 if _names_kind(question, label) else matcher.share(columns),
        )
        found.grades[number], found.topics[number] = line.held, line.topic * (line.share > 0)
        if label.words:
            found.alone.add(number)
        _judge(found, number, asked, sentences[number], label, line)


def _judge(
    found: Replies,
    number: int,
    asked: _Asked,
    sentence: Sentence,
    label: Label,
    line: _Line,
) -> None:
    """Whether a line gives what is asked for, and how nearly its label asks that."""
    question = asked.question
    is_called_so = label.names and line.share >= _HALF
    lacking = 0.0 if is_called_so else line.lacking(asked.without_verbs)
    if label.words and lacking > _LACKING:
        found.barred.add(number)
    elif line.names(asked.focus):
        is_asked = line.share == 1.0 if label.names else line.is_under()
        if is_asked and _may_be(question, sentence, label):
            found.fitting.add(number)
        if number in found.fitting or answers_in_kind(question, sentence.text, sentence.words) > 0:
            likeness = float(np.maximum(line.label, line.held) @ asked.weights)
            found.likeness[number] = likeness * line.share
        elif label.words:
            found.barred.add(number)


def _verbs(question: Question) -> npt.NDArray[np.bool_]:
    """Which terms are probably verbs, which tables do without: "who won", "when does it open"."""
    found = np.array(
        [
            not term.is_name and (term.surface.endswith("ed") or is_irregular_verb(term.stem))
            for term in question.terms
        ]
    )
    common = [number for number, term in enumerate(question.terms) if not term.is_name]
    if common and _DOES.search(question.text):
        found[common[-1]] = True
    return found


def _names_kind(question: Question, label: Label) -> bool:
    kinds = _KINDS.get(question.expects, frozenset())
    return bool(label.words) and all(fold(word.surface) in kinds for word in label.words)


def _may_be(question: Question, sentence: Sentence, label: Label) -> bool:
    """Whether a line that is called what is asked for may give it, though no form of words tells.

    "Founded: 1231" is a time and "Price | 88.50" money; a reason, a length of time and a country
    tell themselves, or their label does.
    """
    if answers_in_kind(question, sentence.text, sentence.words) >= 1.0 or _names_kind(
        question, label
    ):
        return True
    if question.expects == "time":
        return label.names and _BARE_YEAR.search(sentence.text) is not None
    if question.expects in ("number", "money"):
        return any(map(str.isdigit, sentence.text))
    return question.expects in _NAMED
