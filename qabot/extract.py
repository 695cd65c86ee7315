"""Reading without a language model: the sentences that answer, or the decision that none does.

Every sentence of the passages found is scored for how well it fits the question; the best one, and
how much of the question stands nowhere in the passages, decide whether the articles answer at all.
Pure: the same input gives the same reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qabot.features import FEATURES, Array, Frequency, Matcher, Sentence, sentences_of, table
from qabot.kinds import Expects, denies
from qabot.question import Question, Term, analyse
from qabot.types import Hit, Passage, WordVectors

MOST = 3
"""Sentences in an answer, at most."""
WEIGHTS: Mapping[str, float] = {
    "coverage": 0.77, "exact": 0.59, "soft": 0.68, "missing": -0.43, "context": 0.43,
    "fits": 0.58, "near": 0.44, "rank": 0.65, "focus": 0.16, "cosine": 0.41, "elsewhere": -0.28,
    "denial": 0.50, "names": 0.18,
}  # fmt: skip
"""How much each feature counts in a sentence's score; fitted by benchmarks/fit_reader.py."""
UNMATCHED_WEIGHT = -4.0
THRESHOLD = 1.2
_MARGIN = 0.4
"""How far behind the best a sentence may score and still be part of the answer."""
_UNDER_BODY = {"caption": 0.15, "subtitle": 0.15, "byline": 0.5, "note": 0.3}
"""Taken off the score where the body, if it says the same, says it better."""
_MATCHED = 0.5
_STRICT: frozenset[Expects] = frozenset({"time", "number", "duration", "capital"})
"""Kinds of answer that a sentence visibly holds or does not: one that does not is no answer."""
_FAR = 1.0
"""Behind the best sentence of all, the best of the kind asked for is no answer either."""

_PRONOUN_LED = re.compile(
    r"[“\"‘']?(?:he|she|they|it|this|that|these|those|his|her|their|its|later|therefore|but|"
    r"however)\b|.{0,300}[,.!?][”\"] (?:he|she|they) \w+",
    re.I,
)
_ONLY_QUOTATION = re.compile(r"“[^”]*”\W*")

Before = Callable[[Passage], Passage | None]
"""The passage that stands before another in its document, or None."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The sentences that answer, in the order to read them, or none; and why."""

    sentences: tuple[Sentence, ...]
    reason: str
    signals: Mapping[str, Any]


def read(
    question: str, hits: Sequence[Hit], frequency: Frequency, vectors: WordVectors, before: Before
) -> Reading:
    """Find the sentences among ``hits`` that answer; no sentence when the articles do not say."""
    asked = analyse(question)
    sentences = [
        sentence for rank, hit in enumerate(hits) for sentence in sentences_of(hit.passage, rank)
    ]
    if not sentences or not asked.terms:
        return Reading((), "There is nothing to look up.", {})
    if asked.expects == "author":
        return _byline(sentences)
    matcher = Matcher(asked, sentences, frequency, vectors)
    features, best_grades = table(asked, sentences, matcher)
    scores = features @ np.array([WEIGHTS[name] for name in FEATURES])
    scores -= [_UNDER_BODY.get(sentence.passage.kind, 0.0) for sentence in sentences]
    return _decide(asked, sentences, features, scores, best_grades, matcher.weights, before)


def _decide(
    asked: Question,
    sentences: Sequence[Sentence],
    features: Array,
    scores: Array,
    best_grades: Array,
    weights: Array,
    before: Before,
) -> Reading:
    fitting = features[:, FEATURES.index("fits")] >= 1.0
    if asked.expects == "capital":
        fitting &= features[:, FEATURES.index("names")] >= 1.0
    is_strict = asked.expects in _STRICT
    best = float(scores.max())
    if is_strict:
        scores = np.where(fitting, scores, scores - _FAR)
    order = np.argsort(-scores, kind="stable")
    absent = [
        (term, float(weight))
        for term, grade, weight in zip(asked.terms, best_grades, weights, strict=True)
        if grade < _MATCHED and not term.is_plain
    ]
    unmatched = sum(weight for _, weight in absent) / float(weights.sum())
    confidence = best + UNMATCHED_WEIGHT * unmatched
    signals = {"score": best, "unmatched": unmatched, "confidence": confidence}
    names = [term.surface for term, _ in absent if term.is_name]
    if names:
        return Reading((), f"The passages do not mention {_listed(names)}.", signals)
    missed = [term for term, _ in absent if term.stem == asked.focus or term.stem in asked.topic]
    if missed:
        return Reading((), _why_withheld(missed), signals)
    if confidence < THRESHOLD:
        return Reading((), _why_withheld([term for term, _ in absent]), signals)
    top = sentences[order[0]]
    if is_strict and (not fitting[order[0]] or scores[order[0]] < best - _FAR):
        return Reading((), f"No sentence that fits the question holds a {asked.expects}.", signals)
    if asked.expects == "reason" and absent and denies(top.text) and not denies(asked.text):
        return Reading((), "The passages deny what the question takes for granted.", signals)
    chosen = [sentences[number] for number in order[:MOST] if scores[number] >= best - _MARGIN]
    return Reading(_readable(chosen, before), "A sentence fits the question.", signals)


def _why_withheld(absent: Sequence[Term]) -> str:
    if absent:
        return f"The passages say nothing of {_listed([term.surface for term in absent])}."
    return "No sentence fits the question well enough."


def _listed(words: Sequence[str]) -> str:
    quoted = [f"“{word}”" for word in words]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + f" and {quoted[-1]}"


def _byline(sentences: Sequence[Sentence]) -> Reading:
    found = tuple(sentence for sentence in sentences if sentence.passage.kind == "byline")[:MOST]
    reason = "The article's byline." if found else "The passages found carry no byline."
    return Reading(found, reason, {})


def _readable(chosen: Sequence[Sentence], before: Before) -> tuple[Sentence, ...]:
    """The best first, no near-duplicates, no pronoun without what it stands for."""
    answer: list[Sentence] = []
    for sentence in chosen:
        group = [sentence]
        while len(group) < MOST and _leans_on_previous(group[0].text):
            previous = _previous(group[0], before)
            if previous is None:
                break
            group.insert(0, previous)
        new = [one for one in group if not any(_says_the_same(one, other) for other in answer)]
        if sentence in new and len(answer) + len(new) <= MOST:
            answer += new
    return tuple(answer)


def _leans_on_previous(text: str) -> bool:
    return bool(_PRONOUN_LED.match(text) or _ONLY_QUOTATION.fullmatch(text))


def _previous(sentence: Sentence, before: Before) -> Sentence | None:
    own = sentences_of(sentence.passage, sentence.rank)
    place = next(number for number, one in enumerate(own) if one.start == sentence.start)
    if place > 0:
        return own[place - 1]
    passage = before(sentence.passage)
    return sentences_of(passage, sentence.rank)[-1] if passage else None


def _says_the_same(one: Sentence, other: Sentence) -> bool:
    mine, theirs = ({word.stem for word in sentence.words} for sentence in (one, other))
    return one == other or len(mine & theirs) >= 0.6 * len(mine | theirs)
