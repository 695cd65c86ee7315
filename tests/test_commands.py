"""What ``qabot ingest`` tells a person it did, and how a reference is resolved."""

from __future__ import annotations

import pytest

from qabot.bot import Bot
from qabot.commands import report_lines, resolve_reference
from qabot.errors import LoadError, UnknownReference
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


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("tehran", "not of the form"),
        ("tehran-rejects-maximum-pressure:9-3", "no passage 9-3"),
        ("tehran-rejects-maximum-pressure:5-5", "no passage 5-5"),
        ("tehran-rejects-maximum-pressure:0-999999", "no passage"),
        ("nothing:1-2", "No article 'nothing'"),
        (":1-2", "not of the form"),
    ],
)
def test_a_reference_to_nothing_is_refused_with_its_reason(
    bot: Bot, reference: str, reason: str
) -> None:
    with pytest.raises(UnknownReference, match=reason):
        resolve_reference(bot._index, reference)


def test_a_reference_names_its_document_and_span(bot: Bot, seed_text: str) -> None:
    document, start, end = resolve_reference(bot._index, "tehran-rejects-maximum-pressure:896-1027")
    assert document.text == seed_text
    assert document.text[start:end].startswith("“We will not negotiate")
