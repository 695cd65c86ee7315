"""The encoder: what it is given to read, what it says, and the answers with and without it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qabot.build import open_bot
from qabot.encoder import UNREAD, OnnxEncoder
from qabot.errors import EmbeddingError, SettingsError
from qabot.evidence import FEWEST, LONGEST, MOST, evidence, together, worth
from qabot.passage_sentences import Sentence, sentences_of
from qabot.protocols import Judged, Stretch
from qabot.question import analyse
from qabot.settings import Settings
from qabot.types import Passage

HARBOUR = Stretch(
    "Harbour Bridge Closes For Repairs",
    (
        "The harbour bridge in Westport will close for nine weeks from June 3.",
        "“The cables are worn and must be replaced,” said Mayor Ines Calder on Monday.",
        "Ferries will run every ten minutes.",
    ),
)
WEATHER = Stretch("", ("Rain is expected in the hills tonight.", "Winds will be light."))


SHARED = OnnxEncoder()


def log_odds(judged: Judged) -> float:
    return judged.log_odds


@pytest.fixture
def encoder() -> OnnxEncoder:
    return SHARED


def passage(*sentences: str, document: str = "d", start: int = 0) -> Passage:
    text = " ".join(sentences)
    return Passage(document, "Title", "", start, start + len(text), text)


def read_of(*passages: Passage) -> list[Sentence]:
    return [one for rank, held in enumerate(passages) for one in sentences_of(held, rank)]


def test_what_is_read_beside_a_stretch_changes_none_of_its_numbers(encoder):
    question = "When will the bridge close?"
    together = encoder.read(question, [WEATHER, HARBOUR, WEATHER])
    alone = [encoder.read(question, [stretch])[0] for stretch in (WEATHER, HARBOUR, WEATHER)]
    assert together == alone


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("When will the bridge close?", 0),
        ("Who is the mayor of Westport?", 1),
        ("How often do the ferries run?", 2),
    ],
)
def test_the_sentence_that_answers_gets_the_highest_numbers(encoder, question, place):
    (judged,) = encoder.read(question, [HARBOUR])
    assert len(judged) == 3
    assert max(judged, key=log_odds) is judged[place]


def test_a_stretch_about_something_else_does_not_answer(encoder):
    about, other = encoder.read("Who is the mayor of Westport?", [HARBOUR, WEATHER])
    assert max(map(log_odds, about)) > max(map(log_odds, other))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("When will the bridge close?", "June 3"),
        ("For how long will the bridge close?", "nine weeks"),
        ("Who said that the cables are worn?", "Ines Calder"),
    ],
)
def test_it_says_which_part_of_the_sentence_is_the_answer(encoder, question, answer):
    (judged,) = encoder.read(question, [HARBOUR])
    best = max(judged, key=log_odds)
    assert answer in HARBOUR.sentences[judged.index(best)][best.start : best.end]


def test_nothing_to_read_gives_nothing(encoder):
    assert encoder.read("Who is the mayor?", []) == []


def test_what_does_not_fit_is_told_apart_from_what_was_read(encoder):
    long = Stretch("", ("Word " * 500, "Never reached."))
    (judged,) = encoder.read("Who?", [long])
    assert judged[0].log_odds > UNREAD
    assert judged[1] == Judged(UNREAD, 0, 0)


@settings(max_examples=60)
@given(st.text(max_size=80), st.lists(st.text(max_size=120), min_size=1, max_size=4), st.text())
def test_whatever_it_is_given_every_sentence_gets_a_finite_number(question, sentences, title):
    (judged,) = SHARED.read(question, [Stretch(title, tuple(sentences))])
    assert np.isfinite(list(map(log_odds, judged))).all()
    for text, one in zip(sentences, judged, strict=True):
        assert 0 <= one.start <= one.end <= len(text)


def test_the_same_question_gets_the_same_numbers_from_every_thread(encoder):
    def ask(_: int) -> str:
        return repr(encoder.read("Who is it?", [HARBOUR, WEATHER]))

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(ask, range(12)))) == 1


def test_weights_that_are_missing_or_damaged_are_an_error_that_says_what_to_do(tmp_path: Path):
    with pytest.raises(EmbeddingError, match="QABOT_ENCODER=off"):
        OnnxEncoder(tmp_path).read("Who?", [WEATHER])
    (tmp_path / "vocabulary.txt").write_text("[UNK]\n", "utf-8")
    (tmp_path / "reader.onnx").write_bytes(b"no weights")
    with pytest.raises(EmbeddingError, match="Install qabot again"):
        OnnxEncoder(tmp_path).read("Who?", [WEATHER])


def test_sentences_are_read_with_what_stands_around_them():
    sentences = read_of(passage("One is here.", "Two is here.", "Three is here."))
    assert together(sentences, np.array([0.0, 1.0, 0.0])) == [[0, 1, 2]]


def test_sentences_of_different_articles_are_never_read_together():
    sentences = read_of(passage("One is here."), passage("Two is here.", document="e"))
    assert together(sentences, np.array([0.0, 1.0])) == [[1], [0]]


def test_of_several_articles_more_is_read_than_of_one():
    sentences = read_of(*(passage(f"{name} is here.", document=name) for name in "ABCDEF"))
    assert len(together(sentences, np.zeros(6))) == MOST


@given(st.lists(st.integers(1, 500), min_size=1, max_size=30), st.randoms())
def test_a_stretch_is_short_and_holds_neighbours_in_order(lengths, random):
    sentences = read_of(passage(*(f"A{'b' * length}." for length in lengths)))
    scores = np.array([random.random() for _ in sentences])
    groups = together(sentences, scores)
    assert 1 <= len(groups) <= FEWEST
    assert int(scores.argmax()) in groups[0]
    for group in groups:
        assert group == list(range(group[0], group[-1] + 1))
        assert len(group) == 1 or sum(len(sentences[n].text) for n in group) <= LONGEST


class Stub:
    """Says how long each sentence is, and takes its first ``taken`` letters for the answer."""

    def __init__(self, taken=8):
        self.taken = taken

    def read(self, question, stretches):
        return [[Judged(len(text), 0, self.taken) for text in one.sentences] for one in stretches]


def test_what_was_not_read_is_worth_less_than_what_was():
    texts = [f"Sentence {'x' * 300} number {number}." for number in range(FEWEST + 2)]
    sentences = read_of(passage(*texts))
    seen = evidence(analyse("Which?"), sentences, -np.arange(len(sentences), dtype=float), Stub())
    assert (np.isnan(seen.log_odds)).sum() == 2
    assert worth(seen)[:FEWEST].min() > worth(seen)[FEWEST:].max()


@pytest.mark.parametrize(
    ("question", "says_nothing_new"),
    [
        ("What is the word of the year?", True),
        ("What did the dictionary name?", False),
        ("Is there a word of the year?", False),
    ],
)
def test_a_sentence_whose_answer_stands_in_the_question_is_worth_less(question, says_nothing_new):
    text = "Word of the year is named."
    asked, sentences = analyse(question), read_of(passage(text))
    given = evidence(asked, sentences, np.zeros(1), Stub(taken=len("Word of the year")))
    assert given.echoes.tolist() == [says_nothing_new]
    assert (worth(given) < worth(replace(given, echoes=np.array([False])))) == says_nothing_new


def test_it_can_be_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("the encoder was asked")

    monkeypatch.setattr(OnnxEncoder, "read", fail)
    with closing(open_bot(Settings(home=tmp_path, encoder=False))) as bot:
        assert "Araqchi" in bot.ask("Who is Iran's foreign minister?").text


@pytest.mark.parametrize(("value", "expected"), [("", True), ("on", True), ("OFF", False)])
def test_the_setting_says_on_or_off(value: str, expected: bool) -> None:
    assert Settings.from_environment({"QABOT_ENCODER": value}).encoder is expected


def test_any_other_value_is_an_error() -> None:
    with pytest.raises(SettingsError, match="QABOT_ENCODER"):
        Settings.from_environment({"QABOT_ENCODER": "maybe"})
