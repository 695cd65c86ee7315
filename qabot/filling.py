"""A new vector store, filled part by part, in this process or in one of its own.

Chroma writes as long as the rest of ingestion takes, and lets no other thread work meanwhile: with
a process of its own both go on at once. What is sent to it is what ``pickle`` makes of ``Rows``;
it answers once, with the store's seal or with an error.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from qabot.chroma_faults import guarded_store, open_database
from qabot.closing import Closes
from qabot.errors import IndexProblem, StorageError
from qabot.seals import Seal, seal
from qabot.storage import make_folder
from qabot.vector_rows import Rows, write_rows
from qabot.vectors import VectorStore

_PAGE_BYTES = 16_384
_FIELDS = "embedding_metadata"  # Chroma's table of the fields of passages


class Filling(Closes):
    """A store that is being written, which nobody reads yet."""

    def __init__(self, folder: Path, embedder: str, is_large: bool = False) -> None:
        """Make it in ``folder``.

        A large one gets Chroma's indexes of fields at the end, all at once: kept up row by row
        they would cost a fifth of the time. Raises StorageError.
        """
        make_folder(folder)
        self._folder = folder
        if is_large:
            VectorStore(folder, embedder, create=True).close()
            self._widen_pages()
        self._store = VectorStore(folder, embedder, create=True)
        self._indexes = self._take_away() if is_large else ()

    def write(self, rows: Rows) -> None:
        """Take in embedded passages that it does not have. Raises StorageError."""
        write_rows(rows, self._store)

    def complete(self, rows: Rows) -> None:
        """Take in the last passages. Raises StorageError."""
        self.write(rows)

    def finish(self) -> Seal:
        """Complete it, have the disk keep it, and return its seal. Raises StorageError."""
        if self._indexes:
            with guarded_store(self._folder), closing(open_database(self._folder)) as database:
                for statement in self._indexes:
                    database.execute(statement)
                database.commit()
        self.close()
        return seal(self._folder)

    def _widen_pages(self) -> None:
        """Chroma indexes what fields say, and a node takes up a small page there all by itself."""
        with guarded_store(self._folder), closing(open_database(self._folder)) as database:
            database.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
            database.execute("VACUUM")

    def _take_away(self) -> Sequence[str]:
        """Drop Chroma's indexes of fields; the statements that make them again."""
        with guarded_store(self._folder), closing(open_database(self._folder)) as database:
            rows = database.execute(
                "SELECT name, sql FROM sqlite_master"
                " WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
                (_FIELDS,),
            ).fetchall()
            for name, _ in rows:
                database.execute(f'DROP INDEX "{name}"')
            database.commit()
        return [sql for _, sql in rows]

    def close(self) -> None:
        """Let go of the files."""
        self._store.close()


class FillingProcess(Closes):
    """A large ``Filling`` in a process of its own, which ends when it is closed or this one ends.

    What goes wrong there is raised here, by the next call.
    """

    def __init__(self, folder: Path, embedder: str) -> None:
        paths = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "qabot.filling"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths},
        )
        self._sender = ThreadPoolExecutor(1)
        self._sending: Future[None] = self._sender.submit(self._put, (folder, embedder))

    def write(self, rows: Rows) -> None:
        """Have passages taken in: at once, unless it has still to take in those before."""
        self._wait()
        self._sending = self._sender.submit(self._put, rows)

    def complete(self, rows: Rows) -> None:
        """Have the last passages taken in and all of it finished, and wait for nothing."""
        for message in (rows, None):
            self._sending = self._sender.submit(self._put, message)

    def finish(self) -> Seal:
        """Wait until what is ``complete`` is finished; its seal. Raises StorageError."""
        self._wait()
        return self._reply()

    def _put(self, message: object) -> None:
        assert self._process.stdin
        pickle.dump(message, self._process.stdin, pickle.HIGHEST_PROTOCOL)
        self._process.stdin.flush()

    def _wait(self) -> None:
        try:
            self._sending.result()
        except OSError:
            self._reply()  # which says why it no longer reads

    def _reply(self) -> Seal:
        assert self._process.stdout
        try:
            reply = pickle.load(self._process.stdout)
        except (EOFError, pickle.UnpicklingError) as error:
            raise StorageError(
                "The process that writes the vectors has ended early. Nothing committed is lost; "
                "make room in memory and run the command again."
            ) from error
        if isinstance(reply, Seal):
            return reply
        raise reply

    def close(self) -> None:
        """End the process, finished or not."""
        self._process.kill()
        self._process.wait()
        self._sender.shutdown()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                pipe.close() if pipe else None


def _serve(parts: BinaryIO, replies: BinaryIO) -> None:
    """Fill a store with what is sent, and say how it went; nothing where the sender has gone."""
    try:
        folder, embedder = pickle.load(parts)
        with Filling(folder, embedder, is_large=True) as filling:
            while (rows := pickle.load(parts)) is not None:
                filling.write(rows)
            reply: Seal | IndexProblem = filling.finish()
    except (EOFError, pickle.UnpicklingError):
        return
    except IndexProblem as error:
        reply = error
    with contextlib.suppress(OSError):
        pickle.dump(reply, replies)
        replies.flush()


def _main() -> None:
    # Ctrl-C goes to the one who asked for all this, and who ends this process too.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _serve(sys.stdin.buffer, replies)


if __name__ == "__main__":
    _main()
