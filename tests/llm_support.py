"""A small HTTP server that misbehaves as told: real sockets, standard library only."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

Act = Callable[["Exchange"], None]
"""One response: what the server does with one request."""


@dataclass
class Exchange:
    """A request that came in, and the socket to answer it on."""

    connection: socket.socket
    path: str
    headers: Mapping[str, str]
    body: Any
    stop: threading.Event

    def send(self, text: str) -> None:
        self.connection.sendall(text.encode())

    def head(self, status: int = 200, kind: str = "text/event-stream", **headers: str) -> None:
        lines = [f"HTTP/1.1 {status} Scripted", f"Content-Type: {kind}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.send("\r\n".join(lines) + "\r\n\r\n")

    def event(self, data: Any) -> None:
        self.send(f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n")


@dataclass
class Server:
    """Plays ``acts`` in turn, the last of them for ever; ``seen`` holds the requests."""

    acts: Sequence[Act]
    seen: list[Exchange] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._listen)]
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()

    @property
    def base_url(self) -> str:
        host, port = self._listener.getsockname()
        return f"http://{host}:{port}/v1"

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._answer, args=[connection])
            self._threads.append(thread)
            thread.start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines, suppress(OSError):
            connection.settimeout(10)
            request = lines.readline().decode().split()
            if len(request) < 2:
                return
            headers: dict[str, str] = {}
            while (line := lines.readline().decode().strip()) != "":
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            body = json.loads(lines.read(int(headers.get("content-length", 0))) or b"null")
            exchange = Exchange(connection, request[1], headers, body, self._stop)
            act = self.acts[min(len(self.seen), len(self.acts) - 1)]
            self.seen.append(exchange)
            act(exchange)


def chunk(text: str | None = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    """One piece of a streamed reply, as OpenAI sends it."""
    choice = {"index": 0, "delta": {} if text is None else {"content": text}}
    return {
        "id": "1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "scripted",
        "choices": [{**choice, "finish_reason": finish}],
        **more,
    }


def reply(*pieces: str, finish: str | None = "stop", usage: bool = True, **head: Any) -> Act:
    """A whole streamed reply."""

    def act(exchange: Exchange) -> None:
        exchange.head(**head)
        for piece in pieces:
            exchange.event(chunk(piece))
        if finish:
            exchange.event(chunk(finish=finish))
        if usage:
            counts = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
            exchange.event({**chunk(), "choices": [], "usage": counts})
        exchange.event("[DONE]")

    return act


def refusal(status: int, error: Any = None, **headers: str) -> Act:
    """An error as OpenAI-compatible servers send it; ``{key}`` becomes the key that was sent."""

    def act(exchange: Exchange) -> None:
        key = exchange.headers.get("authorization", "").removeprefix("Bearer ")
        text = json.dumps({"error": error or {"message": "no"}}).replace("{key}", key)
        exchange.head(status, "application/json", **headers)
        exchange.send(text)

    return act


def raw(text: str, kind: str = "text/event-stream", **head: Any) -> Act:
    """Anything at all, then the end of the connection."""

    def act(exchange: Exchange) -> None:
        exchange.head(kind=kind, **head)
        exchange.send(text)

    return act


def stall_after(*pieces: str) -> Act:
    """Some pieces, then silence until the server is stopped."""

    def act(exchange: Exchange) -> None:
        exchange.head()
        for piece in pieces:
            exchange.event(chunk(piece))
        exchange.stop.wait(30)

    return act


def silent(exchange: Exchange) -> None:
    """Not even a status line."""
    exchange.stop.wait(30)


def pings(exchange: Exchange) -> None:
    """Signs of life for ever, and never a word."""
    exchange.head()
    while not exchange.stop.wait(0.02):
        exchange.send(": ping\n\n")


def cut(exchange: Exchange) -> None:
    """Promise more bytes in this chunk than are sent."""
    exchange.head(Transfer_Encoding="chunked")
    data = f"data: {json.dumps(chunk('Half a'))}\n\n"
    exchange.send(f"{len(data):x}\r\n{data}\r\nff\r\ndata: ")
