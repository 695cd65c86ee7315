"""Whether a finished vector store is still what was written."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from qabot.chroma_faults import guarded_store
from qabot.storage import damaged

_GRAPH = "index_metadata.pickle"  # Chroma writes it last, and ignores a graph without it


@dataclass(frozen=True, slots=True)
class Seal:
    """What proves a store unaltered: the hash of its graph, and when its files were written."""

    sha256: str
    stamp: str


def seal(folder: Path) -> Seal:
    """Have the disk keep a finished store, and return its seal."""
    with guarded_store(folder):
        for place in (*folder.rglob("*"), folder, folder.parent):
            _flush(place)
        return Seal(_digest(folder), _stamp(folder))


def _flush(place: Path) -> None:
    if place.is_dir() and os.name == "nt":
        return  # Windows keeps folders by itself
    descriptor = os.open(place, os.O_RDONLY if place.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_seal(folder: Path, expected: Seal) -> None:
    """Raise IndexCorrupt where the graph is not the one that was sealed.

    Chroma's engine does not survive reading a damaged graph; SQLite checks the rest itself. A graph
    is only read for this where its files are not of the size and time that they had: reading all
    of those of a million passages would take longer than the answer.
    """
    with guarded_store(folder):
        if _stamp(folder) != expected.stamp and _digest(folder) != expected.sha256:
            raise damaged(folder.parent)


def _graph_files(folder: Path) -> list[Path]:
    graphs = sorted(folder.glob(f"*/{_GRAPH}"))
    return [path for graph in graphs for path in sorted(graph.parent.iterdir())]


def _stamp(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in _graph_files(folder):
        status = path.stat()
        digest.update(
            f"{path.relative_to(folder)} {status.st_size} {status.st_mtime_ns}\0".encode()
        )
    return digest.hexdigest()[:16]


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in _graph_files(folder):
        digest.update(f"{path.relative_to(folder)}\0".encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
