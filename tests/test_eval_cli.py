"""``qabot eval``: what it prints and writes, its exit codes, and what it never does."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import process_support
import pytest
from conftest import ROOT, Command, Finished
from evaluation_support import absent, row, write_rows
from llm_support import Server, reply

from qabot import cli

Runner = Callable[..., Finished]


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str], home: Path, seed_home: Path) -> Runner:
    """Runs the command in this process, on a home of the test's own with the seed article."""
    shutil.copytree(seed_home / "index", home / "index")

    def run(*arguments: str | Path) -> Finished:
        code = cli.run(["eval", *map(str, arguments)])
        printed = capsys.readouterr()
        return Finished(code, printed.out, printed.err)

    return run


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    rows = [row("one"), absent("two"), row("three", tags=["other"])]
    return write_rows(tmp_path / "cases.jsonl", rows)


def results(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]


def summary(folder: Path) -> Any:
    return json.loads((folder / "summary.json").read_text())


def test_the_figures_are_printed_and_the_folder_written(
    here: Runner, cases: Path, tmp_path: Path
) -> None:
    done = here(cases, "--out", tmp_path / "out")
    assert (done.code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["figure", "value", "95%", "interval", "cases"]
    assert any(line.split()[0] == "quote_validity" for line in lines)
    assert "3 cases, 2 answered, 1 abstained" in lines
    assert lines[-1] == f"written to {tmp_path / 'out'}"
    assert not any(line.endswith(" ") for line in lines)
    assert [one["id"] for one in results(tmp_path / "out")] == ["one", "two", "three"]
    found = summary(tmp_path / "out")
    assert list(found["manifest"]["data"]) == ["cases.jsonl"]
    assert found["manifest"]["model"] == "extractive"
    assert "<!doctype html>" in (tmp_path / "out" / "report.html").read_text("utf-8").lower()


def test_without_a_folder_the_run_goes_below_the_home(
    here: Runner, cases: Path, home: Path
) -> None:
    folders = [Path(here(cases).stdout.splitlines()[-1].split(" ", 2)[2]) for _ in range(2)]
    assert folders[0] != folders[1]
    assert {folder.parent for folder in folders} == {home / "evals"}
    assert not (home / "log.sqlite3").exists()
    before = (folders[1] / "results.jsonl").read_bytes()
    assert here(cases, "--resume").stdout.splitlines()[-1] == f"written to {folders[1]}"
    assert (folders[1] / "results.jsonl").read_bytes() == before
    assert summary(folders[1])["manifest"]["asked"] == 0


def test_cases_without_documents_are_asked_of_the_articles_in_the_index(
    here: Runner, tmp_path: Path
) -> None:
    lines = (ROOT / "evals" / "cases" / "seed.jsonl").read_text("utf-8").splitlines()[:3]
    file = write_rows(tmp_path / "seed.jsonl", map(json.loads, lines))
    assert here(file, "--out", tmp_path / "out").code == 0
    assert summary(tmp_path / "out")["figures"]["hit@10"]["cases"] == 3


def test_json_is_one_object_and_nothing_else(here: Runner, cases: Path, tmp_path: Path) -> None:
    done = here(cases, "--json", "--out", tmp_path / "out")
    found = json.loads(done.stdout)
    assert found["counts"]["cases"] == 3
    assert found["figures"] == summary(tmp_path / "out")["figures"]
    assert (found["failed"], found["stopped"], found["comparison"]) == ({}, False, None)


def test_cases_are_chosen_by_tag_and_number(here: Runner, cases: Path, tmp_path: Path) -> None:
    here(cases, "--tag", "who", "--tag", "other", "--out", tmp_path / "tags")
    assert [one["id"] for one in results(tmp_path / "tags")] == ["one", "three"]
    here(cases, "--limit", "1", "--workers", "2", "--out", tmp_path / "limit")
    assert [one["id"] for one in results(tmp_path / "limit")] == ["one"]
    assert here(cases, "--tag", "none").code == 2


def test_a_failed_case_is_named_and_the_code_is_1(here: Runner, tmp_path: Path) -> None:
    file = write_rows(tmp_path / "c.jsonl", [row("long", question="who " * 1_000), row("fine")])
    done = here(file, "--out", tmp_path / "out")
    assert done.code == 1
    assert "failed long: The question has" in done.stdout
    assert [one["error"] is None for one in results(tmp_path / "out")] == [False, True]


def test_what_cannot_be_read_is_one_line(here: Runner, cases: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text("{\n")
    for given in (
        [broken],
        [tmp_path / "nothing.jsonl"],
        [cases, "--out", cases],
        [cases, "--against", tmp_path / "nothing.json"],
        [cases, "--against", "no-such-name"],
    ):
        done = here(*given)
        assert (done.code, done.stdout) == (1, "")
        assert done.stderr.startswith("Error: ")
        assert done.stderr.count("\n") == 1
    assert here("--limit", "0").code == 2
    assert here(cases, "--sweep", "--model", "other").code == 2


def test_a_regression_has_code_4_and_names_the_cases(here: Runner, tmp_path: Path) -> None:
    def rows(answerable: bool) -> Path:
        made = [row(str(number), answerable=answerable) for number in range(12)]
        return write_rows(tmp_path / f"{answerable}.jsonl", made)

    assert here(rows(True), "--out", tmp_path / "before").code == 0
    same = here(rows(True), "--out", tmp_path / "same", "--against", tmp_path / "before")
    assert same.code == 0
    assert "No regression in 12 cases." in same.stdout
    # The same answers to cases that must now be abstained on are wrong.
    done = here(rows(False), "--out", tmp_path / "now", "--against", tmp_path / "before")
    assert done.code == 4
    assert "worse in right: 0, 1, 2, 3" in done.stdout
    assert "Regression: right went from 1.000 to 0.000" in done.stdout
    options = ["--json", "--against", tmp_path / "before" / "baseline.json"]
    done = here(rows(False), "--out", tmp_path / "now", *options)
    assert (done.code, json.loads(done.stdout)["comparison"]["regressed"]) == (4, True)


def test_a_baseline_is_found_by_its_name(
    here: Runner, cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here(cases, "--out", tmp_path / "out")
    kept = tmp_path / "evals" / "baselines" / "extractive.json"
    kept.parent.mkdir(parents=True)
    (tmp_path / "out" / "baseline.json").rename(kept)
    monkeypatch.chdir(tmp_path)
    for name in ("baseline", "extractive", kept):
        assert "No regression in 3 cases." in here(cases, "--against", name).stdout


def test_a_baseline_holds_no_text_of_an_article(here: Runner, cases: Path, tmp_path: Path) -> None:
    here(cases, "--out", tmp_path / "out")
    text = (tmp_path / "out" / "baseline.json").read_text()
    assert "robin" not in text
    assert str(tmp_path) not in text
    assert len(json.loads(text)["scores"]) == 3


def test_a_sweep_answers_what_it_can_and_prints_the_threshold(
    here: Runner, cases: Path, tmp_path: Path
) -> None:
    done = here(cases, "--sweep", "--out", tmp_path / "out")
    assert done.code == 0
    assert "QABOT_THRESHOLD=" in done.stdout
    assert json.loads((tmp_path / "out" / "sweep.json").read_text())["points"]
    assert "<svg" in (tmp_path / "out" / "sweep.svg").read_text("utf-8")


def test_a_model_is_asked_once_for_the_same(
    here: Runner, cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server([reply("The robin sang from the chimney ", "on Tuesday [1].")]) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        options = [cases, "--model", "scripted", "--workers", "1", "--out", tmp_path / "out"]
        assert here(*options, "--limit", "1").code == 0
        asked = len(server.seen)
        assert asked > 0
        done = here(*options, "--limit", "1")
        assert len(server.seen) == asked
        assert "came from the cache" in done.stderr
        found = summary(tmp_path / "out")
        assert found["manifest"]["cache"] == [{"hits": asked, "misses": 0}]
        assert found["manifest"]["model"] == "scripted"
        assert found["tokens"] == {"prompt_tokens": 7 * asked, "completion_tokens": 3 * asked}
        here(*options, "--limit", "1", "--no-cache")
        assert len(server.seen) == 2 * asked
    answer = results(tmp_path / "out")[0]["answer"]
    assert (answer["model"], answer["citations"][0]["document_id"]) == ("scripted", "birds")


def test_help_is_that_of_running_cases(here: Runner) -> None:
    for arguments in (["--help"], ["run", "--help"]):
        done = here(*arguments)
        assert done.code == 0
        assert "--against" in done.stdout


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_keeps_what_is_done_and_resume_goes_on(seed_home: Path, tmp_path: Path) -> None:
    rows = [row(str(number)) for number in range(3_000)]
    out = tmp_path / "out"
    command = ["-m", "qabot", "eval", "--out", str(out)]
    environment = {**os.environ, "QABOT_HOME": str(seed_home)}
    many = write_rows(tmp_path / "many.jsonl", rows)
    process = process_support.start(
        [*command, str(many)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    while not (out / "results.jsonl").exists() or not (out / "results.jsonl").stat().st_size:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    printed, error = process.communicate()
    assert (process.returncode, error) == (130, b"")
    assert b"Stopped. Go on: qabot eval --resume --out" in printed
    done = len(results(out))
    assert 0 < done < 3_000
    some = write_rows(tmp_path / "some.jsonl", rows[: done + 5])
    again = process_support.run([*command, str(some), "--resume"], env=environment)
    assert again.returncode == 0
    assert [one["id"] for one in results(out)] == [one["id"] for one in rows[: done + 5]]
    assert summary(out)["manifest"]["asked"] == 5


def test_a_model_may_judge_and_what_cannot_be_read_is_counted(
    seeded_here: Command, tmp_path: Path
) -> None:
    cases, out = tmp_path / "cases.jsonl", tmp_path / "out"
    questions = ("Who is Iran's foreign minister?", "Who said “crystal clear”?")
    rows = [
        {"id": str(n), "question": asked, "answerable": True, "answers": ["Araqchi"], "tags": []}
        for n, asked in enumerate(questions)
    ]
    cases.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    with Server([reply('{"verdict": "right"}'), reply("I cannot say")]) as server:
        done = seeded_here(
            "eval", str(cases), "--judge", "m", "--out", str(out), "--json",
            OPENAI_BASE_URL=server.base_url,
        )  # fmt: skip
    assert done.code == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["figures"]["judged"]["value"] == 1.0
    assert found["figures"]["judged"]["cases"] == 1
    assert found["counts"]["unreadable"] == 1


def test_a_judge_must_be_a_model(seeded_here: Command, tmp_path: Path) -> None:
    done = seeded_here("eval", "--limit", "1", "--judge", "extractive", "--out", str(tmp_path))
    assert done.code == 2
    assert "--judge takes the name of a language model." in done.stderr
