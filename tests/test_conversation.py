"""Conversations: turns are remembered, logged, gone on with; a log that fails loses no answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from llm_support import Server, reply

from qabot.build import open_conversation
from qabot.conversation import Conversation
from qabot.log import Log
from qabot.settings import Settings

FIRST, SECOND = "Who is Iran's foreign minister?", "And what did he say about pressure?"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def conversation(home: Path, said: list[str]) -> Iterator[Conversation]:
    opened = open_conversation(Settings(home), said.append)
    said.clear()
    yield opened
    opened.close()


def test_a_follow_up_is_looked_up_with_the_names_of_the_turn_before(
    conversation: Conversation,
) -> None:
    assert "Araqchi" in conversation.ask(FIRST).text
    answer = conversation.ask(SECOND)
    assert answer.standalone is not None
    assert "Araqchi" in answer.standalone
    assert answer.question == SECOND
    assert "under pressure" in answer.text


def test_a_new_conversation_knows_nothing_of_the_old_one(conversation: Conversation) -> None:
    conversation.ask(FIRST)
    conversation.begin()
    assert conversation.turns == ()
    assert conversation.ask(SECOND).standalone is None


def test_each_answer_is_logged_under_its_conversation(
    conversation: Conversation, home: Path
) -> None:
    conversation.ask(FIRST)
    conversation.ask(SECOND)
    conversation.begin()
    conversation.ask(FIRST)
    newest, second, first = Log(home).entries()
    assert first.conversation == second.conversation != newest.conversation
    assert (second.question, second.standalone is not None) == (SECOND, True)
    assert first.answer["citations"]
    assert first.answer["explanation"]["hits"]


def test_the_last_conversation_is_gone_on_with(home: Path, said: list[str]) -> None:
    first = open_conversation(Settings(home))
    first.ask(FIRST)
    first.close()
    second = open_conversation(Settings(home), said.append, go_on=True)
    answer = second.ask(SECOND)
    second.close()
    assert "Araqchi" in (answer.standalone or "")
    one, other = Log(home).entries()
    assert one.conversation == other.conversation
    assert not said


def test_with_none_to_go_on_with_it_is_said(home: Path, said: list[str]) -> None:
    open_conversation(Settings(home), said.append, go_on=True).close()
    assert "no conversation to go on with" in said[-1]


def test_nothing_is_logged_when_none_is_wanted_but_the_last_one_can_be_gone_on_with(
    home: Path,
) -> None:
    first = open_conversation(Settings(home))
    first.ask(FIRST)
    first.close()
    second = open_conversation(Settings(home, log=False), go_on=True)
    assert second.ask(SECOND).standalone
    second.close()
    assert len(Log(home).entries()) == 1


def test_an_answer_that_cannot_be_logged_is_given_and_said_once(
    conversation: Conversation, home: Path, said: list[str]
) -> None:
    (home / "log.sqlite3").write_bytes(b"no database at all" * 100)
    assert conversation.ask(FIRST).status == "answered"
    assert conversation.ask(SECOND).status == "answered"
    assert len(said) == 1
    assert said[0].startswith("Not logged: The log at ")


def test_the_cost_is_that_of_the_price_that_is_set(home: Path) -> None:
    with Server([reply("NOT IN THE ARTICLES")]) as server:
        settings = Settings(home, model="m", base_url=server.base_url, price=(1_000.0, 10_000.0))
        conversation = open_conversation(settings)
        conversation.ask(FIRST)
        conversation.close()
    (entry,) = Log(home).entries()
    assert (entry.model, entry.prompt_tokens, entry.completion_tokens) == ("m", 7, 3)
    assert entry.cost_usd == pytest.approx(0.037)
