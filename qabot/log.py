"""The log of questions: one SQLite file that keeps each question with the whole of its answer.

Several processes may write at once, and one that is killed leaves whole what it had committed.
Whatever goes wrong is a LogError, so that a caller can warn of it and show the answer all the same.
"""

from __future__ import annotations

import json
import math
import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_type_hints

from qabot.errors import LogError
from qabot.protocols import Usage
from qabot.render.json import answer_object
from qabot.sqlite_files import begin_log_ahead, error_name, make_private, storable
from qabot.types import Answer, Judgement, Logged, Turn

_VERSION = 1
_SCHEMA = f"""BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS questions (
    number INTEGER PRIMARY KEY, conversation TEXT NOT NULL, asked_at TEXT NOT NULL,
    question TEXT NOT NULL, standalone TEXT, status TEXT NOT NULL, text TEXT NOT NULL,
    model TEXT NOT NULL, prompt_hash TEXT, prompt_tokens INTEGER, completion_tokens INTEGER,
    cost_usd REAL, total_ms REAL, answer TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS questions_conversation ON questions (conversation);
CREATE TABLE IF NOT EXISTS judgements (
    number INTEGER NOT NULL, reader TEXT NOT NULL, is_good INTEGER NOT NULL, category TEXT NOT NULL,
    comment TEXT NOT NULL, judged_at TEXT NOT NULL, PRIMARY KEY (number, reader));
PRAGMA user_version = {_VERSION};
COMMIT"""
_PATIENCE = 10.0  # seconds that another process may take to write
_LARGEST = 2**63 - 1  # what an INTEGER of SQLite holds
_DAMAGED = "is damaged. Move the file away and a new one is begun"
_UNUSABLE = "cannot be used: {}. Make room, set QABOT_HOME to a folder that you can write to"


_KINDS = {**get_type_hints(Logged), "answer": str}
"""What each column holds in a log that is whole."""
_COLUMNS = list(_KINDS)
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM questions"
_INSERT = (
    f"INSERT INTO questions ({', '.join(_COLUMNS[1:])})"
    f" VALUES ({', '.join('?' * len(_COLUMNS[1:]))})"
)


class Log:
    """The log in ``home``. Safe to share between threads; nothing is opened before the first use.

    Every method raises LogError for a log that is damaged, in use, or cannot be read or written.
    """

    def __init__(self, home: Path) -> None:
        self.path = home / "log.sqlite3"
        self._lock = threading.RLock()
        self._db: sqlite3.Connection | None = None
        self._close: weakref.finalize[..., Log] | None = None

    def add(
        self, answer: Answer, conversation: str | None = None, cost: float | None = None
    ) -> Logged:
        """Keep an answer, ``cost`` in US dollars; without a ``conversation`` it begins a new one.

        The log and its folder are made where there are none.
        """
        try:
            text = json.dumps(answer_object(answer), allow_nan=False, separators=(",", ":"))
        except (TypeError, ValueError) as error:
            raise _error(self.path, f"cannot hold this answer: {error}. Report it") from error
        logged = _logged(answer, text, conversation or os.urandom(6).hex(), cost)
        row = [getattr(logged, name) for name in _COLUMNS[1:-1]]
        with self._guard():
            number = self._opened(create=True).execute(_INSERT, (*row, text)).lastrowid
        assert number is not None
        return replace(logged, number=number)

    def entries(self, limit: int = 20, offset: int = 0) -> list[Logged]:
        """At most ``limit`` logged questions, the newest first, after ``offset`` newer ones."""
        return self._found("ORDER BY number DESC LIMIT ? OFFSET ?", _fit(limit), _fit(offset))

    def get(self, number: int) -> Logged | None:
        """The question logged under a number, or None."""
        found = self._found("WHERE number = ?", _fit(number))
        return found[0] if found else None

    def last_conversation(self) -> tuple[str, list[Turn]] | None:
        """The conversation that the newest question belongs to, with its turns, or None."""
        newest = self.entries(1)
        return (newest[0].conversation, self.turns(newest[0].conversation)) if newest else None

    def turns(self, conversation: str, limit: int = 20, before: int | None = None) -> list[Turn]:
        """The last ``limit`` turns of a conversation, the oldest first.

        With ``before``, those logged under smaller numbers.
        """
        newest_first = self._found(
            "WHERE conversation = ? AND number < ? ORDER BY number DESC LIMIT ?",
            storable(conversation),
            _LARGEST if before is None else _fit(before),
            _fit(limit),
        )
        return [
            Turn(one.question, one.text if one.status == "answered" else "", one.standalone)
            for one in reversed(newest_first)
        ]

    def judge(self, given: Judgement) -> None:
        """Keep what a reader says of a logged answer, in place of what they said before."""
        row = (
            _fit(given.number), storable(given.reader), given.is_good, storable(given.category),
            storable(given.comment), given.judged_at or _now(),
        )  # fmt: skip
        with self._guard():
            self._opened(create=True).execute(
                "INSERT OR REPLACE INTO judgements VALUES (?, ?, ?, ?, ?, ?)", row
            )

    def judgements(self, number: int | None = None, limit: int = 1_000) -> list[Judgement]:
        """What readers said, of one logged answer or of all, the newest first."""
        with self._guard():
            if self._db is None and not self.path.exists():
                return []
            rows = self._opened().execute(
                "SELECT * FROM judgements WHERE number = coalesce(?, number)"
                " ORDER BY judged_at DESC, number DESC LIMIT ?",
                (number, _fit(limit)),
            ).fetchall()  # fmt: skip
        return [Judgement(row[0], row[1], bool(row[2]), *row[3:]) for row in rows]

    def close(self) -> None:
        """Let go of the file; a later call opens it again."""
        with self._lock, self._guard():
            if self._close is not None:
                self._db = None
                self._close()

    def _found(self, condition: str, *values: object) -> list[Logged]:
        with self._guard():
            if self._db is None and not self.path.exists():
                return []
            rows = self._opened().execute(f"{_SELECT} {condition}", values).fetchall()
        try:
            return [_read(row) for row in rows]
        except (ValueError, TypeError, RecursionError) as error:
            raise _error(self.path, _DAMAGED) from error

    def _opened(self, create: bool = False) -> sqlite3.Connection:
        """The connection, opened where it is not."""
        if self._db is not None:
            return self._db
        if create:
            make_private(self.path)
        db = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=_PATIENCE,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            _prepare(db, self.path)
        except BaseException:
            db.close()
            raise
        self._db, self._close = db, weakref.finalize(self, db.close)
        return db

    @contextmanager
    def _guard(self) -> Iterator[None]:
        """One thread at a time; what SQLite and the disk say turned into LogError."""
        try:
            with self._lock:
                yield
        except sqlite3.ProgrammingError:
            raise  # a mistake of ours, not of the file
        except UnicodeDecodeError as error:  # SQLite quotes what it cannot read in its message
            raise _error(self.path, _DAMAGED) from error
        except sqlite3.Error as error:
            raise _translated(error, self.path) from error
        except OSError as error:
            raise _error(self.path, _UNUSABLE.format(error.strerror or error)) from error


def by_number(judgements: Sequence[Judgement]) -> dict[int, list[Judgement]]:
    """The judgements on each logged answer."""
    found: dict[int, list[Judgement]] = {}
    for one in judgements:
        found.setdefault(one.number, []).append(one)
    return found


def _logged(answer: Answer, text: str, conversation: str, cost: float | None) -> Logged:
    """What is kept of an answer, with ``text`` as the whole of it; it has no number yet."""
    return Logged(
        number=0,
        conversation=storable(conversation),
        asked_at=_now(),
        question=storable(answer.question),
        standalone=None if answer.standalone is None else storable(answer.standalone),
        status=answer.status,
        text=storable(answer.text),
        model=storable(answer.model),
        prompt_hash=answer.prompt_hash,
        prompt_tokens=_count(answer.usage, "prompt_tokens"),
        completion_tokens=_count(answer.usage, "completion_tokens"),
        cost_usd=_finite(cost),
        total_ms=_finite(answer.timings_ms.get("total")),
        answer=json.loads(text),
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _count(usage: Usage | None, name: str) -> int | None:
    count = None if usage is None else usage.get(name)
    return count if isinstance(count, int) and 0 <= count <= _LARGEST else None


def _finite(number: float | None) -> float | None:
    return float(number) if number is not None and math.isfinite(number) else None


def _fit(number: int) -> int:
    return max(0, min(number, _LARGEST))


def _read(row: tuple[Any, ...]) -> Logged:
    """A row as a value. Raises ValueError, TypeError or RecursionError for a damaged one."""
    if not all(isinstance(value, kind) for value, kind in zip(row, _KINDS.values(), strict=True)):
        raise TypeError("A column holds something else than was written.")
    found = dict(zip(_COLUMNS, row, strict=True))
    return Logged(**{**found, "answer": dict(json.loads(row[-1]))})


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    """Make an empty file a log, and see that any other is one of this version."""
    # A power cut may take the last questions, never the file; waiting for the disk is not worth it.
    db.execute("PRAGMA synchronous = NORMAL")
    if not _version(db) and not db.execute("SELECT 1 FROM sqlite_master").fetchone():
        begin_log_ahead(db, _PATIENCE)
        db.executescript(_SCHEMA)
    if _version(db) != _VERSION:
        raise _error(path, "is not one of this version of qabot. Update qabot, move the file away")


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _translated(error: sqlite3.Error, path: Path) -> LogError:
    name = error_name(error)
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")) and name != "SQLITE_IOERR_SHORT_READ":
        return _error(path, _UNUSABLE.format("the disk is full or refuses"))
    if name.startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_CANTOPEN")):
        return _error(path, _UNUSABLE.format("it may not be written"))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return _error(path, "is in use. Wait for other programs")
    return _error(path, _DAMAGED)


def _error(path: Path, what: str) -> LogError:
    return LogError(f"The log at {path} {what}, or keep no log: QABOT_NO_LOG=1")
