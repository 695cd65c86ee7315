"""What is used in a ``with`` statement and closed at its end."""

from __future__ import annotations

from types import TracebackType
from typing import Self


class Closes:
    """Closed at the end of a ``with`` statement, whatever happened inside."""

    def close(self) -> None:
        """Let go of what is held."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
