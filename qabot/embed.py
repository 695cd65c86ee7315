"""The embedded embedding model: WordLlama, whose weights and tokenizer come in its wheel."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from qabot.errors import EmbeddingError
from qabot.types import Vectors

_DIMENSIONS = 256
_WORDS_KEPT = 50_000
"""Word vectors kept for the questions that follow, some 50 MB at most."""


class WordLlamaEmbedder:
    """Static word vectors, mean-pooled: no server, no key, no download. Loaded on first use."""

    fingerprint = f"wordllama-l2_supercat-{_DIMENSIONS}"
    dimensions = _DIMENSIONS

    def __init__(self) -> None:
        self._known: dict[str, Vectors] = {}
        self._loaded: Any = None
        self._loading = threading.Lock()

    @property
    def _model(self) -> Any:
        with self._loading:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> Any:
        root = logging.getLogger()
        handlers, level = list(root.handlers), root.level
        try:
            import wordllama

            folder = Path(wordllama.__file__).parent
            return wordllama.WordLlama.load(
                dim=_DIMENSIONS, cache_dir=folder, disable_download=True
            )
        except Exception as error:
            raise EmbeddingError(
                "The embedding model does not load. Install it again: "
                "pip install --force-reinstall wordllama"
            ) from error
        finally:
            # Importing it configures the root logger, which is the application's to do.
            root.handlers[:] = handlers
            root.setLevel(level)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of shape ``(len(texts), 256)``; a text without tokens gives zeros."""
        vectors = np.zeros((len(texts), _DIMENSIONS), dtype=np.float32)
        present = [number for number, text in enumerate(texts) if text.strip()]
        if present:
            # Batches of texts as long as one another: the model pads each batch to its longest.
            present.sort(key=lambda number: len(texts[number]))
            raw = self._model.embed([texts[number] for number in present])
            lengths = np.linalg.norm(raw, axis=1, keepdims=True)
            vectors[present] = np.divide(raw, lengths, out=np.zeros_like(raw), where=lengths > 0)
        return vectors

    def words(self, words: Sequence[str]) -> Vectors:
        """Vectors of single words, shape ``(len(words), 256)``, not normalised."""
        known = self._known
        unseen = [word for word in dict.fromkeys(words) if word not in known]
        if len(known) + len(unseen) > _WORDS_KEPT:
            # A new one, not the old one emptied: another thread may be reading that.
            known = self._known = {}
            unseen = list(dict.fromkeys(words))
        if unseen:
            known.update(zip(unseen, self._model.embed(unseen), strict=True))
        vectors = np.zeros((len(words), _DIMENSIONS), dtype=np.float32)
        for number, word in enumerate(words):
            vectors[number] = known[word]
        return vectors
