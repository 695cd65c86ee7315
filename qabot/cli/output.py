"""What all commands share: their options and exit codes, and where what they say goes.

Results go to standard output, all else to standard error.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self, TextIO

import click

from qabot.closing import Closes
from qabot.errors import StorageError
from qabot.words import clean

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

ANSWERED, FAILED, USAGE, ABSTAINED, STOPPED = 0, 1, 2, 3, 130
_UNWRAPPED = 40_000
DEBUG = click.Option(
    ["--debug"], is_flag=True, expose_value=False, help="Show the traceback of an error."
)


class Command(click.Command):
    """A command with the options that all have."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.params.append(DEBUG)


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def notice(text: str) -> None:
    """One line on standard error; nothing in it, such as a file's name, acts on the terminal."""
    click.echo(clean(text), err=True)


def console(stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


class Waiting(Closes):
    """On a terminal, the sign that a model is at work; gone as soon as there is a sentence."""

    def __init__(self, model: str | None) -> None:
        self._model = model

    def __enter__(self) -> Self:
        screen = console(stderr=True)
        is_shown = self._model is not None and screen.is_terminal
        self._sign = screen.status(clean(f"{self._model} ...")) if is_shown else None
        if self._sign is not None:
            try:
                self._sign.start()
            except BaseException:  # Ctrl-C may come just here, and the sign runs in a thread
                self._sign.stop()
                raise
        return self

    def close(self) -> None:
        """Take the sign away."""
        if self._sign is not None:
            self._sign.stop()


def display(renderable: RenderableType) -> None:
    """For people on a terminal, wrapped and coloured; else one line a paragraph, plain."""
    screen = console()
    if screen.is_terminal:
        screen.print(renderable, crop=False)  # addresses may be longer than a line
        return
    screen.file, screen.width = io.StringIO(), _UNWRAPPED
    screen.print(renderable)
    lines = screen.file.getvalue().rstrip("\n").split("\n")
    write("\n".join(line.rstrip() for line in lines))


def write(text: str) -> None:
    """A result on standard output. Whoever reads it may stop reading: that is no error."""
    with _reader() as stream:
        if stream is not None:
            stream.write(text + "\n")


def write_exactly(text: str) -> None:
    """A text in UTF-8 on standard output, to the letter, with nothing added."""
    with _reader() as stream:
        if isinstance(stream, io.TextIOWrapper):
            stream.buffer.write(text.encode("utf-8"))
        elif stream is not None:
            stream.write(text)


@contextmanager
def _reader() -> Iterator[TextIO | None]:
    """Standard output, for writing all of something to it."""
    if sys.stdout is None:
        yield None
        return
    try:
        yield sys.stdout
        sys.stdout.flush()
    except OSError as error:
        # What could not be written is given up, else the interpreter tries it again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise StorageError(f"Cannot write the output: {error.strerror or error}.") from error


def write_json(value: Mapping[str, Any]) -> None:
    """One object on standard output, in letters that its encoding has."""
    from qabot.render.json import to_json

    write(to_json(value, ascii_only=not is_utf8(sys.stdout)))


def is_utf8(stream: TextIO | None) -> bool:
    return stream is None or codecs.lookup(stream.encoding or "utf-8").name == "utf-8"
