"""What every SQLite file of ours needs: to be its owner's, and to let readers read on."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

_PAUSE = 0.01  # seconds
_SURROGATE = re.compile("[\ud800-\udfff]")


def make_private(path: Path) -> None:
    """Make an empty file that only its owner may read, and its folder, where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):  # SQLite keeps to the mode
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def begin_log_ahead(db: sqlite3.Connection, patience: float) -> None:
    """Let readers read while another writes; waits at most ``patience`` seconds for others.

    SQLite does not wait by itself to begin this. Raises sqlite3.Error.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if not error_name(error).startswith("SQLITE_BUSY") or time.monotonic() > deadline:
                raise
        time.sleep(_PAUSE)


def error_name(error: Exception) -> str:
    """SQLite's own name for an error, such as SQLITE_BUSY; empty where it has none."""
    return getattr(error, "sqlite_errorname", "") or ""


def storable(text: str) -> str:
    """A text as SQLite can hold it: U+FFFD in place of a lone surrogate."""
    return _SURROGATE.sub("\ufffd", text)
