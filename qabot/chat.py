"""What a chat reads: the lines that are typed or piped, and the commands among them.

prompt-toolkit is imported only where lines are typed.
"""

from __future__ import annotations

import difflib
import os
import re
import signal
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from qabot.errors import QuestionError

if TYPE_CHECKING:
    from prompt_toolkit.output import Output

COMMANDS = {
    "/sources": "list the articles, or those with WORDS, the newest first",
    "/only": "read only some articles, such as source:reuters since:2026-02; or all again",
    "/show": "show citation [N] of the last answer in its article",
    "/explain": "show what was found for the last answer, and why it was given",
    "/new": "begin a new conversation",
    "/help": "show this list",
    "/quit": "end, as Ctrl-D does",
}
"""What can be typed besides questions, and what it does."""
ARGUMENTS = {"/show": "N", "/sources": "[WORDS]", "/only": "[FILTERS]"}
"""What stands after a command; after any other, nothing."""
LONGEST_LINE = 1_000_000
"""Bytes in a piped line: more than any question may have."""
REMEMBERED = 1_000
"""Lines that are kept for the next chat."""
_FILE_LIMIT = 1_000_000  # bytes of the history, after which its older lines are dropped
_LONGEST_REMEMBERED = 4_000  # characters; a question has at most half of it
_PROMPT = "> "
_DEAF = 1.0  # seconds after a Ctrl-C in which another one has nothing more to say
_COMMAND = re.compile(r"(/[a-zA-Z]{1,30}|/\?)(?:\s+(.*))?", re.DOTALL)
_ALSO = {"/?": "/help", "/q": "/quit", "/exit": "/quit"}
_ENDING = frozenset({"quit", "exit"})


@dataclass(frozen=True, slots=True)
class Order:
    """A command of ``COMMANDS`` with what stands after it."""

    name: str
    argument: str = ""


def order_in(line: str) -> Order | None:
    """The command that a line gives, or None for a question.

    Only a slash with letters, alone or before a space, is a command: "/etc?" is a question. Raises
    QuestionError for a command that there is not, or one with too much after it.
    """
    match = _COMMAND.fullmatch(line.strip())
    if match is None:
        return None
    typed, argument = match[1], (match[2] or "").strip()
    name = _ALSO.get(typed.lower(), typed.lower())
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, 1)
        meant = f"Did you mean {near[0]}? " if near else ""
        raise QuestionError(f"There is no command {typed}. {meant}/help lists them all.")
    if argument and name not in ARGUMENTS:
        raise QuestionError(f"Nothing can stand after {name}. /help lists the commands.")
    return Order(name, argument)


def piped(stream: BinaryIO) -> Iterator[str | QuestionError]:
    """Every line of a stream that is not blank, as soon as it comes.

    In place of a line that is too long or no UTF-8 text comes the error that says so.
    """
    number = 0
    while data := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(data) > LONGEST_LINE and not data.endswith(b"\n"):
            while data and not data.endswith(b"\n"):
                data = stream.readline(LONGEST_LINE)
            yield QuestionError(f"Line {number} has more than {LONGEST_LINE:,} bytes: no question.")
            continue
        try:
            line = data.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        except UnicodeDecodeError:
            yield QuestionError(f"Line {number} is not UTF-8 text. Write it as UTF-8.")
            continue
        if line:
            yield line


class History:
    """The lines typed in earlier chats: a file that only its owner may read, a line each.

    A file that cannot be read or written is no error: then nothing is remembered.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[str]:
        """The last lines, the oldest first."""
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _FILE_LIMIT))
                data = file.read(_FILE_LIMIT)
        except OSError:
            return []
        found = data.decode("utf-8", errors="replace").split("\n")
        lines = [line for line in map(_on_one_line, found[size > _FILE_LIMIT :]) if line]
        lines = lines[-REMEMBERED:]
        if size > _FILE_LIMIT:
            self._replace(lines)
        return lines

    def add(self, line: str) -> None:
        """Remember a line."""
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            _append(self._path, [line])

    def _replace(self, lines: Sequence[str]) -> None:
        """Write the file anew; killed on the way, the old one is there, or the new one whole."""
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
        with suppress(OSError):
            try:
                _append(new, lines)
                new.replace(self._path)
            finally:
                new.unlink(missing_ok=True)


def _append(path: Path, lines: Sequence[str]) -> None:
    data = "".join(f"{_on_one_line(line)}\n" for line in lines).encode()
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def _on_one_line(text: str) -> str:
    """A line as it is remembered: white space single, nothing that acts on a terminal."""
    line = " ".join(text[:_LONGEST_REMEMBERED].split())
    return "".join(one for one in line if unicodedata.category(one) not in {"Cc", "Cs"})


class Editor:
    """Lines typed on a terminal, with editing, completion of the commands, and a history."""

    def __init__(self, history: History | None, hint: Callable[[str], None]) -> None:
        """Without a ``history`` nothing outlives the chat; ``hint`` is told how to end it."""
        from prompt_toolkit import PromptSession
        from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
        from prompt_toolkit.completion import WordCompleter
        from prompt_toolkit.history import InMemoryHistory
        from prompt_toolkit.shortcuts import CompleteStyle

        self._history, self._hint = history, hint
        self._last = ""
        # A suggestion is told from what was typed by its colour alone.
        suggests = not os.environ.get("NO_COLOR")
        self._session: PromptSession[str] = PromptSession(
            _PROMPT,
            history=InMemoryHistory(history.read() if history else []),
            auto_suggest=AutoSuggestFromHistory() if suggests else None,
            completer=WordCompleter(list(COMMANDS), sentence=True),
            complete_style=CompleteStyle.READLINE_LIKE,
            complete_while_typing=False,
            enable_suspend=True,
            output=_screen(),
        )

    def read(self) -> str | None:
        """The next line that is not blank; None at the end. Ctrl-C clears the line."""
        while True:
            try:
                line = self._session.prompt().strip()
            except EOFError:
                return None
            except KeyboardInterrupt:
                if not self._session.default_buffer.text:
                    self._hint("To end: Ctrl-D, or /quit")
                continue
            if line.lower() in _ENDING:
                return "/quit"
            if line:
                self._remember(line)
                return line

    def _remember(self, line: str) -> None:
        if self._history and line != self._last:
            self._history.add(line)
        self._last = line


def _screen() -> Output | None:
    """Where the prompt is drawn: standard error where standard output is no terminal."""
    from prompt_toolkit.output import create_output
    from prompt_toolkit.output.vt100 import Vt100_Output
    from prompt_toolkit.utils import is_dumb_terminal

    if is_dumb_terminal():
        return None  # prompt-toolkit's own choice, which then draws nothing
    output = create_output(always_prefer_tty=True)
    if isinstance(output, Vt100_Output):
        # One line needs not know where on the screen it is; a late reply would be taken for typing.
        output.enable_cpr = False
    return output


class Interruption:
    """Ctrl-C while it lasts: raises KeyboardInterrupt where it is allowed, else does nothing.

    One that follows at once does nothing either, so that the first can end an answer in order.
    """

    def __init__(self) -> None:
        self._is_allowed, self._deaf_until = False, 0.0

    def __enter__(self) -> Interruption:
        self._before = signal.signal(signal.SIGINT, self._interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Let Ctrl-C end what is done inside."""
        self._deaf_until = 0.0
        try:
            self._is_allowed = True
            yield
        finally:
            self._is_allowed = False

    def _interrupt(self, *_: object) -> None:
        if self._is_allowed and time.monotonic() >= self._deaf_until:
            self._deaf_until = time.monotonic() + _DEAF
            raise KeyboardInterrupt
