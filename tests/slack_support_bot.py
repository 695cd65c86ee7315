"""The Slack bot as a real process, and what people can read of its messages."""

from __future__ import annotations

import os
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL
from typing import Any, Self

import process_support
from slack_support import Slack
from slack_support_articles import Writer, make_home
from slack_support_state import Message

COMMAND = ("-m", "qabot", "slack")
_OURS = ("QABOT_", "OPENAI_", "SLACK_")
PATIENCE = 30.0  # seconds until a bot that says nothing is given up


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class BotProcess:
    """``python -m qabot slack``; what it writes on standard error is kept in a file."""

    def __init__(
        self, slack: Slack, home: Path, *arguments: str, port: int = 0, **environment: str
    ) -> None:
        """With ``port`` it takes signed requests there, else it opens sockets."""
        self._slack, self.port, self.home = slack, port, home
        self._arguments = [*arguments, *(["--http", "--port", str(port)] if port else [])]
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(_OURS)},
            "QABOT_HOME": str(home),
            "QABOT_SLACK_PACE": "10000",
            **slack.environment(),
            **environment,
        }
        self._said = home.parent / "stderr.txt"
        self.process: Any = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it and wait until it can be told something."""
        before = len(self._slack.sockets.upgrades)
        with self._said.open("ab") as said:
            self.process = process_support.start(
                [*COMMAND, *self._arguments],
                env=self.environment,
                stdin=DEVNULL,
                stdout=said,
                stderr=said,
            )
        end = time.monotonic() + PATIENCE
        while not (self._is_healthy() if self.port else len(self._slack.sockets.upgrades) > before):
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < end, self.said()
            time.sleep(0.02)

    def _is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz") as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as error:
            error.close()
        except OSError:
            pass
        return False

    def terminate(self) -> None:
        """Ask it to end."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """Its exit status."""
        assert self.process is not None
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """End it at once."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def said(self) -> str:
        """All it has written so far."""
        return self._said.read_text("utf-8")


@dataclass
class Scene:
    """The stand-in, a bot that is connected to it, and the model of that bot."""

    slack: Slack
    bot: BotProcess
    writer: Writer

    def answer(self, question: Message, patience: float = PATIENCE) -> Message:
        """The one whole message that a question has got."""
        replies = self.settled(question, patience)
        assert len(replies) == 1, (replies, self.bot.said()[-2_000:])
        return replies[0]

    def settled(self, question: Message, patience: float = PATIENCE) -> list[Message]:
        """The messages that a question has got, once nothing more is being written."""
        replies = self.slack.wait(lambda: self._settled(question), patience)
        assert replies, (self.slack.replies(question), self.bot.said()[-2_000:])
        return replies

    def _settled(self, question: Message) -> list[Message]:
        later = [one for one in self.slack.replies(question) if one.ts > question.ts]
        # The bot marks a message once it is whole, with how many there are to be.
        marks = [(one.metadata or {}).get("event_payload") for one in later if not one.is_live]
        parts = max((int(one["parts"]) if one else 0 for one in marks), default=0)
        return later if all(marks) and len(marks) == len(later) == parts else []


@contextmanager
def scene(
    base: Path, name: str, *, http: bool = False, start: bool = True,
    slack: Mapping[str, Any] | None = None, **environment: str
) -> Iterator[Scene]:  # fmt: skip
    """A stand-in made with ``slack`` and a bot with ``environment``, in a folder of their own."""
    port = free_port() if http else 0
    url = f"http://127.0.0.1:{port}/slack/events" if http else None
    with ExitStack() as stack:
        writer = stack.enter_context(Writer())
        opened = stack.enter_context(Slack(request_url=url, **(slack or {})))
        environment = {**writer.environment(), **environment}
        bot = BotProcess(opened, make_home(base, name), port=port, **environment)
        stack.callback(bot.kill)
        if start:
            bot.start()
        yield Scene(opened, bot, writer)


def everything(message: Message) -> str:
    """All that a person can read of a message, unfolded."""
    # Of a message with blocks the text is only for notifications, but for what was streamed.
    was_streamed = message.stream is not None and not message.edits
    text = [message.text] if was_streamed or not message.blocks else []
    return "\n".join([*text, *texts(message.blocks)])


def texts(shown: Any) -> Iterator[str]:
    """All texts of blocks, in order."""
    if isinstance(shown, Mapping):
        for name, value in shown.items():
            if name in ("text", "url", "fallback") and isinstance(value, str):
                yield value
            else:
                yield from texts(value)
    elif isinstance(shown, list):
        for one in shown:
            yield from texts(one)


def elements(shown: Any, kind: str) -> list[dict[str, Any]]:
    """All blocks and elements of a type, however deep; each knows the block it is in."""
    found: list[dict[str, Any]] = []

    def look(value: Any, block: str | None) -> None:
        if isinstance(value, dict):
            block = value.get("block_id", block)
            if value.get("type") == kind:
                found.append({"block_id": block, **value})
            for inner in value.values():
                look(inner, block)
        elif isinstance(value, list):
            for inner in value:
                look(inner, block)

    look(shown, None)
    return found
