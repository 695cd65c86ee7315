"""File or folder -> articles. Reads bytes and decodes them; never alters the text."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from qabot.article import read_blocks, title_of
from qabot.errors import LoadError
from qabot.settings import LARGEST_FILE

SUFFIXES = (".txt", ".md")


@dataclass(frozen=True, slots=True)
class Article:
    """A file's text as decoded, its title, and the absolute path it was read from."""

    title: str
    source: str
    text: str


def find_files(path: Path) -> tuple[list[Path], list[LoadError]]:
    """``path`` itself, or every article below it if it is a folder, in a stable order.

    Hidden files and folders, and links to folders, are passed over. What is missing or unreadable
    comes back as errors beside the files that were found.
    """
    errors: list[LoadError] = []

    def note(error: OSError) -> None:
        errors.append(LoadError(f"{error.filename}: {_reason(error)}"))

    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError) as error:
        return [], [LoadError(f"{path}: {_reason(error)}")]
    if not is_folder:
        return [path], []
    files: list[Path] = []
    for folder, folders, names in os.walk(path, onerror=note):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files += [
            Path(folder, name)
            for name in sorted(names)
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES
        ]
    return files, errors


def load_file(path: Path) -> Article:
    """Read one article. Offsets count code points of the file decoded as UTF-8, line ends kept.

    Raises LoadError naming the file: missing, unreadable, of another format, empty, too large, or
    not UTF-8.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise LoadError(f"{path}: only {' and '.join(SUFFIXES)} files can be read.")
    if not _is_utf8(str(path)):
        raise LoadError(f"{str(path)!a}: the file's name is not UTF-8. Rename it first.")
    text = _decode(path, _read(path))
    blocks = read_blocks(text)
    if not blocks:
        raise LoadError(f"{path}: the file is empty.")
    title = title_of(text, blocks) or _title_from(path)
    return Article(title=title, source=str(path.absolute()), text=text)


def _title_from(path: Path) -> str:
    words = path.stem.replace("-", " ").replace("_", " ").split()
    return " ".join(words) or path.name


def _read(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise LoadError(f"{path}: not a regular file.")
        if status.st_size > LARGEST_FILE:
            size = status.st_size / 1024 / 1024
            limit = LARGEST_FILE // 1024 // 1024
            raise LoadError(
                f"{path}: {size:,.0f} MiB is more than the {limit} MiB an article may have."
            )
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise LoadError(f"{path}: {_reason(error)}") from error


def _decode(path: Path, data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LoadError(
            f"{path}: not UTF-8 text (byte {error.start}). "
            "Convert it first, for example: iconv -f WINDOWS-1252 -t UTF-8"
        ) from error
    if "\0" in text:
        raise LoadError(f"{path}: holds NUL characters, so it is not a text file.")
    return text


def _is_utf8(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file or folder."
    if isinstance(error, PermissionError):
        return "no permission to read it."
    return f"{getattr(error, 'strerror', None) or error}."
