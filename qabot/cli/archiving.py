"""The commands ``export`` and ``import``: all articles in one file, and back."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from qabot.cli.output import ANSWERED, FAILED, Command, console, notice, plural, write
from qabot.errors import LoadError, StorageError

_FILE = click.argument("file", type=click.Path(), metavar="FILE")


@click.command("export", cls=Command)
@_FILE
def export_articles(file: str) -> int:
    """Write all articles to FILE (or - for standard output), for a backup or another index.

    FILE appears when it is whole. What it looks like is in docs/deployment.md.
    """
    from qabot.archive import export_index
    from qabot.build import open_existing_index
    from qabot.cli.bar import Bar
    from qabot.settings import Settings

    with (
        closing(open_existing_index(Settings.from_environment())) as index,
        Bar(console(stderr=True)) as bar,
        _written(file) as out,
    ):
        done = export_index(index, out, bar.update)
    notice(f"Exported {plural(done, 'article')}.")
    return ANSWERED


@click.command("import", cls=Command)
@_FILE
def import_articles(file: str) -> int:
    """Put the articles of an exported FILE (or - for standard input) into the index.

    Articles that are in already are left as they are; an interrupted import can be run again.
    """
    from qabot.build import import_articles as import_from
    from qabot.cli.bar import Bar
    from qabot.cli.reports import report_lines
    from qabot.settings import Settings

    with Bar(console(stderr=True)) as bar, _read(file) as source:
        report = import_from(Settings.from_environment(), source, file, bar.update, notice)
    write("\n".join(report_lines(report)))
    for error in report.failed:
        notice(f"Error: {error}")
    return FAILED if report.failed else ANSWERED


@contextmanager
def _written(file: str) -> Iterator[Callable[[bytes], object]]:
    """What writes to a file that takes its name when all is on the disk."""
    try:
        if file == "-":
            yield sys.stdout.buffer.write
            sys.stdout.flush()
            return
        beside = Path(f"{file}.{os.getpid()}.part")
        try:
            with beside.open("xb") as out:
                yield out.write
                out.flush()
                os.fsync(out.fileno())
            beside.replace(file)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StorageError(f"Cannot write {file}: {reason}. Name another file.") from error


@contextmanager
def _read(file: str) -> Iterator[BinaryIO]:
    try:
        if file == "-":
            yield sys.stdin.buffer
            return
        with Path(file).open("rb") as source:
            yield source
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise LoadError(f"Cannot read {file}: {reason}. Name another file.") from error
