"""The command: exit codes, which stream holds what, and no traceback for anybody."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import process_support
import pytest
from conftest import SEED, SEED_ID, Command, Finished
from rich.console import Console

from qabot import __version__, build
from qabot.cli.bar import Bar
from qabot.log import Log
from qabot.types import Judgement

ANSWERABLE = "Why won't Iran negotiate?"
UNANSWERABLE = "Who won the football match?"
COMMANDS = (
    "ask", "chat", "ingest", "sources", "show", "remove", "export", "import", "logs", "eval",
    "slack", "doctor",
)  # fmt: skip
ACTING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
POSIX = pytest.mark.skipif(os.name != "posix", reason="pipes and terminals of POSIX")


def is_plain(text: str) -> bool:
    """No escape codes, no space at the end of a line."""
    return not ACTING.search(text) and not re.search(r"[ \t]$", text, re.MULTILINE)


# Exit codes and streams


def test_an_answer_goes_to_standard_output_alone_with_code_0(seeded_qabot: Command) -> None:
    # Nothing is forked here: this is the program as a shell starts it.
    done = subprocess.run(
        [sys.executable, "-m", "qabot", "ask", ANSWERABLE],
        env={**os.environ, "QABOT_HOME": str(seeded_qabot.home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert is_plain(done.stdout)
    sentences, _, sources = done.stdout.partition("\n\n")
    assert all(re.search(r" \[\d\]$", sentence) for sentence in sentences.splitlines())
    quote, place = sources.splitlines()[:2]
    title, address = sources.splitlines()[-2:]
    assert quote.startswith("[1] ")
    assert title.startswith("    Tehran Rejects ")
    assert address == f"    {SEED}"
    assert re.fullmatch(rf"    line \d+ · {SEED_ID}:\d+-\d+", place)


def test_an_abstention_goes_to_standard_output_with_code_3(seeded_qabot: Command) -> None:
    done = seeded_qabot("ask", UNANSWERABLE)
    assert (done.code, done.stderr) == (3, "")
    assert is_plain(done.stdout)
    assert done.stdout.count(f" · {SEED_ID}:") == 3


def test_the_first_question_of_all_is_answered_and_what_goes_on_is_said_aside(
    qabot: Command,
) -> None:
    done = qabot("ask", ANSWERABLE)
    assert done.code == 0
    assert done.stderr == "First use: indexing the articles that come with qabot ...\n"
    assert "[1] " in done.stdout


def test_a_question_may_be_typed_without_quotation_marks(seeded_here: Command) -> None:
    quoted = seeded_here("ask", "who visited Tehran")
    assert quoted.stdout
    assert seeded_here("ask", "who", "visited", "Tehran") == quoted


def test_an_explanation_shows_the_scores_and_the_reason(seeded_here: Command) -> None:
    done = seeded_here("ask", "--explain", "--top-k", "2", ANSWERABLE)
    assert done.code in {0, 3}
    assert is_plain(done.stdout)
    assert re.search(r"^Why: \S.*\nSignals: \S.*\n\nfused +lexical +dense +passage\n", done.stdout,
                     re.MULTILINE)  # fmt: skip
    assert len(re.findall(r"^0\.0\d{3} ", done.stdout, re.MULTILINE)) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask"],
        ["ask", "--top-k", "0", "x"],
        ["ask", "--top-k", "many", "x"],
        ["ask", "--nothing", "x"],
        ["ingest"],
        ["ingest", ""],
        ["show"],
        ["remove"],
        ["nothing"],
        ["--nothing"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_said_aside_with_code_2(
    here: Command, home: Path, arguments: list[str]
) -> None:
    done = here(*arguments)
    assert (done.code, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: qabot")
    assert re.search(r"^Error: .+[.?)]$", done.stderr, re.MULTILINE)
    assert not home.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "nothing"], "ID:START-END"),
        (["show", f"{SEED_ID}:5-5"], "no passage 5-5"),
        (["show", f"{SEED_ID}:0-999999"], "characters long"),
        (["show", "other:0-5"], "No article 'other'"),
        (["show", "\x1b[31m:0-5"], "No article"),
        (["show", "a\nb"], "ID:START-END"),
        (["remove", "other"], "qabot sources"),
    ],
    ids=lambda value: ascii(value) if isinstance(value, str) else None,
)
def test_an_error_is_one_line_aside_with_code_1(
    seeded_here: Command, arguments: list[str], said: str
) -> None:
    done = seeded_here(*arguments)
    assert (done.code, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: ")
    assert said in line
    assert not ACTING.search(line)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--nope", "x"], r"No such option:? '?--nope'?\.?"),
        (
            ["--sorce", "x", "x"],
            r"No such option:? '?--sorce'?\.? \(?Did you mean '?--source'?\?\)?",
        ),
        (["--since", "32.13.2026", "x"], r"--since takes a day such as .+, not '32\.13\.2026'\."),
        (["--until", "soon", "x"], r"--until takes a day such as .+, not 'soon'\."),
    ],
)
def test_a_wrong_option_is_named_with_those_that_are_like_it(
    here: Command, arguments: list[str], said: str
) -> None:
    done = here("ask", *arguments)
    assert (done.code, done.stdout) == (2, "")
    assert re.fullmatch(f"Error: {said}", done.stderr.splitlines()[-1])


def test_a_model_file_that_there_is_not_is_not_said_to_be_loading(seeded_here: Command) -> None:
    done = seeded_here("ask", "--model", "nosuch.gguf", "x")
    assert (done.code, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: nosuch.gguf: no such file. ")


def test_a_setting_that_cannot_be_used_is_an_error_of_one_line(
    seeded_here: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QABOT_TOP_K", "many")
    done = seeded_here("ask", ANSWERABLE)
    assert (done.code, done.stdout) == (1, "")
    assert done.stderr == "Error: QABOT_TOP_K must be a whole number from 1 to 100, not 'many'.\n"


def test_what_nobody_foresaw_is_one_line_and_a_traceback_with_debug(
    here: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: object) -> None:
        raise ZeroDivisionError("in the\nmiddle")

    monkeypatch.setattr(build, "open_existing_index", broken)
    assert here("sources") == Finished(
        1,
        "",
        "Error: something unforeseen went wrong (ZeroDivisionError). To see more, add: --debug\n",
    )
    for arguments in (["--debug", "sources"], ["sources", "--debug"]):
        done = here(*arguments)
        assert (done.code, done.stdout) == (1, "")
        assert done.stderr.startswith("Traceback (most recent call last):")
        assert "ZeroDivisionError: in the\nmiddle" in done.stderr


def test_debug_shows_the_traceback_of_an_error_of_ours_too(seeded_here: Command) -> None:
    done = seeded_here("show", "nothing", "--debug")
    assert (done.code, done.stdout) == (1, "")
    assert done.stderr.startswith("Traceback")
    assert "UnknownReference" in done.stderr


def test_debug_behind_two_dashes_is_part_of_the_question(
    here: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QABOT_TOP_K", "x")
    done = here("ask", "--", "what", "is", "--debug")
    assert done.code == 1
    assert len(done.stderr.splitlines()) == 1


# Help


def test_help_of_every_command_is_given_without_the_heavy_libraries(home: Path) -> None:
    code = (
        "import sys\nfrom qabot.cli import run\n"
        "for words in ([], *([name] for name in sys.argv[1:])):\n"
        "    assert run([*words, '--help']) == 0\n"
        "heavy = {'chromadb', 'llama_index', 'wordllama', 'rich', 'sqlite3', 'prompt_toolkit'}\n"
        "assert not heavy & {name.split('.')[0] for name in sys.modules}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *COMMANDS], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("Usage: qabot") == 1 + len(COMMANDS)
    assert "Exit codes: 0 answered, 3 abstained, 1 error, 2 wrong usage." in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    assert not home.exists()


def test_help_names_the_commands_in_the_order_in_which_they_are_needed(here: Command) -> None:
    listed = re.findall(r"^  (\w+)  +\S", here("-h").stdout.split("Commands:")[1], re.MULTILINE)
    assert tuple(listed) == COMMANDS


def test_the_version_is_told(here: Command) -> None:
    assert here("--version") == Finished(0, f"qabot, version {__version__}\n", "")


# Articles


def test_articles_are_put_in_listed_shown_asked_and_taken_out(
    here: Command, tmp_path: Path
) -> None:
    path = tmp_path / "contract.md"
    path.write_text("# The contract\n\nMaria Holm signed the contract on 3 May.\n", "utf-8")
    done = here("ingest", str(path))
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout == "added contract\n1 added, 0 updated, 0 unchanged, 0 removed\n"
    listed = here("sources")
    assert "The contract" in listed.stdout
    assert listed.stdout.endswith(f"  contract  {path}\n")
    asked = here("ask", "Who signed the contract?")
    assert asked.code == 0
    (reference,) = re.findall(r"contract:\d+-\d+", asked.stdout)
    shown = here("show", reference)
    assert "    3 ▌ Maria Holm signed the contract on 3 May.\n" in shown.stdout
    removed = here("remove", "contract")
    assert (removed.code, removed.stdout) == (0, "removed contract\n")
    assert path.exists()
    empty = here("sources")
    assert (empty.code, empty.stdout) == (0, "")
    assert "qabot ingest PATH" in empty.stderr


def test_articles_are_chosen_listed_by_the_page_and_searched(here: Command, tmp_path: Path) -> None:
    for name, builder in (("mill", "Ada Lee"), ("barn", "Bo Holm"), ("ship", "Cy Berg")):
        text = f"The {name}\n\n{builder} built the {name} in 1901.\n"
        (tmp_path / f"{name}.txt").write_text(text, "utf-8")
    assert here("ingest", str(tmp_path)).code == 0
    asked = here("ask", "--source", "BARN", "Who built it in 1901?")
    assert (asked.code, asked.stderr) == (0, "")
    assert "Bo Holm" in asked.stdout
    assert asked.stdout.endswith("Note: Read 1 of 3 articles: source “BARN”.\n")
    assert json.loads(here("ask", "--json", "--until", "today", "Who?").stdout)["closest"]
    page = json.loads(here("sources", "--limit", "2", "--json").stdout)
    assert [(one["id"], one["date"], one["tags"]) for one in page["sources"]] == [
        ("barn", None, []),
        ("mill", None, []),
    ]
    assert (page["total"], page["next"]) == (3, 2)
    found = here("sources", "the", "--limit", "2")
    assert found.stderr == "1 to 2 of 3 articles. Further ones: --page 2\n"
    assert here("sources", "zebra").stderr.startswith("No article fits.")
    assert here("sources", "--page", "2").stderr == "There are 3 articles, and no page 2.\n"
    for arguments, code in ((("--source", "bran"), 1), (("--since", "soon"), 2)):
        wrong = here("ask", *arguments, "Who?")
        assert (wrong.code, wrong.stdout) == (code, "")


def test_a_file_that_cannot_be_read_is_named_aside_and_the_others_go_in(
    here: Command, tmp_path: Path
) -> None:
    (tmp_path / "good.txt").write_text("A Title\n\nAnd a text below it.\n", "utf-8")
    (tmp_path / "bad\n\x1b[31m.txt").write_bytes(b"\xff")
    done = here("ingest", str(tmp_path))
    assert done.code == 1
    assert done.stdout == "added good\n1 added, 0 updated, 0 unchanged, 0 removed, 1 failed\n"
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"Error: {tmp_path}/bad [31m.txt: not UTF-8 text (byte 0).")


HOSTILE = (
    "The \x1b]0;owned\x07\x1b[31mred\x1b[0m [bold]Mill[/bold]\n\n"
    "Ada Lee \u202ebuilt\u202c the \x1b[2Jmill\x9b31m in [red]1901[/red] for [/] all.\n"
)


def test_nothing_in_an_article_acts_on_the_reader(here: Command, tmp_path: Path) -> None:
    path = tmp_path / "mill.txt"
    path.write_bytes(HOSTILE.encode("utf-8"))
    assert here("ingest", str(path)).code == 0
    asked = here("ask", "What did Ada Lee build?", "--explain")
    assert asked.code == 0
    assert "[red]1901[/red] for [/] all." in asked.stdout
    printed = [asked, here("sources"), here("sources", "--json"), here("show", "mill:0-60")]
    printed.append(here("ask", "--json", "What did Ada Lee build?"))
    for done in printed:
        assert done.code == 0
        assert not ACTING.search(done.stdout)


def test_the_progress_bar_shows_any_name_as_it_is() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100, legacy_windows=False)
    with Bar(console) as bar:
        bar.update(1, 2, "[/nothing] [bold]\x1b[31m\n.txt")
    drawn = console.file.getvalue()
    assert "[/nothing] [bold][31m .txt" in drawn
    assert "1/2" in drawn
    assert "\x1b[31m" not in drawn


def test_there_is_no_bar_where_nobody_watches() -> None:
    console = Console(file=io.StringIO(), width=100)
    with Bar(console) as bar:
        bar.update(0, 1, "first.txt")
    assert console.file.getvalue() == ""


def test_the_doctor_finds_a_healthy_home_healthy(seeded_qabot: Command) -> None:
    done = seeded_qabot("doctor")
    assert (done.code, done.stderr) == (0, "")
    assert is_plain(done.stdout)
    assert all(line.startswith("ok   ") for line in done.stdout.splitlines())
    assert "31 passages, 31 vectors" in done.stdout


# Where the output goes


@POSIX
def test_a_reader_who_stops_reading_is_no_error(seeded_qabot: Command) -> None:
    for arguments, code in ((["ask", UNANSWERABLE], 3), (["ask", "--json", ANSWERABLE], 0)):
        read, write = os.pipe()
        os.close(read)
        environment = {**os.environ, "QABOT_HOME": str(seeded_qabot.home)}
        with process_support.start(
            ["-m", "qabot", *arguments], stdout=write, stderr=subprocess.PIPE, env=environment
        ) as process:
            os.close(write)
            _, err = process.communicate()
        assert (process.returncode, err) == (code, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full here")
def test_output_that_cannot_be_written_is_an_error_of_one_line(seeded_qabot: Command) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        done = subprocess.run(
            [sys.executable, "-m", "qabot", "sources"],
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "QABOT_HOME": str(seeded_qabot.home)},
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == b"Error: Cannot write the output: No space left on device.\n"


def on_a_terminal(command: Command, *arguments: str, **environment: str) -> str:
    """What the command writes to a terminal of 60 columns."""
    import fcntl
    import pty
    import struct
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 60, 0, 0))
    process = process_support.start(
        ["-m", "qabot", *arguments],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={
            **os.environ,
            "QABOT_HOME": str(command.home),
            "TERM": "xterm-256color",
            **environment,
        },
    )
    os.close(follower)
    data = b""
    with contextlib.suppress(OSError):  # what a closed terminal raises at its end
        while piece := os.read(leader, 65_536):
            data += piece
    os.close(leader)
    assert process.wait() in {0, 3}
    return data.decode("utf-8").replace("\r\n", "\n")


@POSIX
def test_on_a_terminal_the_answer_is_coloured_and_wrapped(seeded_qabot: Command) -> None:
    shown = on_a_terminal(seeded_qabot, "ask", ANSWERABLE)
    assert "\x1b[1;36m[1]" in shown
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert max(len(line) for line in plain.splitlines() if str(SEED) not in line) <= 60
    assert f"\n    {SEED}\n" in plain  # whole, however long, so that it can be followed
    assert " ".join(plain.split()) == " ".join(seeded_qabot("ask", ANSWERABLE).stdout.split())


@POSIX
@pytest.mark.parametrize("arguments", [["ask", ANSWERABLE], ["doctor"]], ids=" ".join)
def test_no_colour_is_shown_to_who_wants_none(seeded_qabot: Command, arguments: list[str]) -> None:
    shown = on_a_terminal(seeded_qabot, *arguments, NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*(3|4|9|10)[0-7][;m]", shown)


@POSIX
def test_who_types_a_question_is_told_how_to_end_it(
    seeded_here: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pty

    leader, follower = pty.openpty()
    os.write(leader, f"{UNANSWERABLE}\n\x04".encode())
    with os.fdopen(follower, encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        done = seeded_here("ask", "-")
    os.close(leader)
    assert done.code == 3
    assert done.stderr == "Type the question; end it with Ctrl-D on a line of its own.\n"


@POSIX
def test_stopping_says_so_in_one_line() -> None:
    code = (
        "import os, signal, sys\nfrom qabot import build, cli\n"
        "def stopped(*given): os.kill(os.getpid(), signal.SIGINT)\n"
        "build.open_existing_index = stopped\nsys.exit(cli.run(['sources']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 128 + signal.SIGINT
    assert done.stdout == ""
    assert done.stderr.strip() == "Stopped."


def test_ctrl_c_that_an_import_wraps_in_another_error_is_ctrl_c(
    here: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(**options: object) -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:  # as making an Enum does in Python 3.11
            raise RuntimeError("Error calling __set_name__") from error

    monkeypatch.setattr("qabot.cli.main.cli.main", interrupted)
    for name, kept in {"sources": "", "ingest": " What was committed before is kept."}.items():
        done = here(name)
        assert (done.code, done.stdout) == (130, "")
        assert done.stderr.lstrip() == f"Stopped.{kept}\n"


@POSIX
@pytest.mark.parametrize("is_read", [True, False])
def test_stopped_while_it_imports_it_ends_at_once_whoever_reads(is_read: bool) -> None:
    # At its end Python would run what is registered, and take half-imported libraries apart.
    code = (
        "import atexit, sys, qabot.cli\nfrom qabot import __main__\n"
        "atexit.register(print, 'taken apart', file=sys.stderr)\n"
        "def stopped(): sys.stdout.write('x'); raise KeyboardInterrupt\n"
        "qabot.cli.run = stopped\n__main__.main()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONUNBUFFERED": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        if not is_read:
            process.stdout.close()
        err = process.stderr.read()
        assert (process.wait(), err) == (130, "Stopped.\n")
        assert not is_read or process.stdout.read() == "x"


def test_the_seed_is_the_file_that_answers_cite(seeded_here: Command) -> None:
    assert seeded_here("sources").stdout.endswith(f"{SEED}\n")


def test_logs_list_what_was_asked_and_what_readers_said(here: Command) -> None:
    assert here("logs").stderr == "Nothing is logged yet.\n"
    assert here("logs", "--feedback").stderr == "No reader has said anything yet.\n"
    assert here("ask", "Who is Iran's foreign minister?").code == 0
    assert here("ask", "--no-log", "Who is Trump?").code == 0
    assert here("ask", "Who is Trump?", QABOT_NO_LOG="1").code == 0
    (entry,) = json.loads(here("logs", "--json").stdout)["logs"]
    assert (entry["question"], entry["model"]) == ("Who is Iran's foreign minister?", "extractive")
    assert entry["answer"]["citations"]
    assert json.loads(here("logs", "--json", "--feedback").stdout) == {"logs": []}
    with contextlib.closing(Log(here.home)) as log:
        log.judge(Judgement(1, "reader", False, "missing", "which <b>year</b>?"))
    shown = here("logs", "--feedback").stdout
    assert "#1" in shown
    assert "  - missing · which <b>year</b>?" in shown
    (judged,) = json.loads(here("logs", "--json", "--feedback").stdout)["logs"]
    assert judged["feedback"][0]["category"] == "missing"
