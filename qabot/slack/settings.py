"""What can be set for the Slack bot, read once from the environment; tokens are never shown."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from qabot.errors import SettingsError
from qabot.settings import is_set

API_URL = "https://slack.com/api/"
_MOST_WORKERS = 64
_TOKEN = re.compile(r"[\x21-\x7e]{1,1000}")
_ID = re.compile(r"[A-Z0-9]{2,50}")
_WHERE = {
    "SLACK_BOT_TOKEN": "the Bot User OAuth Token under OAuth & Permissions, which has xoxb- in it",
    "SLACK_APP_TOKEN": "an App-Level Token under Basic Information with the scope "
    "connections:write, which has xapp- in it",
    "SLACK_SIGNING_SECRET": "the Signing Secret under Basic Information",
}
_MARKS = {"SLACK_BOT_TOKEN": "xoxb-", "SLACK_APP_TOKEN": "xapp-"}


@dataclass(frozen=True, slots=True)
class SlackSettings:
    """Everything that can be set for the Slack bot.

    ``channels`` and ``users`` are the ids that are answered, all where empty; ``sources`` the ids
    of the articles that may be read for a channel, which others read too. ``log_text`` lets the
    text of messages into the lines on standard error. ``workers`` questions at most are answered
    at the same time. ``pace`` multiplies the rates at which Slack is called: 1 is what every
    workspace allows. ``health`` is the host and port where the state of the process is shown.
    """

    bot_token: str = field(default="", repr=False)
    app_token: str = field(default="", repr=False)
    signing_secret: str = field(default="", repr=False)
    api_url: str = field(default=API_URL, repr=False)
    channels: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    log_text: bool = False
    workers: int = 4
    pace: float = 1.0
    health: tuple[str, int] | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> SlackSettings:
        """Read ``SLACK_*`` and ``QABOT_SLACK_*``; raises SettingsError naming the variable."""
        values = os.environ if environment is None else environment
        return cls(
            bot_token=_secret(values, "SLACK_BOT_TOKEN"),
            app_token=_secret(values, "SLACK_APP_TOKEN"),
            signing_secret=_secret(values, "SLACK_SIGNING_SECRET"),
            api_url=_address(values),
            channels=_ids(values, "QABOT_SLACK_CHANNELS", "C0123ABCD"),
            users=_ids(values, "QABOT_SLACK_USERS", "U0123ABCD"),
            sources=frozenset(filter(None, map(str.strip, _listed(values, "QABOT_SLACK_SOURCES")))),
            log_text=is_set(values, "QABOT_SLACK_LOG_TEXT"),
            workers=_workers(values),
            pace=_pace(values),
            health=_health(values),
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no line may show."""
        return tuple(filter(None, (self.bot_token, self.app_token, self.signing_secret)))

    def missing(self, http: bool) -> list[str]:
        """The variables that are still needed, each with where to get its value."""
        second = "SLACK_SIGNING_SECRET" if http else "SLACK_APP_TOKEN"
        given = {
            "SLACK_BOT_TOKEN": self.bot_token,
            second: self.signing_secret if http else self.app_token,
        }
        return [f"{name} ({_WHERE[name]})" for name, value in given.items() if not value]

    def check(self, http: bool) -> None:
        """Raise SettingsError unless the bot can start, with signed requests or Socket Mode."""
        missing = self.missing(http)
        if missing:
            raise SettingsError(
                f"Not set: {' and '.join(missing)}. Copy from https://api.slack.com/apps."
            )

    def allows(self, channel: str, user: str, is_direct: bool) -> bool:
        """Whether a message may be answered; direct messages are bound by users alone."""
        if self.users and user not in self.users:
            return False
        return is_direct or not self.channels or channel in self.channels


def _secret(values: Mapping[str, str], name: str) -> str:
    given = values.get(name, "").strip()
    mark = _MARKS.get(name, "")
    if given and not (_TOKEN.fullmatch(given) and mark in given):
        raise SettingsError(f"{name} is not what it should be: {_WHERE[name]}.")
    return given


def _address(values: Mapping[str, str]) -> str:
    given = values.get("SLACK_API_URL", "").strip()
    if not given:
        return API_URL
    try:
        parts = urlsplit(given)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_usable = is_usable and not (parts.query or parts.fragment) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or not _TOKEN.fullmatch(given):
        raise SettingsError(f"SLACK_API_URL must be an address such as {API_URL}, or empty.")
    return given.rstrip("/") + "/"


def _listed(values: Mapping[str, str], name: str) -> list[str]:
    return values.get(name, "").split(",")


def _ids(values: Mapping[str, str], name: str, example: str) -> frozenset[str]:
    given = [one.strip() for one in _listed(values, name)]
    for one in given:
        if one and not _ID.fullmatch(one):
            raise SettingsError(
                f"{name} takes ids such as {example}, with commas between them, not {one[:50]!r}."
            )
    return frozenset(filter(None, given))


def _workers(values: Mapping[str, str]) -> int:
    given = values.get("QABOT_SLACK_WORKERS", "").strip()
    if not given:
        return 4
    if not (re.fullmatch(r"[0-9]{1,3}", given) and 1 <= int(given) <= _MOST_WORKERS):
        raise SettingsError(
            f"QABOT_SLACK_WORKERS must be a whole number from 1 to {_MOST_WORKERS}, "
            f"not {given[:50]!r}."
        )
    return int(given)


def _pace(values: Mapping[str, str]) -> float:
    given = values.get("QABOT_SLACK_PACE", "").strip()
    try:
        pace = float(given) if given else 1.0
    except ValueError:
        pace = math.nan
    if not 0.1 <= pace <= 10_000:
        raise SettingsError(
            "QABOT_SLACK_PACE must be a number from 0.1 to 10000; 1 is what every workspace "
            f"allows. It is {given[:50]!r}."
        )
    return pace


def _health(values: Mapping[str, str]) -> tuple[str, int] | None:
    host = values.get("QABOT_HEALTH_HOST", "").strip() or "127.0.0.1"
    given = values.get("QABOT_HEALTH_PORT", "").strip()
    if not given:
        return None
    if not re.fullmatch(r"[0-9]{1,5}", given) or int(given) > 65_535:
        raise SettingsError(
            f"QABOT_HEALTH_PORT must be a port, from 0 to 65535, not {given[:50]!r}."
        )
    return host, int(given)
