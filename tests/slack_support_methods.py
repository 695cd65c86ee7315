"""The methods of Slack's Web API that a bot like ours may call, with their scopes and arguments.

Scopes (any one of them), required arguments, calls a minute and names of errors are those of
Slack's method reference; a method that is not here does not exist.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from slack_support_blocks import check_blocks, check_view
from slack_support_state import BOT, BOT_ID, TEAM, Message, Refusal, Stream, Workspace

Arguments = Mapping[str, Any]
Answer = dict[str, Any]
LONGEST_MARKDOWN = 12_000  # characters
LONGEST_TEXT = 40_000  # characters; Slack cuts off the rest
READ = ("channels:history", "groups:history", "im:history", "mpim:history")


class Host(Protocol):
    """What the methods act on."""

    workspace: Workspace
    scopes: set[str]
    longest_page: int

    def new_address(self) -> str: ...

    def take_trigger(self, trigger: str | None) -> None: ...

    def tell_of(self, message: Message, change: str | None = None) -> None: ...


@dataclass(frozen=True)
class Method:
    """One method: what it does, and what Slack asks of who calls it."""

    act: Callable[[Host, Arguments], Answer]
    scopes: tuple[str, ...]
    required: tuple[str, ...]
    per_minute: int | None


METHODS: dict[str, Method] = {}


def method(
    name: str, *required: str, scopes: tuple[str, ...] = (), per_minute: int | None = None
) -> Callable[[Callable[[Host, Arguments], Answer]], Callable[[Host, Arguments], Answer]]:
    def register(act: Callable[[Host, Arguments], Answer]) -> Callable[[Host, Arguments], Answer]:
        METHODS[name] = Method(act, scopes, required, per_minute)
        return act

    return register


@method("auth.test")
def _test(host: Host, arguments: Arguments) -> Answer:
    user = host.workspace.users[BOT]
    return {"team": "stand-in", "team_id": TEAM, "user": user, "user_id": BOT, "bot_id": BOT_ID}


@method("apps.connections.open", per_minute=50)
def _open_connection(host: Host, arguments: Arguments) -> Answer:
    return {"url": host.new_address()}


@method("chat.postMessage", "channel", scopes=("chat:write",))
def _post(host: Host, arguments: Arguments) -> Answer:
    message = host.workspace.add_of_bot(arguments, *_content(arguments))
    host.tell_of(message)
    return {"channel": message.channel, "ts": message.ts, "message": message.public()}


@method("chat.postEphemeral", "channel", "user", scopes=("chat:write",), per_minute=100)
def _whisper(host: Host, arguments: Arguments) -> Answer:
    channel = host.workspace.channel(arguments["channel"])
    if arguments["user"] not in channel.members:
        raise Refusal("user_not_in_channel")
    _content(arguments)
    host.workspace.ephemeral.append(dict(arguments))
    return {"message_ts": host.workspace.new_ts()}


@method("chat.update", "channel", "ts", scopes=("chat:write",), per_minute=50)
def _update(host: Host, arguments: Arguments) -> Answer:
    text, blocks = _content(arguments)
    message = host.workspace.edit(arguments["channel"], arguments["ts"], text, blocks)
    message.metadata = arguments.get("metadata") or message.metadata
    host.tell_of(message, "message_changed")
    return {"channel": message.channel, "ts": message.ts, "message": message.public()}


@method("chat.delete", "channel", "ts", scopes=("chat:write",), per_minute=50)
def _delete(host: Host, arguments: Arguments) -> Answer:
    message = host.workspace.message(arguments["channel"], arguments["ts"])
    if message.bot_id != BOT_ID:
        raise Refusal("cant_delete_message")
    del host.workspace.messages[message.channel][message.ts]
    host.tell_of(message, "message_deleted")
    return {"channel": message.channel, "ts": message.ts}


@method("chat.getPermalink", "channel", "message_ts")
def _link(host: Host, arguments: Arguments) -> Answer:
    message = host.workspace.message(arguments["channel"], arguments["message_ts"])
    return {"permalink": f"https://stand-in.slack.com/archives/{message.channel}/p{message.ts}"}


@method("chat.startStream", "channel", scopes=("chat:write",), per_minute=20)
def _start(host: Host, arguments: Arguments) -> Answer:
    channel = host.workspace.channel(arguments["channel"])
    for name in ("recipient_user_id", "recipient_team_id") if channel.kind != "im" else ():
        if not arguments.get(name):
            raise Refusal(f"missing_{name}")
    text, blocks = _said(arguments)
    now = time.monotonic()
    stream = Stream("live", now, [(now, text)])
    without = {**arguments, "metadata": None}  # only chat.stopStream takes it
    message = host.workspace.add_of_bot(without, text, blocks, stream=stream)
    host.tell_of(message)
    return {"channel": channel.id, "ts": message.ts}


@method("chat.appendStream", "channel", "ts", scopes=("chat:write",), per_minute=100)
def _append(host: Host, arguments: Arguments) -> Answer:
    message = host.workspace.live(arguments["channel"], arguments["ts"])
    text, blocks = _said(arguments)
    if not text and not arguments.get("chunks"):
        raise Refusal("invalid_arguments")
    host.workspace.grow(message, text)
    message.blocks += blocks
    return {"channel": message.channel, "ts": message.ts}


@method("chat.stopStream", "channel", "ts", scopes=("chat:write",), per_minute=20)
def _stop(host: Host, arguments: Arguments) -> Answer:
    message = host.workspace.message(arguments["channel"], arguments["ts"])
    if message.stream and message.stream.state == "stopped":
        message.stream.state = "live"  # to end it is what is left to do after a person's stop
    host.workspace.live(message.channel, message.ts)
    text, blocks = _said(arguments)
    closing = check_blocks(arguments.get("blocks"), Refusal) or []
    host.workspace.grow(message, text)
    assert message.stream is not None
    message.stream.state = "done"
    message.blocks += blocks + closing
    message.metadata = arguments.get("metadata") or message.metadata
    host.tell_of(message, "message_changed")
    return {"channel": message.channel, "ts": message.ts, "message": message.public()}


@method("assistant.threads.setStatus", "channel_id", "thread_ts", "status", scopes=("chat:write",))
def _status(host: Host, arguments: Arguments) -> Answer:
    channel = host.workspace.channel(arguments["channel_id"])
    if arguments["thread_ts"] not in host.workspace.messages[channel.id]:
        raise Refusal("invalid_thread_ts")
    if len(arguments.get("loading_messages") or ()) > 10:
        raise Refusal("invalid_arguments")
    told = (channel.id, arguments["thread_ts"], arguments["status"])
    host.workspace.statuses.append(told)
    return {}


@method(
    "assistant.threads.setTitle", "channel_id", "thread_ts", "title",
    scopes=("assistant:write",), per_minute=100,
)  # fmt: skip
def _title(host: Host, arguments: Arguments) -> Answer:
    channel = host.workspace.channel(arguments["channel_id"])
    host.workspace.titles[channel.id, arguments["thread_ts"]] = arguments["title"]
    return {}


@method(
    "assistant.threads.setSuggestedPrompts", "channel_id", "prompts",
    scopes=("assistant:write",), per_minute=100,
)  # fmt: skip
def _prompts(host: Host, arguments: Arguments) -> Answer:
    channel = host.workspace.channel(arguments["channel_id"])
    prompts = arguments["prompts"]
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= 4:
        raise Refusal("invalid_arguments")
    if any(not one.get("title") or not one.get("message") for one in prompts):
        raise Refusal("invalid_arguments")
    host.workspace.prompts[channel.id] = prompts
    return {}


@method("agents.sessions.setStatus", "channel_id", "status", scopes=("chat:write",), per_minute=50)
def _session(host: Host, arguments: Arguments) -> Answer:
    host.workspace.channel(arguments["channel_id"])
    if arguments["status"] not in ("active", "processing", "suspended", "closed"):
        raise Refusal("invalid_status")
    return {"status": arguments["status"]}


@method("conversations.replies", "channel", "ts", scopes=READ, per_minute=50)
def _replies(host: Host, arguments: Arguments) -> Answer:
    channel = host.workspace.channel(arguments["channel"])
    thread = host.workspace.thread(channel.id, arguments["ts"])
    if arguments["ts"] not in host.workspace.messages[channel.id]:
        raise Refusal("thread_not_found")
    start = int(arguments.get("cursor") or 0)
    end = start + min(int(arguments.get("limit") or 1_000), host.longest_page)
    asks = str(arguments.get("include_all_metadata", "")).lower()
    hidden = () if asks in ("true", "1") else ("metadata",)
    page = [
        {name: value for name, value in one.public().items() if name not in hidden}
        for one in thread[start:end]
        if arguments.get("oldest", "") <= one.ts
    ]
    more = end < len(thread)
    following = {"next_cursor": str(end) if more else ""}
    return {"messages": page, "has_more": more, "response_metadata": following}


@method(
    "conversations.info", "channel", per_minute=50,
    scopes=("channels:read", "groups:read", "im:read", "mpim:read"),
)  # fmt: skip
def _info(host: Host, arguments: Arguments) -> Answer:
    channel = host.workspace.channel(arguments["channel"])
    return {"channel": {"id": channel.id, "is_im": channel.kind == "im", "is_member": True}}


@method("users.info", "user", scopes=("users:read",), per_minute=100)
def _user(host: Host, arguments: Arguments) -> Answer:
    name = host.workspace.users.get(arguments["user"])
    if name is None:
        raise Refusal("user_not_found")
    return {"user": {"id": arguments["user"], "name": name, "is_bot": arguments["user"] == BOT}}


@method("views.open", "trigger_id", "view", per_minute=100)
def _open_view(host: Host, arguments: Arguments) -> Answer:
    host.take_trigger(arguments["trigger_id"])
    view = {**check_view(arguments["view"], Refusal), "id": f"V{len(host.workspace.views)}"}
    host.workspace.views.append(view)
    return {"view": view}


@method("views.update", "view", per_minute=100)
def _update_view(host: Host, arguments: Arguments) -> Answer:
    view = check_view(arguments["view"], Refusal)
    for number, there in enumerate(host.workspace.views):
        if there["id"] == arguments.get("view_id"):
            host.workspace.views[number] = {**view, "id": there["id"]}
            return {"view": host.workspace.views[number]}
    raise Refusal("not_found")


@method("views.publish", "user_id", "view", per_minute=100)
def _publish(host: Host, arguments: Arguments) -> Answer:
    view = {**check_view(arguments["view"], Refusal), "id": f"VH{arguments['user_id']}"}
    host.workspace.homes[arguments["user_id"]] = view
    return {"view": view}


def _content(arguments: Arguments) -> tuple[str, list[dict[str, Any]]]:
    """Text and blocks of a whole message."""
    text, markdown = arguments.get("text") or "", arguments.get("markdown_text") or ""
    blocks = check_blocks(arguments.get("blocks"), Refusal) or []
    if markdown and (text or blocks):
        raise Refusal("markdown_text_conflict")
    if len(markdown) > LONGEST_MARKDOWN:
        raise Refusal("msg_too_long")
    if not text and not blocks and not markdown:
        raise Refusal("no_text")
    return (text or markdown)[:LONGEST_TEXT], blocks


def _said(arguments: Arguments) -> tuple[str, list[dict[str, Any]]]:
    """Text and blocks that a call of a stream brings."""
    text, blocks = arguments.get("markdown_text") or "", []
    for kind, chunk in _chunks(arguments):
        if kind == "markdown_text":
            text += chunk["text"]
        elif kind == "blocks":
            blocks += check_blocks(chunk["blocks"], Refusal) or []
    if len(text) > LONGEST_MARKDOWN:
        raise Refusal("msg_too_long")
    return text, blocks


def _chunks(arguments: Arguments) -> Iterator[tuple[str, dict[str, Any]]]:
    for chunk in arguments.get("chunks") or ():
        kind = chunk.get("type")
        if kind not in ("markdown_text", "blocks", "task_update", "plan_update"):
            raise Refusal("invalid_chunks")
        if kind == "task_update" and not (chunk.get("id") and chunk.get("title")):
            raise Refusal("invalid_chunks")
        yield kind, chunk
