"""Files -> cases: JSON lines, gzipped or not, one by one or in folders."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from qabot.errors import QabotError
from qabot.evaluation.model import Case
from qabot.evaluation.rows import BadRow, case_of, corpus_of, original_of
from qabot.types import Document

FOLDER = Path("evals", "cases")
"""Where cases are looked for when no file is named: here, else in the source tree."""
_SUFFIXES = (".jsonl", ".jsonl.gz")
_CORPUS = "_corpus"
_UNSEEN = "unseen"
_GZIP = b"\x1f\x8b"


class CaseError(QabotError):
    """Cases cannot be read; the message names the file and, where there is one, the line."""


def case_files(paths: Sequence[Path] = ()) -> list[Path]:
    """The files that hold the cases: those named, and those in the folders named.

    Without any it is the folder ``evals/cases``, less the files for a last judgement, whose name
    contains "unseen". Raises CaseError.
    """
    if not paths:
        return [path for path in _in_folder(_default_folder()) if _UNSEEN not in path.name]
    found: list[Path] = []
    for path in paths:
        found += _in_folder(path) if path.is_dir() else [path]
    return list(dict.fromkeys(found))


def read_cases(paths: Sequence[Path] = ()) -> list[Case]:
    """The cases in ``case_files(paths)``, in order. Raises CaseError naming file and line."""
    cases: dict[str, Case] = {}
    places: dict[str, str] = {}
    files = case_files(paths)
    for path in files:
        for number, case in _cases_in(path):
            if case.id in places:
                raise CaseError(
                    f"{path}:{number}: the id {case.id!r} is taken already, at {places[case.id]}. "
                    "Give each case an id of its own."
                )
            places[case.id] = f"{path}:{number}"
            cases[case.id] = case
    if not cases:
        raise CaseError(f"There is no case in {', '.join(map(str, files))}. Name another file.")
    return _linked(cases)


def _default_folder() -> Path:
    for folder in (Path(), Path(__file__).resolve().parents[2]):
        if (folder / FOLDER).is_dir():
            return folder / FOLDER
    raise CaseError(f"There is no folder {FOLDER} here. Name a file with cases.")


def _in_folder(folder: Path) -> list[Path]:
    try:
        files = sorted(path for path in folder.iterdir() if path.name.endswith(_SUFFIXES))
    except OSError as error:
        raise CaseError(f"{folder}: {error.strerror or error}. Name another folder.") from error
    found = [path for path in files if not _stem(path).endswith(_CORPUS)]
    if not found:
        raise CaseError(f"{folder}: holds no .jsonl file. Name a file with cases.")
    return found


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".jsonl")


def _cases_in(path: Path) -> Iterator[tuple[int, Case]]:
    """The cases of a file, each with its line."""

    @cache
    def corpus() -> tuple[Document, ...]:
        return _corpus_beside(path)

    for number, row in _rows(path):
        try:
            yield number, case_of(row, corpus, _stem(path))
        except BadRow as error:
            name = row.get("id") if isinstance(row, dict) else None
            named = f"the case {name!r}" if isinstance(name, str) else "the row"
            raise CaseError(f"{path}:{number}: {named} {error}. Mend the line.") from error


def _corpus_beside(path: Path) -> tuple[Document, ...]:
    """The documents in the file that goes with ``path``, such as ``news_corpus.jsonl.gz``."""
    for suffix in (".jsonl", ".jsonl.gz"):
        beside = path.with_name(f"{_stem(path)}{_CORPUS}{suffix}")
        if beside.exists():
            return corpus_of(row for _, row in _rows(beside))
    raise BadRow(f"has its documents in {_stem(path)}{_CORPUS}.jsonl, which is not there")


def _rows(path: Path) -> Iterator[tuple[int, Any]]:
    """What stands on each line that is not empty, with the number of the line."""
    number = 0
    try:
        for number, line in enumerate(_lines(path), start=1):
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            if text.strip():
                yield number, json.loads(text)
    except UnicodeDecodeError as error:
        raise CaseError(f"{path}:{number}: not UTF-8 text. Convert the file first.") from error
    except (ValueError, RecursionError) as error:
        where = getattr(error, "msg", "what it holds is too long or nested too deeply")
        raise CaseError(f"{path}:{number}: not JSON ({where}). Mend the line.") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise CaseError(f"{path}: the gzip file is damaged. Fetch it again.") from error
    except OSError as error:
        raise CaseError(f"{path}: {error.strerror or error}. Name another file.") from error


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        is_gzipped = file.peek(2)[:2] == _GZIP
        if not is_gzipped:
            yield from file
            return
        with gzip.open(file) as unpacked:
            yield from unpacked


def _linked(cases: dict[str, Case]) -> list[Case]:
    """The cases, with twins known by their ids; both of a pair belong to one cluster."""
    for case in list(cases.values()):
        original = cases.get(original_of(case.id) or "")
        if original is not None and original.twin is None:
            cases[original.id] = replace(original, twin=case.id)
    for case in list(cases.values()):
        if case.twin is not None and case.twin in cases:
            cases[case.twin] = replace(cases[case.twin], cluster=case.cluster)
    return list(cases.values())
