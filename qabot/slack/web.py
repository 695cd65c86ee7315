"""HTTP mode: signed requests at ``/slack/events``, each checked before anything else sees it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable
from typing import Any, NoReturn
from urllib.parse import parse_qs

from aiohttp import web
from slack_bolt.async_app import AsyncApp

from qabot.errors import SettingsError
from qabot.slack.app import dispatch

PATH = "/slack/events"
LARGEST_BODY = 4 * 1024 * 1024
"""Bytes in a request; Slack's have some thousands."""
_OLDEST = 300  # seconds between a signature and its arrival, as Slack recommends
_PATIENCE = 10.0  # seconds for a body to arrive
_MOST_FIELDS = 20
_RETRIES = ("X-Slack-Retry-Num", "X-Slack-Retry-Reason")


class Malformed(ValueError):
    """The body is not what Slack sends."""


class Gate:
    """What stands between the network and the app."""

    def __init__(
        self,
        app: AsyncApp,
        signing_secret: str,
        clock: Callable[[], float] = time.time,
        is_well: Callable[[], bool] = lambda: True,
    ) -> None:
        """``clock`` tells the seconds since 1970, ``is_well`` whether the bot can answer."""
        self._app, self._secret, self._clock = app, signing_secret.encode(), clock
        self._is_well = is_well

    def application(self) -> web.Application:
        """The routes: events, and ``/healthz`` for whoever watches the process."""
        application = web.Application(client_max_size=LARGEST_BODY)
        application.add_routes([web.post(PATH, self._take), web.get("/healthz", self._healthz)])
        return application

    async def _take(self, request: web.Request) -> web.Response:
        body = await _read(request)
        stamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        if not self.is_signed(body, stamp, signature):
            return _refusal(401, "invalid signature")
        try:
            payload = parse(body, request.content_type)
        except Malformed:
            return _refusal(400, "malformed body")
        if payload.get("type") == "url_verification":
            challenge = payload.get("challenge")
            if not isinstance(challenge, str):
                return _refusal(400, "malformed body")
            return web.json_response({"challenge": challenge})
        headers = {name: request.headers[name] for name in _RETRIES if name in request.headers}
        response = await dispatch(self._app, payload, headers)
        if response is None:
            return _refusal(400, "malformed body")
        if response.status >= 500:
            return _refusal(503, "try again")
        kind = response.headers.get("content-type", ["text/plain"])[0].partition(";")[0]
        return web.Response(status=response.status, text=response.body or "", content_type=kind)

    async def _healthz(self, request: web.Request) -> web.Response:
        is_well = await asyncio.to_thread(self._is_well)
        return web.json_response({"ok": is_well}, status=200 if is_well else 503)

    def is_signed(self, body: bytes, stamp: str, signature: str) -> bool:
        """Whether Slack signed this body, and lately."""
        if not re.fullmatch("[0-9]{1,12}", stamp):
            return False
        if abs(self._clock() - int(stamp)) > _OLDEST:
            return False
        signed = b"v0:" + stamp.encode() + b":" + body
        expected = "v0=" + hmac.new(self._secret, signed, hashlib.sha256).hexdigest()
        given = signature.encode("utf-8", "surrogateescape")
        return hmac.compare_digest(expected.encode(), given)


def parse(body: bytes, kind: str) -> dict[str, Any]:
    """The payload in a body of the content type ``kind``. Raises Malformed."""
    try:
        text = body.decode("utf-8")
        if kind == "application/x-www-form-urlencoded":
            text = parse_qs(text, errors="strict", max_num_fields=_MOST_FIELDS)["payload"][0]
        payload = json.loads(text, parse_constant=_refuse)
    except (ValueError, KeyError, RecursionError) as error:
        raise Malformed("The body is not what Slack sends.") from error
    if not isinstance(payload, dict):
        raise Malformed("The body is not what Slack sends.")
    return payload


async def listen(
    application: web.Application, host: str, port: int, option: str = "--host, --port"
) -> tuple[web.AppRunner, int]:
    """Take requests until the runner is cleaned up; the port is the one that was found for 0.

    Raises SettingsError when there is no listening there, which names what to set: ``option``.
    """
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=5.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except (OSError, OverflowError, UnicodeError) as error:
        await runner.cleanup()
        why = getattr(error, "strerror", None) or "not an address"
        raise SettingsError(
            f"Cannot listen on {host} port {port}: {why}. Choose others: {option}"
        ) from error
    return runner, int(runner.addresses[0][1])


async def _read(request: web.Request) -> bytes:
    """The body. Raises what ends the request: too large, too slow, not as its headers say."""
    try:
        async with asyncio.timeout(_PATIENCE):
            return await request.read()
    except web.HTTPException:
        raise
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    except Exception as error:
        raise web.HTTPBadRequest from error


def _refusal(status: int, why: str) -> web.Response:
    return web.json_response({"error": why}, status=status)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON.")
