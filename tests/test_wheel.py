"""A wheel built from the tree holds what the program needs, and answers where nothing else lies."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SITE = sorted({sysconfig.get_path(kind) for kind in ("purelib", "platlib")})
QUIET = ["--quiet", "--disable-pip-version-check", "--no-input"]


def pip(*arguments: str | Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", *map(str, arguments), *QUIET], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree, built without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-build-isolation", "--no-deps", "--no-index", "--wheel-dir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder into which nothing but the wheel has been installed."""
    folder = tmp_path_factory.mktemp("installed")
    pip("install", "--no-deps", "--no-index", "--target", folder, wheel)
    return folder


def test_the_wheel_is_for_any_platform(wheel: Path) -> None:
    assert wheel.name.endswith("-py3-none-any.whl")


@pytest.mark.parametrize("folder", ["prompts", "seeds", "slack"])
def test_what_the_program_reads_is_inside_byte_for_byte(wheel: Path, folder: str) -> None:
    originals = [path for path in (ROOT / folder).iterdir() if path.is_file()]
    assert originals
    with zipfile.ZipFile(wheel) as archive:
        for path in originals:
            assert archive.read(f"qabot/_data/{folder}/{path.name}") == path.read_bytes()


def test_the_wheel_holds_every_module_the_licence_and_nothing_of_the_workshop(wheel: Path) -> None:
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "qabot").rglob("*.py")}
    modules |= {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "qabot/evaluation/page").iterdir()
    }
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert modules <= names
    assert any(name.endswith("/LICENSE") for name in names)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"qabot"}


def test_the_installed_wheel_answers_in_an_empty_folder_without_the_source(
    installed: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    # Without -S an editable installation would put the tree on sys.path.
    path = os.pathsep.join([str(installed), *SITE])
    environment = {**os.environ, "PYTHONPATH": path, "QABOT_HOME": str(tmp_path / "home")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-S", *arguments],
            cwd=empty,
            env=environment,
            capture_output=True,
            text=True,
        )

    program = (
        "import sys, qabot, qabot.prompts, qabot.resources\n"
        "print(qabot.__file__, qabot.resources.shipped('seeds'), sep='\\n')\n"
        "print(*qabot.prompts.load_all())\n"
        "print(sys.path)"
    )
    where = run("-W", "error", "-c", program)
    assert where.returncode == 0, where.stderr
    package, seeds, prompts, path = where.stdout.splitlines()
    assert Path(package).is_relative_to(installed)
    assert Path(seeds).is_relative_to(installed)
    assert "answer" in prompts.split()
    assert repr(str(ROOT)) not in path

    asked = run("-m", "qabot", "ask", "why won't Iran negotiate?")
    assert asked.returncode == 0, asked.stderr
    assert "[1]" in asked.stdout
    assert list(empty.iterdir()) == []
