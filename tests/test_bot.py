"""``Bot.ask`` from question to answer, on the real index."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from qabot.answers import EMPTY_INDEX, NOTHING_FOUND
from qabot.bot import Bot
from qabot.build import ingest_paths, open_bot, open_index
from qabot.retrieve import retrieve
from qabot.settings import Settings
from qabot.types import Hit, Turn

ANSWERABLE = "Why won't Iran negotiate?"
UNANSWERABLE = "Who won the football match?"
Opener = Callable[[str], Bot]


@pytest.fixture
def bot_on(home: Path, tmp_path: Path) -> Opener:
    """Opens a bot on one article of the test's own."""

    def opened(text: str) -> Bot:
        path = tmp_path / "article.txt"
        path.write_bytes(text.encode("utf-8"))
        settings = Settings(home=home)
        ingest_paths(settings, [path], lambda done, total, name: None)
        return open_bot(settings)

    return opened


def test_an_answer_is_made_of_the_articles_own_sentences(bot: Bot, seed_text: str) -> None:
    answer = bot.ask(ANSWERABLE)
    assert answer.status == "answered"
    assert 1 <= len(answer.claims) == len(answer.citations) <= 3
    for claim, citation in zip(answer.claims, answer.citations, strict=True):
        assert claim.markers == (citation.marker,)
        assert claim.verdict == "supported"
        assert claim.text == " ".join(citation.quote.split())
        assert citation.quote in seed_text
    assert answer.closest == ()
    assert answer.rejected == ()


def test_what_the_articles_do_not_say_is_not_answered(bot: Bot) -> None:
    answer = bot.ask(UNANSWERABLE)
    assert answer.status == "abstained"
    assert answer.explanation is not None
    assert answer.text == NOTHING_FOUND.format(reason=answer.explanation.reason)
    assert answer.claims == answer.citations == ()
    assert 1 <= len(answer.closest) <= 3
    assert answer.explanation
    assert answer.explanation.reason


def test_the_same_question_gets_the_same_answer(bot: Bot) -> None:
    first, second = bot.ask(ANSWERABLE), bot.ask(ANSWERABLE)
    assert (first.text, first.citations) == (second.text, second.citations)
    assert first.explanation == second.explanation


def test_earlier_turns_are_taken(bot: Bot) -> None:
    history = [Turn("Who visited Tehran?", "Lavrov did.")]
    assert bot.ask(ANSWERABLE, history).status == "answered"


def test_the_steps_are_timed(bot: Bot) -> None:
    timings = bot.ask(ANSWERABLE).timings_ms
    assert set(timings) == {"condense", "retrieve", "answer", "first_sentence", "total"}
    assert all(value >= 0 for value in timings.values())


def test_fewer_passages_are_read_when_fewer_are_asked_for(bot: Bot) -> None:
    explanation = bot.ask(ANSWERABLE, top_k=2).explanation
    assert explanation
    assert len(explanation.hits) == 2


def test_threads_share_a_bot(bot: Bot) -> None:
    questions = [ANSWERABLE, UNANSWERABLE, "What did Lavrov say?", "Who is Rubio?"] * 5
    expected = [bot.ask(question).text for question in questions]
    start = threading.Barrier(8)

    def ask(question: str) -> str:
        return bot.ask(question).text

    with ThreadPoolExecutor(8, initializer=start.wait) as pool:
        assert list(pool.map(ask, questions)) == expected


def test_on_first_use_the_articles_that_come_along_are_indexed_and_said_to_be(home: Path) -> None:
    said: list[str] = []
    opened = open_bot(notice=said.append)
    assert opened.ask(ANSWERABLE).status == "answered"
    opened.close()
    assert len(said) == 1
    assert "First use" in said[0]
    again = open_bot(notice=said.append)
    again.close()
    assert len(said) == 1
    assert home.exists()


def test_an_index_emptied_on_purpose_stays_empty_and_says_so(home: Path) -> None:
    open_bot().close()
    index = open_index(Settings(home=home))
    with index.writing() as writer:
        assert writer.remove("tehran-rejects-maximum-pressure")
    index.close()
    opened = open_bot()
    answer = opened.ask(ANSWERABLE)
    opened.close()
    assert (answer.status, answer.text, answer.closest) == ("abstained", EMPTY_INDEX, ())


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_citations_count_line_ends_as_they_are(bot_on: Opener, newline: str) -> None:
    lines = [
        "\ufeffThe Mill",
        "",
        "It stands by a brook.",
        "",
        "Ada Lee built the mill in 1901.",
        "",
    ]
    text = newline.join(lines)
    opened = bot_on(text)
    answer = opened.ask("Who built the mill?")
    opened.close()
    (citation,) = [one for one in answer.citations if "Ada Lee" in one.quote]
    assert text[citation.start : citation.end] == citation.quote
    assert citation.line == 5


def test_a_quotation_over_several_lines_is_shown_on_one_and_cited_as_it_stands(
    bot_on: Opener,
) -> None:
    sentence = "Ada Lee, who had come from the north of the country,\nbuilt the mill in 1901."
    text = f"The Mill\n\n{sentence}\n"
    opened = bot_on(text)
    answer = opened.ask("Who built the mill?")
    opened.close()
    (citation,) = answer.citations
    assert "\n" in citation.quote
    assert text[citation.start : citation.end] == citation.quote
    assert "country, built" in answer.text


def test_letters_and_joiners_of_other_scripts_come_through(bot_on: Opener) -> None:
    sentence = "Ada Lee, called نامه\u200cها and 👩\u200d🚀, built the mill in 1901."
    opened = bot_on(f"The Mill\n\n{sentence}\n\nIt stands by a brook in the hills.\n")
    answer = opened.ask("Who built the mill?")
    opened.close()
    assert sentence in answer.text


def test_a_commit_in_the_middle_of_a_question_is_noticed_and_the_question_asked_again(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = iter(["before", "after", "after", "after"])
    monkeypatch.setattr(type(bot._index), "store_name", property(lambda index: next(states)))
    lookups = []

    def counted(*arguments: Any) -> list[Hit]:
        lookups.append(arguments)
        return retrieve(*arguments)

    monkeypatch.setattr("qabot.selecting.retrieve", counted)
    monkeypatch.setattr(bot._index, "dense", lambda *given: [])
    assert bot.ask("Who is Iran's foreign minister?").status == "answered"
    assert len(lookups) == 2
