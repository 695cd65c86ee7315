"""What leaves the program can be checked, and nobody can change it on the way."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys

import pytest
from hypothesis import given
from texts_support import texts

import qabot
from qabot import types
from qabot.bot import Bot
from qabot.split import split
from qabot.types import Answer, Citation, Document

VALUES = [
    kind
    for kind in vars(types).values()
    if dataclasses.is_dataclass(kind) and isinstance(kind, type)
]
QUESTIONS = ("What did Araqchi say?", "Who signed the JCPOA?", "What is the price of gold?")


@given(texts)
def test_every_passage_is_the_text_at_its_place(text: str) -> None:
    document = Document("d", "T", "/s.txt", text)
    for passage in split(document):
        assert document.text[passage.start : passage.end] == passage.text
        assert (passage.document_id, passage.title, passage.source) == ("d", "T", "/s.txt")


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_citation_is_the_text_at_its_place(bot: Bot, question: str, seed_text: str) -> None:
    answer = bot.ask(question)
    places = [*answer.citations, *answer.closest]
    assert places
    for place in places:
        assert seed_text[place.start : place.end] == place.quote
        assert place.line == seed_text.count("\n", 0, place.start) + 1
    assert answer.explanation
    for hit in answer.explanation.hits:
        passage = hit.passage
        assert seed_text[passage.start : passage.end] == passage.text


def test_there_are_values_to_look_at() -> None:
    assert {Document, Citation, Answer} <= set(VALUES)
    assert len(VALUES) >= 11


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_values_cannot_be_changed_and_say_what_they_are(kind: type) -> None:
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert not hasattr(kind, "__dict__") or "__slots__" in vars(kind)
    assert kind.__doc__


def test_an_answer_can_be_copied_and_sent_elsewhere(bot: Bot) -> None:
    answer = bot.ask(QUESTIONS[0])
    assert copy.deepcopy(answer) == answer
    assert pickle.loads(pickle.dumps(answer)) == answer


def test_a_value_that_is_set_by_hand_raises(bot: Bot) -> None:
    answer = bot.ask(QUESTIONS[0])
    with pytest.raises(dataclasses.FrozenInstanceError):
        answer.text = "something else"  # type: ignore[misc]


def test_the_package_offers_what_the_documentation_names() -> None:
    assert qabot.Answer is Answer
    assert qabot.Citation is Citation
    assert callable(qabot.open_bot)
    assert set(qabot.__all__) == {"Answer", "Citation", "Filters", "open_bot"}
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = qabot.nothing


def test_importing_the_package_is_quick_because_it_imports_nothing_heavy() -> None:
    code = "import sys, qabot; print(sorted({n.split('.')[0] for n in sys.modules}))"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True)
    for name in ("chromadb", "llama_index", "wordllama", "rich", "click"):
        assert f"'{name}'" not in loaded
