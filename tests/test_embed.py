"""The embedding model gives WordLlama's own vectors, whatever else is embedded with a text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import wordllama
from hypothesis import given
from hypothesis import strategies as st
from texts_support import texts

from qabot import embed
from qabot.embed import WordLlamaEmbedder

EMBEDDER = WordLlamaEmbedder()


@pytest.fixture(scope="module")
def model() -> wordllama.WordLlama:
    folder = Path(wordllama.__file__).parent
    return wordllama.WordLlama.load(dim=256, cache_dir=folder, disable_download=True)


@given(drawn=st.lists(texts, min_size=1, max_size=4))
def test_vectors_are_those_of_the_model_itself(
    model: wordllama.WordLlama, drawn: list[str]
) -> None:
    # Its tokenizer takes the space for a letter, which it writes so, and these three for marks.
    plain = [text.replace("\N{LOWER ONE EIGHTH BLOCK}", "").replace("<", "") for text in drawn]
    single = [" ".join(filter(None, text.split(" "))) for text in plain]
    found = EMBEDDER.embed(plain)
    for vector, text in zip(found, single, strict=True):
        own = model.embed([text], norm=True)[0] if text else np.zeros(256)
        assert np.allclose(vector, own, atol=1e-6)


@given(drawn=st.lists(texts, max_size=4), text=texts)
def test_a_text_has_the_same_vector_among_any_others(drawn: list[str], text: str) -> None:
    among = EMBEDDER.embed([*drawn, text])[-1]
    assert np.array_equal(among, EMBEDDER.embed([text])[0])


def test_it_forgets_words_and_embeds_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    told = [f"On day {number} it walked {number * 7} miles" for number in range(40)]
    expected = EMBEDDER.embed(told)
    monkeypatch.setattr(embed, "_TOKENS_KEPT", 30)
    forgetful = WordLlamaEmbedder()
    found = [forgetful.embed([text])[0] for text in told]
    assert np.array_equal(found, expected)
    assert len(forgetful._tokens_of) < 30


def test_a_text_without_words_is_nothing() -> None:
    assert not EMBEDDER.embed(["", "   "]).any()
    assert EMBEDDER.embed([]).shape == (0, 256)
