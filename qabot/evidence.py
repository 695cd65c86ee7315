"""What an encoder reads of the sentences found, and what that weighs beside the features. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from qabot.features import neighbours
from qabot.matching import Array, Sentence
from qabot.objections import Objections
from qabot.protocols import Encoder
from qabot.types import Stretch

FEWEST, MOST = 2, 4
"""Stretches read for a question: as many as there are articles among what was found, within these.
Of a single article two hold the answer nearly as often as four, and take half the time."""
LONGEST = 360
"""Code points in a stretch, some 80 word pieces, unless its first sentence alone has more."""

_HIGHEST, _UNREAD = 8.0, -6.0
"""Log-odds that an encoder is believed at most, and what stands for those of an unread sentence."""
SPAN = 0.3
"""What a log-odds adds to a sentence's score, fitted like ``CONFIDENCE``."""
CONFIDENCE: Mapping[str, float] = {
    "span": 0.31,
    "unmatched": -1.31,
    "unnamed": -0.5,
    "apart": -4.89,
    "other_kind": -1.36,
    "unsaid": -0.64,
    "polar": 0.5,
    "many": -0.1,
    "stale": -1.5,
}
"""How much each sign counts, fitted by benchmarks/fit_confidence.py; docs/encoder.md has the
figures. Set by hand are ``stale`` and ``many``, as the rows fitted to name no day and have one
article each, and ``polar``, as nearly all rows that ask for yes or no are of one article."""
CONSTANT = 1.78
"""Added to the confidence, so that the threshold of the settings serves with it as without."""


def evidence(
    question: str, sentences: Sequence[Sentence], scores: Array, encoder: Encoder
) -> Array:
    """The log-odds that ``encoder`` gives each sentence; NaN where it did not read it.

    The best by ``scores`` are read, each with what stands around it in its article.
    """
    groups = together(sentences, scores)
    stretches = [
        Stretch(sentences[group[0]].passage.title, tuple(sentences[n].text for n in group))
        for group in groups
    ]
    found = np.full(len(sentences), np.nan)
    for group, judged in zip(groups, encoder.read(question, stretches), strict=True):
        found[group] = judged
    return found


def worth(seen: Array) -> Array:
    """What the evidence adds to the score of each sentence."""
    return SPAN * believed(seen)


def signs(seen: Array, against: Objections, told: Mapping[str, float]) -> dict[str, float]:
    """What tells whether the articles answer, each sign with its value; ``told`` are some of them.

    These are ``other_kind``, that no sentence holds the kind of answer asked for, ``polar``, that
    this is yes or no, ``many``, that several articles were found, and ``stale``, how surely the
    question is about now, where the best sentence is too old for that.
    """
    return {
        "span": float(believed(seen).max()),
        "unmatched": against.unmatched,
        "unnamed": float(bool(against.unnamed)),
        "apart": len(against.apart) / against.terms,
        "unsaid": float(bool(against.unsaid)),
        **told,
    }


def weighed(found: Mapping[str, float]) -> float:
    """The confidence that ``signs`` give together."""
    return CONSTANT + sum(weight * found[name] for name, weight in CONFIDENCE.items())


def believed(seen: Array) -> Array:
    """The log-odds within bounds, and low ones for what was not read."""
    return np.asarray(np.clip(np.nan_to_num(seen, nan=_UNREAD), -_HIGHEST, _HIGHEST))


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
