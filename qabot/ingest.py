"""Articles -> index: what changed is split, embedded and written; what did not is left alone."""

from __future__ import annotations

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from qabot.errors import LoadError
from qabot.loading.formats import kind_of_name, known_suffixes
from qabot.loading.loader import Loader
from qabot.loading.model import PLAIN, Article, Intake, Place
from qabot.loading.places import find_places
from qabot.types import Document
from qabot.writing import DocumentWriter, WritableIndex

Given = Path | str
"""A path; as a text also an address, a pattern of file names, or ``-`` for standard input."""
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
    index: WritableIndex,
    given: Sequence[Given],
    progress: Progress | None = None,
    wait: float = 0,
    intake: Intake = PLAIN,
) -> Report:
    """Bring the index up to date with files, folders, standard input and addresses.

    Documents whose file has vanished from one of the folders are removed, and those that are no
    longer among the articles of one file. What cannot be read is reported, keeps its older version
    in the index, and stops nothing else. Raises IndexLocked when another process is still writing
    after ``wait`` seconds.
    """
    with index.writing(wait) as writer:
        return ingest_with(writer, index, given, progress, intake)


def ingest_with(
    writer: DocumentWriter,
    index: WritableIndex,
    given: Sequence[Given],
    progress: Progress | None = None,
    intake: Intake = PLAIN,
) -> Report:
    """``ingest`` for one who holds the lock."""
    report = Report(cleared=writer.cleared)
    found: dict[str, Place] = {}
    empty: list[Given] = []
    for one in given:
        places, errors = find_places(one)
        found.update((place.source, place) for place in places)
        report.failed += errors
        empty += [] if places or errors else [one]
    run = _Run(index, writer, report, progress or (lambda done, total, name: None))
    with Loader(intake) as loader:
        writer.put(run.changed(list(found.values()), loader))
    report.removed += run.missed
    report.removed += _vanished(index, given)
    writer.remove(*report.removed)
    if not report.removed:  # else it may well be that a folder was emptied
        remedy = f"Files that end in {known_suffixes()} are read."
        report.failed += [LoadError(f"{one}: no articles in it. {remedy}") for one in empty]
    return report


def _vanished(index: WritableIndex, given: Sequence[Given]) -> list[str]:
    """The documents whose file is no longer in one of the folders."""
    folders = [path for path in (Path(os.path.abspath(one)) for one in given) if path.is_dir()]
    return [
        identifier
        for source, identifier in (index.catalog.ids_by_source() if folders else {}).items()
        if any(Path(source).is_relative_to(folder) for folder in folders) and _is_gone(source)
    ]


def _is_gone(source: str) -> bool:
    """Whether there is neither such a file, nor one that it may be an article of."""
    return all(map(_is_missing, (source, *_files_with(source))))


def _is_missing(path: str) -> bool:
    """Whether there is no such file; one that cannot be looked at may still be there."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _files_with(source: str) -> list[str]:
    """What may be the file of which a source names an article: it stands before a ``#``."""
    files = (source[: mark.start()] for mark in re.finditer("#", source))
    return [file for file in files if kind_of_name(file)]


class _Run:
    """One pass over the places, which sorts their documents into the report.

    ``missed`` are the documents that were among the articles of a file and are no longer.
    """

    def __init__(
        self, index: WritableIndex, writer: DocumentWriter, report: Report, progress: Progress
    ) -> None:
        self._writer, self._report, self._progress = writer, report, progress
        self._ids = index.catalog.ids_by_source()
        self._taken = set(self._ids.values())
        self.missed: list[str] = []

    def changed(self, places: Sequence[Place], loader: Loader) -> Iterator[Document]:
        """The documents that are to be written."""
        known = self._known_articles()
        for done, place in enumerate(places):
            self._progress(done, len(places), Path(place.source).name)
            missing = known.get(place.source, set()) if place.path else set()
            is_whole = True
            for found in loader.load(place):
                if isinstance(found, LoadError):
                    self._report.failed.append(found)
                    is_whole = False
                    continue
                missing.discard(found.source)
                document = self._document(found)
                if self._sorted(document):
                    yield document
            if is_whole:
                self.missed += [self._ids[source] for source in sorted(missing)]
        self._progress(len(places), len(places), "")

    def _known_articles(self) -> dict[str, set[str]]:
        """The sources of the documents by the file whose articles they may be."""
        known: dict[str, set[str]] = defaultdict(set)
        for source in self._ids:
            files = _files_with(source)
            for file in files if files and _is_missing(source) else ():
                known[file].add(source)
        return known

    def _sorted(self, document: Document) -> bool:
        """Enter a document in the report; whether it is to be written."""
        if self._writer.has(document):
            self._report.unchanged.append(document.id)
            return False
        is_new = document.id not in self._taken
        (self._report.added if is_new else self._report.updated).append(document.id)
        self._taken.add(document.id)
        return True

    def _document(self, article: Article) -> Document:
        identifier = self._ids.get(article.source) or self._new_id(article)
        return Document(
            identifier, article.title, article.source, article.text, article.origin, article.pages
        )

    def _new_id(self, article: Article) -> str:
        """The article's name where that is free, else with as many digits of its source's hash."""
        stem = re.sub(r"[^\w.-]+", "-", article.name.lower()).strip("-.") or "article"
        digits = hashlib.sha256(article.source.encode("utf-8", "surrogateescape")).hexdigest()
        names = (stem, *(f"{stem}-{digits[:length]}" for length in range(6, len(digits) + 1)))
        return next(name for name in names if name not in self._taken)
