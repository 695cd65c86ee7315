"""The folder of a run: results as they come, and what is needed to go on with them.

``results.jsonl`` holds nothing that tells for which case and bot a line was written, so
``run.json`` beside it does: a hash of each case, and what names the bot.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TextIO

from qabot.closing import Closes
from qabot.evaluation.model import Case, Result
from qabot.evaluation.results import (
    ResultError,
    as_text,
    read_results,
    replace_file,
    replace_results,
    write_line,
    written,
)
from qabot.types import Document

RESULTS, RUN = "results.jsonl", "run.json"


class Record(Closes):
    """The results of a run in ``folder``, each on the disk as soon as it is added.

    ``done`` holds by id the results that need not be made again.
    """

    def __init__(
        self, folder: Path, cases: Sequence[Case], bot: Mapping[str, Any], resume: bool = False
    ) -> None:
        """Begin anew, or with ``resume`` go on: results of unchanged cases that did not err stay.

        ``bot`` names all of the bot that shapes its answers. Raises ResultError, also where the
        results were made with another bot.
        """
        self.path = folder / RESULTS
        self._order = {case.id: number for number, case in enumerate(cases)}
        hashes = _hashes(cases)
        earlier = _kept(folder, bot, hashes) if resume else {}
        self.done: dict[str, Result] = earlier
        with written(folder):
            folder.mkdir(parents=True, exist_ok=True)
        # The lines that stay are right by the old run.json as well as by the new one.
        replace_results(self.path, self._ordered())
        replace_file(folder / RUN, as_text({"bot": bot, "cases": hashes}))
        with written(self.path):
            self._file: TextIO = self.path.open("a", encoding="utf-8")

    def add(self, result: Result) -> None:
        """Keep a result. Raises ResultError."""
        with written(self.path):
            write_line(self._file, result)
        self.done[result.id] = result

    def finish(self, fresh: Iterable[Result] = ()) -> None:
        """Put the lines in the order of the cases, with all of ``fresh``. Raises ResultError.

        Ctrl-C may have kept one of them from being added.
        """
        self._file.close()
        self.done.update((result.id, result) for result in fresh)
        replace_results(self.path, self._ordered())

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _ordered(self) -> list[Result]:
        return sorted(self.done.values(), key=lambda result: self._order[result.id])


def hash_of(case: Case, documents: str = "") -> str:
    """Names the content of a case: 16 hex digits; ``documents`` stands for its documents."""
    value = {**asdict(replace(case, documents=())), "documents": documents or _digest(case)}
    if case.asked_on is None:
        del value["asked_on"]  # as before cases had one, so that baselines still compare
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _hashes(cases: Sequence[Case]) -> dict[str, str]:
    """The hash of each case by its id; documents that cases share are read once."""
    known: dict[int, str] = {}
    for case in cases:
        if id(case.documents) not in known:
            known[id(case.documents)] = _digest(case)
    return {case.id: hash_of(case, known[id(case.documents)]) for case in cases}


def _digest(case: Case) -> str:
    found = hashlib.sha256()
    for document in case.documents:
        found.update(_bytes(document))
    return found.hexdigest()


def _bytes(document: Document) -> bytes:
    parts = (document.id, document.title, document.source, document.text)
    return json.dumps(parts).encode() + b"\n"


def _kept(folder: Path, bot: Mapping[str, Any], hashes: Mapping[str, str]) -> dict[str, Result]:
    """The results in ``folder`` that answer the same cases, by id."""
    path = folder / RESULTS
    if not path.exists():
        return {}
    before = _run(folder / RUN)
    if before["bot"] != json.loads(as_text(bot)):
        changed = sorted(name for name in bot if before["bot"].get(name) != bot[name])
        raise ResultError(
            f"The results in {folder} were made with another bot ({', '.join(changed)} changed). "
            "Begin anew: leave out --resume, or name another folder with --out."
        )
    return {
        result.id: result
        for result in read_results(path)
        if result.error is None
        and result.id in hashes
        and before["cases"].get(result.id) == hashes[result.id]
    }


def _run(path: Path) -> dict[str, dict[str, Any]]:
    try:
        found = json.loads(path.read_bytes())
        return {"bot": dict(found["bot"]), "cases": dict(found["cases"])}
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise ResultError(
            f"{path}: does not say what its results were made with. Begin anew: leave out --resume."
        ) from error
