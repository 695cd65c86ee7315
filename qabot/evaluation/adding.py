"""A logged question made a case, to measure by from now on. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qabot.types import Judgement, Logged, Turn


def case_of(
    logged: Logged,
    turns: Sequence[Turn],
    judgements: Sequence[Judgement] = (),
    answers: Sequence[str] = (),
    answerable: bool | None = None,
    tags: Sequence[str] = (),
) -> dict[str, Any]:
    """The row of a case: what was asked, with what is known to be right.

    ``turns`` came before it in its conversation. ``answerable`` is what the bot took it for, unless
    said otherwise. What it cited is the evidence only if the answer counts as right: when it held
    one of ``answers``, or when none are given and no reader found fault with it.
    """
    faults = [one for one in judgements if not one.is_good]
    is_answerable = logged.status == "answered" if answerable is None else answerable
    row: dict[str, Any] = {
        "id": f"logged-{logged.number}",
        "question": logged.question,
        "answerable": is_answerable,
        "answers": list(answers) if is_answerable else [],
    }
    quotes = [citation["quote"] for citation in logged.answer.get("citations", [])]
    text = logged.text.casefold()
    is_right = any(answer.casefold() in text for answer in answers) if answers else not faults
    if is_answerable and is_right and quotes:
        row["evidence"] = quotes
    if logged.standalone and turns:
        row["history"] = [{"question": turn.question, "answer": turn.answer} for turn in turns]
    said = ["feedback"] * bool(judgements) + [one.category for one in faults if one.category]
    return {**row, "tags": list(dict.fromkeys(["logged", *said, *tags]))}
