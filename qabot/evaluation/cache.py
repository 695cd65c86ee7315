"""A language model that remembers what it wrote: asking again the same costs nothing.

What names a reply is all that shapes it: the model's name and address, the messages, the schema and
the limit of tokens. A changed prompt changes the messages, so that it is asked anew.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from qabot.closing import Closes
from qabot.errors import ModelError, StorageError
from qabot.protocols import LanguageModel, Pieces, Usage
from qabot.sqlite_files import make_private

FILE = "cache.sqlite3"
_TABLE = "CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, reply TEXT NOT NULL)"
_PATIENCE = 10.0  # seconds that another process may take to write


class CachedModel:
    """A model behind a cache in the file ``path``. Safe to share between threads and processes.

    ``hits`` counts replies that came from the cache, ``misses`` those that were asked for. Only
    whole replies are kept: one that fails or is broken off is not. A cache that is damaged or
    refuses while in use is passed over.
    """

    def __init__(self, model: LanguageModel, path: Path, address: str = "") -> None:
        """``address`` tells apart models of one name. Raises StorageError for a useless file."""
        self._model, self._address = model, address
        self.hits = self.misses = 0
        self._lock = threading.Lock()
        self._db = _opened(path)
        self._close = weakref.finalize(self, self._db.close)

    @property
    def name(self) -> str:
        """The model's own name."""
        return self._model.name

    def stream(self, messages: Sequence[Mapping[str, str]], max_tokens: int = 1024) -> Pieces:
        """The reply as the model gives it, or as it once gave it. Raises ModelError."""
        key = self._key("stream", messages, max_tokens, None)
        known = self._find(key)
        if known is not None:
            return _Replay(known)
        return _Recorded(self, key, self._model.stream(messages, max_tokens))

    def complete(
        self,
        messages: Sequence[Mapping[str, str]],
        max_tokens: int = 256,
        schema: Mapping[str, Any] | None = None,
    ) -> tuple[str, Usage | None]:
        """The whole of a short reply. Raises ModelError."""
        key = self._key("complete", messages, max_tokens, schema)
        known = self._find(key)
        if known is not None:
            return "".join(known["pieces"]), known["usage"]
        text, usage = self._model.complete(messages, max_tokens, schema)
        self.keep(key, [text], usage, "stop")
        return text, usage

    def close(self) -> None:
        """Let go of the model and of the file."""
        self._model.close()
        with self._lock:
            self._close()

    def keep(
        self, key: str, pieces: Sequence[str], usage: Usage | None, reason: str | None
    ) -> None:
        """Remember a whole reply."""
        counts = None if usage is None else dict(usage)
        reply = json.dumps({"pieces": list(pieces), "usage": counts, "finish_reason": reason})
        with self._lock, suppress(sqlite3.Error):
            self._db.execute("INSERT OR REPLACE INTO replies VALUES (?, ?)", (key, reply))

    def _find(self, key: str) -> dict[str, Any] | None:
        """The reply kept under a key, or None; either is counted."""
        with self._lock:
            found = None
            with suppress(sqlite3.Error, UnicodeDecodeError, ValueError, TypeError, RecursionError):
                row = self._db.execute("SELECT reply FROM replies WHERE key = ?", (key,)).fetchone()
                found = _read(row[0]) if row else None
            if found is None:
                self.misses += 1
            else:
                self.hits += 1
            return found

    def _key(
        self,
        kind: str,
        messages: Sequence[Mapping[str, str]],
        max_tokens: int,
        schema: Mapping[str, Any] | None,
    ) -> str:
        asked = [dict(message) for message in messages]
        parts = [kind, self.name, self._address, max_tokens, schema, asked]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


class _Replay(Closes):
    """A reply that is known, in the pieces in which it came."""

    def __init__(self, reply: Mapping[str, Any]) -> None:
        self._reply = reply
        self.usage: Usage | None = None
        self.finish_reason: str | None = None
        self._pieces = self._read()

    def __iter__(self) -> Iterator[str]:
        return self._pieces

    def close(self) -> None:
        """Give no further piece."""
        self._pieces = iter(())

    def _read(self) -> Iterator[str]:
        yield from self._reply["pieces"]
        self.usage, self.finish_reason = self._reply["usage"], self._reply["finish_reason"]


class _Recorded:
    """A reply as it comes, kept once it is whole.

    A reader that has seen enough leaves early; the rest is then read here, so that the same
    question asked again finds all of it.
    """

    def __init__(self, cache: CachedModel, key: str, reply: Pieces) -> None:
        self._cache, self._key, self._reply = cache, key, reply
        self.usage: Usage | None = None
        self.finish_reason: str | None = None
        self._seen: list[str] = []
        self._pieces = self._read()

    def __iter__(self) -> Iterator[str]:
        return self._pieces

    def __enter__(self) -> Self:
        self._reply.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                with suppress(ModelError):
                    for _ in self._pieces:
                        pass
        finally:
            self._reply.__exit__(kind, error, trace)

    def _read(self) -> Iterator[str]:
        try:
            for piece in self._reply:
                self.finish_reason = self._reply.finish_reason
                self._seen.append(piece)
                yield piece
        finally:
            self.usage, self.finish_reason = self._reply.usage, self._reply.finish_reason
        self._cache.keep(self._key, self._seen, self.usage, self.finish_reason)


def _read(text: str) -> dict[str, Any]:
    """A reply as it was kept. Raises ValueError or TypeError for anything else."""
    found = json.loads(text)
    pieces, usage = found["pieces"], found["usage"]
    if not all(isinstance(piece, str) for piece in pieces):
        raise TypeError("A piece is no text.")
    if usage is not None and not all(isinstance(count, int) for count in usage.values()):
        raise TypeError("A count is no number.")
    return {"pieces": pieces, "usage": usage, "finish_reason": found["finish_reason"]}


def _opened(path: Path) -> sqlite3.Connection:
    try:
        make_private(path)  # it holds what articles say
        db = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=_PATIENCE,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            db.execute("PRAGMA synchronous = OFF")  # a cache may lose what it likes
            db.execute(_TABLE)
            db.execute("SELECT key, reply FROM replies LIMIT 1").fetchone()
        except BaseException:
            db.close()
            raise
        return db
    except (OSError, sqlite3.Error, UnicodeDecodeError) as error:
        raise StorageError(
            f"The cache at {path} cannot be used ({getattr(error, 'strerror', None) or error}). "
            "Delete it, or keep none: --no-cache"
        ) from error
