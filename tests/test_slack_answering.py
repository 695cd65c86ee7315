"""The bot as Slack needs it: what a channel may read, and what a direct message may."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from qabot.bot import Bot
from qabot.build import ingest_paths, open_bot
from qabot.errors import QuestionError
from qabot.settings import Settings
from qabot.slack.answering import Answering
from qabot.types import Answer, Turn

QUESTION = "Who built the mill in 1901?"


@pytest.fixture
def two_articles(home: Path, tmp_path: Path) -> Settings:
    for name, builder in (("mill", "Ada Lee"), ("ship", "Bo Holm")):
        text = f"The {name}\n\n{builder} built the {name} in 1901.\n"
        (tmp_path / f"{name}.txt").write_text(text, "utf-8")
    settings = Settings(home)
    ingest_paths(settings, sorted(tmp_path.glob("*.txt")), lambda done, total, name: None)
    return settings


@pytest.mark.parametrize(
    ("shared", "is_direct", "is_told"),
    [
        ((), False, True),
        (("ship",), True, True),
        (("ship",), False, False),
        (("mill",), False, True),
    ],
)
def test_a_channel_reads_only_the_articles_that_are_meant_for_it(
    two_articles: Settings, shared: tuple[str, ...], is_direct: bool, is_told: bool
) -> None:
    bot = open_bot(two_articles)
    answering = Answering(bot, shared=shared)
    answer, _ = answering.ask(QUESTION, (), "c", lambda sentence: None, is_direct)
    bot.close()
    shown = f"{answer.text} {[one.quote for one in (*answer.closest, *answer.citations)]}"
    assert ("Ada Lee" in shown) is is_told


def ask(bot: Bot, question: str, *shared: str) -> Answer:
    return Answering(bot, shared=shared).ask(question, (), "c", lambda one: None, not shared)[0]


def test_filters_in_a_question_are_taken_out_and_confirmed(two_articles: Settings) -> None:
    with closing(open_bot(two_articles)) as bot:
        answer = ask(bot, "source:ship Who built it in 1901?")
        assert answer.question == "Who built it in 1901?"
        assert answer.notes == ("Read 1 of 2 articles: source “ship”.",)
        assert "Bo Holm" in answer.text
        with pytest.raises(QuestionError, match="empty"):
            ask(bot, "source:ship")


def test_no_filter_opens_what_is_not_meant_for_a_channel(two_articles: Settings) -> None:
    with closing(open_bot(two_articles)) as bot:
        with pytest.raises(QuestionError) as refused:
            ask(bot, f"{QUESTION} source:mill", "ship")
        assert "Did you mean" not in str(refused.value)
        answer = ask(bot, f"{QUESTION} since:2020", "ship")
        assert {one.document_id for one in answer.closest} == {"ship"}


def test_earlier_questions_are_read_without_their_filters(two_articles: Settings) -> None:
    with closing(open_bot(two_articles)) as bot:
        history = [Turn("Who built the mill? source:mill", "Ada Lee built it.")]
        answer, _ = Answering(bot).ask("When did she build it?", history, "c", lambda one: None)
        assert "source" not in (answer.standalone or "")
