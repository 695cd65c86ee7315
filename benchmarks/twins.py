"""Rewritten articles that are recognised: python benchmarks/twins.py ROWS...

Rows are lines of JSON, gzipped or not, with ``docs``. Sixty articles are rewritten: the sentences
of each paragraph, or the paragraphs as well, in another order; 10, 20 and 30 of 100 words, names
and figures aside, replaced by any other; a new first sentence. Prints the share of their passages
that are taken for a twin of one of the original's, and how many of all pairs of passages from
different articles of a row are taken for twins.
"""

from __future__ import annotations

import random
import sys
from itertools import combinations
from pathlib import Path

from json_lines import rows

from qabot.sentences import sentence_spans
from qabot.split import split
from qabot.twins import distinct
from qabot.types import Document, Hit, Passage
from qabot.words import is_stopword, tokens

ARTICLES, SHORTEST, LONGEST = 60, 1_500, 6_000
LEAD = "In a development that many had waited for, officials told reporters what had come of it."
LEAST = 80
"""Code points of a passage that is counted: shorter ones are headings and furniture."""


def documents(paths: list[str]) -> list[list[Document]]:
    """The documents of each row."""
    found = []
    for path in map(Path, paths):
        for row in rows(path):
            unique = {doc["text"]: Document(doc["id"], "", "", doc["text"]) for doc in row["docs"]}
            found.append(list(unique.values()))
    return found


def rewritten(text: str, share: float, whole: bool, chance: random.Random, words: list[str]) -> str:
    """The article as another paper might have it."""
    paragraphs = []
    for paragraph in filter(str.strip, text.split("\n")):
        sentences = [paragraph[start:end] for start, end in sentence_spans(paragraph)]
        chance.shuffle(sentences)
        shuffled, pieces, position = " ".join(sentences), [], 0
        for token in tokens(shuffled):
            told = token.is_number or token.is_capitalised or is_stopword(token.surface)
            if not told and token.start >= position and chance.random() < share:
                pieces += [shuffled[position : token.start], chance.choice(words)]
                position = token.end
        paragraphs.append("".join([*pieces, shuffled[position:]]))
    if whole:
        chance.shuffle(paragraphs)
    return "\n\n".join([LEAD, *paragraphs])


def passages(document: Document) -> list[Passage]:
    return [passage for passage in split(document) if len(passage.text) >= LEAST]


def are_twins(one: Passage, other: Passage) -> bool:
    return len(distinct([Hit(one, None, None, 1), Hit(other, None, None, 0)], 2)) == 1


def main() -> None:
    if not sys.argv[1:]:
        sys.exit(__doc__)
    rows = documents(sys.argv[1:])
    articles = {document.text: document for row in rows for document in row}
    chance = random.Random(0)
    fit = [one for one in articles.values() if SHORTEST < len(one.text) < LONGEST]
    sample = chance.sample(fit, min(ARTICLES, len(fit)))
    words = [
        token.surface
        for document in sample
        for token in tokens(document.text)
        if token.surface.islower() and not is_stopword(token.surface)
    ]
    for whole in (False, True):
        for share in (0.1, 0.2, 0.3):
            caught = []
            for document in sample:
                text = rewritten(document.text, share, whole, chance, words)
                originals = passages(document)
                new = [
                    one for one in passages(Document("new", "", "", text)) if LEAD not in one.text
                ]
                caught += [any(are_twins(one, other) for one in originals) for other in new]
            order = "paragraphs and sentences" if whole else "sentences"
            print(
                f"{order} reordered, {share:.0%} of words replaced: {sum(caught) / len(caught):.3f}"
            )
    pairs = merged = 0
    for row in rows:
        for one, other in combinations(row, 2):
            for first in passages(one):
                for second in passages(other):
                    pairs += 1
                    merged += are_twins(first, second)
    print(f"of {pairs:,} pairs of passages from different articles of a row {merged:,} are merged")


if __name__ == "__main__":
    main()
