"""Passages as the vector store holds them, a text with fields, and what they tell. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from qabot.entries import sha256_of
from qabot.origins import origin_of, pages_of
from qabot.types import Document, Passage

PREFIX = "qabot-"
"""How the names of collections of ours begin."""
_CONTENT = "_node_content"  # LlamaIndex's name for the node, as JSON
Node = tuple[str, Mapping[str, Any]]
"""The text of a passage and its fields."""


def collection_name(embedder: str) -> str:
    """The collection of passages that the model with this fingerprint has embedded."""
    return PREFIX + re.sub(r"[^a-zA-Z0-9._-]+", "-", embedder).strip("-._")


def node_of(document: str | None, stored: Mapping[str, Any]) -> Node:
    """Text and fields of a passage, by what Chroma holds: its document, if any, and its metadata.

    The fields are those of the node, and those beside it, which Chroma filters by.
    """
    try:
        content = json.loads(str(stored.get(_CONTENT) or "{}"))
        own, text = content["metadata"], content.get("text")
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return document or "", stored
    known = document if document is not None else text
    fields = {**own, **stored} if isinstance(own, dict) else stored
    return known if isinstance(known, str) else "", fields


def holding_text(document: str | None, stored: Mapping[str, Any]) -> Mapping[str, Any]:
    """The metadata of a passage, with the text in its node: older versions kept it beside."""
    content = str(stored.get(_CONTENT) or "")
    if document is None or not content.startswith("{"):
        return stored
    text = json.dumps(document, ensure_ascii=False)
    return {**stored, _CONTENT: f'{{"text": {text}, {content[1:]}'}


def passage_of(document_id: str, text: str, fields: Mapping[str, Any]) -> Passage:
    """The passage that a node's fields describe. Raises KeyError, TypeError or ValueError."""
    return Passage(
        document_id=document_id,
        title=str(fields["title"]),
        source=str(fields["source"]),
        start=int(fields["start"]),
        end=int(fields["end"]),
        text=text,
        kind=fields["kind"],
        heading=str(fields["heading"]),
        line=int(fields["line"]),
        page=int(fields.get("page") or 0),
        breaks=pages_of(str(fields.get("breaks") or "")),
        origin=origin_of(fields),
    )


def document_of(nodes: Iterable[Node]) -> Document | None:
    """The document that all of its passages make; None unless its hash proves it whole."""
    try:
        ordered = sorted(nodes, key=lambda node: int(node[1]["start"]))
        fields = ordered[-1][1]
        text = "".join(str(own["gap"]) + piece for piece, own in ordered) + str(fields["tail"])
        is_whole = sha256_of(text) == fields["sha256"]
        names = (str(fields["document_id"]), str(fields["title"]), str(fields["source"]))
        origin, pages = origin_of(fields), pages_of(str(fields.get("pages") or ""))
    except (IndexError, KeyError, TypeError, ValueError):
        return None
    return Document(*names, text, origin, pages) if is_whole else None
