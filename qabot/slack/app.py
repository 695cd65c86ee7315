"""The Bolt app as this bot uses it: every call paced, nothing looked up again for each event."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse

from qabot.errors import QabotError
from qabot.slack.client import SlackClient
from qabot.slack.thread import Identity

_log = logging.getLogger("qabot.slack")
_UNKNOWN = 404  # Bolt's status for what no listener waits for


async def identify(client: SlackClient) -> tuple[Identity, str]:
    """Whose token this is, as Slack says, and the name for people. Raises SlackProblem."""
    told = await client.auth_test()
    user, bot, team = (str(told.get(name) or "") for name in ("user_id", "bot_id", "team_id"))
    return Identity(user, bot, team), f"@{told.get('user')} in {told.get('team')}"


def make_app(client: SlackClient, identity: Identity) -> AsyncApp:
    """An app without listeners whose requests carry ``client``, and which says errors in a line.

    A listener ends before Slack is told that its event arrived, so that what it has written down
    is safe by then; one that fails is not acknowledged, and the event comes again.
    """

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None,
            team_id=identity.team,
            bot_user_id=identity.user,
            bot_id=identity.bot,
            bot_token=client.token,
        )

    async def give_client(context: dict[str, Any], next_: Callable[[], Awaitable[Any]]) -> Any:
        context["client"] = client  # Bolt makes one for each request that keeps no pace
        return await next_()

    app = AsyncApp(
        name="slack_bolt.app",  # which names a logger
        logger=logging.getLogger("slack_bolt"),
        client=client,
        authorize=authorize,
        before_authorize=give_client,
        process_before_response=True,
        request_verification_enabled=False,  # web.py has done it
        ssl_check_enabled=False,
        url_verification_enabled=False,
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )
    app.error(_say)
    return app


async def _say(error: Exception) -> None:
    what = str(error) if isinstance(error, QabotError) else type(error).__name__
    _log.error("An event could not be taken: %s", what)


def is_envelope(payload: object) -> bool:
    """Whether this has the form of what Slack sends."""
    if not isinstance(payload, dict) or not isinstance(payload.get("type"), str):
        return False
    event, actions = payload.get("event", {}), payload.get("actions", [])
    if not isinstance(event, dict) or not isinstance(payload.get("view", {}), dict):
        return False
    if not isinstance(actions, list) or not all(isinstance(one, dict) for one in actions):
        return False
    return payload["type"] != "event_callback" or isinstance(event.get("type"), str)


async def dispatch(
    app: AsyncApp, payload: Mapping[str, Any], headers: Mapping[str, str]
) -> BoltResponse | None:
    """What the app answers to a payload whose sender is known; None for one that is malformed.

    What no listener waits for is taken as well: Slack would only send it again.
    """
    if not is_envelope(payload):
        return None
    try:
        request = AsyncBoltRequest(mode="socket_mode", body=dict(payload), headers=dict(headers))
        response = await app.async_dispatch(request)
    except (
        Exception
    ) as error:  # what a listener raises is a status; Bolt failed to read the payload
        _log.warning("An event could not be read: %s", type(error).__name__)
        return None
    return BoltResponse(status=200, body="") if response.status == _UNKNOWN else response
