"""Make the index anew from what can still be read of the old one."""

from __future__ import annotations

import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qabot.catalog import Catalog
from qabot.errors import QabotError
from qabot.index import Index, catalog_path, exists, locked, sha256_of
from qabot.types import Document, Embedder
from qabot.vectors import read_everything

_BATCH = 64


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How many documents were kept, and where the old files lie if they could not be read."""

    documents: int
    set_aside: Path | None


def rebuild(
    folder: Path,
    embedder: Embedder,
    progress: Callable[[int, int, str], None] | None = None,
    wait: float = 0,
) -> Rebuilt:
    """Write a new index with every document of the old one, then put it in the old one's place.

    Documents come from the catalog or, where that is damaged, from the vector store. The old index
    stays in use until the new one is whole; if neither half could be read it is set aside, not
    deleted. Raises IndexLocked or StorageError.
    """
    fresh = folder.with_name(folder.name + ".new")
    with locked(folder, wait):
        shutil.rmtree(fresh, ignore_errors=True)
        documents = recover(folder) if exists(folder) else []
        index = Index(fresh, embedder, create=True)
        with index.writing() as writer:
            for start in range(0, len(documents), _BATCH):
                batch = documents[start : start + _BATCH]
                if progress:
                    progress(start, len(documents), batch[0].title)
                writer.put(batch)
        index.close()
        lost = exists(folder) and not documents and _holds_data(folder)
        aside = _swap(folder, fresh, keep=lost)
        fresh.with_name(fresh.name + ".lock").unlink(missing_ok=True)
    return Rebuilt(len(documents), aside)


def _swap(folder: Path, fresh: Path, keep: bool) -> Path | None:
    old = folder.with_name(f"{folder.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    if keep:
        return old
    shutil.rmtree(old, ignore_errors=True)
    return None


def _holds_data(folder: Path) -> bool:
    """Whether something that cannot be read lies there: a readable, empty catalog is nothing."""
    try:
        catalog = Catalog(catalog_path(folder))
        return not catalog.has_tables() or catalog.count() > 0
    except QabotError:
        return True


def recover(folder: Path) -> list[Document]:
    """Every document that can be read whole from the index in ``folder``, of any version."""
    try:
        catalog = Catalog(catalog_path(folder))
        found = [catalog.document(source.id) for source in catalog.sources()]
        catalog.close()
        return [document for document in found if document]
    except QabotError:
        return _from_vectors(folder)


def _from_vectors(folder: Path) -> list[Document]:
    """Documents put together again from their passages; only those whose hash proves them whole."""
    versions: dict[str, list[tuple[str, Mapping[str, Any]]]] = defaultdict(list)
    try:
        for text, fields in read_everything(folder / "chroma"):
            versions[str(fields.get("version"))].append((text, fields))
    except QabotError:
        return []
    newest: dict[str, tuple[str, Document]] = {}
    for passages in versions.values():
        document = _assembled(passages)
        added_at = str(passages[0][1].get("added_at", ""))
        if document and (document.id not in newest or newest[document.id][0] < added_at):
            newest[document.id] = (added_at, document)
    return [document for _, document in newest.values()]


def _assembled(passages: list[tuple[str, Mapping[str, Any]]]) -> Document | None:
    try:
        ordered = sorted(passages, key=lambda passage: int(passage[1]["start"]))
        fields = ordered[-1][1]
        text = "".join(str(own["gap"]) + piece for piece, own in ordered) + str(fields["tail"])
        is_whole = sha256_of(text) == fields["sha256"]
        identifier, title, source = (
            str(fields[name]) for name in ("document_id", "title", "source")
        )
    except (KeyError, TypeError, ValueError):
        return None
    return Document(identifier, title, source, text) if is_whole else None
