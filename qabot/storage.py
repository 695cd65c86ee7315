"""Where the parts of an index lie, the lock on it, and what to say when the disk refuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from qabot.errors import IndexCorrupt, IndexLocked, StorageError
from qabot.sqlite_files import error_name

REBUILD = "qabot ingest --rebuild"


def catalog_path(folder: Path) -> Path:
    """Where the catalog of the index in ``folder`` lies."""
    return folder / "catalog.sqlite3"


def store_folders(folder: Path) -> list[Path]:
    """The folders of the vector stores of an index, the current one and any left behind."""
    return sorted(folder.glob("chroma*"))


def exists(folder: Path) -> bool:
    """Whether there is an index in ``folder``, whatever its state. Raises StorageError."""
    with writable(folder):
        return catalog_path(folder).exists() or bool(store_folders(folder))


def set_aside(folder: Path) -> Path:
    """Where a rebuild keeps the old index while it puts the new one in its place."""
    return folder.with_name(folder.name + ".old")


def settle(folder: Path) -> None:
    """Put the old index back where a rebuild was killed between taking it away and replacing it."""
    aside = set_aside(folder)
    with writable(folder):
        if not aside.exists() or folder.exists():
            return
        with locked(folder, wait=60):
            if not folder.exists():
                aside.rename(folder)


def make_folder(folder: Path) -> None:
    """Make a folder for state, or raise StorageError with the remedy."""
    with writable(folder):
        folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def locked(folder: Path, wait: float = 0) -> Iterator[None]:
    """Hold the lock on the index in ``folder``.

    Raises IndexLocked when another holds it for longer than ``wait`` seconds, and StorageError.
    """
    make_folder(folder.parent)
    lock = FileLock(folder.with_name(folder.name + ".lock"))
    try:
        with writable(folder.parent):
            lock.acquire(timeout=wait)
    except Timeout as error:
        raise IndexLocked(
            "Another qabot is writing to the index. Wait until it has finished, "
            "then run the command again."
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def writable(folder: Path) -> Iterator[None]:
    """Turn the operating system's refusals inside into StorageError with the remedy."""
    try:
        yield
    except Timeout:
        raise
    except OSError as error:
        raise StorageError(
            f"Cannot write to {folder}: {error.strerror or error}. "
            "Set QABOT_HOME to a folder that you can write to."
        ) from error


def damaged(folder: Path) -> IndexCorrupt:
    """The error for an index that cannot be read."""
    return IndexCorrupt(f"The index at {folder} is damaged. Mend it: {REBUILD}")


def disk_refuses(folder: Path) -> StorageError:
    """The error for a disk that is full."""
    return StorageError(
        f"Cannot write to {folder}: the disk is full or refuses. Nothing committed is lost; "
        "make room and run the command again."
    )


def not_writable(folder: Path) -> StorageError:
    """The error for a place where nothing may be written."""
    return StorageError(
        f"Cannot write to {folder}. Set QABOT_HOME to a folder that you can write to."
    )


def in_use(folder: Path) -> StorageError:
    """The error for files that another program keeps to itself."""
    return StorageError(f"{folder} is in use by another program. Try again when that has finished.")


def refused_by_sqlite(error: Exception, folder: Path) -> IndexCorrupt | StorageError:
    """Our error for one that SQLite raised about a file in ``folder``."""
    name = error_name(error)
    if name == "SQLITE_IOERR_SHORT_READ":
        return damaged(folder)
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return disk_refuses(folder)
    if name.startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_CANTOPEN")):
        return not_writable(folder)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return in_use(folder)
    return damaged(folder)
