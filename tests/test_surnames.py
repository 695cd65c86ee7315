"""Asked about somebody by the full name, what an article says by the surname alone counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts_support import strings

from qabot.passage_sentences import Sentence, sentences_of
from qabot.question import analyse
from qabot.surnames import by_surname, of_others
from qabot.types import Passage


def article(name: str, text: str) -> tuple[Sentence, ...]:
    return sentences_of(Passage(name, "", "/", 0, len(text), text), 0)


def found(question: str, *articles: str) -> list[tuple[str, str, list[str]]]:
    """The given name, the surname and the sentences that have it."""
    sentences = [
        sentence for number, text in enumerate(articles) for sentence in article(str(number), text)
    ]
    asked = analyse(question)
    return [
        (
            asked.terms[given].surface,
            asked.terms[surname].surface,
            [sentences[n].text for n in places],
        )
        for given, surname, places in by_surname(asked, sentences)
    ]


FULL, ALONE = "Then came Dora Finch.", "On Monday Finch left."


@pytest.mark.parametrize(
    "question", ["Where did Dora Finch go?", "where did dora finch go", "Is it Ms. Dora Finch’s?"]
)
def test_a_surname_stands_for_the_full_name_that_the_article_gives(question: str) -> None:
    ((given, surname, sentences),) = found(question, f"{FULL} It rained. {ALONE}")
    assert (given.lower(), surname.lower()) == ("dora", "finch")
    assert sentences == [FULL, ALONE]


def test_a_title_before_the_surname_is_no_other_name() -> None:
    titled = "The gate was shut by Minister Finch and Brazil's Finch."
    assert found("Where is Dora Finch?", f"{FULL} {titled}") == [("Dora", "Finch", [FULL, titled])]


def of_another(question: str, text: str) -> list[str]:
    sentences = article("1", text)
    told = of_others(analyse(question), sentences)
    return [sentences[n].text for _, places in told for n in places]


def test_a_sentence_with_another_bearer_of_the_surname_does_not_tell_of_the_one_asked_about() -> (
    None
):
    other = "Hugo Finch, 42, was fined."
    assert of_another("How old is Dora Finch?", f"{FULL} {ALONE} {other}") == [other]
    assert not of_another("How old is Hugo Finch?", f"{FULL} {ALONE} {other}".replace(FULL, ""))


def test_nor_does_one_with_another_name_of_the_kind_asked_about() -> None:
    text = "Storm Alma came on Monday. The last such storm, Storm Ines, killed 212. It rained."
    other = ["The last such storm, Storm Ines, killed 212."]
    assert of_another("How many died in storm Alma?", text) == other
    assert not of_another("How many died in Storm Bella?", text)
    assert not of_another("Who took New York?", "He left New York. New Jersey fell.")


@pytest.mark.parametrize(
    "text",
    [
        "Hugo Finch is Dora's brother.",
        "Hugo Finch is her brother.",
        "Minister Finch is 42.",
        "A finch is grey.",
    ],
)
def test_one_that_may_tell_of_both_still_does(text: str) -> None:
    assert not of_another("How old is Dora Finch?", text)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Where is Dora Finch?", f"{FULL} {ALONE} Beside her sat Hugo Finch."),
        ("Where is Dora Finch?", "Beside her sat Hugo Finch. " + ALONE),
        ("Where is Dora Finch?", ALONE),
        ("Where is Dora Finch?", "Then came Dora Finch. A finch sings."),
        ("Where is Dora, Finch?", f"{FULL} {ALONE}"),
        ("Who is in North Korea?", "Troops of North Korea came. On Monday Korea voted."),
        ("Who leads the White House?", "They left the White House. The House voted."),
    ],
)
def test_a_surname_that_may_be_another_s_stands_for_nobody(question: str, text: str) -> None:
    assert all(sentences == [FULL] for _, _, sentences in found(question, text))


def test_each_article_is_read_by_itself() -> None:
    other = "Then came Hugo Finch. He is an uncle of Finch."
    assert found("Where is Dora Finch?", f"{FULL} {ALONE}", other, ALONE) == [
        ("Dora", "Finch", [FULL, ALONE])
    ]


@given(strings, st.lists(strings, max_size=3))
def test_any_texts_can_be_asked(question: str, texts: list[str]) -> None:
    asked = analyse(question)
    sentences = [one for number, text in enumerate(texts) for one in article(str(number), text)]
    for given_name, surname, places in by_surname(asked, sentences):
        for place in places:
            stems = {word.stem for word in sentences[place].words}
            assert asked.terms[surname].stem in stems
        assert given_name != surname
