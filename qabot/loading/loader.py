"""Places -> articles: reads the bytes, has the right loader make something of them, names it."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import unquote, urlsplit

from qabot.article import read_blocks, title_of
from qabot.closing import Closes
from qabot.errors import LoadError
from qabot.loading import jsonl
from qabot.loading.formats import FORMATS, kind_of_name, known_suffixes, recognised
from qabot.loading.model import PLAIN, Article, Extract, Hints, Intake, Kind, Place, joined
from qabot.loading.places import STANDARD_INPUT, reason_of
from qabot.loading.worker import Worker
from qabot.settings import LARGEST_FILE
from qabot.types import Origin

MOST_PACKED = 100
"""Times its packed size that a file may unpack to, once it is large: texts pack to a third."""
_UNPACKED_FREELY = 64 * 1024 * 1024
MOST_LINKS = 500
"""Articles that are fetched for the items of one feed; a feed shows a few dozen."""
_LONGEST_NAME = 60

Read = Iterator[Extract | LoadError]


class Loader(Closes):
    """Reads places, one after another. Close it: a process of its own may be at work."""

    def __init__(self, intake: Intake = PLAIN, stdin: BinaryIO | None = None) -> None:
        self._intake, self._stdin = intake, stdin
        self._worker = Worker()

    def close(self) -> None:
        """End the process that parses."""
        self._worker.close()

    def load(self, place: Place) -> Iterator[Article | LoadError]:
        """The articles of a place, and an error that names it for each that cannot be read."""
        links = 0
        try:
            for found in self._extracts(place):
                if isinstance(found, Extract) and found.link:
                    links += 1
                    if links > MOST_LINKS:
                        raise LoadError(
                            f"links to more than {MOST_LINKS} articles; the rest is not fetched."
                        )
                    found = self._followed(found)
                yield (
                    self._article(place, found)
                    if isinstance(found, Extract)
                    else _named(place, found)
                )
        except LoadError as error:
            yield _named(place, error)

    def _extracts(self, place: Place) -> Read:
        if place.path is not None:
            return self._file(place.path)
        if place.source == STANDARD_INPUT:
            return self._standard_input()
        return self._worker.fetch(place.source, self._intake.allow_private)

    def _file(self, path: Path) -> Read:
        kind = kind_of_name(path.name)
        if kind is None:
            raise LoadError(f"only {known_suffixes()} files can be read.")
        if not _is_utf8(str(path)):
            raise LoadError("the file's name is not UTF-8. Rename it first.")
        if kind == "jsonl":
            yield from _lines(path)
        elif kind == "text":
            yield from FORMATS[kind].read(_bytes(path), Hints())
        else:
            data = _bytes(path)
            yield from self._read(recognised(data, kind), data)

    def _read(self, kind: Kind, data: bytes) -> Read:
        if not data.strip():
            raise LoadError("the file is empty. Leave it out, or put its text in.")
        if FORMATS[kind].is_parsed:
            yield from self._worker.read(kind, data, Hints())
        else:
            yield from FORMATS[kind].read(data, Hints())

    def _standard_input(self) -> Read:
        stream = self._stdin or (sys.stdin.buffer if sys.stdin else io.BytesIO())
        buffered = cast(io.BufferedReader, stream)
        kind = self._intake.kind or recognised(buffered.peek(), "text")
        if kind == "jsonl":
            found: Read = jsonl.read(buffered)
        else:
            data = buffered.read(LARGEST_FILE + 1)
            _check_size(len(data))
            found = self._read(self._intake.kind or recognised(data, "text"), data)
        for one in found:
            if isinstance(one, Extract) and not one.key:
                digest = hashlib.sha256(one.text.encode("utf-8")).hexdigest()
                one = replace(one, key=digest[:12])
            yield one

    def _followed(self, found: Extract) -> Extract | LoadError:
        """An item of a feed with the text of the article that it links to."""
        try:
            articles = list(self._worker.fetch(found.link, self._intake.allow_private))
        except LoadError as error:
            return LoadError(f"{found.link}: {error}")
        first = articles[0] if articles else LoadError("holds no article.")
        if isinstance(first, LoadError):
            return LoadError(f"{found.link}: {first}")
        if len(articles) > 1 or first.link:
            return LoadError(f"{found.link}: is a feed itself. Give its address.")
        origin = joined(found.origin, first.origin)
        return replace(first, title=found.title or first.title, origin=origin, key=found.key)

    def _article(self, place: Place, found: Extract) -> Article:
        title = found.title or title_of(found.text, read_blocks(found.text))
        source = f"{place.source}#{found.key}" if found.key else place.source
        name = _name(place)
        if found.key:
            name = title[:_LONGEST_NAME] or f"{name}-{found.key[:_LONGEST_NAME]}"
        return Article(
            title=title or _words(name) or Path(place.source).name,
            source=source,
            text=found.text,
            origin=joined(found.origin, Origin(tags=self._intake.tags)),
            pages=found.pages,
            name=name,
        )


def load_file(path: Path) -> Article:
    """The one article of a file; raises LoadError naming the file."""
    with Loader() as loader:
        found = list(loader.load(Place(str(path.absolute()), path)))
    if isinstance(found[0], LoadError):
        raise found[0]
    return found[0]


def _named(place: Place, error: LoadError) -> LoadError:
    name = "standard input" if place.source == STANDARD_INPUT else place.source
    if place.path is not None:
        name = str(place.path) if _is_utf8(str(place.path)) else f"{str(place.path)!a}"
    return LoadError(f"{name}: {error}")


def _name(place: Place) -> str:
    """What a place is called: its file's name, or the last part of its address."""
    if place.path is not None:
        name = place.path.name.removesuffix(".gz") if kind_of_name(place.path.name) else ""
        return Path(name or place.path.name).stem
    if place.source == STANDARD_INPUT:
        return "standard-input"
    parts = urlsplit(place.source)
    last = unquote(parts.path).rstrip("/").rpartition("/")[2]
    return (Path(last).stem or parts.hostname or "address")[:_LONGEST_NAME]


def _words(name: str) -> str:
    return " ".join(name.replace("-", " ").replace("_", " ").split())


def _bytes(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise LoadError("not a regular file.")
        _check_size(status.st_size)
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise LoadError(reason_of(error)) from error


def _check_size(size: int) -> None:
    if size > LARGEST_FILE:
        limit = LARGEST_FILE // 1024 // 1024
        raise LoadError(f"is larger than the {limit} MiB an article may have. Split it into parts.")


def _lines(path: Path) -> Read:
    """The articles of a file of JSON lines, packed or not, a line at a time."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise LoadError("not a regular file.")
        with ExitStack() as stack:
            packed = stack.enter_context(path.open("rb"))
            if path.name.lower().endswith(".gz"):
                unpacked = stack.enter_context(gzip.GzipFile(fileobj=packed))
                file = cast(BinaryIO, _Bounded(unpacked, packed.tell))
            else:
                file = packed
            yield from jsonl.read(file)
    except (OSError, ValueError) as error:
        raise LoadError(reason_of(error)) from error


class _Bounded:
    """A file being unpacked, until it turns out to be far larger than texts are."""

    def __init__(self, inner: gzip.GzipFile, packed: Callable[[], int]) -> None:
        self._inner, self._packed = inner, packed
        self._size = 0

    def readline(self, limit: int = -1) -> bytes:
        line = self._inner.readline(limit)
        self._size += len(line)
        if self._size > _UNPACKED_FREELY and self._size > MOST_PACKED * self._packed():
            raise LoadError(
                f"unpacks to more than {MOST_PACKED} times its size, which no articles do."
            )
        return line


def _is_utf8(name: str) -> bool:
    return re.search("[\ud800-\udfff]", name) is None
