"""Pacing: Slack is never called faster than it allows, and what can be finished is finished."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qabot.slack.pacing import Pacer

Result = TypeVar("Result")

A_MINUTE = {"chat.startStream": 20, "chat.stopStream": 20, "chat.appendStream": 100}
"""Calls that Slack allows in a minute, as its reference has it."""


class _NoWaiting(selectors.DefaultSelector):
    """Instead of waiting, the clock is put forward."""

    clock = 0.0

    def select(self, timeout: float | None = None) -> Any:
        assert timeout is not None, "Everybody waits for something that never comes."
        self.clock += max(timeout, 0)
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._waits = _NoWaiting()
        super().__init__(self._waits)

    def time(self) -> float:
        return self._waits.clock


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run with a clock that stands still unless everybody waits."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(work)


def now() -> float:
    return asyncio.get_running_loop().time()


class Slack:
    """Counts calls as Slack does; ``refused`` are those that came too fast."""

    def __init__(self) -> None:
        self.calls: list[tuple[float, str, str]] = []
        self.refused: list[tuple[float, str, str]] = []
        self._left: dict[tuple[str, str], tuple[float, float]] = {}

    def call(self, method: str, channel: str) -> None:
        """One call; a second's worth of burst in a channel, a quarter of a minute's in a method."""
        limits = []
        if method in A_MINUTE:
            limits.append(((method, ""), A_MINUTE[method] / 60, A_MINUTE[method] / 4))
        if method in ("chat.startStream", "chat.postMessage"):
            limits.append(((method, channel), 1.0, 1.0))
        self.calls.append((now(), method, channel))
        for key, rate, most in limits:
            left, at = self._left.get(key, (most, 0.0))
            left = min(most, left + (now() - at) * rate) - 1
            if left < -1e-6:
                self.refused.append((now(), method, channel))
            self._left[key] = (left, now())


def test_thirty_questions_at_once_in_a_channel_are_all_answered_within_the_limits() -> None:
    slack, pacer, answered = Slack(), Pacer(), []

    async def call(method: str) -> None:
        async with pacer.turn(method, "C1"):
            slack.call(method, "C1")
            await asyncio.sleep(0.05)

    async def answer(number: int) -> None:
        if pacer.expected_wait("chat.startStream", "C1") > 10:
            await call("chat.postMessage")
        else:
            for method in ("chat.startStream", "chat.appendStream", "chat.stopStream"):
                await call(method)
        answered.append(number)

    async def everybody() -> float:
        await asyncio.gather(*map(answer, range(30)))
        return now()

    took = run(everybody())
    assert sorted(answered) == list(range(30))
    assert not slack.refused
    assert took < 40


CALLS = st.tuples(
    st.sampled_from(["chat.startStream", "chat.postMessage", "chat.appendStream", "users.info"]),
    st.sampled_from(["C1", "C2"]),
    st.floats(0, 20),  # seconds until it is made
    st.floats(0, 3),  # seconds that it takes
    st.booleans(),  # given up after a second
)


@given(st.lists(CALLS, max_size=60))
def test_whatever_is_called_whenever_no_limit_is_passed_and_nobody_is_forgotten(
    calls: list[tuple[str, str, float, float, bool]],
) -> None:
    slack, pacer = Slack(), Pacer(at_once=5)

    async def one(method: str, channel: str, later: float, takes: float, hasty: bool) -> None:
        await asyncio.sleep(later)
        try:
            async with asyncio.timeout(1 if hasty else None):
                async with pacer.turn(method, channel):
                    slack.call(method, channel)
                    await asyncio.sleep(takes)
        except TimeoutError:
            assert hasty

    async def everybody() -> None:
        await asyncio.gather(*(one(*call) for call in calls))
        async with pacer.turn("chat.postMessage", "C3"):
            pass

    run(everybody())
    assert not slack.refused
    assert len(slack.calls) >= sum(1 for call in calls if not call[-1])


def test_what_finishes_an_answer_goes_before_what_starts_one() -> None:
    order: list[str] = []

    async def everybody() -> None:
        pacer = Pacer(at_once=1)

        async def call(method: str) -> None:
            async with pacer.turn(method, "C1"):
                order.append(method)
                await asyncio.sleep(1)

        await asyncio.gather(
            *map(call, ["conversations.replies", "chat.startStream", "chat.stopStream"])
        )

    run(everybody())
    assert order == ["conversations.replies", "chat.stopStream", "chat.startStream"]


def test_within_a_channel_who_comes_first_goes_first_and_other_channels_need_not_wait() -> None:
    async def everybody() -> list[tuple[str, float]]:
        pacer, told = Pacer(), []

        async def call(name: str, method: str, channel: str) -> None:
            async with pacer.turn(method, channel):
                told.append((name, round(now())))

        await asyncio.gather(
            call("first", "chat.postMessage", "C1"),
            call("second", "chat.startStream", "C1"),
            call("third", "chat.postMessage", "C1"),
            call("elsewhere", "chat.postMessage", "C2"),
        )
        return told

    assert run(everybody()) == [("first", 0), ("elsewhere", 0), ("second", 1), ("third", 2)]


def test_a_method_is_left_alone_for_as_long_as_slack_asks_and_no_other_method() -> None:
    async def everybody() -> tuple[float, float, float]:
        pacer = Pacer()
        pacer.hold("chat.update", 30)
        expected = pacer.expected_wait("chat.update", "C1")
        async with pacer.turn("chat.appendStream", "C1"):
            other = now()
        async with pacer.turn("chat.update", "C1"):
            return expected, other, now()

    assert run(everybody()) == (30, 0, 30)


def test_the_expected_wait_counts_those_who_wait_already() -> None:
    async def everybody() -> tuple[float, float]:
        pacer = Pacer()

        async def call() -> None:
            async with pacer.turn("chat.postMessage", "C1"):
                pass

        waiting = [asyncio.create_task(call()) for _ in range(20)]
        await asyncio.sleep(0)
        expected = pacer.expected_wait("chat.postMessage", "C1")
        await call()
        took = now()
        await asyncio.gather(*waiting)
        return expected, took

    expected, took = run(everybody())
    assert expected == pytest.approx(took, abs=0.01)
    assert expected > 15


def test_thousands_of_channels_leave_nothing_behind() -> None:
    async def everybody() -> int:
        pacer = Pacer(pace=1_000)
        for number in range(5_000):
            async with pacer.turn("chat.postMessage", f"C{number}"):
                await asyncio.sleep(0.01)
        return len(pacer._buckets) + len(pacer._lines)

    assert run(everybody()) <= 1_001


def test_one_who_gives_up_takes_no_turn_from_the_others() -> None:
    async def everybody() -> float:
        pacer = Pacer()

        async def call() -> None:
            async with pacer.turn("chat.postMessage", "C1"):
                pass

        await call()
        given_up = [asyncio.create_task(call()) for _ in range(50)]
        await asyncio.sleep(0.1)
        for task in given_up:
            task.cancel()
        await call()
        return now()

    assert run(everybody()) < 2
