"""The command ``slack``: the bot in a workspace, until it is told to stop."""

from __future__ import annotations

from typing import Any

import click

from qabot.cli.asking import settings_for
from qabot.cli.output import Command
from qabot.errors import SettingsError


@click.command(cls=Command)
@click.option("--http", "over_http", is_flag=True, help="Take signed requests at /slack/events.")
@click.option("--host", metavar="ADDRESS", help="Where --http listens; 127.0.0.1 unless given.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), help="Where --http listens; 3000 unless given."
)
@click.option("--model", metavar="NAME", help="A model's name, a GGUF file's path, or: extractive.")
@click.option("--verify", type=click.Choice(["model"]), help="Ask the model again about sentences.")
@click.option("--no-log", is_flag=True, help="Leave no trace in the log of questions.")
def slack(over_http: bool, host: str | None, port: int | None, **given: Any) -> int:
    """Answer questions in Slack until stopped.

    Tokens are read from SLACK_BOT_TOKEN and SLACK_APP_TOKEN, or with --http from SLACK_BOT_TOKEN
    and SLACK_SIGNING_SECRET.
    """
    if not over_http and (host is not None or port is not None):
        raise click.UsageError("--host and --port are for --http.")
    settings = settings_for(**given)
    try:
        from qabot.slack.run import serve
        from qabot.slack.settings import SlackSettings
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("slack_bolt", "slack_sdk", "aiohttp"):
            raise
        raise SettingsError(
            "The Slack libraries are not installed. Install them: pip install slack-bolt aiohttp"
        ) from error
    chosen = SlackSettings.from_environment()
    place = ("127.0.0.1" if host is None else host, 3000 if port is None else port)
    return serve(settings, chosen, place if over_http else None)
