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
import numpy.typing as npt

from qabot.features import FEATURES, Table, neighbours, table
from qabot.kinds import Expects, denies
from qabot.matching import (
    MATCHED,
    NAMED,
    Frequency,
    Matcher,
    Sentence,
    leans_on_previous,
    sentences_of,
)
from qabot.protocols import WordVectors
from qabot.question import Question, Term, analyse
from qabot.settings import THRESHOLD
from qabot.types import Hit, Passage

MOST = 3
"""Sentences in an answer, at most."""
WEIGHTS: Mapping[str, float] = {
    "coverage": 0.82,
    "exact": 0.72,
    "soft": 0.71,
    "missing": -0.67,
    "context": 0.54,
    "fits": 0.51,
    "near": 0.55,
    "rank": 0.62,
    "focus": 0.08,
    "cosine": 0.48,
    "elsewhere": -0.26,
    "denial": 0.50,
    "names": 0.22,
}
"""How much each feature counts in a sentence's score, fitted by benchmarks/fit_reader.py to the
seed cases, SQuAD 2.0 and CLAP NQ; docs/quality.md has the figures. Only ``denial`` is set by hand:
the rows hold hardly any question with a "not" in it."""
UNMATCHED_WEIGHT = -4.0
_LISTED, _WORD_LIMIT = 3, 40
_HINT = 0.4
_MARGIN = 0.7
"""How far behind the best a sentence may score and still be part of the answer."""
_UNDER_BODY = {"caption": 0.15, "subtitle": 0.15, "byline": 2.0, "note": 0.3}
"""Taken off the score where the body, if it says the same, says it better."""
_ASKING = 10.0
"""Taken off for a sentence that asks: it says no more than the question does."""
_IS_QUESTION = re.compile(r"\?[\W_]*$")
_STRICT: frozenset[Expects] = frozenset(
    {"time", "number", "duration", "capital", "money", "reason", "saying", "role", "countries"}
)
"""Kinds of answer that a sentence visibly holds or does not: one that does not is no answer."""
_WANTED: Mapping[str, str] = {
    "time": "a date or time", "number": "such a figure", "duration": "a length of time",
    "capital": "that capital's name", "money": "an amount of money", "reason": "a reason",
    "saying": "words of theirs", "role": "who that is", "countries": "names of countries",
}  # fmt: skip
_FAR = 1.0
"""Behind the best sentence of all, the best of the kind asked for is no answer either."""

Before = Callable[[Passage], Passage | None]
"""The passage that stands before another in its document, or None."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The sentences that answer, in the order to read them, or none; and why.

    ``fit`` says how well each hit reads, in the order of the hits: the score of its best sentence,
    wherever the hit came in that order. It is empty where no sentence was scored.
    """

    sentences: tuple[Sentence, ...]
    reason: str
    signals: Mapping[str, Any]
    fit: tuple[float, ...] = ()


def read(
    question: str,
    hits: Sequence[Hit],
    frequency: Frequency,
    vectors: WordVectors,
    before: Before,
    threshold: float = THRESHOLD,
) -> Reading:
    """Find the sentences among ``hits`` that answer; no sentence when the articles do not say.

    Below ``threshold`` the confidence is too low to answer.
    """
    asked = analyse(question)
    sentences = [
        sentence for rank, hit in enumerate(hits) for sentence in sentences_of(hit.passage, rank)
    ]
    if not sentences or not asked.terms:
        return Reading((), "the question names nothing to look up", {})
    if asked.expects == "author":
        return _byline(sentences)
    matcher = Matcher(asked, sentences, frequency, vectors)
    measured = table(asked, sentences, matcher)
    scores = measured.features @ np.array([WEIGHTS[name] for name in FEATURES])
    scores -= [_handicap(sentence) for sentence in sentences]
    fit = _fit(len(hits), sentences, measured, scores)
    fitting = _fitting(asked, measured, scores)
    best, order = float(scores.max()), np.argsort(-(scores + _FAR * fitting), kind="stable")
    absent, top = _absent(matcher, measured), int(order[0])
    signals: dict[str, Any] = {"score": best, "unmatched": _unmatched(matcher, absent)}
    signals["confidence"] = best + UNMATCHED_WEIGHT * signals["unmatched"]
    objection = _objection(matcher, measured, absent, top, sentences[top].text)
    if objection is None and not (fitting[top] and scores[top] >= best - _FAR):
        objection = f"no passage that fits the question gives {_WANTED[asked.expects]}"
    signals["stopped"] = objection is not None  # by more than a low confidence
    if objection is None and signals["confidence"] < threshold:
        objection = _not_mentioned(absent) or "no passage fits the question well enough"
    if objection:
        return Reading((), objection, signals, fit)
    level = scores[top] - _MARGIN
    chosen = [int(n) for n in order[:MOST] if scores[n] >= level and fitting[n]]
    chosen = _continued(chosen, sentences, measured)
    answer = _readable([sentences[n] for n in chosen], before)
    return Reading(answer, "a sentence fits the question", signals, fit)


def _fit(
    count: int, sentences: Sequence[Sentence], measured: Table, scores: npt.NDArray[np.float64]
) -> tuple[float, ...]:
    best = np.full(count, -np.inf)
    placed = WEIGHTS["rank"] * measured.features[:, FEATURES.index("rank")]
    np.maximum.at(best, [sentence.rank for sentence in sentences], scores - placed)
    return tuple(map(float, best))


def _continued(chosen: list[int], sentences: Sequence[Sentence], measured: Table) -> list[int]:
    """Add what goes on about a chosen sentence and holds a term of the question that it lacks."""
    after = dict(neighbours(sentences))
    fits = measured.features[:, FEATURES.index("fits")]
    found: list[int] = []
    for number in chosen:
        found.append(number)
        following = after.get(number)
        if following is not None and leans_on_previous(sentences[following].text):
            gained = (measured.own[following] >= _HINT) & (measured.own[number] < _HINT)
            found += [following] if gained.any() or fits[following] > fits[number] else []
    return list(dict.fromkeys(found))


def _handicap(sentence: Sentence) -> float:
    asks = _IS_QUESTION.search(sentence.text)
    return _UNDER_BODY.get(sentence.passage.kind, 0.0) + (_ASKING if asks else 0.0)


def _fitting(
    asked: Question, measured: Table, scores: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Which sentences may answer at all, by the kind of answer asked for; shape (sentences,)."""
    fitting = _of_its_kind(asked, measured)
    if asked.expects not in _STRICT and not (fitting & (scores >= scores.max() - _FAR)).any():
        return np.ones_like(fitting)
    return fitting


def _of_its_kind(asked: Question, measured: Table) -> npt.NDArray[np.bool_]:
    fits = measured.features[:, FEATURES.index("fits")] >= 1.0
    if asked.expects == "saying":
        speaker = np.array([term.stem in asked.speaker for term in asked.terms])
        return np.asarray(fits & (measured.own[:, speaker] >= MATCHED).all(axis=1))
    if asked.expects == "capital":
        return np.asarray(fits & (measured.features[:, FEATURES.index("names")] >= 1.0))
    return fits if asked.expects in {*_STRICT, "definition"} else np.ones_like(fits)


def _absent(matcher: Matcher, measured: Table) -> list[Term]:
    """The terms, plain words aside, that nothing in the passages matches."""
    terms = zip(matcher.question.terms, measured.best, strict=True)
    return [term for term, grade in terms if grade < MATCHED and not term.is_plain]


def _unmatched(matcher: Matcher, absent: Sequence[Term]) -> float:
    """Share of the question's weight that the absent terms have."""
    weights = zip(matcher.question.terms, matcher.weights, strict=True)
    return float(sum(weight for term, weight in weights if term in absent) / matcher.weights.sum())


def _objection(
    matcher: Matcher, measured: Table, absent: Sequence[Term], top: int, text: str
) -> str | None:
    """What speaks against answering with the sentence at ``top``, however well it scores."""
    asked = matcher.question
    named = list(zip(asked.terms, matcher.names, strict=True))
    unnamed = [t for (t, is_name), grade in zip(named, measured.best, strict=True)
               if is_name and grade < NAMED and not t.is_plain]  # fmt: skip
    missed = [term for term in absent if term.stem == asked.focus or term.stem in asked.topic]
    if unnamed or missed:
        return _not_mentioned(unnamed or missed)
    said = [n for n, term in enumerate(asked.terms) if not (matcher.names[n] or term.is_plain)]
    if said and measured.own[top, said].max() < MATCHED:
        terms = [asked.terms[n] for n in said]
        if all(term in absent for term in terms):
            return _not_mentioned(terms)
        return f"the passage that fits best says nothing of {_listed(terms)}"
    apart = [
        term
        for (term, is_name), around, close in zip(
            named, measured.around[top], measured.close[top], strict=True
        )
        if is_name and (close < NAMED if term.token.is_number else around < MATCHED)
    ]
    if apart:
        return f"the passage that fits best is not about {_listed(apart)}"
    if asked.expects == "reason" and absent and denies(text) and not denies(asked.text):
        return "the passages deny what the question takes for granted"
    return None


def _not_mentioned(terms: Sequence[Term]) -> str | None:
    return f"the passages do not mention {_listed(terms)}" if terms else None


def _listed(terms: Sequence[Term]) -> str:
    quoted = [f"“{term.surface[:_WORD_LIMIT]}”" for term in terms[:_LISTED]]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + f" and {quoted[-1]}"


def _byline(sentences: Sequence[Sentence]) -> Reading:
    found = tuple(sentence for sentence in sentences if sentence.passage.kind == "byline")[:MOST]
    reason = "the article's byline" if found else "the passages found carry no byline"
    return Reading(found, reason, {})


def _readable(chosen: Sequence[Sentence], before: Before) -> tuple[Sentence, ...]:
    """The best first, no near-duplicates, no pronoun without what it stands for."""
    answer: list[Sentence] = []
    for sentence in chosen:
        group = [sentence]
        while len(group) < MOST and leans_on_previous(group[0].text):
            previous = _previous(group[0], before)
            if previous is None:
                break
            group.insert(0, previous)
        new = [one for one in group if not any(_says_the_same(one, other) for other in answer)]
        if sentence in new and len(answer) + len(new) <= MOST:
            answer += new
    return tuple(answer)


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
