"""The encoder that reads a question with stretches of articles: an ONNX file beside the code.

docs/encoder.md says what it is, what it was trained on and under which licences. It is loaded when
first asked. Each stretch is read alone, on one thread: what is read beside it changes no number.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qabot.errors import EmbeddingError
from qabot.protocols import Judged, Stretch

FOLDER = Path(__file__).resolve().parent / "weights"
UNREAD = -12.0
"""Log-odds of a sentence that did not fit into its stretch."""
_QUESTION, _TITLE, _STRETCH = 40, 12, 112
"""Word pieces read of a question, of a title, and of a stretch with its title: as in training."""
_FIRST, _BETWEEN, _STOP = 101, 102, 1012  # [CLS], [SEP] and the full stop in BERT's vocabulary
_AT_ONCE = 2  # stretches read at a time
_LONGEST_ANSWER = 16  # word pieces
_ORDERED = np.triu(np.ones((_STRETCH, _STRETCH), dtype=bool))
_SPANS = np.where(_ORDERED & ~np.triu(_ORDERED, _LONGEST_ANSWER), 0.0, -np.inf)
"""Added to what begins in each row and ends in each column: nothing where that is a span."""
Span = tuple[int, int]
_LOADING = threading.Lock()
_LONGEST = 2_000
"""Code points of a text that are looked at; they make far more word pieces than are read."""


class OnnxEncoder:
    """Reads with the weights that come with the program. Safe to share between threads."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder

    def read(self, question: str, stretches: Sequence[Stretch]) -> list[list[Judged]]:
        """For each stretch what it says of each sentence; see ``protocols.Encoder``.

        Raises EmbeddingError when the weights cannot be loaded.
        """
        if not stretches:
            return []
        tokenizer, session = _loaded(self._folder)
        asked = [_FIRST, *_pieces(tokenizer, question)[0][:_QUESTION], _BETWEEN]

        def judged(stretch: Stretch) -> list[Judged]:
            pieces, places = _laid(tokenizer, stretch)
            ids, types = np.array([[*asked, *pieces]]), np.zeros((1, len(asked) + len(pieces)), int)
            types[:, len(asked) :] = 1
            (spans,) = session.run(
                ["span"], {"ids": ids, "types": types, "mask": np.ones_like(ids)}
            )
            against = spans[0] - spans[0][0]  # the first piece stands for "not here"
            return [
                _judged(against[len(asked) + start :][: len(offsets)], offsets)
                for start, offsets in places
            ]

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(judged, stretches))


def _loaded(folder: Path) -> tuple[Any, Any]:
    with _LOADING:
        return _load(folder)


@cache
def _load(folder: Path) -> tuple[Any, Any]:
    """The tokenizer and the session over the weights, made once for all encoders of the process."""
    try:
        import onnxruntime
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

        vocabulary = models.WordPiece.read_file(str(folder / "vocabulary.txt"))
        tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.BertNormalizer()
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        return tokenizer, onnxruntime.InferenceSession(
            str(folder / "reader.onnx"),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=["SkipLayerNormFusion"],  # what it makes takes a tenth longer
        )
    except Exception as error:
        raise EmbeddingError(
            "The encoder that reads does not load. Install qabot again, or do without it: "
            "QABOT_ENCODER=off"
        ) from error


def _pieces(tokenizer: Any, text: str) -> tuple[list[int], list[Span]]:
    """The word pieces of a text, and where in it each stands."""
    plain = text[:_LONGEST].encode("utf-8", "replace").decode("utf-8")
    found = tokenizer.encode(plain, add_special_tokens=False)
    return list(found.ids), list(found.offsets)


def _laid(tokenizer: Any, stretch: Stretch) -> tuple[list[int], list[tuple[int, list[Span]]]]:
    """The word pieces of a stretch; for each sentence which is its first, and where they stand."""
    title = _pieces(tokenizer, stretch.title)[0][:_TITLE]
    pieces = [*title, _STOP] if title else []
    places = []
    for sentence in stretch.sentences:
        own, offsets = _pieces(tokenizer, sentence)
        places.append((len(pieces), offsets[: _STRETCH - len(pieces)]))
        pieces = (pieces + own)[:_STRETCH]
    return [*pieces, _BETWEEN], places


def _judged(against: npt.NDArray[np.float32], offsets: Sequence[Span]) -> Judged:
    """The mean of the highest log-odds of begin and end, shape (pieces, 2), and the best span."""
    if not offsets:
        return Judged(UNREAD, 0, 0)
    count = len(offsets)
    together = against[:, :1] + against[None, :, 1] + _SPANS[:count, :count]
    begin, end = divmod(int(together.argmax()), count)
    return Judged(float(against.max(axis=0).mean()), offsets[begin][0], offsets[end][1])
