"""The command ``chat``: questions one after the other, typed or piped."""

from __future__ import annotations

import os
import re
import sys
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qabot.cli.asking import answering, settings_for, spoken
from qabot.cli.filtering import filtering
from qabot.cli.output import (
    ANSWERED,
    FAILED,
    Command,
    console,
    display,
    is_utf8,
    notice,
    plural,
    write,
)
from qabot.errors import QabotError, UnknownReference
from qabot.words import clean

if TYPE_CHECKING:
    from qabot.conversation import Conversation
    from qabot.filters import Filters
    from qabot.retrieve import Searched
    from qabot.settings import Settings
    from qabot.types import Answer, Citation, Closest, Document

_NUMBER = re.compile(r"\[?(\d{1,6})\]?")
_STOPPED = "Stopped. This question does not count; the chat goes on."


@click.command(cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option("-c", "--continue", "go_on", is_flag=True, help="Go on with the last conversation.")
@filtering
@answering
def chat(
    as_json: bool,
    go_on: bool,
    lenient: bool,
    top_k: int | None,
    filters: Filters,
    **given: Any,
) -> int:
    """Ask one question after the other; each may lean on those before.

    Piped in, each line is a question, told again before its answer. Commands begin with a slash:
    /help lists them.
    """
    from qabot.build import open_conversation
    from qabot.render.terminal import shorten

    settings = settings_for(**given)
    with closing(open_conversation(settings, _say, go_on)) as conversation:
        if go_on and conversation.turns:
            last = shorten(conversation.turns[-1].question, 200)
            _say(f"Going on with the last conversation; its last question: {last}")
        talk = _Talk(conversation, as_json, lenient, top_k, filters)
        if _is_typed():
            return _converse(talk, settings)
        return _work_off(talk)


def _say(text: str) -> None:
    """A line on standard error; on a terminal it is wrapped at words."""
    from qabot.render.terminal import safe

    screen = console(stderr=True)
    if screen.is_terminal:
        screen.print(safe(clean(text)))
    else:
        notice(text)


def _is_typed() -> bool:
    """Whether somebody types, and sees it."""
    screens = (sys.stdout, sys.stderr)
    return bool(sys.stdin and sys.stdin.isatty()) and any(one and one.isatty() for one in screens)


def _converse(talk: _Talk, settings: Settings) -> int:
    """The chat on a terminal: errors and Ctrl-C end an answer, never the chat."""
    from qabot.chat import Editor, History, Interruption

    editor = Editor(History(settings.home / "history") if settings.log else None, _say)
    is_seen = bool(sys.stdout and sys.stdout.isatty())
    _say(talk.greeting())
    with Interruption() as interruption:
        while (line := editor.read()) is not None:
            try:
                with interruption.allowed():
                    if not talk.take(line, apart=not is_seen):
                        break
            except QabotError as error:
                _say(f"Error: {error}")
                talk.failed(line, error)
            except KeyboardInterrupt:
                talk.forget()
                click.echo("\r", nl=False, err=True)  # over the ^C that the terminal shows
                _say(_STOPPED)
            if is_seen:
                write("")
    return ANSWERED


def _work_off(talk: _Talk) -> int:
    """The chat with a program: a line is a question, and an error does not keep the next away."""
    from qabot.chat import piped

    code, was_discarded = ANSWERED, _is_discarded()
    for line in piped(sys.stdin.buffer) if sys.stdin else ():
        try:
            if isinstance(line, QabotError):
                raise line
            if not talk.take(line, apart=True):
                break
        except QabotError as error:
            code = FAILED
            _say(f"Error: {error}")
            talk.failed(None if isinstance(line, QabotError) else line, error)
        if _is_discarded() and not was_discarded:
            break  # whoever read the answers has gone
    return code


def _is_discarded() -> bool:
    """Whether standard output leads nowhere, as it does once nobody reads it any more."""
    try:
        return os.path.samestat(os.fstat(sys.stdout.fileno()), Path(os.devnull).stat())
    except (AttributeError, OSError, ValueError):
        return False


class _Talk:
    """Does what a line asks for, and knows the last answer, which commands refer to."""

    def __init__(
        self,
        conversation: Conversation,
        as_json: bool,
        lenient: bool,
        top_k: int | None,
        filters: Filters,
    ) -> None:
        self._conversation, self._as_json = conversation, as_json
        self._lenient, self._top_k, self._filters = lenient, top_k, filters
        self._last: Answer | None = None
        self._has_written = False

    @property
    def _index(self) -> Searched:
        return self._conversation.bot.index

    def greeting(self) -> str:
        """What there is to ask about, who answers, and how to get help."""
        count = len(self._index.catalog.versions())
        articles = plural(count, "article") if count else "no article yet (qabot ingest PATH)"
        model = self._conversation.bot.model
        answers = f"{model} writes the answers" if model else "answers in their own words"
        return f"qabot: {articles}; {answers}. /help lists the commands, Ctrl-D ends."

    def forget(self) -> None:
        """The last answer was stopped: none is left that could be referred to."""
        self._last = None

    def take(self, line: str, apart: bool) -> bool:
        """Answer a question or obey a command; False for the one that ends the chat.

        ``apart`` puts a blank line before what is written, and a question before its answer.
        """
        from qabot.chat import order_in
        from qabot.filters import only
        from qabot.selecting import select

        order = order_in(line)
        if order is None:
            self._ask(line, apart)
        elif order.name == "/quit":
            return False
        elif order.name == "/new":
            self._conversation.begin()
            self._last = None
            _say("A new conversation begins.")
        elif self._as_json:
            raise UnknownReference(f"With --json there are only /new and /quit, no {order.name}.")
        elif order.name == "/only":
            filters = only(order.argument, date.today())
            is_vain = filters and not select(self._index.catalog, filters).count
            self._filters = filters
            none = ". No article fits" if is_vain else ""
            _say(f"From now on: {filters.said() or 'all articles'}{none}.")
        else:
            shown = self._shown(order.name, order.argument)
            self._keep_apart(apart)
            display(shown)
        return True

    def _ask(self, question: str, apart: bool) -> None:
        from qabot.bot import check

        check(question, self._top_k)
        if self._as_json:
            from qabot.render.json import answer_object

            self._last = self._conversation.ask(question, self._top_k, None, self._filters)
            _write_object(answer_object(replace(self._last, explanation=None)))
            return
        self._keep_apart(apart)
        if apart:
            write(f"> {clean(question)}")
        self._last = spoken(
            self._conversation, question, self._top_k, self._lenient, False, self._filters
        )

    def failed(self, question: str | None, error: QabotError) -> None:
        """With ``--json`` every line gets an object, so that they can be told apart."""
        if self._as_json:
            _write_object({"question": question, "error": str(error)})

    def _keep_apart(self, apart: bool) -> None:
        if apart and self._has_written:
            write("")
        self._has_written = True

    def _shown(self, name: str, argument: str) -> Any:
        """What a command shows. Raises UnknownReference where there is nothing of the kind."""
        from qabot.render import terminal

        if name == "/help":
            return _help()
        if name == "/sources":
            from qabot.cli.listing import newest

            return newest(self._index.catalog, argument, self._filters, _say)
        if name == "/show":
            return terminal.passage_in_place(*self._place(argument))
        if self._last is None or self._last.explanation is None:
            raise UnknownReference("There is no answer to explain. Ask a question first.")
        return terminal.explanation(self._last.explanation)

    def _place(self, argument: str) -> tuple[Document, int, int]:
        """The document and span that ``/show`` refers to."""
        if ":" in argument:
            from qabot.references import resolve_reference

            return resolve_reference(self._index, argument)
        last = self._last
        if last is None or not (last.citations or last.closest):
            raise UnknownReference("There is nothing to show. Ask a question first.")
        places: dict[int, Citation | Closest] = {one.marker: one for one in last.citations}
        places = places or dict(enumerate(last.closest, start=1))
        match = _NUMBER.fullmatch(argument)
        place = places.get(int(match[1])) if match else None
        if place is None:
            what = "the citations of the last answer" if last.citations else "the closest passages"
            raise UnknownReference(f"/show N shows {what}: N is {_span(list(places))}.")
        document = self._index.catalog.document(place.document_id)
        if document is None or document.text[place.start : place.end] != place.quote:
            raise UnknownReference(
                f"The article {place.document_id} was changed since. Ask the question again."
            )
        return document, place.start, place.end


def _span(numbers: list[int]) -> str:
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"


def _help() -> Any:
    from rich.console import Group
    from rich.text import Text

    from qabot.chat import ARGUMENTS, COMMANDS
    from qabot.render.terminal import Hanging

    rows = {f"{name} {ARGUMENTS.get(name, '')}": does for name, does in COMMANDS.items()}
    rows["Ctrl-C"] = "stop an answer, or clear the line"
    width = max(map(len, rows)) + 1
    labels = ((Text(name.ljust(width), "cyan"), Text(does)) for name, does in rows.items())
    return Group(*(Hanging(label, does) for label, does in labels))


def _write_object(value: dict[str, Any]) -> None:
    """One JSON object on a line."""
    from qabot.render.json import to_json

    # Within strings a line's end is an escape: those that are left only set the object out.
    lines = to_json(value, ascii_only=not is_utf8(sys.stdout)).split("\n")
    write("".join(line.strip(" ") for line in lines))
