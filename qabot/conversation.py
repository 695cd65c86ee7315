"""A conversation: the bot, the turns so far, and the log that each answer joins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from qabot.bot import Bot
from qabot.filters import Filters
from qabot.ledger import Ledger
from qabot.log import Log
from qabot.types import Answer, Turn

if TYPE_CHECKING:
    from qabot.write import Release

_REMEMBERED = 20
"""Turns that a conversation knows of."""


class Conversation:
    """Questions that lean on one another; what is asked is answered whether or not it is logged."""

    def __init__(
        self,
        bot: Bot,
        log: Log | None = None,
        price: tuple[float, float] | None = None,
        notice: Callable[[str], None] = lambda line: None,
        keep: bool = True,
    ) -> None:
        """``price`` is US dollars for a million tokens read and written; ``notice`` is warned.

        Without ``keep`` the log is read, to go on with a conversation, but not written.
        """
        self.bot = bot
        self._log = log
        self._ledger = Ledger(log, price, notice) if log is not None and keep else None
        self._name: str | None = None
        self._turns: list[Turn] = []

    @property
    def turns(self) -> Sequence[Turn]:
        """The turns so far, the oldest first."""
        return tuple(self._turns)

    def begin(self) -> None:
        """Forget the turns so far; the next question stands alone."""
        self._name, self._turns = None, []

    def resume(self) -> bool:
        """Go on with the last conversation in the log; False if there is none. Raises LogError."""
        found = self._log.last_conversation() if self._log else None
        if found is None:
            return False
        self._name, turns = found
        self._turns = turns[-_REMEMBERED:]
        return True

    def ask(
        self,
        question: str,
        top_k: int | None = None,
        release: Release | None = None,
        filters: Filters | None = None,
    ) -> Answer:
        """The bot's answer, with the turns so far in mind; raises what ``Bot.ask`` raises."""
        answer = self.bot.ask(question, self._turns, top_k, release, filters, date.today())
        # An abstention told no name that a follow-up could mean.
        said = answer.text if answer.status == "answered" else ""
        turn = Turn(question, said, answer.standalone)
        self._turns = [*self._turns, turn][-_REMEMBERED:]
        if self._ledger is not None:
            if kept := self._ledger.keep(answer, self._name):
                self._name = kept.conversation
            else:
                self._ledger = None
        return answer

    def close(self) -> None:
        """Let go of the bot and of the log."""
        try:
            if self._log is not None:
                self._log.close()
        finally:
            self.bot.close()
