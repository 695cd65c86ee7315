"""What people do beside asking: they open articles, judge answers, visit the app."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from conftest import SEED_ID

from qabot.bot import Bot
from qabot.log import Log
from qabot.render.slack_views import feedback_value, place_value
from qabot.slack.answering import Answering
from qabot.slack.client import SlackRefused
from qabot.slack.interactions import Interactions
from qabot.types import Judgement

Do = Callable[[Interactions], Awaitable[None]]


class Views:
    """What Slack shows to people."""

    def __init__(self) -> None:
        self.opened: list[Any] = []
        self.published: list[Any] = []
        self.told: list[str] = []
        self.prompts: list[Any] = []
        self.error: str | None = None

    async def views_open(self, *, trigger_id: str, view: Any) -> None:
        if self.error:
            raise SlackRefused("views.open", self.error)
        self.opened.append(view)

    async def views_publish(self, *, user_id: str, view: Any) -> None:
        self.published.append((user_id, view))

    async def chat_postEphemeral(self, *, text: str, **_: Any) -> None:
        self.told.append(text)

    async def assistant_threads_setSuggestedPrompts(self, **given: Any) -> None:
        self.prompts.append(given)


@pytest.fixture
def log(home: Path) -> Iterator[Log]:
    with closing(Log(home)) as opened:
        yield opened


@pytest.fixture
def views() -> Views:
    return Views()


@pytest.fixture
def people(bot: Bot, log: Log, views: Views) -> Interactions:
    desk: Any = Mock(answering=Answering(bot, log))
    desk.allows = lambda channel, user, is_direct: user == "U1"
    client: Any = views
    return Interactions(desk, client)


def click(value: str | None, user: str = "U1") -> dict[str, Any]:
    return {
        "user": {"id": user},
        "channel": {"id": "C1"},
        "trigger_id": "1.2.3",
        "container": {"thread_ts": "1.0"},
        "actions": [{"value": value}],
    }


def explained(reference: str, user: str = "U1") -> dict[str, Any]:
    values = {
        "category": {"category": {"selected_option": {"value": "missing"}}},
        "comment": {"comment": {"value": "the year"}},
    }
    view = {"private_metadata": reference, "state": {"values": values}}
    return {"user": {"id": user}, "view": view}


def logged(bot: Bot, log: Log) -> str:
    return str(log.add(bot.ask("Who is Iran's foreign minister?")).number)


def test_a_button_opens_the_article_at_its_place(
    people: Interactions, views: Views, bot: Bot
) -> None:
    asyncio.run(people.show(click(place_value(SEED_ID, 100, 160))))
    document = bot.index.catalog.document(SEED_ID)
    assert document is not None
    assert document.text[100:130] in str(views.opened[0])


@pytest.mark.parametrize("place", [("gone", 0, 5), (SEED_ID, 0, 10_000_000)])
def test_a_button_of_an_article_that_has_changed_says_so(
    people: Interactions, views: Views, place: tuple[str, int, int]
) -> None:
    asyncio.run(people.show(click(place_value(*place))))
    assert "has changed or is gone" in str(views.opened[0])


def test_a_modal_that_does_not_open_is_told_to_who_clicked(
    people: Interactions, views: Views
) -> None:
    views.error = "expired_trigger_id"
    asyncio.run(people.show(click(place_value(SEED_ID, 100, 160))))
    assert views.told == ["The article could not be shown. Press the button again."]


@pytest.mark.parametrize("value", [None, "", "{", "[]", '{"document_id": 3}', "9" * 5_000])
def test_a_button_with_a_value_that_is_not_ours_does_nothing(
    people: Interactions, views: Views, value: str | None
) -> None:
    asyncio.run(people.show(click(value)))
    asyncio.run(people.feedback(click(value)))
    assert (views.opened, views.told) == ([], [])


def test_a_thumb_up_is_kept_and_a_thumb_down_asks_why(
    people: Interactions, views: Views, bot: Bot, log: Log
) -> None:
    number = logged(bot, log)
    asyncio.run(people.feedback(click(feedback_value(number, True))))
    assert [(one.reader, one.is_good) for one in log.judgements()] == [("U1", True)]
    assert views.opened == []
    asyncio.run(people.feedback(click(feedback_value(number, False))))
    assert [one.is_good for one in log.judgements()] == [False]
    assert views.opened[0]["private_metadata"] == number


def test_what_is_written_in_the_form_is_kept_and_not_lost_by_another_click(
    people: Interactions, bot: Bot, log: Log
) -> None:
    number = logged(bot, log)
    asyncio.run(people.feedback(click(feedback_value(number, False))))
    asyncio.run(people.explained(explained(number)))
    asyncio.run(people.feedback(click(feedback_value(number, False))))
    [kept] = log.judgements()
    assert kept == Judgement(
        int(number), "U1", False, "missing", "the year", judged_at=kept.judged_at
    )


def test_feedback_on_an_answer_that_is_not_logged_is_told_so(
    people: Interactions, views: Views
) -> None:
    for reference in ("99", "x", "²", "9" * 40):
        asyncio.run(people.feedback(click(feedback_value(reference, True))))
        asyncio.run(people.explained(explained(reference)))
    assert views.told == 4 * ["This answer is no longer in the log, nor is feedback."]


def test_others_than_the_allowed_get_nothing(
    people: Interactions, views: Views, bot: Bot, log: Log
) -> None:
    number = logged(bot, log)
    asyncio.run(people.show(click(place_value(SEED_ID, 100, 160), "U2")))
    asyncio.run(people.feedback(click(feedback_value(number, False), "U2")))
    asyncio.run(people.explained(explained(number, "U2")))
    for tab in ("home", "messages"):
        asyncio.run(people.opened({"user": "U2", "channel": "D2", "tab": tab}))
    assert (views.opened, views.told, views.published, views.prompts) == ([], [], [], [])
    assert log.judgements() == []


def test_opening_the_app_shows_the_sources_or_prompts(people: Interactions, views: Views) -> None:
    asyncio.run(people.opened({"user": "U1", "channel": "D1", "tab": "home"}))
    [(user, view)] = views.published
    assert user == "U1"
    assert "1 article" in str(view)
    asyncio.run(people.opened({"user": "U1", "channel": "D1", "tab": "messages"}))
    assert views.prompts[0]["channel_id"] == "D1"
    asyncio.run(people.opened({"user": "U1", "tab": "messages"}))
    asyncio.run(people.opened({}))
    assert len(views.prompts) == 1
