"""A question about what is not so is answered by what denies it, not by what says the opposite."""

from __future__ import annotations

import pytest
from hypothesis import given
from texts_support import strings

from qabot.denials import asks_denied, denies, may_deny
from qabot.thesaurus import opposites
from qabot.words import stem


@pytest.mark.parametrize(
    "question",
    [
        "Why won't they talk?",
        "Who has never won?",
        "What is not stated?",
        "Which can no longer sail?",
    ],
)
def test_a_question_may_ask_about_what_is_not_so(question: str) -> None:
    assert asks_denied(question)


@pytest.mark.parametrize(
    "question",
    [
        "Who won?",
        "It sank, didn't it?",
        "Who knows whether or not it sank?",
        "Who not only sailed but won?",
        f"Which of the ships that {'were built in the yard and ' * 4} did not sail was sold?",
    ],
)
def test_a_denial_in_passing_does_not_make_it_one(question: str) -> None:
    assert not asks_denied(question)


@pytest.mark.parametrize(
    "text",
    ["They refused.", "Nobody came.", "He was unable to.", "It is seedless.", "It lacks one."],
)
def test_words_other_than_not_may_deny(text: str) -> None:
    assert may_deny(text)


@given(strings)
def test_what_denies_may_deny(text: str) -> None:
    assert may_deny(text) or not denies(text)


def test_opposites_are_those_of_each_form_and_of_un_and_non() -> None:
    assert stem("weaker") in opposites(stem("strongest"))
    assert stem("unsolved") in opposites(stem("solved"))
    assert stem("solved") in opposites(stem("unsolved"))
    assert not opposites("unit") & {"it"}
