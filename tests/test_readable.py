"""Answers read well: nothing hangs in the air, nothing is said twice, the text before captions."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts_support import HOSTILE_LENGTH, HOSTILE_UNITS, in_time, texts

from qabot.passage_sentences import Sentence, leans_on_previous, sentences_of
from qabot.readable import blemish, readable
from qabot.types import BlockKind, Passage


def sentences(text: str, kind: BlockKind = "body", start: int = 0) -> tuple[Sentence, ...]:
    return sentences_of(Passage("a", "", "", start, start + len(text), text, kind), 0)


def said(chosen: Iterable[Sentence], most: int = 3) -> list[str]:
    return [one.text for one in readable(list(chosen), lambda *_: None, most)]


@pytest.mark.parametrize(
    "text",
    [
        "He also thanked Iran.",
        "Then in May he announced it.",
        "But the Senate refused.",
        "Also, the law bans it.",
        "This was the fifth fire.",
        "This yearling won.",
        "In 1961 she married.",
        "Two years later, on Monday, she left.",
        "“They travelled to Singapore,” an official said.",
        "“We will not negotiate.”",
        '"We will not negotiate."',
        "We kept our word,” the senator said.",
        'We kept our word," the senator said.',
    ],
)
def test_a_sentence_that_says_not_who_or_what_leans_on_the_one_before(text: str) -> None:
    assert leans_on_previous(text)


@pytest.mark.parametrize(
    "text",
    [
        "The Senate refused.",
        "“It is simple,” the president said.",
        '"We kept our word," the senator said.',
        'Ada—"the lioness"—sang.',
        "The goalkeeper is 6'2\" tall.",
        "Thenceforth nobody sang.",
        "When Smith left he sang.",
        "In Ely they sang.",
        "This year marks the tenth fair.",
        "This week, the Senate refused.",
    ],
)
def test_a_sentence_that_stands_by_itself_does_not(text: str) -> None:
    assert not leans_on_previous(text)


def test_what_is_left_open_brings_what_is_said_of_it() -> None:
    first, second, _ = sentences(
        "How it came there is unclear. A storm may have brought it. It grew."
    )
    assert said([first]) == [first.text, second.text]


def test_of_sentences_that_all_begin_with_a_pronoun_one_is_said() -> None:
    text = "Rosa Lind wrote. She was born in Ely. She sang. She lived in Leeds. She left."
    *_, lived, _ = sentences(text)
    assert said([lived]) == [lived.text]


def test_the_beginning_of_a_quotation_brings_its_speaker() -> None:
    text = '"It was a bad week. We kept our word on this," Lee said. Then Lee left.'
    first, second, _ = sentences(text)
    assert said([first]) == [first.text, second.text]
    assert said([first], most=1) == [first.text]


@pytest.mark.parametrize(
    "text",
    [
        '"It was a bad week. We kept our word. Nobody left. All of it was hard," Lee said.',
        '"It was a bad week. We kept our word on this.',
        'Lee said: "It was a bad week. We kept our word on this."',
        "” It was a bad week. We kept our word on this,” Lee said.",
    ],
)
def test_a_quotation_that_ends_too_far_away_or_has_its_speaker_brings_nothing(text: str) -> None:
    first, *others = sentences(text)
    assert others
    assert said([first]) == [first.text]


def paragraphs(*texts: str) -> list[Passage]:
    """Passages of one document that follow one another."""
    return [
        Passage("a", "", "", 1_000 * n, 1_000 * n + len(text), text, "body")
        for n, text in enumerate(texts)
    ]


def said_among(passages: list[Passage], most: int = 3) -> list[str]:
    """What is said where the first sentence of the first passage was chosen."""

    def beside(passage: Passage, after: bool) -> Passage | None:
        place = passages.index(passage) + (1 if after else -1)
        return passages[place] if 0 <= place < len(passages) else None

    chosen = sentences_of(passages[0], 0)[:1]
    return [one.text for one in readable(chosen, beside, most)]


def test_what_announces_a_list_brings_its_items() -> None:
    items = "(a) You keep this notice; and", "(b) You say so; and", "(c) You wait.", "Then go."
    whole = paragraphs("You may copy it if you meet these conditions:", *items)
    assert said_among(whole) == ["You may copy it if you meet these conditions:", *items[:2]]
    assert said_among(whole, most=1) == ["You may copy it if you meet these conditions:"]
    assert said_among([whole[0], whole[1], whole[4]]) == [whole[0].text, items[0]]


def test_what_announces_a_sentence_brings_that_alone() -> None:
    assert said_among(paragraphs("Lee wrote: The bridge is open. Nobody came.")) == [
        "Lee wrote: The bridge is open."
    ]
    assert said_among(paragraphs("Lee wrote this:", "The bridge is open. Nobody came.")) == [
        "Lee wrote this:", "The bridge is open.",
    ]  # fmt: skip
    assert said_among(paragraphs("Lee wrote this:")) == ["Lee wrote this:"]


def test_a_heading_within_a_paragraph_brings_its_text() -> None:
    text = "3. Grant of Patent License. Each of them grants a license. It never ends."
    first, second, _ = sentences(text)
    assert first.text == "3. Grant of Patent License."
    assert said([first]) == [first.text, second.text]
    assert said_among(paragraphs("1. Kansas City.", "2. Baltimore.")) == ["1. Kansas City."]


def test_an_answer_brings_the_question_right_before_it_and_no_other() -> None:
    question, answer = sentences("Who came to the mill? Ada.")
    assert said([answer]) == [question.text, answer.text]
    (far,) = sentences("Jo Lee bought the old boats of the harbour.", start=900)
    assert said([answer, far]) == [question.text, answer.text, far.text]
    asking = Passage("a", "", "", 0, 9, "Who came?", "body")
    text = "Jo Lee bought the boats."
    apart = Passage("a", "", "", 90, 90 + len(text), text, "body")
    (alone,) = sentences_of(apart, 0)
    assert readable([alone], lambda *_: asking, 3) == (alone,)


def test_an_answer_that_is_not_understood_alone_is_left_out_where_its_question_has_no_room() -> (
    None
):
    first, second = sentences("The king sang in the hall. The queen listened to the king.")
    _, short, long = sentences("Who came? Ada. Ada brought the keys of the mill to Jo.", start=900)
    assert said([first, second, short]) == [first.text, second.text]
    assert said([first, second, long]) == [first.text, second.text, long.text]


def test_a_sentence_within_a_quotation_brings_the_beginning_of_it() -> None:
    text = 'Ada Lee spoke first. "It was a bad week. We kept our word on this," Lee said.'
    *_, last = sentences(text)
    assert said([last]) == ["Ada Lee spoke first.", '"It was a bad week.', last.text][1:]


def test_what_would_hang_is_left_out_unless_it_is_the_best() -> None:
    first, second = sentences("The king sang. The queen listened.")
    (hanging,) = sentences("He left.", start=900)
    assert said([first, hanging, second]) == [first.text, second.text]
    assert said([hanging, first]) == [hanging.text, first.text]


def test_what_is_said_in_other_words_is_not_said_again() -> None:
    first, again, other = sentences(
        "Beryl became the earliest hurricane of the fifth category on record in the Atlantic. "
        "On Monday night, Beryl became the earliest hurricane of that category on record. "
        "The storm killed 11 people on the islands."
    )
    assert said([first, again, other]) == [first.text, other.text]


@pytest.mark.parametrize("other", ["named Ada Lee as his envoy to Peru", "lost 12 votes"])
def test_another_name_or_figure_is_said(other: str) -> None:
    text = f"The president named Jo Doe as his envoy to Peru on Friday. The president {other}."
    assert said(sentences(text)) == [one.text for one in sentences(text)]


def test_a_caption_gives_way_to_text_that_says_the_same() -> None:
    (caption,) = sentences("The king opens the new bridge in Riga on Monday. Jo Doe/AFP", "caption")
    (text,) = sentences("The king opened the new bridge in Riga on Monday with a song.", start=900)
    (other,) = sentences("Thousands of people came to the river in boats.", start=1_800)
    assert said([caption, text]) == [text.text]
    assert said([other, caption]) == [other.text]
    assert said([caption, other]) == [caption.text, other.text]


def test_a_link_gives_way_to_text_that_says_the_same() -> None:
    (link,) = sentences("Recall:Canned lemonade recalled over wrong labels")
    (text,) = sentences("Thousands of cans of lemonade were recalled over wrong labels.", start=900)
    assert said([link, text]) == [text.text]
    assert said([link]) == [link.text]


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ("Read more about the bridge here.", "The bridge opened."),
        ("Sign up for the newsletter on politics.", "The bridge opened."),
        ("This story has been updated with more on the bridge.", "The bridge opened."),
        ("Bridges of the world:What to know", "The bridge opened."),
        ("The bridge and the river", "The bridge opened."),
        ("2. The Bridge of Riga.", "The bridge opened."),
        ("Is the bridge open?", "The bridge and the river"),
    ],
)
def test_furniture_questions_and_cut_lines_read_worse(worse: str, better: str) -> None:
    (one,), (other,) = sentences(worse), sentences(better)
    assert blemish(one) > blemish(other)


@given(texts, st.integers(1, 3), st.randoms())
def test_an_answer_is_whole_sentences_each_once_and_holds_the_best(
    text: str, most: int, random: object
) -> None:
    own = sentences(text)
    chosen = random.sample(own, min(3, len(own)))  # type: ignore[attr-defined]
    answer = readable(chosen, lambda *_: None, most)
    assert len(answer) <= most
    assert len(set(answer)) == len(answer)
    assert set(answer) <= set(own)
    assert bool(answer) == bool(chosen)


@in_time
@pytest.mark.parametrize("unit", HOSTILE_UNITS)
def test_long_lines_are_judged_in_time(unit: str) -> None:
    text = unit * (HOSTILE_LENGTH // len(unit))
    leans_on_previous(text)
    for sentence in sentences(text)[:3]:
        blemish(sentence)
