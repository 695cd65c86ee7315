"""What may stand between a bot and a Chroma server: a relay that can misbehave in every way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

Answer = tuple[int, bytes]
"""A status and a body."""


class Relay(ThreadingHTTPServer):
    """Passes requests on to ``target`` unless ``misbehave`` gives an answer of its own.

    ``misbehave`` gets the path of a request, ``answer`` its method, path and body: what a server of
    another kind says. With ``drips`` a body comes a byte at a time. ``needs`` are headers without
    which there is 401.
    """

    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = target
        self.misbehave: Callable[[str], Answer | None] = lambda path: None
        self.answer: Callable[[str, str, bytes], Answer | None] = lambda *asked: None
        self.needs: dict[str, str] = {}
        self.drips = False
        self.seen: list[str] = []
        self.http = httpx.Client(trust_env=False, timeout=30)

    @property
    def place(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits some 40 ms for its own head
    server: Relay

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _relay(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        relay = self.server
        relay.seen.append(self.path)
        if any(self.headers.get(name) != value for name, value in relay.needs.items()):
            self._answer(401, b'{"error":"AuthError","message":"Unauthorized"}')
            return
        own = relay.misbehave(self.path) or relay.answer(self.command, self.path, body)
        if own is None:
            got = relay.http.request(
                self.command, relay.target + self.path, content=body,
                headers={"Content-Type": "application/json"},
            )  # fmt: skip
            own = got.status_code, got.content
        self._answer(*own)

    do_GET = do_POST = do_PUT = do_DELETE = _relay

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            if self.server.drips:
                for number in range(len(body)):
                    self.wfile.write(body[number : number + 1])
                    time.sleep(0.05)
            else:
                self.wfile.write(body)
        except OSError:
            self.close_connection = True


@contextmanager
def relay_to(target: str) -> Iterator[Relay]:
    """A relay before the server at ``target``."""
    relay = Relay(target)
    thread = threading.Thread(target=relay.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield relay
    finally:
        relay.shutdown()
        relay.server_close()
        relay.http.close()
        thread.join()
