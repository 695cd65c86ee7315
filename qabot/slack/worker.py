"""The desk: takes questions, has them answered in the order of each thread, keeps what is left."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from qabot.slack import thread
from qabot.slack.answering import Answering
from qabot.slack.client import SlackProblem, SlackRefused
from qabot.slack.inbox import Inbox, InboxError, Question
from qabot.slack.job import Job, Surroundings
from qabot.slack.journal import Journal
from qabot.slack.thread import Identity

DRAINED = 20.0
"""Seconds that running answers have to end when the process is told to."""
_KEPT = 7 * 24 * 3600  # seconds that it is remembered which questions were answered
_FORGET_EACH = 3600.0  # seconds
_PARKED = 3.0  # seconds to end the streams of what is not answered
_PROBES = (1.0, 60.0)
"""Seconds between two looks whether Slack takes the token again: at first, and at most."""

_Key = tuple[str, str]
_log = logging.getLogger("qabot.slack")


class Desk:
    """Answers what is asked: threads side by side, the questions of one thread in order.

    Within one event loop; a question that ``receive`` has taken is answered though the process be
    killed, by the next one.
    """

    def __init__(
        self,
        answering: Answering,
        inbox: Inbox,
        client: AsyncWebClient,
        identity: Identity,
        allows: Callable[[str, str, bool], bool] = lambda channel, user, is_direct: True,
        workers: int = 4,
        expected_wait: Callable[[str, str], float] = lambda method, channel: 0.0,
        log_text: bool = False,
    ) -> None:
        """``allows`` says whether a channel and a user, and whether directly, may be answered.

        ``workers`` questions at most are with the bot at the same time. ``expected_wait`` tells how
        many seconds a method in a channel would wait for its turn. With ``log_text`` the lines on
        standard error repeat what was asked.
        """
        self.answering, self.client, self.identity = answering, client, identity
        self.allows, self._log_text = allows, log_text
        self._journal = Journal(inbox)
        self._pool = ThreadPoolExecutor(workers, "answer")
        self._lines: dict[_Key, deque[tuple[Question, bool]]] = {}
        self._jobs: dict[_Key, Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._servants: dict[_Key, asyncio.Task[None]] = {}
        self._is_open = True
        self._usable = asyncio.Event()
        self._usable.set()
        self._around = Surroundings(
            answering, self._journal, client, identity, self._pool, expected_wait,
            self._until_usable, self.spawn,
        )  # fmt: skip

    async def start(self) -> int:
        """Go on with what an earlier process has left; how many questions. Raises InboxError."""
        self.spawn(self._forget())
        left = await self._journal(self._journal.inbox.unfinished)
        for question in left:
            self._enqueue(question, is_resumed=True)
        return len(left)

    async def receive(self, event: Mapping[str, Any]) -> bool:
        """Take a message if it is a question that is new and allowed; whether it was.

        It is on the disk when this returns, and the event may be acknowledged. Raises InboxError,
        and the event should come again.
        """
        message = thread.heard(event, self.identity, time.time())
        if message is None:
            return False
        question = message.question
        if not self.allows(question.channel, question.user, question.is_direct):
            return False
        if not message.is_called and not message.is_in_thread:
            return False
        is_new = await self._journal(thread.received, self._journal.inbox, message)
        if is_new:
            text = f": {question.text}" if self._log_text else ""
            _log.info("Question %s in %s%s", question.ts, question.channel, text.replace("\n", " "))
            if self._is_open:  # else the next process finds it
                self._enqueue(question, is_resumed=False)
        return is_new

    def waiting(self) -> int:
        """How many questions are not answered yet; may be called from any thread."""
        return self._journal.inbox.depth()

    def stop(self, channel: str, thread_ts: str) -> None:
        """End the answer that is being written in a thread: what was said stays."""
        job = self._jobs.get((channel, thread_ts))
        if job is not None:
            job.stop()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something on the side, until the desk closes."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("Something went wrong on the side (%s).", type(error).__name__)

    async def close(self, seconds: float = DRAINED) -> None:
        """Take no more work, let running answers end within ``seconds``, keep the rest."""
        self._is_open = False
        servants = dict(self._servants)
        if servants:
            # Without a token nothing can end: what waits for one is left in the inbox.
            patience = seconds if self._usable.is_set() else 0
            await asyncio.wait(servants.values(), timeout=patience)
        for task in (*self._tasks, *servants.values()):
            task.cancel()
        await asyncio.gather(*self._tasks, *servants.values(), return_exceptions=True)
        parking = [asyncio.create_task(job.park()) for job in self._jobs.values()]
        if parking:
            _, late = await asyncio.wait(parking, timeout=_PARKED)
            for task in late:
                task.cancel()
            await asyncio.gather(*parking, return_exceptions=True)
        self._pool.shutdown(wait=False, cancel_futures=True)
        await self._journal.close()

    def _enqueue(self, question: Question, is_resumed: bool) -> None:
        key = (question.channel, question.thread_ts)
        line = self._lines.setdefault(key, deque())
        line.append((question, is_resumed))
        if key not in self._servants:
            self._servants[key] = asyncio.create_task(self._serve(key, line))

    async def _serve(self, key: _Key, line: deque[tuple[Question, bool]]) -> None:
        """Answer the questions of a thread, one after the other."""
        try:
            while line and self._is_open:
                job = self._jobs[key] = Job(*line.popleft(), self._around)
                await job.run()
                del self._jobs[key]
        finally:
            del self._lines[key], self._servants[key]

    async def _until_usable(self, error: SlackRefused) -> None:
        """Wait until Slack takes the token again; said once, however many answers wait."""
        if self._usable.is_set():
            self._usable.clear()
            _log.error("%s Nothing is lost: the questions wait in the inbox.", error)
            self.spawn(self._probe())
        await self._usable.wait()

    async def _probe(self) -> None:
        pause, longest = _PROBES
        while True:
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)
            try:
                await self.client.auth_test()
            except SlackProblem:
                continue
            _log.warning("Slack takes the token again.")
            self._usable.set()
            return

    async def _forget(self) -> None:
        while True:
            try:
                forget = self._journal.inbox.forget_before
                await self._journal(forget, time.time() - _KEPT)
            except InboxError as error:
                _log.error("%s", error)
            await asyncio.sleep(_FORGET_EACH)
