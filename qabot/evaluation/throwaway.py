"""An index in memory, for the documents that a case brings along, and the bot over it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Sequence
from itertools import islice

import numpy as np

from qabot.bot import Bot
from qabot.catalog import Catalog
from qabot.entries import Entry
from qabot.evaluation.model import Case
from qabot.protocols import Embedder
from qabot.split import split
from qabot.types import Document, Leg, Passage, Vectors
from qabot.writer import version_of

_KEPT = 8
"""Indexes that stay open for the cases that follow, which may share their documents."""


class MemoryIndex:
    """What a question needs of an index, over a few documents. Safe to share between threads.

    Passages, their ids and the text that is embedded are those that ingestion makes; the nearest
    passages are found by comparing with every one.
    """

    store_name, trouble = "memory", ""

    def __init__(self, documents: Sequence[Document], embedder: Embedder) -> None:
        """Raises what the embedding model raises."""
        self.embedder = embedder
        self.catalog = Catalog(None, create=True)
        self._ids: list[str] = []
        passages: list[Passage] = []
        entries: list[Entry] = []
        for document in documents:
            version = version_of(document, embedder)
            own = [(f"{version}:{one.start}-{one.end}", one) for one in split(document)]
            entries.append(Entry(document, version, "", own))
            self._ids += [identifier for identifier, _ in own]
            passages += [passage for _, passage in own]
        self.catalog.initialise({})
        self.catalog.commit(entries, (), {})
        self._vectors = embedder.embed([embedded(passage) for passage in passages])

    def legs(
        self,
        vector: Vectors,
        wordings: Sequence[Sequence[str]],
        limit: int,
        among: Collection[str] | None = None,
    ) -> list[Leg]:
        """What vectors find, then what each wording finds; see ``retrieve.Searched``."""
        found = (self.catalog.search(words, limit, among) for words in wordings)
        return [self.dense(vector, limit, among), *found]

    def dense(self, vector: Vectors, limit: int, among: Collection[str] | None = None) -> Leg:
        """Ids of the passages nearest to ``vector`` with their cosine, best first."""
        if not self._ids:
            return []
        own = None if among is None else set(self.catalog.passage_ids(list(among)))
        cosines = self._vectors @ vector
        order = (int(number) for number in np.argsort(-cosines, kind="stable"))
        found = (number for number in order if own is None or self._ids[number] in own)
        return [(self._ids[number], float(cosines[number])) for number in islice(found, limit)]

    def close(self) -> None:
        """Free what it holds."""
        self.catalog.close()


def embedded(passage: Passage) -> str:
    """The text of a passage as ingestion embeds it: after title and heading, where it has some."""
    head = f"{passage.title}\n{passage.heading}".strip()
    return f"{head}\n\n{passage.text}".strip() if head else passage.text


class Bots:
    """The bot for a case: over the documents that the case brings along, else over its own index.

    Safe to share between threads.
    """

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._lock = threading.Lock()
        # By identity: rows that share their documents share the very tuple.
        self._open: OrderedDict[int, tuple[Sequence[Document], Bot]] = OrderedDict()

    def __call__(self, case: Case) -> Bot:
        """The bot to ask; one that is no longer used closes by itself."""
        if not case.documents:
            return self._bot
        with self._lock:
            key = id(case.documents)
            if key not in self._open:
                index = MemoryIndex(case.documents, self._bot.index.embedder)
                self._open[key] = case.documents, self._bot.over(index)
            self._open.move_to_end(key)
            while len(self._open) > _KEPT:
                self._open.popitem(last=False)
            return self._open[key][1]
