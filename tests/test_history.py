"""Logged questions as they are listed: a block each, or JSON, whatever their text holds."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_render import drawn
from texts_support import strings, texts

from qabot.render import history
from qabot.render.json import to_json
from qabot.types import Logged


def logged(
    number: int = 12,
    question: str = "Who came to the capital?",
    text: str = "Ada came on Monday. [1]",
    model: str = "a-model",
    tokens: tuple[int | None, int | None] = (12345, 678),
    cost: float | None = 0.0044,
    total: float | None = 1840.6,
) -> Logged:
    return Logged(
        number, "c0ffee", "2025-02-26T10:07:59+00:00", question, None, "answered", text, model,
        "abc", *tokens, cost, total, {"question": question, "text": text},
    )  # fmt: skip


EXTRACTIVE = logged(3, model="extractive", tokens=(None, None), cost=None, total=None)


def test_each_question_is_a_block() -> None:
    assert drawn(history.listing([logged(), EXTRACTIVE]), 200) == (
        "#12 · 2025-02-26 10:07 UTC · answered · a-model · tokens 12,345 + 678 · cost $0.0044"
        " · time 1,841 ms\n"
        "  Q: Who came to the capital?\n"
        "  A: Ada came on Monday. [1]\n"
        "\n"
        "#3 · 2025-02-26 10:07 UTC · answered · extractive · tokens - · cost - · time -\n"
        "  Q: Who came to the capital?\n"
        "  A: Ada came on Monday. [1]\n"
    )


def test_blocks_wrap_under_their_text() -> None:
    entry = logged(question="Who came to the capital and what did they say to the ministers?")
    assert drawn(history.listing([entry]), 60) == (
        "#12 · 2025-02-26 10:07 UTC · answered · a-model · tokens\n"
        "  12,345 + 678 · cost $0.0044 · time 1,841 ms\n"
        "  Q: Who came to the capital and what did they say to the\n"
        "     ministers?\n"
        "  A: Ada came on Monday. [1]\n"
    )


def test_no_questions_are_nothing() -> None:
    assert drawn(history.listing([])) == ""
    assert history.json_object([]) == {"logs": []}


@pytest.mark.parametrize(
    ("tokens", "shown"),
    [((None, None), "-"), ((7, None), "7 + -"), ((0, 0), "0 + 0"), ((None, 7), "- + 7")],
)
def test_tokens_that_are_not_known_are_a_dash(
    tokens: tuple[int | None, int | None], shown: str
) -> None:
    assert f"· tokens {shown} · cost" in drawn(history.listing([logged(tokens=tokens)]), 200)


@pytest.mark.parametrize(
    ("cost", "shown"),
    [(None, "-"), (0.0, "$0.0000"), (0.00001, "<$0.0001"), (0.0001, "$0.0001"),
     (1234.5, "$1,234.5000")],
)  # fmt: skip
def test_a_small_cost_does_not_look_like_none(cost: float | None, shown: str) -> None:
    assert f"· cost {shown} ·" in drawn(history.listing([logged(cost=cost)]), 200)


def test_of_an_answer_its_first_line_is_shown_and_of_a_long_text_the_beginning() -> None:
    entry = logged(question="why " * 1000, text="\n \nThe first line.\nThe second line.")
    _, question, answer = drawn(history.listing([entry]), 10_000).splitlines()
    assert question.endswith("why …")
    assert len(question) < 340
    assert answer == "  A: The first line."
    assert "  A: -\n" in drawn(history.listing([logged(text=" \n ")]))


def test_a_text_of_megabytes_is_listed() -> None:
    entry = logged(question="a " * 1_000_000, text="b" * 3_000_000, model="m" * 1_000_000)
    assert len(drawn(history.listing([entry]), 1_000)) < 1_000


@given(st.one_of(strings, texts), st.sampled_from([8, 30, 80, 40_000]))
def test_nothing_in_a_logged_question_acts_on_the_terminal(text: str, width: int) -> None:
    entry = Logged(
        1, text, text, text, text, text, text, text, text, None, None, None, None, {"text": text}
    )
    acting = {
        character
        for character in drawn(history.listing([entry]), width)
        if character not in "\n\u200c\u200d"
        and unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    }
    assert not acting


@pytest.mark.parametrize("markup", ["[bold]x[/bold]", "[/]", "[link=file:///x]y[/link]", ":smile:"])
def test_markup_is_shown_as_it_stands(markup: str) -> None:
    shown = drawn(history.listing([logged(question=markup, text=markup, model=markup)]), 200)
    assert shown.count(markup) == 3


def test_the_json_holds_every_field_and_the_answer() -> None:
    found = json.loads(to_json(history.json_object([logged(), EXTRACTIVE])))
    assert list(found) == ["logs"]
    assert found["logs"][0] == {
        "number": 12,
        "conversation": "c0ffee",
        "asked_at": "2025-02-26T10:07:59+00:00",
        "question": "Who came to the capital?",
        "standalone": None,
        "status": "answered",
        "text": "Ada came on Monday. [1]",
        "model": "a-model",
        "prompt_hash": "abc",
        "prompt_tokens": 12345,
        "completion_tokens": 678,
        "cost_usd": 0.0044,
        "total_ms": 1840.6,
        "answer": {"question": "Who came to the capital?", "text": "Ada came on Monday. [1]"},
    }
    assert [entry["number"] for entry in found["logs"]] == [12, 3]
