"""Files -> index: what changed is split, embedded and written; what did not is left alone."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from qabot.errors import LoadError
from qabot.index import Index, Writer, version_of
from qabot.load import Article, find_files, load_file
from qabot.types import Document

_BATCH_DOCUMENTS = 64
_BATCH_CHARACTERS = 500_000

Progress = Callable[[int, int, str], None]
"""Called with files done, files in all, and the name of the current one."""


@dataclass(slots=True)
class Report:
    """What an ingestion did, as document ids; ``failed`` holds one error per refused file."""

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    failed: list[LoadError] = field(default_factory=list)


def ingest(
    index: Index, paths: Sequence[Path], progress: Progress | None = None, wait: float = 0
) -> Report:
    """Bring the index up to date with files and folders.

    Documents whose file has vanished from one of the folders are removed. A file that cannot be
    read is reported, keeps its older version in the index, and stops no other file. Raises
    IndexLocked when another process is still writing after ``wait`` seconds.
    """
    report = Report()
    files = _find(paths, report)
    with index.writing(wait) as writer:
        _Run(index, writer, report, progress).files(files)
        for identifier in _vanished(index, paths):
            writer.remove(identifier)
            report.removed.append(identifier)
    return report


def _find(paths: Iterable[Path], report: Report) -> list[Path]:
    found: dict[Path, None] = {}
    for path in paths:
        files, errors = find_files(Path(os.path.abspath(path)))
        found.update(dict.fromkeys(files))
        report.failed += errors
    return list(found)


def _vanished(index: Index, paths: Sequence[Path]) -> list[str]:
    folders = [path for path in (Path(os.path.abspath(path)) for path in paths) if path.is_dir()]
    return [
        identifier
        for source, identifier in index.catalog.ids_by_source().items()
        if any(Path(source).is_relative_to(folder) for folder in folders)
        and not os.path.lexists(source)
    ]


class _Run:
    """One pass over the files, committing a batch at a time so that a kill loses little."""

    def __init__(
        self, index: Index, writer: Writer, report: Report, progress: Progress | None
    ) -> None:
        self._index, self._writer, self._report = index, writer, report
        self._progress = progress or (lambda done, total, name: None)
        self._ids = index.catalog.ids_by_source()
        self._versions = index.catalog.versions()
        self._batch: list[Document] = []

    def files(self, files: Sequence[Path]) -> None:
        for done, path in enumerate(files):
            self._progress(done, len(files), path.name)
            try:
                self._take(load_file(path))
            except LoadError as error:
                self._report.failed.append(error)
        self._flush()
        self._progress(len(files), len(files), "")

    def _take(self, article: Article) -> None:
        known = self._ids.get(article.source)
        identifier = known or self._new_id(article.source)
        document = Document(identifier, article.title, article.source, article.text)
        if self._versions.get(identifier) == version_of(document, self._index.embedder):
            self._report.unchanged.append(identifier)
            return
        self._ids[article.source] = identifier
        self._batch.append(document)
        characters = sum(len(document.text) for document in self._batch)
        if len(self._batch) >= _BATCH_DOCUMENTS or characters >= _BATCH_CHARACTERS:
            self._flush()

    def _flush(self) -> None:
        if not self._batch:
            return
        self._writer.put(self._batch)
        for document in self._batch:
            is_new = document.id not in self._versions
            (self._report.added if is_new else self._report.updated).append(document.id)
        self._batch = []

    def _new_id(self, source: str) -> str:
        """The file's name where that is free, else with a few digits of its path's hash."""
        stem = re.sub(r"[^\w.-]+", "-", Path(source).stem.lower()).strip("-.") or "article"
        taken = set(self._ids.values())
        if stem not in taken:
            return stem
        return f"{stem}-{hashlib.sha256(source.encode('utf-8', 'surrogateescape')).hexdigest()[:6]}"
