"""Logged questions -> what ``qabot logs`` shows: blocks for a person, or one object of JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from qabot.render.terminal import Hanging, safe, shorten
from qabot.types import Judgement, Logged

_QUESTION_LIMIT = 320
_ANSWER_LIMIT = 160
_UNKNOWN = "-"


def listing(
    entries: Sequence[Logged], judgements: Mapping[int, Sequence[Judgement]] | None = None
) -> RenderableType:
    """A block for each: number, time, status, model, tokens, cost and duration; question; answer.

    After it what readers said of the answer, by its number.

    The time is UTC to the minute; of the answer its first line is shown, shortened. What is not
    known stands as "-".
    """
    parts: list[RenderableType] = []
    for entry in entries:
        parts += [Text()] * bool(parts) + _block(entry)
        parts += [_opinion(one) for one in (judgements or {}).get(entry.number, ())]
    return Group(*parts)


def json_object(
    entries: Sequence[Logged], judgements: Mapping[int, Sequence[Judgement]] | None = None
) -> dict[str, Any]:
    """What ``qabot logs --json`` prints: ``{"logs": [...]}``, described in docs/json.md."""
    logs = [entry.as_json() for entry in entries]
    if judgements is not None:
        for row in logs:
            row["feedback"] = [asdict(one) for one in judgements.get(row["number"], ())]
    return {"logs": logs}


def _opinion(given: Judgement) -> RenderableType:
    kind = given.category or ("" if given.is_good else "no reason given")
    said = " · ".join(filter(None, [kind, shorten(given.comment, _QUESTION_LIMIT)]))
    sign = Text("  + ", "green") if given.is_good else Text("  - ", "red")
    return Hanging(sign, safe(said or "good"))


def _block(entry: Logged) -> list[RenderableType]:
    head = Text.assemble(
        Text(f"#{entry.number}", "bold cyan"),
        safe(
            f" · {_to_the_minute(entry.asked_at)} · {entry.status} · {shorten(entry.model, 80)}"
            f" · tokens {_tokens(entry)} · cost {_cost(entry.cost_usd)}"
            f" · time {_duration(entry.total_ms)}",
            "dim",
        ),
    )
    question = safe(shorten(entry.question, _QUESTION_LIMIT), "bold")
    answer = safe(shorten(_first_line(entry.text), _ANSWER_LIMIT))
    return [
        Hanging(Text(), head, again=Text("  ")),
        Hanging(Text("  Q: ", "dim"), question),
        Hanging(Text("  A: ", "dim"), answer),
    ]


def _to_the_minute(time: str) -> str:
    return time[:16].replace("T", " ") + " UTC"


def _tokens(entry: Logged) -> str:
    """Of the prompt and of the reply."""
    counts = (entry.prompt_tokens, entry.completion_tokens)
    if counts == (None, None):
        return _UNKNOWN
    return " + ".join(_UNKNOWN if count is None else f"{count:,}" for count in counts)


def _cost(dollars: float | None) -> str:
    """US dollars to a hundredth of a cent; what is less, and not nothing, says so."""
    if dollars is None:
        return _UNKNOWN
    return "<$0.0001" if 0 < dollars < 0.0001 else f"${dollars:,.4f}"


def _duration(milliseconds: float | None) -> str:
    return _UNKNOWN if milliseconds is None else f"{milliseconds:,.0f} ms"


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), _UNKNOWN)
