"""One answer on its way into one thread: streamed while it is written, whole in the end.

The first sentence begins a stream, each further one goes on with it, and its end carries what the
answer rests on. Where a stream is refused, expired, broken or full, the message is written anew as
a whole, in several messages if it must be. If the thread is gone, the answer goes into the channel;
if the bot may not write there, one sentence says so to the person who asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from qabot.render import slack
from qabot.settings import LONGEST_QUESTION
from qabot.slack.client import SlackProblem, SlackRefused, SlackUnavailable
from qabot.slack.inbox import Question
from qabot.slack.thread import metadata
from qabot.slack.writes import (
    Blocks,
    Piece,
    Writes,
    is_stopped,
    is_without_thread,
)
from qabot.types import Answer

STATUS = "is reading the articles ..."
MOVED = "_The thread of this question is gone, so its answer is here._"
_FULL = 10_000
"""Bytes of a stream, after which the whole is written anew: Slack takes about 11,000."""
_SOON = 0.3  # seconds that a call may wait for its turn without a reader minding
_WORTH = 1.0  # seconds that a stream may come later than the whole, so that it is a stream
_STATUS_PATIENCE = 1.0  # seconds that the first sentence waits for the status to be set

Message = tuple[str, Blocks]


class Delivery:
    """Writes the answer to one question; within one event loop.

    Its methods raise SlackRefused when the token is dead or nothing at all may be written, and
    SlackUnavailable when Slack cannot be reached: what was not delivered can be later.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        writes: Writes,
        question: Question,
        record: Callable[[str], Awaitable[Any]],
        expected_wait: Callable[[str, str], float] = lambda method, channel: 0.0,
    ) -> None:
        """``record`` is told of the answer's first message as soon as there is one.

        ``expected_wait`` tells how many seconds a method in a channel would wait for its turn.
        """
        self._client, self._writes, self._question = client, writes, question
        self._record, self._expected_wait = record, expected_wait
        self.stopped = asyncio.Event()
        self._is_streaming = True
        self._messages: list[str] = []
        self._said: list[str] = []
        self._pending: list[str] = []
        self._wake, self._closing = asyncio.Event(), asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._status: asyncio.Task[None] | None = None
        self._problem: SlackProblem | None = None

    def begin(self) -> None:
        """Show that the question is being worked on."""
        self._status = asyncio.create_task(self._show_status())

    @property
    def ts(self) -> str | None:
        """The answer's first message, once there is one."""
        return self._messages[0] if self._messages else None

    @property
    def messages(self) -> Sequence[str]:
        """All messages of the answer, by time stamps."""
        return self._messages

    def go_on(self, messages: Sequence[str]) -> None:
        """Take over the messages that an earlier attempt has left; then nothing is streamed."""
        self._messages, self._is_streaming = list(messages), False

    def say(self, sentence: str) -> None:
        """Stream a sentence, as soon as its turn comes."""
        self._pending.append(sentence)
        self._wake.set()
        if self._writer is None and self._is_streaming:
            self._writer = asyncio.create_task(self._write())

    async def finish(self, answer: Answer, reference: str) -> None:
        """End the stream if it is all of the answer, or write the whole; say so if it was stopped.

        ``reference`` is the answer's number in the log, or empty.
        """
        await self._settle()
        if self.stopped.is_set():
            return await self.conclude(slack.stopped(), "stopped")
        marks = _marks(answer, reference)
        is_whole = len(self._said) + len(self._pending) == len(answer.claims)
        if self.ts and self._is_streaming and is_whole and self._fits(self._pending):
            rest, closing = "".join(self._pending), slack.closing(answer, reference)
            further = slack.further(answer, reference)
            parts = 1 + len(further)
            end = Piece(rest, closing, metadata(self._question.ts, marks, 1, parts))
            with suppress(SlackProblem):
                await self._writes.stop(self.ts, end)
                return await self._write_from(1, [("", ()), *further], marks)
        return await self._write_from(0, slack.messages(answer, reference), marks)

    async def conclude(self, line: str, status: str) -> None:
        """End without an answer: what was said stays, and ``line`` says why there is no more."""
        await self._settle()
        marks = {"status": status}
        line = line.strip()
        if self.ts and self._is_streaming:
            end = Piece(f"\n\n{line}", (), metadata(self._question.ts, marks))
            with suppress(SlackProblem):
                return await self._writes.stop(self.ts, end)
        text = f"{''.join(self._said)}\n\n{line}".strip()
        return await self._write_from(0, [(text, [{"type": "markdown", "text": text}])], marks)

    async def park(self) -> None:
        """Leave no live stream; the answer is finished by the next process."""
        with suppress(SlackProblem):
            await self._settle()
        if self.ts:
            with suppress(SlackProblem):
                await self._writes.end(self.ts)

    async def _show_status(self) -> None:
        with suppress(SlackProblem):
            await self._set_status(STATUS)
            if self._closing.is_set():  # it came late, and no further message takes it away
                await self._set_status("")

    async def _set_status(self, status: str) -> None:
        question = self._question
        await self._client.assistant_threads_setStatus(
            channel_id=question.channel, thread_ts=question.thread_ts, status=status
        )

    async def _settle(self) -> None:
        """Wait for what is being written, and write no more of it."""
        if self._status is not None:
            await asyncio.wait([self._status], timeout=_STATUS_PATIENCE)
        self._closing.set()
        self._wake.set()
        if self._writer is not None:
            await asyncio.wait([self._writer])  # a caller that is cancelled leaves it at work
            self._writer.result()
        if self._problem is not None:
            raise self._problem

    async def _write(self) -> None:
        if self._status is not None:
            await asyncio.wait([self._status], timeout=_STATUS_PATIENCE)
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._pending and self._is_streaming and not self.stopped.is_set():
                had_to_wait = await self._turn()
                if had_to_wait is None:
                    return
                sentences = self._pending[:] if had_to_wait else self._pending[:1]
                await self._send(sentences)
            if self._closing.is_set():
                return

    async def _turn(self) -> bool | None:
        """Wait until the next call may go, and whether it took long.

        None if the answer has ended meanwhile and goes out faster without this call.
        """
        channel, waited = self._question.channel, False
        method = "chat.appendStream" if self.ts else "chat.startStream"
        while (wait := self._expected_wait(method, channel)) > _SOON:
            waited = True
            if self._closing.is_set():
                whole = self._expected_wait("chat.postMessage", channel)
                return None if self.ts or wait > whole + _WORTH else True
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), min(wait, 1.0))
        return waited

    async def _send(self, sentences: list[str]) -> None:
        """Write the first of what is pending, or notice that this message is no stream any more."""
        self._is_streaming = self._fits(sentences)
        text = "".join(sentences)
        if not self._is_streaming:
            return
        try:
            if self.ts:
                await self._writes.append(self.ts, text)
            else:
                self._messages = [await self._writes.start(text)]
                await self._record(self._messages[0])
        except SlackProblem as error:
            if is_stopped(error):
                self.stopped.set()
                return
            self._is_streaming = False
            if error.is_token_dead if isinstance(error, SlackRefused) else not self.ts:
                self._problem = error  # there may be a stream that is not known
            return
        self._said += sentences
        del self._pending[: len(sentences)]

    def _fits(self, sentences: Sequence[str]) -> bool:
        return len("".join([*self._said, *sentences]).encode("utf-8", "replace")) <= _FULL

    async def _write_from(
        self, first: int, messages: Sequence[Message], marks: Mapping[str, str]
    ) -> None:
        """Write the messages from number ``first`` on, over those that there are."""
        for number, (text, blocks) in enumerate(messages):
            if number < first:
                continue
            marked = metadata(self._question.ts, marks, number + 1, len(messages))
            piece = Piece(text, blocks, marked)
            there = self._messages[number] if number < len(self._messages) else None
            if there is None or not await self._is_replaced(there, piece):
                await self._post(piece, number)
                await self._remove(there)
        for left in self._messages[len(messages) :]:  # more than there should be
            await self._remove(left)
        del self._messages[len(messages) :]

    async def _remove(self, ts: str | None) -> None:
        if ts:
            try:
                await self._writes.remove(ts)
            except SlackProblem:  # mostly it is gone already; if not, it is looked for later
                self._writes.was_unsure = True

    async def _is_replaced(self, ts: str, piece: Piece) -> bool:
        """Write a message anew; False if it is not there any more or cannot be changed."""
        for is_last in (False, True):
            try:
                await self._writes.replace(ts, piece)
                return True
            except SlackRefused as error:
                if error.is_token_dead:
                    raise
                if is_last or ts not in [one.ts for one in await self._writes.found()]:
                    break
        return False

    async def _post(self, piece: Piece, number: int) -> None:
        try:
            ts: str | None = await self._writes.post(piece, number + 1)
        except SlackRefused as error:
            if not is_without_thread(error):
                raise
            moved = _moved(piece) if number == 0 else piece
            ts = await self._writes.post_elsewhere(moved, self._question.channel)
        self._messages[number : number + 1] = [ts] if ts else []
        if number == 0 and ts:
            await self._record(ts)

    async def say_elsewhere(self, line: str) -> bool:
        """Say in a direct message why there is no answer; whether that was possible."""
        marks = metadata(self._question.ts, {"status": "trouble"})
        try:
            await self._writes.post_elsewhere(Piece(line, (), marks), self._question.user)
        except (SlackRefused, SlackUnavailable):
            return False
        return True


def _moved(piece: Piece) -> Piece:
    """The piece as it stands in the channel, outside the thread it was meant for."""
    note = {"type": "context", "elements": [{"type": "mrkdwn", "text": MOVED}]}
    blocks = (note, *piece.blocks) if piece.blocks else ()
    return replace(piece, text=f"{MOVED}\n{piece.text}", blocks=blocks)


def _marks(answer: Answer, reference: str) -> dict[str, str]:
    """What a later question of the thread should know of this one."""
    marks = {"status": answer.status, "reference": reference}
    if answer.standalone and len(answer.standalone) <= LONGEST_QUESTION:
        marks["standalone"] = answer.standalone
    return marks
