"""contains: does a sentence of the answer hold one of the expected answers? Pure."""

from __future__ import annotations

from qabot.evaluation.model import Outcome, Score
from qabot.evaluation.scorers.gold import shortened
from qabot.evaluation.scorers.said import sentences, squeezed

LONGEST = 20
"""Words of an expected answer; one that is longer is told in words of one's own."""


def score(outcome: Outcome) -> Score | None:
    """1 where an expected answer, lower-cased and punctuation squeezed, stands in the answer.

    Of answerable cases with expected answers; an abstention holds none of them.
    """
    case = outcome.case
    expected = [answer for answer in case.answers if squeezed(answer).strip()]
    if not case.answerable or not expected:
        return None
    if min(len(squeezed(answer).split()) for answer in expected) > LONGEST:
        return None  # nobody repeats a long answer word for word
    if outcome.answer.status != "answered":
        return Score(0.0, "the bot abstained")
    texts = [squeezed(text) for text in sentences(outcome)]
    for answer in expected:
        if any(squeezed(answer) in text for text in texts):
            return Score(1.0, f"the answer holds “{shortened(answer)}”")
    listed = ", ".join(f"“{shortened(answer, 40)}”" for answer in expected[:3])
    return Score(0.0, f"the answer holds none of {listed}" + ", …" * (len(expected) > 3))
