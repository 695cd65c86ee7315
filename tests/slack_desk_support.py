"""A thread in Slack, as small as the desk needs it, and answers said without a bot."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from qabot.slack import job, worker, writes
from qabot.slack.client import SlackRefused, SlackUnavailable, WriteUnsure
from qabot.slack.inbox import Inbox, Question
from qabot.slack.thread import Identity
from qabot.slack.worker import Desk
from qabot.types import Answer, Citation, Claim, Released, Turn

WE = Identity("U0BOT", "B0BOT", "T0TEAM")
CHANNEL, PERSON = "C0GEN", "U0ADA"
WHOLE = "Ada came. [1] Bob went. [1]"
"""What the sayings say."""
Work = Callable[[Desk], Awaitable[Any]]
Fault = SlackRefused | SlackUnavailable | WriteUnsure


class Channel:
    """Messages in one channel; ``calls`` are the methods called, ``faults`` what befalls them."""

    def __init__(self) -> None:
        self.messages: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.faults: dict[str, list[tuple[Fault, bool]]] = {}
        self.waits: dict[str, float] = {}
        self.elsewhere: list[dict[str, Any]] = []
        self._count = 0

    def fail(self, method: str, *faults: Fault, is_done: bool = False) -> None:
        """Let the next calls of a method fail, before or after they are done."""
        self.faults.setdefault(method, []).extend((fault, is_done) for fault in faults)

    def write(self, text: str, thread: str | None = None, **more: Any) -> dict[str, Any]:
        """A message of a person's."""
        return self._put({"user": PERSON, "text": text, "thread_ts": thread, **more})

    def replies(self) -> list[dict[str, Any]]:
        """The bot's messages, the oldest first."""
        return [one for one in self.messages.values() if one.get("bot_id") == WE.bot]

    def expected_wait(self, method: str, channel: str) -> float:
        return self.waits.get(method, 0.0)

    async def conversations_replies(self, *, ts: str, **_: Any) -> dict[str, Any]:
        def read() -> dict[str, Any]:
            if ts not in self.messages:
                raise SlackRefused("conversations.replies", "thread_not_found")
            found = [one for one in self.messages.values() if ts in (one["ts"], one["thread_ts"])]
            return {"messages": [dict(one) for one in found]}

        return await self._call("conversations.replies", read)

    async def chat_startStream(
        self, *, markdown_text: str, thread_ts: str, **_: Any
    ) -> dict[str, Any]:
        return await self._call(
            "chat.startStream", lambda: self._ours(markdown_text, thread_ts, is_live=True)
        )

    async def chat_appendStream(self, *, ts: str, markdown_text: str, **_: Any) -> dict[str, Any]:
        return await self._call("chat.appendStream", lambda: self._grow(ts, markdown_text))

    async def chat_stopStream(
        self,
        *,
        ts: str,
        markdown_text: str | None = None,
        blocks: Sequence[Any] | None = None,
        metadata: Any = None,
        **_: Any,
    ) -> dict[str, Any]:
        def stop() -> dict[str, Any]:
            message = self._grow(ts, markdown_text or "")
            message.update(is_live=False, blocks=list(blocks or ()))
            message.update({"metadata": metadata} if metadata else {})
            return message

        return await self._call("chat.stopStream", stop)

    async def chat_update(
        self, *, ts: str, text: str, blocks: Sequence[Any], metadata: Any = None, **_: Any
    ) -> dict[str, Any]:
        def update() -> dict[str, Any]:
            message = self._message("chat.update", ts)
            if message["is_live"]:
                raise SlackRefused("chat.update", "streaming_state_conflict")
            message.update(text=text, blocks=list(blocks), metadata=metadata)
            return message

        return await self._call("chat.update", update)

    async def chat_postMessage(
        self,
        *,
        channel: str,
        text: str,
        thread_ts: str | None = None,
        blocks: Sequence[Any] | None = None,
        metadata: Any = None,
        **_: Any,
    ) -> dict[str, Any]:
        def post() -> dict[str, Any]:
            if channel != CHANNEL:
                self.elsewhere.append({"channel": channel, "text": text})
                return {"ts": "9.9"}
            return self._ours(text, thread_ts, blocks=list(blocks or ()), metadata=metadata)

        return await self._call("chat.postMessage", post)

    async def chat_delete(self, *, ts: str, **_: Any) -> dict[str, Any]:
        return await self._call("chat.delete", lambda: self.messages.pop(ts))

    async def assistant_threads_setStatus(self, **_: Any) -> dict[str, Any]:
        return await self._call("assistant.threads.setStatus", dict)

    async def assistant_threads_setTitle(self, **_: Any) -> dict[str, Any]:
        return await self._call("assistant.threads.setTitle", dict)

    async def auth_test(self) -> dict[str, Any]:
        return await self._call("auth.test", dict)

    async def _call(self, method: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        self.calls.append(method)
        await asyncio.sleep(0)
        fault, is_done = (self.faults.get(method) or [(None, True)]).pop(0)
        if fault is not None and not is_done:
            raise fault
        result = work()
        if fault is not None:
            raise fault
        return result

    def _ours(
        self, text: str, thread_ts: str | None, is_live: bool = False, **more: Any
    ) -> dict[str, Any]:
        if thread_ts is not None and thread_ts not in self.messages:
            raise SlackRefused("chat.postMessage", "thread_not_found")
        ours = {"user": WE.user, "bot_id": WE.bot, "text": text, "thread_ts": thread_ts}
        return self._put({**ours, "is_live": is_live, **more})

    def _put(self, message: dict[str, Any]) -> dict[str, Any]:
        self._count += 1
        ts = f"1000.{self._count:06d}"
        self.messages[ts] = {**message, "ts": ts}
        return self.messages[ts]

    def _message(self, method: str, ts: str) -> dict[str, Any]:
        if ts not in self.messages:
            raise SlackRefused(method, "message_not_found")
        return self.messages[ts]

    def _grow(self, ts: str, text: str) -> dict[str, Any]:
        message = self._message("chat.appendStream", ts)
        if not message["is_live"]:
            raise SlackRefused("chat.appendStream", "message_not_in_streaming_state")
        message["text"] += text
        return message


class Sayings:
    """Says the same sentences to every question; each waits until it is let go."""

    model = None

    def __init__(self, *sentences: str) -> None:
        self.sentences = sentences or ("Ada came.", "Bob went.")
        self.asked: list[tuple[str, Sequence[Turn]]] = []
        self.gate = threading.Semaphore(1_000_000)
        self.error: Exception | None = None

    def hold(self) -> None:
        """From now on no sentence is said but those that ``gate`` releases."""
        self.gate = threading.Semaphore(0)

    def ask(
        self,
        question: str,
        history: Sequence[Turn],
        conversation: str,
        release: Callable[[Released], None],
        is_direct: bool,
    ) -> tuple[Answer, str]:
        self.asked.append((question, history))
        if self.error is not None:
            raise self.error
        claims = [Claim(text, (1,), "supported") for text in self.sentences]
        for claim in claims:
            self.gate.acquire()
            release(Released(claim))
        self.gate.acquire()
        text = " ".join(f"{text} [1]" for text in self.sentences)
        cited = (Citation(1, "an-article", "A Title", "/a.txt", 0, 9, "Ada came."),)
        return Answer(question, "answered", text, tuple(claims), cited), "7"


def question_in(channel: Channel, text: str = "Who came?", **more: Any) -> Question:
    """A question that stands in the channel."""
    ts = channel.write(text)["ts"]
    given = {"thread_ts": ts, "is_direct": False, **more}
    return Question(CHANNEL, ts, user=PERSON, team=WE.team, text=text, **given)


def desk_over(
    home: Path, channel: Channel, sayings: Sayings, inbox: Inbox | None = None, **more: Any
) -> Desk:
    """A desk in ``home``, within a running event loop."""
    inbox = inbox or Inbox(home)
    client: Any = channel
    answering: Any = sayings
    return Desk(answering, inbox, client, WE, expected_wait=channel.expected_wait, **more)


async def until(condition: Callable[[], Any], seconds: float = 10.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing wait for long, and let log lines be seen."""
    monkeypatch.setattr(writes, "PAUSES", (0.0, 0.0, 0.0))
    monkeypatch.setattr(writes, "_KNOWN", 0.0)
    monkeypatch.setattr(job, "PAUSES", (0.0,))
    monkeypatch.setattr(job, "_LATE", (0.1, 0.1))
    monkeypatch.setattr(worker, "_PROBES", (0.1, 0.1))
    for name in ("qabot", "qabot.slack"):  # as it is before the bot has told where its lines go
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)


def run(
    home: Path,
    channel: Channel,
    sayings: Sayings,
    work: Work,
    *left: Question,
    seconds: float = 5.0,
    is_waiting: bool = True,
    **more: Any,
) -> None:
    """Do work at a desk, whose inbox has questions from before; close it when all is done."""

    async def opened() -> None:
        inbox = Inbox(home)
        for question in left:
            inbox.claim(question)
        desk = desk_over(home, channel, sayings, inbox, **more)
        try:
            await desk.start()
            await work(desk)
            if is_waiting:
                await until(lambda: not desk._lines)
        finally:
            await desk.close(seconds)

    asyncio.run(opened())


def text(channel: Channel) -> str:
    """The one message of ours, which is whole and no live stream."""
    replies = channel.replies()
    assert len(replies) == 1, replies
    assert not replies[0]["is_live"]
    return str(replies[0]["text"]).strip()


async def mention(desk: Desk, channel: Channel, what: str = "who came?", **more: Any) -> Any:
    """A person mentions the bot; the event comes."""
    message = channel.write(f"<@{WE.user}> {what}", **more)
    given = {key: value for key, value in message.items() if value is not None}
    await desk.receive({"type": "app_mention", "channel": CHANNEL, **given})
    return message


def unfinished(home: Path) -> list[Question]:
    inbox = Inbox(home)
    try:
        return inbox.unfinished()
    finally:
        inbox.close()
