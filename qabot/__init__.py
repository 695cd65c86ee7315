"""qabot answers questions about articles; every sentence it says can be checked, word for word.

>>> from qabot import open_bot
>>> answer = open_bot().ask("Why won't Iran negotiate?")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qabot.types import Answer, Citation

if TYPE_CHECKING:
    from qabot.build import open_bot
    from qabot.filters import Filters

__all__ = ["Answer", "Citation", "Filters", "open_bot"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import the bot when it is asked for: ``import qabot`` alone stays quick."""
    if name == "Filters":
        from qabot.filters import Filters

        return Filters
    if name == "open_bot":
        from qabot.build import open_bot

        return open_bot
    raise AttributeError(f"module 'qabot' has no attribute {name!r}")
