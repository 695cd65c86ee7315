"""Filters as people give them: days in words, what is taken out of a question, what is refused."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts_support import strings

from qabot.errors import QuestionError
from qabot.filters import LONGEST, Filters, only, read_filters, taken_out

TODAY = date(2026, 3, 4)  # a Wednesday


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-02-27", "2026-02-27", "2026-02-27"),
        ("2026-2-7", "2026-02-07", "2026-02-07"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2025", "2025-01-01", "2025-12-31"),
        ("today", "2026-03-04", "2026-03-04"),
        ("Yesterday", "2026-03-03", "2026-03-03"),
        ("3 days ago", "2026-03-01", "2026-03-01"),
        ("three-days-ago", "2026-03-01", "2026-03-01"),
        ("last week", "2026-02-23", "2026-03-01"),
        ("this month", "2026-03-01", "2026-03-31"),
        ("last  year", "2025-01-01", "2025-12-31"),
        ("27 Feb 2026", "2026-02-27", "2026-02-27"),
    ],
)
def test_since_begins_with_the_first_day_meant_and_until_ends_with_the_last(
    text: str, first: str, last: str
) -> None:
    assert read_filters(TODAY, since=text).since == date.fromisoformat(first)
    assert read_filters(TODAY, until=text).until == date.fromisoformat(last)


@pytest.mark.parametrize(
    "text", ["", " ", "soon", "2026-02-30", "0000", "2026-13", "03/04/2026", "Monday", "x" * 9_999]
)
def test_a_day_that_is_none_is_refused_with_those_that_are(text: str) -> None:
    with pytest.raises(QuestionError, match=r"a day such as 2026-02-27.*\.$"):
        read_filters(TODAY, since=text)


def test_filters_are_taken_out_of_a_question_wherever_they_stand() -> None:
    question, filters = taken_out(
        'since:2026-01 Who signed\nthe deal tag:iran source:Reuters, source:"The Times"?', TODAY
    )
    assert question == "Who signed\nthe deal,?"
    assert filters == Filters(("Reuters", "The Times"), date(2026, 1, 1), None, ("iran",))
    assert taken_out("Who? UNTIL:last-week.", TODAY) == (
        "Who?.",
        Filters(until=date(2026, 3, 1)),
    )


@pytest.mark.parametrize(
    "question",
    [
        "the source: reuters", "resource:x", "since: 2026", "source:", 'source:""', "tag :x",
        "why?", f"source:{'x' * (LONGEST + 2)}", "a  b\n\n c",
    ],
)  # fmt: skip
def test_a_question_without_filters_is_left_as_it_is(question: str) -> None:
    assert taken_out(question, TODAY) == (question, Filters())


@given(st.one_of(strings, st.text('souce:"“” \nintag2026-')))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        rest, filters = taken_out(text, TODAY)
    except QuestionError:
        return
    assert len(rest) <= len(text)
    if not filters:
        assert rest == text


def test_of_filters_alone_nothing_else_may_stand() -> None:
    assert only("source:ap", TODAY).sources == ("ap",)
    assert only("", TODAY) == Filters()
    with pytest.raises(QuestionError, match="'week' is no filter"):
        only("since:last week source:ap".replace("last", "2026"), TODAY)


def test_filters_that_cannot_hold_or_be_looked_up_are_refused() -> None:
    with pytest.raises(QuestionError, match="the earlier one first"):
        Filters(since=date(2026, 2, 1), until=date(2026, 1, 1))
    for wrong in (("",), ("\x00",), ("x" * (LONGEST + 1),), tuple(map(str, range(21)))):
        with pytest.raises(QuestionError):
            Filters(sources=wrong)
        with pytest.raises(QuestionError):
            Filters(tags=wrong)


def test_filters_are_said_in_words_without_what_nobody_asked_for() -> None:
    filters = Filters(
        ("ap", "b"), date(2026, 1, 2), date(2026, 2, 3), ("x",), frozenset({"secret"})
    )
    assert filters.said() == (
        "source “ap” or “b”, since 2 January 2026, until 3 February 2026, tag “x”"
    )
    assert Filters(ids=frozenset({"secret"})).said() == ""
    assert not Filters()
    assert Filters(ids=frozenset())
