"""``qabot eval add``: a logged question becomes a case, after it was shown and confirmed."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Command

from qabot.evaluation.adding import case_of
from qabot.evaluation.cases import read_cases
from qabot.log import Log
from qabot.types import Judgement, Logged, Turn

QUESTION = "Who is Iran's foreign minister?"


@pytest.fixture
def logged(here: Command) -> Command:
    """A home with two questions in its log, the second a follow-up."""
    assert here("ask", QUESTION).code == 0
    assert here("ask", "-c", "and what did he say about pressure?").code == 0
    return here


def test_the_last_question_is_shown_and_added_when_confirmed(
    logged: Command, tmp_path: Path
) -> None:
    file = tmp_path / "cases" / "mine.jsonl"
    done = logged("eval", "add", "--yes", "--to", str(file), "--answer", "under pressure")
    assert done.code == 0
    shown = json.loads(done.stdout)
    assert shown == json.loads(file.read_text("utf-8"))
    assert shown["answers"] == ["under pressure"]
    assert shown["evidence"]
    assert "The bot said: " in done.stderr
    (case,) = read_cases([file])
    assert case.question == "and what did he say about pressure?"
    assert case.history[0].question == QUESTION
    assert case.evidence == tuple(shown["evidence"])


def test_without_confirmation_nothing_is_added(logged: Command, tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    done = logged("eval", "add", "1", "--to", str(file))
    assert done.code == 2
    assert "--yes" in done.stderr
    assert json.loads(done.stdout)["question"] == QUESTION
    assert not file.exists()


def test_a_case_is_added_once_and_others_stay(logged: Command, tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text("", "utf-8")
    for number in ("1", "2"):
        assert logged("eval", "add", number, "--yes", "--to", str(file)).code == 0
    again = logged("eval", "add", "1", "--yes", "--to", str(file))
    assert again.code == 2
    assert "has the case logged-1 already" in again.stderr
    assert [case.id for case in read_cases([file])] == ["logged-1", "logged-2"]


@pytest.mark.parametrize("arguments", [["99"], []])
def test_what_is_not_logged_cannot_be_added(here: Command, arguments: list[str]) -> None:
    done = here("eval", "add", *arguments, "--yes")
    assert done.code == 1
    assert done.stderr.startswith("Error: There is no question ")


def entry(status: str = "answered", text: str = "Ada Lee built it. [1]") -> Logged:
    answer = {"citations": [{"quote": "Ada Lee built it."}] if status == "answered" else []}
    return Logged(7, "c", "", "Who?", None, status, text, "m", None, None, None, None, None, answer)


def test_what_was_cited_is_evidence_only_of_an_answer_that_is_right() -> None:
    assert case_of(entry(), ())["evidence"] == ["Ada Lee built it."]
    assert "evidence" in case_of(entry(), (), (), ["ada lee"])
    assert "evidence" not in case_of(entry(), (), (), ["Berta"])


def test_the_reader_knows_better_whether_the_articles_say_it() -> None:
    assert case_of(entry(), (), (), ["x"], answerable=False) == {
        "id": "logged-7",
        "question": "Who?",
        "answerable": False,
        "answers": [],
        "tags": ["logged"],
    }
    assert case_of(entry("abstained"), (), (), ["x"], True)["answers"] == ["x"]
    assert case_of(entry("abstained"), ())["answerable"] is False


def test_earlier_turns_come_along_only_for_a_follow_up() -> None:
    turns = [Turn("Who is he?", "Ada.")]
    assert "history" not in case_of(entry(), turns)


def test_what_a_reader_found_fault_with_is_no_evidence_and_is_tagged() -> None:
    bad = Judgement(7, "r", False, "not supported", "it says 1901")
    row = case_of(entry(), (), [bad])
    assert "evidence" not in row
    assert row["tags"] == ["logged", "feedback", "not supported"]
    good = case_of(entry(), (), [Judgement(7, "r", True)])
    assert good["evidence"]
    assert good["tags"] == ["logged", "feedback"]


def test_a_readers_words_are_shown_before_the_case_is_added(
    logged: Command, tmp_path: Path
) -> None:
    with closing(Log(logged.home)) as log:
        log.judge(Judgement(1, "reader", False, "wrong", "it was\x1b[31m another"))
    done = logged("eval", "add", "1", "--yes", "--to", str(tmp_path / "c.jsonl"))
    assert "A reader said: bad wrong: it was[31m another" in done.stderr
    assert json.loads(done.stdout)["tags"] == ["logged", "feedback", "wrong"]
