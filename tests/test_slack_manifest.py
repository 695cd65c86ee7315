"""``slack/manifest.json`` asks for what the code uses: no scope, event or feature more or less."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast
from unittest.mock import Mock

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from qabot.render import slack
from qabot.slack import listeners
from qabot.slack.worker import Desk

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = json.loads((ROOT / "slack" / "manifest.json").read_text("utf-8"))
CODE = sorted((ROOT / "qabot" / "slack").glob("*.py"))

SCOPE_OF_METHOD: dict[str, str | None] = {
    "apps_connections_open": None,  # with the app-level token and its connections:write
    "assistant_threads_setStatus": "chat:write",
    "assistant_threads_setSuggestedPrompts": "assistant:write",
    "assistant_threads_setTitle": "assistant:write",
    "auth_test": None,
    "chat_appendStream": "chat:write",
    "chat_delete": "chat:write",
    "chat_postEphemeral": "chat:write",
    "chat_postMessage": "chat:write",
    "chat_startStream": "chat:write",
    "chat_stopStream": "chat:write",
    "chat_update": "chat:write",
    "conversations_replies": "HISTORY",
    "views_open": None,
    "views_publish": None,
}
"""By Slack's reference of methods; HISTORY is the scope of the kind of channel that is read."""
SCOPE_OF_EVENT: dict[str, str | None] = {
    "agent_session_stopped": "chat:write",
    "app_home_opened": None,
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
}
MESSAGES = {name for name in SCOPE_OF_EVENT if name.startswith("message.")}
"""All of them reach a listener for ``message``."""
HISTORY = {SCOPE_OF_EVENT[name] for name in MESSAGES}
HELPERS = {"respond", "say", "say_stream", "set_status", "set_suggested_prompts", "set_title"}
"""What Bolt gives a listener that calls Slack without the pace that the client keeps."""


def is_method(name: str) -> bool:
    """Whether this is a method of Slack's Web API in its client."""
    return "docs.slack.dev/reference/methods/" in (
        getattr(AsyncWebClient, name, None).__doc__ or ""
    )


def methods_called() -> set[str]:
    """Web API methods that the code calls, or takes from a client to call."""
    trees = [ast.parse(path.read_text("utf-8")) for path in CODE]
    names = {
        node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    }
    return {name for name in names if is_method(name)}


class Recorder:
    """Stands for the app: remembers what is listened to."""

    def __init__(self) -> None:
        self.client = None
        self.heard: dict[str, list[Any]] = {}

    def __getattr__(self, kind: str) -> Callable[..., Callable[[Any], Any]]:
        def listen(what: Any) -> Callable[[Any], Any]:
            self.heard.setdefault(kind, []).append(what)
            return lambda listener: listener

        return listen


def heard() -> dict[str, list[Any]]:
    recorder = Recorder()
    listeners.register(cast(AsyncApp, recorder), Mock(spec=Desk, answering=None))
    return recorder.heard


def events_heard() -> set[str]:
    found = set(heard()["event"])
    return found - {"message"} | (MESSAGES if "message" in found else set())


def test_the_scopes_are_those_of_the_methods_called_and_the_events_heard() -> None:
    needed = {SCOPE_OF_METHOD[name] for name in methods_called()}
    needed |= {SCOPE_OF_EVENT[name] for name in events_heard()}
    if "HISTORY" in needed:
        needed = needed - {"HISTORY"} | HISTORY
    scopes = MANIFEST["oauth_config"]["scopes"]
    assert set(scopes) == {"bot"}
    assert scopes["bot"] == sorted(needed - {None})


def test_the_events_are_those_that_are_heard() -> None:
    subscribed = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    assert subscribed == sorted(events_heard())


def test_the_table_of_methods_names_those_that_are_called_and_no_other() -> None:
    assert methods_called() == set(SCOPE_OF_METHOD)


def test_no_method_is_called_past_the_client() -> None:
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            assert not (isinstance(node, ast.arg) and node.arg in HELPERS), path.name
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                assert node.func.attr != "api_call" or _is_super(node.func.value), path.name


def _is_super(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"
    )


def test_every_button_and_form_that_is_shown_is_heard() -> None:
    found = heard()
    assert set(found) == {"event", "action", "view"}
    assert sorted(found["action"]) == sorted([slack.SHOW, slack.FEEDBACK])
    assert found["view"] == [slack.FORM]
    assert MANIFEST["settings"]["interactivity"]["is_enabled"]


def test_the_features_are_those_that_are_used() -> None:
    features, used = MANIFEST["features"], methods_called()
    assert features["app_home"] == {
        "home_tab_enabled": "views_publish" in used,
        "messages_tab_enabled": "message.im" in events_heard(),
        "messages_tab_read_only_enabled": False,
    }
    assert "agent_view" in features
    assert "assistant_view" not in features
    assert "slash_commands" not in features
    assert features["agent_view"]["suggested_prompts"] == slack.prompts()


@pytest.mark.parametrize("setting", ["org_deploy_enabled", "token_rotation_enabled"])
def test_what_the_bot_cannot_do_is_off(setting: str) -> None:
    assert MANIFEST["settings"][setting] is False
    assert MANIFEST["settings"]["socket_mode_enabled"] is True


def test_the_names_and_descriptions_have_the_length_that_slack_takes() -> None:
    shown, features = MANIFEST["display_information"], MANIFEST["features"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert len(features["bot_user"]["display_name"]) <= 80
    assert len(features["agent_view"]["agent_description"]) <= 300
