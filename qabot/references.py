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
