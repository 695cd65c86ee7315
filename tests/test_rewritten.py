"""A report written again with another name, figure or day: both are said, and that they differ."""

from __future__ import annotations

from contextlib import closing
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_support import EMBEDDER
from texts_support import strings

from qabot.bot import Bot
from qabot.evaluation.throwaway import MemoryIndex
from qabot.passage_sentences import sentences_of
from qabot.question import analyse
from qabot.rewritten import said_otherwise
from qabot.types import Answer, Document, Hit, Origin, Passage

REPORT = (
    "The council of Marvik, which met behind closed doors on Monday, named engineer Ada Lee "
    "head of the harbour after a dispute that had lasted for weeks. Some 30% of the docks, "
    "which were laid out in 1899 and cost $3.5 million, stand empty, and the roof of the old "
    "store fell in last winter. The ferry to Tolby, which carried 1,200 people a day, has "
    "been laid up since."
)
AGAIN = REPORT.replace("behind closed doors", "in secret").replace("fell in", "came down")
NEW, OLD = "2026-02-27", "2026-02-25"

WHO = "Who was named head of the harbour of Marvik?"
HOW_MUCH = "How much did the docks of Marvik cost?"
SHARE = "How many of the docks in Marvik stand empty?"
WHEN = "When were the docks of Marvik laid out?"
HOW_MANY = "How many people a day did the ferry to Tolby carry?"
WHAT, WHAT_OF = "What happened to the ferry to Tolby?", "What happened to the ferry?"


def asked(question: str, new: str, old: str = REPORT, days: tuple[str, str] = (NEW, OLD)) -> Answer:
    documents = [
        Document(f"a{n}", "News of Marvik", f"/{n}.txt", text, Origin(publisher=f"P{n}", date=day))
        for n, (text, day) in enumerate(zip((new, old), days, strict=True))
    ]
    with closing(MemoryIndex(documents, EMBEDDER)) as index:
        return Bot(index, EMBEDDER).ask(question)


def alarms(answer: Answer) -> list[str]:
    return [note for note in answer.notes if note.startswith("The articles differ")]


@pytest.mark.parametrize(
    ("question", "old", "new"),
    [
        (WHO, "Ada Lee", "Bo Holm"),
        (HOW_MUCH, "$3.5 million", "$5.1 million"),
        (SHARE, "30%", "45%"),
        (WHEN, "1899", "1902"),
        (HOW_MANY, "1,200", "900"),
        (WHAT, "1,200", "900"),
        (WHAT_OF, "Tolby", "Askim"),
    ],
)
def test_what_a_rewritten_report_gives_otherwise_is_said_beside_the_first(
    question: str, old: str, new: str
) -> None:
    answer = asked(question, AGAIN.replace(old, new))
    assert [new in answer.citations[0].quote, old in answer.citations[1].quote] == [True, True]
    assert alarms(answer) == [
        "The articles differ: [1] (27 Feb 2026) is newer than [2] (25 Feb 2026)."
    ]


@pytest.mark.parametrize(
    ("question", "changes"),
    [
        (WHO, {}),
        (WHO, {"engineer Ada Lee": "Mrs Lee"}),
        (WHO, {"Ada Lee": "Bo Holm", "The ferry": "Ada Lee left. The ferry"}),
        (WHO, {"Ada Lee": "Bo Holm", "Monday": "Thursday"}),
        (WHO, {"Ada Lee": "Bo Holm", "had lasted": "had not lasted"}),
        (WHO, {"30%": "45%"}),
        (HOW_MUCH, {"$3.5 million": "3.52 million dollars"}),
        (HOW_MUCH, {"$3.5 million": "$5.1 million", "1899": "1902"}),
        (HOW_MUCH, {"1899": "1902"}),
        (SHARE, {"Some 30%": "Nearly 32%"}),
        (HOW_MANY, {"1,200": "about 1,200"}),
    ],
)
def test_what_may_be_the_same_or_was_not_asked_is_no_difference(
    question: str, changes: dict[str, str]
) -> None:
    again = AGAIN
    for old, new in changes.items():
        assert old in again
        again = again.replace(old, new)
    answer = asked(question, again)
    assert answer.status == "answered"
    assert alarms(answer) == []


def test_reports_of_other_weeks_tell_of_different_things() -> None:
    assert alarms(asked(WHO, AGAIN.replace("Ada Lee", "Bo Holm"), days=(NEW, "2026-02-10"))) == []


def test_articles_that_share_one_sentence_are_no_report_written_again() -> None:
    sentence = "The council of Marvik named engineer Ada Lee head of the harbour on Monday."
    elsewhere = (
        f"{sentence.replace('Ada Lee', 'Bo Holm')} "
        "Rain is forecast for the coast, with strong winds from the west, and the schools "
        "stay shut until the river is back in its bed. A choir will sing in the chapel, where"
        " tea and cake are served to all who come."
    )
    assert alarms(asked(WHO, elsewhere, old=f"{sentence} {REPORT.partition('. ')[2]}")) == []


WORDS = st.text("Ada Lee 14 Marvik. Nine were, 1901 $%—by not in May\n", max_size=200)


@given(st.one_of(strings, WORDS), st.one_of(strings, WORDS), st.sampled_from([WHO, HOW_MANY, WHAT]))
def test_nothing_differs_from_itself_and_any_texts_are_compared(
    text: str, other: str, question: str
) -> None:
    hits = [
        Hit(Passage(name, name, "/", 0, len(one), one), None, None, 1.0)
        for name, one in (("one", text), ("again", text), ("other", other))
    ]
    for sentence in sentences_of(hits[0].passage, 0):
        found = said_otherwise(analyse(question), sentence, hits, date(2026, 1, 1))
        assert {one.passage.document_id for one in found} <= {"other"}


def test_sentences_without_end_are_not_compared() -> None:
    long = "Ada Lee " + "and the harbour master " * 20_000 + "came. "
    texts = (f"{REPORT} {long}", f"{REPORT} {long.replace('Ada Lee', 'Bo Holm')}")
    passages = [Passage(str(n), "", "/", 0, len(text), text) for n, text in enumerate(texts)]
    hits = [Hit(passage, None, None, 1.0) for passage in passages]
    for sentence in sentences_of(passages[0], 0):
        if len(sentence.words) > 200:
            assert not list(said_otherwise(analyse(WHO), sentence, hits, None))
