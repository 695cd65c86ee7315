"""How lines of tables and lists answer, by their labels and by what heads them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from qabot.kinds import fits
from qabot.labels import Label, heads_of, labelled
from qabot.layout import is_rule
from qabot.matching import MATCHED, Columns, Matcher
from qabot.passage_sentences import Sentence
from qabot.question import Question
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
    weights = matcher.weights / matcher.weights.sum()
    focus = np.array([term.stem == question.focus for term in question.terms])
    said = weights * ~_verbs(question)
    found.barred.update(n for n in under.values() if not sentences[n].text.endswith(":"))
    found.barred.update(n for n, sentence in enumerate(sentences) if is_rule(sentence.text))
    for number, label in labels.items():
        passage, columns = sentences[number].passage, matcher.columns(label.words)
        own, line = matcher.grades(columns), matcher.grades(words[number])
        head = matcher.grades(matcher.columns(label.head))
        share = 1.0 if _names_kind(question, label) else matcher.share(columns)
        topic = np.maximum(topics[passage.document_id], matcher.field(passage.heading))
        found.topics[number] = topic * (share > 0)
        found.grades[number] = held = np.maximum(head, topic * share)
        if label.words:
            found.alone.add(number)
            is_called_so = label.names and share >= _HALF
            lacking = np.maximum(np.maximum(line, head), topic) < MATCHED
            if not is_called_so and float(lacking @ said) > _LACKING:
                found.barred.add(number)
                continue
        if focus.any() and not (np.maximum(own, head)[focus] >= MATCHED).any():
            continue
        is_asked = share == 1.0 if label.names else bool(((head > line) & (head >= MATCHED)).any())
        if is_asked and _may_be(question, sentences[number], label):
            found.fitting.add(number)
        if number in found.fitting or _fits(question, sentences[number]) > 0:
            found.likeness[number] = float(np.maximum(own, held) @ weights) * share
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


def _fits(question: Question, sentence: Sentence) -> float:
    stems, text, words = question.stems, sentence.text, sentence.words
    return fits(question.expects, stems, text, words, question.grain)


def _may_be(question: Question, sentence: Sentence, label: Label) -> bool:
    """Whether a line that is called what is asked for may give it, though no form of words tells.

    "Founded: 1231" is a time and "Price | 88.50" money; a reason, a length of time and a country
    tell themselves, or their label does.
    """
    if _fits(question, sentence) >= 1.0 or _names_kind(question, label):
        return True
    if question.expects == "time":
        return label.names and _BARE_YEAR.search(sentence.text) is not None
    if question.expects in ("number", "money"):
        return any(map(str.isdigit, sentence.text))
    return question.expects in _NAMED
