"""The commands that answer: ask."""

from __future__ import annotations

import sys

import click

from qabot.cli.output import ABSTAINED, ANSWERED, Command, display, is_utf8, notice, write
from qabot.errors import QuestionError

_LONGEST_INPUT = 1_000_000
"""Bytes read from standard input: more than any question may have."""


@click.command(cls=Command)
@click.argument("question", nargs=-1, required=True, metavar="QUESTION")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--top-k", type=click.IntRange(1, 100), help="Passages to read at most.")
@click.option("--explain", is_flag=True, help="Show what was found, and why this answer.")
def ask(question: tuple[str, ...], as_json: bool, top_k: int | None, explain: bool) -> int:
    """Answer QUESTION (or - for standard input) with cited passages.

    For example: qabot ask "why won't Iran negotiate?"
    """
    from dataclasses import replace

    from qabot.bot import check

    text = _read_question() if question == ("-",) else " ".join(question)
    check(text, top_k)
    from qabot.build import open_bot

    answer = open_bot(notice=notice).ask(text, top_k=top_k)
    if not explain:
        answer = replace(answer, explanation=None)
    if as_json:
        from qabot.render.json import answer_object, to_json

        write(to_json(answer_object(answer), ascii_only=not is_utf8(sys.stdout)))
    else:
        from qabot.render import terminal

        display(terminal.answer(answer))
    return ANSWERED if answer.status == "answered" else ABSTAINED


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
        raise QuestionError("The question on standard input is not UTF-8 text.") from error
