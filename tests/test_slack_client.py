"""The client: every end of a call is told apart, and no message is sent a second time by itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from qabot.slack import client as module
from qabot.slack.client import (
    SlackClient,
    SlackRefused,
    SlackUnavailable,
    WriteUnsure,
    leads_past_proxies,
)
from qabot.slack.settings import SlackSettings

TOKEN = "xoxb-1-secret"
Act = Callable[[web.Request], Awaitable[web.Response]]
Use = Callable[[SlackClient], Awaitable[Any]]


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSES_UNSENT", (0.0, 0.0))
    monkeypatch.setattr(module, "_PAUSES_UNSURE", (0.0, 0.0))


def says(body: Any, status: int = 200, **headers: str) -> Act:
    async def act(request: web.Request) -> web.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(body, str):
            return web.Response(text=body, status=status, content_type="text/html", headers=named)
        return web.json_response(body, status=status, headers=named)

    return act


async def cut(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


DONE = says({"ok": True, "ts": "1.2", "url": "ws://x"})


class Server:
    """Answers calls with ``acts`` in turn, the last of them for ever."""

    def __init__(self, *acts: Act) -> None:
        self.acts, self.methods, self.headers = acts, [], []  # type: ignore[var-annotated]

    async def answer(self, request: web.Request) -> web.Response:
        await request.read()
        self.methods.append(request.match_info["method"])
        self.headers.append(request.headers)
        return await self.acts[min(len(self.methods), len(self.acts)) - 1](request)


@asynccontextmanager
async def connected(server: Server) -> AsyncIterator[SlackClient]:
    application = web.Application()
    application.router.add_route("*", "/api/{method}", server.answer)
    runner = web.AppRunner(application, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    chosen = SlackSettings(bot_token=TOKEN, api_url=address, pace=1_000)
    client = SlackClient(chosen, logging.getLogger("test"))
    try:
        yield client
    finally:
        await client.close()
        await runner.cleanup()


def outcome(server: Server, use: Use) -> Any:
    """What a use of the client gives, or the error that it raises."""

    async def run() -> Any:
        async with connected(server) as client:
            try:
                return await use(client)
            except Exception as error:
                return error

    return asyncio.run(run())


async def post(client: SlackClient) -> Any:
    return await client.chat_postMessage(channel="C1", text="hello")


async def read(client: SlackClient) -> Any:
    return await client.conversations_replies(channel="C1", ts="1.1")


async def update(client: SlackClient) -> Any:
    return await client.chat_update(channel="C1", ts="1.1", text="all of it")


async def identify(client: SlackClient) -> Any:
    return await client.auth_test()


async def status(client: SlackClient) -> Any:
    return await client.assistant_threads_setStatus(channel_id="C1", thread_ts="1.1", status="...")


BROKEN = {
    "cut": cut,
    "500": says({"ok": False}, 500),
    "503 in HTML": says("<h1>busy</h1>", 503),
    "HTML": says("<h1>welcome</h1>"),
    "no JSON": says('{"ok": tr'),
    "JSON of another kind": says([1, 2]),
    "internal_error": says({"ok": False, "error": "internal_error"}),
    "fatal_error": says({"ok": False, "error": "fatal_error"}),
}


@pytest.mark.parametrize("act", BROKEN.values(), ids=BROKEN.keys())
def test_a_message_is_sent_once_and_whether_it_arrived_is_left_open(act: Act) -> None:
    server = Server(act, DONE)
    found = outcome(server, post)
    assert isinstance(found, WriteUnsure)
    assert found.method == "chat.postMessage"
    assert server.methods == ["chat.postMessage"]


@pytest.mark.parametrize("act", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("use", [read, update])
def test_what_may_be_done_twice_is_tried_again(act: Act, use: Use) -> None:
    server = Server(act, act, DONE)
    assert outcome(server, use)["ok"]
    assert len(server.methods) == 3


@pytest.mark.parametrize("use", [read, update])
def test_what_keeps_failing_is_given_up(use: Use) -> None:
    server = Server(says({"ok": False}, 500))
    assert isinstance(outcome(server, use), SlackUnavailable)
    assert len(server.methods) == 3


@pytest.mark.parametrize("use", [read, post])
def test_a_call_that_was_never_sent_is_tried_again_and_certainly_not_done(use: Use) -> None:
    async def run() -> None:
        chosen = SlackSettings(bot_token=TOKEN, api_url="http://127.0.0.1:9/api/", pace=1_000)
        client = SlackClient(chosen, logging.getLogger("test"))
        try:
            with pytest.raises(SlackUnavailable):
                await use(client)
        finally:
            await client.close()

    asyncio.run(run())


@pytest.mark.parametrize("use", [read, post, update])
@pytest.mark.parametrize(
    "act",
    [
        says({"ok": False, "error": "ratelimited"}, 429, Retry_After="30"),
        says("slow down", 429, Retry_After="30"),
        says({"ok": False, "error": "rate_limited"}, 200, Retry_After="30"),
    ],
)
def test_who_is_told_to_wait_waits_so_long_and_then_calls_again(use: Use, act: Act) -> None:
    server, held = Server(act, DONE), []

    async def patient(client: SlackClient) -> Any:
        client.pacer.hold = lambda *told: held.append(told)  # type: ignore[method-assign]
        return await use(client)

    assert outcome(server, patient)["ok"]
    assert held == [(server.methods[0], 30.0)]
    assert len(server.methods) == 2


@pytest.mark.parametrize(
    ("asked", "seconds"), [("0", 1), ("7", 7), ("999999999", 600), ("soon", 5), ("-3", 5), ("", 5)]
)
def test_odd_wishes_of_how_long_to_wait_are_bounded(asked: str, seconds: float) -> None:
    server, held = Server(says({"ok": False}, 429, Retry_After=asked), DONE), []

    async def patient(client: SlackClient) -> Any:
        client.pacer.hold = lambda *told: held.append(told)  # type: ignore[method-assign]
        return await post(client)

    assert outcome(server, patient)["ok"]
    assert held == [("chat.postMessage", seconds)]


@pytest.mark.parametrize("act", [says({"ok": False}, 429, Retry_After="30"), cut])
@pytest.mark.parametrize("use", [status, identify])
def test_what_is_of_no_use_later_or_tried_on_elsewhere_is_not_tried_again(
    use: Use, act: Act
) -> None:
    server = Server(act, DONE)
    assert isinstance(outcome(server, use), SlackUnavailable)
    assert len(server.methods) == 1


@pytest.mark.parametrize("status", [200, 400, 403, 404])
def test_a_refusal_names_its_reason_and_ends_with_what_to_do(status: int) -> None:
    body = {"ok": False, "error": "missing_scope", "needed": "chat:write", "provided": "x"}
    server = Server(says(body, status))
    found = outcome(server, post)
    assert isinstance(found, SlackRefused)
    assert (found.error, found.needed, found.is_token_dead) == (
        "missing_scope",
        "chat:write",
        False,
    )
    assert str(found) == (
        "Slack refused chat.postMessage (missing_scope). "
        "Give the app the scope chat:write and install it again."
    )
    assert len(server.methods) == 1


@pytest.mark.parametrize("error", ["invalid_auth", "token_revoked", "account_inactive"])
def test_a_dead_token_is_told_from_other_refusals(error: str) -> None:
    found = outcome(Server(says({"ok": False, "error": error})), post)
    assert isinstance(found, SlackRefused)
    assert found.is_token_dead
    assert "SLACK_BOT_TOKEN" in str(found)
    assert TOKEN not in str(found)


@pytest.mark.parametrize("error", ["\x1b[2J", "<b>", "", "a" * 1_000, None, ["x"], 5])
def test_what_a_stranger_calls_an_error_is_not_repeated(error: Any) -> None:
    found = outcome(Server(says({"ok": False, "error": error})), post)
    assert isinstance(found, SlackRefused)
    assert found.error == "unknown_error"


def test_further_pages_are_fetched_with_the_same_care() -> None:
    page = says({"ok": True, "messages": [1], "response_metadata": {"next_cursor": "more"}})
    server = Server(page, cut, page, DONE)

    async def use(client: SlackClient) -> list[int]:
        return [len(one.get("messages", [])) async for one in await read(client)]

    assert outcome(server, use) == [1, 1, 0]
    assert len(server.methods) == 4


def test_the_app_token_goes_where_it_belongs_and_only_there() -> None:
    server = Server(DONE)

    async def use(client: SlackClient) -> None:
        await client.apps_connections_open(app_token="xapp-1")
        await post(client)

    outcome(server, use)
    sent = [headers["Authorization"] for headers in server.headers]
    assert sent == ["Bearer xapp-1", f"Bearer {TOKEN}"]


def test_connections_are_used_again() -> None:
    server = Server(DONE)
    peers = set()

    async def act(request: web.Request) -> web.Response:
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        return await DONE(request)

    server.acts = (act,)

    async def use(client: SlackClient) -> None:
        for _ in range(5):
            await update(client)

    assert outcome(server, use) is None
    assert len(peers) == 1


def test_no_proxy_is_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "inside.example")
    assert outcome(Server(DONE), post)["ok"]
    assert not leads_past_proxies("https://slack.com/api/")
    assert leads_past_proxies("wss://inside.example/link")
    assert leads_past_proxies("http://[::1]:80/")
