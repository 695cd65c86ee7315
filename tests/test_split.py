"""Passages: exact, in order, of a size to read, and nothing that can be cited is left out."""

from __future__ import annotations

import itertools

import pytest
from conftest import SEED_ID
from hypothesis import example, given
from texts_support import hostile_texts, in_time, texts

from qabot.article import read_blocks
from qabot.split import HARD_LIMIT, LONGEST, split
from qabot.types import Document, Passage

CITABLE = {"body", "caption", "subtitle", "byline", "note"}


def passages_of(text: str) -> list[Passage]:
    return split(Document(id="d", title="T", source="/s.txt", text=text))


def is_blank(text: str) -> bool:
    return not text.replace("\ufeff", "").strip()


def check(text: str) -> None:
    """Everything that must hold of the passages of any text at all."""
    passages = passages_of(text)
    for passage in passages:
        assert text[passage.start : passage.end] == passage.text
        assert passage.text == passage.text.strip() != ""
        assert len(passage.text) <= HARD_LIMIT
        assert passage.line == text.count("\n", 0, passage.start) + 1
    for one, other in itertools.pairwise(passages):
        assert one.end <= other.start
    blocks = read_blocks(text)
    kinds = CITABLE if any(block.kind in CITABLE for block in blocks) else {b.kind for b in blocks}
    left_out = list(text)
    for passage in passages:
        left_out[passage.start : passage.end] = " " * len(passage.text)
    for block in blocks:
        if block.kind not in kinds:
            left_out[block.start : block.end] = " " * (block.end - block.start)
    assert is_blank("".join(left_out))


@given(texts)
@example("")
@example("\ufeff")
@example("\r\n\r\n")
@example("Updated:\n0:00")
@example("\ufeffTitle\r\n\r\nBody.\r\n")
@example("same same. " * 400)
@example("word " * 1000)
@example("a" + " " * 5000 + "b")
@example("“" * 3000 + "”" * 3000)
@example("x" * (HARD_LIMIT + 1))
def test_passages_are_exact_ordered_limited_and_cover_what_can_be_cited(text: str) -> None:
    check(text)


@in_time
@pytest.mark.parametrize("text", hostile_texts(), ids=lambda text: repr(text[-12:]))
def test_hostile_text_is_split_all_the_same(text: str) -> None:
    passages = passages_of(text)
    assert all(text[p.start : p.end] == p.text for p in passages)
    assert all(len(p.text) <= HARD_LIMIT for p in passages)
    assert bool(passages) == (not is_blank(text))


def test_a_line_of_five_million_characters_is_split() -> None:
    text = "He said that it is so and that it stays so, " * 115_000
    passages = passages_of(text)
    assert sum(len(p.text) for p in passages) > 0.99 * len(text)
    assert all(text[p.start : p.end] == p.text for p in passages)


def test_the_seed_is_split_into_its_paragraphs(seed_text: str) -> None:
    passages = split(Document(SEED_ID, "T", "/s", seed_text))
    assert all(seed_text[p.start : p.end] == p.text for p in passages)
    bodies = [p for p in passages if p.kind == "body"]
    assert bodies[0].text.startswith("Iran has ruled out holding direct talks")
    assert bodies[-1].text.endswith("followed by a visit to Qatar on Feb. 26.")
    assert all(p.text.count("\n\n") <= 1 for p in bodies)


def test_title_and_heading_travel_as_fields_and_never_in_the_text(seed_text: str) -> None:
    passages = split(Document(SEED_ID, "Title of it", "/s", seed_text))
    heading = "Lavrov: Still Room for Diplomacy"
    place = seed_text.index(heading)
    bodies = [p for p in passages if p.kind == "body"]
    assert {p.heading for p in bodies if p.start > place} == {heading}
    assert {p.heading for p in bodies if p.start < place} == {""}
    assert {p.title for p in passages} == {"Title of it"}
    assert not any(heading in p.text or "Tehran Rejects" in p.text for p in passages)


def test_a_caption_is_a_passage_of_its_own_kind_and_is_there_once(seed_text: str) -> None:
    captions = [p.text for p in passages_of(seed_text) if p.kind == "caption"]
    assert len(captions) == 2
    assert captions[0].startswith("Russian Foreign Minister Sergei Lavrov holds")
    assert captions[1].startswith("U.S. Middle East envoy Steve Witkoff")


def test_a_short_paragraph_stays_whole() -> None:
    paragraph = "One sentence stands here. Another follows it. And a third one ends it all."
    assert [p.text for p in passages_of(f"Title\n\n{paragraph}\n")] == [paragraph]


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    sentence = "This is one sentence of a long and even paragraph about rivers. "
    passages = passages_of(sentence * 60)
    assert len(passages) > 1
    assert all(p.text.startswith("This is") and p.text.endswith("rivers.") for p in passages)
    assert all(len(p.text) <= LONGEST for p in passages)


def test_a_sentence_longer_than_a_passage_stays_whole() -> None:
    sentence = "word " * 200 + "end."
    passages = passages_of(f"First. {sentence} Last one.")
    assert any(sentence in p.text for p in passages)


def test_tiny_paragraphs_are_joined() -> None:
    (passage,) = passages_of("Yes.\n\nNo.\n\nPerhaps so, said the man at the door.")
    assert passage.text == "Yes.\n\nNo.\n\nPerhaps so, said the man at the door."


def test_tiny_paragraphs_of_different_sections_are_not_joined() -> None:
    passages = passages_of("# T\n\n## One\n\nYes.\n\n## Two\n\nNo.\n")
    assert [(p.heading, p.text) for p in passages] == [("One", "Yes."), ("Two", "No.")]


FILLER = "A sentence of filler that only fills the paragraph up goes here. " * 10


@pytest.mark.parametrize(
    ("quotation", "speaker"),
    [
        ("“We will fight on. We will win.”", "General Smith told reporters in the capital."),
        ("“We will fight on.”", "Smith said so."),
        ('"We will fight on. We will win."', "General Smith told reporters in the capital."),
        ("“Will we win?”", "Smith asked."),
        ("«We will win.»", "Smith said."),
    ],
)
@pytest.mark.parametrize("length", range(520, 700, 15))
def test_a_quotation_is_never_cut_from_its_speaker(
    quotation: str, speaker: str, length: int
) -> None:
    before = FILLER[: length - 1].rpartition(". ")[0] + ". "
    for pair in (f"{quotation} {speaker}", f"{speaker} {quotation}"):
        assert any(pair in p.text for p in passages_of(before + pair + " " + FILLER + FILLER))


def test_a_quotation_that_goes_on_in_the_next_paragraph_keeps_its_speaker() -> None:
    text = (
        "Title\n\n“We have tried every way there is to settle it,” Lee told the council.\n\n"
        "“Therefore we shall not come back to the table before the terms have been changed.”\n\n"
        "The council then heard two more speakers before it closed its session for the day.\n"
    )
    first, second = passages_of(text)
    assert "Lee told" in first.text
    assert first.text.endswith("changed.”")
    assert second.text.startswith("The council")


def test_what_holds_nothing_but_furniture_is_taken_as_text() -> None:
    assert [p.text for p in passages_of("Updated:\n\nListen")] == ["Updated:\n\nListen"]


def test_white_space_has_no_passages() -> None:
    assert passages_of(" \r\n\t\u00a0\u2028\n") == []
