"""Misspelt words of a question are read as what stands in the passages, and only those are."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts_support import strings

from qabot.bot import Bot
from qabot.spelling import respelled, spelled_alike

TEXT = (
    "Foreign Minister Abbas Araqchi received Lavrov in Tehran. France signed the JCPOA. Officials "
    "from Slovakia and Australia spoke of the strategic partnership and its negotiations."
)
WORDS = frozenset(re.findall(r"\w+", TEXT.lower()))


def frequency(word: str) -> int:
    return int(word.lower() in WORDS)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("who is the foriegn ministr", "who is the foreign minister"),
        ("where did lavrof go after Tehren?", "where did Lavrov go after Tehran?"),
        ("Who singed the JCPAO?", "Who signed the JCPOA?"),
        ("What did Araghchi say?", "What did Araqchi say?"),
        ("the stratgic parnership", "the strategic partnership"),
    ],
)
def test_slips_and_other_spellings_of_names_are_read_as_what_is_there(
    asked: str, meant: str
) -> None:
    assert respelled(asked, frequency, [TEXT]) == meant


@pytest.mark.parametrize(
    "asked",
    [
        "What did Austria and Slovenia sign?",  # other countries
        "Who will singe it?",  # another word
        "Who is Barvov?",  # begins with another letter
        "Did Iran sgin?",  # too short to tell
        "Did Netanyahu speak?",  # nothing near
        "What is Strategia?",  # a name, and "strategic" is none
        "LAVROV in tehran",  # stands there
    ],
)
def test_other_words_stay(asked: str) -> None:
    assert respelled(asked, frequency, [TEXT]) == asked


def test_a_word_that_a_title_capitalises_is_read_as_the_text_has_it() -> None:
    texts = ["Tehran Rejects Maximum Pressure", "The pressure on Tehran grows."]
    assert respelled(
        "what is the presure on Tehran?", lambda word: int(word in texts[1]), texts
    ) == ("what is the pressure on Tehran?")


@given(strings, st.lists(strings, max_size=3))
def test_only_words_that_stand_nowhere_change_and_only_into_words_of_the_texts(
    asked: str, texts: list[str]
) -> None:
    word = re.compile(r"[^\W\d_]{5,}")
    meant = respelled(asked, frequency, texts)
    assert word.split(meant) == word.split(asked)
    there = {one for text in texts for one in word.findall(text)}
    pairs = zip(word.findall(asked), word.findall(meant), strict=True)
    changed = [(before, after) for before, after in pairs if before != after]
    assert all(not frequency(before) and after in there for before, after in changed)
    assert respelled(asked, lambda word: 1, texts) == asked


def test_the_answer_says_how_the_question_was_understood(bot: Bot) -> None:
    answer = bot.ask("who is the foriegn ministr of Iran")
    assert answer.status == "answered"
    assert "Araqchi" in answer.text
    assert answer.question == "who is the foriegn ministr of Iran"
    assert answer.standalone == "who is the foreign minister of Iran"
    assert bot.ask("who is the foreign minister of Iran").standalone is None


@pytest.mark.parametrize(
    ("one", "other"),
    [("minister", "ministry"), ("araghchi", "araqchi"), ("foriegn", "foreign"), ("iran", "irans")],
)
def test_words_that_differ_by_a_slip_or_an_ending_are_alike(one: str, other: str) -> None:
    assert spelled_alike(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("thursday", "tuesday"), ("austria", "australia"), ("nigeria", "niger"), ("a320", "a330"),
     ("become", "become1")],
)  # fmt: skip
def test_two_common_words_and_two_numbers_are_not(one: str, other: str) -> None:
    assert not spelled_alike(one, other)
