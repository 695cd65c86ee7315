"""Files -> index: what changed is split, embedded and written; what did not is left alone."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from qabot.errors import LoadError
from qabot.load import Article, find_files, load_file
from qabot.types import Document
from qabot.writing import DocumentWriter, WritableIndex

Progress = Callable[[int, int, str], None]
"""Called with files done, files in all, and the name of the current one."""


@dataclass(slots=True)
class Report:
    """What an ingestion did, as document ids; ``failed`` holds one error per refused file.

    ``cleared`` counts what interrupted runs had left behind and this one has taken away.
    """

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    failed: list[LoadError] = field(default_factory=list)
    cleared: int = 0


def ingest(
    index: WritableIndex, paths: Sequence[Path], progress: Progress | None = None, wait: float = 0
) -> Report:
    """Bring the index up to date with files and folders.

    Documents whose file has vanished from one of the folders are removed. A file that cannot be
    read is reported, keeps its older version in the index, and stops no other file. Raises
    IndexLocked when another process is still writing after ``wait`` seconds.
    """
    with index.writing(wait) as writer:
        return ingest_with(writer, index, paths, progress)


def ingest_with(
    writer: DocumentWriter,
    index: WritableIndex,
    paths: Sequence[Path],
    progress: Progress | None = None,
) -> Report:
    """``ingest`` for one who holds the lock."""
    report = Report(cleared=writer.cleared)
    files = _find(paths, report)
    run = _Run(index, writer, report, progress or (lambda done, total, name: None))
    writer.put(run.changed(files))
    report.removed += _vanished(index, paths)
    writer.remove(*report.removed)
    return report


def _find(paths: Iterable[Path], report: Report) -> list[Path]:
    found: dict[Path, None] = {}
    for path in paths:
        files, errors = find_files(Path(os.path.abspath(path)))
        found.update(dict.fromkeys(files))
        report.failed += errors
    return list(found)


def _vanished(index: WritableIndex, paths: Sequence[Path]) -> list[str]:
    folders = [path for path in (Path(os.path.abspath(path)) for path in paths) if path.is_dir()]
    return [
        identifier
        for source, identifier in index.catalog.ids_by_source().items()
        if any(Path(source).is_relative_to(folder) for folder in folders) and _is_gone(source)
    ]


def _is_gone(source: str) -> bool:
    """Whether there is no such file; one that cannot be looked at may still be there."""
    try:
        os.lstat(source)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


class _Run:
    """One pass over the files, which sorts their documents into the report."""

    def __init__(
        self, index: WritableIndex, writer: DocumentWriter, report: Report, progress: Progress
    ) -> None:
        self._writer, self._report, self._progress = writer, report, progress
        self._ids = index.catalog.ids_by_source()
        self._taken = set(self._ids.values())

    def changed(self, files: Sequence[Path]) -> Iterator[Document]:
        """The documents that are to be written."""
        for done, path in enumerate(files):
            self._progress(done, len(files), path.name)
            try:
                document = self._document(load_file(path))
            except LoadError as error:
                self._report.failed.append(error)
                continue
            if self._writer.has(document):
                self._report.unchanged.append(document.id)
                continue
            is_new = document.id not in self._taken
            (self._report.added if is_new else self._report.updated).append(document.id)
            self._taken.add(document.id)
            yield document
        self._progress(len(files), len(files), "")

    def _document(self, article: Article) -> Document:
        identifier = self._ids.get(article.source) or self._new_id(article.source)
        return Document(identifier, article.title, article.source, article.text)

    def _new_id(self, source: str) -> str:
        """The file's name where that is free, else with as many digits of its path's hash."""
        stem = re.sub(r"[^\w.-]+", "-", Path(source).stem.lower()).strip("-.") or "article"
        digits = hashlib.sha256(source.encode("utf-8", "surrogateescape")).hexdigest()
        names = (stem, *(f"{stem}-{digits[:length]}" for length in range(6, len(digits) + 1)))
        return next(name for name in names if name not in self._taken)
