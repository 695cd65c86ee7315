"""One frozen ``Settings``, read once from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from qabot.errors import SettingsError

LONGEST_QUESTION = 2_000
"""Code points in a question; a longer one is a pasted text, not a question."""
LARGEST_FILE = 8 * 1024 * 1024
"""Bytes in a file that ``ingest`` reads; an article is a few thousand."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set from outside.

    ``home`` holds all state. ``top_k`` passages at most are read for an answer, ``budget`` code
    points at most together.
    """

    home: Path
    top_k: int = 16
    budget: int = 12_000

    @property
    def index_folder(self) -> Path:
        return self.home / "index"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read ``QABOT_HOME`` and ``QABOT_TOP_K``; raises SettingsError naming the variable."""
        values = os.environ if environment is None else environment
        home = values.get("QABOT_HOME", "").strip()
        return cls(home=_folder(home).absolute(), top_k=_whole_number(values, "QABOT_TOP_K", 16))


def _folder(home: str) -> Path:
    try:
        return Path(home).expanduser() if home else platformdirs.user_data_path("qabot", False)
    except RuntimeError as error:
        raise SettingsError(f"QABOT_HOME is {home!r}, a home folder that is not known.") from error


def _whole_number(values: Mapping[str, str], name: str, default: int) -> int:
    given = values.get(name, "").strip()
    if not given:
        return default
    try:
        number = int(given)
    except ValueError:
        number = 0
    if not 1 <= number <= 100:
        raise SettingsError(f"{name} must be a whole number from 1 to 100, not {given!r}.")
    return number
