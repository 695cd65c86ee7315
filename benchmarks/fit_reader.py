"""Fit the weights of ``qabot.extract`` to question rows: python benchmarks/fit_reader.py FILE...

A row is a line of JSON (gzipped or not) with ``question``, ``answerable``, ``answers`` and either
``docs`` (a list of ``{id, title, text}``) or none, which means the seed article. The sentences that
answer come from ``evidence`` (verbatim), ``evidence_offsets`` (spans), ``gold_sentences`` (numbers
in ``docs[0].sentences``) or, failing these, are those that hold an answer. The weights maximise the
likelihood that a softmax over a question's sentences gives to the ones that answer. Prints the
weights, and for each file how often an answering sentence comes first and among the first three
when the weights are fitted to the other files alone.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from json_lines import rows

from qabot.article import read_blocks, title_of
from qabot.dates import day_in_address
from qabot.embed import WordLlamaEmbedder
from qabot.evaluation.throwaway import MemoryIndex
from qabot.features import FEATURES, table
from qabot.matching import Matcher
from qabot.passage_sentences import Sentence, sentences_of
from qabot.question import analyse
from qabot.resources import shipped
from qabot.retrieve import retrieve
from qabot.settings import Settings
from qabot.types import Document, Origin

DECAY = 0.06  # of the weights: keeps them small where the rows say little
STEPS, RATE = 3_000, 0.05
EMBEDDER = WordLlamaEmbedder()
Lot = tuple[np.ndarray, np.ndarray]


def documents_of(row: dict[str, Any]) -> list[Document]:
    if "docs" in row:
        unique = {doc["id"]: doc for doc in row["docs"]}.values()
        return [
            Document(
                doc["id"], doc.get("title", ""), "", doc["text"],
                Origin(date=day_in_address(doc.get("url") or "")),
            )
            for doc in unique
        ]  # fmt: skip
    found = []
    for path in sorted(shipped("seeds").iterdir()):
        text = path.read_bytes().decode("utf-8")
        found.append(Document(path.stem, title_of(text, read_blocks(text)), "", text))
    return found


def answers_it(row: dict[str, Any], sentence: Sentence) -> bool:
    if row.get("evidence"):
        return any(sentence.text in piece or piece in sentence.text for piece in row["evidence"])
    if row.get("evidence_offsets"):
        return any(sentence.start < b and a < sentence.end for a, b in row["evidence_offsets"])
    if row.get("gold_sentences"):
        whole = row["docs"][0]["sentences"]
        gold = [whole[number].strip() for number in row["gold_sentences"]]
        return any(piece in sentence.text or sentence.text in piece for piece in gold)
    text = squeezed(sentence.text)
    return any(squeezed(answer) in text for answer in row["answers"] if squeezed(answer).strip())


def squeezed(text: str) -> str:
    return " " + " ".join(re.findall(r"\w+", text.lower())) + " "


def lots_of(path: Path) -> list[Lot]:
    """For each answerable row the features of its sentences, and which of them answer."""
    lots: list[Lot] = []
    opened: MemoryIndex | None = None
    settings = Settings(home=Path())
    for row in rows(path):
        if not row["answerable"]:
            continue
        if opened is None or "docs" in row:
            opened = MemoryIndex(documents_of(row), EMBEDDER)
        hits = retrieve(row["question"], opened, settings.top_k, settings.budget)
        question = analyse(row["question"])
        sentences = [s for rank, hit in enumerate(hits) for s in sentences_of(hit.passage, rank)]
        gold = np.array([answers_it(row, sentence) for sentence in sentences])
        if question.terms and gold.any():
            matcher = Matcher(question, sentences, opened.catalog.frequency, EMBEDDER)
            lots.append((table(question, sentences, matcher).features, gold))
        if "docs" in row:
            opened.close()
    return lots


def fit(files: Sequence[list[Lot]]) -> np.ndarray:
    """The weights that make answering sentences likeliest; every file counts the same. Adam."""
    lots = [(f, g, 1 / len(lots) / len(files)) for lots in files for f, g in lots if not g.all()]
    weights = np.zeros(len(FEATURES))
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, STEPS + 1):
        gradient = 2 * DECAY * weights
        for features, gold, share in lots:
            scores = features @ weights
            likely = np.exp(scores - scores.max())
            likely /= likely.sum()
            wanted = likely * gold
            gradient -= share * features.T @ (wanted / wanted.sum() - likely)
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        corrected = mean / (1 - 0.9**step), square / (1 - 0.999**step)
        move = corrected[0] / (np.sqrt(corrected[1]) + 1e-8)
        weights -= RATE * (1 - step / STEPS) * move
        if np.abs(gradient).max() < 1e-5:
            break
    return weights


def main() -> None:
    paths = [Path(argument) for argument in sys.argv[1:]]
    if not paths:
        sys.exit(__doc__)
    files = []
    for path in paths:
        files.append(lots_of(path))
        print(f"{path.name}: {len(files[-1])} rows with an answering sentence found", flush=True)
    weights = fit(files)
    print({name: round(float(w), 2) for name, w in zip(FEATURES, weights, strict=True)})
    for number, path in enumerate(paths):
        if len(files) > 1:
            weights = fit([lots for other, lots in enumerate(files) if other != number])
        places = [gold[np.argsort(-(features @ weights))] for features, gold in files[number]]
        first = np.mean([place[0] for place in places])
        three = np.mean([place[:3].any() for place in places])
        print(f"{path.name}: first {first:.3f}, among three {three:.3f}, of {len(places)} rows")


if __name__ == "__main__":
    main()
