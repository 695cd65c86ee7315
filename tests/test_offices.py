"""Who holds an office is told by a name right beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from texts_support import texts

from qabot.offices import holds_office


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Who is the director of the museum?", "The director of the museum, Ada Van Loo, said so."),
        ("Who was the engineer of the canal?", "The engineer was William Harrow."),
        ("who is the chief executive of Norvane", "Chief executive Ada Lee blamed a fire."),
        ("who is the CEO of Norvane", "Chief executive Ada Lee blamed a fire."),
        ("who is norvane's chief executive", "Norvane's chief executive, Ada Lee, blamed a fire."),
        ("who is the captain of Rovers", "Rory Stone, the captain of Rovers, was sent off."),
        ("Who is Amrani's lawyer?", "His lawyer, Sofie Claes, said so."),
        ("who is the mayor", "Mayor Lars Dahl was there."),
        ("who is the manager of the Seaforth", "The manager of the Seaforth, Ann Bo, left."),
    ],
)
def test_a_name_beside_the_office_holds_it(question: str, sentence: str) -> None:
    assert holds_office(question, sentence)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("who is the chief executive of Norvane", "Telmar chief executive Ada Lee blamed a fire."),
        ("who is the chief executive of Norvane", "The chief executive of Telmar, Ada Lee, left."),
        ("who is the chief executive of Norvane", "The former chief executive Ada Lee left."),
        ("who is the chief executive of Norvane", "The chief executive said Norvane was fine."),
        ("who is the director of the museum", "The deputy director, Ada Van Loo, said so."),
        ("Who is the president of Iran?", "Talks with Iran ended, U.S. President Ada Lee said."),
        ("who is the captain of Rovers", "City's captain, Jo Lee, scored against Rovers."),
        ("who is the captain of Rovers", "The captain met Jo Lee."),
        ("who came", "The captain, Jo Lee, came."),
    ],
)
def test_another_office_or_somebody_elses_is_not_it(question: str, sentence: str) -> None:
    assert not holds_office(question, sentence)


@given(texts, texts)
def test_any_question_can_be_put_to_any_sentence(question: str, sentence: str) -> None:
    assert holds_office(question, sentence) in {True, False}
    assert holds_office("Who is the mayor?", sentence) in {True, False}


def test_a_sentence_without_an_end_is_looked_at_in_time() -> None:
    assert not holds_office("Who is the mayor of Ely?", "mayor of A mayor of " * 50_000)
    for capitals in ("A", "A.", "A, ", "Aa’"):
        assert not holds_office("Who is the mayor?", f"{capitals * 190}! mayor")
    assert not holds_office(f"who is the {'a of ' * 50_000}", "The mayor, Jo Lee, came.")
