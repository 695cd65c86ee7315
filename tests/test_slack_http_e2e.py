"""The bot in Slack by signed requests instead of sockets."""

from __future__ import annotations

import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping

import pytest
from slack_support_bot import Scene, elements, scene
from slack_support_delivery import signed
from slack_support_state import BOT

MINISTER = "Who is the foreign minister of Iran?"
HELLO = json.dumps({"type": "url_verification", "challenge": "abc", "token": "t"})


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    base = tmp_path_factory.getbasetemp()
    with scene(base, "http", http=True, QABOT_MODEL="extractive") as opened:
        yield opened


def send(
    there: Scene, body: bytes, headers: Mapping[str, str], kind: str = "application/json"
) -> tuple[int, str]:
    """Status and text of the answer to a request."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{there.bot.port}/slack/events",
        body,
        {"Content-Type": kind, **headers},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_mention_is_answered_over_http(there: Scene) -> None:
    question = there.slack.mention(MINISTER)
    assert "Araqchi" in there.answer(question).text
    assert all(len(one.attempts) == 1 for one in there.slack.deliveries)


def test_a_direct_message_and_a_follow_up_are_answered_over_http(there: Scene) -> None:
    first = there.slack.ask_directly(MINISTER)
    there.answer(first)
    follow = there.slack.ask_directly("When did Lavrov visit Tehran?", thread_ts=first.ts)
    assert "Lavrov" in there.answer(follow).text


def test_buttons_work_over_http(there: Scene) -> None:
    reply = there.answer(there.slack.mention(MINISTER))
    before = len(there.slack.workspace.views)
    there.slack.click(reply, elements(reply.blocks, "button")[0])
    assert there.slack.wait(lambda: len(there.slack.workspace.views) > before), there.bot.said()


def test_events_that_come_again_over_http_are_answered_once(there: Scene) -> None:
    question = there.slack.mention(MINISTER)
    there.slack.announce_again(question)
    there.answer(question)
    there.slack.announce_again(question)
    assert there.slack.wait(lambda: all(one.acked_at for one in there.slack.deliveries))
    there.answer(question)


def test_the_address_is_verified(there: Scene) -> None:
    status, text = send(there, HELLO.encode(), signed(HELLO))
    assert (status, "abc" in text) == (200, True)


BODY = json.dumps({"type": "event_callback", "event": {"type": "app_mention", "text": "x"}})
NOW = int(time.time())
FORGED = {
    "wrong": signed(BODY, secret="another secret"),
    "missing": {},
    "no_signature": {"X-Slack-Request-Timestamp": str(NOW)},
    "no_timestamp": {"X-Slack-Signature": signed(BODY)["X-Slack-Signature"]},
    "stale": signed(BODY, str(NOW - 301 - 600)),
    "of_the_future": signed(BODY, str(NOW + 4_000)),
    "tampered": signed(BODY + " "),
    "non_numeric": signed(BODY, "now"),
    "endless_number": signed(BODY, "9" * 5_000),
    "other_digits": {"X-Slack-Request-Timestamp": "\u0661", "X-Slack-Signature": "v0=0"},
    "non_ascii": {"X-Slack-Request-Timestamp": str(NOW), "X-Slack-Signature": "v0=é"},
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_request_that_is_not_signed_as_it_should_be_gets_401(there: Scene, forged: str) -> None:
    headers = {name: value.encode().decode("latin-1") for name, value in FORGED[forged].items()}
    assert send(there, BODY.encode(), headers)[0] == 401


def test_a_signature_of_a_body_that_is_no_utf8_gets_401_when_wrong_and_400_when_right(
    there: Scene,
) -> None:
    body = b'{"type": "\xff\xfe"}'
    assert send(there, body, signed(b"other"))[0] == 401
    assert send(there, body, signed(body))[0] == 400


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("", "application/json"),
        ("{", "application/json"),
        ("[]", "application/json"),
        ("null", "application/json"),
        ('"text"', "application/json"),
        ("[" * 100_000, "application/json"),
        ("payload=", "application/x-www-form-urlencoded"),
        ("payload=%7B", "application/x-www-form-urlencoded"),
        ("other=1", "application/x-www-form-urlencoded"),
        ("payload=%FF%FE", "application/x-www-form-urlencoded"),
        ("\0", "text/plain"),
    ],
)
def test_a_malformed_body_gets_400(there: Scene, body: str, kind: str) -> None:
    assert send(there, body.encode(), signed(body), kind)[0] == 400


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"type": "event_callback"},
        {"type": "event_callback", "event": {"type": "message"}},
        {"type": "event_callback", "event": {"type": "app_mention", "text": None, "ts": 5}},
        {"type": "event_callback", "event": {"type": "unknown"}},
        {"type": "event_callback", "event": []},
    ],
)
def test_no_signed_payload_however_odd_gets_500(there: Scene, payload: object) -> None:
    body = json.dumps(payload)
    assert send(there, body.encode(), signed(body))[0] < 500
    assert "Traceback" not in there.bot.said()


def test_it_listens_on_this_machine_alone_unless_told_otherwise(there: Scene) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; tells this machine's address
        except OSError:
            pytest.skip("this machine has no other address")
        address = probe.getsockname()[0]
    with socket.socket() as connection:
        connection.settimeout(1)
        assert connection.connect_ex((address, there.bot.port)) != 0


def test_an_unhealthy_body_is_not_read_to_its_end(there: Scene) -> None:
    body = b"x" * (5 * 1024 * 1024)
    try:
        status, _ = send(there, body, signed(body))
    except OSError:
        status = 413  # it has hung up before all was sent
    assert status in (400, 401, 413)
    assert BOT in there.answer(there.slack.mention(MINISTER)).user


def test_sigterm_ends_it_with_status_0(there: Scene) -> None:
    there.bot.terminate()
    assert there.bot.wait() == 0
