"""Whether articles that differ are told: python benchmarks/differing.py ROWS...

Rows are lines of JSON, gzipped or not, with ``docs``, ``question`` and ``answers``. Of each that is
answered rightly with a figure, a day or a name, the articles that say so are written again, as
another paper might a day later (``twins.py``): once with the same answer, once with another.
Prints for each kind of answer how many answers name both and say that they differ, and how many
false alarms the same answer raises.
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from fit_reader import EMBEDDER, rows
from twins import rewritten

from qabot.bot import Bot
from qabot.encoder import OnnxEncoder
from qabot.evaluation.throwaway import MemoryIndex
from qabot.question import analyse
from qabot.types import Answer, Document, Origin

KINDS = {
    "number": "figure", "money": "figure", "duration": "figure", "time": "day", "person": "name",
    "role": "name", "place": "name",
}  # fmt: skip
FIRST, SECOND = "2024-03-11", "2024-03-12"
NAMES = ("Arlen Voss", "Mirta Kell", "Dorian Pask", "Selma Ruiz", "Tobias Wren")
REPLACED = 0.1
ENCODER = OnnxEncoder()


def kind_of(row: dict[str, Any]) -> str:
    """What kind of answer a row has; empty where its answer is none of that kind."""
    kind = KINDS.get(analyse(row["question"]).expects, "")
    has_digit = bool(re.search(r"\d", row["answers"][0]))
    fits = row["answers"][0][:1].isupper() and not has_digit if kind == "name" else has_digit
    return kind if fits else ""


def another(answer: str, kind: str, chance: random.Random) -> str:
    """Another answer of the kind."""
    if kind == "name":
        return chance.choice(NAMES)

    def changed(match: re.Match[str]) -> str:
        number = int(match.group())
        return str(
            number + 3 if 1500 < number < 2100 else number + 7 if number > 31 else number % 9 + 1
        )

    return re.sub(r"\d+", changed, answer)


def asked(question: str, documents: list[Document]) -> Answer:
    """What the bot says of these articles."""
    index = MemoryIndex(documents, EMBEDDER)
    try:
        return Bot(index, EMBEDDER, encoder=ENCODER).ask(question)
    finally:
        index.close()


def is_told(answer: Answer) -> bool:
    return any(note.startswith("The articles differ") for note in answer.notes)


def tried(row: dict[str, Any], counts: Counter[str]) -> None:
    """Ask of a row's articles alone, beside the same written again, and beside another answer."""
    kind, answer, chance = kind_of(row), row["answers"][0], random.Random(row["id"])
    documents = [
        Document(
            one["id"], one.get("title", ""), "", one["text"], Origin(publisher="Daily", date=FIRST)
        )
        for one in row["docs"]
    ]
    if answer not in asked(row["question"], documents).text:
        return
    counts[f"{kind}: answered rightly"] += 1
    other = another(answer, kind, chance)
    for name, said in (("the same", answer), ("another", other)):
        again = [
            replace(
                one,
                id=f"{one.id}-again",
                text=rewritten(one.text, REPLACED, False, chance, ["said"]).replace(answer, said),
                origin=Origin(publisher="Courier", date=SECOND),
            )
            for one in documents
            if answer in one.text
        ]
        found = asked(row["question"], [*documents, *again])
        counts[f"{kind}: {name}, told that they differ"] += is_told(found)
        if said != answer:
            counts[f"{kind}: another, both are said"] += answer in found.text and said in found.text


def main() -> None:
    if not sys.argv[1:]:
        sys.exit(__doc__)
    for path in map(Path, sys.argv[1:]):
        counts: Counter[str] = Counter()
        for row in rows(path):
            if row["answerable"] and row["answers"] and kind_of(row):
                tried(row, counts)
        print(path.name)
        for name, count in sorted(counts.items()):
            print(f"  {name}: {count}")


if __name__ == "__main__":
    main()
