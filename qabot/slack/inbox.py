"""The inbox: one SQLite file that keeps each question until it is answered, whatever is killed.

A question is known by its channel and its time stamp, so that it is claimed once by whatever event,
in whatever order and however often Slack delivers it. Every write has reached the disk when the
call returns. What a person wrote is kept only until it is answered.
"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from qabot.errors import QabotError
from qabot.sqlite_files import begin_log_ahead, error_name, make_private, storable

T = TypeVar("T")

_VERSION = 1
_SCHEMA = f"""BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS questions (
    channel TEXT NOT NULL, ts TEXT NOT NULL, thread_ts TEXT NOT NULL, user TEXT NOT NULL,
    team TEXT NOT NULL, text TEXT NOT NULL, is_direct INTEGER NOT NULL, state TEXT NOT NULL,
    reply_ts TEXT, attempts INTEGER NOT NULL, received_at REAL NOT NULL, reference TEXT,
    PRIMARY KEY (channel, ts));
CREATE INDEX IF NOT EXISTS questions_thread ON questions (channel, thread_ts);
CREATE INDEX IF NOT EXISTS questions_state ON questions (state, received_at);
CREATE TABLE IF NOT EXISTS threads (
    channel TEXT NOT NULL, thread_ts TEXT NOT NULL, joined INTEGER NOT NULL,
    since TEXT NOT NULL, PRIMARY KEY (channel, thread_ts));
PRAGMA user_version = {_VERSION};
COMMIT"""
_PATIENCE = 30.0  # seconds that a process being replaced may take to finish
_MOST_THREADS = 100_000
"""Threads whose follow-ups need no mention, the newest: about 10 MB."""


class InboxError(QabotError):
    """The inbox cannot be read or written; what comes in meanwhile Slack sends again."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question somebody wrote; ``reply_ts`` is the message being written, once it exists.

    ``thread_ts`` is the thread it is answered in, ``attempts`` how often work on it began and was
    not given back, ``received_at`` seconds since 1970.
    """

    channel: str
    ts: str
    thread_ts: str
    user: str
    team: str
    text: str
    is_direct: bool
    state: Literal["waiting", "writing", "done"] = "waiting"
    reply_ts: str | None = None
    attempts: int = 0
    received_at: float = 0.0


_COLUMNS = [field.name for field in fields(Question)]
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM questions"
_INSERT = (
    f"INSERT INTO questions ({', '.join(_COLUMNS)})"
    f" VALUES ({', '.join('?' * len(_COLUMNS))}) ON CONFLICT DO NOTHING"
)
_KEY = "WHERE channel = ? AND ts = ?"


class Inbox:
    """The inbox in ``home``, for one process at a time. Safe to share between threads.

    Every method raises InboxError for a file that is damaged, in use, or cannot be written.
    """

    def __init__(self, home: Path) -> None:
        """Opens the file, or makes it; waits for a process that is about to end."""
        self.path = home / "slack.sqlite3"
        self._lock = threading.RLock()
        try:
            self._db = _opened(self.path)
        except (sqlite3.Error, OSError) as error:
            raise _error(self.path, error) from error
        self._close = weakref.finalize(self, self._db.close)

    def claim(self, question: Question) -> bool:
        """Keep a question; False if it is known already."""
        row = [_plain(getattr(question, name)) for name in _COLUMNS]
        return self._write(_INSERT, *row) == 1

    def unfinished(self) -> list[Question]:
        """The questions without a whole answer, the oldest first."""
        rows = self._rows(f"{_SELECT} WHERE state != 'done' ORDER BY received_at, ts")
        return [replace(Question(*row), is_direct=bool(row[6])) for row in rows]

    def depth(self) -> int:
        """How many questions have no whole answer."""
        return int(self._rows("SELECT count(*) FROM questions WHERE state != 'done'")[0][0])

    def begin(self, channel: str, ts: str) -> None:
        """Work on a question begins."""
        self._write(f"UPDATE questions SET attempts = attempts + 1 {_KEY}", channel, ts)

    def give_back(self, channel: str, ts: str) -> None:
        """Work on a question ends without an answer, through no fault of the question."""
        self._write(f"UPDATE questions SET attempts = max(0, attempts - 1) {_KEY}", channel, ts)

    def writing(self, channel: str, ts: str, reply_ts: str) -> None:
        """The answer to a question has a message in Slack, not whole yet."""
        sql = f"UPDATE questions SET state = 'writing', reply_ts = ? {_KEY} AND state != 'done'"
        self._write(sql, reply_ts, channel, ts)

    def done(
        self, channel: str, ts: str, reply_ts: str | None = None, reference: str | None = None
    ) -> None:
        """A question is answered, or it has been said that it will not be."""
        self._write(
            "UPDATE questions SET state = 'done', text = '', reply_ts = coalesce(?, reply_ts),"
            f" reference = ? {_KEY}",
            reply_ts, reference, channel, ts,
        )  # fmt: skip

    def replies(self, channel: str, thread_ts: str) -> dict[str, str]:
        """The question that each message of ours in a thread belongs to, by time stamps."""
        sql = (
            "SELECT reply_ts, ts FROM questions"
            " WHERE channel = ? AND thread_ts = ? AND reply_ts IS NOT NULL"
        )
        return dict(self._rows(sql, channel, thread_ts))

    def join(self, channel: str, thread_ts: str, since: str = "") -> None:
        """The bot is called into a thread: from now on follow-ups need no mention.

        What was said before another call of ``join`` or ``leave`` changes nothing any more.
        """
        self._set_joined(channel, thread_ts, 1, since)

    def leave(self, channel: str, thread_ts: str, since: str = "") -> None:
        """A thread is among people again, until the bot is called."""
        self._set_joined(channel, thread_ts, 0, since)

    def is_joined(self, channel: str, thread_ts: str) -> bool:
        """Whether a follow-up in a thread needs no mention."""
        sql = "SELECT joined FROM threads WHERE channel = ? AND thread_ts = ?"
        return any(row[0] for row in self._rows(sql, channel, thread_ts))

    def forget_before(self, moment: float) -> int:
        """Drop what was answered and had come before ``moment``, in seconds since 1970; how many.

        Of the threads the bot was called into, the newest 100,000 are kept.
        """
        with self._guard():
            self._db.execute(
                "DELETE FROM threads WHERE rowid <="
                f" (SELECT rowid FROM threads ORDER BY rowid DESC LIMIT 1 OFFSET {_MOST_THREADS})"
            )
            sql = "DELETE FROM questions WHERE state = 'done' AND received_at < ?"
            return self._db.execute(sql, (moment,)).rowcount

    def together(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """What the calls return, all of their writes reaching the disk at once or not at all."""
        with self._guard():
            return [call() for call in calls]

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._close()

    def _set_joined(self, channel: str, thread_ts: str, joined: int, since: str) -> None:
        self._write(
            "INSERT INTO threads (channel, thread_ts, joined, since) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET joined = excluded.joined, since = excluded.since"
            " WHERE excluded.since >= since",
            channel, thread_ts, joined, since,
        )  # fmt: skip

    def _write(self, sql: str, *values: object) -> int:
        with self._guard():
            return self._db.execute(sql, values).rowcount

    def _rows(self, sql: str, *values: object) -> list[Any]:
        with self._guard():
            return self._db.execute(sql, values).fetchall()

    @contextmanager
    def _guard(self) -> Iterator[None]:
        """One thread at a time, in one transaction; what SQLite and the disk say as InboxError."""
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield
                self._db.execute("COMMIT")
            except BaseException as error:
                with suppress(sqlite3.Error):
                    self._db.rollback()
                if isinstance(error, (sqlite3.Error, OSError)):
                    raise _error(self.path, error) from error
                raise


def _opened(path: Path) -> sqlite3.Connection:
    make_private(path)
    db = sqlite3.connect(path, _PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        # Two processes would answer everything twice; the lock goes with the process.
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        begin_log_ahead(db, _PATIENCE)
        db.execute("PRAGMA synchronous = FULL")
        if not db.execute("PRAGMA user_version").fetchone()[0]:
            db.executescript(_SCHEMA)
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version != _VERSION:
            raise sqlite3.DatabaseError(f"it is of version {version}")
    except BaseException:
        db.close()
        raise
    return db


def _plain(value: Any) -> Any:
    """A value as SQLite can hold it."""
    return storable(value) if isinstance(value, str) else value


def _error(path: Path, error: Exception) -> InboxError:
    name = error_name(error)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        remedy = "is in use. Stop the other qabot slack on this home, or set QABOT_HOME"
    elif name.startswith(("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_PERM",
                          "SQLITE_CANTOPEN")) or isinstance(error, OSError):  # fmt: skip
        remedy = f"cannot be written: {error}. Make room, or set QABOT_HOME to a folder of yours"
    else:
        remedy = f"cannot be used: {error}. Move the file away and a new one is begun"
    return InboxError(f"The inbox at {path} {remedy}.")
