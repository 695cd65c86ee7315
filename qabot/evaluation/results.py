"""Results in and out: a line a case in ``results.jsonl``, and the figures in ``summary.json``.

A line is ``{"id", "answer", "scores", "error", "timings_ms"}``; ``answer`` is what ``--json``
prints, with the explanation. Letters beyond ASCII stand as escapes, so that no line breaks within.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from qabot.errors import QabotError
from qabot.evaluation.figures import Summary
from qabot.evaluation.model import Result, Score


class ResultError(QabotError):
    """Results cannot be read or written; the message names the file."""


def write_line(file: TextIO, result: Result) -> None:
    """Add a result to a file; it is there as soon as this returns."""
    file.write(line_of(result))
    file.flush()


def line_of(result: Result) -> str:
    """A result as a line of JSON. Numbers that JSON does not have become null."""
    value = {
        "id": result.id,
        "answer": result.answer,
        "scores": {
            name: {"value": score.value, "reason": score.reason}
            for name, score in result.scores.items()
        },
        "error": result.error,
        "timings_ms": dict(result.timings_ms),
    }
    try:
        text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    except ValueError:
        text = json.dumps(_finite(value), allow_nan=False, separators=(",", ":"))
    return text + "\n"


def read_results(path: Path) -> list[Result]:
    """The results in a file; a last line that was only half written is left out.

    Raises ResultError for a file that cannot be read, or another line that is no result.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise ResultError(f"{path}: {error.strerror or error}. Name another file.") from error
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            found.append(_result(json.loads(line)))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            if number == len(lines):
                break
            raise ResultError(
                f"{path}:{number}: no result of qabot eval. Take the line out, or begin anew in "
                "another folder with --out."
            ) from error
    return found


def summary_object(summary: Summary, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What ``summary.json`` holds: the figures, and what they were made with."""
    return {**summary.as_json(), "manifest": dict(manifest)}


def as_text(value: Mapping[str, Any]) -> str:
    """One object as JSON for a file. Numbers that JSON does not have become null."""
    return json.dumps(_finite(value), indent=2, allow_nan=False) + "\n"


def replace_file(path: Path, text: str) -> None:
    """Write a file whole or not at all. Raises ResultError."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    with written(path):
        try:
            beside.write_text(text, "utf-8")
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)


def replace_results(path: Path, results: Iterable[Result]) -> None:
    """Write a file of results whole or not at all. Raises ResultError."""
    replace_file(path, "".join(map(line_of, results)))


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals to write a file into ResultError."""
    try:
        yield
    except OSError as error:
        raise ResultError(
            f"Cannot write {path}: {error.strerror or error}. Name another folder with --out."
        ) from error


def _result(value: Any) -> Result:
    """A line as a result. Raises ValueError, TypeError, KeyError or AttributeError."""
    answer, error = value["answer"], value["error"]
    if not isinstance(value["id"], str) or not isinstance(answer, dict | None):
        raise TypeError("Not a result.")
    if not isinstance(error, str | None) or (answer is None and error is None):
        raise TypeError("Not a result.")
    scores = {
        str(name): Score(_number(score["value"]), str(score["reason"]))
        for name, score in value["scores"].items()
    }
    times = {str(name): float(time) for name, time in value["timings_ms"].items()}
    return Result(value["id"], answer, scores, error, times)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
