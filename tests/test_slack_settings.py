"""Settings of the Slack bot, and what it says of itself: each wrong value named, no token shown."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qabot.errors import SettingsError
from qabot.slack.lines import OneLine, say_on
from qabot.slack.settings import API_URL, SlackSettings

TOKENS = {
    "SLACK_BOT_TOKEN": "xoxb-1-secret",
    "SLACK_APP_TOKEN": "xapp-1-secret",
    "SLACK_SIGNING_SECRET": "shh-secret",
}


def read(**values: str) -> SlackSettings:
    return SlackSettings.from_environment({**TOKENS, **values})


def test_with_two_tokens_everything_else_is_chosen() -> None:
    found = read()
    found.check(http=False)
    found.check(http=True)
    assert (found.api_url, found.workers, found.log_text, found.pace) == (API_URL, 4, False, 1.0)


def test_no_token_is_ever_shown() -> None:
    found = read(SLACK_API_URL="https://u:hidden@proxy.example/api")
    assert "secret" not in repr(found)
    assert "hidden" not in repr(found)
    assert found.secrets == tuple(TOKENS.values())


@pytest.mark.parametrize(
    ("http", "names"),
    [
        (False, ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"]),
        (True, ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"]),
    ],
)
def test_what_is_missing_is_named_with_where_to_get_it(http: bool, names: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        SlackSettings.from_environment({}).check(http)
    assert all(name in str(caught.value) for name in names)
    assert "https://api.slack.com/apps" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLACK_BOT_TOKEN", "xapp-1-secret"),
        ("SLACK_BOT_TOKEN", "xoxb-1 secret"),
        ("SLACK_BOT_TOKEN", "xoxb-1\r\nsecret"),
        ("SLACK_APP_TOKEN", "xoxb-1-secret"),
        ("SLACK_SIGNING_SECRET", "secret\x00"),
        ("SLACK_API_URL", "slack.com"),
        ("SLACK_API_URL", "ftp://slack.com/"),
        ("SLACK_API_URL", "http://"),
        ("SLACK_API_URL", "http://[::1"),
        ("SLACK_API_URL", "http://x:99999/"),
        ("SLACK_API_URL", "http://x/api?token=secret"),
        ("QABOT_SLACK_CHANNELS", "#general"),
        ("QABOT_SLACK_CHANNELS", "C1;C2"),
        ("QABOT_SLACK_USERS", "alice"),
        ("QABOT_SLACK_WORKERS", "0"),
        ("QABOT_SLACK_WORKERS", "65"),
        ("QABOT_SLACK_WORKERS", "four"),
        ("QABOT_SLACK_WORKERS", "٤"),
        ("QABOT_SLACK_PACE", "0"),
        ("QABOT_SLACK_PACE", "nan"),
        ("QABOT_SLACK_PACE", "fast"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_and_a_secret_one_not_repeated(
    name: str, value: str
) -> None:
    with pytest.raises(SettingsError, match=name) as caught:
        read(**{name: value})
    assert "secret" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_an_address_is_used_with_or_without_its_last_stroke() -> None:
    assert read(SLACK_API_URL="http://127.0.0.1:4010/api").api_url == "http://127.0.0.1:4010/api/"
    assert read(SLACK_API_URL="http://127.0.0.1:4010/api/").api_url == "http://127.0.0.1:4010/api/"


@pytest.mark.parametrize(
    ("channels", "users", "place", "allowed"),
    [
        ("", "", ("C1", "U1", False), True),
        ("C1, C2,", "", ("C2", "U1", False), True),
        ("C1", "", ("C2", "U1", False), False),
        ("C1", "", ("D1", "U1", True), True),
        ("", "U1", ("C1", "U1", False), True),
        ("", "U1", ("C1", "U2", False), False),
        ("", "U1", ("D2", "U2", True), False),
        ("C1", "U1", ("C2", "U1", False), False),
    ],
)
def test_who_is_answered_where(
    channels: str, users: str, place: tuple[str, str, bool], allowed: bool
) -> None:
    found = read(QABOT_SLACK_CHANNELS=channels, QABOT_SLACK_USERS=users)
    assert found.allows(*place) is allowed


def formatted(message: object, *values: object, error: BaseException | None = None) -> str:
    trouble: Any = (type(error), error, None) if error else None
    record = logging.LogRecord("x", logging.ERROR, "", 0, message, values, trouble)
    return OneLine(tuple(TOKENS.values())).format(record)


@given(st.text() | st.sampled_from(["%s", "%d%d", "a\nb", "\x1b[2Jx", "\u202e"]))
def test_whatever_is_said_is_one_line_that_does_nothing_to_a_terminal(text: str) -> None:
    for line in (formatted(text), formatted("%s", text), formatted(text, "more")):
        assert line.isprintable()
        assert len(line) < 1_100


def test_tokens_and_tickets_are_blotted_out_known_or_not() -> None:
    line = formatted(
        "no %s, xoxb-2-other, xapp-1-A-b, xoxe.xoxp-1-z nor wss://x/link/?ticket=abc&y=1 or %s",
        *("xoxb-1-secret", "shh-secret"),
    )
    assert line.count("***") == 6
    assert not [one for one in ("secret", "other", "A-b", "xoxp", "abc") if one in line]


def test_of_an_exception_only_its_kind_is_said() -> None:
    line = formatted("A mistake", error=ValueError("what the person asked"))
    assert line.endswith("error A mistake (ValueError)")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What is said; afterwards logging is as it was."""
    names = ["qabot", "slack_bolt", "slack_sdk", "aiohttp", "asyncio"]
    loggers = [logging.getLogger(name) for name in names]
    before = [(one.handlers[:], one.level, one.propagate) for one in loggers]
    raising = logging.raiseExceptions
    yield io.StringIO()
    logging.raiseExceptions = raising
    for one, (handlers, level, propagate) in zip(loggers, before, strict=True):
        one.handlers[:], one.propagate = handlers, propagate
        one.setLevel(level)


@pytest.mark.parametrize("log_text", ["", "1"])
def test_libraries_that_repeat_messages_speak_only_where_these_may_be_logged(
    log_text: str, stream: io.StringIO
) -> None:
    logger = say_on(read(QABOT_SLACK_LOG_TEXT=log_text), stream)
    logger.info("ours")
    logging.getLogger("slack_bolt.AsyncApp").error("Unhandled: and when?")
    said = stream.getvalue()
    assert "ours" in said
    assert ("and when?" in said) is bool(log_text)


def test_lines_that_nobody_can_read_any_more_end_nothing(stream: io.StringIO) -> None:
    logger = say_on(read(), stream)
    stream.close()
    logger.error("nobody")


def test_the_articles_that_channels_may_read_are_listed_by_their_ids() -> None:
    found = SlackSettings.from_environment({"QABOT_SLACK_SOURCES": " one-article, two ,"})
    assert found.sources == {"one-article", "two"}
    assert SlackSettings.from_environment({}).sources == frozenset()
