"""The Web API of the stand-in for Slack: who may call what, how often, and what goes wrong."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import web
from slack_support_blocks import Limits
from slack_support_methods import METHODS, Host, Method
from slack_support_state import Refusal, read_json

BOT_TOKEN, APP_TOKEN = "xoxb-1-stand-in", "xapp-1-stand-in"
_JSON = "application/json"


@dataclass
class Call:
    """One call of the bot's; ``at`` is of the monotonic clock."""

    method: str
    arguments: dict[str, Any]
    at: float
    status: int = 200
    error: str | None = None

    @property
    def ok(self) -> bool:
        return self.status == 200 and self.error is None


@dataclass
class Fault:
    """What goes wrong with the next calls of a method (``*``: of any), ``times`` of them.

    ``delay`` is in seconds, before the effect of the call, which has none if the caller has gone by
    then; ``late`` is in seconds, after it. ``cut`` loses the connection before or after the effect.
    ``only`` chooses calls by their arguments.
    """

    method: str
    times: int = 1
    status: int = 200
    error: str | None = None
    retry_after: int = 1
    delay: float = 0.0
    late: float = 0.0
    cut: Literal["before", "after"] | None = None
    only: Callable[[Mapping[str, Any]], bool] = lambda arguments: True

    def meets(self, call: Call) -> bool:
        return self.times > 0 and self.method in (call.method, "*") and self.only(call.arguments)


class WebApi:
    """Answers calls; ``calls`` holds all of them."""

    def __init__(self, host: Host, limits: Limits | None) -> None:
        """``host`` is what the methods act on; without ``limits`` any rate is borne."""
        self._host, self._limits = host, limits
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self.revoked: str | None = None
        """The error that every call gets once a token is no longer good."""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One call, from its request to its reply."""
        arguments, token = await _read(request)
        call = Call(request.match_info["method"], arguments, time.monotonic())
        self.calls.append(call)
        fault = next((fault for fault in self.faults if fault.meets(call)), Fault("", 0))
        fault.times -= 1
        await asyncio.sleep(fault.delay)
        is_gone = request.transport is None or request.transport.is_closing()
        if fault.cut == "before" or is_gone:
            call.error = "cut"
            return _cut(request)
        if fault.status != 200 or fault.error:
            call.status, call.error = fault.status, fault.error or "internal_error"
            return _reply({"ok": False, "error": call.error}, call, fault.retry_after)
        try:
            answer = {"ok": True, **self._answer(call, token)}
        except Refusal as refusal:
            call.error = refusal.error
            answer = {"ok": False, "error": refusal.error, **refusal.more}
        await asyncio.sleep(fault.late)
        if fault.cut == "after":
            return _cut(request)
        return _reply(answer, call, answer.pop("wait", 1))

    def _answer(self, call: Call, token: str) -> dict[str, Any]:
        method = METHODS.get(call.method)
        if method is None:
            raise Refusal("unknown_method", req_method=call.method)
        self._check_token(call.method, token)
        self._check(method, call.arguments)
        if self._limits:
            channel = str(call.arguments.get("channel", ""))
            wait = self._limits.wait(call.method, channel, method.per_minute)
            if wait:
                call.status = 429
                raise Refusal("ratelimited", wait=max(1, round(wait + 0.5)))
        return method.act(self._host, call.arguments)

    def _check_token(self, method: str, token: str) -> None:
        if self.revoked:
            raise Refusal(self.revoked)
        wanted = APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN
        if token != wanted:
            known = token in (APP_TOKEN, BOT_TOKEN)
            raise Refusal("not_allowed_token_type" if known else "invalid_auth")

    def _check(self, method: Method, arguments: Mapping[str, Any]) -> None:
        granted = self._host.scopes
        if method.scopes and not set(method.scopes) & granted:
            raise Refusal("missing_scope", needed=method.scopes[0], provided=",".join(granted))
        missing = [name for name in method.required if arguments.get(name) is None]
        if missing:
            said = [f"[ERROR] missing required field: {name}" for name in missing]
            raise Refusal("invalid_arguments", response_metadata={"messages": said})


async def _read(request: web.Request) -> tuple[dict[str, Any], str]:
    """The arguments of a call, sent in any of Slack's ways, and its token."""
    arguments: dict[str, Any] = dict(request.query)
    if request.method == "POST" and request.content_type == _JSON:
        arguments |= json.loads(await request.text() or "{}")
    elif request.method == "POST":
        arguments |= dict(await request.post())
    for name in ("blocks", "chunks", "loading_messages", "metadata", "prompts", "view"):
        if name in arguments:
            arguments[name] = read_json(arguments[name])
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return arguments, token or str(arguments.pop("token", ""))


def _reply(answer: dict[str, Any], call: Call, wait: int) -> web.Response:
    headers = {"Retry-After": str(wait)} if call.status == 429 else {}
    return web.json_response(answer, status=call.status, headers=headers)


def _cut(request: web.Request) -> web.Response:
    """The connection lost without a reply."""
    if request.transport:
        request.transport.abort()
    return web.Response()
