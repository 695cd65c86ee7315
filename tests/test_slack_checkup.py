"""``qabot doctor`` and Slack: tokens, scopes and sockets, each with what to do about it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from conftest import Command

from qabot.doctor import Finding
from qabot.slack.checkup import examine, needed_scopes

Replies = dict[str, tuple[dict[str, Any], dict[str, str]]]
Serve = Callable[[Replies], str]
TOKENS = {"SLACK_BOT_TOKEN": "xoxb-secret", "SLACK_APP_TOKEN": "xapp-secret"}
ALL = {"X-OAuth-Scopes": ",".join(sorted(needed_scopes()))}
WELL: Replies = {
    "auth.test": ({"ok": True, "user": "articles", "team": "News"}, ALL),
    "apps.connections.open": ({"ok": True, "url": "wss://x"}, {}),
}


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A Web API on this machine that gives the replies it is told to."""
    servers: list[ThreadingHTTPServer] = []

    def begin(replies: Replies) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                body, headers = replies[self.path.rpartition("/")[2]]
                self.send_response(200)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *_: object) -> None:
                pass

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, args=[0.01]).start()
        return f"http://127.0.0.1:{servers[-1].server_port}/api/"

    yield begin
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def found(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Finding]]:
    def look(replies: Replies, **variables: str) -> dict[str, Finding]:
        for name, value in {**TOKENS, "SLACK_API_URL": serve(replies), **variables}.items():
            monkeypatch.setenv(name, value)
        return {finding.name: finding for finding in examine()}

    return look


def test_tokens_that_work_say_who_the_bot_is(found: Callable[..., dict[str, Finding]]) -> None:
    findings = found(WELL)
    assert findings["Slack token"] == Finding("Slack token", True, "articles in News")
    assert findings["Slack sockets"].ok


def test_scopes_that_are_lacking_are_named(found: Callable[..., dict[str, Finding]]) -> None:
    scopes = {"X-OAuth-Scopes": ALL["X-OAuth-Scopes"].replace("chat:write", "")}
    token = found({**WELL, "auth.test": (WELL["auth.test"][0], scopes)})["Slack token"]
    assert (token.ok, token.text) == (False, "lacks the scopes chat:write")
    assert "manifest.json" in token.remedy


@pytest.mark.parametrize(
    ("error", "said"),
    [("token_revoked", "token_revoked"), ("<!channel> xoxb-secret", "an error"), ("", "an error")],
)
def test_a_refusal_is_told_without_anything_else_that_was_sent(
    found: Callable[..., dict[str, Finding]], error: str, said: str
) -> None:
    no = ({"ok": False, "error": error}, {})
    findings = found({"auth.test": no, "apps.connections.open": no})
    assert findings["Slack token"].text == f"Slack refuses SLACK_BOT_TOKEN: {said}"
    assert findings["Slack sockets"].text == f"Slack opens none: {said}"
    assert "secret" not in str(findings)


def test_slack_out_of_reach_is_said(found: Callable[..., dict[str, Finding]]) -> None:
    findings = found(WELL, SLACK_API_URL="http://127.0.0.1:9/api/")
    assert "cannot be reached" in findings["Slack token"].text


def test_what_is_not_set_is_named(found: Callable[..., dict[str, Finding]]) -> None:
    findings = found(WELL, SLACK_BOT_TOKEN="", SLACK_APP_TOKEN="")
    assert "SLACK_BOT_TOKEN is not set" in findings["Slack token"].text
    assert "SLACK_APP_TOKEN" in findings["Slack sockets"].text
    assert "SLACK_APP_TOKEN is not" in found(WELL, SLACK_APP_TOKEN="x")["Slack settings"].text


def test_doctor_asks_slack_only_where_something_is_set_for_it(
    seeded_here: Command, serve: Serve
) -> None:
    assert "Slack" not in seeded_here("doctor").stdout
    done = seeded_here("doctor", **TOKENS, SLACK_API_URL=serve(WELL))
    assert "ok   Slack token: articles in News" in done.stdout
    assert done.code == 0
