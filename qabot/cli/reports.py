"""What an ingestion did, for a person and for a program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from qabot.ingest import Report

_LISTED = 20


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
