"""Socket Mode: however a connection ends, there is a new one, and no event is lost on the way."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import WSMsgType, web

from qabot.slack import sockets as module
from qabot.slack.app import make_app
from qabot.slack.client import SlackClient, SlackRefused
from qabot.slack.settings import SlackSettings
from qabot.slack.sockets import SocketMode
from qabot.slack.thread import Identity

HELLO = {"type": "hello", "num_connections": 1}
QUESTION = {
    "type": "event_callback",
    "event": {"type": "app_mention", "user": "U1", "text": "hello", "ts": "1.1", "channel": "C1"},
}
Use = Callable[["Slack"], Awaitable[Any]]


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short pauses; what a busy machine could take for silence keeps its time."""
    monkeypatch.setattr(module, "_STEADY", 0.0)
    monkeypatch.setattr(module, "_GRACE", 1.0)
    monkeypatch.setattr(module, "_PAUSE", 0.01)
    monkeypatch.setattr(module, "_LONGEST_PAUSE", 0.02)


class Slack:
    """Hands out addresses that are good once, and plays the other end of each connection."""

    def __init__(self) -> None:
        self.addresses = self.greetings = 0
        self.refused = 0
        self.refusals = 0  # upgrades still to be refused
        self.error: str | None = None
        self.mute: web.WebSocketResponse | None = None  # the connection that answers no ping
        self.is_silent_at_first = False
        self.open: list[web.WebSocketResponse] = []
        self.acknowledged: list[Any] = []
        self.taken: list[str] = []
        self.changed = asyncio.Event()
        self.bot: SocketMode
        self.listening: asyncio.Task[None]
        self.told = 0  # times that the bot said it is connected
        self._tickets: set[str] = set()

    async def until(self, what: Callable[[], object]) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(10):
            while not what():
                self.changed.clear()
                await self.changed.wait()

    def connected(self) -> None:
        self.told += 1

    async def send(self, payload: Any, name: str = "e1", **more: Any) -> None:
        """One envelope over the newest connection."""
        envelope = {"type": "events_api", "envelope_id": name, "payload": payload, **more}
        await self.open[-1].send_str(json.dumps(envelope))

    async def call(self, request: web.Request) -> web.Response:
        self.addresses += 1
        self.changed.set()
        if self.error:
            return web.json_response({"ok": False, "error": self.error})
        ticket = str(self.addresses)
        self._tickets.add(ticket)
        address = f"ws://{request.host}/link?ticket={ticket}"
        return web.json_response({"ok": True, "url": address})

    async def link(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query["ticket"]
        if self.refusals or ticket not in self._tickets:
            self.refusals -= 1
            self.refused += 1
            self._tickets.clear()  # it took too long: those handed out are of no use any more
            self.changed.set()
            return web.Response(status=503)
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        if not self.is_silent_at_first:
            await socket.send_str(json.dumps(HELLO))
            self.greetings += 1
        self.open.append(socket)
        self.changed.set()
        try:
            async for message in socket:
                if message.type == WSMsgType.PING and socket is not self.mute:
                    await socket.pong(message.data)
                elif message.type == WSMsgType.TEXT:
                    self.acknowledged.append(json.loads(message.data))
                    self.changed.set()
        finally:
            self.open.remove(socket)
            self.changed.set()
        return socket


def with_slack(use: Use) -> Slack:
    """Let a connected bot live through ``use``."""

    async def run() -> Slack:
        slack = Slack()
        application = web.Application()
        application.router.add_post("/api/{method}", slack.call)
        application.router.add_get("/link", slack.link)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
        settings = SlackSettings(bot_token="xoxb-1", api_url=address, pace=1_000)
        client = SlackClient(settings, logging.getLogger("test"))
        app = make_app(client, Identity("U0", "B0", "T1"))

        @app.event("app_mention")
        async def mentioned(event: dict[str, Any]) -> None:
            if event["text"] == "fail":
                raise RuntimeError("the disk is full")
            slack.taken.append(event["ts"])
            slack.changed.set()

        slack.bot = SocketMode(app, client, "xapp-1")
        slack.listening = asyncio.create_task(slack.bot.listen(slack.connected))
        try:
            await use(slack)
        finally:
            slack.listening.cancel()
            await asyncio.gather(slack.listening, return_exceptions=True)
            await slack.bot.close()
            await client.close()
            await runner.cleanup()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert not [task for task in others if "sockets" in str(task)]
        return slack

    return asyncio.run(run())


async def works(slack: Slack) -> None:
    """The bot takes an event over the newest connection and acknowledges it."""
    before = len(slack.acknowledged)
    await slack.until(lambda: slack.open)
    await slack.send(QUESTION)
    await slack.until(lambda: len(slack.acknowledged) > before)


def test_an_event_is_taken_and_acknowledged() -> None:
    slack = with_slack(works)
    assert slack.taken == ["1.1"]
    assert slack.acknowledged == [{"envelope_id": "e1"}]


def test_an_event_that_could_not_be_taken_is_not_acknowledged() -> None:
    async def use(slack: Slack) -> None:
        await slack.until(lambda: slack.open)
        failing = {**QUESTION, "event": {**QUESTION["event"], "text": "fail"}}  # type: ignore[dict-item]
        await slack.send(failing, "failing")
        await works(slack)

    assert with_slack(use).acknowledged == [{"envelope_id": "e1"}]


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "event_callback", "event": {"type": "channel_rename"}},
        {"type": "event_callback"},
        {"type": "event_callback", "event": 5},
        {"type": "block_actions", "user": 5},
        {},
        [],
        None,
        "text",
    ],
)
def test_what_nobody_waits_for_or_can_read_is_acknowledged_lest_it_come_again(payload: Any) -> None:
    async def use(slack: Slack) -> None:
        await slack.until(lambda: slack.open)
        await slack.send(payload)
        await slack.until(lambda: slack.acknowledged)
        await works(slack)

    assert len(with_slack(use).acknowledged) == 2


@pytest.mark.parametrize("text", ["", "{", "[]", "5", '{"envelope_id": 5}', "[" * 100_000])
def test_strange_messages_are_passed_over(text: str) -> None:
    async def use(slack: Slack) -> None:
        await slack.until(lambda: slack.open)
        await slack.open[-1].send_str(text)
        await slack.open[-1].send_bytes(b"\xff")
        await works(slack)

    assert with_slack(use).addresses == 1


def test_a_connection_that_is_cut_is_made_again() -> None:
    async def use(slack: Slack) -> None:
        for _ in range(5):
            await works(slack)
            socket = slack.open[-1]
            assert socket._req is not None
            assert socket._req.transport is not None
            socket._req.transport.abort()
            await slack.until(lambda gone=socket: gone not in slack.open)

    slack = with_slack(use)
    assert len(slack.taken) == 5
    assert slack.told == 1  # what is mended at once is not worth a line


def test_a_connection_that_is_closed_is_made_again() -> None:
    async def use(slack: Slack) -> None:
        await works(slack)
        await slack.open[-1].close()
        await works(slack)

    assert with_slack(use).addresses == 2


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "link_disabled"])
def test_a_connection_that_slack_will_end_is_replaced_before_and_read_to_its_end(
    reason: str,
) -> None:
    async def use(slack: Slack) -> None:
        await works(slack)
        old = slack.open[-1]
        await old.send_str(json.dumps({"type": "disconnect", "reason": reason}))
        await slack.until(lambda: len(slack.open) == 2)
        slack.open.reverse()
        await works(slack)  # over the old one
        await slack.until(lambda: slack.open == [one for one in slack.open if one is not old])
        await works(slack)

    slack = with_slack(use)
    assert slack.addresses == 2
    assert len(slack.taken) == 3


def test_a_connection_that_answers_no_ping_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PING", 1.0)

    async def use(slack: Slack) -> None:
        await works(slack)
        slack.mute = slack.open[-1]
        await slack.until(lambda: slack.open and slack.open[-1] is not slack.mute)
        await works(slack)

    assert with_slack(use).addresses >= 2


def test_a_connection_that_does_not_say_hello_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_GREETING", 0.5)

    async def use(slack: Slack) -> None:
        slack.is_silent_at_first = True
        await slack.until(lambda: slack.addresses >= 3)
        slack.is_silent_at_first = False
        await slack.until(lambda: slack.greetings)
        await works(slack)

    with_slack(use)


def test_while_upgrades_are_refused_each_attempt_asks_for_a_new_address() -> None:
    async def use(slack: Slack) -> None:
        await works(slack)
        slack.refusals = 6
        await slack.open[-1].close()
        await works(slack)

    slack = with_slack(use)
    assert slack.refused == 6
    assert slack.told == 2
    assert slack.addresses == 8


def test_an_address_that_is_refused_for_a_while_is_asked_for_again() -> None:
    async def use(slack: Slack) -> None:
        slack.error = "forbidden_team"
        await slack.until(lambda: slack.addresses >= 3)
        slack.error = None
        await works(slack)

    with_slack(use)


def test_a_token_that_is_not_accepted_ends_it_with_what_to_do() -> None:
    async def use(slack: Slack) -> None:
        slack.error = "invalid_auth"
        with pytest.raises(SlackRefused, match="SLACK_APP_TOKEN"):
            await slack.listening

    assert with_slack(use).addresses == 1


def test_a_token_that_is_revoked_for_a_while_is_tried_on() -> None:
    async def use(slack: Slack) -> None:
        await works(slack)
        slack.error = "token_revoked"
        await slack.open[-1].close()
        await slack.until(lambda: slack.addresses >= 4)
        slack.error = None
        await works(slack)

    with_slack(use)


def test_a_hundred_connections_leave_nothing_behind() -> None:
    async def use(slack: Slack) -> None:
        for _ in range(100):
            await works(slack)
            socket = slack.open[-1]
            await socket.close()
            await slack.until(lambda gone=socket: gone not in slack.open)
        await works(slack)
        await asyncio.sleep(0.05)
        assert len(slack.bot._tasks) <= 2
        assert len(slack.bot._open) <= 1

    with_slack(use)


def test_once_closed_nothing_more_is_taken_and_slack_is_told() -> None:
    async def use(slack: Slack) -> None:
        await works(slack)
        slack.listening.cancel()
        await slack.bot.close()
        await slack.until(lambda: not slack.open)

    assert len(with_slack(use).taken) == 1
