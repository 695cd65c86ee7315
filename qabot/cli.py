"""The command line: parse, call, render. Results on standard output, all else on standard error."""

from __future__ import annotations

import codecs
import io
import os
import sys
import traceback
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from qabot import __version__
from qabot.errors import QabotError, QuestionError, StorageError, UnknownReference
from qabot.words import clean

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

ANSWERED, FAILED, USAGE, ABSTAINED, STOPPED = 0, 1, 2, 3, 130
_LONGEST_INPUT = 1_000_000
"""Bytes read from standard input: more than any question may have."""
_UNWRAPPED = 40_000
_DEBUG = click.Option(
    ["--debug"], is_flag=True, expose_value=False, help="Show the traceback of an error."
)


class _Command(click.Command):
    """A command with the options that all have."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.params.append(_DEBUG)


class _Group(click.Group):
    command_class = _Command

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they are needed, which is the order of this file."""
        return list(self.commands)


@click.group(
    cls=_Group,
    params=[_DEBUG],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="qabot")
def cli() -> None:
    """Questions about articles, answered in their own words: every sentence can be checked.

    Exit codes: 0 answered, 3 abstained, 1 error, 2 wrong usage.
    """


@cli.command()
@click.argument("question", nargs=-1, required=True, metavar="QUESTION")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--top-k", type=click.IntRange(1, 100), help="Passages to read at most.")
@click.option("--explain", is_flag=True, help="Show what was found, and why this answer.")
def ask(question: tuple[str, ...], as_json: bool, top_k: int | None, explain: bool) -> int:
    """Answer QUESTION (or - for standard input) with cited passages.

    For example: qabot ask "why won't Iran negotiate?"
    """
    from dataclasses import replace

    from qabot.bot import check

    text = _read_question() if question == ("-",) else " ".join(question)
    check(text, top_k)
    from qabot.build import open_bot

    answer = open_bot(notice=_notice).ask(text, top_k=top_k)
    if not explain:
        answer = replace(answer, explanation=None)
    if as_json:
        from qabot.render.json import answer_object, to_json

        _write(to_json(answer_object(answer), ascii_only=not _is_utf8(sys.stdout)))
    else:
        from qabot.render import terminal

        _print(terminal.answer(answer))
    return ANSWERED if answer.status == "answered" else ABSTAINED


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(), metavar="PATH...")
@click.option("--rebuild", is_flag=True, help="First make the index anew from what it holds.")
def ingest(paths: tuple[str, ...], rebuild: bool) -> int:
    """Put articles in: .txt and .md files, and folders of them.

    A changed file takes the place of its older version; a file gone from a folder is removed.
    """
    if not paths and not rebuild:
        raise click.UsageError("Missing argument 'PATH...'.")
    if not all(paths):
        raise click.UsageError("A PATH is empty.")
    from qabot import build
    from qabot.commands import Bar, report_lines
    from qabot.settings import Settings

    settings = Settings.from_environment()
    with Bar(_console(stderr=True)) as bar:
        if rebuild:
            rebuilt = build.rebuild_index(settings, bar.update)
            _notice(f"Rebuilt the index with {_plural(rebuilt.documents, 'document')}.")
            if rebuilt.set_aside:
                _notice(f"The damaged files could not be read; they lie in {rebuilt.set_aside}")
        files = [Path(path) for path in paths]
        report = build.ingest_paths(settings, files, bar.update) if files else None
    if report is None:
        return ANSWERED
    _write("\n".join(report_lines(report)))
    for error in report.failed:
        _notice(f"Error: {error}")
    return FAILED if report.failed else ANSWERED


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def sources(as_json: bool) -> int:
    """List the articles in the index."""
    from dataclasses import asdict

    from qabot.build import open_existing_index
    from qabot.settings import Settings

    with closing(open_existing_index(Settings.from_environment())) as index:
        found = index.catalog.sources()
    if as_json:
        from qabot.render.json import to_json

        listed = {"sources": [asdict(source) for source in found]}
        _write(to_json(listed, ascii_only=not _is_utf8(sys.stdout)))
    elif found:
        from qabot.render import terminal

        _print(terminal.sources(found))
    else:
        _notice("The index is empty. Put articles in: qabot ingest PATH")
    return ANSWERED


@cli.command()
@click.argument("reference", metavar="ID:START-END")
def show(reference: str) -> int:
    """Show a passage in its surroundings, highlighted, with line numbers.

    Copy the reference from an answer.
    """
    from qabot.build import open_existing_index
    from qabot.commands import resolve_reference
    from qabot.render import terminal
    from qabot.settings import Settings

    with closing(open_existing_index(Settings.from_environment())) as index:
        _print(terminal.passage_in_place(*resolve_reference(index, reference)))
    return ANSWERED


@cli.command()
@click.argument("document_id", metavar="ID")
def remove(document_id: str) -> int:
    """Take the article ID out of the index; its file is left alone."""
    from qabot.build import open_existing_index
    from qabot.settings import Settings

    index = open_existing_index(Settings.from_environment())
    with closing(index), index.writing() as writer:
        if not writer.remove(document_id):
            raise UnknownReference(f"No article {document_id!r}. List them: qabot sources")
    _write(f"removed {document_id}")
    return ANSWERED


@cli.command(short_help="Say whether all is well, and what to mend.")
def doctor() -> int:
    """Say what is installed, where the index lies, which model would answer, and what to mend."""
    from qabot.doctor import examine
    from qabot.render import terminal

    healthy = True
    for line in examine():
        _print(terminal.check(line.ok, line.name, line.text, line.remedy))
        healthy = healthy and line.ok
    return ANSWERED if healthy else FAILED


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code; an error is one line on standard error."""
    given = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        result = cli.main(args=given, prog_name="qabot", standalone_mode=False)
        return result if isinstance(result, int) else ANSWERED
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return USAGE if isinstance(error, click.UsageError) else FAILED
    except (click.Abort, KeyboardInterrupt):
        _notice("Stopped. What was committed before is kept.")
        return STOPPED
    except Exception as error:
        options = given[: given.index("--")] if "--" in given else given
        return _failed(error, "--debug" in options)


def _failed(error: Exception, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    elif isinstance(error, QabotError):
        _notice(f"Error: {error}")
    else:
        name = type(error).__name__
        _notice(f"Error: something unforeseen went wrong ({name}). To see more, add: --debug")
    return FAILED


def _read_question() -> str:
    if sys.stdin is None:
        return ""
    if sys.stdin.isatty():
        _notice("Type the question; end it with Ctrl-D on a line of its own.")
    data = sys.stdin.buffer.read(_LONGEST_INPUT + 1)
    if len(data) > _LONGEST_INPUT:
        raise QuestionError(f"More than {_LONGEST_INPUT:,} bytes on standard input: no question.")
    try:
        return data.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise QuestionError("The question on standard input is not UTF-8 text.") from error


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def _notice(text: str) -> None:
    """One line on standard error; nothing in it, such as a file's name, acts on the terminal."""
    click.echo(clean(text), err=True)


def _console(stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def _print(renderable: RenderableType) -> None:
    """For people on a terminal, wrapped and coloured; else one line a paragraph, plain."""
    console = _console()
    if console.is_terminal:
        console.print(renderable)
        return
    console.file, console.width = io.StringIO(), _UNWRAPPED
    console.print(renderable)
    lines = console.file.getvalue().rstrip("\n").split("\n")
    _write("\n".join(line.rstrip() for line in lines))


def _write(text: str) -> None:
    """A result on standard output. Whoever reads it may stop reading: that is no error."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except OSError as error:
        # What could not be written is given up, else the interpreter tries it again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise StorageError(f"Cannot write the output: {error.strerror or error}.") from error


def _is_utf8(stream: TextIO | None) -> bool:
    return stream is None or codecs.lookup(stream.encoding or "utf-8").name == "utf-8"
