"""Articles to put into an index, and what an index holds on the disk."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from subprocess import PIPE
from typing import Any

import process_support

from qabot.embed import WordLlamaEmbedder
from qabot.index import Index
from qabot.ingest import Report, ingest
from qabot.nodes import node_of
from qabot.settings import Settings
from qabot.storage import catalog_path
from qabot.stores import stores_in
from qabot.types import Document
from qabot.vectors import VectorStore

EMBEDDER = WordLlamaEmbedder()
"""One for all tests: loading it takes longer than most of them."""

ANIMALS = ("zebra", "walrus", "heron", "badger", "otter", "falcon", "lynx", "toad")


def article_text(animal: str, food: str = "apples") -> str:
    """A small article that alone says what ``animal`` painted."""
    return (
        f"Life of the {animal}\n\n"
        f"The {animal} painted {food} in the garden of the old palace on Monday.\n\n"
        f"Nobody else was seen near the {animal} while the river rose over the stone bridge, and "
        "the guards had gone home for the long winter holiday.\n"
    )


def write_articles(folder: Path, *animals: str, food: str = "apples") -> list[Path]:
    """One file for each animal."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{animal}.txt" for animal in animals]
    for animal, path in zip(animals, paths, strict=True):
        path.write_text(article_text(animal, food), "utf-8")
    return paths


def index_folder(home: Path) -> Path:
    """Where the index of ``home`` lies."""
    return Settings(home=home).index_folder


@contextmanager
def open_index(home: Path, create: bool = True) -> Iterator[Index]:
    """The index of ``home``."""
    with closing(Index(index_folder(home), EMBEDDER, create)) as index:
        yield index


def ingest_into(home: Path, *paths: Path) -> Report:
    """Bring the index of ``home`` up to date with files and folders."""
    with open_index(home) as index:
        return ingest(index, paths)


def put(home: Path, *documents: Document) -> None:
    """Write documents without files."""
    with open_index(home) as index, index.writing() as writer:
        writer.put(documents)


def catalog_rows(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that the catalog holds, but for what names the store."""
    uri = f"{catalog_path(index_folder(home)).as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as database:
        return {
            table: database.execute(f"SELECT {columns} FROM {table} ORDER BY {order}").fetchall()
            for table, columns, order in (
                ("documents", "*", "id"),
                ("passages", "*", "number"),
                ("segments", "*", "number"),
                ("postings", "*", "segment, term"),
                ("meta", "*", "key"),
            )
        }


def store_rows(home: Path) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Text and fields of every passage in the vector store, by id."""
    with open_index(home, create=False) as index:
        stored = [row for store in index.vectors or () for row in _rows(store)]
        present = index.catalog.present([identifier for identifier, _ in stored])
        return {identifier: row for identifier, row in stored if identifier in present}


def _rows(store: VectorStore) -> list[tuple[str, tuple[str, Mapping[str, Any]]]]:
    found = store.collection.get(include=["documents", "metadatas"])
    rows = map(node_of, found["documents"] or [], found["metadatas"] or [])
    return list(zip(found["ids"], rows, strict=True))


def check_whole(home: Path) -> None:
    """Both halves of the index hold the same passages, and nothing else lies beside them."""
    with open_index(home, create=False) as index:
        identifiers = index.catalog.passage_ids(list(index.catalog.versions()))
        names = {stored.name for stored in stores_in(index.catalog.meta())}
        lying = {path.name for path in index_folder(home).iterdir()}
    assert sorted(store_rows(home)) == sorted(identifiers)
    assert {found for found in lying if found.startswith("chroma")} == names


def python(home: Path, code: str, *arguments: str) -> Any:
    """A Python process that runs ``code`` on ``home``, as ``subprocess.Popen`` gives it."""
    return process_support.start(
        ["-c", code, *arguments],
        env={**os.environ, "QABOT_HOME": str(home)},
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        text=True,
    )


def finish(process: Any) -> tuple[int, str, str]:
    """Wait for a process; its exit code and what it printed."""
    out, err = process.communicate()
    return process.returncode, out, err


def was_killed(code: int) -> bool:
    """Whether a process ended by SIGKILL."""
    return code == -signal.SIGKILL
