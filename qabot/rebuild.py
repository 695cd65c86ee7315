"""Make the index anew from what can still be read of the old one."""

from __future__ import annotations

import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qabot.catalog import Catalog
from qabot.errors import IndexCorrupt, QabotError
from qabot.index import FORMAT, Index
from qabot.nodes import document_of
from qabot.older import READABLE, older_documents
from qabot.protocols import Embedder
from qabot.storage import (
    catalog_path,
    damaged,
    exists,
    locked,
    set_aside,
    settle,
    store_folders,
    writable,
)
from qabot.types import Document
from qabot.vectors import read_everything


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How many documents were kept, and where the old files lie if some could not be read."""

    documents: int
    set_aside: Path | None


@dataclass(frozen=True, slots=True)
class Recovered:
    """The documents found in an index; ``is_whole`` if it certainly held no other."""

    documents: tuple[Document, ...]
    is_whole: bool
    was_used: bool


def rebuild(
    folder: Path,
    embedder: Embedder,
    progress: Callable[[int, int, str], None] | None = None,
    wait: float = 0,
) -> Rebuilt:
    """Write a new index with every document of the old one, then put it in the old one's place.

    Documents come from the catalog and, where that is damaged, from the vector store. The old index
    stays in use until the new one is whole; if any of it could not be read it is set aside, not
    deleted. Raises IndexLocked or StorageError.
    """
    settle(folder)
    with locked(folder, wait):
        found = recover(folder)
        fresh = _fresh(folder, embedder, found, progress)
        aside = _swap(folder, fresh, keep=not found.is_whole)
    return Rebuilt(len(found.documents), aside)


def made_with(folder: Path) -> str | None:
    """The fingerprint of the embedding model that made the index in ``folder``.

    None where there is no index, or none that says so. Raises StorageError.
    """
    settle(folder)
    return _meta(folder).get("embedder")


def reembed(
    folder: Path,
    embedder: Embedder,
    notice: Callable[[str], None],
    progress: Callable[[int, int, str], None] | None = None,
    wait: float = 0,
) -> Rebuilt | None:
    """Make the index anew where another embedding model made it; None where there was no need.

    ``notice`` is told in a sentence what takes time. The old index stays in use until the new one
    is whole, and stays when that fails. Raises IndexCorrupt where not all of it can be read,
    IndexLocked, StorageError, and what the embedder raises.
    """
    settle(folder)
    if not _is_of_another_model(folder, embedder):
        return None
    with locked(folder, wait):
        # Asked again: another process may have done it while this one waited.
        if not _is_of_another_model(folder, embedder):
            return None
        found = recover(folder)
        if not found.is_whole:
            raise damaged(folder)
        if found.documents:
            notice(
                f"Embedding the articles ({len(found.documents):,}) again, with "
                f"{embedder.fingerprint} instead of {_meta(folder).get('embedder')} ..."
            )
        _swap(folder, _fresh(folder, embedder, found, progress), keep=False)
    return Rebuilt(len(found.documents), None)


def _is_of_another_model(folder: Path, embedder: Embedder) -> bool:
    meta = _meta(folder)
    # An index of another version is not ours to judge; opening it says what to do.
    return meta.get("format") == FORMAT and meta.get("embedder") != embedder.fingerprint


def _meta(folder: Path) -> Mapping[str, str]:
    """What the catalog says of the index; nothing where there is none that can be read."""
    if not exists(folder):
        return {}
    try:
        with closing(Catalog(catalog_path(folder))) as catalog:
            return catalog.meta() if catalog.has_tables() else {}
    except IndexCorrupt:
        return {}


def _fresh(
    folder: Path,
    embedder: Embedder,
    found: Recovered,
    progress: Callable[[int, int, str], None] | None,
) -> Path:
    fresh = folder.with_name(folder.name + ".new")
    with writable(fresh):
        if fresh.exists():
            shutil.rmtree(fresh)
    try:
        with closing(Index(fresh, embedder, create=True)) as index:
            with index.writing() as writer:
                writer.put(_shown(found.documents, progress))
            if found.was_used:
                index.catalog.write_meta({"used": "yes"})
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    finally:
        fresh.with_name(fresh.name + ".lock").unlink(missing_ok=True)
    return fresh


def _shown(
    documents: Sequence[Document], progress: Callable[[int, int, str], None] | None
) -> Iterator[Document]:
    for done, document in enumerate(documents):
        if progress:
            progress(done, len(documents), document.title)
        yield document


def _swap(folder: Path, fresh: Path, keep: bool) -> Path | None:
    """Put the new index in place; ``settle`` mends it when killed between the two renames."""
    old = set_aside(folder)
    with writable(folder):
        if old.exists():
            old.rename(_damaged_name(folder))
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
        if keep and old.exists():
            return old.rename(_damaged_name(folder))
        shutil.rmtree(old, ignore_errors=True)
    return None


def _damaged_name(folder: Path) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    names = (folder.with_name(f"{folder.name}.damaged-{stamp}-{n}") for n in range(1, 1_000))
    return next(name for name in names if not name.exists())


def recover(folder: Path) -> Recovered:
    """Every document that can be read whole from the index in ``folder``."""
    if not exists(folder):
        return Recovered((), is_whole=True, was_used=False)
    try:
        catalog = Catalog(catalog_path(folder))
    except QabotError:
        return _from_stores(folder)
    try:
        return _from_catalog(catalog, folder)
    except QabotError:
        return _from_stores(folder)
    finally:
        catalog.close()


def _from_catalog(catalog: Catalog, folder: Path) -> Recovered:
    meta = catalog.meta()
    was_used = "used" in meta
    if meta.get("format") != FORMAT and meta.get("format") in READABLE:
        found = dict(older_documents(catalog_path(folder)))
    else:
        found = _in_catalog(catalog)
    if None in found.values():
        others = {document.id: document for document in _from_stores(folder).documents}
        found = {identifier: own or others.get(identifier) for identifier, own in found.items()}
    documents = tuple(document for document in found.values() if document)
    return Recovered(documents, len(documents) == len(found), was_used)


def _in_catalog(catalog: Catalog) -> dict[str, Document | None]:
    found: dict[str, Document | None] = {}
    for identifier in catalog.versions():
        try:
            found[identifier] = catalog.document(identifier)
        except QabotError:
            found[identifier] = None
    return found


def _from_stores(folder: Path) -> Recovered:
    """Documents put together again from their passages; only those whose hash proves them whole."""
    versions: dict[str, list[tuple[str, Mapping[str, Any]]]] = defaultdict(list)
    is_readable = True
    for store in store_folders(folder):
        try:
            for text, fields in read_everything(store):
                versions[f"{store.name} {fields.get('version')}"].append((text, fields))
        except QabotError:
            is_readable = False
    newest: dict[str, tuple[str, Document]] = {}
    seen: set[str] = set()
    for passages in versions.values():
        fields = passages[0][1]
        added_at = str(fields.get("added_at", ""))
        seen.add(str(fields.get("document_id")))
        document = document_of(passages)
        if document and (document.id not in newest or newest[document.id][0] <= added_at):
            newest[document.id] = (added_at, document)
    documents = tuple(document for _, document in newest.values())
    is_whole = is_readable and bool(documents) and len(documents) == len(seen)
    return Recovered(documents, is_whole, was_used=bool(documents))
