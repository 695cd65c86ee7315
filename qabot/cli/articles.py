"""The commands about the articles in the index: ingest, show, remove."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING

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
    write_exactly,
    write_json,
)
from qabot.errors import UnknownReference

if TYPE_CHECKING:
    from qabot.loading.model import Kind


@click.command(cls=Command)
@click.argument("given", nargs=-1, type=click.Path(), metavar="PATH...")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Add a tag to each article.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["text", "html", "pdf", "docx", "jsonl", "feed"]),
    help="The format of standard input, where it is not recognised.",
)
@click.option("--rebuild", is_flag=True, help="First make the index anew from what it holds.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def ingest(
    given: tuple[str, ...], tags: tuple[str, ...], kind: Kind | None, rebuild: bool, as_json: bool
) -> int:
    """Put articles in: files, folders, patterns, addresses (http, https), - for standard input.

    .txt, .md, .html, .pdf, .docx, .jsonl (.gz), .rss, .atom and .xml are read. A changed article
    takes the place of its older version; one gone from its folder or file is removed.
    """
    if not given and not rebuild:
        raise click.UsageError("Missing argument 'PATH...'.")
    if not all(given):
        raise click.UsageError("A PATH is empty. Leave it out, or name a file or an address.")
    from qabot import build
    from qabot.cli.bar import Bar
    from qabot.cli.reports import report_lines, report_object
    from qabot.loading.fields import tags_of
    from qabot.loading.model import Intake
    from qabot.settings import Settings

    settings = Settings.from_environment()
    intake = Intake(tags_of(tags), kind or "")
    with Bar(console(stderr=True)) as bar:
        if rebuild:
            rebuilt = build.rebuild_index(settings, bar.update)
            notice(f"Rebuilt the index with {plural(rebuilt.documents, 'document')}.")
            if rebuilt.set_aside:
                notice(f"The damaged files could not be read; they lie in {rebuilt.set_aside}")
        report = build.ingest_paths(settings, given, bar.update, notice, intake) if given else None
    if report is None:
        return ANSWERED
    if as_json:
        write_json(report_object(report))
    else:
        write("\n".join(report_lines(report)))
    for error in report.failed:
        notice(f"Error: {error}")
    return FAILED if report.failed else ANSWERED


@click.command(cls=Command, short_help="Show a passage in its surroundings, or a whole text.")
@click.argument("reference", metavar="ID:START-END")
@click.option(
    "--text", "is_whole", is_flag=True, help="Print the whole text of the article ID, as it is."
)
def show(reference: str, is_whole: bool) -> int:
    """Show a passage in its surroundings, highlighted, with line numbers.

    Copy the reference from an answer. With --text and an ID: the text that all offsets count in.
    """
    from qabot.build import open_existing_index
    from qabot.references import resolve_document, resolve_reference
    from qabot.render import terminal
    from qabot.settings import Settings

    with closing(open_existing_index(Settings.from_environment())) as index:
        if not is_whole:
            display(terminal.passage_in_place(*resolve_reference(index, reference)))
            return ANSWERED
        text = resolve_document(index, reference).text
    if sys.stdout and sys.stdout.isatty():
        display(terminal.safe(text))
    else:
        write_exactly(text)
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
