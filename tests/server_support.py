"""A real Chroma server for tests, and indexes on it."""

from __future__ import annotations

import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from index_support import EMBEDDER

from qabot import server_writer
from qabot.addresses import ServerAddress
from qabot.ingest import Report, ingest
from qabot.server_index import ServerIndex
from qabot.types import Document

PROGRAM = Path(sys.executable).with_name("chroma")


class Chroma:
    """``chroma run`` on a port of its own, with its data in a folder; may be killed and started."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.port = folder, free_port()
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.start()

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        # What it says goes to a file: it would stop and wait where nobody reads a pipe.
        with (self._folder / "said.txt").open("ab") as said:
            self._process = subprocess.Popen(
                [PROGRAM, "run", "--path", self._folder / "data", "--host", "127.0.0.1",
                 "--port", str(self.port)],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            )  # fmt: skip
        until(lambda: is_open(self.port) or self._has_ended())
        if self._has_ended():
            pytest.skip("chroma run does not start here")

    def _has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def database(self) -> str:
        """The address of a new database, empty."""
        name = f"test-{secrets.token_hex(6)}"
        place = f"http://127.0.0.1:{self.port}"
        done = httpx.post(
            f"{place}/api/v2/tenants/default_tenant/databases", json={"name": name}, trust_env=False
        )
        done.raise_for_status()
        return f"{place}/default_tenant/{name}"


def free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def is_open(port: int) -> bool:
    with closing(socket.socket()) as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def until(happened: object, seconds: float = 60.0) -> None:
    """Wait for something that is said to happen; it is the outcome that counts, not the time."""
    assert callable(happened)
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "It did not happen."
        time.sleep(0.02)


@contextmanager
def server_index(database: str, home: Path, anew: bool = False) -> Iterator[ServerIndex]:
    """The index in a database, with its copy in ``home``."""
    address = ServerAddress.parse(database)
    with closing(ServerIndex(address, home, EMBEDDER, anew=anew)) as index:
        yield index


def ingest_at(database: str, home: Path, *paths: Path) -> Report:
    with server_index(database, home) as index:
        return ingest(index, paths)


def texts_at(database: str, home: Path) -> dict[str, str]:
    """The text of every document by id, as a bot sees it that has never looked before."""
    with server_index(database, home) as index:
        found = {name: index.catalog.document(name) for name in index.catalog.versions()}
    return {name: document.text for name, document in found.items() if document}


def passages_at(database: str, home: Path) -> tuple[list[str], list[str]]:
    """The ids of the passages on the server, and of those that count, once all is cleared up."""
    with (
        pytest.MonkeyPatch.context() as later,
        server_index(database, home) as index,
    ):
        later.setattr(server_writer, "SPENT_FOR", -60)
        later.setattr(server_writer, "ABANDONED", -60)
        with index.writing() as writer:
            there = writer._collections._passages.get(include=[])["ids"]
        counted = index.catalog.passage_ids(list(index.catalog.versions()))
    return sorted(there), sorted(counted)


def put_at(database: str, home: Path, *documents: Document) -> None:
    with server_index(database, home) as index, index.writing() as writer:
        writer.put(documents)
