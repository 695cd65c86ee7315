"""Citation markers: one strict grammar, the same in and out."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qabot.markers import MOST, defuse, find, without, write

numbers = st.lists(st.integers(1, 999), min_size=1, max_size=12, unique=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("so [1].", (1,)),
        ("so [1, 2].", (1, 2)),
        ("so [1-3].", (1, 2, 3)),
        ("so [1–3].", (1, 2, 3)),
        ("so [2;1, 4-5]", (2, 1, 4, 5)),
        ("so ［３］", (3,)),
        ("so 【1】", (1,)),
        ("so [Source 3]", (3,)),
        ("so [source 1, 2]", (1, 2)),
        ("so [ 1 ]", (1,)),
    ],
)
def test_a_marker_is_accepted_in_every_form_that_models_write(text, expected):
    (marker,) = find(text, last=9)
    assert marker.numbers == expected
    assert marker.rejected is None


@pytest.mark.parametrize(
    "text",
    ["[sic]", "[a]", "[1a]", "[]", "[-1]", "(1)", "[1", "1]", "[2021]", "[1.5]", "[x 1]", "[1 2]"],
)
def test_no_other_bracketed_word_is_a_marker(text):
    assert find(text, last=9) == []


@pytest.mark.parametrize("text", ["[0]", "[10]", "[1, 10]", "[8-12]", "[Source 99]"])
def test_a_marker_for_a_passage_that_is_not_there_is_kept_with_its_reason(text):
    (marker,) = find(text, last=9)
    assert "no passage" in marker.rejected


def test_a_range_backwards_or_without_measure_names_nothing():
    for text in ("[3-1]", f"[1-{MOST + 1}]"):
        (marker,) = find(text, last=999)
        assert marker.numbers == ()
        assert "no range" in marker.rejected


@given(numbers)
def test_what_is_written_is_read_again(given):
    found = find(write(given), last=999)
    assert [marker.numbers[0] for marker in found] == given
    assert all(marker.rejected is None for marker in found)


@given(numbers, st.sampled_from([",", ", ", ";", "、", " , "]))
def test_a_list_in_one_bracket_names_the_same_passages(given, separator):
    (marker,) = find("[" + separator.join(map(str, given)) + "]", last=999)
    assert list(marker.numbers) == given


@given(st.text() | st.text(alphabet="[]［］【】0123456789,-– Source"))
def test_markers_stand_where_they_say_and_do_not_overlap(text):
    end = 0
    for marker in find(text, last=9):
        assert end <= marker.start < marker.end <= len(text)
        assert text[marker.start] in "[［【"
        assert text[marker.end - 1] in "]］】"
        assert re.search(r"\d", text[marker.start : marker.end])
        end = marker.end


@given(st.text(alphabet="[]0123456789,- aSource") | st.text())
def test_nothing_in_a_defused_text_is_a_marker_and_its_length_stays(text):
    defused = defuse(text)
    assert find(defused, last=999) == []
    assert not re.search(r"\[\s*\d+\s*\]", defused)
    assert len(defused) == len(text)


def test_a_megabyte_of_brackets_is_read_in_one_pass():
    assert find("[" * 1_000_000, last=9) == []
    assert find("[1," * 300_000, last=9) == []


@given(st.text(alphabet="[]123,- a.", max_size=60))
def test_without_its_markers_a_text_is_what_stands_between_them(text: str) -> None:
    kept, position = [], 0
    for marker in find(text, 999):
        kept.append(text[position : marker.start])
        position = marker.end
    assert without(text) == "".join([*kept, text[position:]])
