"""The log of what was answered."""

from __future__ import annotations

from contextlib import closing

import click

from qabot.cli.output import ANSWERED, Command, display, notice, write_json


@click.command(cls=Command)
@click.option("-n", "--number", type=click.IntRange(1), default=20, help="Questions to list.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--feedback", is_flag=True, help="Only what readers judged, with what they said.")
def logs(number: int, as_json: bool, feedback: bool) -> int:
    """List past questions with their answers, the newest first."""
    from qabot.log import Log, by_number
    from qabot.render import history
    from qabot.settings import Settings

    with closing(Log(Settings.from_environment().home)) as log:
        judgements = by_number(log.judgements()) if feedback else None
        if judgements is None:
            entries = log.entries(number)
        else:
            judged = sorted(judgements, reverse=True)[:number]
            entries = [entry for one in judged if (entry := log.get(one))]
    if as_json:
        listed = history.json_object(entries, judgements)
        write_json(listed)
    elif entries:
        display(history.listing(entries, judgements))
    else:
        notice("No reader has said anything yet." if feedback else "Nothing is logged yet.")
    return ANSWERED
