"""The parts of a question, and the publishers and days it names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qabot.parts import by_day, by_publisher, parts
from qabot.types import Origin, Passage


def passage(publisher: str = "", date: str = "") -> Passage:
    return Passage("a", "", "", 0, 4, "Text", origin=Origin(publisher=publisher, date=date))


def test_a_question_that_asks_several_things_has_a_part_for_each() -> None:
    question = (
        "Which firm was fined for selling customer records, opened a factory in Ohio last spring "
        "and hired a former governor as its lobbyist?"
    )
    assert parts(question) == [
        "Which firm was fined for selling customer records",
        "opened a factory in Ohio last spring",
        "hired a former governor as its lobbyist?",
    ]


@pytest.mark.parametrize(
    "question",
    [
        "Why won't Iran negotiate?",
        "What did Moscow and Tehran sign?",
        "When did the king and the queen of Spain visit the island of Malta?",
        "",
    ],
)
def test_a_question_that_asks_one_thing_has_no_parts(question: str) -> None:
    assert parts(question) == []


@given(st.text(max_size=400))
def test_no_question_has_more_than_six_parts_or_just_one(question: str) -> None:
    assert len(parts(question)) in {0, 2, 3, 4, 5, 6}


@pytest.mark.parametrize(
    ("question", "publisher", "is_named"),
    [
        ("What does The Verge say of it?", "The Verge", True),
        ("What does the Verge's article say?", "The Verge", False),
        ("Who spoke, as reported by CNBC?", "Cnbc | World Business News", True),
        ("Did BBC News report it?", "BBC News - Arts", True),
        ("Was it the fortune of the king?", "Fortune", False),
        ("What did Fortune write?", "Fortune", True),
        ("What did The New Times write?", "The New York Times", False),
        ("What did Fortune write?", "", False),
    ],
)
def test_a_publisher_is_named_by_its_whole_name_in_capitals(
    question: str, publisher: str, is_named: bool
) -> None:
    assert by_publisher(question, [passage(publisher)]) == ([[0]] if is_named else [])


def test_passages_of_the_publishers_named_are_grouped_in_their_order() -> None:
    found = [passage("Wired"), passage("Fortune"), passage("Polygon"), passage("Wired")]
    assert by_publisher("Do Wired and Polygon agree?", found) == [[0, 3], [2]]


@pytest.mark.parametrize(
    "question",
    [
        "What did the article published on October 1st say?",
        "What did the article of Oct. 1, 2023 say?",
        "What was reported on 1 October 2023?",
        "Which story is from the 1st of October?",
    ],
)
def test_passages_of_the_day_an_article_is_from_are_grouped(question: str) -> None:
    found = [passage(date="2023-10-02"), passage(date="2023-10-01"), passage()]
    assert by_day(question, found) == [[1]]


def test_the_day_of_an_event_says_nothing_of_when_an_article_was_published() -> None:
    assert by_day("Who died on October 1?", [passage(date="2023-10-01")]) == []


def test_another_year_is_another_day() -> None:
    assert by_day("Which story of October 1, 2024?", [passage(date="2023-10-01")]) == [[]]


@given(st.text(), st.text(), st.text())
def test_groups_hold_places_of_passages_whatever_is_asked(
    question: str, publisher: str, date: str
) -> None:
    found = [passage(publisher, date)] * 2
    for group in by_publisher(question, found) + by_day(question, found):
        assert group in ([], [0, 1])
