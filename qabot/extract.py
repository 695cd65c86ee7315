"""Reading without a language model: the sentences that answer, or the decision that none does.

Every sentence of the passages found is scored for how well it fits the question; the best one, and
how much of the question stands nowhere in the passages, decide whether the articles answer at all.
Pure: the same input gives the same reading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from qabot.evidence import CONFIDENCE, Evidence, believed, evidence, signs, weighed, worth
from qabot.features import FEATURES, Table, table
from qabot.fitting import FAR, fitting, not_given, reasons
from qabot.kinds import is_polar
from qabot.layout import cells, label_of
from qabot.matching import Array, Frequency, Matcher
from qabot.naming import day_of, said_day
from qabot.objections import Objections, not_mentioned, objections
from qabot.passage_sentences import (
    Sentence,
    begins_quotation,
    leans_on_previous,
    neighbours,
    sentences_of,
)
from qabot.protocols import Encoder, WordVectors
from qabot.question import Question, analyse
from qabot.readable import Beside, blemish, readable
from qabot.recency import freshness, nowness, older_event, too_old
from qabot.sentences import asks
from qabot.settings import THRESHOLD
from qabot.types import BlockKind, Hit

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
FRESH = 2.0
"""What being of the newest article found adds to a sentence's score."""
REPLY = 2.0
"""What it adds to the score that the text itself asks the question before the sentence, or that its
label is what is asked for."""
_BARRED = 10.0
"""Taken off for what is no answer: the head of a table, a line that says what was asked again."""
_HINT = 0.4
_MARGIN, _MARGIN_READ, _MARGIN_OF_MANY = 0.7, 1.5, 2.5
"""How far behind the best a sentence may score and still be part of the answer: without an encoder;
with one, which spreads the scores; and of several articles, each of which may be the one meant."""
_PARTS: Mapping[str, tuple[BlockKind, str]] = {
    "author": ("byline", "byline"), "credits": ("note", "credits"),
}  # fmt: skip
"""Where those are named who made an article. That others helped may be told in its text, too."""
_POOR = "no passage fits the question well enough"


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
    beside: Beside,
    threshold: float = THRESHOLD,
    encoder: Encoder | None = None,
    today: date | None = None,
) -> Reading:
    """Find the sentences among ``hits`` that answer; no sentence when the articles do not say.

    Below ``threshold`` the confidence is too low to answer. Without an ``encoder`` the measured
    features alone decide. Asked ``today``, old articles hardly tell what is the case now.
    """
    asked = analyse(question)
    sentences = [one for rank, hit in enumerate(hits) for one in sentences_of(hit.passage, rank)]
    if not sentences or not asked.terms:
        return Reading((), "the question names nothing to look up", {})
    if asked.expects in _PARTS:
        named = _named_in(sentences, *_PARTS[asked.expects])
        if named.sentences or asked.expects == "author":
            return named
    matcher = Matcher(asked, sentences, frequency, vectors)
    return _read(asked, sentences, len(hits), matcher, beside, threshold, encoder, today)


def _read(
    asked: Question,
    sentences: Sequence[Sentence],
    count: int,
    matcher: Matcher,
    beside: Beside,
    threshold: float,
    encoder: Encoder | None,
    today: date | None,
) -> Reading:
    measured = table(asked, sentences, matcher)
    now = nowness(asked.text, today)
    days = [day_of(sentence.passage.origin) for sentence in sentences]
    scores = scored(sentences, measured, days if now else ())
    seen = None
    if encoder is not None:
        seen = evidence(asked, sentences, scores, encoder, measured.barred, measured.lines)
        scores = scores + worth(seen)
    fit = _fit(count, sentences, measured, scores)
    log_odds = None if seen is None else believed(seen.log_odds)
    may = fitting(asked, sentences, measured, scores, log_odds)
    best, order = float(scores.max()), np.argsort(-(scores + FAR * may), kind="stable")
    top = int(order[0])
    other_kind = not (may[top] and scores[top] >= best - FAR)
    against = objections(matcher, measured, top, sentences[top].text)
    old = too_old(days, today, now)
    stale = now if old[top] else older_event(asked.text, days[top], days, today)
    many = len({sentence.passage.document_id for sentence in sentences}) > 1
    told = _told(asked, other_kind, many, stale, float(measured.replies[top]))
    signals = _signals(best, against, told, seen)
    if signals["stopped"] or signals["confidence"] < threshold:
        return Reading((), _why_not(asked, against, told, days[top]), signals, fit)
    margin = _margin(many, seen, sentences[top].text, float(measured.replies[top]))
    chosen = [int(n) for n in order[:MOST] if scores[n] >= scores[top] - margin and may[n]]
    chosen = [n for n in chosen if n not in measured.barred and not asks(sentences[n].text)]
    if not old[top]:
        chosen = [n for n in chosen if not old[n]]
    if not chosen:
        signals["stopped"] = True
        return Reading((), _why_not(asked, against, told, days[top]), signals, fit)
    chosen = _continued(asked, chosen, sentences, measured)
    answer = readable([sentences[n] for n in chosen], beside, MOST)
    return Reading(answer, "a sentence fits the question", signals, fit)


def _told(
    asked: Question, other_kind: bool, many: bool, stale: float, reply: float
) -> dict[str, float]:
    """The signs that need no encoder; see ``evidence.signs``."""
    polar = is_polar(asked.text)
    found = {
        "other_kind": other_kind, "polar": polar, "many": many, "stale": stale, "asked": reply
    }  # fmt: skip
    return {name: float(value) for name, value in found.items()}


def _signals(
    best: float, against: Objections, told: Mapping[str, float], seen: Evidence | None
) -> dict[str, Any]:
    """What the decision to answer rests on.

    With an encoder an objection lowers the confidence; without, it outweighs any.
    """
    if seen is not None:
        found = signs(seen, against, told)
        return {"score": best, **found, "confidence": weighed(found), "stopped": False}
    stale = told["stale"]
    return {
        "score": best,
        "unmatched": against.unmatched,
        "stale": stale,
        "confidence": best + UNMATCHED_WEIGHT * against.unmatched + CONFIDENCE["stale"] * stale,
        "stopped": bool(told["other_kind"]) or against.reason() is not None,
    }


def _margin(many: bool, seen: Evidence | None, best: str, reply: float) -> float:
    """How far behind the ``best`` sentence others may be said with it.

    The more nearly its label is what is asked for, the less is to be said beside a line.
    """
    margin = _MARGIN if seen is None else _MARGIN_OF_MANY if many else _MARGIN_READ
    return margin * (1.0 - reply) if cells(best) or label_of(best) else margin


def _why_not(
    asked: Question, against: Objections, told: Mapping[str, float], day: date | None
) -> str:
    """Why nothing is said; ``day`` is that of the article that fits best."""
    wanted = not_given(asked) if told["other_kind"] else ""
    old = f"what fits best is of {said_day(day)}, and " if day and told["stale"] else ""
    if old and told["stale"] >= 1:
        return f"{old}the question is about now"
    if wanted and [term.stem for term in against.unsaid] == [asked.sized]:
        return wanted  # sooner than that nothing is said of "old"
    found = against.reason() or wanted or not_mentioned(against.absent)
    return found or (f"{old}newer articles do not fit" if old else _POOR)


def scored(
    sentences: Sequence[Sentence], measured: Table, days: Sequence[date | None] = ()
) -> Array:
    """By the measured features, and by the ``days`` of their articles if given, shape (sentences,).

    An encoder is not asked.
    """
    weighed = measured.features @ np.array([WEIGHTS[name] for name in FEATURES])
    scores = np.asarray(weighed - [blemish(sentence) for sentence in sentences])
    scores = scores + REPLY * measured.replies
    scores[list(measured.barred)] -= _BARRED
    return scores + FRESH * freshness(days) if days else scores


def _fit(
    count: int, sentences: Sequence[Sentence], measured: Table, scores: Array
) -> tuple[float, ...]:
    best = np.full(count, -np.inf)
    placed = WEIGHTS["rank"] * measured.features[:, FEATURES.index("rank")]
    np.maximum.at(best, [sentence.rank for sentence in sentences], scores - placed)
    return tuple(map(float, best))


def _continued(
    asked: Question, chosen: list[int], sentences: Sequence[Sentence], measured: Table
) -> list[int]:
    """Add what goes on about a chosen sentence and holds a term of the question that it lacks, the
    reason for it that is asked for, or the rest of what somebody who is asked about says.
    """
    behind = dict(reasons(asked, sentences))
    after = dict(neighbours(sentences))
    fits = measured.features[:, FEATURES.index("fits")]
    found: list[int] = []
    for number in chosen:
        found.append(number)
        following = after.get(number)
        if following is not None and leans_on_previous(sentences[following].text):
            gained = (measured.own[following] >= _HINT) & (measured.own[number] < _HINT)
            found += [following] if gained.any() or fits[following] > fits[number] else []
        voice = measured.voices.get(number)
        if asked.expects == "saying" and voice and following is not None:
            goes_on = begins_quotation(sentences[following].text) and voice.place != following
            found += [following] if goes_on and measured.voices.get(following) == voice else []
        if fits[number] < 1.0 and number in behind:
            found.append(behind[number])
    return list(dict.fromkeys(found))


def _named_in(sentences: Sequence[Sentence], kind: BlockKind, name: str) -> Reading:
    """What the part of an article says that is there to name who made it."""
    found = tuple(sentence for sentence in sentences if sentence.passage.kind == kind)[:MOST]
    reason = f"the article's {name}" if found else f"the passages found carry no {name}"
    return Reading(found, reason, {})
