"""The inbox for an event loop, which never waits for the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from qabot.slack.inbox import Inbox

T = TypeVar("T")


class Journal:
    """Calls of the inbox from an event loop.

    Those that come while others are being written share the next write: one wait for the disk
    serves them all, so that a burst of questions is acknowledged in time.
    """

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self._pool = ThreadPoolExecutor(1, "inbox")
        self._calls: list[tuple[Callable[[], Any], asyncio.Future[Any]]] = []
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, call: Callable[..., T], *values: Any) -> T:
        """What a method of the inbox returns, once all is on the disk; InboxError if it is not."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._calls.append((lambda: call(*values), future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write())
        return await future

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._calls:
            batch, self._calls = self._calls, []
            work = [call for call, _ in batch]
            outcome: list[Any] | Exception
            try:
                outcome = await loop.run_in_executor(self._pool, self.inbox.together, work)
            except Exception as error:  # each caller is told
                outcome = error
            for number, (_, future) in enumerate(batch):
                if future.done():
                    continue
                if isinstance(outcome, Exception):
                    future.set_exception(outcome)
                else:
                    future.set_result(outcome[number])

    async def close(self) -> None:
        """Write what is still to be written, then let go of the file."""
        if self._task is not None:
            await asyncio.wait([self._task])
        self._pool.shutdown()
        self.inbox.close()
