"""The bot as Slack needs it: what a channel may read, and what a direct message may."""

from __future__ import annotations

from pathlib import Path

import pytest

from qabot.build import ingest_paths, open_bot
from qabot.settings import Settings
from qabot.slack.answering import Answering

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
