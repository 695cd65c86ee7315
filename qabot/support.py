"""How well sentences of an article support a claim: a score from 0 to 1, without any model. Pure.

The claim's words are looked for in each sentence by stem, spelling, relation and nearness of
meaning; up to three sentences that together hold most of it are its evidence. A few measured
features of the two then make the score. It is a likelihood, made for claims of which as many are
supported as not; docs/gate.md says how it was fitted and what it is worth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qabot.passage_sentences import Sentence
from qabot.protocols import WordVectors
from qabot.spelling import spelled_alike
from qabot.thesaurus import related
from qabot.words import Token, fold, is_stopword, tokens

MOST_EVIDENCE = 3
"""Sentences that may support a claim together."""
MOST_WORDS = 200
"""Words of a claim; a longer one is not measured and scores 0."""
FEATURES = ("together", "single", "verbatim", "near", "figures", "names")
"""Share of the claim's weight that the evidence holds, that its best sentence holds; share of runs
of three words that stand there; closeness of neighbouring words there; how many figures and how
many names it lacks (logarithm of one more)."""
WEIGHTS: Mapping[str, float] = {
    "together": 1.90,
    "single": 1.27,
    "verbatim": 0.57,
    "near": 0.90,
    "figures": -1.10,
    "names": -0.71,
}
"""How much each feature counts, fitted to WiCE by benchmarks/gate.py."""
INTERCEPT = -1.85
THRESHOLD = 0.7
"""Score from which a claim counts as supported by what it cites."""
CLEAR = 0.85
"""Score from which a passage that a claim does not cite clearly supports it."""

_MATCHED, _NAMED, _NEAR = 0.5, 0.75, 0.45
_SPELLED_ALIKE = 0.85
_NAME_WEIGHT = 1.3
_GAIN = 0.02
"""Share of the claim that a further sentence must add to be part of the evidence."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Support:
    """A claim's score, its evidence in the order given, and the features behind the score."""

    score: float
    evidence: tuple[Sentence, ...] = ()
    features: tuple[float, ...] = (0.0,) * len(FEATURES)


def support(
    claim: str, sentences: Sequence[Sentence], vectors: WordVectors, head: str = ""
) -> Support:
    """How well ``sentences`` support ``claim``; words of ``head`` (title, date) count as held.

    A claim without words, or of more than MOST_WORDS, scores 0.
    """
    words = tokens(claim)
    if not words or len(words) > MOST_WORDS or not sentences:
        return Support(0.0)
    terms = _terms(words)
    columns = [[*sentence.words] for sentence in sentences]
    graded = _Grades(terms, columns, tokens(head), vectors)
    chosen = _choose(graded)
    texts = [columns[number] for number in chosen]
    lacking = graded.held(chosen)
    figures, names = graded.figures, graded.names
    measured = (
        float(graded.weights @ lacking),
        float((graded.weights @ graded.sentences).max()),
        _verbatim(words, texts),
        _near(graded, texts),
        float(np.log1p((lacking[figures] < 1.0).sum())),
        float(np.log1p((lacking[names] < _NAMED).sum())),
    )
    total = INTERCEPT + sum(
        WEIGHTS[name] * value for name, value in zip(FEATURES, measured, strict=True)
    )
    score = float(1.0 / (1.0 + np.exp(-total)))
    return Support(score, tuple(sentences[number] for number in chosen), measured)


def _terms(words: Sequence[Token]) -> list[Token]:
    """The words that a claim says something with, each stem once; all, where it has no others."""
    own = [word for word in words if not is_stopword(word.surface)] or words
    return list({word.stem: word for word in reversed(own)}.values())[::-1]


class _Grades:
    """How well each sentence holds each term of a claim: 0 to 1, shape (terms, sentences)."""

    def __init__(
        self,
        terms: Sequence[Token],
        sentences: Sequence[Sequence[Token]],
        head: Sequence[Token],
        vectors: WordVectors,
    ) -> None:
        self.terms = terms
        first = min(term.start for term in terms)
        self.names = np.array([term.is_capitalised and term.start > first for term in terms])
        self.figures = np.array([term.stem[:1].isdigit() for term in terms])
        everything = [word for words in (*sentences, head) for word in words]
        words = dict.fromkeys(map(_key, everything))
        self._column = {word: number for number, word in enumerate(words)}
        self._grades = self._words(list(words), vectors)
        self.sentences = np.array([self._best(words) for words in sentences]).T
        self._head = self._best(head)
        self.weights = self._weights()

    def held(self, chosen: Sequence[int]) -> Array:
        """How well the chosen sentences and the head together hold each term."""
        return np.asarray(np.maximum(self.sentences[:, chosen].max(axis=1), self._head))

    def places(self, term: int, words: Sequence[Token]) -> npt.NDArray[np.int64]:
        """Where in ``words`` the term stands."""
        columns = [self._column[_key(word)] for word in words]
        return np.flatnonzero(self._grades[term, columns] >= _MATCHED)

    def _words(self, words: Sequence[tuple[str, str]], vectors: WordVectors) -> Array:
        """The grades of single words, shape (terms, words)."""
        own = _unit(vectors.words([fold(term.surface) for term in self.terms]))
        cosines = own @ _unit(vectors.words([word for word, _ in words])).T
        grades = np.where(cosines >= 0.8, 0.9, np.where(cosines < _NEAR, 0, (cosines - 0.3) * 1.6))
        for row, term in enumerate(self.terms):
            if self.names[row]:
                grades[row] = np.where(cosines[row] >= 0.8, 0.9, 0.0)
            for column, (word, stem) in enumerate(words):
                known = _known(term, word, stem)
                if known is not None:
                    grades[row, column] = known
        return np.asarray(grades, dtype=np.float64)

    def _best(self, words: Sequence[Token]) -> Array:
        columns = [self._column[_key(word)] for word in words]
        if not columns:
            return np.zeros(len(self.terms))
        return np.asarray(self._grades[:, columns].max(axis=1), dtype=np.float64)

    def _weights(self) -> Array:
        """Names and figures count more, and so do words that few sentences hold; the sum is 1."""
        count = (self.sentences >= _MATCHED).sum(axis=1)
        rarity = 1.0 - np.log1p(count) / np.log1p(self.sentences.shape[1] + 1)
        weights = (0.5 + 0.5 * rarity) * np.where(self.names | self.figures, _NAME_WEIGHT, 1.0)
        return np.asarray(weights / weights.sum(), dtype=np.float64)


def _key(word: Token) -> tuple[str, str]:
    return fold(word.surface), word.stem  # both: US and us are two words


def _known(term: Token, word: str, stem: str) -> float | None:
    """The grade of a word by its letters alone; None where only its meaning can tell."""
    if term.stem == stem:
        return 1.0
    if is_stopword(word) or term.stem[:1].isdigit() or stem[:1].isdigit():
        return 0.0
    if spelled_alike(fold(term.surface), word, _SPELLED_ALIKE):
        return 0.95
    return related(term.stem, stem) or None


def _unit(vectors: npt.NDArray[np.float32]) -> Array:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    found = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return np.asarray(found, dtype=np.float64)


def _choose(graded: _Grades) -> list[int]:
    """The numbers of the sentences that hold most of the claim, fewest first, in their order."""
    single = graded.weights @ graded.sentences
    chosen = [int(np.argmax(single))]
    while len(chosen) < MOST_EVIDENCE:
        held = graded.held(chosen)
        gains = graded.weights @ np.maximum(graded.sentences, held[:, None])
        best = int(np.argmax(gains + 1e-3 * single))
        if gains[best] <= graded.weights @ held + _GAIN:
            break
        chosen.append(best)
    return sorted(chosen)


def _verbatim(words: Sequence[Token], texts: Sequence[Sequence[Token]]) -> float:
    """Share of the claim's runs of three words, by stem, that stand in one of the texts."""
    runs = _runs(words)
    found = set[tuple[str, ...]]().union(*map(_runs, texts))
    return len(runs & found) / len(runs)


def _runs(words: Sequence[Token]) -> set[tuple[str, ...]]:
    stems = [word.stem for word in words]
    length = min(3, len(stems))
    return {tuple(stems[start : start + length]) for start in range(len(stems) - length + 1)}


def _near(graded: _Grades, texts: Sequence[Sequence[Token]]) -> float:
    """How closely the claim's neighbouring terms stand together in one of the texts: 0 to 1."""
    pairs = len(graded.terms) - 1
    best = np.zeros(max(pairs, 1))
    for words in texts:
        places = [graded.places(number, words) for number in range(len(graded.terms))]
        if not pairs:
            best[0] = max(best[0], float(len(places[0]) > 0))
        for number in range(pairs):
            close = _closeness(places[number], places[number + 1])
            best[number] = max(best[number], close)
    return float(best.mean())


def _closeness(one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> float:
    if not len(one) or not len(other):
        return 0.0
    after = np.searchsorted(other, one)
    ahead = np.abs(other[np.minimum(after, len(other) - 1)] - one)
    behind = np.abs(one - other[np.maximum(after - 1, 0)])
    gap = int(np.minimum(ahead, behind).min())
    return 1.0 if gap <= 2 else 0.6 if gap <= 5 else 0.2 if gap <= 10 else 0.0
