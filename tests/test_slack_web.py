"""HTTP mode: what Slack has not signed goes nowhere, and nothing that comes in ends in a 500."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import json
import logging
import urllib.parse
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qabot.errors import SettingsError
from qabot.slack.app import dispatch, make_app
from qabot.slack.client import SlackClient
from qabot.slack.settings import SlackSettings
from qabot.slack.thread import Identity
from qabot.slack.web import LARGEST_BODY, PATH, Gate, listen

SECRET, NOW = "shh", 1_700_000_000
EVENT = {
    "type": "event_callback",
    "team_id": "T1",
    "event_id": "Ev1",
    "event": {"type": "app_mention", "user": "U1", "text": "hello", "ts": "1.1", "channel": "C1"},
    "authorizations": [{"team_id": "T1", "user_id": "U0", "is_bot": True}],
}
CLICK = {"type": "block_actions", "user": {"id": "U1"}, "actions": [{"action_id": "show"}]}
Got = tuple[int, str]


class Door:
    """A bot in HTTP mode, and what reached its listeners."""

    def __init__(self, base: str, session: aiohttp.ClientSession) -> None:
        self.base, self.session = base, session
        self.taken: list[Any] = []
        self.failing = False

    async def send(self, body: bytes | str | Mapping[str, Any], **headers: str) -> Got:
        """Send a body that is signed; ``headers`` replace those that Slack would send."""
        if isinstance(body, Mapping):
            body = json.dumps(body)
        data = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.bare(data, {**signed(data), **named})

    async def bare(self, body: bytes, headers: Mapping[str, str]) -> Got:
        kind = {"Content-Type": "application/json"}
        async with self.session.post(
            self.base + PATH, data=body, headers={**kind, **headers}
        ) as response:
            return response.status, await response.text()


def signed(body: bytes, stamp: str = str(NOW), secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def at_the_door(use: Callable[[Door], Awaitable[Any]]) -> Any:
    """What a use of a listening bot gives."""

    async def run() -> Any:
        client = SlackClient(SlackSettings(bot_token="xoxb-1"), logging.getLogger("test"))
        app = make_app(client, Identity("U0", "B0", "T1"))
        runner, port = await listen(
            Gate(app, SECRET, clock=lambda: NOW).application(), "127.0.0.1", 0
        )
        async with aiohttp.ClientSession() as session:
            door = Door(f"http://127.0.0.1:{port}", session)

            @app.event("app_mention")
            async def mentioned(event: dict[str, Any]) -> None:
                if door.failing:
                    raise RuntimeError("the disk is full")
                door.taken.append(event)

            @app.action("show")
            async def clicked(ack: Any, action: dict[str, Any]) -> None:
                await ack()
                door.taken.append(action)

            @app.view("form")
            async def sent(ack: Any) -> None:
                await ack(response_action="errors", errors={"comment": "Too long."})

            try:
                return await use(door)
            finally:
                await runner.cleanup()
                await client.close()

    return asyncio.run(run())


def test_what_slack_signed_reaches_its_listener() -> None:
    async def use(door: Door) -> None:
        assert await door.send(EVENT) == (200, "")
        form = "payload=" + urllib.parse.quote(json.dumps(CLICK))
        kind = "application/x-www-form-urlencoded"
        assert (await door.send(form, Content_Type=kind))[0] == 200
        assert [one.get("ts") or one["action_id"] for one in door.taken] == ["1.1", "show"]

    at_the_door(use)


BODY = json.dumps(EVENT).encode()
FORGED = {
    "no signature": {"X-Slack-Request-Timestamp": str(NOW)},
    "no time": {"X-Slack-Signature": signed(BODY)["X-Slack-Signature"]},
    "nothing": {},
    "another secret": signed(BODY, secret="other"),
    "another body": signed(BODY + b" "),
    "too old": signed(BODY, stamp=str(NOW - 301)),
    "from the future": signed(BODY, stamp=str(NOW + 301)),
    "a time that is no number": signed(BODY, stamp="yesterday"),
    "a time with a fraction": signed(BODY, stamp=f"{NOW}.0"),
    "a time below zero": signed(BODY, stamp=f"-{NOW}"),
    "a time in other digits": signed(BODY, stamp="١٧٠٠٠٠٠٠٠٠"),
    "an endless time": signed(BODY, stamp="9" * 5_000),
    "a signature in another case": {
        **signed(BODY),
        "X-Slack-Signature": signed(BODY)["X-Slack-Signature"].upper(),
    },
    "a signature that is not ASCII": {**signed(BODY), "X-Slack-Signature": "v0=ünwahr"},
    "a signature that is not UTF-8": {**signed(BODY), "X-Slack-Signature": "v0=\udcff\udcfe"},
    "an empty signature": {**signed(BODY), "X-Slack-Signature": ""},
}


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED.keys())
def test_what_slack_did_not_sign_or_long_ago_is_refused(headers: dict[str, str]) -> None:
    async def use(door: Door) -> None:
        assert (await raw(door, BODY, headers)) == 401
        assert not door.taken

    at_the_door(use)


async def raw(door: Door, body: bytes, headers: Mapping[str, str]) -> int:
    """The status for a request that is written byte by byte, as no client would."""
    host, _, port = door.base.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [f"POST {PATH} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += ["Content-Type: application/json", "Connection: close"]
    writer.write("\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body)
    status = (await reader.readline()).split()
    writer.close()
    await writer.wait_closed()
    return int(status[1])


MALFORMED = {
    "empty": b"",
    "no JSON": b"{",
    "not UTF-8": b'{"type": "\xff"}',
    "UTF-16": json.dumps(EVENT).encode("utf-16"),
    "a list": b"[]",
    "a number": b"5",
    "null": b"null",
    "not a number": b'{"type": NaN}',
    "an endless number": b'{"type": ' + b"9" * 10_000 + b"}",
    "very deep": b"[" * 200_000,
    "no type": b"{}",
    "a type that is no text": b'{"type": 5}',
    "an event that is no object": b'{"type": "event_callback", "event": []}',
    "an event without a type": b'{"type": "event_callback", "event": {}}',
    "no event": b'{"type": "event_callback"}',
    "a challenge that is no text": b'{"type": "url_verification", "challenge": {}}',
    "a user that is a number": b'{"type": "block_actions", "user": 5}',
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
@pytest.mark.parametrize("is_form", [False, True])
def test_a_malformed_body_is_refused(body: bytes, is_form: bool) -> None:
    async def use(door: Door) -> None:
        kind = "application/x-www-form-urlencoded" if is_form else "application/json"
        data = b"payload=" + urllib.parse.quote_from_bytes(body).encode() if is_form else body
        assert (await door.send(data, Content_Type=kind))[0] == 400

    at_the_door(use)


@pytest.mark.parametrize("body", [b"", b"payload=", b"ssl_check=1", b"a&" * 500, b"payload=%FF"])
def test_a_form_without_a_payload_is_refused(body: bytes) -> None:
    async def use(door: Door) -> None:
        kind = "application/x-www-form-urlencoded"
        assert (await door.send(body, Content_Type=kind))[0] == 400

    at_the_door(use)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["id", "type", "user", "team_id", "bot_id", "action_id", "text"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=5,
)
KEYS = (
    "type event user team channel view actions message container authorizations enterprise"
    " is_ext_shared_channel response_urls function_data assistant_thread callback_id"
).split()
TYPES = ["event_callback", "block_actions", "view_submission", "message_action", "shortcut"]


@given(st.sampled_from(TYPES), st.dictionaries(st.sampled_from(KEYS), JSON))
def test_no_payload_whatever_ends_in_an_exception(kind: str, body: dict[str, Any]) -> None:
    async def run() -> None:
        client = SlackClient(SlackSettings(bot_token="xoxb-1"), logging.getLogger("test"))
        try:
            app = make_app(client, Identity("U0", "B0", "T1"))
            response = await dispatch(app, {**EVENT, "type": kind, **body}, {})
            assert response is None or response.status < 500
        finally:
            await client.close()

    asyncio.run(run())


def test_the_address_is_proved_to_be_ours() -> None:
    async def use(door: Door) -> None:
        status, text = await door.send({"type": "url_verification", "challenge": "x<y"})
        assert (status, json.loads(text)) == (200, {"challenge": "x<y"})

    at_the_door(use)


def test_an_event_that_could_not_be_taken_is_to_come_again() -> None:
    async def use(door: Door) -> None:
        door.failing = True
        assert (await door.send(EVENT))[0] == 503
        door.failing = False
        assert (await door.send(EVENT, X_Slack_Retry_Num="1"))[0] == 200
        assert len(door.taken) == 1

    at_the_door(use)


def test_an_event_that_nobody_waits_for_does_not_come_again() -> None:
    async def use(door: Door) -> None:
        other = {**EVENT, "event": {"type": "channel_rename"}}
        assert (await door.send(other))[0] == 200

    at_the_door(use)


def test_what_a_listener_answers_to_a_form_is_sent() -> None:
    async def use(door: Door) -> None:
        view = {
            "type": "view_submission",
            "view": {"type": "modal", "callback_id": "form"},
            "user": {"id": "U1"},
        }
        form = "payload=" + urllib.parse.quote(json.dumps(view))
        kind = "application/x-www-form-urlencoded"
        status, text = await door.send(form, Content_Type=kind)
        assert (status, json.loads(text)["response_action"]) == (200, "errors")

    at_the_door(use)


def test_other_ways_in_are_closed_and_health_is_told() -> None:
    async def use(door: Door) -> None:
        async with door.session.get(door.base + "/healthz") as response:
            assert (response.status, await response.json()) == (200, {"ok": True})
        async with door.session.get(door.base + PATH) as response:
            assert response.status == 405
        async with door.session.post(door.base + "/slack/other") as response:
            assert response.status == 404

    at_the_door(use)


def test_a_body_without_end_is_refused() -> None:
    async def use(door: Door) -> None:
        endless = io.BytesIO(b" " * (LARGEST_BODY + 1))
        async with door.session.post(door.base + PATH, data=endless) as response:
            assert response.status == 413
        status, _ = await door.bare(b"no gzip", {**signed(b"no gzip"), "Content-Encoding": "gzip"})
        assert status == 400

    at_the_door(use)


def test_a_place_that_is_taken_is_named_with_what_to_do() -> None:
    async def use(door: Door) -> None:
        port = int(door.base.rpartition(":")[2])
        with pytest.raises(SettingsError, match=f"port {port}.*--port"):
            await listen(aiohttp.web.Application(), "127.0.0.1", port)
        with pytest.raises(SettingsError, match="--host"):
            await listen(aiohttp.web.Application(), "no such host.invalid", 0)

    at_the_door(use)
