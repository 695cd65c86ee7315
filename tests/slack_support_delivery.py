"""How the stand-in for Slack brings events to the bot: by Socket Mode, or as signed requests."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
import urllib.parse
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from aiohttp import ClientError, ClientSession, ClientTimeout, WSMsgType, web

SIGNING_SECRET = "stand-in-secret"
Drop = Literal["abort", "close", "refresh_requested", "mute"]
_TRIES = 4  # the first and three more


@dataclass
class Delivery:
    """Something Slack tells the bot; times are of the monotonic clock."""

    kind: Literal["events_api", "interactive"]
    name: str
    payload: dict[str, Any]
    attempts: list[float] = field(default_factory=list)
    acked_at: float | None = None
    response: Any = None

    @property
    def ack_seconds(self) -> float | None:
        """From the attempt that was acked to its ack."""
        return None if self.acked_at is None else self.acked_at - self.attempts[-1]

    def ack(self, response: Any) -> None:
        self.acked_at, self.response = time.monotonic(), response

    @property
    def tries(self) -> int:
        """How often Slack tries, until it is acked."""
        return _TRIES if self.kind == "events_api" else 1


class Carrier(Protocol):
    """A way to the bot."""

    async def send(self, delivery: Delivery) -> None:
        """Bring it, again where it is not acked in time."""
        ...


class Connection:
    """One socket that the bot has opened; a mute one neither says nor hears anything."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        self.socket, self.transport = socket, transport
        self.is_mute = False


class Sockets:
    """Socket Mode: single-use tickets, envelopes, acks, redelivery, connections that get lost."""

    def __init__(self, ack_seconds: float, ticket_seconds: float) -> None:
        self._ack_seconds, self.ticket_seconds = ack_seconds, ticket_seconds
        self._tickets: dict[str, float] = {}
        self._waiting: dict[str, tuple[Delivery, asyncio.Event]] = {}
        self._turn = 0
        self.connections: list[Connection] = []
        self.upgrades: list[str] = []
        """What became of each upgrade: opened, refused, bad ticket."""
        self.is_refusing = False

    def new_address(self, base: str) -> str:
        """An address that is good once and for a short time."""
        ticket = uuid.uuid4().hex
        self._tickets[ticket] = time.monotonic() + self.ticket_seconds
        return f"{base}/link/?ticket={ticket}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """A bot opens a socket."""
        if self.is_refusing:
            self.upgrades.append("refused")
            return web.Response(status=503)
        if self._tickets.pop(request.query.get("ticket", ""), 0.0) < time.monotonic():
            self.upgrades.append("bad ticket")
            return web.Response(status=404)
        self.upgrades.append("opened")
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": len(self.connections) + 1})
        assert isinstance(request.transport, asyncio.Transport)
        connection = Connection(socket, request.transport)
        self.connections.append(connection)
        try:
            await self._listen(connection)
        finally:
            self._forget(connection)
        return socket

    async def _listen(self, connection: Connection) -> None:
        async for message in connection.socket:
            if connection.is_mute:
                continue
            if message.type == WSMsgType.PING:
                with suppress(ConnectionError):
                    await connection.socket.pong(message.data)
            elif message.type == WSMsgType.TEXT:
                ack = json.loads(message.data)
                delivery, acked = self._waiting.pop(ack.get("envelope_id"), (None, None))
                if delivery and acked:
                    delivery.ack(ack.get("payload"))
                    acked.set()

    async def send(self, delivery: Delivery) -> None:
        """Bring it by one of the connections in turn; Slack keeps it while there is none."""
        envelope: dict[str, Any] = {
            "envelope_id": str(uuid.uuid4()),
            "type": delivery.kind,
            "payload": delivery.payload,
            "accepts_response_payload": delivery.kind == "interactive",
        }
        acked = asyncio.Event()
        for attempt in range(delivery.tries):
            if delivery.kind == "events_api":
                reason = "timeout" if attempt else ""
                envelope |= {"retry_attempt": attempt, "retry_reason": reason}
            self._waiting[envelope["envelope_id"]] = (delivery, acked)
            await self._transmit(envelope, delivery)
            with suppress(TimeoutError):
                await asyncio.wait_for(acked.wait(), self._ack_seconds)
                return

    async def _transmit(self, envelope: dict[str, Any], delivery: Delivery) -> None:
        while True:
            there = [one for one in self.connections if not one.is_mute]
            if not there:
                await asyncio.sleep(0.01)
                continue
            self._turn += 1
            connection = there[self._turn % len(there)]
            try:
                delivery.attempts.append(time.monotonic())
                await connection.socket.send_json(envelope)
                return
            except ConnectionError:
                delivery.attempts.pop()
                self._forget(connection)

    async def drop(self, how: Drop) -> None:
        """Lose all connections: cut, closed, replaced as Slack does it, or gone silent."""
        for connection in list(self.connections):
            if how == "mute":
                connection.is_mute = True
                continue
            self._forget(connection)
            if how == "abort":
                connection.transport.abort()
            elif how == "close":
                await connection.socket.close()
            else:
                await connection.socket.send_json({"type": "disconnect", "reason": how})
                asyncio.get_running_loop().call_later(0.3, connection.transport.close)

    def _forget(self, connection: Connection) -> None:
        if connection in self.connections:
            self.connections.remove(connection)

    async def close(self) -> None:
        for connection in list(self.connections):
            connection.transport.abort()


class Requests:
    """HTTP mode: signed requests to one address, again where they are not answered with 2xx."""

    def __init__(self, address: str, ack_seconds: float, pauses: Sequence[float]) -> None:
        """``pauses`` are seconds before the second, third and fourth try."""
        self._address, self._pauses = address, pauses
        self._session = ClientSession(timeout=ClientTimeout(total=ack_seconds))

    async def send(self, delivery: Delivery) -> None:
        """Bring it."""
        body, kind = json.dumps(delivery.payload), "application/json"
        if delivery.kind == "interactive":
            body, kind = urllib.parse.urlencode({"payload": body}), _FORM
        reason = ""
        for attempt in range(delivery.tries):
            headers = {"Content-Type": kind, **signed(body)}
            if attempt:
                await asyncio.sleep(self._pauses[attempt - 1])
                number = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason}
                headers |= number
            reason = await self._try(delivery, body, headers)
            if not reason:
                return

    async def _try(self, delivery: Delivery, body: str, headers: dict[str, str]) -> str:
        """Why it must be tried again, or nothing."""
        delivery.attempts.append(time.monotonic())
        try:
            async with self._session.post(self._address, data=body, headers=headers) as response:
                text = await response.text()
        except TimeoutError:
            return "http_timeout"
        except (ClientError, OSError):
            return "connection_failed"
        if not 200 <= response.status < 300:
            delivery.response = response.status
            return "" if response.headers.get("X-Slack-No-Retry") == "1" else "http_error"
        delivery.ack(json.loads(text) if text.startswith("{") else text)
        return ""

    async def close(self) -> None:
        await self._session.close()


_FORM = "application/x-www-form-urlencoded"


def signed(
    body: str | bytes, at: str | None = None, secret: str = SIGNING_SECRET
) -> dict[str, str]:
    """The headers that show that a request is Slack's."""
    raw = body.encode() if isinstance(body, str) else body
    at = str(int(time.time())) if at is None else at
    digest = hmac.new(secret.encode(), f"v0:{at}:".encode() + raw, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={digest}"}
