"""Answers where the server looks words up, beside those with the copy's words.

    python benchmarks/server_words.py ROWS...

Rows are files that ``qabot eval`` takes, whose rows bring their documents. Words are looked up in
the sparse vectors that a server would be given, by the formulas of Chroma's engine (a product of
vectors, the query's words weighed by ``ln(1 + (n - m + 0.5) / (m + 0.5))``), in memory: what this
measures is what sparse vectors lose against exact BM25, not the server.
"""

from __future__ import annotations

import math
import sys
import tempfile
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from qabot.build import open_bot
from qabot.entries import searched_row
from qabot.evaluation import throwaway
from qabot.evaluation.cases import read_cases
from qabot.evaluation.figures import summarise
from qabot.evaluation.run import run
from qabot.evaluation.scorers import SCORERS
from qabot.evaluation.texts import Texts
from qabot.evaluation.throwaway import Bots, MemoryIndex
from qabot.protocols import Embedder
from qabot.settings import Settings
from qabot.sparse import passages_as_sparse, query_as_sparse
from qabot.types import Document, Leg

FIGURES = ("right", "contains", "hit@1", "all_evidence@10", "rejection", "over_abstention")


class SparseIndex(MemoryIndex):
    """An index in memory whose words are looked up as a server does."""

    def __init__(self, documents: Sequence[Document], embedder: Embedder) -> None:
        super().__init__(documents, embedder)
        passages = self.catalog.passages(self._ids)
        self._words = passages_as_sparse([searched_row(passages[one]) for one in self._ids])
        self._having = Counter(dimension for words in self._words for dimension in words)

    def legs(
        self,
        vector: np.ndarray,
        wordings: Sequence[Sequence[str]],
        limit: int,
        among: Collection[str] | None = None,
    ) -> list[Leg]:
        nearest = self.dense(vector, limit, among)
        return [nearest, *(self._leg(words, limit) for words in wordings)]

    def _leg(self, words: Sequence[str], limit: int) -> Leg:
        sought = {one: value * self._rarity(one) for one, value in query_as_sparse(words).items()}
        found = [
            (identifier, sum(sought[one] * own[one] for one in own.keys() & sought.keys()))
            for identifier, own in zip(self._ids, self._words, strict=True)
        ]
        return sorted((one for one in found if one[1] > 0), key=lambda one: -one[1])[:limit]

    def _rarity(self, dimension: int) -> float:
        having = self._having[dimension]
        return math.log1p((len(self._ids) - having + 0.5) / (having + 0.5))


def main() -> None:
    print(f"| set | words looked up in | {' | '.join(FIGURES)} |")
    print(f"|---|---|{'---:|' * len(FIGURES)}")
    with tempfile.TemporaryDirectory() as home, closing(open_bot(Settings(Path(home)))) as bot:
        for path in map(Path, sys.argv[1:]):
            cases = read_cases([path])
            for kind, words in ((MemoryIndex, "the copy"), (SparseIndex, "the server")):
                throwaway.MemoryIndex = kind  # type: ignore[misc]
                pairs = run(cases, Bots(bot), Texts(bot.index), SCORERS)
                figures = summarise(pairs).figures
                shown = (f"{figures[one].value:.3f}" if one in figures else "-" for one in FIGURES)
                print(f"| {path.name.partition('.')[0]} | {words} | {' | '.join(shown)} |")


if __name__ == "__main__":
    main()
