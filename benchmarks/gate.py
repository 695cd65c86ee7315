"""Fit and measure ``qabot.support``: python benchmarks/gate.py WICE.jsonl.gz QAGS.jsonl.gz

A row of the first file has ``claim``, ``sentences`` and ``label``; of the second ``claim``,
``article`` and ``label``. Only ``supported`` counts as supported: a partly supported claim says
something that its source does not. The weights are fitted to the first file, each label counting
half, and measured there by ten-fold cross-validation over documents, three times over; the second
file is only measured. Prints the weights and, beside plain word overlap, the area under the ROC
curve (AUROC) and balanced accuracy with 95% intervals from a bootstrap over documents.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from json_lines import rows

from qabot import markers
from qabot.citations import verify
from qabot.embed import WordLlamaEmbedder
from qabot.facts import denial_differs
from qabot.passage_sentences import Sentence, sentences_of
from qabot.split import split
from qabot.support import CLEAR, FEATURES, INTERCEPT, THRESHOLD, WEIGHTS, support
from qabot.types import Document, Passage
from qabot.words import content_stems, tokens

DECAY = 0.1  # of the weights of standardised features: they must hold for other texts too
FOLDS, ROUNDS, SAMPLES = 10, 3, 2_000
EMBEDDER = WordLlamaEmbedder()


@dataclass(frozen=True)
class Measured:
    """The rows of a file: features, plain overlap, whether supported, document, denial."""

    features: np.ndarray
    overlap: np.ndarray
    label: np.ndarray
    document: np.ndarray
    denial: np.ndarray


def measure(path: Path) -> Measured:
    claims = list(rows(path))
    features, overlap, denial, numbers, documents = [], [], [], [], dict[str, int]()
    for row in claims:
        text = row.get("article") or "\n\n".join(row["sentences"])
        numbers.append(documents.setdefault(text, len(documents)))
        sentences = sentences_in(row, text)
        found = support(row["claim"], sentences, EMBEDDER)
        features.append(found.features)
        denial.append(denial_differs(row["claim"], [one.text for one in found.evidence]))
        stems = set(content_stems(row["claim"]))
        overlap.append(len(stems & set(content_stems(text))) / max(1, len(stems)))
    label = np.array([row["label"] == "supported" for row in claims])
    return Measured(*map(np.array, (features, overlap, label, numbers, denial)))


def sentences_in(row: dict[str, str], text: str) -> list[Sentence]:
    passage = Passage("", "", "", 0, len(text), text)
    if "article" in row:
        return list(sentences_of(passage, 0))
    return [Sentence(passage, 0, len(one), one, tuple(tokens(one)), 0) for one in row["sentences"]]


def fit(features: np.ndarray, label: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights and intercept of a logistic model, each label counting half. Newton's method."""
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-9
    table = np.column_stack([(features - mean) / spread, np.ones(len(label))])
    share = np.where(label, 0.5 / label.sum(), 0.5 / (~label).sum())
    decay = DECAY * np.diag([1.0] * features.shape[1] + [0.0])
    weights = np.zeros(table.shape[1])
    for _ in range(50):
        likely = sigmoid(table @ weights)
        gradient = table.T @ (share * (likely - label)) + decay @ weights
        curve = table.T @ (table * (share * likely * (1 - likely))[:, None]) + decay
        weights -= np.linalg.solve(curve, gradient)
    raw = weights[:-1] / spread
    return raw, float(weights[-1] - raw @ mean)


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


def crossed(rows: Measured, seed: int) -> np.ndarray:
    """Scores of each row by weights fitted to the other folds; a document is in one fold only."""
    fold = np.random.default_rng(seed).permutation(rows.document.max() + 1)[rows.document] % FOLDS
    scores = np.zeros(len(rows.label))
    for number in range(FOLDS):
        out = fold == number
        weights, intercept = fit(rows.features[~out], rows.label[~out])
        scores[out] = sigmoid(rows.features[out] @ weights + intercept)
    return scores


def auroc(scores: np.ndarray, label: np.ndarray) -> float:
    difference = scores[label][:, None] - scores[~label]
    return float((difference > 0).mean() + 0.5 * (difference == 0).mean())


def balanced(scores: np.ndarray, label: np.ndarray, threshold: float) -> float:
    return float(((scores[label] >= threshold).mean() + (scores[~label] < threshold).mean()) / 2)


def interval(rows: Measured, value: object) -> str:
    """95% interval of ``value(chosen rows)`` over samples of whole documents."""
    members = [np.flatnonzero(rows.document == one) for one in range(rows.document.max() + 1)]
    dice, found = np.random.default_rng(0), []
    for _ in range(SAMPLES):
        chosen = np.concatenate(
            [members[n] for n in dice.integers(len(members), size=len(members))]
        )
        if 0 < rows.label[chosen].sum() < len(chosen):
            found.append(value(chosen))  # type: ignore[operator]
    low, high = np.percentile(found, [2.5, 97.5])
    return f"{low:.3f} to {high:.3f}"


def report(name: str, rows: Measured, scores: np.ndarray, threshold: float) -> None:
    label = rows.label
    area, accuracy = auroc(scores, label), balanced(scores, label, threshold)
    print(
        f"{name}: AUROC {area:.3f} ({interval(rows, lambda n: auroc(scores[n], label[n]))}), "
        f"balanced accuracy {accuracy:.3f} "
        f"({interval(rows, lambda n: balanced(scores[n], label[n], threshold))})"
    )


def best_cut(scores: np.ndarray, label: np.ndarray) -> float:
    return float(max(np.unique(scores), key=lambda cut: balanced(scores, label, float(cut))))


def rates(name: str, scores: np.ndarray, label: np.ndarray) -> None:
    for threshold in (0.5, THRESHOLD, CLEAR):
        accepted, refused = (scores[~label] >= threshold).mean(), (scores[label] < threshold).mean()
        print(f"{name} at {threshold}: false accepts {accepted:.3f}, false rejects {refused:.3f}")


def whole_gate(path: Path) -> None:
    """What ``verify`` does with claims that cite every passage of their article."""
    kept: dict[bool, list[bool]] = {True: [], False: []}
    for row in rows(path):
        passages = split(Document("", "", "", row["article"]))
        cited = markers.write(range(1, len(passages) + 1))
        found = verify(f"{row['claim']} {cited}", passages, EMBEDDER)
        kept[row["label"] == "supported"].append(found.kept)
    accepted, refused = np.mean(kept[False]), 1 - np.mean(kept[True])
    print(f"{path.name}, whole gate: false accepts {accepted:.3f}, false rejects {refused:.3f}")


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    wice, qags = (measure(Path(argument)) for argument in sys.argv[1:])
    weights, intercept = fit(wice.features, wice.label)
    print({name: round(float(w), 2) for name, w in zip(FEATURES, weights, strict=True)})
    print("intercept", round(intercept, 2))
    shipped = np.array([WEIGHTS[name] for name in FEATURES])
    rounds = [crossed(wice, seed) for seed in range(ROUNDS)]
    print("wice AUROC of each round:", *(f"{auroc(s, wice.label):.3f}" for s in rounds))
    scores = {
        "wice, cross-validated": (wice, np.mean(rounds, axis=0)),
        "qags": (qags, sigmoid(qags.features @ shipped + INTERCEPT)),
    }
    for name, (lot, found) in scores.items():
        print(f"{name}: {len(lot.label)} claims, {lot.label.sum()} supported")
        report("  overlap (its best threshold here)", lot, lot.overlap,
               best_cut(lot.overlap, lot.label))  # fmt: skip
        report("  score", lot, found, THRESHOLD)
        gain = interval(lot, lambda n, lot=lot, found=found: (
            auroc(found[n], lot.label[n]) - auroc(lot.overlap[n], lot.label[n])))  # fmt: skip
        print("  gain in AUROC over overlap:", gain)
        rates("  rates", found, lot.label)
        flagged = lot.denial[lot.label].mean(), lot.denial[~lot.label].mean()
        print(
            f"  denial differs: {flagged[0]:.3f} of the supported, {flagged[1]:.3f} of the others"
        )
        for low in np.arange(0.0, 1.0, 0.2):
            bin_ = (found >= low) & (found < low + 0.2)
            if bin_.any():
                share = lot.label[bin_].mean()
                print(f"  scores from {low:.1f}: {bin_.sum()}, supported {share:.2f}")
    whole_gate(Path(sys.argv[2]))


if __name__ == "__main__":
    main()
