"""Reading without a language model: the sentences that answer, or the decision that none does.

Each sentence of the passages found is scored for how well it fits the question; the best decides
whether the articles answer at all. Pure: the same input gives the same reading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qabot.features import Frequency, Matcher, Sentence, fits, sentences_of
from qabot.question import Question, analyse
from qabot.types import Hit, WordVectors

_MOST = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """The sentences that answer, in reading order, or none; and why."""

    sentences: tuple[Sentence, ...]
    reason: str
    signals: Mapping[str, Any]


def read(question: str, hits: Sequence[Hit], frequency: Frequency, vectors: WordVectors) -> Reading:
    asked = analyse(question)
    sentences = sentences_of(hits)
    if not sentences or not asked.terms:
        return Reading((), "Nothing to look up.", {})
    matcher = Matcher(asked, sentences, frequency, vectors)
    table = features(asked, sentences, matcher)
    W = np.array([4.56, -0.82, -0.12, -2.23, 1.27, 0.14, 0.05, 0.14, -0.64, 1.68, 0.04, 1.09])
    scores = table @ W - 3.04
    order = np.argsort(-scores, kind="stable")
    best = order[0]
    signals = {"coverage": float(table[:, 0].max())}
    if table[:, 0].max() < 0.55:
        return Reading((), "No sentence holds enough of the question.", signals)
    chosen = [i for i in order[:_MOST] if scores[i] >= scores[best] - 0.7]
    chosen.sort(key=lambda i: (sentences[i].rank, sentences[i].start))
    return Reading(tuple(sentences[i] for i in chosen), "A sentence answers.", signals)


NAMES = ("coverage", "exact", "missing", "context", "fits", "near", "names", "caption", "subtitle",
         "rank", "short", "title")

def features(question: Question, sentences: Sequence[Sentence], matcher: Matcher):
    w = matcher.weights; total = w.sum()
    grades = np.stack([matcher.grades(s) for s in sentences])
    passage_grades = {}
    for s, g in zip(sentences, grades):
        key = s.passage.start, s.passage.document_id
        passage_grades[key] = np.maximum(passage_grades.get(key, 0), g)
    order = {}
    for s, g in zip(sentences, grades):
        order[(s.passage.document_id, s.start)] = g
    keys = sorted(order)
    prev = {}
    for a, b in zip(keys, keys[1:]):
        if a[0] == b[0]: prev[b] = order[a]
    rows = []
    is_name = np.array([t.is_name for t in question.terms])
    for s, g in zip(sentences, grades):
        ctx = np.maximum(passage_grades[(s.passage.start, s.passage.document_id)], prev.get((s.passage.document_id, s.start), 0))
        title = title_grades(matcher, s)
        ctx2 = np.maximum(ctx, title)
        rows.append([
            float((w * g).sum() / total),
            float((w * (g >= .999)).sum() / total),
            float((w * (g < .3)).max() / w.max()),
            float((w * np.maximum(g, ctx2)).sum() / total),
            fits(question, s),
            proximity(matcher, s),
            float((w * g * is_name).sum() / max((w * is_name).sum(), 1e-9)) if is_name.any() else 1.0,
            float(s.passage.kind == "caption"),
            float(s.passage.kind in ("subtitle", "byline", "note")),
            1 / (1 + s.rank),
            float(len(s.words) < 6),
            float((w * np.maximum(title, 0)).sum() / total),
        ])
    return np.array(rows)

def title_grades(matcher, s):
    from qabot.words import tokens
    words = tokens(s.passage.title + " . " + s.passage.heading)
    g = matcher.grade_of_words(words)
    return g.max(axis=1) if g.shape[1] else np.zeros(len(matcher.weights))

def proximity(matcher, s):
    g = matcher.grade_of_words(s.words)
    n = len(matcher.weights)
    if n < 2: return 1.0 if (g.size and g.max() > .5) else 0.0
    tot = 0; hit = 0
    pos = [np.flatnonzero(g[i] >= .5) for i in range(n)]
    for i in range(n - 1):
        tot += 1
        if len(pos[i]) and len(pos[i+1]):
            d = np.abs(pos[i][:, None] - pos[i+1][None, :]).min()
            hit += 1.0 if d <= 2 else (0.6 if d <= 5 else (0.2 if d <= 10 else 0))
    return hit / tot
