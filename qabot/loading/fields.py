"""Metadata that strangers wrote -> fields that can be shown, linked and compared. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import date
from email.utils import parsedate_tz
from urllib.parse import urlsplit

from qabot.dates import article_date
from qabot.errors import LoadError
from qabot.settings import LARGEST_FILE
from qabot.words import fold

_LONGEST_LINE = 300
_LONGEST_ADDRESS = 2_000
_LONGEST_KEY = 500
_LONGEST_TAG = 60
_MOST_TAGS = 30
_LONGEST_SITE = 40
_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:$|[T\s])", re.ASCII)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_UNSEEN = re.compile("[\u00ad\u200b\u2060\ufeff]")
"""Where a word may be broken, or not; joiners (U+200C, U+200D) belong to scripts and emoji."""
_SURROGATES = re.compile("[\ud800-\udfff]")
_PARTED = re.compile(r"(?<=\S)(?:\s+[|–—·•»«:-]\s+|\s*\|\s*|:\s+)(?=\S)")
_BLANKS = re.compile(r"[ \t]+\n")
_EMPTY_LINES = re.compile(r"\n{3,}")


def line_of(value: object) -> str:
    """A field on one line, without control characters, cut where it has no end."""
    words = clean_text(str(value or "")[: 4 * _LONGEST_LINE]).split()
    return " ".join(words)[:_LONGEST_LINE].rstrip()


def without_site(title: str, sites: Iterable[str], url: str, headings: Iterable[str]) -> str:
    """A title without the name of a site before or after it, as in "River rises | The Courier".

    Such a name is one of ``sites`` or that in the address; so is what little one of the page's
    ``headings`` goes without.
    """
    host = (urlsplit(address_of(url)).hostname or "").split(".")
    names = {*map(_letters, sites), host[-2] if len(host) > 1 else ""} - {""}
    known = {fold(heading) for heading in headings}
    while parts := list(_PARTED.finditer(title)):
        ends = [part.start() for part in parts if _letters(title[part.end() :]) in names]
        last, head = parts[-1], title[: parts[-1].start()]
        tail = "" if ":" in last[0] else title[last.end() :]
        if fold(head) in known and 0 < len(tail) <= _LONGEST_SITE and tail[-1] != "?":
            ends.append(last.start())
        if ends:
            title = title[: ends[0]]
        elif _letters(title[: parts[0].start()]) in names:
            title = title[parts[0].end() :]
        else:
            break
    return title


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", fold(name)).removeprefix("www").removeprefix("the")


def key_of(value: object) -> str:
    """A name by which an article is known in its file, on one line; a hash of one without end."""
    name = " ".join(clean_text(str(value or "")).split())
    if len(name) <= _LONGEST_KEY:
        return name
    return hashlib.sha256(name.encode("utf-8")).hexdigest()[:32]


def address_of(value: object) -> str:
    """An ``http`` or ``https`` address as it is, else nothing."""
    address = str(value or "").strip()
    if len(address) > _LONGEST_ADDRESS or not address.isprintable() or " " in address:
        return ""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return address if parts.scheme in ("http", "https") and parts.hostname else ""


def tags_of(values: Iterable[object]) -> tuple[str, ...]:
    """Tags without repetition; one that holds commas or semicolons is several."""
    parts = (part for value in values for part in re.split("[,;]", str(value or "")[:2_000]))
    tags = (line_of(part)[:_LONGEST_TAG].strip() for part in parts)
    return tuple(dict.fromkeys(tag for tag in tags if tag))[:_MOST_TAGS]


def day_of(value: object) -> str:
    """The day of a date as it is written there (ISO 8601), or nothing where that is not sure."""
    text = str(value or "").strip()[:100]
    iso = _ISO_DAY.match(text)
    if iso:
        numbers = tuple(map(int, iso.groups()))
    else:
        try:
            parsed = parsedate_tz(text)
        except (ValueError, IndexError, TypeError):
            parsed = None
        written = article_date(text) if parsed is None else None
        if written:
            return written.isoformat()
        numbers = parsed[:3] if parsed else (0, 0, 0)
    try:
        return date(*numbers).isoformat()
    except (ValueError, OverflowError):
        return ""


def clean_text(text: str) -> str:
    """A text that another program extracted, without unseen characters or broken letters."""
    text = _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub(" ", text)).replace("\x85", "\n")


def paragraphs(parts: Iterable[str]) -> str:
    """Paragraphs as one text, a blank line between them. Raises LoadError where it has no end."""
    kept: list[str] = []
    size = 0
    for part in parts:
        stripped = _EMPTY_LINES.sub("\n\n", _BLANKS.sub("\n", clean_text(part))).strip()
        if stripped:
            kept.append(stripped)
            size += len(stripped) + 2
            check_length(size)
    return "\n\n".join(kept)


def check_length(length: int) -> None:
    """Raise LoadError for a text longer than any article."""
    if length > LARGEST_FILE:
        raise LoadError(
            f"its text is longer than the {LARGEST_FILE:,} characters an article may have. "
            "Split it into parts."
        )
