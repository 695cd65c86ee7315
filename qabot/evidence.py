"""What an encoder reads of the sentences found, and what that weighs beside the features. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qabot.kinds import is_polar
from qabot.matching import Array
from qabot.objections import Objections
from qabot.passage_sentences import Sentence, neighbours
from qabot.protocols import Encoder, Judged, Stretch
from qabot.question import Question
from qabot.words import is_stopword, tokens

FEWEST, MOST = 2, 4
"""Stretches read for a question: as many as there are articles among what was found, within these.
Of a single article two hold the answer nearly as often as four, and take half the time."""
LONGEST = 360
"""Code points in a stretch, some 80 word pieces, unless its first sentence alone has more."""

_HIGHEST, _UNREAD = 8.0, -6.0
"""Log-odds that an encoder is believed at most, and what stands for those of an unread sentence."""
_OF_LINES = -2.0
"""Log-odds that a line's label makes up for."""
SPAN = 0.3
"""What a log-odds adds to a sentence's score, fitted like ``CONFIDENCE``."""
ECHO = 1.5
"""What a sentence loses where its likeliest answer says nothing but words of the question: "the
2024 Word of the Year" is no answer to what that is. Chosen by hand: few sentences are such."""
CONFIDENCE: Mapping[str, float] = {
    "span": 0.31,
    "unmatched": -1.31,
    "unnamed": -0.5,
    "apart": -4.89,
    "other_kind": -1.36,
    "unsaid": -0.64,
    "contrary": -3.0,
    "polar": 0.5,
    "asked": 1.0,
    "many": -0.1,
    "stale": -1.5,
}
"""How much each sign counts, fitted by benchmarks/fit_confidence.py; docs/encoder.md has the
figures. Set by hand are ``contrary``, as few rows have it, ``stale`` and ``many``, as the rows
fitted to name no day and have one article each, ``polar``, as nearly all rows that ask for yes or
no are of one article, and ``asked``, as hardly any article asks."""
CONSTANT = 1.86
"""Added to the confidence, so that the threshold of the settings serves with it as without."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an encoder said of sentences, an array each of shape (sentences,).

    ``log_odds`` that the answer stands in each, NaN where it was not read; and which of them only
    ``echoes`` the question.
    """

    log_odds: Array
    echoes: npt.NDArray[np.bool_]


def evidence(
    asked: Question,
    sentences: Sequence[Sentence],
    scores: Array,
    encoder: Encoder,
    barred: Collection[int] = (),
    lines: Collection[int] = (),
) -> Evidence:
    """What ``encoder`` says of the sentences, but for those ``barred`` as no answer.

    It was trained on sentences: of ``lines`` that their labels speak for, it may speak well only.

    The best by ``scores`` are read, each with what stands around it in its article.
    """
    groups = together(sentences, scores)
    stretches = [
        Stretch(sentences[group[0]].passage.title, tuple(sentences[n].text for n in group))
        for group in groups
    ]
    log_odds = np.full(len(sentences), np.nan)
    echoes = np.zeros(len(sentences), dtype=bool)
    may_echo = is_polar(asked.text)
    for group, judged in zip(groups, encoder.read(asked.text, stretches), strict=True):
        for number, one in zip(group, judged, strict=True):
            log_odds[number] = one.log_odds
            echoes[number] = not may_echo and _echoes(asked, sentences[number].text, one)
    log_odds[list(barred)] = np.nan
    log_odds[list(lines)] = np.maximum(log_odds[list(lines)], _OF_LINES)
    return Evidence(log_odds, echoes)


def _echoes(asked: Question, text: str, judged: Judged) -> bool:
    """Whether what is taken for the answer, if it was read, says nothing that is not asked."""
    said = tokens(text[judged.start : judged.end])
    return judged.start < judged.end and all(
        word.stem in asked.stems or is_stopword(word.surface) for word in said
    )


def worth(seen: Evidence) -> Array:
    """What the evidence adds to the score of each sentence."""
    return SPAN * believed(seen.log_odds) - ECHO * seen.echoes


def signs(seen: Evidence, against: Objections, told: Mapping[str, float]) -> dict[str, float]:
    """What tells whether the articles answer, each sign with its value; ``told`` are some of them.

    ``contrary`` is that the sentence says the opposite of what is asked. Told are ``other_kind``,
    that no sentence holds the kind of answer asked for, ``polar``, that this is yes or no,
    ``many``, that several articles were found, ``stale``, how surely the question is about now,
    where the best sentence is too old for that, or about a newer event, and ``asked``, how nearly
    the text itself asks the question before that sentence or names by a label what is asked for.
    """
    return {
        "span": float(believed(seen.log_odds).max()),
        "unmatched": against.unmatched,
        "unnamed": float(bool(against.unnamed)),
        "apart": len(against.apart) / against.terms,
        "unsaid": float(bool(against.unsaid)),
        "contrary": float(against.affirmed or against.reversed is not None),
        **told,
    }


def weighed(found: Mapping[str, float]) -> float:
    """The confidence that ``signs`` give together."""
    return CONSTANT + sum(weight * found[name] for name, weight in CONFIDENCE.items())


def believed(log_odds: Array) -> Array:
    """The log-odds within bounds, and low ones for what was not read."""
    return np.asarray(np.clip(np.nan_to_num(log_odds, nan=_UNREAD), -_HIGHEST, _HIGHEST))


def together(sentences: Sequence[Sentence], scores: Array) -> list[list[int]]:
    """The places of the sentences that are read together, each group in its article's order.

    Groups are made around the best sentence that none holds yet, ``MOST`` of them at most.
    """
    articles = {sentence.passage.document_id for sentence in sentences}
    most = min(MOST, max(FEWEST, len(articles)))
    after = dict(neighbours(sentences))
    before = {following: number for number, following in after.items()}
    groups: list[list[int]] = []
    for number in map(int, np.argsort(-scores, kind="stable")):
        if len(groups) == most:
            break
        if not any(number in group for group in groups):
            groups.append(_around(number, sentences, before, after))
    return groups


def _around(
    number: int,
    sentences: Sequence[Sentence],
    before: dict[int, int],
    after: dict[int, int],
) -> list[int]:
    """A sentence and its neighbours, on both sides in turn, as many as fit."""
    group, room, size = [number], LONGEST - len(sentences[number].text), 0
    while size != len(group):
        size = len(group)
        previous = before.get(group[0])
        if previous is not None and len(sentences[previous].text) <= room:
            group.insert(0, previous)
            room -= len(sentences[previous].text)
        following = after.get(group[-1])
        if following is not None and len(sentences[following].text) <= room:
            group.append(following)
            room -= len(sentences[following].text)
    return group
