"""Fit what the encoder weighs beside the features: python benchmarks/fit_confidence.py FILE...

Rows are those of benchmarks/fit_reader.py, with those that the documents do not answer. Prints
``SPAN``, listwise over the sentences of each question; then ``CONFIDENCE``, a
logistic model in which every file, and in it what is answered and what not, counts the same; and
how well it tells the two apart in folds over documents, and with the file left out. ``CONSTANT`` is
to be raised by the threshold in log-odds that suits: the last table says what each gives.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from fit_reader import EMBEDDER, answers_it, documents_of, rows

from qabot import evidence, extract
from qabot.encoder import OnnxEncoder
from qabot.evaluation.rows import day_of_question
from qabot.evaluation.throwaway import MemoryIndex
from qabot.features import table
from qabot.matching import Matcher
from qabot.naming import day_of
from qabot.passage_sentences import sentences_of
from qabot.question import analyse
from qabot.recency import nowness
from qabot.retrieve import retrieve
from qabot.settings import Settings
from qabot.words import clean

DECAY, FOLDS, STEPS = 0.02, 8, 1_000
SETTINGS = Settings(home=Path())


@dataclass
class Asked:
    """A row with what was found for it: ``lot`` is the score and span of each sentence."""

    row: dict[str, Any]
    group: str
    read: Any
    lot: np.ndarray
    gold: np.ndarray


class Kept:
    """The encoder, which reads nothing twice."""

    def __init__(self) -> None:
        self._encoder, self._known = OnnxEncoder(), {}

    def read(self, question: str, stretches: Sequence[Any]) -> list[Any]:
        key = question, tuple(stretches)
        if key not in self._known:
            self._known[key] = self._encoder.read(question, stretches)
        return self._known[key]


def asked_of(path: Path, encoder: Kept) -> list[Asked]:
    found, index, documents = [], None, None
    for row in rows(path):
        question = analyse(row["question"])
        if row.get("history") or not question.terms or question.expects in ("author", "credits"):
            continue
        if index is None or row.get("docs") != documents:
            documents = row.get("docs")
            index = MemoryIndex(documents_of(row), EMBEDDER)
        hits = retrieve(clean(row["question"]), index, SETTINGS.top_k, SETTINGS.budget)
        sentences = [
            one for rank, hit in enumerate(hits) for one in sentences_of(hit.passage, rank)
        ]
        if not sentences:
            continue
        catalog = index.catalog
        matcher = Matcher(question, sentences, catalog.frequency, EMBEDDER)
        today = day_of_question(row)
        now = nowness(question.text, today)
        days = [day_of(one.passage.origin) for one in sentences] if now else ()
        scores = extract.scored(sentences, table(question, sentences, matcher), days)
        seen = evidence.evidence(question, sentences, scores, encoder)
        gold = [row["answerable"] and answers_it(row, sentence) for sentence in sentences]

        def read(
            question=row["question"], hits=hits, catalog=catalog, today=today
        ) -> dict[str, Any]:
            return dict(
                extract.read(
                    question, hits, catalog.frequency, EMBEDDER, catalog.beside, -np.inf, encoder,
                    today,
                ).signals
            )  # fmt: skip

        group = row["docs"][0]["title"] or row["docs"][0]["id"] if "docs" in row else row["id"]
        lot = np.column_stack(
            [scores - evidence.ECHO * seen.echoes, evidence.believed(seen.log_odds)]
        )
        found.append(Asked(row, group, read, lot, np.array(gold, dtype=float)))
    return found


def fit_ranking(files: Sequence[Sequence[Asked]]) -> np.ndarray:
    """Weights of score and span that make the answering sentences likeliest."""
    scale = np.array([1.0, 0.25])  # log-odds are larger than scores
    lots = [
        [(a.lot * scale, a.gold) for a in file if 0 < a.gold.sum() < len(a.gold)] for file in files
    ]
    weights = np.array([1.0, 0.0])
    for step in range(STEPS):
        gradient = DECAY * weights
        for file in lots:
            for features, gold in file:
                likely = np.exp(features @ weights - (features @ weights).max())
                likely /= likely.sum()
                right = likely * gold / (likely @ gold)
                gradient = gradient - features.T @ (right - likely) / len(file) / len(files)
        weights = weights - (1 - step / STEPS) * gradient
    return weights * scale


def fit_logistic(asked: Sequence[Asked], signs: dict[int, np.ndarray]) -> np.ndarray:
    """Weights of the signs, and the constant; by Newton's method."""
    counts = Counter((one.row["file"], one.row["answerable"]) for one in asked)
    each = np.array([100 / counts[one.row["file"], one.row["answerable"]] for one in asked])
    matrix = np.array([[*signs[id(one)], 1.0] for one in asked])
    right = np.array([float(one.row["answerable"]) for one in asked])
    weights, decay = np.zeros(matrix.shape[1]), np.full(matrix.shape[1], DECAY)
    decay[-1] = 1e-6
    for _ in range(30):
        sure = 1 / (1 + np.exp(-matrix @ weights))
        slope = matrix.T @ (each * (sure - right)) + decay * weights
        curve = (matrix.T * (each * sure * (1 - sure))) @ matrix + np.diag(decay)
        weights -= np.linalg.solve(curve, slope)
    return weights


def area(asked: Sequence[Asked], sure: np.ndarray) -> float:
    """AUROC of answerable against not."""
    right = np.array([one.row["answerable"] for one in asked])
    above = sure[right][:, None] - sure[~right][None]
    return float((above > 0).mean() + 0.5 * (above == 0).mean())


def main() -> None:
    paths = [Path(argument) for argument in sys.argv[1:]]
    if not paths:
        sys.exit(__doc__)
    encoder = Kept()
    files = [asked_of(path, encoder) for path in paths]
    for path, file in zip(paths, files, strict=True):
        for one in file:
            one.row["file"] = path.name
    weights = fit_ranking(files)
    evidence.SPAN = weights[1] / weights[0]
    print(f"SPAN = {evidence.SPAN:.3f}")
    everything = [one for file in files for one in file]
    found = {id(one): one.read() for one in everything}
    # Files that give no days say nothing of how much an old article weighs.
    names = [
        name for name in evidence.CONFIDENCE if len({signs[name] for signs in found.values()}) > 1
    ]
    signs = {key: np.array([own[name] for name in names]) for key, own in found.items()}
    weights = fit_logistic(everything, signs)
    print({name: round(float(w), 2) for name, w in zip(names, weights, strict=False)})
    print(f"constant {weights[-1]:.2f}")
    groups = sorted({one.group for one in everything})
    order = np.random.default_rng(0).permutation(len(groups))
    fold = {group: int(order[n]) % FOLDS for n, group in enumerate(groups)}
    by_fold = [
        fit_logistic([one for one in everything if fold[one.group] != n], signs)
        for n in range(FOLDS)
    ]
    for path, file in zip(paths, files, strict=True):
        sure = np.array([[*signs[id(one)], 1.0] @ by_fold[fold[one.group]] for one in file])
        line = f"{path.name}: AUROC in folds {area(file, sure):.3f}"
        if len(files) > 1:
            others = [one for one in everything if one.row["file"] != path.name]
            apart = fit_logistic(others, signs)
            left = np.array([[*signs[id(one)], 1.0] @ apart for one in file])
            line += f", left out {area(file, left):.3f}"
        print(line)
        right = np.array([one.row["answerable"] for one in file])
        for threshold in np.arange(-1.0, 1.01, 0.25):
            kept, given_up = (sure < threshold)[~right].mean(), (sure < threshold)[right].mean()
            print(f"  at {threshold:+.2f}: rejection {kept:.3f}, over-abstention {given_up:.3f}")


if __name__ == "__main__":
    main()
