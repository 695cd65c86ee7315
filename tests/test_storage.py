"""A full disk, a home that cannot be written, Ctrl-C: a line says what to do, nothing is lost."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from conftest import Command, Finished
from index_support import (
    ANIMALS,
    catalog_rows,
    check_whole,
    finish,
    index_folder,
    ingest_into,
    python,
    store_rows,
    write_articles,
)

from qabot import open_bot
from qabot.errors import IndexLocked, StorageError
from qabot.settings import Settings
from qabot.storage import exists, locked, make_folder, set_aside, settle

POSIX = pytest.mark.skipif(os.name == "nt", reason="needs POSIX")
MAIN = "from qabot.__main__ import main; main()"


def one_line(done: Finished | tuple[int, str, str]) -> str:
    """The one line of an error that was met with exit code 1."""
    code, out, err = (done.code, done.stdout, done.stderr) if isinstance(done, Finished) else done
    assert (code, out) == (1, "")
    (line,) = err.splitlines()
    assert line.startswith("Error: ")
    return line


# A full disk

LIMITED = (
    "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)\n"
)


@POSIX
@pytest.mark.parametrize("kilobytes", [4, 60, 200])
def test_a_first_ingestion_that_the_disk_refuses_says_so_and_can_be_done_again(
    home: Path, tmp_path: Path, kilobytes: int
) -> None:
    articles = write_articles(tmp_path, *ANIMALS)
    names = [str(path) for path in articles]
    limit = str(kilobytes * 1024)
    line = one_line(finish(python(home, LIMITED + MAIN, limit, "ingest", *names)))
    assert "the disk is full or refuses" in line
    assert "make room and run the command again" in line
    assert len(ingest_into(home, *articles).added) == len(ANIMALS)
    check_whole(home)


@POSIX
@pytest.mark.parametrize("kilobytes", [4, 100, 200])
def test_an_update_that_the_disk_refuses_loses_nothing_committed(
    home: Path, tmp_path: Path, kilobytes: int
) -> None:
    write_articles(tmp_path / "articles", "zebra", "walrus")
    ingest_into(home, tmp_path / "articles")
    before = catalog_rows(home), store_rows(home)
    write_articles(tmp_path / "articles", "zebra", "heron", food="pears")
    (tmp_path / "articles" / "walrus.txt").unlink()
    limit, folder = str(kilobytes * 1024), str(tmp_path / "articles")
    line = one_line(finish(python(home, LIMITED + MAIN, limit, "ingest", folder)))
    assert "make room" in line
    assert (catalog_rows(home), store_rows(home)) == before
    check_whole(home)
    report = ingest_into(home, tmp_path / "articles")
    assert (report.added, report.updated, report.removed) == (["heron"], ["zebra"], ["walrus"])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MiB, where this machine lets us mount one.

    Only processes of their own should write to it: while one holds a file open, Chroma's threads
    do for a moment after its client is closed, a removed file still takes room, and the disk can
    neither become read-only nor be unmounted.
    """
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=3m", "none", str(place)]
    if not mount or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no permission to mount a small file system")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def fill(place: Path) -> Path:
    """A file that takes all the room there is."""
    path = place / "filling"
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while shutil.disk_usage(place).free:
            file.write(bytes(64 * 1024))
    assert not shutil.disk_usage(place).free
    return path


def test_on_a_full_disk_commands_say_so_and_go_on_when_there_is_room(
    small_disk: Path, tmp_path: Path
) -> None:
    command = Command(small_disk / "home")
    (zebra,) = write_articles(tmp_path, "zebra")
    assert command("ingest", str(zebra)).code == 0
    many = write_articles(
        tmp_path / "many", *(f"{animal}{n}" for animal in ANIMALS for n in range(99))
    )
    # This much fits, this much more does not.
    assert "make room" in one_line(command("ingest", str(many[0].parent)))
    filling = fill(small_disk)
    assert "make room" in one_line(command("ingest", str(many[0])))
    filling.unlink()
    assert command("ask", "What did the zebra paint?").code == 0
    assert command("ingest", str(many[0])).code == 0
    check_whole(command.home)


def test_on_a_disk_without_room_a_first_question_says_so(small_disk: Path) -> None:
    fill(small_disk)
    line = one_line(Command(small_disk / "home")("ask", "Who rejected maximum pressure?"))
    assert str(small_disk / "home") in line
    assert "Traceback" not in line


def test_on_a_disk_that_has_become_read_only_commands_name_the_remedy(
    small_disk: Path, tmp_path: Path
) -> None:
    command = Command(small_disk / "home")
    (zebra,) = write_articles(tmp_path, "zebra")
    assert command("ingest", str(zebra)).code == 0
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    try:
        for arguments in (("ask", "What did the zebra paint?"), ("ingest", str(zebra))):
            line = one_line(command(*arguments))
            assert str(small_disk / "home") in line
            assert line.endswith("Set QABOT_HOME to a folder that you can write to.")
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    assert command("ask", "What did the zebra paint?").code == 0


# A home where nothing can be made


def below_a_file(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("x")
    return tmp_path / "file" / "home"


def a_file(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("x")
    return tmp_path / "file"


def nowhere(tmp_path: Path) -> Path:
    if not Path("/proc/self").exists():
        pytest.skip("no /proc here")
    return Path("/proc/qabot")


def a_dangling_link(tmp_path: Path) -> Path:
    (tmp_path / "link").symlink_to(tmp_path / "none")
    return tmp_path / "link"


def too_long(tmp_path: Path) -> Path:
    return tmp_path / ("x" * 300)


HOMES = [below_a_file, a_file, nowhere, a_dangling_link, too_long]


@POSIX
@pytest.mark.parametrize("make", HOMES)
def test_a_home_that_cannot_be_made_is_named_with_the_remedy(
    tmp_path: Path, here: Command, make: object
) -> None:
    assert callable(make)
    command = here.at(make(tmp_path))
    (zebra,) = write_articles(tmp_path, "zebra")
    for arguments in (("ask", "Who rejected maximum pressure?"), ("ingest", str(zebra))):
        line = one_line(command(*arguments))
        assert str(command.home) in line
        assert line.endswith("Set QABOT_HOME to a folder that you can write to.")
    done = command("doctor")
    assert done.code == 1
    assert "FAIL home" in done.stdout
    assert "     Set QABOT_HOME to a folder" in done.stdout


def test_a_folder_that_cannot_be_made_or_locked_is_a_storage_error(tmp_path: Path) -> None:
    home = below_a_file(tmp_path)
    with pytest.raises(StorageError, match="QABOT_HOME"):
        make_folder(home)
    with pytest.raises(StorageError, match="QABOT_HOME"), locked(home / "index"):
        pass
    assert not exists(home / "index")


def test_the_lock_waits_as_long_as_it_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    with locked(folder):
        with pytest.raises(IndexLocked), locked(folder):
            pass
        with pytest.raises(IndexLocked), locked(folder, wait=0.1):
            pass
        releasing = threading.Event()
        waited: list[bool] = []

        def wait() -> None:
            with locked(folder, wait=60):
                waited.append(releasing.is_set())

        waiting = threading.Thread(target=wait)
        waiting.start()
        releasing.set()
    waiting.join()
    assert waited == [True]


def test_settling_puts_an_old_index_back_only_where_there_is_none(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    settle(folder)
    assert not folder.exists()
    set_aside(folder).mkdir()
    (set_aside(folder) / "content").write_text("old")
    settle(folder)
    assert (folder / "content").read_text() == "old"
    assert not set_aside(folder).exists()
    set_aside(folder).mkdir()
    settle(folder)
    assert (folder / "content").read_text() == "old"
    assert set_aside(folder).exists()


# Ctrl-C

INTERRUPTED = """
import os, signal, sys
import qabot.{module} as module
name = "{name}"
original = module.{name}

def interrupted(*arguments, **named):
    done = original(*arguments, **named)
    os.kill(os.getpid(), signal.SIGINT)
    return done

module.{name} = interrupted
"""
POINTS = [
    ("vectors", "VectorStore.query"),
    ("filling", "seal"),
    ("catalog", "Catalog.commit"),
    ("lexicon", "Lexicon.add"),
    ("writer", "Writer._copy"),
    ("llamaindex", "IngestionPipeline.run"),
    ("ingest", "find_places"),
]


@POSIX
@pytest.mark.parametrize(("module", "name"), POINTS, ids=[name for _, name in POINTS])
def test_ctrl_c_stops_with_a_line_and_leaves_the_index_whole(
    home: Path, tmp_path: Path, module: str, name: str
) -> None:
    write_articles(tmp_path / "articles", "zebra", "walrus")
    ingest_into(home, tmp_path / "articles")
    write_articles(tmp_path / "articles", "zebra", "heron", food="pears")
    asks = name.endswith("query")
    arguments = (
        ["ask", "What did the zebra paint?"] if asks else ["ingest", str(tmp_path / "articles")]
    )
    code, out, err = finish(
        python(home, INTERRUPTED.format(module=module, name=name) + MAIN, *arguments)
    )
    assert (code, out) == (130, "")
    # The first line ends the one where a terminal shows "^C".
    kept = "" if asks else " What was committed before is kept."
    assert err == f"\nStopped.{kept}\n"
    check_whole(home)
    ingest_into(home, tmp_path / "articles")
    check_whole(home)
    with closing(open_bot(Settings(home=home))) as bot:
        assert bot.ask("What did the zebra paint?").status == "answered"


@POSIX
@pytest.mark.parametrize("wait", [0.05, 0.4, 0.8, 1.2])
def test_ctrl_c_at_any_time_ends_quietly(home: Path, tmp_path: Path, wait: float) -> None:
    write_articles(tmp_path / "articles", *ANIMALS)
    # Interrupted while it sets itself up, Python ends with 1 before any of our code has run.
    ready, told = os.pipe()
    start = f"import os; os.write({told}, b'.'); from qabot.__main__ import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", start, "ingest", str(tmp_path / "articles")],
        env={**os.environ, "QABOT_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=[told],
        text=True,
    )
    os.close(told)
    assert os.read(ready, 1)
    os.close(ready)
    time.sleep(wait)
    process.send_signal(signal.SIGINT)
    code, _, err = finish(process)
    # Before Python itself has started it dies of the signal; afterwards it says a line.
    assert code in (0, 130, -signal.SIGINT)
    if code == 130:
        (line,) = err.split("\n")[-2:-1]
        assert line.startswith("Stopped.")
        assert not err.removesuffix(f"{line}\n").strip()
    assert len(ingest_into(home, tmp_path / "articles").failed) == 0
    check_whole(home)


def test_nothing_of_an_index_is_written_outside_its_home(home: Path, tmp_path: Path) -> None:
    ingest_into(home, *write_articles(tmp_path / "articles", "zebra"))
    assert sorted(path.name for path in home.iterdir()) == ["index", "index.lock"]
    assert {path.name for path in tmp_path.iterdir()} == {"home", "articles"}
    assert index_folder(home) == home / "index"
