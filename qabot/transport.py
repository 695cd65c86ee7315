"""The HTTP client under the OpenAI SDK, with an end to every call.

The SDK bounds each silence and each wait between retries, not their sum: a server that sends a sign
of life now and then, or asks for two minutes' patience again and again, would be waited for.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator

import httpx2

from qabot.errors import ModelUnavailable

LONGEST_WAIT = 20.0
"""Seconds that a server may ask us to wait before a retry; for more, there is none."""
LARGEST_REPLY = 16 * 1024 * 1024
"""Bytes in a reply; a long answer has some thousands."""
_LOOPBACK = re.compile(r"(localhost|127\.[\d.]+|::1|0\.0\.0\.0)(:\d+)?")


class Bounds:
    """Ends each call, with its retries, after ``longest`` seconds; calls are told by thread."""

    def __init__(self, host: str, longest: float) -> None:
        self._host, self._longest = host, longest
        self._call = threading.local()

    def start(self) -> None:
        """A call begins in this thread."""
        self._call.deadline = time.monotonic() + self._longest

    def client(self, silence: httpx2.Timeout) -> httpx2.Client:
        """A client that keeps these bounds; a proxy leads elsewhere, never to this machine."""
        return httpx2.Client(
            timeout=silence,
            follow_redirects=True,
            trust_env=not _LOOPBACK.fullmatch(self._host),
            event_hooks={"request": [self._before], "response": [self._after]},
        )

    def _before(self, request: httpx2.Request) -> None:
        if time.monotonic() > self._call.deadline:
            raise self.too_slow()

    def _after(self, response: httpx2.Response) -> None:
        deadline = self._call.deadline
        if isinstance(response.stream, httpx2.SyncByteStream):
            response.stream = _Bounded(response.stream, self, deadline)
        asked = response.headers.get("retry-after", "")
        seconds = float(asked) if re.fullmatch(r"\d{1,9}(\.\d+)?", asked) else 0.0
        if seconds > min(LONGEST_WAIT, deadline - time.monotonic()):
            response.headers["x-should-retry"] = "false"  # which the SDK obeys

    def too_slow(self) -> ModelUnavailable:
        return ModelUnavailable(
            f"The model at {self._host} took longer than {self._longest:g} seconds. Try again, or "
            "choose a faster one with --model."
        )

    def too_large(self) -> ModelUnavailable:
        return ModelUnavailable(f"The model at {self._host} sends without end. Ask again.")


class _Bounded(httpx2.SyncByteStream):
    def __init__(self, inner: httpx2.SyncByteStream, bounds: Bounds, deadline: float) -> None:
        self._inner, self._bounds, self._deadline = inner, bounds, deadline

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for piece in self._inner:
            size += len(piece)
            if size > LARGEST_REPLY:
                raise self._bounds.too_large()
            if time.monotonic() > self._deadline:
                raise self._bounds.too_slow()
            yield piece

    def close(self) -> None:
        self._inner.close()
