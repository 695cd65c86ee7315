"""The bot and its log as Slack needs them; every method may be called from any thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

from qabot.answers import cost_of
from qabot.bot import Bot
from qabot.errors import LogError, UnknownReference
from qabot.filters import Filters
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
        self._shared = Filters(ids=frozenset(shared) or None)
        self._bot, self._log, self._price, self._notice = bot, log, price, notice

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

        Raises what ``Bot.ask`` raises.
        """
        began, answer = time.monotonic(), None
        chosen = Filters() if is_direct else self._shared
        try:
            answer = self._bot.ask(question, history, release=release, filters=chosen)
        finally:
            self._observe(answer, time.monotonic() - began)
        if self._log is None:
            return answer, ""
        try:
            cost = cost_of(answer.usage, self._price)
            return answer, str(self._log.add(answer, conversation, cost).number)
        except LogError as error:
            self._notice(f"Not logged: {error}")
            return answer, ""

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
