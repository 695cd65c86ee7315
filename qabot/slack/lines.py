"""What the bot says on standard error: one line for each thing, without tokens or messages."""

from __future__ import annotations

import logging
import re
import sys
from typing import TextIO

from qabot.slack.settings import SlackSettings
from qabot.words import clean

_LONGEST = 1_000
_TOKEN = re.compile(r"xox[a-z]+-[\w.-]+|xapp-[\w.-]+|xoxe\.[\w.-]+|(?<=ticket=)[^&\s]+")
_LIBRARIES = ("slack_bolt", "slack_sdk", "aiohttp", "asyncio")


class OneLine(logging.Formatter):
    """A record as one line; what an exception says, and where, is left out."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        """``secrets`` are blotted out wherever they stand."""
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """Time, level and the first line of what is said."""
        try:
            said = record.getMessage()
        except (TypeError, ValueError):
            said = str(record.msg)
        first = said[: 4 * _LONGEST].strip().partition("\n")[0]
        for secret in self._secrets:
            first = first.replace(secret, "***")
        first = clean(_TOKEN.sub("***", first))[:_LONGEST]
        if record.exc_info and record.exc_info[0] is not None:
            first = f"{first} ({record.exc_info[0].__name__})"
        return f"{self.formatTime(record, self.datefmt)} {record.levelname.lower()} {first}"


def say_on(settings: SlackSettings, stream: TextIO | None = None) -> logging.Logger:
    """Let the bot's lines go to ``stream``, else to standard error; its logger.

    The libraries repeat messages when they complain, so that they speak only where messages may be
    logged.
    """
    logging.raiseExceptions = False  # whoever read the lines may be gone; the bot goes on
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(OneLine(settings.secrets))
    for name in ("qabot", *_LIBRARIES):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.propagate = False
        logger.setLevel(logging.ERROR if settings.log_text else logging.CRITICAL)
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    logging.getLogger("qabot").setLevel(logging.INFO)
    return logging.getLogger("qabot.slack")
