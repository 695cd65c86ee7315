"""The command ``qabot`` with all it can do; an error ends it with one line for a person."""

from __future__ import annotations

import difflib
import io
import os
import sys
import traceback
from itertools import chain

import click

from qabot import __version__
from qabot.cli.adding import add
from qabot.cli.archiving import export_articles, import_articles
from qabot.cli.articles import ingest, remove, show
from qabot.cli.asking import ask
from qabot.cli.chatting import chat
from qabot.cli.evaluating import evaluation
from qabot.cli.listing import sources
from qabot.cli.logs import logs
from qabot.cli.output import ANSWERED, DEBUG, FAILED, STOPPED, USAGE, Command, display, notice
from qabot.cli.slacking import slack
from qabot.errors import QabotError, was_interrupted

_COMMITTING = ("ingest", "remove", "import")
_ALIKE = 0.7  # from 0 to 1, how alike an option must be to be offered for one that there is not


class _Group(click.Group):
    command_class = Command

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they are needed, which is the order of this file."""
        return list(self.commands)


@click.group(
    cls=_Group,
    params=[DEBUG],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="qabot")
def cli() -> None:
    """Questions about articles, answered in their own words: every sentence can be checked.

    Exit codes: 0 answered, 3 abstained, 1 error, 2 wrong usage.
    """


evaluation.add_command(add)
for _command in (
    ask,
    chat,
    ingest,
    sources,
    show,
    remove,
    export_articles,
    import_articles,
    logs,
    evaluation,
    slack,
):
    cli.add_command(_command)


@cli.command(short_help="Say whether all is well, and what to mend.")
def doctor() -> int:
    """Say what is installed, where the index lies, which model would answer, and what to mend."""
    from qabot.doctor import examine
    from qabot.render import terminal

    found = examine()
    if any(name.startswith("SLACK_") and value for name, value in os.environ.items()):
        from qabot.slack import checkup

        found = chain(found, checkup.examine())
    healthy = True
    for line in found:
        display(terminal.check(line.ok, line.name, line.text, line.remedy))
        healthy = healthy and line.ok
    return ANSWERED if healthy else FAILED


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code; an error is one line on standard error."""
    given = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        result = cli.main(args=given, prog_name="qabot", standalone_mode=False)
        return result if isinstance(result, int) else ANSWERED
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        (_near(error) if isinstance(error, click.NoSuchOption) else error).show()
        return USAGE if isinstance(error, click.UsageError) else FAILED
    except (click.Abort, KeyboardInterrupt):
        return _stopped(given)
    except Exception as error:
        if was_interrupted(error):
            return _stopped(given)
        options = given[: given.index("--")] if "--" in given else given
        return _failed(error, "--debug" in options)


def _near(error: click.NoSuchOption) -> click.NoSuchOption:
    """The error with the options that are like the one given, whose dashes make none alike."""
    names = {one.strip("-"): one for one in error.possibilities or ()}
    near = difflib.get_close_matches(error.option_name.strip("-"), names, cutoff=_ALIKE)
    options = [names[one] for one in near]
    return click.NoSuchOption(error.option_name, possibilities=options, ctx=error.ctx)


def _stopped(given: list[str]) -> int:
    name = next((one for one in given if not one.startswith("-")), "")
    kept = " What was committed before is kept." if name in _COMMITTING else ""
    notice(f"Stopped.{kept}")
    return STOPPED


def _failed(error: Exception, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    elif isinstance(error, QabotError):
        notice(f"Error: {error}")
    else:
        name = type(error).__name__
        notice(f"Error: something unforeseen went wrong ({name}). To see more, add: --debug")
    return FAILED
