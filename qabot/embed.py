"""The embedded embedding model: WordLlama, whose weights and tokenizer come in its wheel."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from qabot.errors import EmbeddingError
from qabot.types import Vectors

_DIMENSIONS = 256
_WORDS_KEPT = 50_000
"""Word vectors kept for the questions that follow, some 50 MB at most."""
_TOKENS_KEPT = 1_000_000
"""Tokens of words kept for the texts that follow, before all are forgotten; some 100 MB."""

_LOADING = threading.Lock()


class WordLlamaEmbedder:
    """Static word vectors, mean-pooled: no server, no key, no download. Loaded on first use."""

    fingerprint = f"wordllama-l2_supercat-{_DIMENSIONS}"
    dimensions = _DIMENSIONS

    def __init__(self) -> None:
        self._known: dict[str, Vectors] = {}
        self._tokens_of: dict[str, list[int]] = {"": []}
        self._kept = 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of shape ``(len(texts), 256)``; a text without tokens gives zeros."""
        vectors = self._means(texts)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        np.divide(vectors, lengths, out=vectors, where=lengths > 0)
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
            known.update(zip(unseen, self._means(unseen), strict=True))
        vectors = np.zeros((len(words), _DIMENSIONS), dtype=np.float32)
        for number, word in enumerate(words):
            vectors[number] = known[word]
        return vectors

    def _means(self, texts: Sequence[str]) -> Vectors:
        """The mean of each text's token vectors. One text gives the same among any others."""
        model = _model()
        vectors = np.zeros((len(texts), _DIMENSIONS), dtype=np.float32)
        for number, tokens in enumerate(self._tokens(model.tokenizer, texts)):
            if tokens:
                vectors[number] = model.embedding.take(tokens, axis=0).mean(axis=0)
        return vectors

    def _tokens(self, tokenizer: Any, texts: Sequence[str]) -> Iterator[list[int]]:
        """The tokens of each text, word by word: no token of this model has a space within."""
        if self._kept > _TOKENS_KEPT:
            self._tokens_of, self._kept = {"": []}, 0
        known = self._tokens_of
        split = [text.split(" ") for text in texts]
        unseen = list({word for words in split for word in words if word not in known})
        encoded = tokenizer.encode_batch_fast(unseen, add_special_tokens=False)
        known.update((word, found.ids) for word, found in zip(unseen, encoded, strict=True))
        self._kept += sum(len(known[word]) for word in unseen)
        for words in split:
            yield [token for word in words for token in known[word]]


def _model() -> Any:
    with _LOADING:
        return _load()


@cache
def _load() -> Any:
    """The model, loaded once for all embedders of the process."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        import wordllama

        folder = Path(wordllama.__file__).parent
        model = wordllama.WordLlama.load(dim=_DIMENSIONS, cache_dir=folder, disable_download=True)
        model.tokenizer.no_padding()  # which it sets for its own pooling, slower than this one
        return model
    except Exception as error:
        raise EmbeddingError(
            "The embedding model does not load. Install it again: "
            "pip install --force-reinstall wordllama"
        ) from error
    finally:
        # Importing it configures the root logger, which is the application's to do.
        root.handlers[:] = handlers
        root.setLevel(level)
