"""Dates: the one an article carries, and what "on Monday" in it means, never by a guess."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from texts_support import hostile_texts, in_time, strings, texts

from qabot.dates import MONTHS, WEEKDAYS, article_date
from qabot.facts import absent
from qabot.relative_days import explain, head_text

TUESDAY = date(2025, 2, 25)
WORDS = (
    *WEEKDAYS, "monday", "last", "next", "this", "coming", "week", "month", "year", "days", "ago",
    "today", "yesterday", "tomorrow", "earlier", "later", "on", "since", "until", "will", "said",
    "met", "would", "to", "and", "that", "the", "two", "3", "9999", "a", "“", "”", ",", ".", "\n\n",
    "Feb.", "24", "2025", "\u00a0", "ſ", "İ",
)  # fmt: skip
sentences = st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)
days = st.dates()


def meanings(text: str, today: date = TUESDAY) -> list[tuple[str, str]]:
    return [(one.phrase, one.meaning) for one in explain(text, today)]


@pytest.mark.parametrize(
    "head",
    ["Feb. 25, 2025", "25 February 2025", "2025-02-25", "2025-02-25T13:00:00Z", "25/02/2025",
     "February 25, 2025 at 3:14 PM EST", "Updated: Feb 25, 2025", "25.02.2025", "2/25/2025",
     "Tuesday, 25 February 2025 14:03 GMT", "By Ada Lee for The Daily | February 25th, 2025",
     "Published Feb. 25, 2025 | Updated Feb. 26, 2025", "Updated: Feb 26, 2025\nFeb 25, 2025",
     "Published: 25\u00a0Feb\u00a02025, 3 min read", "date: 2025-02-25",
     "Feb 25, 2025\nMay 1, 2025",
     "Talks on May 18, 2020 ended in a row.\nFeb 25, 2025", "03/04/2025\nUpdated Feb 25, 2025"],
)  # fmt: skip
def test_the_date_of_an_article_is_read_as_articles_print_it(head: str) -> None:
    assert article_date(head) == TUESDAY


@pytest.mark.parametrize(
    "head",
    ["", "Updated:\n0:00", "03/04/2025", "Feb. 30, 2025", "Feb. 25", "2025", "1-2-3-4",
     "The talks of Feb. 18, 2025 were described as productive by both sides.", "0000-00-00",
     "00/00/0000", "Feb 25, 0000", "12.2025", "192.168.25.2025"],
)  # fmt: skip
def test_no_date_is_read_from_what_is_none_or_may_be_two(head: str) -> None:
    assert article_date(head) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The U.S. on Monday imposed sanctions.", [("Monday", "Monday, 24 February 2025")]),
        ("“We met on Sunday,” he said.", [("Sunday", "Sunday, 23 February 2025")]),
        ("The team arrived on Tuesday.", [("Tuesday", "Tuesday, 25 February 2025")]),
        ("Officials said late Monday it was over.", [("Monday", "Monday, 24 February 2025")]),
        ("He told reporters on Monday he is ready.", [("Monday", "Monday, 24 February 2025")]),
        ("He has been there since Saturday.", [("Saturday", "Saturday, 22 February 2025")]),
        ("They will meet on Friday.", [("Friday", "Friday, 28 February 2025")]),
        ("Talks are due to resume on Friday.", [("Friday", "Friday, 28 February 2025")]),
        ("On Monday, leaders will meet.", [("Monday", "Monday, 3 March 2025")]),
        ("Next Monday he leaves.", [("Next Monday", "Monday, 3 March 2025")]),
        ("It opens this coming Monday.", [("this coming Monday", "Monday, 3 March 2025")]),
        ("Last Friday it closed.", [("Last Friday", "Friday, 21 February 2025")]),
        (
            "He said on Monday that they will meet on Friday.",
            [("Monday", "Monday, 24 February 2025"), ("Friday", "Friday, 28 February 2025")],
        ),
        ("Yesterday he left.", [("Yesterday", "Monday, 24 February 2025")]),
        ("He said so today.", [("today", "Tuesday, 25 February 2025")]),
        ("He returns tomorrow.", [("tomorrow", "Wednesday, 26 February 2025")]),
        ("talks held last week", [("last week", "17 to 23 February 2025")]),
        ("talks next week", [("next week", "3 to 9 March 2025")]),
        ("talks this week", [("this week", "24 February to 2 March 2025")]),
        ("earlier this week", [("earlier this week", "24 to 25 February 2025")]),
        ("Earlier this month, it rose.", [("Earlier this month", "February 2025")]),
        ("late last month", [("last month", "January 2025")]),
        ("next year's vote", [("next year", "2026")]),
        ("ten days ago", [("ten days ago", "Saturday, 15 February 2025")]),
        ("two weeks ago", [("two weeks ago", "10 to 16 February 2025")]),
        ("a month ago", [("a month ago", "about January 2025")]),
        ("3\u00a0years ago", [("3\u00a0years ago", "about 2022")]),
    ],
)
def test_a_relative_date_is_explained_by_the_date_of_the_article(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert meanings(text) == expected


@pytest.mark.parametrize(
    "text",
    ["Trump said talks in Oman on Monday will focus on oil.", "He will speak on Tuesday.",
     "Talks begin on Monday.", "He agreed to meet on Monday.", "It was expected on Monday.",
     "last Monday he left", "He said it would end on Friday.", "until Sunday", "a Monday he loved",
     "on Monday, Feb. 24, he left", "He met him on Monday and Tuesday.", "the Sunday Times said",
     "Black Monday was bad.", "today's youth", "in the last week", "more than 20 years ago",
     "9999 years ago", "Mondays were bad", "Monday’s talks ended", "the following Monday he left",
     "Voters head to the polls on Sunday in an election called last May.",
     "The inquiry announced last May resumes on Monday.", "He said he is resigning on Friday."],
)  # fmt: skip
def test_what_may_mean_two_things_or_says_its_date_itself_is_left_out(text: str) -> None:
    assert meanings(text) == []


def test_a_week_over_the_turn_of_the_year_names_both_years() -> None:
    assert meanings("this week", date(2025, 12, 31)) == [
        ("this week", "29 December 2025 to 4 January 2026")
    ]


def test_a_sentence_that_spells_a_date_out_is_held_by_the_head() -> None:
    text = "The United States on Monday imposed sanctions."
    said = "The United States imposed sanctions on {} (on Monday)."
    head = head_text(text, TUESDAY)
    for spelled in ("Monday, 24 February 2025", "Feb. 24, 2025", "2025-02-24", "24 Feb 2025"):
        assert absent(said.format(spelled), [text, head], []) == []
    assert absent(said.format("23 February 2025"), [text, head], []) == ["23"]
    assert absent(said.format("24 February 2025"), [text], []) != []


def test_a_text_without_relative_dates_adds_nothing_to_the_head() -> None:
    assert head_text("On Feb. 4 he signed it.", TUESDAY) == ""


@given(st.one_of(strings, texts, sentences), days)
@example("on Monday he said", date.min)
@example("next week, next month, next year, tomorrow; they will meet on Monday", date.max)
@example("Laſt week on Frİday he ſaid", date(2025, 2, 25))
def test_phrases_stand_where_they_say_and_mean_days_in_order(text: str, today: date) -> None:
    found = explain(text, today)
    assert all(text[one.start : one.end] == one.phrase != "" for one in found)
    assert all(one.first <= one.last and one.meaning for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert bool(head_text(text, today)) is bool(found)


@given(days, st.sampled_from(WEEKDAYS))
def test_a_past_weekday_is_within_the_week_up_to_the_article_s_day(today: date, name: str) -> None:
    for one in explain(f"He left on {name}.", today):
        assert 0 <= (today - one.first).days < 7
        assert one.first == one.last
        assert WEEKDAYS[one.first.weekday()] == name


@given(days, st.sampled_from(WEEKDAYS))
def test_a_coming_weekday_is_within_the_week_after_the_article_s_day(
    today: date, name: str
) -> None:
    for one in explain(f"He will leave on {name}.", today):
        assert 0 < (one.first - today).days < 7
        assert WEEKDAYS[one.first.weekday()] == name


@given(days.filter(lambda day: day.year >= 1000), st.integers(0, 4))
def test_a_printed_date_is_read_again(day: date, form: int) -> None:
    month = MONTHS[day.month - 1]
    written = (
        f"{month} {day.day}, {day.year}",
        f"{day.day} {month[:3]}. {day.year}",
        f"Published: {month.upper()} {day.day:02}, {day.year} at 3:14 PM EST",
        f"By Ada Lee\n{day.isoformat()}",
        f"{day.year}/{day.month}/{day.day}",
    )[form]
    assert article_date(written) == day


@given(st.one_of(strings, texts, sentences))
def test_any_head_has_a_date_or_none(head: str) -> None:
    found = article_date(head)
    assert found is None or isinstance(found, date)


HOSTILE = [*hostile_texts()[::3], "Monday " * 15_000, "on Monday to meet " * 5_000,
           "will " * 20_000, "last week " * 10_000, "Feb 25, 2025 " * 7_500,
           "1/1/" * 25_000]  # fmt: skip


@in_time
@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[-12:]))
def test_hostile_text_is_explained_all_the_same(text: str) -> None:
    assert all(text[one.start : one.end] == one.phrase for one in explain(text, TUESDAY))
    assert article_date(text) in (None, TUESDAY, date(2011, 1, 1))
