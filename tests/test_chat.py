"""The chat: what a line means, a program on the other side, and somebody at a terminal."""

from __future__ import annotations

import io
import json
import os
import re
import select
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from pathlib import Path

import process_support
import pytest
from conftest import SEED_ID, Command, Finished
from hypothesis import given
from hypothesis import strategies as st
from index_support import write_articles
from llm_support import Act, Exchange, Server, chunk

from qabot import cli
from qabot.build import ingest_paths
from qabot.chat import COMMANDS, LONGEST_LINE, REMEMBERED, History, Interruption, order_in, piped
from qabot.errors import QuestionError
from qabot.settings import Settings

PROMPT = "\0"
"""Stands for what prompt-toolkit sends when it is ready to be typed at."""
QUESTION = "Why won't Iran negotiate?"
FOLLOW_UP = "and who said that?"
UNANSWERABLE = "Who won the football match?"
PATIENCE = 30.0  # seconds until a test gives up
POSIX = pytest.mark.skipif(os.name != "posix", reason="terminals and signals of POSIX")
ACTING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


# What a line means


@pytest.mark.parametrize(
    ("line", "name", "argument"),
    [
        ("/sources", "/sources", ""),
        ("  /SHOW  2 ", "/show", "2"),
        ("/show", "/show", ""),
        ("/q", "/quit", ""),
        ("/exit", "/quit", ""),
        ("/?", "/help", ""),
    ],
)
def test_a_slash_with_a_name_is_a_command(line: str, name: str, argument: str) -> None:
    order = order_in(line)
    assert order is not None
    assert (order.name, order.argument) == (name, argument)


@pytest.mark.parametrize("line", ["/etc?", "/etc/passwd", "/", "/ what", "/2024", "a /new", "//"])
def test_a_slash_with_anything_else_begins_a_question(line: str) -> None:
    assert order_in(line) is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/sorces", "Did you mean /sources? /help"),
        ("/etc hosts", "There is no command /etc. /help"),
        ("/new Who is it?", "Nothing can stand after /new."),
    ],
)
def test_a_command_that_cannot_be_obeyed_says_what_can(line: str, said: str) -> None:
    with pytest.raises(QuestionError, match=re.escape(said)):
        order_in(line)


@given(st.text())
def test_any_line_is_a_command_that_there_is_or_a_question_or_an_error(line: str) -> None:
    with suppress(QuestionError):
        order = order_in(line)
        assert order is None or order.name in COMMANDS


@given(st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]))))
def test_every_line_comes_out_of_the_pipe_without_its_ends(lines: list[str]) -> None:
    data = "\n".join(lines).encode()
    found = list(piped(io.BytesIO(data)))
    wanted = [line.removeprefix("\ufeff") for line in lines[:1]] + lines[1:]
    assert found == [line.strip() for line in wanted if line.strip()]


def test_a_line_that_cannot_be_a_question_is_told_and_the_next_one_comes() -> None:
    for length in (LONGEST_LINE - 1, LONGEST_LINE, LONGEST_LINE + 1, 3 * LONGEST_LINE):
        long, bad, good = piped(io.BytesIO(b"x" * length + b"\n\xff\xfe\ngood"))
        assert (str(long) == "x" * length) == (length <= LONGEST_LINE)
        assert isinstance(long, QuestionError) == (length > LONGEST_LINE)
        assert isinstance(bad, QuestionError)
        assert "Line 2 is not UTF-8" in str(bad)
        assert good == "good"


# What was typed in earlier chats


def test_the_history_is_for_its_owner_alone_and_keeps_each_line_on_one(tmp_path: Path) -> None:
    history = History(tmp_path / "home" / "history")
    assert history.read() == []
    history.add("one\n two\x1b[31m \ud800")
    history.add("کتاب\u200cها")
    assert history.read() == ["one two[31m", "کتاب\u200cها"]
    assert stat.S_IMODE((tmp_path / "home" / "history").stat().st_mode) == 0o600


def test_a_history_that_has_grown_long_keeps_its_last_lines(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_text("".join(f"{number:0>700}\n" for number in range(2_000)), "utf-8")
    history = History(path)
    lines = history.read()
    assert len(lines) == REMEMBERED
    assert int(lines[-1]) == 1_999
    history.add("next")
    assert history.read() == [*lines[1:], "next"]
    assert path.stat().st_size < 1_000_000
    assert list(tmp_path.iterdir()) == [path]


def test_a_history_that_cannot_be_used_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\xff\x00\n\xe2\x82\n")
    assert len(History(tmp_path / "file").read()) == 2
    for path in (tmp_path / "file" / "history", tmp_path):
        history = History(path)
        history.add("lost")
        assert history.read() == []


@POSIX
def test_ctrl_c_ends_only_what_it_may_and_only_once() -> None:
    before = signal.getsignal(signal.SIGINT)
    ended = []
    with Interruption() as interruption:
        signal.raise_signal(signal.SIGINT)
        for _ in range(2):
            try:
                with interruption.allowed():
                    try:
                        signal.raise_signal(signal.SIGINT)
                    finally:
                        signal.raise_signal(signal.SIGINT)
                        ended.append(True)
            except KeyboardInterrupt:
                signal.raise_signal(signal.SIGINT)
        assert len(ended) == 2
    assert signal.getsignal(signal.SIGINT) is before


# A program on the other side


Line = str | bytes | Callable[[], None]
Runner = Callable[..., Finished]


class Script(io.BytesIO):
    """Lines that are there when they are read; what can be called is done on the way."""

    def __init__(self, lines: Iterable[Line]) -> None:
        super().__init__()
        self._left = iter(lines)

    def readline(self, size: int | None = -1, /) -> bytes:
        for one in self._left:
            if not callable(one):
                return (one.encode() if isinstance(one, str) else one) + b"\n"
            one()
        return b""


@pytest.fixture
def own_home(home: Path, seed_home: Path) -> Path:
    """The test's own home, with the seed article in its index."""
    shutil.copytree(seed_home / "index", home / "index")
    return home


@pytest.fixture
def here(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Runner:
    """Runs a chat over a pipe in this process, on the test's own home."""

    def run(*lines: Line, options: str = "") -> Finished:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Script(lines)))
        code = cli.run(["chat", *options.split()])
        return Finished(code, *capsys.readouterr())

    return run


def test_every_line_of_a_pipe_is_answered_and_commands_refer_to_the_last_answer(
    seeded_qabot: Command,
) -> None:
    lines = [QUESTION, "/show [1]", FOLLOW_UP, "/sources", UNANSWERABLE, "/show 2", "/explain",
             "/help", "/quit", QUESTION]  # fmt: skip
    done = seeded_qabot("chat", "--no-log", stdin="\n".join(lines).encode())
    assert (done.code, done.stderr) == (0, "")
    assert not ACTING.search(done.stdout)
    answer, shown, follow_up, sources, refused, closest, why, commands = re.split(
        rf"\n\n(?=Tehran Rejects|> {re.escape(FOLLOW_UP)}|title |> {re.escape(UNANSWERABLE)}"
        r"|Why: |/sources )",
        done.stdout,
    )
    assert re.match(rf"> {re.escape(QUESTION)}\n“We will not .+ \[1\]\n", answer)
    assert re.search(r"\n\n\[1\] “We .+\n    line 14 .+\n(?:.*\n)*    Teh.+\n    /", answer + "\n")
    assert "\n   14 ▌ “We will not negotiate" in shown
    assert "Understood as: and who said that? (Iran" in follow_up
    assert f" {SEED_ID} " in sources
    second = re.findall(rf"{SEED_ID}:(\d+)-(\d+)", refused)[1]
    assert "characters {} to {} of".format(*second) in closest
    assert re.search(r"\nfused +lexical +dense +passage\n", why)
    assert [line.split()[0] for line in commands.splitlines()[:-1]] == list(COMMANDS)
    assert not (seeded_qabot.home / "history").exists()


def test_from_some_articles_on_to_all_again(here: Runner) -> None:
    done = here("/only until:2001", QUESTION, "/only", QUESTION, "/only since:last week")
    said = f"> {QUESTION}\nThe filters leave no article to read (until 31 December 2001)."
    assert done.stdout.startswith(said)
    assert f"\n\n> {QUESTION}\n“We will not negotiate" in done.stdout
    assert done.stderr.splitlines()[:2] == [
        "From now on: until 31 December 2001. No article fits.", "From now on: all articles.",
    ]  # fmt: skip
    assert "words such as yesterday, last-week" in done.stderr


def test_filters_with_a_name_that_no_article_has_are_refused_at_once(here: Runner) -> None:
    done = here("/only source:tehran", "/only source:nosuch", QUESTION)
    assert done.code == 1
    said, error = done.stderr.splitlines()
    assert said == "From now on: source “tehran”."
    assert error == "Error: No article is of the source “nosuch”. List them: qabot sources"
    assert "Read 1 of 1 article: source “tehran”." in done.stdout


def test_an_error_is_a_line_aside_and_the_chat_goes_on(here: Runner) -> None:
    done = here("/show 1", "/explain", b"\xff", "x" * 2_001, "\x1b\x07", "/sorces", "/nothing",
                QUESTION, "/show", "/show 9", f"/show {SEED_ID}:0-9999999")  # fmt: skip
    assert done.code == 1
    assert done.stdout.startswith(f"> {QUESTION}\n“We will not negotiate")
    errors = done.stderr.splitlines()
    assert all(line.startswith("Error: ") and not ACTING.search(line) for line in errors)
    said = ["nothing to show", "no answer to explain", "Line 3 is not UTF-8", "at most 2,000",
            "nothing that can be read", "Did you mean /sources?", "no command /nothing",
            "N is 1 to 2.", "N is 1 to 2.", "characters long"]  # fmt: skip
    assert len(errors) == len(said)
    assert all(words in line for words, line in zip(said, errors, strict=True))


def test_a_passage_is_shown_by_its_reference_too(here: Runner) -> None:
    done = here(f"/show {SEED_ID}:896-1027")
    assert (done.code, done.stderr) == (0, "")
    assert "\n   14 ▌ “We will not negotiate" in done.stdout


def test_a_new_conversation_knows_nothing_of_the_last(here: Runner) -> None:
    done = here(QUESTION, "/new", "/show 1", FOLLOW_UP)
    assert "Understood as" not in done.stdout
    assert done.stderr.startswith("A new conversation begins.\nError: There is nothing to show")


def test_with_json_every_question_gets_an_object_on_a_line(here: Runner) -> None:
    done = here(QUESTION, FOLLOW_UP, "x" * 2_001, b"\xff", "/show 1", "/new", UNANSWERABLE,
                "/quit", QUESTION, options="--json --no-log")  # fmt: skip
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one.get("status") for one in found] == ["answered"] * 2 + [None] * 3 + ["abstained"]
    assert [one["question"] for one in found] == [
        QUESTION, FOLLOW_UP, "x" * 2_001, None, "/show 1", UNANSWERABLE
    ]  # fmt: skip
    assert all("Error: " + one["error"] in done.stderr for one in found if "error" in one)
    assert "explanation" not in found[0]
    assert done.code == 1


def test_the_last_conversation_goes_on_and_its_last_question_is_said(here: Runner) -> None:
    assert here(QUESTION).code == 0
    done = here(FOLLOW_UP, options="-c")
    assert done.stderr == f"Going on with the last conversation; its last question: {QUESTION}\n"
    assert "Understood as: and who said that? (Iran" in done.stdout
    assert "Understood as" not in here(FOLLOW_UP).stdout


def test_no_line_at_all_is_no_error(here: Runner) -> None:
    assert here() == Finished(0, "", "")
    assert here("", "  ") == Finished(0, "", "")


def test_a_citation_is_not_shown_in_an_article_that_was_changed_since(
    here: Runner, own_home: Path, tmp_path: Path
) -> None:
    (path,) = write_articles(tmp_path / "articles", "zebra")

    def bring_up_to_date() -> None:
        ingest_paths(Settings(home=own_home), [path], lambda *_: None)

    def change() -> None:
        path.write_text(path.read_text("utf-8").replace("apples", "pears"), "utf-8")
        bring_up_to_date()

    asked = "What did the zebra paint?"
    done = here(bring_up_to_date, asked, change, "/show 1", asked)
    assert done.stderr == ("Error: The article zebra was changed since. Ask the question again.\n")
    assert re.findall(r"painted (\w+) .*\[1\]", done.stdout) == ["apples", "pears"]


def test_an_index_that_cannot_be_used_for_a_while_is_a_line_aside(
    here: Runner, own_home: Path
) -> None:
    catalog, aside = own_home / "index" / "catalog.sqlite3", own_home / "aside"

    def damage() -> None:
        catalog.rename(aside)
        catalog.touch()

    def mend() -> None:
        aside.replace(catalog)

    done = here(QUESTION, damage, QUESTION, mend, QUESTION)
    assert done.code == 1
    assert re.fullmatch(r"Error: The index at .*\n", done.stderr)
    assert len(re.findall(r"^“We will not negotiate.*\[1\]$", done.stdout, re.MULTILINE)) == 2


# Somebody at a terminal


LAUNCH = (
    "import fcntl, termios\n"
    "from qabot.__main__ import main\n"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "main()\n"
)


class Terminal:
    """A chat on a real terminal of 100 columns; ``wait`` reads until something is seen."""

    def __init__(self, home: Path, *arguments: str, **environment: str) -> None:
        import fcntl
        import pty
        import struct
        import termios

        self._leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        values = {"QABOT_HOME": str(home), "TERM": "xterm-256color", **environment}
        self.process = process_support.start(
            ["-c", LAUNCH, "chat", *arguments],
            stdin=follower, stdout=follower, stderr=follower,
            env={**os.environ, **values}, start_new_session=True,
        )  # fmt: skip
        os.close(follower)
        self._seen = ""

    def type(self, text: str) -> None:
        os.write(self._leader, text.encode())

    def wait(self, *texts: str) -> str:
        """What is seen until the last of ``texts``, which come one after the other."""
        found, deadline = "", time.monotonic() + PATIENCE
        for text in texts:
            while (place := self._plain().find(text)) < 0:
                left = deadline - time.monotonic()
                ready = left > 0 and select.select([self._leader], [], [], left)[0]
                assert ready, f"never seen: {text!r} in {self._seen!r}"
                self._seen += os.read(self._leader, 65_536).decode("utf-8", errors="replace")
            found += self._plain()[: place + len(text)]
            self._seen = self._plain()[place + len(text) :]
        return found

    def _plain(self) -> str:
        seen = self._seen.replace("\x1b[?2004h", PROMPT)
        return re.sub(r"\x1b(\[[0-9;?]*[a-zA-Z]|[=>])", "", seen)

    def end(self) -> int:
        """The exit code, once the chat has ended."""
        with suppress(OSError):  # what a terminal that nobody has open any more raises
            while os.read(self._leader, 65_536):
                pass
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._leader)


@POSIX
def test_at_a_terminal_lines_are_edited_answered_and_remembered(own_home: Path) -> None:
    with closing(Terminal(own_home)) as terminal:
        terminal.wait("1 article; answers in their own words", "Ctrl-D ends.", PROMPT)
        terminal.type("half a line\x03")
        terminal.wait("half a line", PROMPT)
        terminal.type("\x03")
        terminal.wait("To end: Ctrl-D, or /quit", PROMPT)
        terminal.type(f"{QUESTION}\r")
        terminal.wait("“We will not negotiate", "[1]", "line 14", PROMPT)
        terminal.type(f"{FOLLOW_UP}\r")
        terminal.wait("Understood as: and who said that? (Iran", PROMPT)
        terminal.type("/nothing\r")
        terminal.wait("Error: There is no command /nothing.", PROMPT)
        terminal.type("\x04")
        assert terminal.end() == 0
    path = own_home / "history"
    assert path.read_text("utf-8") == f"{QUESTION}\n{FOLLOW_UP}\n/nothing\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with closing(Terminal(own_home, "-c", NO_COLOR="1")) as terminal:
        terminal.wait(f"its last question: {FOLLOW_UP}", PROMPT)
        terminal.type("\x1b[A" * 3)
        terminal.wait(QUESTION)
        terminal.type("\r")
        terminal.wait("“We will not negotiate", "line 14", PROMPT)
        terminal.type("/so\t\r")
        terminal.wait("Tehran Rejects", PROMPT)
        terminal.type("exit\r")
        assert terminal.end() == 0


def saying(text: str, then: Callable[[Exchange], None]) -> Act:
    """A reply that cites the passage on negotiating wherever ``text`` has [#]."""

    def act(exchange: Exchange) -> None:
        prompt = exchange.body["messages"][-1]["content"].splitlines()
        numbers = [line[1 : line.index("]")] for line in prompt if "We will not negotiate" in line]
        exchange.head()
        exchange.event(chunk(text.replace("#", numbers[0])))
        then(exchange)

    return act


@POSIX
def test_ctrl_c_stops_an_answer_and_keeps_the_chat(own_home: Path) -> None:
    hung_up = threading.Event()

    def go_on_until_hung_up(exchange: Exchange) -> None:
        while not exchange.stop.wait(0.01):
            try:
                exchange.send(": ping\n\n")
            except OSError:
                hung_up.set()
                return

    def finish(exchange: Exchange) -> None:
        exchange.event(chunk(finish="stop"))
        exchange.event("[DONE]")

    said = "“We will not negotiate under pressure, threat, or sanctions,” Araqchi said [#]. "
    acts = [saying(said + "And then", go_on_until_hung_up), saying(said, finish)]
    with Server(acts) as server, closing(
        Terminal(own_home, "--model", "x", "--no-log", OPENAI_BASE_URL=server.base_url)
    ) as terminal:  # fmt: skip
        terminal.wait("x writes the answers", PROMPT)
        terminal.type(f"{QUESTION}\r")
        terminal.wait("Araqchi said. [1]")
        terminal.type("\x03")
        terminal.wait("Stopped. This question does not count", PROMPT)
        terminal.type("\x03")
        terminal.wait("To end", PROMPT)
        assert hung_up.wait(PATIENCE)
        terminal.type("/show 1\r")
        terminal.wait("There is nothing to show.", PROMPT)
        terminal.type(f"{FOLLOW_UP}\r")
        shown = terminal.wait("[1]", "line 14", PROMPT)
        assert "Understood as" not in shown
        assert len(server.seen) == 2, "a question that was stopped is no turn to lean on"
        terminal.type("/show 1\r")
        terminal.wait("14 ▌ “We will not negotiate", PROMPT)
        terminal.type("\x04")
        assert terminal.end() == 0
    assert not (own_home / "history").exists()


def test_prompt_toolkit_is_only_loaded_for_a_terminal(own_home: Path) -> None:
    code = (
        "import sys\nfrom qabot.cli import run\n"
        "assert run(['chat', '--help']) == 0\nassert run(['chat']) == 0\n"
        "assert 'prompt_toolkit' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=b"/help\n", capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
