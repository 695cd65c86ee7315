"""The network that reads: the lower layers of MiniLM, and how it is kept; see train_encoder.py."""

from __future__ import annotations

import math
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.torch import load_file
from torch import nn

WIDTH, HEADS, INNER = 384, 12, 1536  # of MiniLM
DROPOUT = 0.1
NEVER = -1e4


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


def from_onnx(path: Path) -> dict[str, torch.Tensor]:
    """The weights that ``export`` wrote, as near as 8 bits come; the matrices stand in order."""
    given = {one.name: numpy_helper.to_array(one) for one in onnx.load(path).graph.initializer}
    whole = ("bias", "n.weight", "n1.weight", "n2.weight")
    found = {name: torch.tensor(own) for name, own in given.items() if name.endswith(whole)}
    matrices = []
    for name in (name for name in given if name.endswith("_quantized")):
        stem = name.removesuffix("_quantized")
        shift = given[f"{stem}_zero_point"].astype("float32")
        own = (given[name].astype("float32") - shift) * given[f"{stem}_scale"]
        if stem.endswith(".weight"):
            found[stem] = torch.tensor(own)
        else:
            matrices.append(torch.tensor(own.T.copy()))
    parts = ("q", "k", "v", "o", "up", "down")
    layers = range((len(matrices) - 3) // len(parts))
    names = [f"layers.{layer}.{part}.weight" for layer in layers for part in parts]
    names += ["span.weight", "cls.0.weight", "cls.2.weight"]
    return found | dict(zip(names, matrices, strict=True))


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
