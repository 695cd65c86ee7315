"""The prompts and articles that come with the program, wherever it is installed."""

from __future__ import annotations

from pathlib import Path

from qabot.errors import SettingsError

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """The folder ``prompts``, ``seeds`` or ``slack``: in an installed wheel, or in the source tree.

    Raises SettingsError when the installation lacks it.
    """
    for folder in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise SettingsError(
        f"This installation of qabot lacks its folder {name!r}. Install it again: pip install qabot"
    )
