"""token_f1: how closely the answer's words are those of a short expected answer. Pure.

As in SQuAD 1.1's official script, the best over the expected answers. Our answers are whole
sentences that can be checked, so most of their words are never those of a short answer: the figure
is low by nature, and good for comparing with itself only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from qabot.evaluation.model import Outcome, Score
from qabot.evaluation.scorers.gold import shortened
from qabot.evaluation.scorers.said import given, short_answers


def score(outcome: Outcome) -> Score | None:
    """The best F1 over the expected answers, where all are short; 0 for an abstention."""
    expected = short_answers(outcome)
    if not expected:
        return None
    if outcome.answer.status != "answered":
        return Score(0.0, "the bot abstained")
    tokens = given(outcome)
    value, best = max((token_f1(tokens, answer), " ".join(answer)) for answer in expected)
    return Score(value, f"{len(tokens)} words said, closest to “{shortened(best)}”")


def token_f1(said: Sequence[str], expected: Sequence[str]) -> float:
    """Harmonic mean of precision and recall of the tokens, each counted as often as it stands."""
    same = (Counter(said) & Counter(expected)).total()
    return 2 * same / (len(said) + len(expected)) if same else 0.0
