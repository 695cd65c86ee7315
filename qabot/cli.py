"""The command line: parse, call, render. Results on standard output, all else on standard error."""

from __future__ import annotations

import io
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qabot import __version__
from qabot.errors import QabotError, QuestionError, UnknownReference

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

ANSWERED, FAILED, USAGE, ABSTAINED, STOPPED = 0, 1, 2, 3, 130
_LONGEST_INPUT = 1_000_000
_UNWRAPPED = 40_000


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="qabot")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Questions about articles, answered in their own words: every sentence can be checked.

    Exit codes: 0 answered, 3 abstained, 1 error, 2 wrong usage.
    """


@cli.command()
@click.argument("question")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--top-k", type=click.IntRange(1, 100), help="Passages to read at most.")
@click.option("--explain", is_flag=True, help="Show what was found, and why this answer.")
def ask(question: str, as_json: bool, top_k: int | None, explain: bool) -> int:
    """Answer QUESTION (or - for standard input) with cited passages."""
    from dataclasses import replace

    from qabot.bot import check

    text = _read_question() if question == "-" else question
    check(text)
    from qabot.build import open_bot

    answer = open_bot(notice=_notice).ask(text, top_k=top_k)
    if not explain:
        answer = replace(answer, explanation=None)
    if as_json:
        from qabot.render.json import answer_object, to_json

        click.echo(to_json(answer_object(answer)))
    else:
        from qabot.render import terminal

        _print(terminal.answer(answer))
    return ANSWERED if answer.status == "answered" else ABSTAINED


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("--rebuild", is_flag=True, help="First make the index anew from what it holds.")
def ingest(paths: tuple[Path, ...], rebuild: bool) -> int:
    """Put articles in: .txt and .md files, and folders of them.

    A changed file takes the place of its older version; a file gone from a folder is removed.
    """
    if not paths and not rebuild:
        raise click.UsageError("Missing argument 'PATH...'.")
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
        report = build.ingest_paths(settings, paths, bar.update) if paths else None
    if report is None:
        return ANSWERED
    for line in report_lines(report):
        click.echo(line)
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

    found = open_existing_index(Settings.from_environment()).catalog.sources()
    if as_json:
        from qabot.render.json import to_json

        click.echo(to_json({"sources": [asdict(source) for source in found]}))
    elif found:
        from qabot.render import terminal

        _print(terminal.sources(found))
    else:
        _notice("The index is empty. Put articles in: qabot ingest PATH")
    return ANSWERED


@cli.command()
@click.argument("document_id", metavar="ID")
def remove(document_id: str) -> int:
    """Take the article ID out of the index; its file is left alone."""
    from qabot.build import open_existing_index
    from qabot.settings import Settings

    index = open_existing_index(Settings.from_environment())
    with index.writing() as writer:
        if not writer.remove(document_id):
            raise UnknownReference(f"No article {document_id!r}. List them: qabot sources")
    click.echo(f"removed {document_id}")
    return ANSWERED


@cli.command()
@click.argument("reference", metavar="ID:START-END")
def show(reference: str) -> int:
    """Show a passage highlighted in its surroundings, with line numbers."""
    from qabot.build import open_existing_index
    from qabot.commands import resolve_reference
    from qabot.render import terminal
    from qabot.settings import Settings

    index = open_existing_index(Settings.from_environment())
    _print(terminal.passage_in_place(*resolve_reference(index, reference)))
    return ANSWERED


@cli.command()
def doctor() -> int:
    """Say what is installed, where the index lies, which model would answer, and what to mend."""
    from qabot.doctor import examine

    healthy = True
    for line in examine():
        sign = click.style("ok  ", "green") if line.ok else click.style("FAIL", "red")
        click.echo(f"{sign} {line.name}: {line.text}")
        if not line.ok:
            click.echo(f"     {line.remedy}")
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
        sys.stdout.flush()
        return result if isinstance(result, int) else ANSWERED
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return USAGE if isinstance(error, click.UsageError) else FAILED
    except (click.Abort, KeyboardInterrupt):
        _notice("Stopped. What was committed before is kept.")
        return STOPPED
    except BrokenPipeError:
        # Whoever read our output has had enough; keep the interpreter from flushing into the void.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ANSWERED
    except Exception as error:
        return _failed(error, "--debug" in given)


def _failed(error: Exception, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    elif isinstance(error, QabotError):
        _notice(f"Error: {error}")
    else:
        name = type(error).__name__
        _notice(f"Error: something unforeseen went wrong ({name}). See more: qabot --debug ...")
    return FAILED


def _read_question() -> str:
    data = sys.stdin.buffer.read(_LONGEST_INPUT)
    try:
        return data.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise QuestionError("The question on standard input is not UTF-8 text.") from error


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def _notice(line: str) -> None:
    click.echo(line, err=True)


def _console(stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def _print(renderable: RenderableType) -> None:
    """For people on a terminal, wrapped and coloured; else one line a paragraph, plain."""
    console = _console()
    if console.is_terminal:
        console.print(renderable)
        return
    console.width = _UNWRAPPED
    with console.capture() as capture:
        console.print(renderable)
    click.echo("\n".join(line.rstrip() for line in capture.get().rstrip("\n").split("\n")))
