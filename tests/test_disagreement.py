"""Articles that differ: both are said, the newer is named; what only reads differently is not."""

from __future__ import annotations

from contextlib import closing
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_support import EMBEDDER
from texts_support import strings

from qabot.answers import with_twins
from qabot.bot import Bot
from qabot.disagreement import differing, said
from qabot.evaluation.throwaway import MemoryIndex
from qabot.types import Answer, Citation, Document, Hit, Origin, Passage, Twin

ELSE = (
    "It rained all day, and the shops in the old town stayed shut until the late evening.",
    "A school choir sang at the station before the first train left for the mountains.",
)
NEW, OLD = "2026-02-27", "2026-02-25"


def asked(question: str, *articles: tuple[str, str]) -> Answer:
    """The answer from articles of a day, each of one sentence among others."""
    documents = [
        Document(
            f"article-{number}",
            "News of the Marvik harbour",
            f"/{number}.txt",
            f"News of the Marvik harbour\n\n{text}\n\n{ELSE[number]}\n",
            Origin(publisher=f"Paper {number}", date=day),
        )
        for number, (day, text) in enumerate(articles)
    ]
    with closing(MemoryIndex(documents, EMBEDDER)) as index:
        return Bot(index, EMBEDDER).ask(question)


def alarms(answer: Answer) -> list[str]:
    return [note for note in answer.notes if note.startswith("The articles differ")]


HOW_MANY = "How many people were killed by the blast in Marvik?"
WHEN = "When was the harbour of Marvik built?"
WHO = "Who built the harbour of Marvik?"
HOW_MUCH = "How much did the harbour of Marvik cost?"
WHERE = "Where was the harbour of Marvik planned?"
HOW_LONG = "How long did the strike in Marvik last?"


@pytest.mark.parametrize(
    ("question", "new", "old"),
    [
        (
            HOW_MANY,
            "The blast in Marvik killed 14 people.",
            "Nine people were killed by the blast.",
        ),
        (
            HOW_MANY,
            "The blast in Marvik killed at least 14 people, the mayor said on Friday.",
            "At least nine people were killed by the blast in Marvik and 30 hurt, police said.",
        ),
        (
            WHEN,
            "The harbour of Marvik was built in 1901, a letter shows.",
            "The harbour of Marvik was built in 1899.",
        ),
        (
            WHO,
            "Ada Lee built the harbour of Marvik.",
            "The harbour of Marvik was built by Bo Holm.",
        ),
        (
            HOW_MUCH,
            "The harbour of Marvik cost $3.5 million.",
            "The harbour of Marvik cost some two million dollars.",
        ),
        (
            WHERE,
            "The harbour of Marvik was planned in Bergen.",
            "The harbour of Marvik was planned in Oslo.",
        ),
        (
            HOW_LONG,
            "The strike in Marvik lasted three weeks.",
            "The strike in Marvik lasted 12 days.",
        ),
    ],
)
def test_where_articles_differ_both_are_said_and_the_newer_is_named(
    question: str, new: str, old: str
) -> None:
    for articles in (((NEW, new), (OLD, old)), ((OLD, old), (NEW, new))):
        answer = asked(question, *articles)
        assert [one.quote for one in answer.citations][:2] == [new, old]
        assert alarms(answer) == [
            "The articles differ: [1] (27 Feb 2026) is newer than [2] (25 Feb 2026)."
        ]


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        (HOW_MANY, "The blast in Marvik killed 14.", "Fourteen people were killed by the blast."),
        (
            HOW_MANY,
            "The blast in Marvik killed more than 100 people.",
            "The blast in Marvik killed 112 people.",
        ),
        (
            HOW_MANY,
            "The blast in Marvik killed 14 people.",
            "The blast in Marvik killed 14 people and 30 were hurt.",
        ),
        (
            HOW_MANY,
            "The blast in Marvik killed 14 people.",
            "The blast in Marvik hurt 30 people, of whom some were children.",
        ),
        (
            HOW_MANY,
            "The blast in Marvik killed 14 people.",
            "The blast in Marvik in 1917 killed 1,900 people.",
        ),
        (
            HOW_MANY,
            "The blast in Marvik killed 14 people.",
            "The blast in Tolby killed 3 people, a year before.",
        ),
        (
            WHEN,
            "The harbour of Marvik was built in May 1901.",
            "The harbour of Marvik was built in 1901.",
        ),
        (
            WHEN,
            "The harbour of Marvik was built in 1901.",
            "The harbour of Marvik has been built upon since 1950.",
        ),
        (WHO, "Ada Lee built the harbour of Marvik.", "Engineer Lee built the harbour of Marvik."),
        (
            WHO,
            "Ada Lee built the harbour of Marvik.",
            "The harbour of Marvik was built by Bo Holm, who worked for Ada Lee.",
        ),
        (
            HOW_MUCH,
            "The harbour of Marvik cost $3.5 million.",
            "The harbour of Marvik cost 3.52 million dollars.",
        ),
        (
            HOW_LONG,
            "The strike in Marvik lasted three weeks.",
            "The strike in Marvik lasted 21 days.",
        ),
        (
            "What did the mayor say of Marvik?",
            "The mayor said Marvik is safe.",
            "The mayor said Marvik is poor.",
        ),
    ],
)
def test_what_may_mean_the_same_or_something_else_is_no_difference(
    question: str, one: str, other: str
) -> None:
    assert alarms(asked(question, (NEW, one), (OLD, other))) == []
    assert alarms(asked(question, (NEW, other), (OLD, one))) == []


def test_articles_far_apart_in_time_tell_of_different_things() -> None:
    one, other = "The blast in Marvik killed 14 people.", "The blast in Marvik killed 3 people."
    assert alarms(asked(HOW_MANY, (NEW, one), ("2025-01-02", other))) == []


def test_an_article_without_a_date_is_said_to_have_none() -> None:
    one, other = "The blast in Marvik killed 14 people.", "The blast in Marvik killed 3 people."
    answer = asked(HOW_MANY, ("", other), (NEW, one))
    assert alarms(answer) == [
        "The articles differ: [1] (27 Feb 2026) and [2], which carries no date."
    ]


@pytest.mark.parametrize(
    ("days", "note"),
    [
        ((2, 1), "[1] (2 Jan 2026) is newer than [2] (1 Jan 2026)"),
        ((2, 2), "[1] (2 Jan 2026) and [2] (2 Jan 2026) are of one day"),
        (
            (2, 2, 1),
            "[1] (2 Jan 2026) and [2] (2 Jan 2026) are newer than [3] (1 Jan 2026)",
        ),
        (
            (2, 1, None),
            "[1] (2 Jan 2026) is newer than [2] (1 Jan 2026);"
            " there is also [3], which carries no date",
        ),
        ((None, None), "[1] and [2], which carry no date"),
    ],
)
def test_the_note_says_which_is_newer(days: tuple[int | None, ...], note: str) -> None:
    labels = [
        (f"[{number}]", date(2026, 1, day) if day else None)
        for number, day in enumerate(days, start=1)
    ]
    assert said(labels) == f"The articles differ: {note}."


WORDS = st.text("killed 14 blast Marvik. Nine people were, 1901 $%—by Ada in May\n", max_size=200)


@given(st.lists(st.one_of(strings, WORDS), min_size=2, max_size=4), st.sampled_from(
    [HOW_MANY, WHEN, WHO, HOW_MUCH, WHERE, HOW_LONG]
))  # fmt: skip
def test_any_texts_are_compared(texts: list[str], question: str) -> None:
    from qabot.passage_sentences import sentences_of

    passages = [
        Passage(str(number), text, "/", 0, len(text), text) for number, text in enumerate(texts)
    ]
    hits = [Hit(passage, None, None, 1.0) for passage in passages]
    chosen = sentences_of(passages[0], 0)
    found = differing(question, chosen, hits, lambda passage: date(2026, 1, 1))
    assert len({one.passage.document_id for one in found}) == len(found) != 1


def test_a_citation_names_the_articles_that_hold_its_words_too() -> None:
    def passage(name: str, text: str) -> Passage:
        return Passage(name, name.title(), f"/{name}", 0, len(text), text)

    quote = "Ada Lee built the old mill of Marvik."
    cited = passage("one", f"{quote} It stands by a brook.")
    same = passage("two", "The old mill of Marvik was built by Ada Lee, and stands by a brook.")
    other = passage("three", "By a brook stands the mill of Marvik.")
    citation = Citation(1, "one", "One", "/one", 0, len(quote), quote)
    answer = Answer("who?", "answered", "", (), (citation,))
    found = with_twins(answer, [Hit(cited, 1, 1, 1, (same, other)), Hit(other, 1, 1, 1)])
    assert found.citations[0].also == (Twin("two", "Two", "/two"),)
    assert with_twins(answer, [Hit(cited, 1, 1, 1)]) is answer
