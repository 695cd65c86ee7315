"""Train the encoder that reads, on the CPU: python benchmarks/train_encoder.py OUT --data FOLDER

It wants PyTorch, onnx and safetensors beside what qabot needs, all-MiniLM-L6-v2 (Apache-2.0; its
``model.safetensors`` and ``vocab.txt``), and in FOLDER these public files under these names:

- ``squad.json``: articles of the training set of SQuAD 2.0 (CC BY-SA 4.0);
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

Writes ``OUT/reader.onnx``, of 8-bit whole numbers, and ``OUT/vocabulary.txt``. docs/encoder.md has
what it scored. ``--start`` goes on from weights that an earlier run left in ``OUT/reader.pt``.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from encoder_examples import SEED, Example, Maker
from encoder_texts import squeezed
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.torch import load_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from torch import nn

WIDTH, HEADS, INNER = 384, 12, 1536  # of MiniLM
QUESTION, TITLE, STRETCH = 40, 12, 112  # word pieces, as qabot.encoder reads them
FIRST, BETWEEN, STOP = 101, 102, 1012
BATCH, WARM, DROPOUT, DECAY = 32, 150, 0.1, 0.01
SHARE = {
    "qamr": 0.9, "squad near": 0.6, "squad altered": 0.7, "pairs near": 0.8, "pairs altered": 0.6,
    "natural near": 0.6, "natural altered": 0.8, "natural gone": 0.7,
}  # fmt: skip
"""Of each kind of example, how much is seen in a round; of the others all."""
NEVER = -1e4
Built = tuple[list[int], int, tuple[int, int] | None, bool]
"""Word pieces, where the question's end, from where to where the answer may stand, exactly so."""


class Layer(nn.Module):
    """A layer of BERT."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.up, self.down = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.n1, self.n2 = (nn.LayerNorm(WIDTH, eps=1e-12) for _ in range(2))
        self.drop = nn.Dropout(DROPOUT)

    def forward(self, x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        batch, length, _ = x.shape
        size = WIDTH // HEADS
        q, k, v = (
            part(x).view(batch, length, HEADS, size).transpose(1, 2)
            for part in (self.q, self.k, self.v)
        )
        heeded = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(size) + bias, -1) @ v
        x = self.n1(x + self.drop(self.o(heeded.transpose(1, 2).reshape(batch, length, WIDTH))))
        return self.n2(x + self.drop(self.down(nn.functional.gelu(self.up(x)))))


class Reader(nn.Module):
    """The lower layers of MiniLM, with logits of begin and end for each piece and of the whole."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.word, self.pos = nn.Embedding(30522, WIDTH), nn.Embedding(512, WIDTH)
        self.typ, self.n = nn.Embedding(2, WIDTH), nn.LayerNorm(WIDTH, eps=1e-12)
        self.drop = nn.Dropout(DROPOUT)
        self.layers = nn.ModuleList(Layer() for _ in range(layers))
        self.span = nn.Linear(WIDTH, 2)
        self.cls = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Tanh(), nn.Linear(WIDTH, 1))

    def start_from(self, path: Path) -> None:
        """Take over the weights of MiniLM."""
        given, own = load_file(path), self.state_dict()
        names = {"word": "word_embeddings", "pos": "position_embeddings",
                 "typ": "token_type_embeddings", "n": "LayerNorm"}  # fmt: skip
        parts = {
            "q": "attention.self.query",
            "k": "attention.self.key",
            "v": "attention.self.value",
            "o": "attention.output.dense",
            "n1": "attention.output.LayerNorm",
            "up": "intermediate.dense",
            "down": "output.dense",
            "n2": "output.LayerNorm",
        }
        for name in own:
            first, *rest = name.split(".")
            if first in names:
                own[name] = given[f"embeddings.{names[first]}.{rest[-1]}"]
            elif first == "layers":
                own[name] = given[f"encoder.layer.{rest[0]}.{parts[rest[1]]}.{rest[2]}"]
        self.load_state_dict(own)

    def forward(
        self, ids: torch.Tensor, types: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        places = torch.arange(ids.shape[1], device=ids.device)[None]
        x = self.drop(self.n(self.word(ids) + self.pos(places) + self.typ(types)))
        bias = (1.0 - mask[:, None, None, :].to(x.dtype)) * NEVER
        for layer in self.layers:
            x = layer(x, bias)
        return self.span(x), self.cls(x[:, 0])[:, 0]


def examples(folder: Path) -> Iterator[Example]:
    """All that the files of ``folder`` give."""
    maker = Maker((folder / "left-out.txt").read_text("utf-8").splitlines())
    yield from maker.squad(folder / "squad.json")
    yield from maker.pairs(folder / "pairs-sentences.txt", folder / "pairs-questions.txt")
    files = [folder / "qamr-dev.tsv", folder / "qamr-test.tsv"]
    yield from maker.qamr(folder / "wiki-sentences.tsv", files)
    yield from maker.natural(folder / "qed.jsonlines", folder / "nq-open-oracle.jsonl.gz")
    asked = (folder / "left-out-questions.txt").read_text("utf-8").splitlines()
    files = [folder / "clapnq-answered.tsv", folder / "clapnq-unanswered.tsv"]
    yield from maker.long(files[0], files[1], set(map(squeezed, asked)))


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


def batches(kept: Sequence[tuple[str, Built]], chance: random.Random) -> Iterator[list[Built]]:
    """Examples of like length together, round after round."""
    while True:
        seen = [one for kind, one in kept if chance.random() < SHARE.get(kind, 1.0)]
        chance.shuffle(seen)
        for start in range(0, len(seen), 40 * BATCH):
            sorted_ = sorted(seen[start : start + 40 * BATCH], key=lambda one: len(one[0]))
            lots = [sorted_[n : n + BATCH] for n in range(0, len(sorted_), BATCH)]
            chance.shuffle(lots)
            yield from lots


def loss_of(model: Reader, lot: Sequence[Built]) -> torch.Tensor:
    """Of begin and end, at the first piece where nothing answers, and of whether anything does."""
    shape = len(lot), max(len(ids) for ids, *_ in lot)
    ids, types, mask = (torch.zeros(shape, dtype=torch.long) for _ in range(3))
    begins, ends = (torch.zeros(shape, dtype=torch.bool) for _ in range(2))
    for row, (pieces, asked, place, exact) in enumerate(lot):
        ids[row, : len(pieces)] = torch.tensor(pieces)
        mask[row, : len(pieces)] = types[row, asked : len(pieces)] = 1
        first, last = place or (0, 0)
        begins[row, first : (first if exact else last) + 1] = True
        ends[row, (last if exact else first) : last + 1] = True
    answers = torch.tensor([float(place is not None) for _, _, place, _ in lot])
    allowed = types == 1
    allowed[:, 0] = True
    with torch.autocast("cpu", dtype=torch.bfloat16):
        spans, held = model(ids, types, mask)
    likely = torch.log_softmax(spans.float().masked_fill(~allowed[:, :, None], NEVER), 1)
    lost = [
        -torch.logsumexp(likely[:, :, n].masked_fill(~right, NEVER), 1).mean()
        for n, right in enumerate((begins, ends))
    ]
    whether = nn.functional.binary_cross_entropy_with_logits(held.float(), answers)
    return (lost[0] + lost[1] + whether) / 2


def train(model: Reader, kept: Sequence[tuple[str, Built]], minutes: float, rate: float) -> None:
    """AdamW for so many minutes, its rate falling to nothing; words and places stay the same."""
    for fixed in (model.word, model.pos):
        fixed.weight.requires_grad_(False)
    moved = [one for one in model.parameters() if one.requires_grad]
    optimizer = torch.optim.AdamW(moved, lr=rate, weight_decay=DECAY)
    started, lost = time.monotonic(), []
    model.train()
    for step, lot in enumerate(batches(kept, random.Random(SEED))):
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
        if step % 50 == 49:
            print(
                f"{done:.0%}, {(step + 1) * BATCH} examples, loss {sum(lost[-50:]) / 50:.3f}",
                flush=True,
            )


def export(model: Reader, out: Path) -> None:
    """As ONNX, then in whole numbers of 8 bits."""
    model.eval()
    ids = torch.ones(2, 16, dtype=torch.long)
    names = ["ids", "types", "mask"]
    axes = {name: {0: "batch", 1: "pieces"} for name in (*names, "span")}
    torch.onnx.export(
        model, (ids, torch.zeros_like(ids), torch.ones_like(ids)), str(out / "whole.onnx"),
        input_names=names, output_names=["span", "answers"],
        dynamic_axes=axes | {"answers": {0: "batch"}}, opset_version=17, dynamo=False,
    )  # fmt: skip
    quantize_dynamic(
        out / "whole.onnx", out / "reader.onnx", per_channel=True, weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul", "Gather"],
    )  # fmt: skip
    (out / "whole.onnx").unlink()


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
    kept = [
        (one.kind, ready)
        for one in examples(given.data)
        if (ready := built(one, tokenizer)) is not None
    ]
    print(f"{len(kept)} examples", flush=True)
    model = Reader(given.layers)
    model.start_from(given.minilm / "model.safetensors")
    if given.start:
        model.load_state_dict(torch.load(given.start), strict=False)
    train(model, kept, given.minutes, given.rate)
    given.out.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), given.out / "reader.pt")
    export(model, given.out)
    (given.out / "vocabulary.txt").write_bytes(words.read_bytes())


if __name__ == "__main__":
    main()
