"""``Bot.ask``: the way of a question, on one screen."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from qabot import extract
from qabot.answers import (
    MODEL_REFUSED,
    Written,
    abstained,
    as_released,
    extracted,
    filtered_out,
    notes_on,
    with_twins,
    written_by,
)
from qabot.condense import Condensed, Condenser
from qabot.disagreement import note_on, with_others
from qabot.errors import QuestionError
from qabot.filters import Filters
from qabot.heads import Heads
from qabot.protocols import Encoder, WordVectors
from qabot.recency import age_note
from qabot.retrieve import Searched, as_read
from qabot.selecting import Looked, look
from qabot.settings import EXTRACTIVE, LONGEST_QUESTION, THRESHOLD
from qabot.spelling import respelled
from qabot.types import Answer, Explanation, Hit, Rejected, Released, Turn
from qabot.words import clean

if TYPE_CHECKING:  # what only answers of a model need is not imported for others
    from qabot.write import Release, Writer

HOPELESS = -1.0
"""Confidence of the reading below which no model is asked: nothing found is about the question."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a question, as it was understood, has turned up before a model is asked."""

    question: str
    hits: list[Hit]
    reading: extract.Reading
    looked: Looked
    heads: Heads
    trouble: str


class Bot:
    """Answers questions about the articles in an index. Safe to share between threads."""

    def __init__(
        self,
        index: Searched,
        words: WordVectors,
        top_k: int = 16,
        budget: int = 12_000,
        threshold: float = THRESHOLD,
        writer: Writer | None = None,
        condenser: Condenser | None = None,
        close: Callable[[], None] | None = None,
        encoder: Encoder | None = None,
    ) -> None:
        """Without a ``writer`` answers are the articles' own sentences; ``close`` ends with it."""
        self._index, self._words = index, words
        self._top_k, self._budget, self._threshold = top_k, budget, threshold
        self._writer, self._condenser = writer, condenser or Condenser()
        self._close, self._encoder = close or index.close, encoder

    @property
    def index(self) -> Searched:
        """Where the articles are looked up."""
        return self._index

    def over(self, index: Searched) -> Bot:
        """The same bot over another index, which it closes; this one's model stays open."""
        other = copy(self)
        other._index, other._close = index, index.close
        return other

    @property
    def model(self) -> str | None:
        """The name of the language model that writes the answers, if one does."""
        return self._writer.name if self._writer else None

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        top_k: int | None = None,
        release: Release | None = None,
        filters: Filters | None = None,
        today: date | None = None,
    ) -> Answer:
        """Answer with cited passages, or abstain and show the closest ones.

        With ``filters`` nothing is read but the articles that these leave. A question asked
        ``today``, where that is known, is not told from old articles what is now.
        Every sentence of the answer rests on the citations its markers name. ``release`` is told of
        each as soon as it has passed the gate, and of those withheld; what it raises ends the
        question. Raises QuestionError for an empty or overlong question, a ``top_k`` below 1 or a
        filter that names nothing there is, IndexProblem for an unusable index; a model that fails
        is a note on the answer.
        """
        check(question, top_k)
        filters = filters or Filters()
        today = None if filters.is_dated else today
        clock = _Clock(release)
        condensed = self._condenser.condense(question, history)
        clock.lap("condense")
        found = self._look(condensed.question, top_k or self._top_k, filters, today)
        condensed = replace(condensed, question=found.question)
        clock.lap("retrieve")
        written = self._written(question, condensed, found, clock.release)
        answer = with_twins(self._answered(question, found, written), found.hits)
        if not written.claims:
            for sentence in as_released(answer):
                clock.release(sentence)
        notes, rejected = _notes(answer, found, written, today)
        clock.lap("answer")
        return replace(
            answer,
            rejected=rejected,
            notes=notes,
            usage=written.usage,
            prompt_hash=written.prompt_hash,
            standalone=None if condensed.question == question else condensed.question,
            explanation=Explanation(found.reading.reason, found.reading.signals, tuple(found.hits)),
            timings_ms=clock.times(),
        )

    def _look(self, question: str, top_k: int, filters: Filters, today: date | None) -> _Found:
        """The passages, and what they say to a reader without a model."""
        asked = question
        while True:
            state, catalog = self._index.store_name, self._index.catalog
            looked = look(self._index, clean(asked), top_k, self._budget, filters)
            texts = (f"{hit.passage.title}\n{hit.passage.text}" for hit in looked.hits)
            question = respelled(asked, catalog.frequency, texts)
            if question != asked:
                looked = look(self._index, clean(question), top_k, self._budget, filters)
            reading = extract.read(
                question,
                looked.hits,
                catalog.frequency,
                self._words,
                catalog.beside,
                self._threshold,
                self._encoder,
                today,
            )
            if self._index.store_name == state:  # else another process has committed: look again
                hits, heads = as_read(question, looked.hits, reading.fit), Heads(catalog)
                sentences = with_others(question, reading.sentences, hits, heads.day)
                reading = replace(reading, sentences=sentences)
                return _Found(question, hits, reading, looked, heads, self._index.trouble)

    def _written(
        self, question: str, condensed: Condensed, found: _Found, release: Release
    ) -> Written:
        """What the model says; nothing without one, or where nothing found is to the point."""
        written = Written(problem=condensed.problem)
        written.count(condensed.usage)
        confidence = found.reading.signals.get("confidence", HOPELESS)
        if self._writer and not written.problem and found.hits and confidence >= HOPELESS:
            alone = condensed.question
            said = question if alone == question else f"{alone} (asked as: {question})"
            heads = found.heads.of(hit.passage for hit in found.hits)
            self._writer.write(said, found.hits, heads, release, written)
        return written

    def _answered(self, question: str, found: _Found, written: Written) -> Answer:
        """The model's answer; where there is none, the articles' own sentences, or none at all."""
        if written.claims and self._writer:
            return written_by(self._writer.name, question, written)
        if found.reading.sentences and not written.refused:
            return extracted(question, found.reading)
        reason, chosen = found.reading.reason, found.looked.selection
        is_empty = self._index.catalog.is_empty()
        if chosen and not chosen.count and not is_empty:
            return filtered_out(question, found.looked.outside, chosen.filters.said())
        reason = MODEL_REFUSED if written.refused else reason
        answer = abstained(question, found.hits, reason, is_empty)
        return replace(answer, model=self.model or EXTRACTIVE) if written.refused else answer

    def close(self) -> None:
        """Let go of the index and of the model."""
        self._close()


def _notes(
    answer: Answer, found: _Found, written: Written, today: date | None
) -> tuple[tuple[str, ...], tuple[Rejected, ...]]:
    """All that a reader should know about an answer, and what was withheld from it."""
    differ = note_on(found.question, answer.citations, found.hits, found.heads.day)
    aged = age_note(found.question, answer.citations, found.hits, today)
    own, rejected = notes_on(answer, written, found.heads.of(answer.citations))
    chosen = found.looked.selection.notes() if found.looked.selection else ()
    trouble = (found.trouble,) if found.trouble else ()
    return (*differ, *aged, *own, *chosen, *trouble), rejected


class _Clock:
    """Milliseconds of each step, and until the first sentence that may be read."""

    def __init__(self, release: Release | None) -> None:
        self._release = release
        self._times: dict[str, float] = {}
        self._start = self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """A step has ended."""
        now = time.perf_counter()
        self._times[name] = _milliseconds(self._last, now)
        self._last = now

    def release(self, sentence: Released) -> None:
        """A sentence has passed the gate, or been withheld there."""
        if sentence.withheld is None:
            now = time.perf_counter()
            self._times.setdefault("first_sentence", _milliseconds(self._start, now))
        if self._release:
            self._release(sentence)

    def times(self) -> dict[str, float]:
        """All of them, and the total."""
        return {**self._times, "total": _milliseconds(self._start, self._last)}


def check(question: str, top_k: int | None = None) -> None:
    """Raise QuestionError unless this can be asked."""
    if not question.strip():
        raise QuestionError("The question is empty.")
    if len(question) > LONGEST_QUESTION:
        raise QuestionError(
            f"The question has {len(question):,} characters; "
            f"at most {LONGEST_QUESTION:,} can be asked."
        )
    if not clean(question):
        raise QuestionError("The question holds nothing that can be read.")
    if top_k is not None and top_k < 1:
        raise QuestionError(f"At least 1 passage must be read, not {top_k}.")


def _milliseconds(start: float, end: float) -> float:
    return round((end - start) * 1000, 2)
