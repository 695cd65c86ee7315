"""The desk answers in the order of each thread, and goes on with what was left."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from slack_desk_support import (
    CHANNEL,
    PERSON,
    WHOLE,
    Channel,
    Sayings,
    mention,
    question_in,
    text,
    unfinished,
    until,
)

from qabot.render import slack
from qabot.slack import job
from qabot.slack.thread import EVENT, metadata
from qabot.slack.worker import Desk


def test_the_questions_of_a_thread_are_answered_one_after_the_other_and_remembered(
    at_desk: Any, channel: Channel, sayings: Sayings
) -> None:
    async def work(desk: Desk) -> None:
        first = await mention(desk, channel)
        for number in range(3):
            await mention(desk, channel, f"and {number}?", thread=first["ts"])

    at_desk(work)
    order = [one["metadata"]["event_payload"]["question"] for one in channel.replies()]
    assert order == sorted(order)
    assert [question for question, _ in sayings.asked] == [
        "who came?",
        "and 0?",
        "and 1?",
        "and 2?",
    ]
    assert [turn.question for turn in sayings.asked[-1][1]] == ["who came?", "and 0?", "and 1?"]


def test_threads_are_answered_side_by_side_up_to_the_number_of_workers(
    at_desk: Any, channel: Channel, sayings: Sayings
) -> None:
    sayings.hold()

    async def work(desk: Desk) -> None:
        for _ in range(5):
            await mention(desk, channel)
        await until(lambda: len(sayings.asked) == 3)
        for _ in range(15):
            sayings.gate.release()

    at_desk(work, workers=3)
    assert [one["text"].strip() for one in channel.replies()] == 5 * [WHOLE]


def test_only_the_allowed_are_answered_and_others_cost_no_work(
    at_desk: Any, channel: Channel
) -> None:
    asked = []

    def allows(where: str, user: str, is_direct: bool) -> bool:
        asked.append((where, user, is_direct))
        return False

    at_desk(lambda desk: mention(desk, channel), allows=allows)
    assert asked == [(CHANNEL, PERSON, False)]
    assert channel.calls == []


def test_what_an_earlier_process_left_waiting_is_answered(
    at_desk: Any, channel: Channel, home: Path
) -> None:
    left = [question_in(channel) for _ in range(3)]

    async def work(desk: Desk) -> None:
        await until(lambda: len(channel.replies()) == 3)

    at_desk(work, *left)
    assert [one["text"].strip() for one in channel.replies()] == 3 * [WHOLE]
    assert unfinished(home) == []


@pytest.mark.parametrize("is_recorded", [False, True])
def test_a_stream_that_a_dead_process_left_live_is_ended_and_made_whole(
    at_desk: Any, channel: Channel, is_recorded: bool
) -> None:
    question = question_in(channel)
    live = channel._ours("Ada ca", question.ts, is_live=True)
    if is_recorded:
        question = replace(question, state="writing", reply_ts=live["ts"])
    at_desk(lambda desk: until(lambda: len(channel.calls) >= 4), question)
    assert text(channel) == WHOLE
    assert "chat.startStream" not in channel.calls


def test_an_answer_that_was_whole_when_its_process_died_is_left_as_it_is(
    at_desk: Any, channel: Channel, sayings: Sayings, home: Path
) -> None:
    question = question_in(channel)
    channel._ours("Ada came.", question.ts, metadata=metadata(question.ts, {}))
    at_desk(lambda desk: until(lambda: channel.calls), question)
    assert text(channel) == "Ada came."
    assert sayings.asked == []
    assert unfinished(home) == []


def test_an_answer_of_which_parts_are_missing_is_made_whole(
    at_desk: Any, channel: Channel, sayings: Sayings
) -> None:
    sayings.sentences = tuple(f"{number}: {'ä' * 600}." for number in range(40))
    question = question_in(channel)
    for part in (1, 2):
        channel._ours("x", question.ts, metadata=metadata(question.ts, {}, part, 9))
    at_desk(lambda desk: until(lambda: len(channel.replies()) > 5), question)
    parts = [one["metadata"]["event_payload"]["part"] for one in channel.replies()]
    assert parts == list(range(1, len(parts) + 1))
    assert "x" not in [one["text"] for one in channel.replies()]


def test_messages_of_other_questions_in_the_thread_are_not_touched(
    at_desk: Any, channel: Channel
) -> None:
    first = question_in(channel)
    done = channel._ours("Done.", first.ts, metadata=metadata(first.ts, {}))
    second = replace(question_in(channel), thread_ts=first.ts)
    channel.messages[second.ts]["thread_ts"] = first.ts
    channel._ours("Late.", first.ts, metadata=metadata(first.ts, {}, 1, 1))

    at_desk(lambda desk: until(lambda: len(channel.replies()) == 3), second)
    assert [one["text"].strip() for one in channel.replies()] == ["Done.", "Late.", WHOLE]
    assert done["metadata"]["event_type"] == EVENT


def test_what_a_call_that_had_broken_off_writes_late_is_removed(
    at_desk: Any, channel: Channel
) -> None:
    question = question_in(channel)

    async def work(desk: Desk) -> None:
        await until(lambda: channel.replies() and not channel.replies()[0]["is_live"])
        late = channel._ours("Ada came", question.ts, is_live=True)
        twin = channel._ours(WHOLE, question.ts, metadata=metadata(question.ts, {}))
        await until(lambda: not {late["ts"], twin["ts"]} & {*channel.messages})

    at_desk(work, question)
    assert text(channel) == WHOLE


def test_the_stream_of_the_next_question_is_not_taken_for_such_a_message(
    at_desk: Any, channel: Channel, sayings: Sayings
) -> None:
    question = question_in(channel)

    async def work(desk: Desk) -> None:
        await until(lambda: channel.replies() and not channel.replies()[0]["is_live"])
        sayings.hold()
        await mention(desk, channel, thread=question.ts)
        sayings.gate.release()
        await asyncio.sleep(0.3)
        sayings.gate.release()
        sayings.gate.release()

    at_desk(work, question)
    assert [one["text"].strip() for one in channel.replies()] == 2 * [WHOLE]


def test_a_question_that_processes_died_of_is_given_up_with_a_sentence(
    at_desk: Any, channel: Channel, sayings: Sayings, home: Path
) -> None:
    question = replace(question_in(channel), attempts=job.MOST_ATTEMPTS)
    at_desk(lambda desk: until(lambda: channel.replies()), question)
    assert text(channel) == slack.trouble(question.ts, "restarted")
    assert sayings.asked == []
    assert unfinished(home) == []


def test_closing_lets_running_answers_end_and_keeps_what_waits(
    at_desk: Any, channel: Channel, sayings: Sayings, home: Path
) -> None:
    sayings.hold()

    async def work(desk: Desk) -> None:
        first = await mention(desk, channel)
        await mention(desk, channel, thread=first["ts"])
        await until(lambda: sayings.asked)
        asyncio.get_running_loop().call_later(0.1, lambda: [sayings.gate.release() for _ in "abc"])

    at_desk(work, is_waiting=False)
    assert text(channel) == WHOLE
    [waiting] = unfinished(home)
    assert (waiting.state, waiting.attempts) == ("waiting", 0)


def test_closing_leaves_no_live_stream_of_an_answer_that_takes_too_long(
    at_desk: Any, channel: Channel, sayings: Sayings, home: Path
) -> None:
    sayings.hold()

    async def work(desk: Desk) -> None:
        await mention(desk, channel)
        sayings.gate.release()
        await until(lambda: channel.replies())

    at_desk(work, seconds=0.1, is_waiting=False)
    assert text(channel) == "Ada came. [1]"
    sayings.gate.release()
    [left] = unfinished(home)
    assert (left.state, left.attempts) == ("writing", 0)


def test_a_question_that_comes_while_closing_is_kept_for_the_next_process(
    at_desk: Any, channel: Channel, home: Path
) -> None:
    async def work(desk: Desk) -> None:
        desk._is_open = False
        await mention(desk, channel)

    at_desk(work)
    assert channel.replies() == []
    assert len(unfinished(home)) == 1
