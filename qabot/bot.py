"""``Bot.ask``: the way of a question, on one screen."""

from __future__ import annotations

import time
from collections.abc import Sequence

from qabot import extract, markers
from qabot.errors import QuestionError
from qabot.index import Index
from qabot.retrieve import retrieve
from qabot.settings import LONGEST_QUESTION
from qabot.types import Answer, Citation, Claim, Closest, Explanation, Hit, Turn, WordVectors
from qabot.words import clean, tokens

_CLOSEST = 3
NOTHING_FOUND = "The articles do not say: {reason}; these come closest."
EMPTY_INDEX = "There is no article to answer from yet: put some in with qabot ingest PATH."
NO_WORDS = "The question holds no words that could be looked up."


class Bot:
    """Answers questions about the articles in an index. Safe to share between threads."""

    def __init__(
        self, index: Index, words: WordVectors, top_k: int = 16, budget: int = 12_000
    ) -> None:
        self._index = index
        self._words = words
        self._top_k = top_k
        self._budget = budget

    def ask(self, question: str, history: Sequence[Turn] = (), top_k: int | None = None) -> Answer:
        """Answer with cited passages, or abstain and show the closest ones.

        Every sentence of the answer stands word for word at the citation its marker names.
        Raises QuestionError for an empty or overlong question or a ``top_k`` below 1,
        IndexProblem for an unusable index.
        """
        check(question, top_k)
        while True:
            started, state = time.perf_counter(), self._index.store_name
            hits = retrieve(clean(question), self._index, top_k or self._top_k, self._budget)
            retrieved = time.perf_counter()
            catalog = self._index.catalog
            reading = extract.read(question, hits, catalog.frequency, self._words, catalog.before)
            finished = time.perf_counter()
            if self._index.store_name == state:
                break  # else another process has committed in between: look again
        timings = {
            "retrieve": _milliseconds(started, retrieved),
            "answer": _milliseconds(retrieved, finished),
            "total": _milliseconds(started, finished),
        }
        explanation = Explanation(reading.reason, reading.signals, tuple(hits))
        if reading.sentences:
            return _answered(question, reading, timings, explanation)
        text, shown = _refusal(question, hits, reading.reason, is_empty=not catalog.count())
        return _abstained(question, text, shown, timings, explanation)

    def close(self) -> None:
        """Let go of the index."""
        self._index.close()


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


def _answered(
    question: str,
    reading: extract.Reading,
    timings: dict[str, float],
    explanation: Explanation,
) -> Answer:
    citations, claims = [], []
    for marker, sentence in enumerate(reading.sentences, start=1):
        passage = sentence.passage
        citations.append(
            Citation(
                marker=marker,
                document_id=passage.document_id,
                title=passage.title,
                source=passage.source,
                start=sentence.start,
                end=sentence.end,
                quote=sentence.text,
                line=passage.line + passage.text.count("\n", 0, sentence.start - passage.start),
            )
        )
        claims.append(Claim(_on_one_line(sentence.text), (marker,), "supported"))
    text = " ".join(f"{claim.text} {markers.write(claim.markers)}" for claim in claims)
    return Answer(
        question, "answered", text, tuple(claims), tuple(citations),
        timings_ms=timings, explanation=explanation,
    )  # fmt: skip


def _on_one_line(quote: str) -> str:
    """A quote as it stands in an answer: a footnote's [2] is turned to (2), it is no marker."""
    return markers.defuse(" ".join(quote.split()))


def _refusal(
    question: str, hits: Sequence[Hit], reason: str, is_empty: bool
) -> tuple[str, Sequence[Hit]]:
    """What is said instead of an answer, and the passages shown with it."""
    if is_empty:
        return EMPTY_INDEX, ()
    if not tokens(question):
        return NO_WORDS, ()
    return NOTHING_FOUND.format(reason=reason), hits[:_CLOSEST]


def _abstained(
    question: str,
    text: str,
    hits: Sequence[Hit],
    timings: dict[str, float],
    explanation: Explanation,
) -> Answer:
    closest = tuple(
        Closest(
            hit.passage.document_id, hit.passage.title, hit.passage.source, hit.passage.start,
            hit.passage.end, hit.passage.text, hit.score, hit.passage.line,
        )
        for hit in hits
    )  # fmt: skip
    return Answer(
        question, "abstained", text, closest=closest, timings_ms=timings, explanation=explanation
    )


def _milliseconds(start: float, end: float) -> float:
    return round((end - start) * 1000, 2)
