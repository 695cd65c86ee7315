"""What Slack tells the app, each event and action handed to who takes care of it.

The events, actions and views here are those of ``slack/manifest.json``, neither more nor fewer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp

from qabot.render.slack import FEEDBACK, FORM, SHOW
from qabot.slack.interactions import Interactions
from qabot.slack.worker import Desk

Acknowledge = Callable[[], Awaitable[Any]]


def register(app: AsyncApp, desk: Desk) -> None:
    """Let ``desk`` have what comes in; a question is on the disk before Slack hears that it came.

    ``app`` must acknowledge events only after their listener has ended.
    """
    people = Interactions(desk, app.client)

    async def asked(event: dict[str, Any]) -> None:
        await desk.receive(event)

    async def stopped(event: dict[str, Any]) -> None:
        if desk.allows("", str(event.get("user") or ""), True):
            desk.stop(str(event.get("channel")), str(event.get("thread_ts")))

    async def opened(event: dict[str, Any]) -> None:
        desk.spawn(people.opened(event))

    async def shown(ack: Acknowledge, body: dict[str, Any]) -> None:
        await ack()
        desk.spawn(people.show(body))

    async def judged(ack: Acknowledge, body: dict[str, Any]) -> None:
        await ack()
        desk.spawn(people.feedback(body))

    async def explained(ack: Acknowledge, body: dict[str, Any]) -> None:
        await ack()
        desk.spawn(people.explained(body))

    app.event("app_mention")(asked)
    app.event("message")(asked)
    app.event("agent_session_stopped")(stopped)
    app.event("app_home_opened")(opened)
    app.action(SHOW)(shown)
    app.action(FEEDBACK)(judged)
    app.view(FORM)(explained)
