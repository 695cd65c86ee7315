"""Quotations: whose words a sentence gives that does not say so itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from texts_support import texts

from qabot.bot import Bot
from qabot.build import ingest_paths, open_bot
from qabot.passage_sentences import sentences_of
from qabot.quotations import voices
from qabot.settings import Settings
from qabot.split import split
from qabot.types import Document

HARBOUR = """Council of Lindvik closes the old harbour

The council of Lindvik voted on Tuesday to close the old harbour to cargo ships from next spring.

"This was the hardest vote of my time here," said council leader Tor Keller. "I lost sleep \
over it. But the quay is crumbling, and somebody would have been killed."

Ingrid Solberg, who runs a fleet of four trawlers, called the decision a disgrace.

"They never asked us," Solberg told reporters outside the hall. "I have 22 people on my payroll. \
What do I tell them?"

"We will go to court if we must," she added. "Nobody closes a harbour over one cracked wall."

Engineer Mats Dahl, whose firm surveyed the quay, said the cracks had grown by four centimetres.

"You can put your hand into them," he said. "Another storm could bring the wall down.

"It would take half an hour, no more. People would have no warning."

Opposition leader Anne Ruud disagreed with the plan and warned that trade would suffer.
"""


def heard(text: str) -> dict[str, str]:
    """The last name of who says each sentence."""
    found = [
        one
        for rank, passage in enumerate(split(Document("a", "", "", text)))
        for one in sentences_of(passage, rank)
    ]
    return {
        found[number].text: max(voice.name, key=lambda word: word.start).surface
        for number, voice in voices(found).items()
    }


@pytest.mark.parametrize(
    ("sentence", "speaker"),
    [
        ("“We must act.”", "Keller"),
        ("“It is late,” said Ada Keller. “We must act.”", "Keller"),
        ("“It is late,” said Ada Keller. “I know it. We must act.”", "Keller"),
        ("The clock struck. “It is late. We must act,” Ada Keller said.", "Keller"),
        ("“It is late,” said Ada Keller.\n\n“We must act,” she added.", "Keller"),
        ("“It is late,” said Ada Keller. “I know.\n\n“We must act.”", "Keller"),
        ("Ada Keller was there. “We must act,” she said.", "Keller"),
        ("The mayor, Ada Keller, was there. “We must act,” she said.", "Keller"),
        ("Her lawyer, Ada Keller, said it was late. “We must act,” she said.", "Keller"),
        ("According to Ada Keller, it is late. “We must act,” she said.", "Keller"),
        ("“It is late,” said Jo Lee.\n\nKeller did not agree. “We must act,” he said.", "Keller"),
        ("“They said it was late,” said Ada Keller. “We must act.”", "Keller"),
    ],
)
@pytest.mark.parametrize("marks", ["“”", '""'])
def test_words_are_known_to_be_somebodys(sentence: str, speaker: str, marks: str) -> None:
    if "said" not in sentence:
        sentence = f"Ada Keller said it was late. {sentence}"
    found = heard(sentence.replace("“", marks[0]).replace("”", marks[1]))
    assert {name for said, name in found.items() if "We must act" in said} == {speaker}


@pytest.mark.parametrize(
    "text",
    [
        "“We must act,” she said.",
        "“It is late,” said Jo Lee.\n\nThe mayor met Ada Keller. “We must act,” she said.",
        "Ada Keller said it was late. The clock, she said, was wrong. We must act, he thought.",
        "“It is late,” said Jo Lee. The clock had stopped. We must act.",
        "“It is late,” said Jo Lee.\n\n“We must act.” That was the title of the book.",
    ],
)
def test_where_that_is_not_plain_they_are_nobodys(text: str) -> None:
    assert not [said for said in heard(text) if "We must act" in said and "Keller" not in said]


@given(texts)
def test_whatever_is_said_the_speaker_is_named_where_it_says(text: str) -> None:
    found = [
        one
        for rank, passage in enumerate(split(Document("a", "", "", text)))
        for one in sentences_of(passage, rank)
    ]
    for number, voice in voices(found).items():
        assert 0 <= number < len(found)
        assert voice.name
        assert set(voice.name) <= set(found[voice.place].words)


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    folder = tmp_path_factory.mktemp("harbour")
    (folder / "harbour.txt").write_text(HARBOUR, "utf-8")
    settings = Settings(home=folder / "home", log=False)
    ingest_paths(settings, [folder / "harbour.txt"], lambda *_: None)
    bot = open_bot(settings)
    yield bot
    bot.close()


def said(bot: Bot, question: str) -> list[str]:
    return [citation.quote for citation in bot.ask(question).citations]


def test_words_in_the_middle_of_a_quotation_are_said_with_who_speaks(harbour: Bot) -> None:
    assert said(harbour, "Did Keller lose sleep over the decision?") == [
        '"This was the hardest vote of my time here," said council leader Tor Keller.',
        '"I lost sleep over it.',
        'But the quay is crumbling, and somebody would have been killed."',
    ]
    assert said(harbour, "how many people are on Solberg's payroll")[:2] == [
        '"They never asked us," Solberg told reporters outside the hall.',
        '"I have 22 people on my payroll.',
    ]


def test_who_is_asked_about_spoke_where_the_text_says_only_she(harbour: Bot) -> None:
    assert said(harbour, "What did Solberg say about going to court?") == [
        '"They never asked us," Solberg told reporters outside the hall.',
        '"We will go to court if we must," she added.',
        '"Nobody closes a harbour over one cracked wall."',
    ]
    assert '"Another storm could bring the wall down.' in said(
        harbour, "What did Dahl say another storm could do?"
    )
    assert harbour.ask("What did Ruud say about going to court?").status == "abstained"


def test_who_warned_after_another_verb_spoke(harbour: Bot) -> None:
    assert said(harbour, "What did Anne Ruud say about trade?") == [
        "Opposition leader Anne Ruud disagreed with the plan and warned that trade would suffer."
    ]


def test_a_question_within_a_quotation_is_not_what_follows_answers(harbour: Bot) -> None:
    assert 'What do I tell them?"' not in said(harbour, "Will Solberg go to court?")
