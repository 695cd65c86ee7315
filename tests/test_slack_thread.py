"""What people write: which of it is a question, what it says, and what was said before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_desk_support import CHANNEL, PERSON, WE
from texts_support import strings

from qabot.slack.inbox import Inbox
from qabot.slack.thread import (
    REMEMBERED,
    heard,
    is_courtesy,
    metadata,
    moment,
    plain,
    received,
    turns,
)
from qabot.types import Turn

BOT = f"<@{WE.user}>"


@pytest.fixture
def inbox(home: Path) -> Iterator[Inbox]:
    opened = Inbox(home)
    yield opened
    opened.close()


def event(text: str, ts: str = "5.0", **more: Any) -> dict[str, Any]:
    given = {"type": "message", "channel": CHANNEL, "user": PERSON, "text": text, "ts": ts}
    return {**given, **more}


def is_taken(inbox: Inbox, text: str, ts: str = "5.0", **more: Any) -> bool:
    """Whether a message becomes a question."""
    message = heard(event(text, ts, **more), WE, 0.0)
    return message is not None and received(inbox, message)


def test_a_direct_message_is_a_question_and_its_own_thread(inbox: Inbox) -> None:
    message = heard(event("Who came?", channel="D1", channel_type="im"), WE, 3.0)
    assert message is not None
    assert message.question.is_direct
    assert (message.question.thread_ts, message.question.received_at) == ("5.0", 3.0)
    assert received(inbox, message)


def test_a_message_in_a_channel_is_a_question_only_if_it_mentions_the_bot(inbox: Inbox) -> None:
    assert not is_taken(inbox, "Who came?", "5.0")
    assert is_taken(inbox, f"{BOT} who came?", "6.0")


def test_a_mention_and_its_message_are_one_question_in_either_order(inbox: Inbox) -> None:
    assert is_taken(inbox, f"{BOT} who came?")
    assert not is_taken(inbox, f"{BOT} who came?", type="app_mention")
    assert is_taken(inbox, f"{BOT} who came?", "6.0", type="app_mention")
    assert not is_taken(inbox, f"{BOT} who came?", "6.0")


def test_follow_ups_need_no_mention_where_the_bot_was_called(inbox: Inbox) -> None:
    assert not is_taken(inbox, "And when?", "4.0", thread_ts="1.0")
    assert is_taken(inbox, f"{BOT} who came?", "5.0", thread_ts="1.0")
    assert is_taken(inbox, "And when?", "6.0", thread_ts="1.0")
    assert is_taken(inbox, "And why?", "7.0", thread_ts="1.0", user="U0BOB")
    assert not is_taken(inbox, "And why?", "8.0", thread_ts="2.0")


def test_a_thread_given_back_to_its_people_is_left_alone_until_the_bot_is_called(
    inbox: Inbox,
) -> None:
    assert is_taken(inbox, f"{BOT} who came?", "1.0")
    assert not is_taken(inbox, "<@U0BOB> were you there?", "2.0", thread_ts="1.0")
    assert not is_taken(inbox, "I was. Why?", "3.0", thread_ts="1.0", user="U0BOB")
    assert is_taken(inbox, f"{BOT} and when?", "4.0", thread_ts="1.0")
    assert is_taken(inbox, "And why?", "5.0", thread_ts="1.0")


@pytest.mark.parametrize("group", ["<!here>", "<!subteam^S1|@team>", "<!channel|channel>"])
def test_a_message_to_a_group_is_not_for_the_bot(inbox: Inbox, group: str) -> None:
    is_taken(inbox, f"{BOT} who came?", "1.0")
    assert not is_taken(inbox, f"{group} who was there?", "2.0", thread_ts="1.0")


@pytest.mark.parametrize("text", ["Thanks!", "ok", ":+1:", "great, thank you so much :tada:", "👍"])
def test_thanks_and_assent_ask_nothing(inbox: Inbox, text: str) -> None:
    is_taken(inbox, f"{BOT} who came?", "1.0")
    assert not is_taken(inbox, text, "2.0", thread_ts="1.0")
    assert is_taken(inbox, "really?", "3.0", thread_ts="1.0")


@pytest.mark.parametrize("text", ["right?", "Araghchi", "why", "ok but why", "no sanctions at all"])
def test_short_questions_are_no_courtesy(text: str) -> None:
    assert not is_courtesy(text)


@pytest.mark.parametrize(
    "change",
    [
        {"bot_id": "B1"},
        {"subtype": "bot_message"},
        {"subtype": "message_changed"},
        {"subtype": "channel_join"},
        {"user": WE.user},
        {"user": None},
        {"ts": 5},
        {"channel": None},
        {"type": "reaction_added"},
    ],
)
def test_what_programs_write_and_what_is_malformed_is_no_question(change: dict[str, Any]) -> None:
    assert heard({**event(f"{BOT} who came?"), **change}, WE, 0.0) is None


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (f"{BOT} who came?", "who came?"),
        (f"who, {BOT}, came?", "who, , came?"),
        ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
        ("see <https://example.org|the page> and <https://a.example>", "see the page and https://a.example"),
        ("in <#C1|general> at <!date^1^{date}|noon>", "in general at noon"),
        (f"<@{WE.user}|articles> hi", "hi"),
        ("<!here> who?", "who?"),
        ("two\nlines   here", "two\nlines here"),
    ],
)  # fmt: skip
def test_a_message_is_read_without_slacks_markup(written: str, said: str) -> None:
    assert plain(written, WE) == said


@given(strings)
def test_any_text_is_heard(text: str) -> None:
    message = heard(event(text, channel_type="im"), WE, 0.0)
    assert message is not None
    assert BOT not in message.question.text or "&" in text
    is_courtesy(text)


@given(st.one_of(strings, st.none(), st.integers()))
def test_any_time_stamp_sorts(ts: object) -> None:
    assert moment(ts) >= (0, 0)


def person(ts: str, text: str) -> dict[str, Any]:
    return {"user": PERSON, "ts": ts, "thread_ts": "1.0", "text": text}


def bot(ts: str, text: str, about: str | None = None, **marks: str) -> dict[str, Any]:
    given = {"user": WE.user, "bot_id": WE.bot, "ts": ts, "thread_ts": "1.0", "text": text}
    return {**given, **({"metadata": metadata(about, marks)} if about else {})}


def asked(ts: str = "9.0") -> Any:
    message = heard(event("And why?", ts, thread_ts="1.0"), WE, 0.0)
    assert message is not None
    return message.question


def test_turns_are_questions_with_our_answers_and_without_chatter() -> None:
    messages = [
        person("1.0", f"{BOT} who came?"),
        bot(
            "2.0",
            "Reuters &amp; AP, 27 Feb 2026: Ada came. [1][2] The Times, 1 Mar 2026: Bob came. [3]",
            "1.0",
            status="answered",
        ),
        person("3.0", "<@U0BOB> did you see this?"),
        person("4.0", "and when?"),
        bot("5.0", "On Monday. [1]", "4.0", status="answered", standalone="When did Ada come?"),
        person("9.0", "And why?"),
    ]
    assert turns(messages, asked(), WE, {}) == [
        Turn("who came?", "Ada came. Bob came."),
        Turn("and when?", "On Monday.", "When did Ada come?"),
    ]


def test_an_abstention_is_a_turn_without_an_answer_and_a_failure_is_none() -> None:
    messages = [
        person("1.0", "who came?"),
        bot("2.0", "The articles do not say.", "1.0", status="abstained"),
        person("3.0", "and when?"),
        bot("4.0", "Something went wrong.", "3.0", status="trouble"),
    ]
    assert turns(messages, asked(), WE, {}) == [Turn("who came?", "")]


def test_an_answer_without_marks_belongs_to_what_is_recorded_or_else_to_the_message_before() -> (
    None
):
    messages = [
        person("1.0", "who came?"),
        person("2.0", "and when?"),
        bot("3.0", "Ada came."),
        bot("4.0", "On Monday."),
    ]
    both = [Turn("who came?", "Ada came."), Turn("and when?", "On Monday.")]
    assert turns(messages, asked(), WE, {"3.0": "1.0", "4.0": "2.0"}) == both
    assert turns(messages[:1] + messages[2:3], asked(), WE, {}) == both[:1]


def test_what_comes_after_the_question_and_its_own_answer_are_no_memory() -> None:
    messages = [
        person("1.0", "who came?"),
        person("9.0", "And why?"),
        bot("10.0", "Half an ans", None),
        bot("11.0", "Ada came.", "1.0", status="answered"),
        person("12.0", "and where?"),
        bot("13.0", "Here.", "12.0", status="answered"),
    ]
    assert turns(messages, asked(), WE, {"10.0": "9.0"}) == [Turn("who came?", "Ada came.")]


def test_only_the_last_turns_are_remembered() -> None:
    messages = []
    for number in range(100, 150):
        messages += [person(f"{number}.0", f"question {number}")]
        messages += [bot(f"{number}.5", f"answer {number}", f"{number}.0", status="answered")]
    found = turns(messages, asked("200.0"), WE, {})
    assert len(found) == REMEMBERED
    assert found[-1] == Turn("question 149", "answer 149")


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 30), strings), max_size=20))
def test_any_thread_gives_turns(thread: list[tuple[bool, int, str]]) -> None:
    messages = [
        (bot if is_ours else person)(f"{ts}.{number}", text)
        for number, (is_ours, ts, text) in enumerate(thread)
    ]
    for turn in turns(messages, asked("20.0"), WE, {}):
        assert any(plain(text, WE) == turn.question for is_ours, _, text in thread if not is_ours)
