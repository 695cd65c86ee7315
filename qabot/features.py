"""How well a sentence fits a question: a few measured signals for each pair. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

import numpy as np

from qabot.question import Question, Term
from qabot.sentences import sentence_spans
from qabot.types import Hit, Passage, Vectors, WordVectors
from qabot.words import Token, fold, is_stopword, tokens

Frequency = Callable[[str], int]
"""The number of passages in the index that hold a word."""

NEAR = 0.45
"""Cosine from which two words are taken to mean nearly the same."""
_SPELLED_ALIKE = 0.8

_TIME = re.compile(
    r"\b(?:(?:mid-|early |late )?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\b\.?|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|1[5-9]\d\d|20\d\d|century|decade|"
    r"today|yesterday|tomorrow|tonight|(?:last|this|next|earlier this|later this) "
    r"(?:week|month|year|term)|(?:morning|afternoon|evening|ago|first term|second term))\b",
    re.I,
)
_NUMBER_WORDS = (
    r"two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million|"
    r"billion|trillion|half|third|quarter|zero|twice|double|triple|one"
)
_NUMBER = re.compile(rf"\d|\b(?:{_NUMBER_WORDS})\b", re.I)
_DURATION = re.compile(
    rf"(?:\d+|\b(?:a|an|several|{_NUMBER_WORDS}))[\s-]+(?:\w+\s+)?"
    r"(?:years?|months?|weeks?|days?|hours?|minutes?|decades?|centur(?:y|ies))\b"
    r"|\b(?:as long as|throughout|at length|lengthy)\b",
    re.I,
)
_REASON = re.compile(
    r"\b(?:because|since|due to|as long(?: as)?|after|so that|in order to|aimed at|to|over|"
    r"result|caused?|therefore|thus|reason|given|for)\b",
    re.I,
)
_SAYING = re.compile(
    r"[“\"]|\b(?:said|says|told|stressed|added|described|called|according|stated|warned|argued|"
    r"claimed|noted|announced|voic\w+|saying|declared|insisted|thanked)\b",
    re.I,
)
_PLACE_BEFORE = frozenset("in at to from near outside inside of visit visited toward towards".split())
_COMMON_CAPITALISED = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june "
    "july august september october november december".split()
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage: its exact span in the document and its words."""

    passage: Passage
    start: int
    end: int
    text: str
    words: tuple[Token, ...]
    rank: int
    """Place of its passage among the hits, from 0."""
    position: int
    """Place in its passage, from 0."""


def sentences_of(hits: Sequence[Hit]) -> list[Sentence]:
    """Every sentence of the passages found, in the order of the hits."""
    found = []
    for rank, hit in enumerate(hits):
        passage = hit.passage
        for position, (start, end) in enumerate(sentence_spans(passage.text)):
            text = passage.text[start:end]
            found.append(
                Sentence(passage, passage.start + start, passage.start + end, text,
                         tuple(tokens(text)), rank, position)
            )  # fmt: skip
    return found


class Matcher:
    """Matches a question's terms with the words of sentences, by stem, spelling and meaning."""

    def __init__(
        self,
        question: Question,
        sentences: Sequence[Sentence],
        frequency: Frequency,
        vectors: WordVectors,
    ) -> None:
        self.question = question
        vocabulary = dict.fromkeys(
            fold(word.surface)
            for sentence in sentences
            for word in sentence.words
            if not is_stopword(word.surface)
        )
        self._column = {word: number for number, word in enumerate(vocabulary)}
        terms = question.terms
        near = _cosines(vectors, [fold(term.surface) for term in terms], list(vocabulary))
        self._grade = np.zeros_like(near)
        for row, term in enumerate(terms):
            for word, column in self._column.items():
                self._grade[row, column] = _grade(term, word, float(near[row, column]))
        self.frequencies = [frequency(term.surface) for term in terms]
        self.weights = _weights(question, self.frequencies)

    def grades(self, sentence: Sentence) -> np.ndarray:  # type: ignore[type-arg]
        """For each term of the question how well the sentence holds it: 0 to 1, shape (terms,)."""
        columns = [
            self._column[folded]
            for word in sentence.words
            if (folded := fold(word.surface)) in self._column
        ]
        if not columns or not len(self.weights):
            return np.zeros(len(self.weights))
        return np.asarray(self._grade[:, columns].max(axis=1))

    def grade_of_words(self, words: Sequence[Token]) -> np.ndarray:  # type: ignore[type-arg]
        """Grades of every word of a sentence, shape (terms, words)."""
        grades = np.zeros((len(self.weights), len(words)))
        for number, word in enumerate(words):
            column = self._column.get(fold(word.surface))
            if column is not None:
                grades[:, number] = self._grade[:, column]
        return grades


def _weights(question: Question, frequencies: Sequence[int]) -> np.ndarray:  # type: ignore[type-arg]
    """How much each term matters: rare words and names most, empty words hardly."""
    highest = max([*frequencies, 1])
    weights = []
    for term, frequency in zip(question.terms, frequencies, strict=True):
        rarity = 1.0 - np.log1p(frequency) / np.log1p(highest + 1) if frequency else 1.0
        weight = 0.5 + 0.5 * float(rarity)
        if term.is_name:
            weight *= 1.3
        if term.is_plain:
            weight *= 0.3
        weights.append(weight)
    return np.asarray(weights)


def _cosines(vectors: WordVectors, terms: list[str], words: list[str]) -> Vectors:
    one, two = vectors.words(terms), vectors.words(words)
    lengths = np.outer(np.linalg.norm(one, axis=1), np.linalg.norm(two, axis=1))
    product = one @ two.T
    return np.divide(product, lengths, out=np.zeros_like(product), where=lengths > 0)


def _grade(term: Term, word: str, cosine: float) -> float:
    stem = _stem(word)
    if term.stem == stem:
        return 1.0
    if term.token.is_number or word[:1].isdigit():
        return 0.0
    mine = fold(term.surface)
    if len(mine) >= 5 and len(word) >= 5 and mine[:1] == word[:1] and _alike(mine, word):
        return 0.95
    if cosine >= 0.8:
        return 0.9
    if term.is_name:
        return 0.0
    return max(0.0, (cosine - 0.3) / 0.5) * 0.8 if cosine >= NEAR else 0.0


@lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    found = tokens(word)
    return found[0].stem if found else word


@lru_cache(maxsize=100_000)
def _alike(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 2:
        return False
    return SequenceMatcher(None, one, other).ratio() >= _SPELLED_ALIKE


def fits(question: Question, sentence: Sentence) -> float:
    """Whether the sentence holds something of the kind the question expects: 0 or 1, 0.5 unsure."""
    expects, text = question.expects, sentence.text
    if expects == "time":
        return float(any(_is_new(match.group(), question) for match in _TIME.finditer(text)))
    if expects == "duration":
        return float(_DURATION.search(text) is not None)
    if expects == "number":
        return float(any(_is_new(match.group(), question) for match in _NUMBER.finditer(text)))
    if expects == "reason":
        return 0.5 + 0.5 * float(_REASON.search(text) is not None)
    if expects == "saying":
        return float(_SAYING.search(text) is not None)
    if expects in {"person", "place", "name"}:
        return float(any(True for _ in new_names(question, sentence)))
    return 0.5


def new_names(question: Question, sentence: Sentence) -> list[Token]:
    """Capitalised words of the sentence that the question does not hold."""
    names = []
    for number, word in enumerate(sentence.words):
        if not word.is_capitalised or word.is_number or is_stopword(word.surface):
            continue
        if number == 0 and len(sentence.words) > 1 and not sentence.words[1].is_capitalised:
            continue
        if word.stem in question.all_stems or fold(word.surface) in _COMMON_CAPITALISED:
            continue
        names.append(word)
    return names


def _is_new(piece: str, question: Question) -> bool:
    return not any(_stem(fold(part)) in question.all_stems for part in piece.split())
