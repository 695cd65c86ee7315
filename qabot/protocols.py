"""The few interfaces that layers share: what embeds, reads and writes texts, and what it gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

from qabot.types import Vectors


class Embedder(Protocol):
    """Turns texts into vectors; ``fingerprint`` names the model and everything that shapes them."""

    @property
    def fingerprint(self) -> str: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, a row a text, all of one size; a text without tokens gives zeros."""
        ...


class WordVectors(Protocol):
    """Vectors of single words, for matching words that mean nearly the same."""

    def words(self, words: Sequence[str]) -> Vectors:
        """Vectors of shape ``(len(words), dimensions)``, not normalised: length is importance."""
        ...


@dataclass(frozen=True, slots=True)
class Stretch:
    """Sentences that follow one another in an article, with its title."""

    title: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """What an encoder says of a sentence: the log-odds that the answer stands in it, against "not
    in this stretch"; and, half-open, which part of the sentence that would be.
    """

    log_odds: float
    start: int
    end: int


class Encoder(Protocol):
    """Reads a question together with what may answer it."""

    def read(self, question: str, stretches: Sequence[Stretch]) -> list[list[Judged]]:
        """For each stretch what it says of each of its sentences."""
        ...


Usage = Mapping[str, int]
"""``prompt_tokens`` and ``completion_tokens``."""


class Pieces(Protocol):
    """A reply as it comes; after its end ``finish_reason`` is ``stop`` or ``length``."""

    usage: Usage | None
    finish_reason: str | None

    def __iter__(self) -> Iterator[str]: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class LanguageModel(Protocol):
    """Writes text; whatever goes wrong is a ModelError."""

    @property
    def name(self) -> str: ...

    def stream(self, messages: Sequence[Mapping[str, str]], max_tokens: int = 1024) -> Pieces:
        """A reply as it comes."""
        ...

    def complete(
        self,
        messages: Sequence[Mapping[str, str]],
        max_tokens: int = 256,
        schema: Mapping[str, Any] | None = None,
    ) -> tuple[str, Usage | None]:
        """The whole of a short reply; with ``schema``, JSON that was asked to fit."""
        ...

    def close(self) -> None:
        """Let go of connections and memory."""
        ...
