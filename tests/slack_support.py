"""A stand-in for Slack on 127.0.0.1: a workspace that a bot connects to as it does to Slack's.

Scopes and events are those of a manifest: a call outside the scopes is refused, an event that is
not subscribed to is not sent. It runs in a thread of its own; any method may be called from a test.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

from aiohttp import web
from slack_support_api import APP_TOKEN, BOT_TOKEN, Call, Fault, WebApi
from slack_support_blocks import Limits
from slack_support_delivery import SIGNING_SECRET, Delivery, Drop, Requests, Sockets
from slack_support_events import Teller
from slack_support_state import (
    ALICE,
    BOT,
    BOT_ID,
    GENERAL,
    Message,
    Workspace,
    direct,
)

MANIFEST = Path(__file__).resolve().parent.parent / "slack" / "manifest.json"
Found = TypeVar("Found")


class Slack(Teller):
    """The stand-in: people act by its methods, the bot by the network."""

    def __init__(
        self,
        manifest: Path = MANIFEST,
        *,
        request_url: str | None = None,
        limits: Limits | None = None,
        ack_seconds: float = 3.0,
        pauses: Sequence[float] = (0.1, 60, 300),
        ticket_seconds: float = 30.0,
        stream_life: float = 300.0,
        stream_bytes: int = 11_000,
        longest_page: int = 1_000,
    ) -> None:
        """With ``request_url`` events go there as signed requests, else by Socket Mode."""
        wanted = json.loads(manifest.read_text("utf-8"))
        self.sockets = Sockets(ack_seconds, ticket_seconds)
        super().__init__(
            Workspace(stream_life, stream_bytes),
            set(wanted["oauth_config"]["scopes"]["bot"]),
            set(wanted["settings"]["event_subscriptions"]["bot_events"]),
            self.sockets,
        )
        self.api = WebApi(self, limits)
        self.longest_page = longest_page
        self._requests = (request_url, ack_seconds, pauses)

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._do(self._open())
        return self

    async def _open(self) -> None:
        app = web.Application(client_max_size=8 * 1024 * 1024)
        app.router.add_route("*", "/api/{method}", self.api.serve)
        app.router.add_get("/link/", self.sockets.handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._address = "127.0.0.1:{1}".format(*self._runner.addresses[0][:2])
        url, ack_seconds, pauses = self._requests
        if url:
            self._carrier = Requests(url, ack_seconds, pauses)

    def __exit__(self, *_: object) -> None:
        self._do(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _shut(self) -> None:
        if isinstance(self._carrier, Requests):
            await self._carrier.close()
        await self.sockets.close()
        await self._runner.cleanup()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def environment(self) -> dict[str, str]:
        """What the bot needs to know to come here."""
        return {
            "SLACK_API_URL": f"http://{self._address}/api/",
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        }

    def _do(self, work: Awaitable[Found], patience: float = 60.0) -> Found:
        async def doing() -> Found:
            return await work

        return asyncio.run_coroutine_threadsafe(doing(), self._loop).result(patience)

    def _now(self, act: Callable[[], Found]) -> Found:
        """Do something where all state lives."""

        async def doing() -> Found:
            return act()

        return self._do(doing())

    def wait(self, find: Callable[[], Found], patience: float = 15.0) -> Found:
        """What ``find`` finds as soon as it is something; its last word when patience ends."""

        async def looking() -> Found:
            end = time.monotonic() + patience
            while not (found := find()) and time.monotonic() < end:
                await asyncio.sleep(0.005)
            return found

        return self._do(looking(), patience + 10)

    # What people do.

    def post(
        self,
        text: str,
        channel: str = GENERAL,
        user: str = ALICE,
        thread_ts: str | None = None,
        mention_first: bool = True,
        **more: Any,
    ) -> Message:
        """A person writes; a mention of the bot in a channel sends two events, in either order."""

        def act() -> Message:
            message = self.workspace.add(channel, user, text, thread_ts=thread_ts, **more)
            self.announce(message, mention_first)
            return message

        return self._now(act)

    def mention(self, text: str, channel: str = GENERAL, **more: Any) -> Message:
        """A person mentions the bot."""
        return self.post(f"<@{BOT}> {text}", channel, **more)

    def ask_directly(self, text: str, user: str = ALICE, **more: Any) -> Message:
        """A person writes to the bot alone."""
        return self.post(text, direct(user), user, **more)

    def announce_again(self, message: Message) -> None:
        """The same message in new events, as after a reply that Slack has missed."""
        self._now(lambda: self.announce(message))

    def delete(self, message: Message) -> None:
        """A message disappears."""

        def act() -> None:
            del self.workspace.messages[message.channel][message.ts]
            self.tell_of(message, "message_deleted")

        self._now(act)

    def open_home(self, tab: str = "messages", user: str = ALICE) -> None:
        """A person opens the conversation with the bot, or its Home tab."""
        event = {"type": "app_home_opened", "user": user, "channel": direct(user), "tab": tab}
        self._now(lambda: self.event("app_home_opened", event))

    def press_stop(self, message: Message, user: str = ALICE) -> None:
        """A person presses the stop button of a reply that is being written."""

        def act() -> None:
            live = [one for one in self.workspace.live_ones() if one.ts == message.ts]
            for one in live:
                assert one.stream is not None
                one.stream.state = "stopped"
            event = {
                "type": "agent_session_stopped",
                "user": user,
                "channel": message.channel,
                "thread_ts": message.thread_ts,
                "streaming_message_ts": [one.ts for one in live],
                "event_ts": self.workspace.new_ts(),
            }
            self.event("agent_session_stopped", event)

        self._now(act)

    def click(
        self, message: Message, element: Mapping[str, Any], user: str = ALICE, **changed: Any
    ) -> Delivery:
        """A person clicks on an element of a message; ``changed`` is what the click carries."""
        action = {name: element.get(name) for name in ("type", "action_id", "block_id", "value")}
        payload = {
            "type": "block_actions",
            "channel": {"id": message.channel},
            "message": message.public(),
            "container": {
                "type": "message",
                "message_ts": message.ts,
                "channel_id": message.channel,
                "thread_ts": message.thread_ts,
            },
            "actions": [{**action, "action_ts": "1.0", **changed}],
        }
        return self._now(lambda: self.interact(payload, user))

    def submit(
        self, view: Mapping[str, Any], values: Mapping[str, Any], user: str = ALICE
    ) -> Delivery:
        """A person sends a form."""
        filled = {**view, "state": {"values": values}}
        payload = {"type": "view_submission", "view": filled}
        return self._now(lambda: self.interact(payload, user))

    # What goes wrong.

    def fault(self, method: str, times: int = 1, **how: Any) -> Fault:
        """Let the next calls of a method fail; what can be said is in Fault."""
        fault = Fault(method, times, **how)
        self._now(lambda: self.api.faults.append(fault))
        return fault

    def drop(self, how: Drop) -> None:
        """Lose the bot's sockets."""
        self._do(self.sockets.drop(how))

    def new_address(self) -> str:
        """An address for Socket Mode."""
        return self.sockets.new_address(f"ws://{self._address}")

    # What can be seen.

    def replies(self, message: Message) -> list[Message]:
        """The bot's messages in the thread of a message."""
        root = message.thread_ts or message.ts
        thread = self.workspace.thread(message.channel, root)
        return [one for one in thread if one.bot_id == BOT_ID and one.ts != root]

    def calls(self, method: str | None = None) -> list[Call]:
        """The bot's calls so far, of one method or all."""
        return [call for call in self.api.calls if method in (None, call.method)]
