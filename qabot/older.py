"""Documents out of a catalog that an older version of qabot wrote.

It keeps to the columns that formats 1 and 2 had, whatever the catalog looks like today.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from qabot.entries import sha256_of
from qabot.origins import origin_of, pages_of
from qabot.storage import refused_by_sqlite
from qabot.types import Document

READABLE = ("1", "2")
"""Formats whose catalogs can be read here; the first had neither origins nor pages."""


def older_documents(path: Path) -> Iterator[tuple[str, Document | None]]:
    """Every document id in the catalog at ``path``, with None for a text that is not whole.

    Raises IndexCorrupt where the file cannot be read at all, StorageError.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as database:
            database.row_factory = sqlite3.Row
            for row in database.execute("SELECT * FROM documents").fetchall():
                yield str(row["id"]), _document(database, dict(row))
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise refused_by_sqlite(error, path.parent) from error


def _document(database: sqlite3.Connection, row: Mapping[str, object]) -> Document | None:
    try:
        pieces = database.execute(
            "SELECT p.gap, t.text FROM passages p JOIN passages_text t ON t.rowid = p.number"
            " WHERE p.document_id = ? ORDER BY p.start",
            (row["id"],),
        ).fetchall()
        text = "".join(gap + piece for gap, piece in pieces) + str(row["tail"])
        if sha256_of(text) != row["sha256"]:
            return None
        origin, pages = origin_of(row), pages_of(str(row.get("pages") or ""))
    except (sqlite3.DatabaseError, ValueError, TypeError):
        return None
    names = (str(row["id"]), str(row["title"]), str(row["source"]))
    return Document(*names, text, origin, pages)
