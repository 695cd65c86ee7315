"""``qabot slack`` as a process: what keeps it from starting is a line, and it ends when told to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Command
from llm_support import Act, Exchange, Server

from qabot.errors import SettingsError
from qabot.settings import Settings
from qabot.slack import run

TOKENS = {
    "SLACK_BOT_TOKEN": "xoxb-1-secret",
    "SLACK_APP_TOKEN": "xapp-1-secret",
    "SLACK_SIGNING_SECRET": "shh-secret",
    "SLACK_API_URL": "http://127.0.0.1:9/api/",
}


@pytest.fixture(autouse=True)
def no_tokens_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SLACK_")]:
        monkeypatch.delenv(name)


def said(text: str) -> Act:
    """A reply of Slack's."""

    def act(exchange: Exchange) -> None:
        exchange.head(200, "application/json")
        exchange.send(text)

    return act


def slack_at(server: Server) -> dict[str, str]:
    return {**TOKENS, "SLACK_API_URL": server.base_url}


def test_help_needs_no_library_of_slack() -> None:
    program = (
        "import sys\nfrom qabot.cli.slacking import slack\n"
        "slack.main(['--help'], standalone_mode=False)\nprint(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "--http" in done.stdout
    assert not {"slack_bolt", "slack_sdk", "aiohttp", "chromadb"} & set(done.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ([], ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"]),
        (["--http"], ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"]),
    ],
)
def test_without_tokens_it_says_which_and_where_they_are(
    qabot: Command, arguments: list[str], names: list[str]
) -> None:
    done = qabot("slack", *arguments)
    assert done.code == 1
    assert len(done.stderr.splitlines()) == 1
    assert all(name in done.stderr for name in names)
    assert not qabot.home.exists()


def test_a_port_without_http_is_wrong_usage(qabot: Command) -> None:
    assert qabot("slack", "--port", "3000").code == 2


def test_a_token_that_slack_does_not_take_ends_it_with_what_to_do(seeded_qabot: Command) -> None:
    with Server([said('{"ok": false, "error": "invalid_auth"}')]) as server:
        done = seeded_qabot("slack", **slack_at(server))
    assert done.code == 1
    assert "invalid_auth" in done.stderr
    assert "SLACK_BOT_TOKEN" in done.stderr
    assert "secret" not in done.stderr


def test_a_port_that_is_taken_ends_it_with_what_to_do(seeded_qabot: Command) -> None:
    told = '{"ok": true, "team_id": "T1", "team": "Here", "user_id": "U0", "bot_id": "B0"}'
    with Server([said(told)]) as server, socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = seeded_qabot("slack", "--http", "--port", port, **slack_at(server))
    assert done.code == 1
    assert f"port {port}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_waits_for_a_slack_that_cannot_be_reached_and_ends_when_told_to(
    seed_home: Path, number: signal.Signals
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "qabot", "slack"],
        env={**os.environ, **TOKENS, "QABOT_HOME": str(seed_home)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    with process, process.stderr as lines:
        first = lines.readline()
        process.send_signal(number)
        rest = lines.read()
        assert process.wait(30) == 0
    assert "cannot be reached" in first
    assert not rest


def test_two_bots_do_not_answer_from_one_inbox(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_SUCCESSION", 0)
    settings = Settings(home=home)
    with (
        run._alone(settings),
        pytest.raises(SettingsError, match="QABOT_HOME"),
        run._alone(settings),
    ):
        pass
    with run._alone(settings):
        pass
