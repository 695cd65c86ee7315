"""A question about now prefers the newer articles, and old ones alone do not answer it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_support import EMBEDDER

from qabot.bot import Bot
from qabot.conversation import Conversation
from qabot.dates import day_in_address
from qabot.encoder import OnnxEncoder
from qabot.evaluation.rows import case_of
from qabot.evaluation.throwaway import MemoryIndex
from qabot.filters import Filters
from qabot.recency import age_note, freshness, nowness, older_event, too_old
from qabot.types import Document, Origin

TODAY = date(2024, 8, 8)
WEEK, MONTH, YEAR = (TODAY - timedelta(days) for days in (3, 40, 500))
ENCODER = OnnxEncoder()
days = st.one_of(st.none(), st.dates())


def lawsuit(company: str, day: date | None, judge: str = "A judge in Westport") -> Document:
    text = (
        f"{company} Loses Lawsuit\n\n{judge} ruled that {company} had lost the antitrust lawsuit "
        f"over its search engine.\n\nShares of {company} fell by a tenth.\n"
    )
    origin = Origin(date=day.isoformat() if day else "")
    return Document(company, f"{company} Loses Lawsuit", f"/{company}.txt", text, origin)


NEW, OLDER, OLD = lawsuit("Harken", WEEK), lawsuit("Bellwood", MONTH), lawsuit("Ostrand", YEAR)
QUESTION = "Which company lost an antitrust lawsuit this week?"


def bot_over(*documents: Document) -> Bot:
    return Bot(MemoryIndex(documents, EMBEDDER), EMBEDDER, encoder=ENCODER)


@pytest.mark.parametrize(
    "question",
    [
        QUESTION,
        "Who is running for mayor?",
        "Which bank has recently closed?",
        "Who has been named as the new coach?",
        "Where will the talks be held?",
        "What’s happening in Westport?",
        "WHAT IS THE LATEST ON THE STRIKE?",
        "Who will win the election of 2024?",
        "When is the bridge over the Westport river expected to open?",
        "Who is being sued by the union?",
        "Which bank says it’s leaving Westport?",
        "What does the council plan to do with the harbour?",
        "What are the schools to be closed this autumn?",
        "Who leads the team next season?",
    ],
)
def test_some_questions_are_about_now(question: str) -> None:
    assert nowness(question, TODAY) == (2 if "this week" in question else 1)
    assert nowness(question, None) == 0


@pytest.mark.parametrize(
    "question",
    ["What happened on Monday?", "Monday’s vote: who won?", "Who won in Sunday's race?",
     "Which school has been shut since Tuesday?", "what did the mayor say this Friday?"],
)  # fmt: skip
def test_a_day_of_the_week_is_one_of_these_days(question: str) -> None:
    assert nowness(question, TODAY) == 2


@pytest.mark.parametrize(
    "question",
    [
        "Who founded the company?",
        "Who has won the cup in 1998?",
        "What will the bridge that opened on June 3 cost?",
        "Who was running for mayor on 3 May?",
        "Why won the strikers?",
        "What did Will Hart say?",
        "Who sang on Black Friday?",
        "How many children have the Harts?",
        "How many have children?",
        "",
    ],
)
def test_others_are_not(question: str) -> None:
    assert nowness(question, TODAY) == 0


@pytest.mark.parametrize(
    "question",
    [
        "What is maximum pressure?",
        "What is the meaning of the treaty?",
        "Is Beijing a party to the treaty?",
        "What is a human being?",
        "What is Super Tuesday's purpose?",
        "When is Easter Sunday?",
        "Who’s the mayor?",
        "Where does the ferry stop?",
    ],
)
def test_how_things_are_may_be_long_so(question: str) -> None:
    assert nowness(question, TODAY) == 0.5
    assert nowness(question, None) == 0
    assert not too_old([TODAY - timedelta(days=900), TODAY], TODAY, 0.5).any()


@pytest.mark.parametrize(("now", "tells"), [(2, 14), (1, 60)])
def test_what_happened_this_week_is_not_told_by_what_tells_of_now(now: float, tells: int) -> None:
    ages = [0, tells, tells + 1, 900]
    found = [TODAY - timedelta(days=age) for age in ages]
    assert too_old(found, TODAY, now).tolist() == [age > tells for age in ages]


@given(st.text(max_size=200), days)
def test_any_text_can_be_asked(question: str, today: date | None) -> None:
    assert nowness(question, today) in (0, 0.5, 1, 2)


@given(st.lists(days))
def test_the_newest_is_the_freshest(found: list[date | None]) -> None:
    fresh = freshness(found)
    assert fresh.shape == (len(found),)
    assert ((fresh >= 0) & (fresh <= 1)).all()
    known = [(day, share) for day, share in zip(found, fresh, strict=True) if day]
    assert all(share == 0 for day, share in zip(found, fresh, strict=True) if day is None)
    if known:
        assert max(known)[1] == 1
        assert np.all(np.diff([share for _, share in sorted(known)]) >= 0)


@given(st.lists(days), days, st.sampled_from([0, 0.5, 1, 2]))
def test_articles_of_one_time_or_without_a_day_are_never_too_old(
    found: list[date | None], today: date | None, now: float
) -> None:
    known = [day for day in found if day]
    old = too_old(found, today, now)
    assert old.shape == (len(found),)
    assert not any(is_old and day is None for is_old, day in zip(old, found, strict=True))
    if today is None or not known or max(known) - min(known) <= timedelta(days=30):
        assert not old.any()


def test_of_articles_that_fit_alike_the_newer_answers_what_is_now() -> None:
    bot = bot_over(OLD, OLDER, NEW)
    answer = bot.ask(QUESTION, today=TODAY)
    assert answer.status == "answered"
    assert {citation.document_id for citation in answer.citations} == {"Harken"}


def test_old_articles_alone_do_not_say_what_happened_this_week() -> None:
    bot = bot_over(OLD, OLDER)
    answer = bot.ask(QUESTION, today=TODAY)
    assert answer.status == "abstained"
    assert answer.closest
    assert answer.explanation
    assert answer.explanation.reason == (
        "what fits best is of 29 Jun 2024, and the question is about now"
    )


def test_how_things_are_the_newest_article_tells_however_old_it_is() -> None:
    def article(name: str, day: date, mayor: str) -> Document:
        text = f"Westport\n\n{mayor} is the mayor of Westport, the council said.\n"
        return Document(name, "Westport", f"/{name}.txt", text, Origin(date=day.isoformat()))

    then = article("then", YEAR - timedelta(900), "Ada Lee")
    bot = bot_over(then, article("later", YEAR, "Tom Reed"))
    answer = bot.ask("Who is the mayor of Westport?", today=TODAY)
    assert answer.citations[0].document_id == "later"
    assert bot_over(then).ask("Who is the mayor of Westport?", today=TODAY).status == "answered"


@pytest.mark.parametrize(
    "documents",
    [(OLD,), (lawsuit("Harken", None), lawsuit("Bellwood", None))],
    ids=["of one article", "of articles without a day"],
)
def test_otherwise_now_is_when_it_was_told(documents: tuple[Document, ...]) -> None:
    answer = bot_over(*documents).ask(QUESTION, today=TODAY)
    assert answer.status == "answered"


def test_without_a_day_of_the_question_no_article_is_old() -> None:
    assert bot_over(OLD, OLDER).ask(QUESTION).status == "answered"


def test_who_asks_for_articles_of_a_time_gets_them() -> None:
    since = Filters(since=YEAR)
    assert bot_over(OLD, OLDER).ask(QUESTION, filters=since, today=TODAY).status == "answered"


def test_a_conversation_asks_today() -> None:
    now = date.today()
    bot = bot_over(lawsuit("Harken", now), lawsuit("Ostrand", now - timedelta(days=500)))
    answer = Conversation(bot).ask(QUESTION)
    assert answer.citations[0].document_id == "Harken"


@pytest.mark.parametrize(
    ("day", "found", "question", "is_doubted"),
    [
        (YEAR, [YEAR, WEEK], "Who lost the lawsuit?", True),
        (YEAR, [YEAR, WEEK], "Who lost the lawsuit in 2023?", False),
        (YEAR, [YEAR, WEEK], "Who lost the lawsuit on 3 May?", False),
        (YEAR, [YEAR, YEAR - timedelta(900)], "Who lost the lawsuit?", False),
        (MONTH, [YEAR, WEEK], "Who lost the lawsuit?", False),
        (None, [None, WEEK], "Who lost the lawsuit?", False),
    ],
    ids=["others newer", "of a year", "of a day", "all old", "new enough", "without a day"],
)
def test_what_is_told_of_long_ago_may_be_an_older_event(
    day: date | None, found: list[date | None], question: str, is_doubted: bool
) -> None:
    assert (older_event(question, day, found, TODAY) > 0) == is_doubted
    assert older_event(question, day, found, None) == 0


@given(st.text(max_size=50), days, st.lists(days), days)
def test_an_older_event_is_less_sure_than_that_now_is_meant(
    question: str, day: date | None, found: list[date | None], today: date | None
) -> None:
    assert 0 <= older_event(question, day, found, today) < 1


def test_a_doubtful_answer_of_long_ago_is_less_so_without_newer_articles() -> None:
    new = Document("ice", "Ice", "/ice.txt", "The port froze.\n", Origin(date="2024-08-05"))
    text = "Port\n\nThe engineer Dora Finch repaired the cranes of the port.\n"
    old = Document("port", "Port", "/port.txt", text, Origin(date=YEAR.isoformat()))
    question = "Who repaired the cranes of the port?"
    alone, beside = (bot_over(*them).ask(question, today=TODAY) for them in ((old,), (old, new)))
    sure, doubted = (one.explanation.signals for one in (alone, beside) if one.explanation)
    assert (sure["stale"], doubted["stale"]) == (0, 1 / 3)
    assert doubted["confidence"] < sure["confidence"]


@pytest.mark.parametrize(
    ("cited", "found", "question", "is_told"),
    [
        ([YEAR], [YEAR, MONTH], "Who lost the lawsuit?", True),
        ([YEAR, YEAR - timedelta(90)], [YEAR, MONTH], "Who lost the lawsuit?", True),
        ([YEAR], [YEAR, MONTH], "Who lost the lawsuit in 2023?", False),
        ([YEAR], [YEAR, MONTH], "Who lost lawsuits in the 2010s?", False),
        ([YEAR, MONTH], [YEAR, MONTH], "Who lost the lawsuit?", False),
        ([YEAR, None], [YEAR, MONTH], "Who lost the lawsuit?", False),
        ([YEAR], [YEAR, YEAR], "Who lost the lawsuit?", False),
    ],
    ids=[
        "old",
        "all old",
        "of a year",
        "of a decade",
        "one is new",
        "one without a day",
        "no archive",
    ],
)
def test_where_all_cited_of_an_archive_is_old_a_note_says_how_old(
    cited: list[date | None], found: list[date | None], question: str, is_told: bool
) -> None:
    answer = bot_over(OLD).ask(QUESTION)
    assert answer.explanation

    def of(day: date | None) -> Origin:
        return Origin(date=day.isoformat() if day else "")

    citations = [replace(answer.citations[0], origin=of(day)) for day in cited]
    hit = answer.explanation.hits[0]
    hits = [replace(hit, passage=replace(hit.passage, origin=of(day))) for day in found]
    note = ("The newest article cited is of 27 Mar 2023.",) if is_told else ()
    assert age_note(question, citations, hits, TODAY) == note
    assert age_note(question, citations, hits, None) == ()


def test_the_note_stands_under_the_answer() -> None:
    text = "Port\n\nThe engineer Dora Finch repaired the cranes of the port.\n"
    new = Document("ice", "Ice", "/ice.txt", "The port froze over.\n", Origin(date="2024-08-05"))
    old = Document("port", "Port", "/port.txt", text, Origin(date=YEAR.isoformat()))
    answer = bot_over(old, new).ask("Who repaired the cranes of the port?", today=TODAY)
    assert [citation.document_id for citation in answer.citations] == ["port"]
    assert answer.notes == ("The newest article cited is of 27 Mar 2023.",)


@pytest.mark.parametrize(
    ("address", "day"),
    [
        ("https://news.example/2024/05/24/politics/flag/index.html", "2024-05-24"),
        ("https://news.example/story/2024/5/4", "2024-05-04"),
        ("https://news.example/2024/13/45/x", ""),
        ("https://news.example/12024/05/24/x", ""),
        ("https://news.example/2024/05/", ""),
        ("", ""),
    ],
)
def test_a_newspapers_address_tells_the_day(address: str, day: str) -> None:
    assert day_in_address(address) == day


def test_a_case_knows_the_day_it_is_asked_on() -> None:
    row = {"id": "1", "question": QUESTION, "answerable": False, "date": "2024/08/08"}
    assert case_of(row, tuple, "x").asked_on == TODAY
    assert case_of({**row, "date": "soon"}, tuple, "x").asked_on is None
