"""The command ``eval add``: a logged question made a case, after it was shown."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qabot.cli.output import ANSWERED, Command, notice, write
from qabot.errors import StorageError, UnknownReference

if TYPE_CHECKING:
    from qabot.types import Logged

CASES = Path("evals", "cases", "logged.jsonl")


@click.command("add", cls=Command)
@click.argument("number", type=click.IntRange(1), required=False, metavar="[NUMBER]")
@click.option("--answer", "answers", multiple=True, help="What a right answer holds; repeatable.")
@click.option("--answerable/--unanswerable", default=None, help="Whether the articles say it.")
@click.option("--tag", "tags", multiple=True, help="A tag for the case; may be repeated.")
@click.option("--to", type=click.Path(path_type=Path), default=CASES, help=f"By default {CASES}.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def add(number: int | None, to: Path, yes: bool, **known: Any) -> int:
    """Make the question logged under NUMBER (see qabot logs), or the last one, a case.

    What it cited becomes the evidence; look whether that is right before you confirm.
    """
    from qabot.evaluation.adding import case_of
    from qabot.log import Log
    from qabot.settings import Settings

    with closing(Log(Settings.from_environment().home)) as log:
        logged = _logged(log.get(number) if number else next(iter(log.entries(1)), None), number)
        turns = log.turns(logged.conversation, before=logged.number)
        judgements = log.judgements(logged.number)
    row = case_of(logged, turns, judgements, **known)
    if row["id"] in _ids(to):
        raise click.UsageError(f"{to} has the case {row['id']} already.")
    notice(f"The bot said: {logged.text}")
    for one in judgements:
        opinion = "good" if one.is_good else f"bad {one.category}".strip()
        notice(f"A reader said: {opinion}{': ' * bool(one.comment)}{one.comment}")
    write(json.dumps(row, ensure_ascii=True, indent=2))
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("Look at the case, then run the command again with --yes.")
        click.confirm(f"Add it to {to}?", abort=True, err=True)
    _append(to, json.dumps(row, ensure_ascii=False))
    notice(f"Added {row['id']} to {to}")
    return ANSWERED


def _logged(found: Logged | None, number: int | None) -> Logged:
    if found is None:
        what = f"no question {number}" if number else "no question"
        raise UnknownReference(f"There is {what} in the log. List them: qabot logs")
    return found


def _ids(path: Path) -> set[str]:
    """The ids of the cases in a file; none where there is no file."""
    from qabot.evaluation.cases import read_cases

    return {case.id for case in read_cases([path])} if _is_begun(path) else set()


def _is_begun(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _append(path: Path, line: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(f"{line}\n".encode("utf-8", "replace"))
    except OSError as error:
        raise StorageError(
            f"Cannot write to {path}: {error.strerror or error}. Name another file with --to."
        ) from error
