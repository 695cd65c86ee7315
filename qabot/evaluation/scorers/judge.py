"""Right or wrong, by a language model: optional, since a model may be mistaken."""

from __future__ import annotations

import json

from qabot import prompts
from qabot.errors import ModelError
from qabot.evaluation.model import Outcome, Score, Scorer
from qabot.protocols import LanguageModel

NOT_THERE = "NOT IN THE ARTICLES"
_VERDICT = {
    "type": "object",
    "properties": {"verdict": {"enum": ["right", "wrong"]}},
    "required": ["verdict"],
    "additionalProperties": False,
}


def judge(model: LanguageModel) -> Scorer:
    """A scorer that asks ``model``: 1 right, 0 wrong, None where what it says cannot be read.

    Raises PromptError when the prompt's file is not as it must be.
    """
    prompt = prompts.load("judge")

    def score(outcome: Outcome) -> Score | None:
        case, answer = outcome.case, outcome.answer
        if case.answerable and not case.answers:
            return None
        expected = "; or: ".join(case.answers) if case.answerable else NOT_THERE
        messages = prompt.messages(
            question=prompts.as_data(case.question),
            expected=prompts.as_data(expected),
            answer=prompts.as_data(answer.text),
        )
        try:
            text, _ = model.complete(messages, 64, _VERDICT)
            verdict = json.loads(text)["verdict"]
        except (ModelError, ValueError, TypeError, KeyError):
            return Score(None, f"{model.name} gave no verdict that can be read")
        if verdict not in ("right", "wrong"):
            return Score(None, f"{model.name} gave no verdict that can be read")
        return Score(float(verdict == "right"), f"{model.name} says {verdict}")

    return score
