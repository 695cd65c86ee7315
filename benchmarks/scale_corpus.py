"""Articles for ``scale.py``: as many as wanted, made from texts that are given.

Each is one of the given articles with a share of its words replaced by others: words of the given
texts, as often as they stand there, and now and then an invented name, the n-th one about n times
rarer than the first. So frequent words stay frequent, and new articles go on bringing new words.
"""

from __future__ import annotations

import random
import re
from bisect import bisect
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path

from json_lines import rows

from qabot.split import split
from qabot.types import Document, Origin

PASSAGES = 10
"""Passages in an article, at most; about so many in most of them."""
PAPERS, DAYS, FIRST_DAY = 20, 500, date(2023, 1, 1)
"""How many papers the articles are of, on how many days in a row."""
_REPLACED, _INVENTED = 0.3, 0.02
_WORD = re.compile(r"[^\W\d_]+")
_SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu".split()


class Corpus:
    """Texts to make articles from: JSON lines with ``title`` and ``text``, or ``docs`` of these."""

    def __init__(self, path: Path) -> None:
        self.articles = [
            (title, pieces) for title, text in _texts(path) if (pieces := _pieces(title, text))
        ]
        counts = Counter(word for _, text in self.articles for word in _WORD.findall(text))
        self._words = list(counts)
        self._cumulative = list(accumulate(counts.values()))

    def made(self, number: int) -> Document:
        """The article with this number, the same whenever it is asked for."""
        chance = random.Random(number)
        title, text = self.articles[number % len(self.articles)]
        if number >= len(self.articles):
            title, text = self._altered(title, chance), self._altered(text, chance)
        day = FIRST_DAY + timedelta(days=number % DAYS)
        origin = Origin(publisher=f"Paper {number % PAPERS:02}", date=day.isoformat())
        return Document(f"article-{number}", title, f"/articles/{number}.txt", text, origin)

    def documents(self, start: int, stop: int) -> Iterator[Document]:
        """The articles with these numbers."""
        return map(self.made, range(start, stop))

    def _altered(self, text: str, chance: random.Random) -> str:
        pieces, position = [], 0
        for found in _WORD.finditer(text):
            drawn = chance.random()
            if drawn < _REPLACED:
                is_name = drawn < _INVENTED
                word = _name(chance) if is_name else self._word(chance)
                pieces += [text[position : found.start()], word]
                position = found.end()
        return "".join([*pieces, text[position:]])

    def _word(self, chance: random.Random) -> str:
        return self._words[bisect(self._cumulative, chance.random() * self._cumulative[-1])]


def _name(chance: random.Random) -> str:
    number = int(1 / max(chance.random(), 1e-7))  # the n-th drawn about n times rarer: Zipf
    number += chance.randrange(number)
    syllables = []
    while number or len(syllables) < 2:
        number, rest = divmod(number, len(_SYLLABLES))
        syllables.append(_SYLLABLES[rest])
    return "".join(syllables).capitalize()


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    seen = set()
    for row in rows(path):
        for found in row.get("docs", [row]):
            if found["text"] not in seen:
                seen.add(found["text"])
                yield found["title"], found["text"]


def _pieces(title: str, text: str) -> str:
    """The first passages of a text, as paragraphs; none where it has fewer than half of them."""
    passages = split(Document("", title, "", text))[:PASSAGES]
    if len(passages) < PASSAGES // 2:
        return ""
    return "\n\n".join([title, *(passage.text for passage in passages)]) + "\n"
