"""Killed at any point, ended half-way: each question is answered, once, and nothing stays live."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from slack_support_articles import TOWNS
from slack_support_bot import Scene, everything, scene
from slack_support_state import Message

THREE = [
    f"The mill of {town} was built in {1801 + number} by the millers’ guild of {town} 🌾."
    f" [mill of {town}] "
    for number, town in enumerate(TOWNS[:3])
]
QUESTION = "When were the mills of Aldby, Borby and Carby built?"
METHODS = (
    "assistant.threads.setStatus",
    "conversations.replies",
    "chat.startStream",
    "chat.appendStream",
    "chat.stopStream",
)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    base = tmp_path_factory.getbasetemp()
    with scene(base, "restarts", start=False, slack={"ack_seconds": 1.0}) as opened:
        yield opened


@pytest.fixture(autouse=True)
def running(there: Scene) -> None:
    there.slack.api.faults.clear()
    there.writer.says(*THREE)
    if there.bot.process is None or there.bot.process.poll() is not None:
        there.bot.start()


def check_once(there: Scene, question: Message) -> None:
    """One message, whole, with its sources, and no more live."""
    reply = there.answer(question)
    assert not reply.is_live
    for year in ("1801", "1802", "1803"):
        assert reply.text.count(year) == 1, reply.text
    assert "Sources" in json.dumps(reply.blocks)


def in_thread(there: Scene, root: Message) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a call has to do with a thread."""

    def look(arguments: Mapping[str, Any]) -> bool:
        ts = arguments.get("ts", "")
        message = there.slack.workspace.messages[root.channel].get(ts)
        return root.ts in (arguments.get("thread_ts"), ts, message and message.thread_ts)

    return look


@pytest.mark.parametrize("effect", ["before", "after"])
def test_a_process_killed_at_any_call_resumes_each_question_after_its_restart(
    there: Scene, effect: str
) -> None:
    pause = {"delay": 20.0} if effect == "before" else {"late": 20.0}
    roots = [there.slack.post("Does anybody know the mills?") for _ in METHODS]
    faults = [
        there.slack.fault(method, only=in_thread(there, root), **pause)
        for method, root in zip(METHODS, roots, strict=True)
    ]
    questions = [there.slack.mention(QUESTION, thread_ts=root.ts) for root in roots]
    assert there.slack.wait(lambda: not any(fault.times for fault in faults))
    time.sleep(0.1)  # the effect comes soon after
    there.bot.kill()
    there.bot.start()
    for question in questions:
        check_once(there, question)


def test_a_process_killed_before_its_ack_gets_the_question_again_and_answers_once(
    there: Scene,
) -> None:
    there.bot.kill()
    question = there.slack.mention(QUESTION)
    there.bot.start()
    check_once(there, question)


def test_a_process_killed_again_and_again_answers_at_last_and_once(there: Scene) -> None:
    there.writer.says(*THREE, held=True)
    question = there.slack.mention(QUESTION)
    for _ in range(2):
        there.writer.let(2)
        assert there.slack.wait(lambda: there.slack.replies(question))
        there.bot.kill()
        there.bot.start()
    there.writer.free()
    check_once(there, question)


def test_a_stop_by_sigterm_drains_what_is_being_answered(there: Scene) -> None:
    there.writer.says(*THREE, held=True)
    question = there.slack.mention(QUESTION)
    there.writer.let(2)
    assert there.slack.wait(lambda: there.slack.replies(question))
    there.bot.terminate()
    there.writer.free()
    assert there.bot.wait() == 0
    check_once(there, question)
    assert "Traceback" not in there.bot.said()


def test_a_question_redelivered_after_a_restart_is_answered_once(there: Scene) -> None:
    question = there.slack.mention(QUESTION)
    check_once(there, question)
    there.bot.terminate()
    assert there.bot.wait() == 0
    there.bot.start()
    there.slack.announce_again(question)
    assert there.slack.wait(lambda: all(one.acked_at for one in there.slack.deliveries[-2:]))
    other = there.slack.mention(QUESTION)
    check_once(there, other)
    check_once(there, question)
    assert "1801" in everything(there.slack.replies(question)[0])
