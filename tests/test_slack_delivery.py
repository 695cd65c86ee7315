"""Each answer arrives once and whole, or one sentence says why not, whatever Slack does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from slack_desk_support import (
    CHANNEL,
    PERSON,
    WHOLE,
    Channel,
    Fault,
    Sayings,
    mention,
    run,
    text,
    unfinished,
    until,
    without_pauses,
)

from qabot.errors import IndexCorrupt, QuestionError
from qabot.render import slack
from qabot.slack import job, worker
from qabot.slack.client import SlackRefused, SlackUnavailable, WriteUnsure
from qabot.slack.worker import Desk

METHODS = ("chat.startStream", "chat.appendStream", "chat.stopStream")


def refused(method: str, error: str) -> Fault:
    return SlackRefused(method, error)


def test_an_answer_is_streamed_sentence_by_sentence_and_ends_with_its_sources(
    at_desk: Any, channel: Channel, sayings: Sayings, home: Path
) -> None:
    sayings.hold()

    async def work(desk: Desk) -> None:
        await mention(desk, channel)
        sayings.gate.release()
        await until(lambda: channel.replies())
        assert channel.replies()[0]["text"].strip() == "Ada came. [1]"
        sayings.gate.release()
        await until(lambda: "Bob" in channel.replies()[0]["text"])
        assert channel.replies()[0]["is_live"]
        sayings.gate.release()

    at_desk(work)
    assert text(channel) == WHOLE
    reply = channel.replies()[0]
    assert "Sources" in str(reply["blocks"])
    assert reply["metadata"]["event_payload"]["reference"] == "7"
    assert channel.calls == [
        "assistant.threads.setStatus", "chat.startStream", "chat.appendStream", "chat.stopStream",
    ]  # fmt: skip
    assert unfinished(home) == []


def test_the_sentences_of_an_answer_that_must_wait_for_their_turn_go_together(
    at_desk: Any, channel: Channel, sayings: Sayings
) -> None:
    sayings.sentences = tuple(f"Sentence {number}." for number in range(6))

    async def work(desk: Desk) -> None:
        channel.waits["chat.appendStream"] = 5.0
        await mention(desk, channel)

    at_desk(work)
    assert all(f"Sentence {number}. [1]" in text(channel) for number in range(6))
    assert channel.calls.count("chat.appendStream") == 0
    assert channel.calls[-1] == "chat.stopStream"


def test_an_answer_whose_stream_would_come_late_is_posted_whole(
    at_desk: Any, channel: Channel
) -> None:
    async def work(desk: Desk) -> None:
        channel.waits["chat.startStream"] = 60.0
        await mention(desk, channel)

    at_desk(work)
    assert text(channel) == WHOLE
    assert channel.calls[-1] == "chat.postMessage"
    assert "chat.startStream" not in channel.calls


FAULTS = {
    "broken off": lambda method: WriteUnsure(method),
    "not reached": lambda method: SlackUnavailable(method),
    **{
        error: (lambda method, error=error: SlackRefused(method, error))
        for error in (
            "message_not_in_streaming_state", "streaming_state_conflict", "msg_too_long",
            "invalid_blocks", "missing_scope", "is_archived", "invalid_auth", "token_revoked",
            "channel_type_not_supported", "something_new",
        )
    },
}  # fmt: skip


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", METHODS)
def test_a_call_that_fails_ends_in_one_whole_answer(
    at_desk: Any, channel: Channel, home: Path, method: str, fault: str, is_done: bool
) -> None:
    is_done = is_done and fault in ("broken off", "not reached")

    async def work(desk: Desk) -> None:
        channel.fail(method, FAULTS[fault](method), is_done=is_done)
        await mention(desk, channel)

    at_desk(work)
    assert text(channel) == WHOLE
    assert unfinished(home) == []


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("method", ["chat.update", "chat.postMessage"])
@pytest.mark.parametrize("fault", ["broken off", "not reached", "invalid_blocks", "something_new"])
def test_writing_the_whole_anew_may_fail_as_well(
    at_desk: Any, channel: Channel, method: str, fault: str, is_done: bool
) -> None:
    first = "chat.stopStream" if method == "chat.update" else "chat.startStream"
    is_done = is_done and fault == "broken off"

    async def work(desk: Desk) -> None:
        channel.fail(first, refused(first, "channel_type_not_supported"))
        channel.fail(method, FAULTS[fault](method), is_done=is_done)
        await mention(desk, channel)

    at_desk(work)
    if (method, fault) == ("chat.postMessage", "something_new"):
        assert text(channel) == slack.trouble("1000.000001", "delivery")
    else:
        assert text(channel) == WHOLE


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*METHODS, "chat.update", "chat.postMessage", "conversations.replies"]),
            st.sampled_from(sorted(FAULTS)),
            st.booleans(),
        ),
        max_size=6,
    )
)
def test_whatever_fails_there_is_one_answer_or_one_sentence_and_no_live_stream(
    tmp_path_factory: pytest.TempPathFactory, faults: list[tuple[str, str, bool]]
) -> None:
    # Where not even the person may be told directly, only the operator is.
    assume([method for method, *_ in faults].count("chat.postMessage") < 3)
    channel, home = Channel(), tmp_path_factory.mktemp("home")

    async def work(desk: Desk) -> None:
        for method, fault, is_done in faults:
            is_done = is_done and fault == "broken off"
            channel.fail(method, FAULTS[fault](method), is_done=is_done)
        await mention(desk, channel)
        await until(lambda: not desk._lines)
        # What was written twice is removed within a while.
        await until(lambda: len(channel.replies()) + len(channel.elsewhere) == 1)

    with pytest.MonkeyPatch.context() as monkeypatch:
        without_pauses(monkeypatch)
        monkeypatch.setattr(worker, "_PROBES", (0.0, 0.0))
        monkeypatch.setattr(job, "_LATE", 1_000 * (0.005,))
        run(home, channel, Sayings(), work)
    replies = channel.replies()
    assert not any(one["is_live"] for one in replies)
    assert len(replies) + len(channel.elsewhere) == 1
    if replies:
        assert text(channel) in (WHOLE, slack.trouble("1000.000001", "delivery"))
    assert unfinished(home) == []


def test_a_stream_that_is_full_becomes_several_whole_messages(
    at_desk: Any, channel: Channel, sayings: Sayings
) -> None:
    sayings.sentences = tuple(f"{number}: {'ä' * 600}." for number in range(40))
    at_desk(lambda desk: mention(desk, channel))
    replies = channel.replies()
    assert len(replies) > 1
    said = str([one["blocks"] for one in replies])
    assert all(said.count(f"{number}: ää") == 1 for number in range(40) if number > 9)
    assert not any(one["is_live"] for one in replies)
    parts = [one["metadata"]["event_payload"]["part"] for one in replies]
    assert parts == list(range(1, len(replies) + 1))


def test_a_thread_that_is_gone_is_answered_in_the_channel(
    at_desk: Any, channel: Channel, sayings: Sayings
) -> None:
    sayings.hold()

    async def work(desk: Desk) -> None:
        message = await mention(desk, channel)
        await until(lambda: sayings.asked)
        del channel.messages[message["ts"]]
        for _ in range(3):
            sayings.gate.release()

    at_desk(work)
    assert text(channel).startswith("_The thread of this question is gone")
    assert text(channel).endswith(WHOLE)
    assert channel.replies()[0]["thread_ts"] is None


def test_a_reply_that_was_deleted_is_written_again(
    at_desk: Any, channel: Channel, sayings: Sayings
) -> None:
    sayings.hold()

    async def work(desk: Desk) -> None:
        await mention(desk, channel)
        sayings.gate.release()
        await until(lambda: channel.replies())
        del channel.messages[channel.replies()[0]["ts"]]
        sayings.gate.release()
        sayings.gate.release()

    at_desk(work)
    assert text(channel) == WHOLE


@pytest.mark.parametrize("error", ["is_archived", "not_in_channel", "channel_not_found"])
def test_where_the_bot_may_not_write_the_person_is_told_directly(
    at_desk: Any, channel: Channel, home: Path, error: str
) -> None:
    async def work(desk: Desk) -> None:
        channel.fail("chat.startStream", *2 * [refused("chat.startStream", error)])
        channel.fail("chat.postMessage", *2 * [refused("chat.postMessage", error)])
        await mention(desk, channel)

    at_desk(work)
    assert channel.replies() == []
    [note] = channel.elsewhere
    assert note["channel"] == PERSON
    assert "1000.000001" in note["text"]
    assert unfinished(home) == []


def test_without_a_scope_to_write_the_operator_is_told_and_the_desk_goes_on(
    at_desk: Any, channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(desk: Desk) -> None:
        for method in ("chat.startStream", "chat.postMessage"):
            channel.fail(method, *3 * [SlackRefused(method, "missing_scope", "chat:write")])
        await mention(desk, channel)
        await until(lambda: channel.calls.count("chat.postMessage") == 3)
        channel.faults.clear()
        await mention(desk, channel)

    at_desk(work)
    assert "Give the app the scope chat:write" in caplog.text
    assert text(channel) == WHOLE


@pytest.mark.parametrize("error", ["invalid_auth", "token_revoked"])
def test_a_dead_token_is_said_once_and_every_question_is_kept_until_there_is_another(
    at_desk: Any, channel: Channel, caplog: pytest.LogCaptureFixture, error: str
) -> None:
    async def work(desk: Desk) -> None:
        channel.fail("chat.startStream", *5 * [refused("chat.startStream", error)])
        channel.fail("auth.test", *2 * [refused("auth.test", error)])
        for _ in range(5):
            await mention(desk, channel)
        await until(lambda: len(channel.replies()) == 5)

    at_desk(work)
    assert [one["text"].strip() for one in channel.replies()] == 5 * [WHOLE]
    assert caplog.text.count("Put a valid token in SLACK_BOT_TOKEN") == 1


def test_a_bot_that_is_ended_without_a_token_keeps_the_question_for_the_next_start(
    at_desk: Any, channel: Channel, home: Path
) -> None:
    async def work(desk: Desk) -> None:
        channel.fail("chat.startStream", refused("chat.startStream", "token_revoked"))
        channel.fail("auth.test", *100 * [refused("auth.test", "token_revoked")])
        await mention(desk, channel)
        await until(lambda: "auth.test" in channel.calls)

    at_desk(work, is_waiting=False)
    assert channel.replies() == []
    [left] = unfinished(home)
    assert left.attempts == 0


def test_a_failure_of_the_bot_is_one_honest_sentence_with_a_reference(
    at_desk: Any, channel: Channel, sayings: Sayings, caplog: pytest.LogCaptureFixture
) -> None:
    sayings.error = IndexCorrupt("The index at /x is damaged.")
    at_desk(lambda desk: mention(desk, channel, "the secret question"))
    assert text(channel) == slack.trouble("1000.000001", "index")
    assert "Question 1000.000001 was not answered: The index at /x is damaged." in caplog.text
    assert "secret" not in caplog.text


def test_a_mistake_of_ours_is_one_honest_sentence_too(
    at_desk: Any, channel: Channel, sayings: Sayings
) -> None:
    sayings.error = KeyError("a private thing")
    at_desk(lambda desk: mention(desk, channel))
    assert text(channel) == slack.trouble("1000.000001", "failed")


def test_a_question_that_cannot_be_asked_is_told_why(
    at_desk: Any, channel: Channel, sayings: Sayings
) -> None:
    sayings.error = QuestionError("The question is empty.")
    at_desk(lambda desk: mention(desk, channel, ""))
    assert text(channel) == "The question is empty."


def test_the_stop_button_ends_the_answer_and_what_was_said_stays(
    at_desk: Any, channel: Channel, sayings: Sayings, home: Path
) -> None:
    sayings.hold()

    async def work(desk: Desk) -> None:
        message = await mention(desk, channel)
        sayings.gate.release()
        await until(lambda: channel.replies())
        desk.stop(CHANNEL, message["ts"])
        await until(lambda: not channel.replies()[0]["is_live"])
        sayings.gate.release()

    at_desk(work)
    assert text(channel) == f"Ada came. [1] \n\n{slack.stopped().strip()}"
    assert unfinished(home) == []


def test_a_stop_before_the_first_sentence_is_honoured_at_once(
    at_desk: Any, channel: Channel, sayings: Sayings
) -> None:
    sayings.hold()

    async def work(desk: Desk) -> None:
        message = await mention(desk, channel)
        await until(lambda: sayings.asked)
        desk.stop(CHANNEL, message["ts"])
        await until(lambda: channel.replies())
        sayings.gate.release()

    at_desk(work)
    assert text(channel) == slack.stopped().strip()


def test_a_stop_that_slack_tells_of_first_is_honoured_too(
    at_desk: Any, channel: Channel, sayings: Sayings
) -> None:
    sayings.hold()

    async def work(desk: Desk) -> None:
        channel.fail("chat.appendStream", refused("chat.appendStream", "stopped_by_user"))
        await mention(desk, channel)
        sayings.gate.release()
        sayings.gate.release()
        await until(lambda: channel.replies() and not channel.replies()[0]["is_live"])
        sayings.gate.release()

    at_desk(work)
    assert text(channel) == f"Ada came. [1] \n\n{slack.stopped().strip()}"


def test_a_stop_where_nothing_is_being_answered_does_nothing(at_desk: Any) -> None:
    async def work(desk: Desk) -> None:
        desk.stop(CHANNEL, "1.1")

    at_desk(work)
