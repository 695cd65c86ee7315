"""What the commands need beside parsing: a progress bar, the report's words, references."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from qabot.closing import Closes
from qabot.errors import UnknownReference
from qabot.ingest import Report
from qabot.retrieve import Searched
from qabot.types import Document
from qabot.words import clean

_REFERENCE = re.compile(r"(?P<id>.+):(?P<start>\d{1,12})-(?P<end>\d{1,12})")
_LISTED = 20


class Bar(Closes):
    """A progress bar on long work, on a terminal only; it goes away when the work is done."""

    def __init__(self, console: Console) -> None:
        columns = (
            TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(),
            TimeRemainingColumn(),
        )  # fmt: skip
        self._progress = Progress(
            *columns, console=console, transient=True, disable=not console.is_terminal
        )
        self._task = self._progress.add_task("reading", total=None, visible=False)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def close(self) -> None:
        """Take the bar away."""
        self._progress.stop()

    def update(self, done: int, total: int, name: str) -> None:
        """Show that ``done`` of ``total`` files are read and ``name`` is the next."""
        shown = clean(name)[:40].ljust(40)
        self._progress.update(
            self._task, completed=done, total=total, description=shown, visible=True
        )


def report_lines(report: Report) -> Iterator[str]:
    """What an ingestion did: the documents by name where they are few, then the counts."""
    groups = {
        "added": report.added,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "removed": report.removed,
    }
    for word, identifiers in groups.items():
        for identifier in identifiers[:_LISTED]:
            yield f"{word} {identifier}"
        if len(identifiers) > _LISTED:
            yield f"{word} {len(identifiers) - _LISTED:,} more"
    counts = [f"{len(identifiers):,} {word}" for word, identifiers in groups.items()]
    failed = [f"{len(report.failed):,} failed"] if report.failed else []
    if report.cleared:
        yield "cleared what an interrupted run had left behind"
    yield ", ".join(counts + failed)


def report_object(report: Report) -> dict[str, Any]:
    """What an ingestion did, for a program: ids, and an error for each that failed."""
    return {**asdict(report), "failed": [str(error) for error in report.failed]}


def resolve_document(index: Searched, identifier: str) -> Document:
    """The document of an id, else UnknownReference with the remedy."""
    document = index.catalog.document(identifier)
    if document is None:
        raise UnknownReference(f"No article {identifier!r}. List them: qabot sources")
    return document


def resolve_reference(index: Searched, reference: str) -> tuple[Document, int, int]:
    """The document and span that ``ID:START-END`` names, else UnknownReference with the remedy."""
    match = _REFERENCE.fullmatch(reference.strip())
    if match is None:
        raise UnknownReference(
            f"{reference!r} is not of the form ID:START-END. "
            "Copy one from an answer, for example: qabot show my-article:120-240"
        )
    document = resolve_document(index, match["id"])
    start, end = int(match["start"]), int(match["end"])
    if not start < end <= len(document.text):
        raise UnknownReference(
            f"{match['id']} has no passage {start}-{end}: its text is {len(document.text):,} "
            "characters long."
        )
    return document, start, end
