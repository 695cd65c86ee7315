"""Socket Mode: one connection that Slack sends events through, made anew however it ends.

Every new connection asks for a new address, since an address is good once and for a short time.
A connection that answers no ping is given up; one that Slack is about to end is replaced before.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncApp

from qabot.slack.app import dispatch
from qabot.slack.client import SlackClient, SlackProblem, SlackRefused, leads_past_proxies

_log = logging.getLogger("qabot.slack")

_PING = 5.0  # seconds of silence before a ping, whose answer may take half as long
_GREETING = 10.0  # seconds that a new connection may take to be made, and then to say hello
_STEADY = 2.0  # seconds after which a connection counts as one that worked
_GRACE = 10.0  # seconds that a connection is still read after it was replaced
_PAUSE, _LONGEST_PAUSE = 0.5, 10.0  # seconds between attempts
_LARGEST_MESSAGE = 4 * 1024 * 1024
_TROUBLE = (SlackProblem, aiohttp.ClientError, TimeoutError, OSError, ValueError)
_Socket = aiohttp.ClientWebSocketResponse


class SocketMode:
    """Takes events for ``app`` until it is closed."""

    def __init__(self, app: AsyncApp, client: SlackClient, app_token: str) -> None:
        """Within a running event loop."""
        self._app, self._client, self._token = app, client, app_token
        self._http = aiohttp.ClientSession()
        self._open: set[_Socket] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._answers: set[asyncio.Task[None]] = set()
        self._is_closing = self._is_told = False
        self._live: set[_Socket] = set()
        self.connections = 0
        """How many connections there have been."""

    @property
    def is_connected(self) -> bool:
        """Whether Slack can send something just now."""
        return bool(self._live)

    async def listen(self, connected: Callable[[], None] = lambda: None) -> None:
        """Keep connected; ``connected`` is told of the first connection and of one after trouble.

        Raises SlackRefused when the app's token is not accepted; one that has been accepted before
        may be so again, and is tried for ever.
        """
        failures, has_stood = 0, False
        while not self._is_closing:
            began = _now()
            try:
                socket = await self._connect()
            except SlackRefused as error:
                if error.is_token_dead and not has_stood:
                    raise
                failures = await self._after(failures, _reason(error))
                continue
            except _TROUBLE as error:
                failures = await self._after(failures, _reason(error))
                continue
            stands = await self._use(socket, connected)
            has_stood = has_stood or stands
            if not stands:
                failures = await self._after(failures, "it does not say hello")
                continue
            failures = 0
            if _now() - began < _STEADY:
                await asyncio.sleep(_PAUSE)

    async def close(self) -> None:
        """Take nothing more, and let what was taken be acknowledged."""
        self._is_closing = True
        if self._answers:
            await asyncio.wait(self._answers, timeout=3)
        for socket in list(self._open):
            await socket.close()
        for task in [*self._tasks, *self._answers]:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._answers, return_exceptions=True)
        await self._http.close()

    async def _after(self, failures: int, reason: str) -> int:
        """Wait before the next attempt; not before the first."""
        if failures == 1:
            self._is_told = False
            _log.warning("No connection to Slack (%s); trying until there is one.", reason)
        if failures and not self._is_closing:
            pause = min(_LONGEST_PAUSE, _PAUSE * 2.0 ** min(failures - 1, 10))
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))
        return failures + 1

    async def _connect(self) -> _Socket:
        told = await self._client.apps_connections_open(app_token=self._token)
        address = str(told.get("url") or "")
        async with asyncio.timeout(_GREETING):
            socket = await self._http.ws_connect(
                address,
                heartbeat=_PING,
                max_msg_size=_LARGEST_MESSAGE,
                timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
                proxy=None if leads_past_proxies(address) else self._client.proxy,
            )
        self._open.add(socket)
        return socket

    async def _use(self, socket: _Socket, connected: Callable[[], None]) -> bool:
        """Read from a connection until it has ended or is to be replaced; whether it said hello."""
        line = _Line()
        reader = self._start(self._read(socket, line))
        greeted, replaced = (asyncio.create_task(one.wait()) for one in (line.greeted, line.leave))
        try:
            await asyncio.wait(
                {reader, greeted, replaced}, timeout=_GREETING, return_when=asyncio.FIRST_COMPLETED
            )
            if line.greeted.is_set():
                self.connections += 1
                self._live.add(socket)
                if not self._is_told:
                    connected()
                self._is_told = True
                await asyncio.wait({reader, replaced}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            greeted.cancel()
            replaced.cancel()
        self._start(self._retire(socket, reader, _GRACE if line.leave.is_set() else 0))
        return line.greeted.is_set()

    async def _read(self, socket: _Socket, line: _Line) -> None:
        """Take what comes, to the end of the connection."""
        async for message in socket:
            if message.type != aiohttp.WSMsgType.TEXT:
                continue
            try:
                said = json.loads(message.data)
            except (ValueError, RecursionError):
                continue
            if not isinstance(said, dict):
                continue
            if said.get("type") == "hello":
                line.greeted.set()
            elif said.get("type") == "disconnect":
                line.leave.set()
            elif isinstance(said.get("envelope_id"), str) and not self._is_closing:
                self._start(self._answer(socket, said), self._answers)

    async def _retire(self, socket: _Socket, reader: asyncio.Task[None], grace: float) -> None:
        """Close a connection once nothing more is to be expected of it."""
        await asyncio.wait({reader}, timeout=grace)
        self._live.discard(socket)
        await socket.close()
        self._open.discard(socket)
        reader.cancel()

    async def _answer(self, socket: _Socket, envelope: dict[str, Any]) -> None:
        """Give the app what came and acknowledge it; what the app cannot take comes again."""
        told = {"x-slack-retry-num": envelope.get("retry_attempt")}
        told["x-slack-retry-reason"] = envelope.get("retry_reason")
        headers = {name: str(value) for name, value in told.items() if value is not None}
        response = await dispatch(self._app, envelope.get("payload") or {}, headers)
        if response is not None and response.status != 200:
            return
        reply: dict[str, Any] = {"envelope_id": envelope["envelope_id"]}
        if response is not None and response.body:
            kind = response.headers.get("content-type", [""])[0]
            is_json = kind.startswith("application/json")
            reply["payload"] = json.loads(response.body) if is_json else {"text": response.body}
        try:
            await socket.send_str(json.dumps(reply))
        except (aiohttp.ClientError, ConnectionError):
            _log.debug("An acknowledgement was lost with its connection; the event comes again.")

    def _start(
        self, work: Coroutine[Any, Any, None], among: set[asyncio.Task[None]] | None = None
    ) -> asyncio.Task[None]:
        """A task that is kept until it has ended."""
        kept = self._tasks if among is None else among
        task = asyncio.create_task(work)
        kept.add(task)
        task.add_done_callback(kept.discard)
        return task


class _Line:
    """What is known of a connection."""

    def __init__(self) -> None:
        self.greeted, self.leave = asyncio.Event(), asyncio.Event()


def _reason(error: BaseException) -> str:
    """Why a connection failed; the address, which opens one, is not repeated."""
    if isinstance(error, SlackRefused):
        return f"refused: {error.error}"
    if isinstance(error, SlackProblem):
        return "Slack cannot be reached"
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return f"refused with status {error.status}"
    return type(error).__name__


def _now() -> float:
    return asyncio.get_running_loop().time()
