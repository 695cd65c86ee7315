"""A progress bar on long work."""

from __future__ import annotations

from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from qabot.closing import Closes
from qabot.words import clean


class Bar(Closes):
    """A progress bar on long work, on a terminal only; it goes away when the work is done."""

    def __init__(self, console: Console) -> None:
        columns = (
            TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(),
            TimeRemainingColumn(),
        )  # fmt: skip
        self._progress = Progress(
            *columns, console=console, transient=True, disable=not console.is_terminal
        )
        self._task = self._progress.add_task("reading", total=None, visible=False)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def close(self) -> None:
        """Take the bar away."""
        self._progress.stop()

    def update(self, done: int, total: int, name: str) -> None:
        """Show that ``done`` of ``total`` files are read and ``name`` is the next."""
        shown = clean(name)[:40].ljust(40)
        self._progress.update(
            self._task, completed=done, total=total, description=shown, visible=True
        )
