"""What all tests share: a home for each, the bot on the seed article, the command as a process."""

from __future__ import annotations

import compileall
import gc
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import process_support
import pytest
from hypothesis import settings

from qabot import cli, open_bot
from qabot.bot import Bot
from qabot.settings import Settings

if TYPE_CHECKING:
    from server_support import Chroma
    from slack_desk_support import Channel, Sayings

ROOT = Path(__file__).resolve().parent.parent
SEED = ROOT / "seeds" / "tehran-rejects-maximum-pressure.txt"
SEED_ID = "tehran-rejects-maximum-pressure"

LONGEST = (
    "test_kill", "test_server_kill", "test_slack_faults_e2e", "test_stores", "test_readme",
    "test_quality", "test_server_faults", "test_storage", "test_worker", "test_server_index",
    "test_slack_restarts_e2e", "test_slack_answers_e2e", "test_wheel",
)  # fmt: skip
"""Files that take longest. They are begun first: one begun last would be waited for by all."""

# The machines that run the tests differ in speed; what is promised is the outcome, not the time.
settings.register_profile("qabot", deadline=None, print_blob=True, derandomize=True)
settings.load_profile("qabot")

# A shell starts what it runs in the background with Ctrl-C ignored, and children inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True)
class Finished:
    """What a command left behind."""

    code: int
    stdout: str
    stderr: str


class Command:
    """Runs the real command as a process of its own, on the home it was made for."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def at(self, home: Path) -> Command:
        """The same on another home."""
        return Command(home)

    def __call__(
        self, *arguments: str | bytes, stdin: bytes | None = None, **environment: str
    ) -> Finished:
        """Run ``qabot`` with ``arguments`` and ``stdin``; keywords set environment variables."""
        done = process_support.run(
            ["-m", "qabot", *map(os.fsdecode, arguments)],
            given=stdin or b"",
            env={**os.environ, "QABOT_HOME": str(self.home), **environment},
        )
        return Finished(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))


class InProcess(Command):
    """Runs the command in this process: quicker, where that is enough."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        super().__init__(home)
        self._capsys = capsys

    def at(self, home: Path) -> InProcess:
        """The same on another home."""
        return InProcess(home, self._capsys)

    def __call__(
        self, *arguments: str | bytes, stdin: bytes | None = None, **environment: str
    ) -> Finished:
        """The same as of a process of its own."""
        with pytest.MonkeyPatch.context() as changed:
            if stdin is not None:
                stream = io.BufferedReader(io.BytesIO(stdin))
                changed.setattr(sys, "stdin", io.TextIOWrapper(stream, encoding="utf-8"))
            for name, value in {"QABOT_HOME": str(self.home), **environment}.items():
                changed.setenv(name, value)
            code = cli.run([os.fsdecode(argument) for argument in arguments])
        printed = self._capsys.readouterr()
        return Finished(code, printed.out, printed.err)


def pytest_configure(config: pytest.Config) -> None:
    """One server for the run forks the processes of all tests; see ``process_support``."""
    given = getattr(config, "workerinput", {}).get("forks")
    # Where Python is told to write no bytecode, each process would compile all of it anew, and
    # each worker would rewrite the assertions of all tests.
    sys.dont_write_bytecode = False
    if given is None:
        compileall.compile_dir(ROOT / "qabot", quiet=2)
    process_support.share(given)
    config.add_cleanup(process_support.end)


def pytest_configure_node(node: Any) -> None:
    """Tell a worker where that server is."""
    node.workerinput["forks"] = process_support.address()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files come first."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


def pytest_collection_finish() -> None:
    """What is loaded by now stays; to search it for garbage again and again takes long."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are processors: the tests of Slack wait more than they work."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home for each test, empty; nothing of the caller's settings reaches it."""
    for name in [name for name in os.environ if name.startswith(("QABOT_", "OPENAI_", "SLACK_"))]:
        monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "home"
    monkeypatch.setenv("QABOT_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def seed_text() -> str:
    """The seed article, decoded."""
    return SEED.read_bytes().decode("utf-8")


@pytest.fixture(scope="session")
def seed_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose index holds the seed article alone; for reading only."""
    folder = tmp_path_factory.mktemp("seed-home")
    open_bot(Settings(home=folder)).close()
    return folder


@pytest.fixture(scope="session")
def bot(seed_home: Path) -> Iterator[Bot]:
    """The bot over the seed article."""
    opened = open_bot(Settings(home=seed_home))
    yield opened
    opened.close()


@pytest.fixture
def qabot(home: Path) -> Command:
    """The command, on the test's own empty home."""
    return Command(home)


@pytest.fixture
def here(home: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command in this process, on the test's own empty home."""
    return InProcess(home, capsys)


@pytest.fixture
def seeded_here(seed_home: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command in this process, on the home with the seed article; for reading only."""
    return InProcess(seed_home, capsys)


@pytest.fixture(scope="session")
def seeded_qabot(seed_home: Path) -> Command:
    """The command, on the home with the seed article; for reading only."""
    return Command(seed_home)


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chroma]:
    """A real Chroma server, one for all tests of a file."""
    from server_support import Chroma

    server = Chroma(tmp_path_factory.mktemp("chroma"))
    yield server
    server.kill()


@pytest.fixture
def channel() -> Channel:
    """A Slack channel as the desk sees it."""
    from slack_desk_support import Channel

    return Channel()


@pytest.fixture
def sayings() -> Sayings:
    """What the desk's bot answers, held back where a test says so."""
    from slack_desk_support import Sayings

    return Sayings()


@pytest.fixture
def at_desk(
    home: Path, channel: Channel, sayings: Sayings, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """Does work at a desk that never pauses, and waits until all is done."""
    from slack_desk_support import run, without_pauses

    without_pauses(monkeypatch)
    return partial(run, home, channel, sayings)
