"""Embedding models at an address that speaks OpenAI's API: OpenAI itself, or a server of your own.

Nothing is asked of the server before a text is to be embedded: an index can be opened, listed and
shown without it.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from qabot.closing import Closes
from qabot.errors import ContextOverflow, ModelError, ModelSetupError, ModelUnavailable, ReplyError
from qabot.openai_client import OPENAI_HOST, Connection
from qabot.types import Vectors

_INPUTS = 128
"""Texts in a request: OpenAI takes 2,048, but the reply, some 20 bytes a number, has its bound."""
_BYTES = 250_000
"""UTF-8 bytes in a request. OpenAI takes 300,000 tokens, and no token is less than a byte."""
_LONGEST = 8_000
"""UTF-8 bytes of a text that are read; OpenAI's models read 8,192 tokens."""
_SHORTEST = 200
"""UTF-8 bytes below which a text is not cut further for a model that reads less."""
_TOO_LONG = re.compile(
    r"too large to process|must have less than \d+ tokens|context (?:length|size|window)",
    re.IGNORECASE,
)
"""How llama.cpp, Text Embeddings Inference and others say so, some with status 500."""
_INSTEAD = "set QABOT_EMBEDDING=wordllama"
_FINGERPRINT = re.compile(r"openai-(.+?)(?:@([^@]+))?")


class RemoteEmbedder(Closes):
    """An embedding model at an address; safe to share between threads.

    ``timeout`` is in seconds and bounds each silence, ``longest`` each request with its retries.
    """

    def __init__(
        self,
        name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float = 60.0,
        max_retries: int = 4,
        longest: float = 180.0,
    ) -> None:
        """Raises ModelSetupError for a name or an address that is none; asks for nothing yet."""
        if not 1 <= len(name) <= 200 or not name.isprintable() or " " in name:
            raise ModelSetupError(
                "QABOT_EMBEDDING names no model. Set it to one such as "
                f"openai:text-embedding-3-small, or {_INSTEAD}."
            )
        self.name = name
        self._connection = Connection(
            base_url, api_key, timeout, max_retries, longest, lasting=_TOO_LONG
        )
        self._size: int | None = None
        self._sizing = threading.Lock()

    @property
    def fingerprint(self) -> str:
        """Names the model and, unless that is OpenAI itself, who serves it."""
        host = self._connection.host
        if host == OPENAI_HOST and "@" not in self.name:
            return f"openai-{self.name}"
        return f"openai-{self.name}@{host}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, all of one size, in the order of ``texts``; blank texts give zeros.

        A text that is longer than the model reads is embedded by its beginning. Vectors have no
        size before the first text that is not blank. Raises ModelError.
        """
        sent = [_sendable(text) for text in texts]
        present = [number for number, text in enumerate(sent) if text.strip()]
        if present:
            self._connection.check_key(_INSTEAD)
        found = [self._ask(batch) for batch in _in_batches([sent[number] for number in present])]
        vectors = np.zeros((len(texts), self._size or 0), dtype=np.float32)
        if found:
            vectors[present] = np.concatenate(found)
        return vectors

    def close(self) -> None:
        """Let go of every connection; the next call opens anew."""
        self._connection.close()

    def _ask(self, texts: Sequence[str]) -> Vectors:
        """Vectors of texts; where they are too much at once, of fewer, then of their beginnings.

        How much of a text is read depends on it and the server alone, not on its neighbours.
        """
        try:
            return self._request(texts)
        except ContextOverflow:
            half = len(texts) // 2
            if half:
                return np.concatenate([self._ask(texts[:half]), self._ask(texts[half:])])
            size = len(texts[0].encode()) // 2
            if size < _SHORTEST:
                raise
            return self._ask([_beginning(texts[0], size)])

    def _request(self, texts: Sequence[str]) -> Vectors:
        client = self._connection.call()
        try:
            # Read here: the SDK looks at each number of a reply, which takes longer than the rest.
            answer = client.embeddings.with_raw_response.create(
                model=self.name, input=list(texts), encoding_format="float"
            )
            items = json.loads(answer.text)["data"]
            pairs = [(item["index"], item["embedding"]) for item in items]
        except Exception as error:
            raise self._explained(error) from error
        vectors = self._unit(self._in_order(pairs, len(texts)))
        with self._sizing:
            self._size = self._size or vectors.shape[1]
            if vectors.shape[1] != self._size:
                raise ReplyError(
                    f"The embedding model {self.name!r} at {self._connection.host} has changed: "
                    f"vectors of {vectors.shape[1]} numbers, no longer of {self._size}. Make the "
                    "index anew: qabot ingest --rebuild"
                )
        return vectors

    def _in_order(self, pairs: Sequence[tuple[Any, Any]], count: int) -> list[Any]:
        if len(pairs) != count:
            raise self._unusable(f"{len(pairs)} vectors for {count} texts")
        by_number = {number: vector for number, vector in pairs if isinstance(number, int)}
        if sorted(by_number) != list(range(count)):
            raise self._unusable("vectors that do not say for which text they are")
        return [by_number[number] for number in range(count)]

    def _unit(self, rows: Sequence[Any]) -> Vectors:
        try:
            raw = np.array(rows)
        except (ValueError, RecursionError) as error:
            raise self._unusable("vectors of different sizes") from error
        if raw.ndim != 2 or not raw.shape[1] or raw.dtype.kind not in "if":
            raise self._unusable("what is no vector")
        with np.errstate(over="ignore", invalid="ignore"):
            lengths = np.linalg.norm(raw.astype(np.float64), axis=1, keepdims=True)
        if not np.isfinite(lengths).all():
            raise self._unusable("vectors with numbers that cannot be used")
        unit: Vectors = np.zeros(raw.shape, dtype=np.float32)
        np.divide(raw, lengths, out=unit, where=lengths > 0, casting="same_kind")
        return unit

    def _unusable(self, what: str) -> ReplyError:
        return ReplyError(
            f"The embedding model {self.name!r} at {self._connection.host} sent {what}. Choose "
            f"another with QABOT_EMBEDDING, or {_INSTEAD}."
        )

    def _explained(self, error: Exception) -> ModelError:
        """Our error for a failed request: the line of all models, where it fits embeddings too."""
        import openai

        known = self._connection.explained(error, self.name)
        name, host = self.name, self._connection.host
        status = error.status_code if isinstance(error, openai.APIStatusError) else None
        if isinstance(known, ContextOverflow) or status == 413 or _TOO_LONG.search(str(error)):
            return ContextOverflow(
                f"The embedding model {name!r} at {host} reads too little of a text. Choose "
                f"another with QABOT_EMBEDDING, or {_INSTEAD}."
            )
        if isinstance(known, ReplyError):
            return ReplyError(
                f"{host} refuses what the embedding model {name!r} is asked ({status}). Choose "
                f"another with QABOT_EMBEDDING, or {_INSTEAD}."
            )
        if isinstance(error, openai.APITimeoutError | ModelUnavailable):
            return ModelUnavailable(
                f"The embedding model {name!r} at {host} takes too long. Try later, or {_INSTEAD}."
            )
        if status == 429 and isinstance(known, ModelSetupError):
            return ModelSetupError(
                f"The account at {host} has no credit left. Top it up, or {_INSTEAD}."
            )
        if status in (404, 405):
            return ModelSetupError(
                f"{host} has no embedding model {name!r} at this address. Check QABOT_EMBEDDING, "
                "and OPENAI_BASE_URL, which mostly ends in /v1."
            )
        if not isinstance(error, openai.APIError):
            return ModelSetupError(
                f"What answers at {host} does not speak OpenAI's embeddings API. Check "
                "OPENAI_BASE_URL, which mostly ends in /v1."
            )
        return known


def embedder_of(
    fingerprint: str, base_url: str | None = None, api_key: str | None = None
) -> RemoteEmbedder | None:
    """The embedder with this fingerprint; None if it is none of a server.

    Raises ModelSetupError where the address is not that of the fingerprint's server.
    """
    found = _FINGERPRINT.fullmatch(fingerprint)
    if found is None:
        return None
    embedder = RemoteEmbedder(found[1], base_url, api_key)
    if embedder.fingerprint != fingerprint:
        raise ModelSetupError(
            f"The index was made with the embedding model {found[1]!r} at "
            f"{found[2] or OPENAI_HOST}. Set OPENAI_BASE_URL to its address, or {_INSTEAD}."
        )
    return embedder


def _in_batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for text in texts:
        own = len(text.encode())
        if batch and (len(batch) == _INPUTS or size + own > _BYTES):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += own
    if batch:
        yield batch


def _sendable(text: str) -> str:
    """As much of a text as is read, without what JSON or a server cannot hold."""
    whole = text[:_LONGEST].replace("\0", " ").encode("utf-8", "replace").decode()
    return _beginning(whole, _LONGEST)


def _beginning(text: str, size: int) -> str:
    return text.encode()[:size].decode("utf-8", "ignore")
