"""Has files parsed, and addresses fetched, by a process that may be ended (``child.py``).

One process does one order after another; it is started with the first, and anew when it has died
or was ended. Nothing that it does can hang or crash the program that puts articles in.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from qabot.closing import Closes
from qabot.errors import LoadError
from qabot.loading.model import Extract, Hints, Kind
from qabot.types import Origin

LONGEST_READ = 30.0
"""Seconds for one file or address, in all."""
MOST_MEMORY = 1024 * 1024 * 1024
"""Bytes of address space that it may take, the program itself included."""
_LONGEST_START = 120.0
_LARGEST_ANSWER = 256 * 1024 * 1024
_CHILD = "import sys; sys.path[:] = sys.argv[2:]; from qabot.loading.child import main; main()"


class Worker(Closes):
    """A process for parsing: at most ``longest`` seconds for an order, ``memory`` bytes in all."""

    def __init__(self, longest: float = LONGEST_READ, memory: int = MOST_MEMORY) -> None:
        self.longest, self._memory = longest, memory
        self._process: subprocess.Popen[bytes] | None = None
        self._done = 0

    def close(self) -> None:
        """End the process."""
        if self._process is None:
            return
        self._process.kill()
        self._process.communicate()
        self._process, self._done = None, 0

    def read(self, kind: Kind, data: bytes, hints: Hints) -> Iterator[Extract | LoadError]:
        """The articles in some bytes. Raises LoadError where they cannot be read at all."""
        order = {"kind": kind, "charset": hints.charset, "url": hints.url, "size": len(data)}
        return self._articles(order, data)

    def fetch(self, url: str, allow_private: bool) -> Iterator[Extract | LoadError]:
        """The articles at an address. Raises LoadError where it cannot be read at all."""
        order = {"kind": "address", "url": url, "allow_private": allow_private, "size": 0}
        return self._articles(order, b"")

    def _articles(self, order: Mapping[str, Any], data: bytes) -> Iterator[Extract | LoadError]:
        answer = self._answer(order, data)
        if "error" in answer:
            raise LoadError(answer["error"])
        for one in answer["read"]:
            yield LoadError(one["error"]) if "error" in one else _extract(one)

    def _answer(self, order: Mapping[str, Any], data: bytes) -> Mapping[str, Any]:
        """What the process answers; one that was worn by earlier orders gets no blame for it."""
        while True:
            was_used = self._done > 0
            answer = self._ask(order, data)
            self._done += 1
            if not answer.get("worn"):
                return answer
            self.close()
            if not was_used:
                return answer

    def _ask(self, order: Mapping[str, Any], data: bytes) -> Mapping[str, Any]:
        if self._process is None:
            self._start()
        answer, was_ended = self._exchange(json.dumps(order).encode() + b"\n" + data, self.longest)
        if answer is not None:
            return answer
        if was_ended:
            self.close()
            remedy = (
                "Try again later" if order["kind"] == "address" else "Give a smaller part of it"
            )
            return {"error": f"took longer than {self.longest:g} seconds. {remedy}."}
        return {"worn": True, "error": "breaks the program that reads it: damaged, or made to."}

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CHILD, str(self._memory), *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        if self._exchange(b"", _LONGEST_START)[0] is None:
            self.close()
            raise LoadError("the process that reads files does not start. Install qabot again.")

    def _exchange(self, sent: bytes, longest: float) -> tuple[Mapping[str, Any] | None, bool]:
        """The answer to what is sent; without one, whether the process was ended for its time."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        ended = threading.Event()

        def end() -> None:
            ended.set()
            process.kill()

        timer = threading.Timer(longest, end)
        timer.daemon = True
        timer.start()
        try:
            process.stdin.write(sent)
            process.stdin.flush()
            size = int(process.stdout.readline() or -1)
            data = process.stdout.read(size) if 0 <= size <= _LARGEST_ANSWER else b""
            return (json.loads(data), False) if len(data) == size else (None, ended.is_set())
        except (OSError, ValueError):
            return None, ended.is_set()
        finally:
            timer.cancel()


def _extract(fields: Mapping[str, Any]) -> Extract:
    origin = fields["origin"]
    return Extract(
        **{
            **fields,
            "origin": Origin(**{**origin, "tags": tuple(origin["tags"])}),
            "pages": tuple(fields["pages"]),
        }
    )
