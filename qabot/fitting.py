"""Which sentences may answer, by the kind of answer that a question asks for. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from qabot.features import FEATURES, Table
from qabot.kinds import Expects, gives_reason, hints_at_reason
from qabot.matching import MATCHED, Array
from qabot.measures import Measure
from qabot.passage_sentences import Sentence, neighbours
from qabot.question import Question
from qabot.times import Grain

FAR = 1.0
"""Behind the best sentence of all, the best of the kind asked for is no answer either."""
HINTED, SURE = 0.0, 3.0
"""Log-odds from which an encoder is believed that a sentence gives the reason asked for: where a
word may tell of one ("after complaints"), and where none does."""
_STRICT: frozenset[Expects] = frozenset({
    "time", "number", "duration", "capital", "money", "reason", "saying", "role", "countries",
    "name",
})  # fmt: skip
"""Kinds of answer that a sentence visibly holds or does not: one that does not is no answer."""
_WANTED: Mapping[str, str] = {
    "number": "such a figure", "duration": "a length of time", "capital": "that capital's name",
    "money": "an amount of money", "reason": "a reason", "saying": "words of theirs",
    "role": "who that is", "countries": "names of countries", "name": "such a name",
}  # fmt: skip
_WANTED_TIME: Mapping[Grain, str] = {
    "any": "a date or time", "clock": "a time of day", "weekday": "a day of the week",
    "day": "a day", "month": "a month", "year": "a year",
}  # fmt: skip
_WANTED_FIGURE: Mapping[Measure, str] = {
    "age": "an age", "speed": "a speed", "length": "a length", "weight": "a weight",
    "heat": "a temperature", "share": "a share", "often": "how often that is",
    "people": "a number of people", "score": "a score",
}  # fmt: skip


def fitting(
    asked: Question,
    sentences: Sequence[Sentence],
    measured: Table,
    scores: Array,
    log_odds: Array | None = None,
) -> npt.NDArray[np.bool_]:
    """Which sentences may answer at all, given what an encoder says of them; shape (sentences,)."""
    found = _of_its_kind(asked, measured)
    found[[number for number, _ in reasons(asked, sentences)]] = True
    if asked.expects == "reason" and log_odds is not None:
        hinted = np.array([hints_at_reason(sentence.text) for sentence in sentences])
        found |= log_odds >= np.where(hinted, HINTED, SURE)
    if asked.expects not in _STRICT and not (found & (scores >= scores.max() - FAR)).any():
        return np.ones_like(found)
    return found


def reasons(asked: Question, sentences: Sequence[Sentence]) -> Iterator[tuple[int, int]]:
    """Where one is asked for, the places of sentences with that of one right behind in their
    passage which gives a reason.
    """
    if asked.expects == "reason":
        for previous, number in neighbours(sentences):
            passage = sentences[number].passage
            if passage is sentences[previous].passage and gives_reason(sentences[number].text):
                yield previous, number


def not_given(asked: Question) -> str:
    """That no sentence may answer, in words."""
    wanted = _WANTED.get(asked.expects) or _WANTED_TIME[asked.grain]
    if asked.expects == "number":
        wanted = _WANTED_FIGURE.get(asked.measure, wanted)
    return f"no passage that fits the question gives {wanted}"


def _of_its_kind(asked: Question, measured: Table) -> npt.NDArray[np.bool_]:
    fits = measured.features[:, FEATURES.index("fits")] >= 1.0
    if asked.expects == "saying":
        speaker = np.array([term.stem in asked.speaker for term in asked.terms])
        return np.asarray(fits & (measured.own[:, speaker] >= MATCHED).all(axis=1))
    if asked.expects == "capital":
        return np.asarray(fits & (measured.features[:, FEATURES.index("names")] >= 1.0))
    return fits if asked.expects in {*_STRICT, "definition"} else np.ones_like(fits)
