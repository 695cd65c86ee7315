"""The bot and its log as Slack needs them; every method may be called from any thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date

from qabot.bot import Bot
from qabot.errors import QuestionError, UnknownReference
from qabot.filters import taken_out
from qabot.ledger import Ledger
from qabot.log import Log
from qabot.selecting import listed
from qabot.types import Answer, Document, Judgement, Released, SourcePage, Turn

Release = Callable[[Released], None]


class Answering:
    """Answers questions, keeps them in the log, and says what there is to read."""

    def __init__(
        self,
        bot: Bot,
        log: Log | None = None,
        price: tuple[float, float] | None = None,
        notice: Callable[[str], None] = lambda line: None,
        shared: Collection[str] = (),
        observe: Callable[[Answer | None, float], None] = lambda answer, seconds: None,
    ) -> None:
        """``price`` is US dollars for a million tokens read and written; ``notice`` is warned.

        ``shared`` are the ids of the articles that may be read for a channel, all where empty.
        ``observe`` is told of every question that has ended, with its answer and the seconds.
        """
        self._observe = observe
        self._shared = frozenset(shared) or None
        self._bot, self._log = bot, log
        self._ledger = Ledger(log, price, notice) if log is not None else None

    @property
    def model(self) -> str | None:
        """The name of the language model that writes the answers, if one does."""
        return self._bot.model

    def ask(
        self,
        question: str,
        history: Sequence[Turn],
        conversation: str,
        release: Release,
        is_direct: bool = True,
    ) -> tuple[Answer, str]:
        """The answer and its number in the log, which is empty where it is not logged.

        Filters in the question, such as ``since:2026-02``, hold for it alone. Raises what
        ``Bot.ask`` raises.
        """
        began, answer = time.monotonic(), None
        try:
            answer = self._asked(question, history, release, is_direct)
        finally:
            self._observe(answer, time.monotonic() - began)
        kept = self._ledger.keep(answer, conversation) if self._ledger else None
        return answer, str(kept.number) if kept else ""

    def _asked(
        self, question: str, history: Sequence[Turn], release: Release, is_direct: bool
    ) -> Answer:
        today = date.today()
        asked, filters = taken_out(question, today)
        filters = replace(filters, ids=None if is_direct else self._shared)
        turns = [_unfiltered(turn) for turn in history]
        return self._bot.ask(asked, turns, release=release, filters=filters, today=today)

    def place(self, document_id: str, start: int, end: int) -> Document | None:
        """The article that has a stretch ``start`` to ``end``; None if there is none such."""
        document = self._bot.index.catalog.document(document_id)
        return document if document and 0 <= start < end <= len(document.text) else None

    def newest(self, count: int) -> SourcePage:
        """The newest articles, and how many there are."""
        return listed(self._bot.index.catalog, order="date", limit=count)

    def keep_feedback(
        self, reference: str, reader: str, is_good: bool, category: str = "", comment: str = ""
    ) -> None:
        """Keep what somebody says of a logged answer; what was said in words is not undone by less.

        Raises UnknownReference where there is no such answer, LogError.
        """
        number = int(reference) if reference.isdecimal() and len(reference) < 19 else 0
        if self._log is None or self._log.get(number) is None:
            raise UnknownReference(f"No answer is logged as {reference[:20]!r}. Ask again.")
        before = [one for one in self._log.judgements(number) if one.reader == reader]
        if category or not any(one.is_good == is_good for one in before):
            self._log.judge(Judgement(number, reader, is_good, category, comment))


def _unfiltered(turn: Turn) -> Turn:
    """An earlier turn as it was looked up."""
    with suppress(QuestionError):
        return replace(turn, question=taken_out(turn.question, date.today())[0])
    return turn
