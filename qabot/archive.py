"""Articles out of an index into one file, and back: a backup, or the way to another index.

The file is JSON lines in ASCII: a head, a line an article, and an end that proves the file whole::

    {"format": "qabot-export", "version": 1, "documents": 2}
    {"id": ..., "title": ..., "source": ..., "text": ..., "sha256": ..., "origin": {...}, ...}
    {"end": 2, "sha256": ...}

``sha256`` of an article is that of its text in UTF-8, of the end that of all bytes before its line.
Vectors are not in it: the index that reads it makes them anew, with the embedding model it has.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Any, BinaryIO, NoReturn

from qabot.entries import sha256_of
from qabot.errors import LoadError
from qabot.ingest import Report
from qabot.types import Document, Origin
from qabot.writing import DocumentWriter, WritableIndex

VERSION = 1
LONGEST_LINE = 256 * 1024 * 1024
"""Bytes in a line; an article of 8 MiB makes less than 50 MiB."""
_FORMAT = "qabot-export"
_TEXTS = ("id", "title", "source", "text", "sha256")
Progress = Callable[[int, int, str], None]


def export_lines(documents: Iterable[Document], count: int) -> Iterator[bytes]:
    """The lines of a file with these documents; ``count`` is about how many will come."""
    digest, written = hashlib.sha256(), 0
    for line in _lines(documents, count):
        digest.update(line)
        written += 1
        yield line
    yield _line({"end": written - 1, "sha256": digest.hexdigest()})


def _lines(documents: Iterable[Document], count: int) -> Iterator[bytes]:
    yield _line({"format": _FORMAT, "version": VERSION, "documents": count})
    for document in documents:
        yield _line({**asdict(document), "sha256": sha256_of(document.text)})


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=True).encode("ascii") + b"\n"


def export_index(index: WritableIndex, write: Callable[[bytes], object], shown: Progress) -> int:
    """Write every article of an index; how many.

    Each is as some commit left it; what others take out meanwhile is left out. Raises IndexProblem
    where an article cannot be read, and what ``write`` raises.
    """
    catalog, done = index.catalog, 0
    identifiers = sorted(catalog.versions())

    def documents() -> Iterator[Document]:
        nonlocal done
        for number, identifier in enumerate(identifiers):
            document = catalog.document(identifier)
            if document is not None:
                shown(number, len(identifiers), document.title)
                done += 1
                yield document

    for line in export_lines(documents(), len(identifiers)):
        write(line)
    return done


def import_into(index: WritableIndex, source: BinaryIO, name: str, shown: Progress) -> Report:
    """Put the articles of an exported file into an index; what it holds already stays as it is.

    What cannot be read is reported as failed and stops nothing else; an article is put in whole or
    not at all. A file without its end or with another checksum is reported as well. Begun again
    after an interruption it goes on where that came. Raises LoadError where the file is no export,
    IndexLocked, StorageError.
    """
    with index.writing() as writer:
        run = _Import(index, writer, Report(cleared=writer.cleared))
        writer.put(run.changed(read_export(source, name), shown))
    return run.report


class _Import:
    def __init__(self, index: WritableIndex, writer: DocumentWriter, report: Report) -> None:
        self.report, self._writer = report, writer
        self._sources = {own: source for source, own in index.catalog.ids_by_source().items()}

    def changed(
        self, found: Iterable[tuple[int, Document | LoadError]], shown: Progress
    ) -> Iterator[Document]:
        """The documents that are to be written."""
        for done, (count, document) in enumerate(found):
            if isinstance(document, LoadError):
                self.report.failed.append(document)
                continue
            shown(min(done, count), count, document.title)
            document = self._named(document)
            if self._writer.has(document):
                self.report.unchanged.append(document.id)
                continue
            is_new = document.id not in self._sources
            (self.report.added if is_new else self.report.updated).append(document.id)
            self._sources[document.id] = document.source
            yield document

    def _named(self, document: Document) -> Document:
        """The document with an id that no article from elsewhere has."""
        digits = hashlib.sha256(document.source.encode("utf-8", "surrogatepass")).hexdigest()
        names = (document.id, *(f"{document.id}-{digits[:length]}" for length in range(6, 65)))
        free = (one for one in names if self._sources.get(one, document.source) == document.source)
        return Document(
            next(free), document.title, document.source, document.text, document.origin,
            document.pages,
        )  # fmt: skip


def read_export(source: BinaryIO, name: str) -> Iterator[tuple[int, Document | LoadError]]:
    """The articles of an exported file with the number it promises; an error for each fault.

    ``name`` is what errors call the file. Raises LoadError at once where it is no export.
    """
    digest = hashlib.sha256()
    head = _head(source.readline(LONGEST_LINE), name, digest)
    count = int(head["documents"])
    for number in range(2, 2**62):
        line = source.readline(LONGEST_LINE)
        if not line.endswith(b"\n"):
            break
        found = _read(line)
        if isinstance(found, dict) and "end" in found:
            if found != {"end": number - 2, "sha256": digest.hexdigest()} or source.read(1):
                yield (
                    count,
                    LoadError(
                        f"{name} was altered since it was exported. "
                        "What could be read is imported; export it again."
                    ),
                )
            return
        digest.update(line)
        yield (
            count,
            _document(found)
            or LoadError(f"{name}, line {number}, is damaged and not imported. Export it again."),
        )
    yield (
        count,
        LoadError(f"{name} ends before its end. What was read is imported; export it again."),
    )


def _head(line: bytes, name: str, digest: Any) -> dict[str, Any]:
    head = _read(line)
    digest.update(line)
    if not isinstance(head, dict) or head.get("format") != _FORMAT:
        raise LoadError(
            f"{name} is not a file that qabot export wrote. Put articles in: qabot ingest"
        )
    if head.get("version") != VERSION:
        raise LoadError(f"{name} was exported by a newer qabot. Install that: pip install -U qabot")
    if not isinstance(head.get("documents"), int):
        raise LoadError(f"{name} has a damaged first line. Export it again.")
    return head


def _read(line: bytes) -> Any:
    try:
        return json.loads(line.decode("ascii"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON.")


def _document(row: Any) -> Document | None:
    """The document of a line; None where it is not whole."""
    try:
        known, pages = dict(row["origin"]), row["pages"]
        tags = known.pop("tags")
        if not isinstance(tags, list) or not isinstance(pages, list):
            return None
        is_whole = all(isinstance(row[key], str) for key in _TEXTS) and all(
            isinstance(value, str) for value in (*known.values(), *tags)
        )
        is_whole = is_whole and all(type(offset) is int for offset in pages)
        if not is_whole or not row["id"] or sha256_of(row["text"]) != row["sha256"]:
            return None
        origin = Origin(**known, tags=tuple(tags))
    except (KeyError, TypeError, ValueError):
        return None
    return Document(row["id"], row["title"], row["source"], row["text"], origin, tuple(pages))
