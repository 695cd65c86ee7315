"""What the stand-in for Slack holds: people, channels, messages, streams. No network here."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from slack_support_blocks import check_blocks

TEAM, APP = "T0TEAM", "A0APP"
BOT, BOT_ID = "U0BOT", "B0BOT"
ALICE, BOB = "U0ALICE", "U0BOB"
GENERAL, RANDOM = "C0GENERAL", "C0RANDOM"

Kind = Literal["channel", "group", "mpim", "im"]
"""What a channel is: public, private, a group message, a direct message."""


class Refusal(Exception):
    """An answer with ``ok: false``."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.error, self.more = error, more


@dataclass
class Channel:
    """A place to write in; the bot takes part in those that it is a member of."""

    id: str
    kind: Kind
    members: set[str]
    is_archived: bool = False


@dataclass
class Stream:
    """A message that is still being written, or was; times are of the monotonic clock."""

    state: Literal["live", "done", "stopped", "expired"]
    began_at: float
    appended: list[tuple[float, str]] = field(default_factory=list)


@dataclass
class Message:
    """A message as people see it, with the ways in which it came to be so."""

    ts: str
    channel: str
    user: str
    text: str
    thread_ts: str | None = None
    bot_id: str | None = None
    subtype: str | None = None
    blocks: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] | None = None
    options: dict[str, Any] = field(default_factory=dict)
    stream: Stream | None = None
    written_at: float = field(default_factory=time.monotonic)
    edits: int = 0

    def public(self) -> dict[str, Any]:
        """The message as Slack tells others of it."""
        told = {"type": "message", "ts": self.ts, "user": self.user, "text": self.text}
        for name in ("thread_ts", "bot_id", "subtype", "blocks", "metadata"):
            if getattr(self, name):
                told[name] = getattr(self, name)
        if self.bot_id:
            told["app_id"] = APP
        return {**told, "team": TEAM}

    @property
    def is_live(self) -> bool:
        """Whether people still see it as being written."""
        return self.stream is not None and self.stream.state == "live"


class Workspace:
    """All that there is. Raises Refusal with Slack's error names for what may not be."""

    def __init__(self, stream_life: float, stream_bytes: int) -> None:
        """``stream_life`` in seconds, ``stream_bytes`` of UTF-8."""
        self.stream_life, self.stream_bytes = stream_life, stream_bytes
        self._count = 0
        self.users = {ALICE: "alice", BOB: "bob", BOT: "articles"}
        self.channels: dict[str, Channel] = {}
        self.messages: dict[str, dict[str, Message]] = {}
        for name in (GENERAL, RANDOM):
            self.add_channel(name, "channel", {ALICE, BOB, BOT})
        for user in (ALICE, BOB):
            self.add_channel(direct(user), "im", {user, BOT})
        self.ephemeral: list[dict[str, Any]] = []
        self.statuses: list[tuple[str, str, str]] = []  # channel, thread, what it says
        self.titles: dict[tuple[str, str], str] = {}
        self.prompts: dict[str, list[dict[str, str]]] = {}
        self.views: list[dict[str, Any]] = []
        self.homes: dict[str, dict[str, Any]] = {}

    def add_channel(self, name: str, kind: Kind, members: set[str]) -> None:
        """A new channel."""
        self.channels[name] = Channel(name, kind, members)
        self.messages[name] = {}

    def new_ts(self) -> str:
        """Later than all before it."""
        self._count += 1
        return f"{int(time.time())}.{self._count:06d}"

    def channel(self, name: str) -> Channel:
        """A channel that there is, where the bot may write; a person stands for direct messages."""
        found = self.channels.get(direct(name) if name in self.users else name)
        if found is None:
            raise Refusal("channel_not_found")
        if found.is_archived:
            raise Refusal("is_archived")
        if BOT not in found.members:
            raise Refusal("not_in_channel")
        return found

    def message(self, channel: str, ts: str) -> Message:
        """A message that there is."""
        found = self.messages[self.channel(channel).id].get(ts)
        if found is None:
            raise Refusal("message_not_found")
        return found

    def thread(self, channel: str, root: str) -> list[Message]:
        """A thread in order, with its root."""
        there = self.messages[channel].values()
        return sorted(
            (one for one in there if root in (one.ts, one.thread_ts)), key=lambda one: one.ts
        )

    def add(self, channel: str, user: str, text: str, **more: Any) -> Message:
        """A new message of anyone's."""
        message = Message(self.new_ts(), channel, user, text, **more)
        self.messages[channel][message.ts] = message
        return message

    def add_of_bot(
        self, arguments: Mapping[str, Any], text: str, blocks: list[dict[str, Any]], **more: Any
    ) -> Message:
        """A new message of the bot's in the channel and thread that its arguments name."""
        channel = self.channel(arguments["channel"])
        root = arguments.get("thread_ts") or None
        if root and root not in self.messages[channel.id]:
            raise Refusal("thread_not_found")
        told = {"thread_ts": root, "bot_id": BOT_ID, "metadata": arguments.get("metadata")}
        options = {name: arguments.get(name) for name in ("unfurl_links", "unfurl_media")}
        if root:  # a reply takes the status away
            self.statuses.append((channel.id, root, ""))
        return self.add(channel.id, BOT, text, blocks=blocks, options=options, **told, **more)

    def live(self, channel: str, ts: str) -> Message:
        """A message of the bot's that may still grow."""
        message = self.message(channel, ts)
        stream = message.stream
        if stream is None:
            raise Refusal("message_not_in_streaming_state")
        if stream.state == "live" and time.monotonic() - stream.began_at > self.stream_life:
            stream.state = "expired"
        if stream.state == "stopped":
            raise Refusal("stopped_by_user")
        if stream.state != "live":
            raise Refusal("message_not_in_streaming_state")
        return message

    def grow(self, message: Message, text: str) -> None:
        """Append to a live message."""
        assert message.stream is not None
        if len((message.text + text).encode()) > self.stream_bytes:
            raise Refusal("msg_too_long")
        message.text += text
        message.stream.appended.append((time.monotonic(), text))

    def edit(self, channel: str, ts: str, text: str, blocks: Sequence[Any] | None) -> Message:
        """Put something else in the place of a message of the bot's."""
        message = self.message(channel, ts)
        if message.bot_id != BOT_ID:
            raise Refusal("cant_update_message")
        if message.stream and message.stream.state == "live":
            age = time.monotonic() - message.stream.began_at
            if age <= self.stream_life:
                raise Refusal("streaming_state_conflict")
            message.stream.state = "expired"
        message.text = text
        message.blocks = check_blocks(blocks, Refusal) or []
        message.edits += 1
        return message

    def live_ones(self) -> list[Message]:
        """Every message that people see as still being written."""
        return [one for there in self.messages.values() for one in there.values() if one.is_live]


def direct(user: str) -> str:
    """The direct messages between a person and the bot."""
    return f"D{user[1:]}"


def read_json(value: Any) -> Any:
    """What a form field holds, where it is JSON; any other value as it is."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value
