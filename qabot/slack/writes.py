"""Writes to Slack that happen once: one that broke off is looked for before it is made again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from slack_sdk.web.async_client import AsyncWebClient

from qabot.slack import thread
from qabot.slack.client import SlackProblem, SlackRefused, SlackUnavailable, WriteUnsure
from qabot.slack.inbox import Question
from qabot.slack.thread import Identity, Said

T = TypeVar("T")

PAUSES = (0.5, 2.0, 8.0)
"""Seconds before a message that is not there is written again."""
_KNOWN = 1.0
"""Seconds within which a message that was begun is in the inbox."""
_LIVE = frozenset({"streaming_state_conflict"})
_CLOSED = frozenset(
    "channel_not_found is_archived messages_tab_disabled no_permission not_in_channel"
    " posting_to_channel_denied restricted_action restricted_action_non_threadable_channel"
    " restricted_action_read_only_channel restricted_action_thread_locked"
    " restricted_action_thread_only_channel".split()
)
"""The bot may write nothing in this channel."""
_NO_THREAD = frozenset({"thread_not_found", "invalid_thread_ts", "cannot_reply_to_message"})
_BAD_BLOCKS = frozenset(
    "invalid_attachments invalid_blocks invalid_blocks_format msg_blocks_too_long"
    " msg_blocks_too_many attachment_payload_limit_exceeded".split()
)

Blocks = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Piece:
    """A message to write: its text for notifications and readers aloud, its blocks, its marks."""

    text: str
    blocks: Blocks = ()
    metadata: dict[str, Any] | None = None


class Writes:
    """The messages of ours that answer one question.

    Raises SlackRefused where Slack will not have it, and SlackUnavailable where it cannot be
    reached or nobody knows after a while of trying.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        question: Question,
        identity: Identity,
        known: Callable[[], Awaitable[Mapping[str, str]]],
    ) -> None:
        """``known`` tells which question each of our messages in the thread belongs to."""
        self._client, self._question, self._identity, self._known = (
            client, question, identity, known,
        )  # fmt: skip
        self.was_unsure = False

    async def found(self) -> list[Said]:
        """Our messages for this question that are in the thread, the oldest first."""
        question = self._question
        try:
            messages = await thread.read(self._client, question.channel, question.thread_ts)
        except SlackRefused as error:
            if error.is_token_dead:
                raise
            return []  # no such thread any more, or it may not be read
        said = thread.ours(messages, self._identity, await self._known())
        after = thread.moment(question.ts)
        return [
            one
            for one in said
            if one.question in (question.ts, None) and thread.moment(one.ts) > after
        ]

    async def strays(self, ours: Collection[str]) -> list[str]:
        """Messages of this question beside ``ours``, from a write that was done after all."""
        seen = [one for one in await self.found() if one.ts not in ours]
        if any(one.question is None for one in seen):
            await asyncio.sleep(_KNOWN)
        known = await self._known()
        return [one.ts for one in seen if one.question or one.ts not in known]

    async def remove(self, ts: str) -> None:
        """Take a message out of the thread."""
        await self.end(ts)
        await self._client.chat_delete(channel=self._question.channel, ts=ts)

    async def start(self, text: str) -> str:
        """Begin to stream a message with ``text``; its time stamp."""
        question = self._question

        async def write() -> str:
            reply = await self._client.chat_startStream(
                channel=question.channel,
                thread_ts=question.thread_ts,
                markdown_text=text,
                recipient_user_id=question.user,
                recipient_team_id=question.team,
            )
            return str(reply["ts"])

        async def look() -> str | None:
            return next((one.ts for one in await self.found() if not one.part), None)

        return await self._once(write, look)

    async def append(self, ts: str, text: str) -> None:
        """Go on with a stream; raises WriteUnsure too."""
        await self._client.chat_appendStream(
            channel=self._question.channel, ts=ts, markdown_text=text
        )

    async def stop(self, ts: str, piece: Piece) -> None:
        """End a stream with what is to be added to it; raises WriteUnsure too."""
        await self._client.chat_stopStream(
            channel=self._question.channel,
            ts=ts,
            markdown_text=piece.text or None,
            blocks=piece.blocks or None,
            metadata=piece.metadata,
        )

    async def end(self, ts: str) -> None:
        """See that a message is no live stream, whatever it was; SlackUnavailable if unsure."""
        for pause in (*PAUSES, None):
            try:
                return await self.stop(ts, Piece(""))
            except SlackRefused as error:
                if error.is_token_dead or is_closed(error):
                    raise
                return None  # it had ended, or is gone
            except (WriteUnsure, SlackUnavailable):
                if pause is None:
                    raise SlackUnavailable("chat.stopStream") from None
                await asyncio.sleep(pause)
        return None

    async def replace(self, ts: str, piece: Piece) -> None:
        """Write a message anew, ending its stream before."""
        await self.end(ts)
        for pause in (*PAUSES, None):
            try:
                return await self._update(ts, piece)
            except SlackRefused as error:
                if error.error not in _LIVE or pause is None:
                    raise
                await asyncio.sleep(pause)
                await self.end(ts)
        return None

    async def post(self, piece: Piece, part: int = 1) -> str:
        """Post a message into the thread, where it is not there yet; its time stamp."""

        async def look() -> str | None:
            return next((one.ts for one in await self.found() if one.part == part), None)

        async def write() -> str:
            return await self._post(piece, self._question.channel, self._question.thread_ts)

        return await self._once(write, look)

    async def post_elsewhere(self, piece: Piece, channel: str) -> str | None:
        """Post a message outside the thread; without its time stamp if that broke off.

        Nothing tells there whether a message has arrived, so it is not written again.
        """
        try:
            return await self._post(piece, channel, None)
        except WriteUnsure:
            return None

    async def _once(
        self, write: Callable[[], Awaitable[str]], look: Callable[[], Awaitable[str | None]]
    ) -> str:
        """Write until it is sure that it was written; what broke off is looked for first."""
        for pause in (*PAUSES, None):
            try:
                return await write()
            except WriteUnsure as error:
                self.was_unsure = True
                await asyncio.sleep(PAUSES[0] if pause is None else pause)
                found = await look()
                if found is not None:
                    return found
                if pause is None:
                    raise SlackUnavailable(error.method) from error
        raise AssertionError  # for the type checker: the last round returns or raises

    async def _update(self, ts: str, piece: Piece) -> None:
        async def write(blocks: Blocks) -> None:
            await self._client.chat_update(
                channel=self._question.channel,
                ts=ts,
                text=piece.text,
                blocks=blocks,
                metadata=piece.metadata,
            )

        await _with_blocks(write, piece.blocks)

    async def _post(self, piece: Piece, channel: str, thread_ts: str | None) -> str:
        async def write(blocks: Blocks) -> str:
            reply = await self._client.chat_postMessage(
                channel=channel,
                text=piece.text,
                blocks=blocks or None,
                unfurl_links=False,
                unfurl_media=False,
                thread_ts=thread_ts,
                metadata=piece.metadata,
            )
            return str(reply["ts"])

        return await _with_blocks(write, piece.blocks)


def is_closed(error: SlackProblem) -> bool:
    """Whether the bot may write nothing in this channel."""
    return isinstance(error, SlackRefused) and error.error in _CLOSED


def is_without_thread(error: SlackProblem) -> bool:
    """Whether the thread to answer in is gone."""
    return isinstance(error, SlackRefused) and error.error in _NO_THREAD


def is_stopped(error: SlackProblem) -> bool:
    """Whether a person has stopped the stream."""
    return isinstance(error, SlackRefused) and error.error == "stopped_by_user"


async def _with_blocks(write: Callable[[Blocks], Awaitable[T]], blocks: Blocks) -> T:
    """Write with ``blocks``, or with the text alone where Slack will not have them."""
    try:
        return await write(blocks)
    except SlackRefused as error:
        if not blocks or error.error not in _BAD_BLOCKS:
            raise
        return await write(())
