"""The command that answers one question, and what every command that answers needs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from qabot.cli.filtering import filtering
from qabot.cli.output import (
    ABSTAINED,
    ANSWERED,
    Command,
    Waiting,
    display,
    notice,
    write_json,
)
from qabot.errors import QuestionError
from qabot.types import Released

if TYPE_CHECKING:
    from qabot.conversation import Conversation
    from qabot.filters import Filters
    from qabot.settings import Settings
    from qabot.types import Answer

_LONGEST_INPUT = 1_000_000
"""Bytes read from standard input: more than any question may have."""

_OPTIONS = (
    click.option(
        "--model", metavar="NAME", help="A model's name, a GGUF file's path, or: extractive."
    ),
    click.option(
        "--verify", type=click.Choice(["model"]), help="Ask the model again about each sentence."
    ),
    click.option("--lenient", is_flag=True, help="Show what was withheld, struck through."),
    click.option("--top-k", type=click.IntRange(1, 100), help="Passages to read at most."),
    click.option("--no-log", is_flag=True, help="Leave no trace in the log."),
)


def answering(command: Callable[..., int]) -> Callable[..., int]:
    """The options of every command that answers."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def settings_for(model: str | None, verify: str | None, no_log: bool) -> Settings:
    """The settings of the environment, changed by options."""
    from qabot.settings import Settings

    found = Settings.from_environment()
    return replace(
        found,
        model=found.model if model is None else model.strip(),
        second_opinion=found.second_opinion or verify == "model",
        log=found.log and not no_log,
    )


@click.command(cls=Command)
@click.argument("question", nargs=-1, required=True, metavar="QUESTION")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--explain", is_flag=True, help="Show what was found, and why this answer.")
@click.option("-c", "--continue", "go_on", is_flag=True, help="Go on with the last conversation.")
@filtering
@answering
def ask(
    question: tuple[str, ...],
    as_json: bool,
    explain: bool,
    go_on: bool,
    lenient: bool,
    top_k: int | None,
    filters: Filters,
    **given: Any,
) -> int:
    """Answer QUESTION (or - for standard input) with cited passages.

    For example: qabot ask "why won't Iran negotiate?"
    """
    from qabot.bot import check

    text = _read_question() if question == ("-",) else " ".join(question)
    check(text, top_k)
    from qabot.build import open_conversation

    with closing(open_conversation(settings_for(**given), notice, go_on)) as conversation:
        if as_json:
            from qabot.render.json import answer_object

            answer = conversation.ask(text, top_k, None, filters)
            shown = answer if explain else replace(answer, explanation=None)
            write_json(answer_object(shown))
        else:
            answer = spoken(conversation, text, top_k, lenient, explain, filters)
    return ANSWERED if answer.status == "answered" else ABSTAINED


def spoken(
    conversation: Conversation,
    question: str,
    top_k: int | None,
    lenient: bool,
    explain: bool,
    filters: Filters,
) -> Answer:
    """Ask, showing each sentence as soon as it may be read, then what it rests on.

    Stopped by Ctrl-C it shows what the sentences so far rest on, and raises KeyboardInterrupt.
    """
    from qabot.answers import so_far
    from qabot.render import terminal

    hidden, heard = 0, list[Released]()
    with Waiting(conversation.bot.model) as waiting:

        def release(sentence: Released) -> None:
            nonlocal hidden
            if sentence.withheld is None or lenient:
                waiting.close()
                display(terminal.sentence(sentence, heard[-1] if heard else None))
                heard.append(sentence)
            else:
                hidden += 1

        try:
            answer = conversation.ask(question, top_k, release, filters)
        except KeyboardInterrupt:
            if heard:
                display(terminal.evidence(so_far(question, heard)))
            raise
    shown = answer if explain else replace(answer, explanation=None)
    display(terminal.evidence(shown, hidden))
    return answer


def _read_question() -> str:
    if sys.stdin is None:
        return ""
    if sys.stdin.isatty():
        notice("Type the question; end it with Ctrl-D on a line of its own.")
    data = sys.stdin.buffer.read(_LONGEST_INPUT + 1)
    if len(data) > _LONGEST_INPUT:
        raise QuestionError(f"More than {_LONGEST_INPUT:,} bytes on standard input: no question.")
    try:
        return data.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        problem = "The question on standard input is not UTF-8 text. Write it as UTF-8."
        raise QuestionError(problem) from error
