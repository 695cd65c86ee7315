"""The article, or the place in one, that a reader names."""

from __future__ import annotations

import re

from qabot.errors import UnknownReference
from qabot.retrieve import Searched
from qabot.types import Document

_REFERENCE = re.compile(r"(?P<id>.+):(?P<start>\d{1,12})-(?P<end>\d{1,12})")


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
        is_whole = index.catalog.document(reference.strip()) is not None
        raise UnknownReference(
            f"{reference!r} is not of the form ID:START-END. "
            "Copy one from an answer, for example: qabot show my-article:120-240"
            + (
                f"; or see the whole text: qabot show --text {reference.strip()}"
                if is_whole
                else ""
            )
        )
    document = resolve_document(index, match["id"])
    start, end = int(match["start"]), int(match["end"])
    if not start < end <= len(document.text):
        raise UnknownReference(_no_passage(match["id"], start, end, len(document.text)))
    return document, start, end


def _no_passage(identifier: str, start: int, end: int, length: int) -> str:
    problem = f"{identifier} has no passage {start}-{end}: "
    if end < start <= length:
        return f"{problem}it ends before it starts. Did you mean {identifier}:{end}-{start}?"
    if start == end <= length:
        return f"{problem}it ends where it starts. Give a larger END."
    return (
        f"{problem}its text is {length:,} characters long. Give an END of at most {length}, "
        f"or see it all: qabot show --text {identifier}"
    )
