"""The commands about the articles in the index: ingest, show, remove."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from qabot.cli.output import (
    ANSWERED,
    FAILED,
    Command,
    console,
    display,
    notice,
    plural,
    write,
)
from qabot.errors import UnknownReference


@click.command(cls=Command)
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
    with Bar(console(stderr=True)) as bar:
        if rebuild:
            rebuilt = build.rebuild_index(settings, bar.update)
            notice(f"Rebuilt the index with {plural(rebuilt.documents, 'document')}.")
            if rebuilt.set_aside:
                notice(f"The damaged files could not be read; they lie in {rebuilt.set_aside}")
        files = [Path(path) for path in paths]
        report = build.ingest_paths(settings, files, bar.update, notice) if files else None
    if report is None:
        return ANSWERED
    write("\n".join(report_lines(report)))
    for error in report.failed:
        notice(f"Error: {error}")
    return FAILED if report.failed else ANSWERED


@click.command(cls=Command, short_help="Show a passage in its surroundings.")
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
        display(terminal.passage_in_place(*resolve_reference(index, reference)))
    return ANSWERED


@click.command(cls=Command)
@click.argument("document_id", metavar="ID")
def remove(document_id: str) -> int:
    """Take the article ID out of the index; its file is left alone."""
    from qabot.build import open_existing_index
    from qabot.settings import Settings

    index = open_existing_index(Settings.from_environment())
    with closing(index), index.writing() as writer:
        if not writer.remove(document_id):
            raise UnknownReference(f"No article {document_id!r}. List them: qabot sources")
    write(f"removed {document_id}")
    return ANSWERED
