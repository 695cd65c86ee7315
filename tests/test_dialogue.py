"""Texts that ask: an answer is read with its question, and words are known to be who says them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from texts_support import texts

from qabot.bot import Bot
from qabot.build import ingest_paths, open_bot
from qabot.dialogue import answered, speakers
from qabot.passage_sentences import Sentence, sentences_of
from qabot.sentences import asks
from qabot.settings import Settings
from qabot.split import split
from qabot.types import Document

CARDS = """Questions about the new library card

The city library of Aldby replaces its paper cards in May. These are the questions most asked.

Do I need a new card?
Yes. Paper cards are valid until the end of June.

How much does it cost?
Nothing for residents. Visitors pay 12 euros a year.

Can my children use my card?
No, each reader needs one. Children under six are exempt.

What happens to my fines?
They are cancelled when you collect the card.

Where can I collect it?
At the desk in Mill Street, Monday to Friday.
"""
BRIEFING = """Press briefing at the Ministry of Transport

MODERATOR: Good afternoon. We begin with the bridge at Halden. Mr. Berg, please.

MR. BERG: Thank you. The bridge will be closed from April 7.

QUESTION: Why was it not closed earlier?

MR. BERG: Because the inspection of last autumn found no danger. The cracks were seen in February.

QUESTION: Does the minister intend to resign?

MS. DAHL: The minister has said what she has to say about that.

QUESTION: Who inspected the bridge?

MS. DAHL: An office from Oslo, Norkontroll.
"""
INTERVIEW = """"I never wanted to be a star": an interview with Mira Holt

The singer, 41, has not given a concert for six years. On Friday her new record appears.

Q: Will you tour again?

A: Not before next spring. And not in large halls.

Q: Who wrote the songs?

A: My brother wrote the words, and I wrote the music.
"""
PERMIT = """# The new travel permit: what you need to know

From autumn on, visitors to Norland need a permit.

## How long is it valid?

Three years, or until the passport runs out.

## Can I be refused?

Yes. In that case you are told why and may appeal within 30 days.
"""


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    base = tmp_path_factory.mktemp("press")
    folder = base / "articles"
    folder.mkdir()
    named = {"cards": CARDS, "briefing": BRIEFING, "interview": INTERVIEW}
    for name, text in named.items():
        (folder / f"{name}.txt").write_text(text, "utf-8")
    (folder / "permit.md").write_text(PERMIT, "utf-8")
    settings = Settings(home=base / "home")
    ingest_paths(settings, [folder], lambda *_: None)
    bot = open_bot(settings)
    yield bot
    bot.close()


@pytest.mark.parametrize(
    ("question", "quotes"),
    [
        ("Where can I collect the card?", [
            "Where can I collect it?", "At the desk in Mill Street, Monday to Friday."]),
        ("Do I need a new library card?", [
            "Do I need a new card?", "Yes.", "Paper cards are valid until the end of June."]),
        ("Until when are paper cards valid?", [
            "Do I need a new card?", "Yes.", "Paper cards are valid until the end of June."]),
        ("Who inspected the bridge?", [
            "QUESTION: Who inspected the bridge?", "MS. DAHL: An office from Oslo, Norkontroll."]),
        ("Will Mira Holt tour again?", [
            "Q: Will you tour again?", "A: Not before next spring.", "And not in large halls."]),
        ("How long is the permit valid?", [
            "How long is it valid?", "Three years, or until the passport runs out."]),
        ("Can the permit be refused?", [
            "Can I be refused?", "Yes.",
            "In that case you are told why and may appeal within 30 days."]),
    ],
)  # fmt: skip
def test_an_answer_is_given_with_its_question(press: Bot, question: str, quotes: list[str]) -> None:
    assert [citation.quote for citation in press.ask(question).citations] == quotes


def test_an_answer_to_why_is_a_reason_whatever_its_words(press: Bot) -> None:
    answer = press.ask("Why was the bridge not closed earlier?")
    assert "MR. BERG: Because the inspection of last autumn found no danger." in answer.text


def test_words_are_those_of_who_is_named_before_them_to_the_end_of_the_line(press: Bot) -> None:
    assert "The cracks were seen" in press.ask("What did Mr. Berg say about the cracks?").text
    assert "The cracks were seen" not in press.ask("What did Ms. Dahl say about the cracks?").text


@pytest.mark.parametrize(
    "question", ["Who built the bridge?", "When was the permit printed?", "Who designed the card?"]
)
def test_what_nobody_asked_there_is_not_answered(press: Bot, question: str) -> None:
    assert press.ask(question).status == "abstained"


def sentences(text: str) -> list[Sentence]:
    return [
        one
        for rank, passage in enumerate(split(Document("a", "", "", text)))
        for one in sentences_of(passage, rank)
    ]


def test_an_answer_goes_on_to_the_end_of_its_line() -> None:
    found = sentences("Who came? Ada came. Jo stayed.\n\nNobody sang. Was it late? It was.")
    asked = {found[n].text: (one.text, one.directly) for n, one in answered(found).items()}
    assert asked == {
        "Ada came.": ("Who came?", True),
        "Jo stayed.": ("Who came?", False),
        "It was.": ("Was it late?", True),
    }


def test_a_name_before_a_colon_speaks_to_the_end_of_the_line() -> None:
    found = sentences(
        "MR. BERG: It rains. It pours.\n\nAda Lee (Reuters): Does it? He said: it does.\n\nNo one."
    )
    said = {
        found[number].text: " ".join(word.surface for word in words)
        for number, words in speakers(found).items()
    }
    assert said == {
        "MR. BERG: It rains.": "MR BERG", "It pours.": "MR BERG",
        "Ada Lee (Reuters): Does it?": "Ada Lee Reuters", "He said: it does.": "Ada Lee Reuters",
    }  # fmt: skip


@given(texts)
def test_whatever_a_text_holds_only_what_is_no_question_answers_one(text: str) -> None:
    found = sentences(text)
    for number, one in answered(found).items():
        assert asks(one.text)
        assert not asks(found[number].text)
    assert all(0 <= number < len(found) for number in speakers(found))


def test_a_heading_that_asks_stands_before_its_answer_in_one_passage() -> None:
    _, valid, refused = split(Document("a", "", "", PERMIT))
    assert valid.text == "How long is it valid?\n\nThree years, or until the passport runs out."
    assert refused.text.startswith("Can I be refused?\n\nYes. In that case")
    assert PERMIT[refused.start : refused.end] == refused.text
