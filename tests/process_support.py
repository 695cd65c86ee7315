"""Processes of Python that start quickly: forked from one that has the libraries loaded.

To load the libraries costs a second of computing, more than most that is done in such a process.
One server for the whole run loads them at the first order, and forks a process for each, which has
its own standard streams, environment, folder and session, may be killed, and ends as any other.
Where that is not known to work they are started as usual. What is about starting itself, or about
what is loaded when, belongs into a process of ``subprocess``.
"""

from __future__ import annotations

import io
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any, Self

_server: Server | None = None
_address: str | None = None


class Server:
    """Forks processes as long as the process that made it lives; does nothing before the first."""

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="forks-")
        self.address = str(Path(self._folder) / "orders")
        code = (
            f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); "
            "import process_support_server; del sys.path[0]; "
            "process_support_server.serve(*map(int, sys.argv[1:]))()"
        )
        ended, self._life = os.pipe()
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.address)
            listener.listen()
            self._process = subprocess.Popen(
                [sys.executable, "-c", code, str(listener.fileno()), str(ended)],
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
                stdin=DEVNULL,
                pass_fds=[listener.fileno(), ended],
            )
        os.close(ended)

    def close(self) -> None:
        """End it; what it has forked goes on."""
        os.close(self._life)
        self._process.wait()
        shutil.rmtree(self._folder)


def share(given: str | None) -> None:
    """Fork from the server at an address, or from a new one where none is given."""
    global _address, _server
    if given is None and sys.platform == "linux":
        _server = Server()
        given = _server.address
    _address = given


def address() -> str | None:
    """Where the server takes orders; None where there is none."""
    return _address


def end() -> None:
    """End the server that this process has made."""
    if _server is not None:
        _server.close()


def start(arguments: Sequence[str], **options: Any) -> Any:
    """``subprocess.Popen`` of Python with ``arguments``, which begin with -c or -m."""
    if _address is None:
        return subprocess.Popen([sys.executable, *arguments], **options)
    return Forked(_address, arguments, **options)


def run(
    arguments: Sequence[str], *, given: bytes = b"", **options: Any
) -> subprocess.CompletedProcess[Any]:
    """What such a process left behind that was ``given`` some standard input."""
    with start(arguments, stdin=PIPE, stdout=PIPE, stderr=PIPE, **options) as process:
        out, err = process.communicate(given)
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


class Forked:
    """What ``subprocess.Popen`` is, as far as tests need it, of a process that is forked."""

    def __init__(
        self,
        address: str,
        arguments: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | str | None = None,
        stdin: Any = None,
        stdout: Any = None,
        stderr: Any = None,
        text: bool = False,
        start_new_session: bool = False,
    ) -> None:
        order = {
            "arguments": list(arguments),
            "environment": dict(os.environ if env is None else env),
            "folder": str(cwd or Path.cwd()),
            "session": start_new_session,
        }
        self.args, self.returncode = arguments, None
        theirs, ours = zip(*map(_ends, (0, 1, 2), (stdin, stdout, stderr)), strict=True)
        self._said = socket.socket(socket.AF_UNIX)
        self._said.connect(address)
        data = json.dumps(order).encode()
        socket.send_fds(self._said, [b"\n"], list(theirs))
        self._said.sendall(data)
        self._said.shutdown(socket.SHUT_WR)
        for given, descriptor in zip((stdin, stdout, stderr), theirs, strict=True):
            if given in (PIPE, DEVNULL):
                os.close(descriptor)
        self.pid = int(self._line())
        files = [_opened(end, number == 0, text) for number, end in enumerate(ours)]
        self.stdin, self.stdout, self.stderr = files

    def _line(self) -> bytes:
        """The next line that the server says of it; empty where it has gone."""
        line = b""
        while not line.endswith(b"\n") and (more := self._said.recv(1)):
            line += more
        return line

    def poll(self) -> int | None:
        """Its exit status, None while it runs; negative is the signal that ended it."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status once it has ended."""
        if self.returncode is None:
            if not select.select([self._said], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(list(self.args), timeout or 0)
            self.returncode = int(self._line())
            self._said.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it has not ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def communicate(self, given: Any = None, timeout: float | None = None) -> tuple[Any, Any]:
        """What it says on standard output and error until it ends, ``given`` this to read."""
        said: dict[str, Any] = {}

        def read(name: str) -> None:
            if file := getattr(self, name):
                with file:
                    said[name] = file.read()

        reading = [threading.Thread(target=read, args=[name]) for name in ("stdout", "stderr")]
        for thread in reading:
            thread.start()
        if self.stdin:
            with suppress(BrokenPipeError), self.stdin as file:
                if given:
                    file.write(given)
        for thread in reading:
            thread.join(timeout)
        self.wait(timeout)
        return said.get("stdout"), said.get("stderr")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self.stdin, self.stdout, self.stderr):
            if file:
                with suppress(BrokenPipeError):
                    file.close()
        self.wait()


def _ends(number: int, given: Any) -> tuple[int, int | None]:
    """Its end of a standard stream, and ours where that is a pipe."""
    if given == PIPE:
        reader, writer = os.pipe()
        return (reader, writer) if number == 0 else (writer, reader)
    if given == DEVNULL:
        return os.open(os.devnull, os.O_RDWR), None
    if given is None:
        return number, None
    return given if isinstance(given, int) else given.fileno(), None


def _opened(descriptor: int | None, writes: bool, text: bool) -> Any:
    if descriptor is None:
        return None
    file = os.fdopen(descriptor, "wb" if writes else "rb")
    return io.TextIOWrapper(file, "utf-8", write_through=writes) if text else file
