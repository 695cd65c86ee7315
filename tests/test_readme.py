"""Every command that the README prints is run, and what it shows is what the program says.

Blocks 1 and 2 install; ``.ci/run`` runs them whole, as printed, in a fresh virtual environment. The
commands of every other block, and the question of block 1, are run here, in a folder like the one
that a reader stands in.
"""

from __future__ import annotations

import html
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
INSTALLING = (1, 2)
CONTRACT = "The contract\n\nMaria Holm of the harbour office signed the contract on 3 May.\n"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BLOCKS: list[str] = script("readme_commands").blocks()
COMMANDS = [
    command
    for number, block in enumerate(BLOCKS, start=1)
    if number not in INSTALLING
    for command in block.splitlines()
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the seeds and with articles of the reader's own."""
    folder = tmp_path_factory.mktemp("reader")
    shutil.copytree(ROOT / "seeds", folder / "seeds")
    articles = folder / "my-articles"
    articles.mkdir()
    (articles / "contract.md").write_text(CONTRACT, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def outputs(folder: Path) -> dict[str, str]:
    """What each command prints, run in the README's order; every one must exit with 0."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "QABOT_HOME": str(folder / "home")}
    printed = {}
    for command in [question_of_the_first_block(), *COMMANDS]:
        done = subprocess.run(
            command, shell=True, cwd=folder, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        printed[command] = done.stdout
    return printed


def question_of_the_first_block() -> str:
    return BLOCKS[0].strip().rpartition(" && ")[2]


def only(outputs: dict[str, str], beginning: str) -> str:
    (found,) = [text for command, text in outputs.items() if command.startswith(beginning)]
    return found


def test_the_first_two_blocks_install_and_the_gate_runs_them_whole() -> None:
    assert [number for number, block in enumerate(BLOCKS, 1) if "pip install" in block] == [1, 2]
    assert BLOCKS[0].startswith("python3 -m venv .venv && . .venv/bin/activate && pip install ")
    assert BLOCKS[1] == "pip install -e '.[test]' && pytest\n"
    gate = (ROOT / ".ci" / "run").read_text("utf-8")
    for variable, number in (("first", 1), ("second", 2)):
        assert f"{variable}=$(python3 scripts/readme_commands.py {number})" in gate
        assert f'eval "${variable}"' in gate


def test_no_command_hides_in_another_kind_of_block() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert set(re.findall(r"^```(\w*)$", text, re.MULTILINE)) == {"sh", "mermaid", ""}
    assert text.count("\n```") == 2 * (len(BLOCKS) + text.count("```mermaid"))


def test_a_command_in_running_text_is_one_of_the_printed_ones() -> None:
    text = re.sub(r"```.*?```", "", (ROOT / "README.md").read_text("utf-8"), flags=re.DOTALL)
    inline = re.findall(r"`((?:qabot|pip|pytest|python3?)\b[^`/]*)`", text)
    assert inline
    assert set(inline) <= set(COMMANDS)


def test_the_first_command_ends_with_a_question_and_gets_a_cited_answer(
    outputs: dict[str, str],
) -> None:
    question = question_of_the_first_block()
    assert question.startswith("qabot ask ")
    assert "[1]" in outputs[question]


def test_every_printed_command_succeeds_and_says_something(outputs: dict[str, str]) -> None:
    assert len(COMMANDS) >= 6
    assert all(text.strip() for text in outputs.values())


def test_show_and_plain_python_find_the_same_words_at_a_citation(outputs: dict[str, str]) -> None:
    quote = only(outputs, "python3 -c").strip()
    assert len(quote) > 20
    assert quote in only(outputs, "qabot show")


def test_an_ingested_article_is_listed_answers_and_is_removed(outputs: dict[str, str]) -> None:
    assert "added contract" in only(outputs, "qabot ingest")
    assert "The contract" in outputs["qabot sources"]
    assert "Maria Holm" in only(outputs, "qabot ask --explain")
    assert "removed contract" in only(outputs, "qabot remove")


def test_the_json_answer_is_one_cited_object(outputs: dict[str, str]) -> None:
    answer = json.loads(only(outputs, "echo "))
    assert answer["status"] == "answered"
    assert answer["citations"]


def words_of(picture: str) -> list[str]:
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", picture)
    return [html.unescape(text).replace("\xa0", " ") for text in texts]


def test_the_picture_shows_what_the_bot_says_now() -> None:
    picture = script("picture")
    drawn, shown = picture.draw(), picture.PICTURE.read_text("utf-8")
    assert words_of(shown) == words_of(drawn), "draw it again: python scripts/picture.py"
    assert "http" not in re.sub(r'xmlns="[^"]*"|<!--.*?-->', "", shown)
