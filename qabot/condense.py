"""A follow-up made a question that stands alone: by the model, or else by what it leans on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qabot import prompts
from qabot.errors import ModelError, ReplyError
from qabot.followup import carry, history_text, usable
from qabot.language import is_english
from qabot.protocols import LanguageModel, Usage
from qabot.types import Turn

_LONGEST = 200
"""Tokens of a rewritten question."""


@dataclass(frozen=True, slots=True)
class Condensed:
    """A question that stands alone, the tokens it took, and why the model failed, if it did."""

    question: str
    usage: Usage | None = None
    problem: str | None = None


class Condenser:
    """Makes questions stand alone; with a model in English too, which is what is searched in."""

    def __init__(self, model: LanguageModel | None = None) -> None:
        """Raises PromptError when the prompt's file is not as it must be."""
        self._model = model
        self._prompt = prompts.load("condense") if model else None

    def condense(self, question: str, history: Sequence[Turn]) -> Condensed:
        """The question to look up: itself if it will do.

        Without a model, or with one that fails, the names that it leans on are carried along.
        """
        if not self._model or not self._prompt or (not history and is_english(question)):
            return Condensed(carry(question, history))
        messages = self._prompt.messages(
            history=history_text(history) or "(none)", question=prompts.as_data(question)
        )
        try:
            text, usage = self._model.complete(messages, _LONGEST)
        except ReplyError:
            return Condensed(carry(question, history))
        except ModelError as error:
            return Condensed(carry(question, history), problem=str(error))
        return Condensed(usable(text) or carry(question, history), usage)
