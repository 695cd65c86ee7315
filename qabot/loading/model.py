"""What loaders share: where to read, what was read, and how it was wanted. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from qabot.errors import LoadError
from qabot.types import Origin

UNKNOWN = Origin()
"""Where an article comes from that does not say."""

Kind = Literal["text", "html", "pdf", "docx", "jsonl", "feed"]


@dataclass(frozen=True, slots=True)
class Intake:
    """How articles are taken in.

    ``tags`` join those an article has of its own. ``kind`` is the format of standard input, empty
    to recognise it. With ``allow_private`` addresses of this machine and its network may be read.
    """

    tags: tuple[str, ...] = ()
    kind: Kind | Literal[""] = ""
    allow_private: bool = False


PLAIN = Intake()
"""Nothing special is wanted."""


@dataclass(frozen=True, slots=True)
class Place:
    """Something to read: ``source`` is an absolute path, an address, or ``-`` (standard input)."""

    source: str
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Extract:
    """An article as its format gives it.

    ``key`` names it among the articles of one file; empty where it is the only one. A ``link`` is
    an address at which the text is to be read, where it is not here.
    """

    text: str
    title: str = ""
    origin: Origin = UNKNOWN
    pages: tuple[int, ...] = ()
    key: str = ""
    link: str = ""


Read = Iterable[Extract | LoadError]
"""Articles, and an error for each that cannot be read."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known of some bytes: the charset they were sent with, and their address."""

    charset: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Article:
    """An article to be put in; ``source`` tells it from all others, ``name`` is fit for an id."""

    title: str
    source: str
    text: str
    origin: Origin = UNKNOWN
    pages: tuple[int, ...] = ()
    name: str = "article"


def joined(first: Origin, second: Origin) -> Origin:
    """One origin of two: what ``first`` does not know is taken from ``second``, tags from both."""
    return replace(
        first,
        url=first.url or second.url,
        author=first.author or second.author,
        publisher=first.publisher or second.publisher,
        date=first.date or second.date,
        tags=tuple(dict.fromkeys((*first.tags, *second.tags))),
    )
