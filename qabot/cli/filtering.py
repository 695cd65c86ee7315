"""The options that say which articles are read or listed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from qabot.errors import QuestionError

_OPTIONS = (
    click.option(
        "--source",
        "sources",
        multiple=True,
        metavar="TEXT",
        help="Only articles with this id, or with this in title, publisher, address or path.",
    ),
    click.option(
        "--since",
        metavar="DAY",
        help="Only articles of this day or later: 2026-02-27, 2026-02, yesterday, 3-days-ago.",
    ),
    click.option("--until", metavar="DAY", help="Only articles of this day or earlier."),
    click.option(
        "--tag", "tags", multiple=True, metavar="TAG", help="Only articles with this tag."
    ),
)


def filtering(command: Callable[..., int]) -> Callable[..., int]:
    """The options of commands that read or list articles; the command is given ``filters``."""

    @functools.wraps(command)
    def filtered(
        sources: tuple[str, ...],
        since: str | None,
        until: str | None,
        tags: tuple[str, ...],
        **given: Any,
    ) -> int:
        from datetime import date

        from qabot.filters import read_filters

        try:
            filters = read_filters(date.today(), sources, since, until, tags, "--")
        except QuestionError as error:
            raise click.UsageError(str(error)) from error
        return command(filters=filters, **given)

    for option in reversed(_OPTIONS):
        filtered = option(filtered)
    return filtered
