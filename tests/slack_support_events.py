"""What the stand-in for Slack tells the bot, and when it does not."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

from slack_support_delivery import Carrier, Delivery
from slack_support_state import APP, BOT, TEAM, Message, Refusal, Workspace

_SCOPES = {
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
}
_PLURAL = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}


class Teller:
    """Makes events of what happens in a workspace; all of it runs in the loop of the stand-in."""

    def __init__(
        self, workspace: Workspace, scopes: set[str], events: set[str], carrier: Carrier
    ) -> None:
        self.workspace, self.scopes, self.events = workspace, scopes, events
        self.deliveries: list[Delivery] = []
        self._carrier = carrier
        self._triggers: dict[str, float] = {}
        self._tasks: set[asyncio.Future[None]] = set()

    def announce(self, message: Message, mention_first: bool = True) -> None:
        """The events that tell of a message; called in the loop."""
        events = [message.public()]
        mentions = f"<@{BOT}>" in message.text
        if mentions and self.workspace.channels[message.channel].kind != "im":
            events.insert(0 if mention_first else 1, {**message.public(), "type": "app_mention"})
        for event in events:
            self._send_message_event(event, message.channel)

    def interact(self, payload: dict[str, Any], user: str) -> Delivery:
        """A person does something with what the bot shows."""
        trigger = uuid.uuid4().hex
        self._triggers[trigger] = time.monotonic() + 3.0
        who = {"user": {"id": user, "team_id": TEAM}, "team": {"id": TEAM}}
        whole = {**payload, **who, "api_app_id": APP, "trigger_id": trigger}
        return self._deliver(Delivery("interactive", payload["type"], whole))

    def tell_of(self, message: Message, change: str | None = None) -> None:
        """The event about a message of the bot's own, or about a change to a message."""
        event = message.public()
        if change:
            event = {"type": "message", "subtype": change, "ts": self.workspace.new_ts()}
            event["message" if change == "message_changed" else "previous_message"] = (
                message.public()
            )
        self._send_message_event(event, message.channel)

    def _send_message_event(self, event: dict[str, Any], channel: str) -> None:
        kind = self.workspace.channels[channel].kind
        where = {"channel": channel, "channel_type": kind, "event_ts": event["ts"]}
        is_mention = event["type"] == "app_mention"
        self.event("app_mention" if is_mention else f"message.{_PLURAL[kind]}", {**event, **where})

    def event(self, name: str, event: dict[str, Any]) -> None:
        """Tell of something, where the bot is there, has subscribed to it and may know it."""
        there = self.workspace.channels.get(event.get("channel", ""))
        if there and BOT not in there.members:
            return
        if name not in self.events or _SCOPES.get(name, "chat:write") not in self.scopes:
            return
        payload = {
            "type": "event_callback",
            "team_id": TEAM,
            "api_app_id": APP,
            "event_id": f"Ev{uuid.uuid4().hex[:10].upper()}",
            "event_time": int(time.time()),
            "event": event,
            "authorizations": [{"team_id": TEAM, "user_id": BOT, "is_bot": True}],
        }
        self._deliver(Delivery("events_api", name, payload))

    def _deliver(self, delivery: Delivery) -> Delivery:
        self.deliveries.append(delivery)
        task = asyncio.ensure_future(self._carrier.send(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return delivery

    def take_trigger(self, trigger: str | None) -> None:
        """A trigger is good once, for three seconds."""
        until = self._triggers.pop(trigger or "", None)
        if until is None:
            raise Refusal("invalid_trigger_id")
        if until < time.monotonic():
            raise Refusal("expired_trigger_id")
