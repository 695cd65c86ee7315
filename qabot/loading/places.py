"""What was given -> places to read: files, folders, patterns, ``-`` and addresses."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from qabot.errors import LoadError
from qabot.loading.formats import kind_of_name, recognised
from qabot.loading.model import Place

STANDARD_INPUT = "-"
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://", re.I)
_PATTERN = re.compile(r"[*?\[]")


def find_places(given: Path | str) -> tuple[list[Place], list[LoadError]]:
    """What there is to read, in a stable order; what is missing comes back as errors beside it.

    A path is itself, or every article below it if it is a folder; a text may also be an address,
    a pattern such as ``news/**/*.html``, or ``-`` for standard input. Hidden files and folders,
    links to folders, and files of other formats in a folder are passed over.
    """
    if isinstance(given, Path):
        files, errors = find_files(Path(os.path.abspath(given)))
        return [Place(str(file), file) for file in files], errors
    if given == STANDARD_INPUT:
        return [Place(given)], []
    scheme = _SCHEME.match(given)
    if scheme:
        if scheme[1].lower() in ("http", "https"):
            return [Place(given.partition("#")[0].strip())], []
        return [], [LoadError(f"{given}: only http and https addresses are read.")]
    if _PATTERN.search(given) and not os.path.lexists(given):
        return _matching(given)
    return find_places(Path(given))


def _matching(pattern: str) -> tuple[list[Place], list[LoadError]]:
    try:
        found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 (keeps the path as given)
    except (OSError, ValueError, re.error, RecursionError) as error:
        return [], [LoadError(f"{pattern}: {reason_of(error)}")]
    wanted = [Path(path) for path in found if Path(path).is_dir() or kind_of_name(path)]
    if not wanted:
        return [], [LoadError(f"{pattern}: matches no file that can be read.")]
    places: dict[str, Place] = {}
    errors: list[LoadError] = []
    for path in wanted:
        more, failed = find_places(path)
        places.update((place.source, place) for place in more)
        errors += failed
    return list(places.values()), errors


def find_files(path: Path) -> tuple[list[Path], list[LoadError]]:
    """``path`` itself, or every article below it if it is a folder, in a stable order.

    What is missing or unreadable comes back as errors beside the files that were found.
    """
    errors: list[LoadError] = []

    def note(error: OSError) -> None:
        errors.append(LoadError(f"{error.filename}: {reason_of(error)}"))

    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError) as error:
        return [], [LoadError(f"{path}: {reason_of(error)}")]
    if not is_folder:
        return [path], []
    files: list[Path] = []
    for folder, folders, names in os.walk(path, onerror=note):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files += [Path(folder, name) for name in _articles(folder, sorted(names))]
    return files, errors


def _articles(folder: str, names: list[str]) -> Iterator[str]:
    for name in names:
        is_wanted = not name.startswith(".") and kind_of_name(name) is not None
        # Much that is no feed is XML.
        if is_wanted and (not name.lower().endswith(".xml") or _is_feed(Path(folder, name))):
            yield name


def _is_feed(path: Path) -> bool:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        with path.open("rb") as file:
            return recognised(file.read(4_096), "text") == "feed"
    except OSError:
        return True  # whoever reads it says what is wrong


def reason_of(error: Exception) -> str:
    """Why the system refuses, for a person."""
    if isinstance(error, FileNotFoundError):
        return "no such file or folder. Check how it is written."
    if isinstance(error, PermissionError):
        return "no permission to read it."
    return f"{getattr(error, 'strerror', None) or error}."
