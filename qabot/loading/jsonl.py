"""JSON lines: an article a line, read one after another however many there are."""

from __future__ import annotations

import hashlib
import io
import json
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from qabot.dates import day_in_address
from qabot.errors import LoadError
from qabot.loading.fields import address_of, day_of, key_of, line_of, tags_of
from qabot.loading.model import Extract
from qabot.loading.plain import check_text
from qabot.settings import LARGEST_FILE
from qabot.types import Origin

MOST_ERRORS = 100
"""Bad lines after which the rest of a file is not read, if they outnumber the good ones."""
MOST_EMPTY = 100_000
"""Empty lines one after another, after which it is no file of articles."""
LONGEST_SKIP = 512 * 1024 * 1024
"""Bytes of a line without an end that are passed over in search of the next."""
_FIELDS = ("title", "url", "author", "publisher", "date")
_READ = 1024 * 1024


def read(file: BinaryIO) -> Iterator[Extract | LoadError]:
    """The articles of a file, and an error that names its line for each that cannot be read.

    Raises LoadError where what follows cannot be read either.
    """
    seen: dict[bytes, int] = {}
    errors = 0
    for number, line in enumerate(_lines(file), 1):
        found: Extract | LoadError | None
        try:
            found = _article(line, number)
        except LoadError as error:
            found = LoadError(f"line {number:,}: {error}")
        if isinstance(found, Extract):
            first = seen.setdefault(_digest(found.key), number)
            if first != number:
                found = LoadError(
                    f"line {number:,}: has the id or address of line {first:,}. Give it its own."
                )
        errors += isinstance(found, LoadError)
        if found:
            yield found
        if errors >= MOST_ERRORS and errors > len(seen):
            raise LoadError(
                f"line {number:,}: the rest is not read, after {errors} bad lines. "
                'Each line must be an object such as {"title": ..., "text": ...}.'
            )
    if not seen and not errors:
        raise LoadError("the file is empty. Leave it out, or put its text in.")


def _lines(file: BinaryIO) -> Iterator[bytes | None]:
    """Each line; None for one that is too long."""
    empty = 0
    while True:
        try:
            line = file.readline(LARGEST_FILE + 1)
            is_whole = len(line) <= LARGEST_FILE or line.endswith(b"\n")
            if not is_whole:
                _skip(file)
        except (OSError, EOFError, zlib.error) as error:
            reason = getattr(error, "strerror", None) or "damaged"
            raise LoadError(f"cannot be read to its end: {reason}.") from error
        if not line:
            return
        empty = 0 if line.strip() else empty + 1
        if empty > MOST_EMPTY:
            raise LoadError(f"holds more than {MOST_EMPTY:,} empty lines one after another.")
        yield line if is_whole else None


def _skip(file: BinaryIO) -> None:
    """Go on to the next line."""
    for _ in range(LONGEST_SKIP // _READ):
        piece = file.readline(_READ)
        if not piece or piece.endswith(b"\n"):
            return
    raise LoadError(f"holds a line of more than {LONGEST_SKIP // 1024 // 1024} MiB.")


def _digest(key: str) -> bytes:
    """Stands for a key in little memory: files have millions of lines."""
    return hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=12).digest()


def _article(line: bytes | None, number: int) -> Extract | None:
    """The article of a line; None for an empty one. Raises LoadError."""
    if line is None:
        limit = LARGEST_FILE // 1024 // 1024
        raise LoadError(f"is longer than the {limit} MiB an article may have. Split it into parts.")
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        value = json.loads(text) if text else None
    except UnicodeDecodeError as error:
        raise LoadError(f"not UTF-8 text (byte {error.start}).") from error
    except (ValueError, RecursionError) as error:
        raise LoadError("not JSON. Each line must be an object on its own.") from error
    return extract_of(value, str(number)) if text else None


def extract_of(value: Any, key: str) -> Extract:
    """The article that a JSON object describes; ``key`` names it if nothing in it does.

    Raises LoadError for a field that is missing or wrong.
    """
    if not isinstance(value, dict):
        raise LoadError('not an object such as {"title": ..., "text": ...}.')
    text = value.get("text")
    if not isinstance(text, str):
        raise LoadError('has no "text".')
    check_text(text)
    for name in _FIELDS:
        if not isinstance(value.get(name) or "", str):
            raise LoadError(f'"{name}" must be a text.')
    identifier, tags = value.get("id"), value.get("tags") or ()
    if isinstance(identifier, bool) or not isinstance(identifier or "", str | int):
        raise LoadError('"id" must be a text or a number.')
    if isinstance(tags, str):
        tags = [tags]
    if not isinstance(tags, list | tuple) or not all(isinstance(tag, str) for tag in tags):
        raise LoadError('"tags" must be a list of texts.')
    day = day_of(value.get("date"))
    if value.get("date") and not day:
        raise LoadError('"date" must be a day such as 2026-02-27.')
    url = address_of(value.get("url"))
    origin = Origin(
        url=url,
        author=line_of(value.get("author")),
        publisher=line_of(value.get("publisher")),
        date=day or day_in_address(url),
        tags=tags_of(tags),
    )
    named = "" if identifier is None else str(identifier)
    return Extract(
        text, line_of(value.get("title")), origin, key=key_of(named or value.get("url")) or key
    )


def read_whole(data: bytes) -> Iterator[Extract | LoadError]:
    """The articles of a JSON text that is one object, or a list of them, else JSON lines."""
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        yield from read(io.BytesIO(data))
        return
    for number, one in enumerate(value if isinstance(value, list) else [value], 1):
        try:
            yield extract_of(one, str(number))
        except LoadError as error:
            yield LoadError(f"item {number:,}: {error}")
