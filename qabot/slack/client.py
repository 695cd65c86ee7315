"""The client for Slack's Web API: every call waits for its turn, and every end is told apart.

A call returns Slack's reply or raises one of three errors, whatever happened below: Slack said no
(``SlackRefused``), it certainly was not done (``SlackUnavailable``), or nobody knows
(``WriteUnsure``). What only reads, or may be done twice without harm, is tried again by itself; a
message is never sent a second time here, because the first may have arrived.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from qabot.errors import QabotError
from qabot.slack.pacing import AT_ONCE, Pacer
from qabot.slack.settings import SlackSettings

LONGEST_CALL = 30.0
"""Seconds for one attempt at a call."""
_IDLE = 15.0  # seconds that a connection is kept: less than servers do, which close it in our face
_PATIENCE = 600  # seconds that Slack may ask us to wait
_LIMITED = 8  # refusals for going too fast, in one call
_PAUSES_UNSENT = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds before each further attempt
_PAUSES_UNSURE = (0.5, 1.0, 2.0)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,79}")
_LOOPBACK = re.compile(r"localhost|127\.[\d.]+|::1")

_DEAD_TOKEN = frozenset(
    "account_inactive invalid_auth not_allowed_token_type not_authed org_login_required"
    " token_expired token_revoked two_factor_setup_required user_removed_from_team".split()
)
_TOO_FAST = frozenset({"ratelimited", "rate_limited"})
_UNCLEAR = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})
_REPEATABLE = frozenset(
    "chat.update conversations.info conversations.replies team.info users.info"
    " views.publish".split()
)
"""What may be done twice: reads, and writes that say how a thing shall be."""
_ONCE = frozenset(
    "apps.connections.open assistant.threads.setStatus assistant.threads.setSuggestedPrompts"
    " assistant.threads.setTitle auth.test views.open".split()
)
"""What is not tried again here: of no use later, or tried on by whoever calls."""
_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_BROKEN = (aiohttp.ClientError, TimeoutError, OSError, ValueError, SlackApiError)


class SlackProblem(QabotError):
    """A call of ``method`` came to nothing."""

    def __init__(self, message: str, method: str) -> None:
        super().__init__(message)
        self.method = method


class SlackRefused(SlackProblem):
    """Slack said no, and why: ``error`` is its name for the reason. Nothing was done."""

    def __init__(self, method: str, error: str, needed: str = "", detail: str = "") -> None:
        """``needed`` is the scope that is missing, ``detail`` what Slack says of the arguments."""
        super().__init__(
            f"Slack refused {method} ({error}). {_remedy(method, error, needed)}", method
        )
        self.error, self.needed, self.detail = error, needed, detail

    @property
    def is_token_dead(self) -> bool:
        """Whether every further call would be refused as well, until there is another token."""
        return self.error in _DEAD_TOKEN


class SlackUnavailable(SlackProblem):
    """Slack cannot be reached or asks for more patience than there is.

    Nothing was done; or if it was, it may be done again.
    """

    def __init__(self, method: str) -> None:
        super().__init__(f"Slack cannot be reached for {method}. Try again later.", method)


class WriteUnsure(SlackProblem):
    """The call may have been done or not: the connection broke, or Slack failed half-way."""

    def __init__(self, method: str) -> None:
        super().__init__(f"Slack broke off {method}. Look whether it was done.", method)


class SlackClient(AsyncWebClient):
    """An ``AsyncWebClient`` whose methods raise SlackRefused, SlackUnavailable and WriteUnsure."""

    def __init__(self, settings: SlackSettings, logger: logging.Logger) -> None:
        """Within a running event loop; close it there."""
        self.pacer = Pacer(settings.pace)
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=AT_ONCE, keepalive_timeout=_IDLE),
            timeout=aiohttp.ClientTimeout(total=LONGEST_CALL, sock_connect=10),
        )
        super().__init__(
            token=settings.bot_token,
            base_url=settings.api_url,
            session=self._http,
            logger=logger,
            retry_handlers=[],
        )
        if leads_past_proxies(settings.api_url):
            self.proxy = None

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.close()

    async def _request(
        self, *, http_verb: str, api_url: str, req_args: dict[str, Any]
    ) -> dict[str, Any]:
        method = api_url.removeprefix(self.base_url)
        channel = _channel(req_args)
        pauses, limited = _Pauses(method), 0
        while True:
            wait = None
            async with self.pacer.turn(method, channel):
                try:
                    reply = await super()._request(
                        http_verb=http_verb, api_url=api_url, req_args=dict(req_args)
                    )
                except _NOT_SENT as error:
                    wait = pauses.after_unsent(error)
                except _BROKEN as error:
                    wait = pauses.after_unsure(error)
                else:
                    asked = _asked_to_wait(reply)
                    if asked is None and _is_unclear(reply):
                        wait = pauses.after_unsure(None)
                    elif asked is None:
                        return _accepted(method, reply)
                    else:
                        limited += 1
                        self.pacer.hold(method, asked)
            if limited > (0 if method in _ONCE else _LIMITED):
                raise SlackUnavailable(method)
            if wait is not None:
                await asyncio.sleep(wait * random.uniform(0.8, 1.2))


def make_client(settings: SlackSettings) -> SlackClient:
    """A client for these settings, in the running event loop; close it there."""
    return SlackClient(settings, logging.getLogger("slack_sdk"))


def leads_past_proxies(address: str) -> bool:
    """Whether no proxy is asked for this address: it leads to this machine, or is exempt."""
    host = urlsplit(address).hostname or ""
    return bool(_LOOPBACK.fullmatch(host)) or bool(proxy_bypass(host))


class _Pauses:
    """Seconds to wait before a call is tried again; raises once it is not."""

    def __init__(self, method: str) -> None:
        self._method = method
        self._unsent = iter(() if method in _ONCE else _PAUSES_UNSENT)
        self._unsure = iter(_PAUSES_UNSURE if method in _REPEATABLE else ())

    def after_unsent(self, error: Exception) -> float:
        wait = next(self._unsent, None)
        if wait is None:
            raise SlackUnavailable(self._method) from error
        return wait

    def after_unsure(self, error: Exception | None) -> float:
        wait = next(self._unsure, None)
        if wait is not None:
            return wait
        kind = SlackUnavailable if self._method in _REPEATABLE | _ONCE else WriteUnsure
        raise kind(self._method) from error


def _asked_to_wait(reply: Mapping[str, Any]) -> float | None:
    """Seconds that Slack asks for after too many calls, else None."""
    if reply["status_code"] != 429 and _error(reply) not in _TOO_FAST:
        return None
    asked = str(reply["headers"].get("Retry-After", "")).strip()
    return float(min(_PATIENCE, max(1, int(asked)))) if re.fullmatch(r"\d{1,9}", asked) else 5.0


def _is_unclear(reply: Mapping[str, Any]) -> bool:
    """Whether the reply does not say what became of the call."""
    if reply["status_code"] >= 500 or _error(reply) in _UNCLEAR:
        return True
    return not isinstance(reply["data"], dict) or "ok" not in reply["data"]


def _accepted(method: str, reply: dict[str, Any]) -> dict[str, Any]:
    """The reply of a call that was done. Raises SlackRefused."""
    data = reply["data"]
    if reply["status_code"] == 200 and data["ok"]:
        return reply
    error, needed = _error(reply), data.get("needed")
    more = data.get("response_metadata")
    messages = more.get("messages") if isinstance(more, dict) else None
    raise SlackRefused(
        method,
        error if _NAME.fullmatch(error) else "unknown_error",
        needed if isinstance(needed, str) and re.fullmatch(r"[\w:.,-]{1,200}", needed) else "",
        " ".join(map(str, messages))[:500] if isinstance(messages, list) else "",
    )


def _error(reply: Mapping[str, Any]) -> str:
    data = reply["data"]
    return str(data.get("error", "")) if isinstance(data, dict) else ""


def _channel(arguments: Mapping[str, Any]) -> str | None:
    for name in ("json", "params", "data"):
        given = arguments.get(name)
        if isinstance(given, dict) and isinstance(given.get("channel"), str):
            return str(given["channel"])
    return None


def _remedy(method: str, error: str, needed: str) -> str:
    if error in _DEAD_TOKEN:
        name = "SLACK_APP_TOKEN" if method == "apps.connections.open" else "SLACK_BOT_TOKEN"
        return f"Put a valid token in {name} and start again."
    if error == "missing_scope":
        return f"Give the app the scope {needed or 'of slack/manifest.json'} and install it again."
    if error in ("not_in_channel", "channel_not_found"):
        return "Invite the bot to the channel."
    if error == "is_archived":
        return "Unarchive the channel."
    return f"What that means: https://docs.slack.dev/reference/methods/{method}"
