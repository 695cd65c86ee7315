"""What goes wrong with Chroma's files, as our errors."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from qabot.errors import IndexCorrupt, IndexProblem, StorageError
from qabot.storage import damaged, disk_refuses, in_use, not_writable

DATABASE = "chroma.sqlite3"
"""The file in a store's folder that holds all but the graph."""


def open_database(folder: Path) -> sqlite3.Connection:
    """The database of a store, for looking at it. Raises sqlite3.Error."""
    uri = f"{(folder / DATABASE).absolute().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, timeout=30)


_engine_process: int | None = None


def _refuse_fork() -> None:
    """The engine's threads do not come along into a forked process, which would wait for ever."""
    global _engine_process
    _engine_process = _engine_process or os.getpid()
    if _engine_process != os.getpid():
        raise IndexProblem(
            "This process was forked from one that had the index open. "
            "Open it after forking, or start processes with 'spawn'."
        )


@contextmanager
def guarded_store(folder: Path) -> Iterator[None]:
    """Turn what Chroma raises inside about a store, panics of its engine too, into our errors."""
    _refuse_fork()
    try:
        yield
    except (IndexProblem, *_OURS):
        raise
    except Exception as error:
        raise _translated(error, folder) from error
    except BaseException as error:
        # The engine's panics derive from BaseException and cannot be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise _translated(error, folder) from error


_OURS = (MemoryError, ImportError, AttributeError, NameError, TypeError)
"""What says nothing about the state of the files."""


_REFUSED = ("disk is full", "no space", "disk i/o", "file too large", "disk quota")
_FORBIDDEN = ("readonly", "read-only", "permission denied", "operation not permitted")
_UNEXPLAINED = ("failed to apply logs", "hnsw segment")
_BUSY = ("database is locked", "database is busy", "too many open files")


def _translated(error: BaseException, store: Path) -> IndexCorrupt | StorageError:
    text = f"{type(error).__name__} {error}".lower()
    if any(sign in text for sign in _REFUSED):
        return disk_refuses(store.parent)
    if any(sign in text for sign in _FORBIDDEN):
        return not_writable(store.parent)
    if any(sign in text for sign in _BUSY):
        return in_use(store.parent)
    # Chroma does not always pass on why it could not write.
    if any(sign in text for sign in _UNEXPLAINED) and _is_sound(store):
        return disk_refuses(store.parent)
    return damaged(store.parent)


def _is_sound(store: Path) -> bool:
    try:
        with closing(open_database(store)) as database:
            return database.execute("PRAGMA quick_check(1)").fetchall() == [("ok",)]
    except (sqlite3.Error, UnicodeDecodeError):
        return False
