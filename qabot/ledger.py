"""Answers kept in the log with what they cost; no answer is lost to a log that fails."""

from __future__ import annotations

from collections.abc import Callable

from qabot.answers import cost_of
from qabot.errors import LogError
from qabot.log import Log
from qabot.types import Answer, Logged


class Ledger:
    """The log of questions, with a price."""

    def __init__(
        self,
        log: Log,
        price: tuple[float, float] | None = None,
        notice: Callable[[str], None] = lambda line: None,
    ) -> None:
        """``price`` is US dollars for a million tokens read and written; ``notice`` is warned."""
        self._log, self._price, self._notice = log, price, notice

    def keep(self, answer: Answer, conversation: str | None) -> Logged | None:
        """What was logged, in a new conversation if none is named; None where it could not be."""
        try:
            return self._log.add(answer, conversation, cost_of(answer.usage, self._price))
        except LogError as error:
            self._notice(f"Not logged: {error}")
            return None
