"""Text for Slack: nothing in it acts, nothing is lost, and it is cut where a reader would."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_reader_support import code_and_prose, decoded, deeds, hostile, seen, together
from texts_support import hostile_texts

from qabot.render.cutting import markdown_pieces, pieces
from qabot.render.mrkdwn import escape, literal, markdown, plain

code = st.lists(
    st.sampled_from(
        ["x = 1", "<!channel>", "  if a < b:", "", "``", "a```b", "# no head", "é👩\u200d🚀"]
    ),
    max_size=40,
)


@given(hostile)
def test_no_text_acts_in_any_of_the_ways_that_slack_reads(text: str) -> None:
    assert deeds("mrkdwn", escape(text)) == []
    assert deeds("markdown", markdown(text)) == []
    assert deeds("literal", literal(text)) == []


@given(hostile)
def test_escaping_keeps_what_is_seen(text: str) -> None:
    lookalikes = str.maketrans("∗ˍ∼ˋ", "*_~`")
    expected = plain(text)
    assert seen("literal", literal(text)) == expected
    assert seen("mrkdwn", escape(text)).translate(lookalikes) == expected.translate(lookalikes)
    assert together(seen("markdown", markdown(text))) == together(expected)


def test_the_words_of_a_sentence_stay_as_they_are() -> None:
    text = "“We (the U.S.) won't,” he said on Feb. 25 - at 3.14% of $5-10 #1, 7 + 8 = 15; a/b, é."
    assert markdown(text) == text
    assert escape(text) == text


@given(hostile, st.integers(300, 900))
def test_cutting_loses_nothing_and_makes_nothing_act(text: str, limit: int) -> None:
    whole = markdown(text * 20)
    parts = markdown_pieces(whole, limit)
    assert all(
        len(part) <= limit and part.strip() and not deeds("markdown", part) for part in parts
    )
    together_again = "".join(together(seen("markdown", part)) for part in parts)
    assert together_again == together(seen("markdown", whole))


@given(hostile, st.integers(50, 300))
def test_text_shown_as_it_is_is_cut_without_loss(text: str, limit: int) -> None:
    whole = literal(text * 20)
    parts = pieces(whole, limit)
    assert all(0 < len(part) <= limit for part in parts)
    assert together("".join(parts)) == together(whole)


@given(st.text("ab \n", max_size=60), code, st.integers(300, 600))
def test_code_that_is_cut_is_closed_and_opened_again(
    prose: str, lines: list[str], limit: int
) -> None:
    text = "\n".join([prose * 5, "````python", *lines, "````", prose * 5])
    whole = markdown(text)
    parts = markdown_pieces(whole, limit)
    stretches = [stretch for part in parts for stretch in code_and_prose(part)]
    said = "".join(text for is_code, text in stretches if is_code)
    assert together(decoded(said)) == together("\n".join(lines))
    assert all(part.count("````python") in (0, 1) for part in parts)
    assert not any(deeds("markdown", part) for part in parts)


def test_code_that_is_left_open_is_closed() -> None:
    assert markdown("Look:\n```\na = 1") == "Look:\n```\na = 1\n```"
    assert markdown("``` x ```") == "\\`\\`\\` x \\`\\`\\`"


def test_code_that_fits_into_the_next_piece_is_not_cut() -> None:
    code = "```\n" + "a = 1\n" * 30 + "```"
    prose = "Some words. " * 20
    assert markdown_pieces(f"{prose}\n{code}", 550) == [prose.strip(), code]


def test_backticks_inside_of_code_close_none_of_its_pieces() -> None:
    for words in range(30, 130):
        line = "word " * words + "```"
        stretches = [
            stretch
            for part in markdown_pieces(markdown(f"```\n{line}\n```\nAfter."), 400)
            for stretch in code_and_prose(part)
        ]
        said = "".join(text for is_code, text in stretches if is_code)
        assert together(decoded(said)) == together(line)


@pytest.mark.parametrize(
    "unit", ["👩\u200d👩\u200d👧", "🇫🇷", "👍🏽", "e\u0301", "&", "*", "\\", "❤\ufe0f"]
)
def test_no_character_and_no_escape_is_cut_in_two(unit: str) -> None:
    for limit in range(50, 60):
        for part in pieces(literal(unit * 60), limit):
            assert part == literal(unit) * (len(part) // len(literal(unit)))
        for part in markdown_pieces(markdown(unit * 400), limit + 250):
            assert part == markdown(unit) * (len(part) // len(markdown(unit)))


def test_a_text_is_cut_where_a_reader_would() -> None:
    first, second = "One two three. " * 6, "Four five six. " * 6
    assert pieces(first + "\n\n" + second, 120) == [first.strip(), second.strip()]
    assert pieces(first + second, 120)[0].endswith("six.")
    assert pieces("word " * 100, 52)[0].endswith("word word")
    sentences = "“One two three four.” [1][2] " * 40
    assert all(part.endswith("[2]") for part in markdown_pieces(sentences, 400))


def test_long_and_hostile_texts_are_escaped_and_cut_in_linear_time() -> None:
    for text in (one[:50_000] for one in hostile_texts()):
        assert all(len(part) <= 3_500 for part in markdown_pieces(markdown(text), 3_500))
        pieces(literal(escape(text)), 1_400)
