"""exact_match: is the answer, word for word, one of the short expected answers? Pure.

As in SQuAD 1.1's official script. Our answers are whole sentences, so this is nearly always 0.
"""

from __future__ import annotations

from qabot.evaluation.model import Outcome, Score
from qabot.evaluation.scorers.said import given, short_answers


def score(outcome: Outcome) -> Score | None:
    """1 where the normalised answer equals an expected one, where all are short."""
    expected = short_answers(outcome)
    if not expected:
        return None
    if outcome.answer.status != "answered":
        return Score(0.0, "the bot abstained")
    is_same = given(outcome) in expected
    return Score(float(is_same), "the same words" if is_same else "other words, more or fewer")
