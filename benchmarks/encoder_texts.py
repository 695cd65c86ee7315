"""Words, sentences and rankings of texts, for encoder_examples.py."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

STOPWORDS = frozenset(
    """the a an of in on at to for from by with and or is are was were be been do does did has have
    had what which who whom whose when where why how many much that this it its as than not no their
    his her he she they there into about also one name type kind""".split()
)
_BREAK = re.compile(r"(?<=[.!?])[\"”')\]]?\s+(?=[\"“'(\[]?[A-Z0-9])")
_SHORT = re.compile(
    r"\b(?:[A-Z]|Mr|Mrs|Ms|Dr|St|Jr|Sr|vs|No|U\.S|U\.K|c|ca|Inc|Co|Lt|Gen|Col|Jan|Feb|Aug|Sept|"
    r"Oct|Nov|Dec)\.$"
)
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w'-]+(?: (?:of |the )?[A-Z][\w'-]+)*")
_BRACKETS = {"-lrb-": "(", "-rrb-": ")", "-lsb-": "[", "-rsb-": "]", "``": '"', "''": '"'}


class Pool:
    """The names, numbers and words of a text, to put into questions."""

    def __init__(self, text: str) -> None:
        self.names = sorted({match.group() for match in _NAME.finditer(text)})
        self.numbers = sorted(set(re.findall(r"\b\d[\d,.]*\d\b|\b\d\b", text)))
        self.words = sorted(set(re.findall(r"\b[a-z]{5,}\b", text)) - STOPWORDS)


class Ranked:
    """Texts, ranked for a question by BM25."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._counts = [Counter(map(_singular, content(text))) for text in texts]
        self._holding: dict[str, list[int]] = defaultdict(list)
        for number, counts in enumerate(self._counts):
            for word in counts:
                self._holding[word].append(number)
        self._lengths = [sum(counts.values()) for counts in self._counts]
        self._mean = max(1.0, sum(self._lengths) / len(texts))

    def best(self, question: str, limit: int) -> list[int]:
        """The numbers of the texts that share most with the question, best first."""
        scores: Counter[int] = Counter()
        for word in set(map(_singular, content(question))):
            texts = self._holding.get(word, ())
            rarity = math.log(1 + (len(self._counts) - len(texts) + 0.5) / (len(texts) + 0.5))
            for number in texts:
                count = self._counts[number][word]
                norm = 1.2 * (0.25 + 0.75 * self._lengths[number] / self._mean)
                scores[number] += rarity * count * 2.2 / (count + norm)  # type: ignore[assignment]
        return [number for number, _ in scores.most_common(limit)]


def sentences_of(text: str) -> list[str]:
    """The sentences, which joined are the text again."""
    found, start = [], 0
    for match in _BREAK.finditer(text):
        if not _SHORT.search(text[start : match.start()]):
            found.append(text[start : match.end()])
            start = match.end()
    return [*found, text[start:]] if start < len(text) else found


def content(text: str) -> list[str]:
    """The words of a text that are no stopwords, in lower case."""
    return [word for word in re.findall(r"\w+", text.lower()) if word not in STOPWORDS]


def squeezed(text: str) -> str:
    """The words alone, in lower case."""
    return " ".join(re.findall(r"\w+", text.lower()))


def holds(text: str, answer: str) -> bool:
    """Whether the words of the answer stand in the text."""
    return bool(squeezed(answer)) and squeezed(answer) in squeezed(text)


def plain(text: str) -> str:
    """Treebank tokens as they are written."""
    for token, written in _BRACKETS.items():
        text = text.replace(token, written).replace(token.upper(), written)
    return text.strip()


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and len(word) > 3 else word
