"""Prompts: what the files must hold, what a fault in one says, and what filling one in gives."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qabot import prompts
from qabot.errors import PromptError
from qabot.resources import shipped

GOOD = """---
name: greet
description: Greets someone.
placeholders: name, place
---
Hello {name} in {place}, {name}! Braces {like these} and {"json": 1} are only text.
"""


def write(folder: Path, text: str, name: str = "greet") -> Path:
    path = folder / f"{name}.md"
    path.write_bytes(text.encode("utf-8"))
    return path


def test_every_shipped_prompt_loads_under_the_name_of_its_file() -> None:
    loaded = prompts.load_all()
    assert "answer" in loaded
    assert all(prompt.name == name for name, prompt in loaded.items())


def test_the_answer_prompt_carries_question_and_passages_between_their_labels() -> None:
    filled = prompts.load("answer").fill(question="who came?", passages="[1] Lavrov came.")
    assert "BEGIN PASSAGES\n[1] Lavrov came.\nEND PASSAGES" in filled
    assert "BEGIN QUESTION\nwho came?\nEND QUESTION" in filled
    assert "NOT IN THE ARTICLES" in filled


def test_the_fields_of_a_prompt_are_read(tmp_path: Path) -> None:
    prompt = prompts.load_file(write(tmp_path, GOOD))
    assert (prompt.name, prompt.description) == ("greet", "Greets someone.")
    assert prompt.placeholders == ("name", "place")


def test_every_place_of_a_placeholder_is_filled_and_other_braces_stay(tmp_path: Path) -> None:
    filled = prompts.load_file(write(tmp_path, GOOD)).fill(name="Ada", place="Kiel")
    assert filled == ('Hello Ada in Kiel, Ada! Braces {like these} and {"json": 1} are only text.')


@given(name=st.text(), place=st.text())
def test_values_go_in_unchanged_whatever_they_hold(name: str, place: str) -> None:
    prompt = prompts.Prompt("greet", "Greets.", ("name", "place"), "<{name}|{place}>", "0" * 12)
    assert prompt.fill(name=name, place=place) == f"<{name}|{place}>"


def test_a_placeholder_in_a_value_is_not_filled_again(tmp_path: Path) -> None:
    prompt = prompts.load_file(write(tmp_path, GOOD))
    assert prompt.fill(name="{place}", place="{name}").startswith(
        "Hello {place} in {name}, {place}!"
    )


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"name": "Ada"}, "place is missing"),
        ({"name": "Ada", "place": "Kiel", "time": "noon"}, "time is unknown"),
    ],
)
def test_filling_with_a_missing_or_unknown_value_is_refused(
    tmp_path: Path, values: dict[str, str], complaint: str
) -> None:
    with pytest.raises(PromptError, match=complaint):
        prompts.load_file(write(tmp_path, GOOD)).fill(**values)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("{place}, {name}", "{place}, {time}", "time is unknown"),
        ("{place}", "there", "place is missing"),
        ("placeholders: name, place", "placeholders: name place", "list of different names"),
        ("placeholders: name, place", "placeholders: name, place, name", "list of different names"),
        ("placeholders: name, place\n", "", "lacks placeholders"),
        ("description: Greets someone.", "description:", "lacks description"),
        ("description: Greets someone.", "describes: it", "is not one of the fields"),
        ("description: Greets someone.", "name: greet", "is not one of the fields"),
        ("name: greet", "name: bow", "its name is 'bow', but the file's is 'greet'"),
        ("---\nHello", "Hello", "two lines of dashes"),
        ("---\nname", "name", "two lines of dashes"),
    ],
)
def test_a_faulty_prompt_is_refused_when_it_is_loaded_and_the_file_is_named(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(PromptError) as caught:
        prompts.load_file(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert complaint in str(caught.value)


def test_a_prompt_that_is_missing_or_not_utf8_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "none.md"
    with pytest.raises(PromptError, match=r"none\.md.*No such file"):
        prompts.load_file(missing)
    broken = tmp_path / "broken.md"
    broken.write_bytes(b"---\n\xff")
    with pytest.raises(PromptError, match=r"broken\.md.*not UTF-8"):
        prompts.load_file(broken)


def test_the_hash_names_the_file_as_it_lies_on_disk(tmp_path: Path) -> None:
    path = shipped("prompts") / "answer.md"
    expected = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    assert prompts.load("answer").hash == expected
    first = prompts.load_file(write(tmp_path, GOOD))
    second = prompts.load_file(write(tmp_path, GOOD.replace("Hello", "Good day")))
    assert first.hash != second.hash


def test_windows_line_ends_make_no_other_prompt(tmp_path: Path) -> None:
    unix = prompts.load_file(write(tmp_path, GOOD))
    windows = prompts.load_file(write(tmp_path, GOOD.replace("\n", "\r\n")))
    assert (windows.body, windows.placeholders) == (unix.body, unix.placeholders)
