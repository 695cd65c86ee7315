"""``qabot doctor`` looks at all that must be right, and each failure comes with what to do."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT, Command
from index_support import index_folder, ingest_into, write_articles

from qabot import doctor
from qabot.catalog import Catalog
from qabot.doctor import Finding, examine
from qabot.storage import catalog_path

NAMES = [
    "Python", "full-text search", "chromadb", "llama-index-core",
    "llama-index-vector-stores-chroma", "wordllama", "seeds", "home", "embedding model", "index",
    "answers",
]  # fmt: skip


def findings() -> dict[str, Finding]:
    found = list(examine())
    assert all(finding.ok or finding.remedy for finding in found)
    assert all("\n" not in finding.text + finding.remedy for finding in found)
    return {finding.name: finding for finding in found}


def only_failure() -> Finding:
    """The one finding that is not ok."""
    (failure,) = [finding for finding in findings().values() if not finding.ok]
    return failure


def test_where_all_is_well_every_finding_is_ok(home: Path) -> None:
    found = findings()
    assert list(found) == NAMES
    assert [finding.name for finding in found.values() if not finding.ok] == []
    assert found["Python"].text.startswith(".".join(map(str, sys.version_info[:3])))
    assert found["chromadb"].text == importlib.metadata.version("chromadb")
    assert str(home) in found["home"].text
    assert str(index_folder(home)) in found["index"].text
    assert "none yet" in found["index"].text
    assert "extractive" in found["answers"].text
    assert "neither QABOT_MODEL nor OPENAI_API_KEY" in found["answers"].text


def test_looking_leaves_nothing_behind(home: Path) -> None:
    findings()
    assert not home.exists()


def test_an_index_is_counted(home: Path, tmp_path: Path) -> None:
    ingest_into(home, *write_articles(tmp_path, "zebra", "walrus"))
    before = sorted(home.rglob("*"))
    text = findings()["index"].text
    assert text == f"{index_folder(home)}: 2 articles, 4 passages, 4 vectors"
    assert sorted(home.rglob("*")) == before


def garbage_catalog(home: Path) -> None:
    catalog_path(index_folder(home)).write_bytes(b"garbage" * 1_000)


def garbage_store(home: Path) -> None:
    for path in index_folder(home).glob("chroma*/chroma.sqlite3"):
        path.write_bytes(b"garbage" * 1_000)


def no_store(home: Path) -> None:
    for path in index_folder(home).glob("chroma*"):
        shutil.rmtree(path)


def another_format(home: Path) -> None:
    catalog = Catalog(catalog_path(index_folder(home)))
    catalog.write_meta({"format": "other"})
    catalog.close()


@pytest.mark.parametrize("harm", [garbage_catalog, garbage_store, no_store, another_format])
def test_an_index_that_cannot_be_used_is_to_be_rebuilt(
    home: Path, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    ingest_into(home, *write_articles(tmp_path, "zebra"))
    harm(home)
    failure = only_failure()
    assert failure.name == "index"
    assert failure.remedy == "Mend it: qabot ingest --rebuild"


def test_a_home_that_cannot_be_written_is_to_be_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("QABOT_HOME", str(tmp_path / "file" / "home"))
    failure = only_failure()
    assert failure.name == "home"
    assert str(tmp_path / "file" / "home") in failure.text
    assert failure.remedy == "Set QABOT_HOME to a folder that you can write to."


def test_a_setting_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QABOT_TOP_K", "many")
    failure = only_failure()
    assert failure.name == "settings"
    assert "QABOT_TOP_K" in failure.text
    assert "variable" in failure.remedy


@pytest.mark.parametrize("name", NAMES[2:6])
def test_a_missing_package_is_to_be_installed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    version = importlib.metadata.version

    def without(asked: str) -> str:
        if asked == name:
            raise importlib.metadata.PackageNotFoundError(asked)
        return version(asked)

    monkeypatch.setattr(importlib.metadata, "version", without)
    failure = only_failure()
    assert (failure.name, failure.remedy) == (name, f"pip install {name}")


def test_a_python_without_full_text_search_is_to_be_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Lacking(sqlite3.Connection):
        def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
            raise sqlite3.OperationalError("no such module: fts5")

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path: connect(path, factory=Lacking))
    assert not doctor._full_text_search().ok
    assert "FTS5" in doctor._full_text_search().remedy


def test_an_installation_that_lacks_its_parts_is_to_be_made_again(
    home: Path, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "qabot", tmp_path / "qabot")
    shutil.rmtree(tmp_path / "qabot" / "_data", ignore_errors=True)
    (tmp_path / "wordllama").mkdir()
    (tmp_path / "wordllama" / "__init__.py").write_text("raise ImportError('broken')\n")
    done = subprocess.run(
        [sys.executable, "-m", "qabot", "doctor"],
        cwd=tmp_path,
        env={**os.environ, "QABOT_HOME": str(home), "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    failed = {
        line.removeprefix("FAIL ").split(":")[0]: remedy.strip()
        for line, remedy in zip(lines, [*lines[1:], ""], strict=True)
        if line.startswith("FAIL ")
    }
    assert failed == {
        "seeds": "Install again: pip install qabot",
        "embedding model": "pip install --force-reinstall wordllama",
    }


def test_from_the_command_line_each_failure_is_followed_by_its_remedy(
    home: Path, tmp_path: Path, here: Command
) -> None:
    done = here("doctor")
    assert (done.code, done.stderr) == (0, "")
    assert [line[:5] for line in done.stdout.splitlines()] == ["ok   "] * len(NAMES)
    ingest_into(home, *write_articles(tmp_path, "zebra"))
    no_store(home)
    done = here("doctor")
    assert done.code == 1
    lines = done.stdout.splitlines()
    (number,) = [number for number, line in enumerate(lines) if line.startswith("FAIL")]
    assert lines[number].startswith("FAIL index: ")
    assert lines[number + 1] == "     Mend it: qabot ingest --rebuild"


@pytest.mark.parametrize(
    ("environment", "ok", "text"),
    [
        ({"OPENAI_API_KEY": "k"}, True, "gpt-6-luna at api.openai.com, because OPENAI_API_KEY is"),
        ({"OPENAI_API_KEY": "k", "QABOT_MODEL": "extractive"}, True, "because QABOT_MODEL says so"),
        (
            {"QABOT_MODEL": "llama3.2", "OPENAI_BASE_URL": "http://localhost:11434/v1"},
            True,
            "llama3.2 at localhost:11434, because QABOT_MODEL names it",
        ),
        ({"QABOT_MODEL": "gpt-x"}, False, "No key for OpenAI. Set OPENAI_API_KEY"),
        ({"QABOT_MODEL": "/nowhere/x.gguf"}, False, "/nowhere/x.gguf: no such file"),
    ],
)
def test_it_says_which_model_would_answer_and_why(
    home: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], ok: bool, text: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    (found,) = [finding for finding in examine() if finding.name == "answers"]
    assert found.ok is ok
    assert text in found.text
    assert bool(found.remedy) is not ok
