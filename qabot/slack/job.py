"""One question on its way: read its thread, ask the bot, deliver, whatever goes wrong meanwhile."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from qabot.errors import IndexProblem, QabotError, QuestionError
from qabot.render import slack
from qabot.slack import thread
from qabot.slack.answering import Answering
from qabot.slack.client import SlackProblem, SlackRefused, SlackUnavailable
from qabot.slack.delivery import Delivery
from qabot.slack.inbox import InboxError, Question
from qabot.slack.journal import Journal
from qabot.slack.thread import Identity, Said
from qabot.slack.writes import Writes
from qabot.types import Answer, Released, Turn

MOST_ATTEMPTS = 3
"""Processes that may have died over a question before it is given up."""
PAUSES = (2.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Seconds before an answer that Slack did not take is delivered again."""
_LATE = (6.0, 30.0)
"""Seconds between the looks for what calls that had broken off may have done after all."""
_MOST_UNREAD = 3
"""Times that a thread cannot be read before an answer is written without having seen it."""
_CLOSED = "I may not write in <#{channel}>, so your question there stays unanswered ({error})."

_log = logging.getLogger("qabot.slack")


class Stopped(Exception):
    """Nobody waits for the answer any more."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every job works with.

    ``expected_wait`` tells how many seconds a method in a channel would wait for its turn;
    ``until_usable`` returns once Slack takes the bot's token again. ``spawn`` does work on the
    side.
    """

    answering: Answering
    journal: Journal
    client: AsyncWebClient
    identity: Identity
    pool: Executor
    expected_wait: Callable[[str, str], float]
    until_usable: Callable[[SlackRefused], Awaitable[None]]
    spawn: Callable[[Coroutine[Any, Any, None]], None]


class Job:
    """Answers one question exactly once, or says in one sentence why there is no answer."""

    def __init__(self, question: Question, is_resumed: bool, around: Surroundings) -> None:
        """``is_resumed`` questions may have an answer in Slack already, or part of one."""
        self.question = question
        self._around = around
        self._is_resumed = is_resumed
        self._writes = Writes(around.client, question, around.identity, self._known)
        self._delivery = self._new_delivery()
        self._ended = threading.Event()
        self._was_stopped = asyncio.Event()
        self._answer: tuple[Answer, str] | None = None
        self._line: str | None = None
        self._has_begun = False
        self._recorded, self._unread = question.reply_ts, 0

    async def run(self) -> None:
        """Answer, however often it takes; returns with the question done, or given up for now."""
        pauses = iter(PAUSES)
        while True:
            try:
                return await self._attempt()
            except SlackRefused as error:
                if error.is_token_dead:
                    await self._around.until_usable(error)
                elif self._line is not None:
                    return await self._give_up(error)
                else:
                    _log.error("Question %s: %s", self.reference, error)
                    self._answer, self._line = None, slack.trouble(self.reference, "delivery")
            except SlackProblem as error:
                _log.warning("Question %s: %s", self.reference, error)
                await asyncio.sleep(next(pauses, PAUSES[-1]))
            except Exception:
                _log.exception("Question %s: a mistake in qabot", self.reference)
                if self._line is not None:
                    return await self._done()
                self._answer, self._line = None, slack.trouble(self.reference, "delivery")
            self._is_resumed = True
            self._delivery = self._new_delivery()

    @property
    def reference(self) -> str:
        """What a sentence about a failure names: the digits of the question's link in Slack."""
        return self.question.ts

    def stop(self) -> None:
        """The person who asked wants no more of the answer."""
        self._ended.set()
        self._was_stopped.set()
        self._delivery.stopped.set()

    async def park(self) -> None:
        """The process ends: leave no live stream, and the question in the inbox."""
        self._ended.set()
        await self._delivery.park()
        if self._has_begun:
            await self._note(self._around.journal.inbox.give_back)

    async def _attempt(self) -> None:
        question, delivery = self.question, self._delivery
        if self._is_resumed and await self._is_answered_already():
            await self._done()
            return self._around.spawn(self._tidy(delivery.messages))
        if self._line is None and self._answer is None and not self._was_stopped.is_set():
            delivery.begin()
            await self._find_answer()
        if self._was_stopped.is_set():
            await delivery.conclude(slack.stopped(), "stopped")
        elif self._answer is not None:
            await delivery.finish(*self._answer)
        else:
            await delivery.conclude(self._line or "", "trouble")
        await self._done()
        if self._is_resumed or self._writes.was_unsure:
            self._around.spawn(self._tidy(self._delivery.messages))
        if question.is_direct and question.thread_ts == question.ts and self._answer:
            await self._set_title()
        return None

    async def _find_answer(self) -> None:
        """Ask the bot, unless processes have died of this question; a failure gives a line."""
        if self.question.attempts >= MOST_ATTEMPTS:
            self._line = slack.trouble(self.reference, "restarted")
            return
        self._has_begun = True
        await self._note(self._around.journal.inbox.begin)
        try:
            self._answer = await self._asked(await self._history())
        except Stopped:
            self._was_stopped.set()
        except QuestionError as error:
            self._line = slack.escape(str(error))
        except Exception as error:
            kind = "index" if isinstance(error, IndexProblem) else "failed"
            self._line = slack.trouble(self.reference, kind)
            said = str(error) if isinstance(error, QabotError) else type(error).__name__
            _log.error("Question %s was not answered: %s", self.reference, said)

    async def _asked(self, history: list[Turn]) -> tuple[Answer, str]:
        """The bot's answer; each of its sentences goes out as it comes. Raises Stopped."""
        loop, question = asyncio.get_running_loop(), self.question
        conversation = f"slack-{question.channel}-{question.thread_ts}"

        before: Released | None = None

        def release(sentence: Released) -> None:
            nonlocal before
            if self._ended.is_set():
                raise Stopped
            if sentence.withheld is None:
                loop.call_soon_threadsafe(self._delivery.say, slack.sentence(sentence, before))
                before = sentence

        asked = loop.run_in_executor(
            self._around.pool,
            self._around.answering.ask,
            question.text,
            history,
            conversation,
            release,
            question.is_direct,
        )
        stop = asyncio.create_task(self._delivery.stopped.wait())
        either: list[asyncio.Future[Any]] = [asked, stop]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if asked.done():
                return asked.result()
            raise Stopped
        finally:  # also where nobody waits any more: the next sentence ends the bot's work
            self._ended.set()
            stop.cancel()
            asked.cancel()

    async def _is_answered_already(self) -> bool:
        """Look for what is in Slack of the answer, and take it over."""
        found = await self._found()
        parts = {one.part for one in found if one.part}
        if parts and parts >= set(range(1, max(one.parts for one in found) + 1)):
            self._delivery.go_on([one.ts for one in found if one.part])
            return True
        there = [one.ts for one in found]
        if self._recorded and self._recorded not in there:
            there.insert(0, self._recorded)
        if there:
            self._delivery.go_on(there)
            await self._record(there[0])
        for ts in there:
            await self._writes.end(ts)
        return False

    async def _found(self) -> list[Said]:
        try:
            return await self._writes.found()
        except SlackUnavailable:
            self._unread += 1
            if self._unread < _MOST_UNREAD:
                raise
            return []  # writes may pass where reads do not; the inbox knows the first message

    async def _history(self) -> list[Turn]:
        """What was said before; nothing where the thread cannot be read."""
        question = self.question
        if question.thread_ts == question.ts:
            return []
        try:
            messages = await thread.read(self._around.client, question.channel, question.thread_ts)
        except SlackProblem as error:
            if isinstance(error, SlackRefused) and error.is_token_dead:
                raise
            _log.warning("Question %s: %s", self.reference, error)
            return []
        return thread.turns(messages, question, self._around.identity, await self._known())

    async def _give_up(self, error: SlackRefused) -> None:
        """Slack takes not a sentence here: say so where it may be read."""
        question = self.question
        line = _CLOSED.format(channel=question.channel, error=slack.escape(error.error))
        line = f"{line} (Reference {self.reference})"
        if not question.is_direct:
            await self._delivery.say_elsewhere(line)
        await self._done()

    async def _done(self) -> None:
        answer, number = self._answer or (None, "")
        inbox = self._around.journal.inbox
        await self._note(inbox.done, self._delivery.ts, number or None)
        outcome = answer.status if answer else "done without an answer"
        _log.info("Question %s: %s%s", self.reference, outcome, number and f", number {number}")

    async def _tidy(self, ours: Sequence[str]) -> None:
        """Remove what a call that had broken off, or of a dead process, has written late."""
        for pause in _LATE:
            await asyncio.sleep(pause)
            try:
                for ts in await self._writes.strays(ours):
                    await self._writes.remove(ts)
            except (SlackProblem, InboxError) as error:
                _log.warning("Question %s: %s", self.reference, error)

    async def _set_title(self) -> None:
        try:
            await self._around.client.assistant_threads_setTitle(
                channel_id=self.question.channel,
                thread_ts=self.question.thread_ts,
                title=slack.conversation_title(self.question.text),
            )
        except SlackProblem as error:
            _log.info("Question %s has no title: %s", self.reference, error)

    async def _known(self) -> Mapping[str, str]:
        journal, question = self._around.journal, self.question
        return await journal(journal.inbox.replies, question.channel, question.thread_ts)

    async def _record(self, ts: str) -> None:
        self._recorded = ts
        await self._note(self._around.journal.inbox.writing, ts)

    async def _note(self, call: Callable[..., None], *values: object) -> None:
        """Write to the inbox; if it cannot be, the answer goes out all the same."""
        try:
            await self._around.journal(call, self.question.channel, self.question.ts, *values)
        except InboxError as error:
            _log.error("Question %s: %s", self.reference, error)

    def _new_delivery(self) -> Delivery:
        around = self._around
        return Delivery(
            around.client, self._writes, self.question, self._record, around.expected_wait
        )
