"""Train the encoder that reads, on the CPU: python benchmarks/train_encoder.py OUT --data FOLDER

It wants PyTorch, onnx and safetensors beside what qabot needs, all-MiniLM-L6-v2 (Apache-2.0; its
``model.safetensors`` and ``vocab.txt``), and in FOLDER these public files under these names:

- ``squad.json``: articles of the training set of SQuAD 2.0 (CC BY-SA 4.0);
- ``shifts-*.json``: ``new_wiki``, ``reddit`` and ``amazon_reviews`` of SquadShifts (CC BY 4.0),
  the last two as articles of some 60 paragraphs without a title;
- ``impossible.tsv``: id, cause and question of the unanswerable questions of SQuAD 2.0's training
  set, from SQuAD2-CR (MIT, CC BY-SA 4.0);
- ``onestopqa/*.txt``: the annotated articles of OneStopQA, of the Guardian (CC BY-SA 4.0);
- ``timeqa.jsonl.gz``: ``human_train.hard`` of TimeQA (BSD-3, of text under CC BY-SA);
- ``selqa-dev.json``, ``selqa-test.json``: sentence selection of SelQA (Apache-2.0);
- ``qadiscourse-*.tsv``: the Wikinews part of QADiscourse (CC BY 4.0);
- ``pairs-sentences.txt``, ``pairs-questions.txt``: ``src-test`` and ``tgt-test`` of the split of
  SQuAD 1.1 by Du et al., 2017 (CC BY-SA 4.0), articles of SQuAD's training set;
- ``wiki-sentences.tsv``, ``qamr-dev.tsv``, ``qamr-test.tsv``: QAMR, filtered (MIT);
- ``qed.jsonlines``: QED's questions of Natural Questions (CC BY-SA 3.0);
- ``nq-open-oracle.jsonl.gz``: those that "Lost in the Middle" pairs with paragraphs (the same);
- ``clapnq-answered.tsv``, ``clapnq-unanswered.tsv``: ``question_train_answerable.tsv`` and
  ``question_train_unanswerable.tsv`` of CLAP NQ (Apache-2.0, of text under CC BY-SA);
- ``left-out-questions.txt``: questions that must not be learned from, those of benchmarks;
- ``left-out.txt``: titles of articles that must not be learned from, a title a line: those of
  SQuAD's development set, which benchmarks are made of.

The first six may be missing. Writes ``OUT/reader.onnx``, of 8-bit whole numbers, and
``OUT/vocabulary.txt``. docs/encoder.md has what it scored. ``--start`` goes on from weights that an
earlier run left in ``OUT/reader.pt``, or from a ``reader.onnx``.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, groupby
from pathlib import Path

import torch
from encoder_examples import SEED, Example, Maker
from encoder_net import NEVER, Reader, export, from_onnx
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from torch import nn

QUESTION, TITLE, STRETCH = 40, 12, 112  # word pieces, as qabot.encoder reads them
FIRST, BETWEEN, STOP = 101, 102, 1012
BATCH, WARM, DECAY = 32, 150, 0.01
TOGETHER = 0.5
"""How much it counts that, of all stretches read for a question, the right place is likeliest."""
SHARE = {
    "qamr": 0.9, "squad altered": 0.7, "pairs near": 0.8, "pairs altered": 0.6,
    "natural altered": 0.8, "natural gone": 0.7,
}  # fmt: skip
"""Of each kind of example, how much is seen in a round; of the others all."""
Built = tuple[list[int], int, tuple[int, int] | None, bool]
"""Word pieces, where the question's end, from where to where the answer may stand, exactly so."""
Lot = list[list[Built]]
"""Questions, each with the stretches that are read for it."""


def examples(folder: Path) -> Iterator[Example]:
    """All that the files of ``folder`` give."""
    asked = (folder / "left-out-questions.txt").read_text("utf-8").splitlines()
    maker = Maker((folder / "left-out.txt").read_text("utf-8").splitlines(), asked)
    for path in sorted([*folder.glob("squad.json"), *folder.glob("shifts-*.json")]):
        yield from maker.squad(path)
    yield from maker.pairs(folder / "pairs-sentences.txt", folder / "pairs-questions.txt")
    yield from maker.impossible(folder / "pairs-sentences.txt", folder / "impossible.tsv")
    yield from maker.told(folder)
    files = [folder / "qamr-dev.tsv", folder / "qamr-test.tsv"]
    yield from maker.qamr(folder / "wiki-sentences.tsv", files)
    yield from maker.natural(folder / "qed.jsonlines", folder / "nq-open-oracle.jsonl.gz")
    yield from maker.long(folder / "clapnq-answered.tsv", folder / "clapnq-unanswered.tsv")


def built(example: Example, tokenizer: Tokenizer) -> Built | None:
    """The word pieces of an example, unless its answer does not fit."""

    def encoded(text: str) -> tuple[list[int], list[tuple[int, int]]]:
        found = tokenizer.encode(text, add_special_tokens=False)
        return found.ids, found.offsets

    ids = [FIRST, *encoded(example.question)[0][:QUESTION], BETWEEN]
    asked = len(ids)
    title = encoded(example.title)[0][:TITLE]
    ids += [*title, STOP] if title else []
    place, exact = None, False
    limit = len(ids) + STRETCH
    for number, sentence in enumerate(example.sentences):
        pieces, offsets = encoded(sentence)
        if example.gold and example.gold[0] == number:
            _, start, end = example.gold
            held = [n for n, (a, b) in enumerate(offsets) if b > start and a < end]
            if not held or len(ids) + held[-1] >= limit:
                return None
            place = len(ids) + held[0], len(ids) + held[-1]
            exact = (start, end) != (0, len(sentence))
        ids += pieces
    return [*ids[:limit], BETWEEN], asked, place, exact


def batches(asked: Sequence[Sequence[tuple[str, Built]]], chance: random.Random) -> Iterator[Lot]:
    """Questions of like length together, each with what is read for it, round after round."""
    while True:
        seen = [
            [one for kind, one in own if chance.random() < SHARE.get(kind, 1.0)] for own in asked
        ]
        chance.shuffle(seen)
        for start in range(0, len(seen), 20 * BATCH):
            some = [own for own in seen[start : start + 20 * BATCH] if own]
            some.sort(key=lambda own: max(len(ids) for ids, *_ in own))
            lots: list[Lot] = [[]]
            for own in some:
                if sum(map(len, lots[-1])) + len(own) > BATCH:
                    lots.append([])
                lots[-1].append(own)
            lots = [lot for lot in lots if lot]
            chance.shuffle(lots)
            yield from lots


def loss_of(model: Reader, lot: Lot) -> torch.Tensor:
    """Of begin and end: at the first piece where nothing answers, and over all stretches that are
    read for a question; and of whether anything answers."""
    every = [one for own in lot for one in own]
    shape = len(every), max(len(ids) for ids, *_ in every)
    ids, types, mask = (torch.zeros(shape, dtype=torch.long) for _ in range(3))
    rights = torch.zeros(2, *shape, dtype=torch.bool)
    for row, (pieces, asked, place, exact) in enumerate(every):
        ids[row, : len(pieces)] = torch.tensor(pieces)
        mask[row, : len(pieces)] = types[row, asked : len(pieces)] = 1
        first, last = place or (0, 0)
        rights[0, row, first : (first if exact else last) + 1] = True
        rights[1, row, (last if exact else first) : last + 1] = True
    answers = torch.tensor([float(place is not None) for _, _, place, _ in every])
    allowed = types == 1
    allowed[:, 0] = True
    with torch.autocast("cpu", dtype=torch.bfloat16):
        spans, held = model(ids, types, mask)
    spans = spans.float().masked_fill(~allowed[:, :, None], NEVER)
    lost = sum(_lost(spans[:, :, n], right) for n, right in enumerate(rights))
    owner = torch.repeat_interleave(torch.arange(len(lot)), torch.tensor([len(own) for own in lot]))
    for n, right in enumerate(rights):
        lost = lost + TOGETHER * _lost_together(spans[:, :, n], right, owner, answers > 0)
    whether = nn.functional.binary_cross_entropy_with_logits(held.float(), answers)
    return (lost + whether) / 2


def _lost(given: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    likely = torch.log_softmax(given, 1).masked_fill(~right, NEVER)
    return -torch.logsumexp(likely, 1).mean()


def _lost_together(
    given: torch.Tensor, right: torch.Tensor, owner: torch.Tensor, answers: torch.Tensor
) -> torch.Tensor:
    """Over the stretches of each question that one of them answers, against the first piece."""
    against = given[:, 1:] - given[:, :1]
    whole = torch.logsumexp(against, 1)
    part = torch.logsumexp(against.masked_fill(~right[:, 1:], NEVER), 1)
    found = [
        torch.logsumexp(whole[owner == n], 0) - torch.logsumexp(part[(owner == n) & answers], 0)
        for n in owner.unique()
        if (owner == n).sum() > 1 and ((owner == n) & answers).any()
    ]
    return torch.stack(found).mean() if found else given.new_zeros(())


def train(
    model: Reader, asked: Sequence[Sequence[tuple[str, Built]]], minutes: float, rate: float
) -> None:
    """AdamW for so many minutes, its rate falling to nothing; words and places stay the same."""
    for fixed in (model.word, model.pos):
        fixed.weight.requires_grad_(False)
    moved = [one for one in model.parameters() if one.requires_grad]
    optimizer = torch.optim.AdamW(moved, lr=rate, weight_decay=DECAY)
    started, lost, count = time.monotonic(), [], 0
    model.train()
    for step, lot in enumerate(batches(asked, random.Random(SEED))):
        done = (time.monotonic() - started) / 60 / minutes
        if done >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, step / WARM + 1e-3) * (1 - done)
        loss = loss_of(model, lot)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(moved, 1.0)
        optimizer.step()
        lost.append(loss.item())
        count += sum(map(len, lot))
        if step % 50 == 49:
            print(f"{done:.0%}, {count} examples, loss {sum(lost[-50:]) / 50:.3f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--minilm", type=Path, required=True, help="folder of all-MiniLM-L6-v2")
    parser.add_argument(
        "--start",
        type=Path,
        help="weights to go on from, of as many\nlayers or fewer; the others are MiniLM's",
    )
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--minutes", type=float, default=48)
    parser.add_argument("--rate", type=float, default=2e-4)
    given = parser.parse_args()
    torch.manual_seed(SEED)
    words = given.minilm / "vocab.txt"
    tokenizer = Tokenizer(
        models.WordPiece(models.WordPiece.read_file(str(words)), unk_token="[UNK]")
    )
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    asked = [
        [(one.kind, ready) for one in own if (ready := built(one, tokenizer)) is not None]
        for _, own in groupby(examples(given.data), key=lambda one: one.question)
    ]
    print(f"{sum(map(len, asked))} examples of {len(asked)} questions", flush=True)
    print(Counter(kind for kind, _ in chain.from_iterable(asked)), flush=True)
    model = Reader(given.layers)
    model.start_from(given.minilm / "model.safetensors")
    if given.start:
        onnx_given = given.start.suffix == ".onnx"
        start = from_onnx(given.start) if onnx_given else torch.load(given.start)
        model.load_state_dict(start, strict=False)
    train(model, asked, given.minutes, given.rate)
    given.out.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), given.out / "reader.pt")
    export(model, given.out)
    (given.out / "vocabulary.txt").write_bytes(words.read_bytes())


if __name__ == "__main__":
    main()
