"""What ``qabot ingest`` tells a person it did."""

from __future__ import annotations

from qabot.cli.reports import report_lines
from qabot.errors import LoadError
from qabot.ingest import Report


def test_an_ingestion_is_told_by_document_and_in_counts() -> None:
    report = Report(added=["a"], updated=["b"], unchanged=["c", "d"], removed=["e"])
    assert list(report_lines(report)) == [
        "added a",
        "updated b",
        "unchanged c",
        "unchanged d",
        "removed e",
        "1 added, 1 updated, 2 unchanged, 1 removed",
    ]


def test_failures_and_what_an_interrupted_run_left_are_told_too() -> None:
    lines = list(report_lines(Report(failed=[LoadError("x.txt: empty")], cleared=2)))
    assert lines == [
        "cleared what an interrupted run had left behind",
        "0 added, 0 updated, 0 unchanged, 0 removed, 1 failed",
    ]


def test_of_many_documents_the_first_are_named_and_the_others_counted() -> None:
    lines = list(report_lines(Report(added=[f"doc-{number}" for number in range(1_234)])))
    assert lines[19:22] == [
        "added doc-19",
        "added 1,214 more",
        "1,234 added, 0 updated, 0 unchanged, 0 removed",
    ]
