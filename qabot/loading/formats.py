"""The formats there are: how each is recognised, and what reads it. A new one is a line here."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from qabot.loading import feed, html, jsonl, pdf, plain, word
from qabot.loading.model import Hints, Kind, Read


@dataclass(frozen=True, slots=True)
class Format:
    """A format by the ends of its files' names and its media types; ``read`` gets all its bytes.

    What is ``parsed`` by a library goes through a process of its own.
    """

    read: Callable[[bytes, Hints], Read]
    suffixes: tuple[str, ...]
    media_types: tuple[str, ...]
    is_parsed: bool = True


FORMATS: dict[Kind, Format] = {
    "text": Format(plain.read, (".txt", ".md"), ("text/plain", "text/markdown"), False),
    "html": Format(html.read, (".html", ".htm", ".xhtml"), ("text/html", "application/xhtml+xml")),
    "pdf": Format(pdf.read, (".pdf",), ("application/pdf", "application/x-pdf")),
    "docx": Format(word.read, (".docx",), ()),
    "jsonl": Format(
        lambda data, hints: jsonl.read_whole(data),
        (".jsonl", ".jsonl.gz"),
        ("application/json", "application/jsonl", "application/x-ndjson"),
        False,
    ),
    "feed": Format(
        feed.read,
        (".xml", ".rss", ".atom"),
        ("application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/xml",
         "text/xml"),
    ),
}  # fmt: skip
_UNTOLD = ("", "application/octet-stream", "binary/octet-stream")
_LOOKED_AT = 4_096
_MARKUP = re.compile(
    r"<(?:(?P<feed>(?:\w+:)?(?:rss|feed|rdf))|!doctype\s+html|html|head|body|article)[\s>]", re.I
)


def kind_of_name(name: str) -> Kind | None:
    """The format that the end of a file's name tells."""
    lower = name.lower()
    ends = ((kind, end) for kind, format in FORMATS.items() for end in format.suffixes)
    return next((kind for kind, end in ends if lower.endswith(end)), None)


def kind_of_media(media_type: str) -> Kind | None:
    """The format of a media type; what says nothing may be anything, so it is taken for text."""
    if media_type in _UNTOLD:
        return "text"
    found = (kind for kind, format in FORMATS.items() if media_type in format.media_types)
    return next(found, None)


def recognised(data: bytes, told: Kind) -> Kind:
    """The format that the first bytes show, else the one that was ``told``."""
    start = data[:_LOOKED_AT]
    if b"%PDF-" in start[:1024]:
        return "pdf"
    if start.startswith(b"PK\x03\x04"):
        return "docx"
    is_wide = start.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = start.decode("utf-16" if is_wide else "latin-1", "replace").lstrip("\ufeffï»¿ \t\r\n")
    markup = _MARKUP.search(text) if text.startswith("<") else None
    if markup:
        return "feed" if markup["feed"] else "html"
    if told == "text" and re.match(r"\{\s*\"", text):
        return "jsonl"
    return told


def known_suffixes() -> str:
    """The ends of names that can be read, for a person."""
    ends = [end for format in FORMATS.values() for end in format.suffixes]
    return f"{', '.join(ends[:-1])} and {ends[-1]}"
