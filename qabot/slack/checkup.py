"""What ``qabot doctor`` asks Slack: do the tokens work, do they allow enough, can a socket open."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from qabot.doctor import Finding
from qabot.errors import SettingsError
from qabot.resources import shipped
from qabot.slack.settings import SlackSettings

_PATIENCE = 10  # seconds
_INSTALL = "Install the app again from slack/manifest.json, and copy the token anew."
_SET = "Set it as docs/slack.md says."


def examine() -> Iterator[Finding]:
    """Look at what the environment has for Slack; nothing is written there."""
    try:
        settings = SlackSettings.from_environment()
    except SettingsError as error:
        yield Finding("Slack settings", False, str(error), "Correct or unset that variable.")
        return
    yield _bot_token(settings)
    if settings.app_token:
        yield _socket(settings)
    elif settings.signing_secret:
        yield Finding("Slack requests", True, "signed: qabot slack --http would start")
    else:
        missing = settings.missing(http=False)[-1]
        yield Finding("Slack sockets", False, f"not set: {missing}", _SET)


def needed_scopes() -> set[str]:
    """The scopes that slack/manifest.json asks for."""
    manifest = json.loads((shipped("slack") / "manifest.json").read_text("utf-8"))
    return set(manifest["oauth_config"]["scopes"]["bot"])


def _bot_token(settings: SlackSettings) -> Finding:
    if not settings.bot_token:
        return Finding("Slack token", False, "SLACK_BOT_TOKEN is not set", _SET)
    found = _asked(lambda: _client(settings, settings.bot_token).auth_test())
    if isinstance(found, str):
        return Finding("Slack token", False, f"Slack refuses SLACK_BOT_TOKEN: {found}", _INSTALL)
    granted = found.headers.get("x-oauth-scopes") or found.headers.get("X-OAuth-Scopes")
    lacking = needed_scopes() - set(granted.replace(" ", "").split(",")) if granted else set()
    if lacking:
        listed = ", ".join(sorted(lacking))
        return Finding("Slack token", False, f"lacks the scopes {listed}", _INSTALL)
    return Finding("Slack token", True, f"{found.get('user')} in {found.get('team')}")


def _socket(settings: SlackSettings) -> Finding:
    token = settings.app_token
    found = _asked(lambda: _client(settings, token).apps_connections_open(app_token=token))
    if isinstance(found, str):
        remedy = "Make an app-level token with connections:write, and turn Socket Mode on."
        return Finding("Slack sockets", False, f"Slack opens none: {found}", remedy)
    return Finding("Slack sockets", True, "can be opened")


def _client(settings: SlackSettings, token: str) -> Any:
    from slack_sdk import WebClient

    return WebClient(token, base_url=settings.api_url, timeout=_PATIENCE)


def _asked(ask: Callable[[], Any]) -> Any:
    """Slack's reply, or in a word why there is none; nothing that it sent is repeated but that."""
    from slack_sdk.errors import SlackApiError

    try:
        return ask()
    except SlackApiError as error:
        said = str(error.response.get("error", ""))
        return said if said.replace("_", "").isalnum() and len(said) < 80 else "an error"
    except (OSError, ValueError) as error:
        return f"it cannot be reached ({type(error).__name__})"
