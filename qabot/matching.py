"""How well the words of sentences match the terms of a question. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from qabot.passage_sentences import Sentence
from qabot.protocols import WordVectors
from qabot.question import Question, Term
from qabot.spelling import spelled_alike
from qabot.thesaurus import in_region, is_common, related_stems
from qabot.words import Token, fold, is_stopword, tokens

Frequency = Callable[[str], int]
"""The number of passages in the index that hold a word."""
Array = npt.NDArray[np.float64]
Columns = Sequence[int]
"""Which of a ``Matcher``'s words stand in a text."""

MATCHED = 0.5
"""Grade from which a word counts as matched."""
NAMED = 0.75
"""The same for a name: inflected or spelled alike will do, a capital for its country will not."""
_NEAR, _CLOSE = 0.45, 0.8  # cosines from which two words mean nearly the same, and just the same


class Matcher:
    """Matches a question's terms with words, by stem, spelling, relation and meaning."""

    def __init__(
        self,
        question: Question,
        sentences: Sequence[Sentence],
        frequency: Frequency,
        vectors: WordVectors,
    ) -> None:
        self.question = question
        texts = {sentence.passage.title: None for sentence in sentences}
        texts |= {sentence.passage.heading: None for sentence in sentences}
        texts |= {sentence.passage.origin.publisher: None for sentence in sentences}
        fields = {text: tokens(text) for text in texts}
        words = [word for sentence in sentences for word in sentence.words]
        words += [word for field in fields.values() for word in field]
        vocabulary = dict.fromkeys(
            fold(word.surface) for word in words if not is_stopword(word.surface)
        )
        known = _Vocabulary(vocabulary)
        self._column = {word: number for number, word in enumerate(vocabulary)}
        own = vectors.words([fold(term.surface) for term in question.terms])
        self._question_vector = own.sum(axis=0)
        self._vectors = vectors.words(list(vocabulary))
        self._cosines = _cosines(own, self._vectors)
        rows = zip(question.terms, self._cosines, strict=True)
        self._grades = np.array([known.grades(term, row) for term, row in rows])
        self.names = self._names(sentences)
        self.weights = _weights(question, self.names, frequency)
        self._fields = {text: self.grades(self.columns(own)) for text, own in fields.items()}

    def _names(self, sentences: Sequence[Sentence]) -> npt.NDArray[np.bool_]:
        """Which terms are names: as the question writes them, or as the passages always do."""
        capital: dict[str, bool] = {}
        for sentence in sentences:
            for number, word in enumerate(sentence.words):
                if number and word.surface[:1].isalpha():
                    stem = word.stem
                    capital[stem] = capital.get(stem, True) and word.is_capitalised
        return np.array(
            [
                term.is_name or (capital.get(term.stem, False) and not is_common(term.stem))
                for term in self.question.terms
            ]
        )

    def columns(self, words: Sequence[Token]) -> Columns:
        """The columns of ``words`` in the tables of the other methods, in order."""
        folded = (fold(word.surface) for word in words)
        return [self._column[word] for word in folded if word in self._column]

    def grades(self, columns: Columns) -> Array:
        """How well some words hold each term of the question: 0 to 1, shape (terms,)."""
        return self._best(self._grades, columns)

    def share(self, columns: Columns) -> float:
        """The share of some words that holds a term of the question; 0 where there are none."""
        if not columns:
            return 0.0
        return float((self._grades[:, columns].max(axis=0) >= MATCHED).mean())

    def soft(self, columns: Columns) -> Array:
        """The nearest meaning of some words to each term: 0 to 1, shape (terms,)."""
        return np.clip(self._best(self._cosines, columns), 0.0, 1.0)

    def field(self, text: str) -> Array:
        """How well a title, heading or publisher of the passages holds each term: (terms,)."""
        return self._fields[text]

    def cosine(self, columns: Columns) -> float:
        """Cosine of the mean word vectors of the question and of some words."""
        if not columns:
            return 0.0
        vector = self._vectors[columns].sum(axis=0)
        length = float(np.linalg.norm(vector) * np.linalg.norm(self._question_vector))
        return float(vector @ self._question_vector) / length if length else 0.0

    def near(self, words: Sequence[Token]) -> float:
        """How closely the question's neighbouring terms stand together in ``words``: 0 to 1."""
        columns = [self._column.get(fold(word.surface)) for word in words]
        known = [(place, column) for place, column in enumerate(columns) if column is not None]
        places = [
            [place for place, column in known if row[column] >= MATCHED] for row in self._grades
        ]
        if len(places) < 2:
            return 1.0 if places and places[0] else 0.0
        return sum(map(_closeness, places, places[1:])) / (len(places) - 1)

    def _best(self, scores: Array, columns: Columns) -> Array:
        if not columns:
            return np.zeros(len(self.weights))
        return np.asarray(scores[:, columns].max(axis=1), dtype=np.float64)


def _closeness(one: list[int], other: list[int]) -> float:
    if not one or not other:
        return 0.0
    gap = min(abs(a - b) for a in one for b in other)
    return 1.0 if gap <= 2 else 0.6 if gap <= 5 else 0.2 if gap <= 10 else 0.0


def _weights(question: Question, names: npt.NDArray[np.bool_], frequency: Frequency) -> Array:
    """How much each term matters: rare words and names most, plain words hardly."""
    frequencies = [frequency(term.surface) for term in question.terms]
    highest = max([*frequencies, 1])
    weights = []
    for term, is_name, count in zip(question.terms, names, frequencies, strict=True):
        rarity = 1.0 - float(np.log1p(count) / np.log1p(highest + 1))
        weight = (0.5 + 0.5 * rarity) * (1.3 if is_name else 1.0)
        weights.append(weight * (0.3 if term.is_plain else 1.0))
    return np.array(weights, dtype=np.float64)


def _cosines(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> Array:
    lengths = np.outer(np.linalg.norm(one, axis=1), np.linalg.norm(other, axis=1))
    product = one @ other.T
    found = np.divide(product, lengths, out=np.zeros_like(product), where=lengths > 0)
    return np.asarray(found, dtype=np.float64)


class _Vocabulary:
    """Distinct words, and the places of those with a stem, an initial or a digit in front."""

    def __init__(self, words: Collection[str]) -> None:
        self.words = tuple(words)
        self.stems: dict[str, list[int]] = {}
        self.initials: dict[str, list[int]] = {}
        for place, word in enumerate(self.words):
            self.stems.setdefault(_stem(word), []).append(place)
            self.initials.setdefault(word[:1], []).append(place)
        self.digits = [
            place for first, own in self.initials.items() if first.isdigit() for place in own
        ]

    def grades(self, term: Term, cosines: Array) -> Array:
        """How well each word holds a term; the surer a sign, the later it is looked at."""
        grades = np.zeros(len(self.words))
        if not term.token.is_number:
            if not term.is_name:
                grades = np.where(cosines < _NEAR, 0.0, (cosines - 0.3) * 1.6)
            for other, relation in related_stems(term.stem).items():
                grades[self.stems.get(other, [])] = relation
            for other in in_region(term.stem):
                grades[self.stems.get(other, [])] = NAMED
            grades[cosines >= _CLOSE] = 0.9
            own = fold(term.surface)
            for place in self.initials.get(own[:1], ()):
                if spelled_alike(own, self.words[place]):
                    grades[place] = 0.95
            grades[self.digits] = 0.0
        grades[self.stems.get(term.stem, [])] = 1.0
        return grades


@lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    found = tokens(word)
    return found[0].stem if found else word
