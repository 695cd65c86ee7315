"""ARCHITECTURE.md and the tree say the same, files stay small, and starting stays light."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from qabot.render.json import answer_object
from qabot.types import Answer, Explanation

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "qabot"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
LONGEST_FILE = 300
LONGEST_FUNCTION = 45
DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md")]


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def test_the_architecture_names_every_module_and_no_other() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    named = re.findall(r"`([a-z_/]+\.py)`", text)
    modules = [name_of(path) for path in MODULES]
    assert "`evaluation/scorers/`" in text  # one scorer a file, named after what it says
    assert sorted(named) == sorted(name for name in modules if "/scorers/" not in name)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_files_and_functions_can_be_read_at_a_sitting(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    too_long = [
        f"{node.name}: {(node.end_lineno or 0) - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert not too_long


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_says_in_its_docstring_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_in_the_documents_lead_to_files(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", document.read_text("utf-8"))
    assert links
    missing = [link for link in links if "://" not in link and not (ROOT / link).exists()]
    assert not missing


def test_the_description_of_the_json_names_every_field_in_order() -> None:
    explanation = Explanation("why", {}, ())
    given = answer_object(Answer("q", "abstained", "t", explanation=explanation))
    text = (ROOT / "docs" / "json.md").read_text("utf-8")
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == list(given)


def test_every_dependency_and_its_bounds_are_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    explained = re.findall(
        r"^\| `([^`]+)` \|", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE
    )
    assert explained == project["dependencies"]
    assert all(re.search(r">=.+,<", dependency) for dependency in project["dependencies"])


@pytest.mark.parametrize(
    ("statement", "forbidden"),
    [
        ("import qabot", {"chromadb", "llama_index", "wordllama", "click", "rich"}),
        ("import qabot.cli", {"chromadb", "llama_index", "wordllama", "rich"}),
        ("import qabot.build", {"chromadb", "llama_index", "wordllama"}),
    ],
)
def test_importing_brings_no_heavy_library_along(
    statement: str, forbidden: set[str], tmp_path: Path
) -> None:
    program = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "QABOT_HOME": str(tmp_path)},
    )
    loaded = set(done.stdout.split())
    assert statement.split()[-1] in loaded
    assert not loaded & forbidden
