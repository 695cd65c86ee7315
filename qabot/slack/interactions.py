"""What people do beside asking: open a place, say how an answer was, visit the app."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from qabot.errors import QabotError, UnknownReference
from qabot.render import slack
from qabot.slack.client import SlackProblem
from qabot.slack.worker import Desk

_log = logging.getLogger("qabot.slack")


class Interactions:
    """Answers what people do beside asking; what is malformed or not allowed does nothing.

    Its methods raise nothing: whoever clicked is told in a sentence what went wrong.
    """

    def __init__(self, desk: Desk, client: AsyncWebClient) -> None:
        self._desk, self._client, self._answering = desk, client, desk.answering

    async def opened(self, event: Mapping[str, Any]) -> None:
        """Somebody has opened the app: prompts for a conversation, or the Home tab."""
        user, channel = event.get("user"), event.get("channel")
        if not isinstance(user, str) or not self._desk.allows("", user, True):
            return
        try:
            if event.get("tab") == "home":
                sources = await asyncio.to_thread(self._answering.newest, slack.ON_HOME)
                view = slack.home(sources, self._answering.model)
                await self._client.views_publish(user_id=user, view=view)
            elif event.get("tab") == "messages" and isinstance(channel, str):
                await self._client.assistant_threads_setSuggestedPrompts(
                    channel_id=channel, prompts=slack.prompts()
                )
        except QabotError as error:
            _log.warning("The app was opened: %s", error)

    async def show(self, body: Mapping[str, Any]) -> None:
        """Show the place that a button names in its article."""
        place = slack.read_place(_value(body))
        if place is None or not self._is_allowed(body):
            return
        try:
            document = await asyncio.to_thread(self._answering.place, *place)
            view = slack.place_modal(document, *place[1:]) if document else slack.stale_modal()
            await self._client.views_open(trigger_id=body.get("trigger_id"), view=view)
        except QabotError as error:
            await self._tell(body, "The article could not be shown. Press the button again.", error)

    async def feedback(self, body: Mapping[str, Any]) -> None:
        """Keep whether an answer was found good; if not, ask why."""
        given = slack.read_feedback_value(_value(body))
        if given is None or not self._is_allowed(body):
            return
        reference, is_good = given
        try:
            await asyncio.to_thread(self._answering.keep_feedback, reference, _user(body), is_good)
            if not is_good:
                view = slack.feedback_modal(reference)
                await self._client.views_open(trigger_id=body.get("trigger_id"), view=view)
        except SlackProblem as error:
            await self._tell(body, "Noted, but the form for saying why did not open.", error)
        except UnknownReference as error:
            await self._tell(body, "This answer is no longer in the log, nor is feedback.", error)
        except QabotError as error:
            await self._tell(body, "Your feedback could not be kept. Try again later.", error)

    async def explained(self, body: Mapping[str, Any]) -> None:
        """Keep what somebody wrote in the form."""
        view = body.get("view") or {}
        reference, user = view.get("private_metadata"), _user(body)
        if not reference or not self._desk.allows("", user, True):
            return
        category, comment = slack.read_feedback(view.get("state") or {})
        try:
            await asyncio.to_thread(
                self._answering.keep_feedback, reference, user, False, category, comment
            )
        except QabotError as error:
            _log.error("Feedback on %s was not kept: %s", reference[:20], error)

    async def _tell(self, body: Mapping[str, Any], line: str, error: QabotError) -> None:
        """A note that only the person who clicked sees."""
        _log.warning("A button did not work: %s", error)
        container = body.get("container") or {}
        thread_ts = container.get("thread_ts")
        try:
            await self._client.chat_postEphemeral(
                channel=_channel(body),
                user=_user(body),
                text=line,
                **({"thread_ts": thread_ts} if thread_ts else {}),
            )
        except SlackProblem as problem:
            _log.warning("Nobody was told so: %s", problem)

    def _is_allowed(self, body: Mapping[str, Any]) -> bool:
        channel = _channel(body)
        return self._desk.allows(channel, _user(body), channel.startswith("D"))


def _value(body: Mapping[str, Any]) -> str | None:
    """The value of the element that was used."""
    actions = body.get("actions")
    first = actions[0] if isinstance(actions, list) and actions else None
    value = first.get("value") if isinstance(first, Mapping) else None
    return value if isinstance(value, str) else None


def _channel(body: Mapping[str, Any]) -> str:
    return str((body.get("channel") or {}).get("id") or "")


def _user(body: Mapping[str, Any]) -> str:
    return str((body.get("user") or {}).get("id") or "")
