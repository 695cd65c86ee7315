"""What a model is given to read: passages by article, numbered, each on one line. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from qabot.prompts import as_data
from qabot.types import Hit, Passage

_LONGEST_TITLE = 300


@dataclass(frozen=True, slots=True)
class Head:
    """What the head of an article says besides its title, its day, if known, and its publisher."""

    text: str
    day: date | None
    publisher: str = ""

    def whose(self) -> str:
        """Publisher and day in words: "Reuters, article of Friday, 27 February 2026"."""
        day = self.day
        when = f"article of {day:%A}, {day.day} {day:%B %Y}" if day else ""
        return ", ".join(filter(None, (self.publisher[:_LONGEST_TITLE].strip(), when)))


def arranged(hits: Sequence[Hit]) -> list[Passage]:
    """The passages of the hits: the article of the best one first, each in reading order."""
    articles = {hit.passage.document_id: number for number, hit in reversed([*enumerate(hits)])}
    passages = [hit.passage for hit in hits]
    return sorted(passages, key=lambda one: (articles[one.document_id], one.start))


def numbered(passages: Sequence[Passage], heads: Mapping[str, Head]) -> str:
    """The passages as lines ``[1] text`` under a line for each article: whose it is, and when."""
    lines: list[str] = []
    article = None
    for number, passage in enumerate(passages, start=1):
        if passage.document_id != article:
            article = passage.document_id
            head = heads.get(article)
            whose = head.whose() if head else ""
            about = f" ({as_data(whose)})" if whose else ""
            lines.append(f"ARTICLE: {as_data(passage.title[:_LONGEST_TITLE])}{about}")
        kind = "Photo caption: " if passage.kind == "caption" else ""
        lines.append(f"[{number}] {kind}{as_data(passage.text)}")
    return "\n".join(lines)


def smaller(hits: Sequence[Hit]) -> list[Hit]:
    """The better hits, as many as half of the characters hold; at least one."""
    left = sum(len(hit.passage.text) for hit in hits) // 2
    kept: list[Hit] = []
    for hit in hits:
        left -= len(hit.passage.text)
        if kept and left < 0:
            break
        kept.append(hit)
    return kept
