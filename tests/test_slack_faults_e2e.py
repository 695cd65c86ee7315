"""What the bot in Slack withstands: a real process, and a workspace where things go wrong."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from slack_support_blocks import Limits
from slack_support_bot import Scene, everything, scene
from slack_support_state import ALICE, BOT, GENERAL, RANDOM, Message, direct

MINISTER = "Who is the foreign minister of Iran?"
WHY = "Why won't Iran negotiate?"
"""Answered in several sentences, so that the stream is gone on with."""
REFERENCE = re.compile(r"(?i)\breference\W+\w+")
WRITES = ("chat.startStream", "chat.appendStream", "chat.stopStream")
METHODS = (*WRITES, "conversations.replies", "assistant.threads.setStatus")
FAULTS = {
    "429": {"status": 429, "retry_after": 1},
    "500": {"status": 500},
    "internal_error": {"error": "internal_error"},
    "fatal_error": {"error": "fatal_error"},
    "cut_before": {"cut": "before"},
    "cut_after": {"cut": "after"},
}


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    base = tmp_path_factory.getbasetemp()
    with scene(base, "faults", slack={"ack_seconds": 1.0}) as opened:
        yield opened


@pytest.fixture(scope="module", autouse=True)
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Scene, list[Message]]]:
    """Thirty questions asked at once, at Slack's own pace: answered while the other tests run."""
    base, limits = tmp_path_factory.getbasetemp(), {"limits": Limits(burst=3)}
    pace = {"QABOT_SLACK_PACE": "1", "QABOT_MODEL": "extractive"}
    with scene(base, "busy", slack=limits, **pace) as opened:
        yield opened, [opened.slack.mention(MINISTER) for _ in range(30)]


@pytest.fixture(autouse=True)
def nothing_goes_wrong_yet(there: Scene) -> Iterator[None]:
    there.writer.says()
    there.slack.api.faults.clear()
    yield
    there.slack.workspace.stream_life = 300.0
    for channel in there.slack.workspace.channels.values():
        channel.is_archived = False
        channel.members.add(BOT)
    assert "Traceback" not in there.bot.said()


def check_whole(there: Scene, question: Message, words: str = "Araqchi") -> None:
    """One whole answer, or one honest sentence with a reference; nothing live, no raw error."""
    there.settled(question)
    time.sleep(0.15)  # what is said twice comes soon after
    replies = there.settled(question)
    shown = "\n".join(everything(one) for one in replies)
    assert not re.search(r"internal_error|fatal_error|ratelimited|Traceback|Error\b", shown)
    assert len(replies) == 1, [one.public() for one in replies]
    assert (words in shown and "Sources" in shown) or REFERENCE.search(shown), shown
    assert shown.count("crystal clear,” Iranian Foreign Minister") <= 2  # the text, the source


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", METHODS)
def test_a_call_that_fails_once_ends_in_a_whole_answer_given_once(
    there: Scene, method: str, fault: str
) -> None:
    root = there.slack.post("Does anybody know Iran?")
    failing = there.slack.fault(method, **FAULTS[fault])
    check_whole(there, there.slack.mention(WHY, thread_ts=root.ts))
    assert failing.times == 0


@pytest.mark.parametrize("fault", FAULTS)
def test_a_whole_message_that_fails_once_is_there_once(there: Scene, fault: str) -> None:
    there.slack.fault("chat.startStream", error="missing_scope")
    failing = there.slack.fault("chat.postMessage", **FAULTS[fault])
    check_whole(there, there.slack.mention(MINISTER))
    assert failing.times == 0


@pytest.mark.parametrize("fault", FAULTS)
def test_an_update_that_fails_once_is_made_again(there: Scene, fault: str) -> None:
    there.slack.workspace.stream_life = 0.0
    failing = there.slack.fault("chat.update", **FAULTS[fault])
    check_whole(there, there.slack.mention(MINISTER))
    assert failing.times == 0


@pytest.mark.parametrize("fault", ["500", "cut_after"])
@pytest.mark.parametrize("method", WRITES)
def test_a_call_that_fails_again_and_again_ends_in_a_whole_answer_given_once(
    there: Scene, method: str, fault: str
) -> None:
    there.slack.fault(method, times=2, **FAULTS[fault])
    check_whole(there, there.slack.mention(WHY))


@pytest.mark.parametrize("mention_first", [True, False])
def test_a_mention_and_its_message_in_either_order_are_one_question(
    there: Scene, mention_first: bool
) -> None:
    check_whole(there, there.slack.mention(MINISTER, mention_first=mention_first))


def test_duplicate_and_late_deliveries_are_answered_once(there: Scene) -> None:
    question = there.slack.mention(MINISTER)
    for _ in range(3):
        there.slack.announce_again(question)
    check_whole(there, question)
    there.slack.announce_again(question)
    assert there.slack.wait(lambda: all(one.acked_at for one in there.slack.deliveries))
    check_whole(there, question)


def test_a_question_of_long_ago_that_arrives_at_last_is_answered(there: Scene) -> None:
    question = there.slack.ask_directly(MINISTER)
    there.answer(question)
    assert there.slack.wait(lambda: there.slack.deliveries[-1].acked_at)


def test_every_event_is_acked_in_time_under_load(there: Scene) -> None:
    before = len(there.slack.deliveries)
    questions = [there.slack.mention(MINISTER) for _ in range(40)]
    for question in questions:
        check_answered(there, question)
    assert there.slack.wait(lambda: all(one.acked_at for one in there.slack.deliveries))
    assert max(len(one.attempts) for one in there.slack.deliveries[before:]) == 1


def check_answered(there: Scene, question: Message) -> None:
    assert "Araqchi" in there.answer(question).text


def test_an_expired_stream_is_finished_by_an_update(there: Scene) -> None:
    there.slack.workspace.stream_life = 0.0
    check_whole(there, there.slack.mention(MINISTER))


@pytest.mark.parametrize("error", ["missing_scope", "not_in_channel", "channel_not_found"])
def test_a_stream_that_is_refused_becomes_a_message(there: Scene, error: str) -> None:
    there.slack.fault("chat.startStream", error=error)
    check_whole(there, there.slack.mention(MINISTER))


def test_a_stream_that_slack_has_lost_is_told_again(there: Scene) -> None:
    there.slack.fault("chat.stopStream", error="message_not_found")
    question = there.slack.mention(MINISTER)
    replies = there.settled(question)
    shown = "\n".join(everything(one) for one in replies)
    assert "Araqchi" in shown or REFERENCE.search(shown)


def test_an_archived_channel_ends_the_work_and_the_next_is_answered(there: Scene) -> None:
    there.slack.fault("conversations.replies", delay=0.2)
    question = there.slack.mention(MINISTER, RANDOM)
    there.slack.workspace.channels[RANDOM].is_archived = True
    after = there.slack.mention(MINISTER)
    check_answered(there, after)
    there.slack.workspace.channels[RANDOM].is_archived = False
    assert len(there.slack.replies(question)) <= 1
    there.slack.workspace.channels[RANDOM].is_archived = True
    assert there.bot.process is not None
    assert there.bot.process.poll() is None


def test_a_deleted_root_is_no_silence_and_stops_nothing(there: Scene) -> None:
    there.writer.says("The mill of Aldby was built in 1801. [mill of Aldby]", held=True)
    question = there.slack.mention("When was the mill of Aldby built?")
    assert there.slack.wait(lambda: there.writer.seen)
    there.slack.delete(question)
    there.writer.free()
    there.writer.says()
    after = there.slack.mention(MINISTER)
    check_answered(there, after)
    assert not there.slack.workspace.live_ones()


def test_upgrades_refused_past_the_life_of_a_ticket_do_not_end_the_connection(
    there: Scene,
) -> None:
    there.slack.sockets.ticket_seconds = 0.2
    there.slack.sockets.is_refusing = True
    there.slack.drop("abort")
    assert there.slack.wait(lambda: there.slack.sockets.upgrades.count("refused") >= 2, 30)
    question = there.slack.mention(MINISTER)
    time.sleep(0.3)
    there.slack.sockets.is_refusing = False
    there.slack.sockets.ticket_seconds = 30.0
    check_whole(there, question)


@pytest.mark.parametrize("how", ["abort", "close", "refresh_requested", "mute"])
def test_a_lost_socket_is_opened_again_and_nothing_asked_meanwhile_is_lost(
    there: Scene, how: str
) -> None:
    there.slack.drop(how)  # type: ignore[arg-type]
    check_whole(there, there.slack.mention(MINISTER))


def test_thirty_questions_at_once_in_one_channel_are_all_answered_without_a_429(
    busy: tuple[Scene, list[Message]],
) -> None:
    scene, questions = busy
    for question in questions:
        replies = scene.settled(question, 90.0)
        assert [("Araqchi" in everything(one)) for one in replies] == [True]
    assert [call for call in scene.slack.calls() if call.status == 429] == []


def test_missing_scopes_are_said_to_the_operator_and_work_goes_on_when_they_are_given(
    there: Scene,
) -> None:
    there.slack.scopes.discard("chat:write")
    question = there.slack.mention(MINISTER)
    assert there.slack.wait(lambda: "chat:write" in there.bot.said())
    there.slack.scopes.add("chat:write")
    check_answered(there, there.slack.mention(MINISTER))
    assert len(there.slack.replies(question)) <= 1


def test_revoked_tokens_are_said_once_and_the_question_is_answered_with_good_ones(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    base = tmp_path_factory.getbasetemp()
    with scene(base, "revoked", QABOT_MODEL="extractive") as small:
        small.slack.api.revoked = "token_revoked"
        question = small.slack.ask_directly(MINISTER)
        another = small.slack.ask_directly(MINISTER)
        assert small.slack.wait(lambda: "SLACK_BOT_TOKEN" in small.bot.said(), 30)
        time.sleep(0.5)
        assert small.bot.said().count("token_revoked") <= 3, small.bot.said()
        small.bot.kill()
        small.slack.api.revoked = None
        small.bot.start()
        for asked in (question, another):
            check_answered(small, asked)
        assert (question.channel, GENERAL, ALICE) == (direct(ALICE), "C0GENERAL", "U0ALICE")
