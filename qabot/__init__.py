"""qabot answers questions about articles; every sentence it says can be checked, word for word.

>>> from qabot import open_bot
>>> answer = open_bot().ask("Why won't Iran negotiate?")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qabot.build import open_bot
    from qabot.filters import Filters
    from qabot.types import Answer, Citation

__all__ = ["Answer", "Citation", "Filters", "open_bot"]
__version__ = "0.1.0"

_MODULES = {"Answer": "types", "Citation": "types", "Filters": "filters", "open_bot": "build"}


def __getattr__(name: str) -> Any:
    """Import what is asked for: ``import qabot`` alone stays quick."""
    if name not in _MODULES:
        raise AttributeError(f"module 'qabot' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"qabot.{_MODULES[name]}"), name)
