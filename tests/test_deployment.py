"""The files to deploy with say what the program understands."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT

from qabot.cli.main import cli
from qabot.slack.metrics import Metrics

FOLDER = ROOT / "docs" / "deployment"
PAGE = (ROOT / "docs" / "deployment.md").read_text("utf-8")
INSTRUCTIONS = (
    "FROM COPY RUN USER ENV VOLUME HEALTHCHECK STOPSIGNAL ENTRYPOINT CMD".split()
)  # fmt: skip


class Unit(configparser.RawConfigParser):
    """A unit file: names keep their case, and may come again."""

    def __init__(self) -> None:
        super().__init__(strict=False, delimiters=("=",), comment_prefixes=("#",))

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def test_the_unit_starts_a_command_that_there_is() -> None:
    unit = Unit()
    unit.read(FOLDER / "qabot.service")
    assert unit.sections() == ["Unit", "Service", "Install"]
    program, *arguments = unit["Service"]["ExecStart"].split()
    assert program.endswith("/bin/qabot")
    assert arguments[0] in cli.commands
    # Running answers have 20 seconds to end, and parking what is left takes a few.
    assert int(unit["Service"]["TimeoutStopSec"]) > 30


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    program = tmp_path / "qabot"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    text = (FOLDER / "qabot.service").read_text("utf-8")
    unit = tmp_path / "qabot.service"
    unit.write_text(text.replace("/opt/qabot/venv/bin/qabot", str(program)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )
    assert [line for line in done.stderr.splitlines() if "qabot.service" in line] == []


def test_the_container_file_has_instructions_that_there_are() -> None:
    text = re.sub(r"^#.*\n", "", (FOLDER / "Containerfile").read_text("utf-8"), flags=re.MULTILINE)
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    assert lines[0].startswith("FROM ")
    assert {line.split()[0] for line in lines} <= set(INSTRUCTIONS)
    for line in lines:
        name, _, rest = line.partition(" ")
        if name in ("ENTRYPOINT", "CMD"):
            assert all(isinstance(word, str) for word in json.loads(rest))
        if name == "HEALTHCHECK":
            words = json.loads(rest.partition("CMD ")[2])
            compile(words[2], "the health check", "exec")
    assert json.loads(lines[-1].partition(" ")[2])[0] in cli.commands
    assert json.loads(lines[-2].partition(" ")[2]) == ["qabot"]


def test_the_page_names_every_figure_and_no_other() -> None:
    metrics = Metrics()
    metrics.watch("watched", "Stands for those that are read when asked.", lambda: 0.0)
    named = set(re.findall(r"`(qabot_[a-z_]+)", PAGE))
    types = re.findall(r"^# TYPE (qabot_\w+) ", metrics.text().decode(), re.MULTILINE)
    counted = {name for name in types if not name.endswith("_created")}
    source = (ROOT / "qabot" / "slack" / "health.py").read_text("utf-8")
    watched = {f"qabot_{name}" for name in re.findall(r'watch\("(\w+)"', source)}
    assert named == (counted | watched) - {"qabot_watched"}


def test_what_the_page_shows_of_an_export_is_what_one_looks_like() -> None:
    from qabot.archive import export_lines
    from qabot.types import Document

    head, row, end = map(json.loads, export_lines([Document("a", "b", "c", "d")], 1))
    shown = PAGE[PAGE.index('{"format"') :]
    assert list(head) == re.findall(r'"(\w+)":', shown.splitlines()[0])
    assert set(row) | set(row["origin"]) == set(
        re.findall(r'"(\w+)":', shown[: shown.index('{"end"')])
    ) - set(head)
    assert list(end) == re.findall(r'"(\w+)":', shown[shown.index('{"end"') :].splitlines()[0])
