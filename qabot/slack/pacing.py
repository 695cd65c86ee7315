"""The pace at which Slack is called, so that it never has to refuse: each call waits for its turn.

Slack allows each method so many calls a minute in a workspace, and a message a second in a channel
(https://docs.slack.dev/apis/web-api/rate-limits/). The rates here stay a little below.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

AT_ONCE = 30
"""Calls under way at the same time, at most."""
_MOST_BUCKETS = 1_000


@dataclass(frozen=True, slots=True)
class Rate:
    """``burst`` calls at once, and on average ``each_second`` of them."""

    each_second: float
    burst: int


_TIER_2, _TIER_3, _TIER_4 = Rate(19 / 60, 4), Rate(47 / 60, 10), Rate(95 / 60, 20)
_SPECIAL = Rate(5.0, 30)
_RATES = {
    "apps.connections.open": _TIER_3,
    "assistant.threads.setStatus": _SPECIAL,
    "assistant.threads.setSuggestedPrompts": _TIER_4,
    "assistant.threads.setTitle": _TIER_4,
    "auth.test": _SPECIAL,
    "chat.appendStream": _TIER_4,
    "chat.postEphemeral": _TIER_4,
    "chat.postMessage": _SPECIAL,
    "chat.startStream": _TIER_2,
    "chat.stopStream": _TIER_2,
    "chat.update": _TIER_3,
    "conversations.replies": _TIER_3,
    "users.info": _TIER_4,
    "views.open": _TIER_4,
    "views.publish": _TIER_4,
}
_IN_A_CHANNEL = Rate(0.95, 1)
_POSTING = frozenset({"chat.postMessage", "chat.startStream"})
_FINISHING = frozenset({"chat.appendStream", "chat.stopStream", "chat.update", "views.open"})


class _Bucket:
    """A token bucket; ``stamp`` lies in the future while the bucket is held."""

    def __init__(self, rate: Rate, pace: float, now: float) -> None:
        self.each_second, self.burst = rate.each_second * pace, max(1.0, rate.burst * pace)
        self.tokens, self.stamp = self.burst, now

    def ready_at(self, now: float) -> float:
        """When the next call may go."""
        if now > self.stamp:
            self.tokens = min(self.burst, self.tokens + (now - self.stamp) * self.each_second)
            self.stamp = now
        return self.stamp + max(0.0, 1 - self.tokens) / self.each_second

    def hold(self, until: float) -> None:
        """No call before ``until``, and then one at a time."""
        if until > self.stamp:
            self.tokens, self.stamp = 1.0, until


@dataclass(frozen=True, slots=True)
class _Line:
    """The calls that wait for the same buckets, in order of arrival."""

    rank: int
    names: tuple[str, ...]
    waiting: deque[tuple[int, asyncio.Future[None]]]


class Pacer:
    """Gives each call its turn; within one event loop.

    What finishes an answer goes before what starts one; else who comes first goes first.
    """

    def __init__(self, pace: float = 1.0, at_once: int = AT_ONCE) -> None:
        """``pace`` multiplies all rates."""
        self._pace, self._at_once = pace, at_once
        self._buckets: dict[str, _Bucket] = {}
        self._lines: dict[tuple[str, ...], _Line] = {}
        self._arrivals = itertools.count()
        self._under_way = 0
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def turn(self, method: str, channel: str | None = None) -> AsyncIterator[None]:
        """Wait until ``method`` may be called, and count the call as under way until the end."""
        await self._wait(method, channel)
        try:
            yield
        finally:
            self._under_way -= 1
            self._release()

    def hold(self, method: str, seconds: float) -> None:
        """Slack asked to call ``method`` no more for so long."""
        now = _now()
        self._bucket(method, now).hold(now + seconds)

    def expected_wait(self, method: str, channel: str | None = None) -> float:
        """About how many seconds a call made now would wait for its turn."""
        now, longest = _now(), 0.0
        for name in _names(method, channel):
            bucket = self._bucket(name, now)
            before = sum(len(one.waiting) for one in self._lines.values() if name in one.names)
            longest = max(longest, bucket.ready_at(now) - now + before / bucket.each_second)
        return longest

    async def _wait(self, method: str, channel: str | None) -> None:
        names = _names(method, channel)
        line = self._lines.setdefault(names, _Line(int(method not in _FINISHING), names, deque()))
        turn = asyncio.get_running_loop().create_future()
        place = (next(self._arrivals), turn)
        line.waiting.append(place)
        self._release()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._under_way -= 1
            elif place in line.waiting:
                line.waiting.remove(place)
                self._forget(line)
            self._release()
            raise

    def _release(self) -> None:
        """Let go whoever may, and come back when the next may."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now, soonest = _now(), float("inf")
        heads = [_head(line) for line in self._lines.values()]
        heapq.heapify(heads)
        while heads and self._under_way < self._at_once:
            line = self._lines[heapq.heappop(heads)[2]]
            buckets = [self._bucket(name, now) for name in line.names]
            ready = max(bucket.ready_at(now) for bucket in buckets)
            if ready > now:
                soonest = min(soonest, ready)
                continue
            self._let_go(line, buckets)
            if line.waiting:
                heapq.heappush(heads, _head(line))
            else:
                self._forget(line)
        if soonest < float("inf") and self._under_way < self._at_once:
            self._timer = asyncio.get_running_loop().call_at(soonest, self._release)

    def _let_go(self, line: _Line, buckets: Iterable[_Bucket]) -> None:
        _, turn = line.waiting.popleft()
        if turn.done():  # given up, and not yet told so
            return
        for bucket in buckets:
            bucket.tokens -= 1
        self._under_way += 1
        turn.set_result(None)

    def _forget(self, line: _Line) -> None:
        if not line.waiting and self._lines.get(line.names) is line:
            del self._lines[line.names]

    def _bucket(self, name: str, now: float) -> _Bucket:
        found = self._buckets.get(name)
        if found is None:
            if len(self._buckets) >= _MOST_BUCKETS:
                self._drop_full(now)
            rate = _IN_A_CHANNEL if name.startswith("#") else _RATES.get(name, _TIER_2)
            found = self._buckets[name] = _Bucket(rate, self._pace, now)
        return found

    def _drop_full(self, now: float) -> None:
        """Forget the channels that were quiet for long: a new bucket is full as well."""
        full = [
            name
            for name, bucket in self._buckets.items()
            if bucket.ready_at(now) <= now and bucket.tokens >= bucket.burst
        ]
        for name in full:
            del self._buckets[name]


def _names(method: str, channel: str | None) -> tuple[str, ...]:
    """The buckets that a call takes a token from."""
    return (method, f"#{channel}") if channel and method in _POSTING else (method,)


def _head(line: _Line) -> tuple[int, int, tuple[str, ...]]:
    return line.rank, line.waiting[0][0], line.names


def _now() -> float:
    return asyncio.get_running_loop().time()
