"""Sentences: exact spans, and no full stop that stands inside a name or a quotation ends one."""

from __future__ import annotations

import itertools
import textwrap

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from texts_support import hostile_texts, in_time, texts

from qabot.sentences import sentence_spans


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


def check(text: str, first: int, last: int) -> None:
    """Spans are in order within ``text[first:last]`` and only white space lies outside them."""
    spans = sentence_spans(text, first, last)
    position = first
    for start, end in spans:
        assert position <= start < end <= last
        assert not text[position:start].strip()
        assert text[start:end] == text[start:end].strip()
        position = end
    assert not text[position:last].strip()


@given(texts)
@example("")
@example(" \n ")
@example("“")
@example("a.\u2028b. “c.\x1cd.”")
def test_spans_are_in_order_and_only_white_space_lies_outside_them(text: str) -> None:
    check(text, 0, len(text))


@given(texts, st.integers(0, 400), st.integers(0, 400))
def test_a_stretch_of_a_text_is_read_within_its_bounds(text: str, one: int, other: int) -> None:
    first, last = sorted((min(one, len(text)), min(other, len(text))))
    check(text, first, last)


@in_time
@pytest.mark.parametrize("text", hostile_texts(), ids=lambda text: repr(text[-12:]))
def test_hostile_text_is_read_all_the_same(text: str) -> None:
    spans = sentence_spans(text)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))
    assert bool(spans) == bool(text.strip())


def test_plain_sentences() -> None:
    assert sentences("It rains. Does it? It does! So be it.") == [
        "It rains.", "Does it?", "It does!", "So be it.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "sentence",
    [
        "Mr. Smith met Dr. Lee in St. Petersburg.",
        "He arrived on Feb. 25 and left on Sept. 3.",
        "The U.S. Secretary of State spoke with U.N. Secretary-General Ban.",
        "It costs 3.50 dollars, or 1.2 million.",
        "See No. 4, e.g. the second part, i.e. this one.",
        "George W. Bush was there.",
        "It begins at 5 p.m. Monday.",
        "The talks end at 11 p.m. EST on Friday.",
        "CHICO, Calif. (AP) A fire began.",
    ],
)
def test_a_full_stop_within_a_name_or_figure_ends_nothing(sentence: str) -> None:
    assert sentences(f"{sentence} Then it ended.") == [sentence, "Then it ended."]


@pytest.mark.parametrize(
    "sentence",
    [
        "The train went at 61 km/h.",
        "The bridge is 118 m.",
        "Profits were £3.2bn.",
        "The index closed at 4,812.6.",
        "It ended at 9 p.m.",
        "Ada was ill.",
    ],
)
def test_a_unit_an_hour_or_a_decimal_may_end_a_sentence(sentence: str) -> None:
    assert sentences(f"{sentence} Officers came.") == [sentence, "Officers came."]


@pytest.mark.parametrize(
    "note", ["[1]", "[^1]", "[a]", "[citation needed]", "[12, 13]", "¹", "1", "(3)"]
)
def test_the_mark_of_a_note_belongs_to_its_sentence(note: str) -> None:
    assert sentences(f"Ten were hurt.{note} The line was shut.{note}") == [
        f"Ten were hurt.{note}", f"The line was shut.{note}",
    ]  # fmt: skip
    assert sentences(f"“I ran.”{note} The line was shut.") == [
        f"“I ran.”{note}",
        "The line was shut.",
    ]


@pytest.mark.parametrize("number", ["9.", "12.", "3.1.", "(a)", "b.", "A.", "iv.", "(2)."])
def test_a_number_stays_with_what_it_numbers(number: str) -> None:
    assert sentences(f"{number} The name may be used. Then it ended.") == [
        f"{number} The name may be used.", "Then it ended.",
    ]  # fmt: skip


def test_a_number_at_the_end_of_a_sentence_ends_it() -> None:
    assert sentences("It was in 2019. They were 12. Then it ended.") == [
        "It was in 2019.", "They were 12.", "Then it ended.",
    ]  # fmt: skip


def test_a_quotation_of_several_sentences_stays_with_its_speaker() -> None:
    said = "“It’s very simple. Iran cannot have a nuclear weapon,” Trump said on Feb. 4."
    assert sentences(f"{said} He left.") == [said, "He left."]


def test_a_closing_quotation_mark_belongs_to_the_sentence_before_it() -> None:
    assert sentences("He called it “the end.” Nobody agreed.") == [
        "He called it “the end.”", "Nobody agreed.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        '"We must act." Chabot told VOA in a statement.',
        "“Do we stop?” Haley asked on Tuesday.",
        '"We must act." Ambassador Nikki Haley said.',
    ],
)
def test_a_quotation_keeps_the_speaker_who_is_named_after_its_full_stop(text: str) -> None:
    assert sentences(f"{text} Then he left.") == [text, "Then he left."]


@pytest.mark.parametrize(
    "text", ['"We must act." Chabot said he would leave.', "“Do we stop?” Nobody knew."]
)
def test_what_follows_a_quotation_and_names_no_speaker_of_it_is_another_sentence(text: str) -> None:
    assert len(sentences(text)) == 2


def test_a_question_within_a_sentence_does_not_end_it() -> None:
    assert sentences("“Really?” he said. She nodded.") == ["“Really?” he said.", "She nodded."]


def test_a_quotation_never_closed_does_not_swallow_the_rest() -> None:
    found = sentences("“He began to speak. " + "And then he went on and on. " * 40)
    assert len(found) > 20


def test_a_blank_line_ends_a_sentence_and_a_line_break_alone_does_not() -> None:
    assert sentences("A heading\n\nA sentence that is\nbroken by width.") == [
        "A heading", "A sentence that is\nbroken by width.",
    ]  # fmt: skip


def test_full_stops_of_chinese_need_no_space() -> None:
    assert sentences("他来了。他走了。") == ["他来了。", "他走了。"]


def test_the_seed_is_read_sentence_by_sentence(seed_text: str) -> None:
    found = sentences(seed_text)
    assert (
        "In mid-January, Moscow and Tehran signed a 20-year strategic partnership agreement."
        in (found)
    )
    assert sum(sentence.count("”") != sentence.count("“") for sentence in found) == 0


@pytest.mark.parametrize("width", range(46, 91))
def test_a_paragraph_wrapped_at_any_width_has_the_sentences_that_it_has_on_one_line(
    width: int,
) -> None:
    text = (
        "The clock on our town hall has stood at 11:52 since the storm of 2019, and last week the "
        "council voted on it. The mill was given to the town by Mrs. Ada Kern and Mr. Boyd in "
        "1999. The reason: George W. Finch, the grocer, and J. Lowe of the U.S. Army paid for it. "
        "Last summer I counted the visitors in the square on four Saturdays: eleven, nine, "
        "fourteen, and a man who asked for the way out. He left - with Anna Roux - at dawn. The "
        "damage was put at the following by the owner, Rupert Hale: 4.5 million pounds. It was "
        "built by J. Hale & Sons."
    )
    wrapped = textwrap.fill(text, width, break_on_hyphens=False)
    assert [" ".join(each.split()) for each in sentences(wrapped)] == sentences(text)
