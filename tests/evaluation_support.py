"""Cases to evaluate, and files that hold them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROBIN = "The robin sang from the chimney on Tuesday, and everybody in the street stood still."
WREN = "The wren built a nest in the letter box, so that the letters were left on the step."


def row(identifier: str, question: str = "Who sang from the chimney?", **more: Any) -> dict:
    """A row of our own form that brings its article along."""
    return {
        "id": identifier,
        "question": question,
        "answerable": True,
        "answers": ["The robin"],
        "evidence": [ROBIN],
        "docs": [{"id": "birds", "title": "Birds", "text": f"Birds\n\n{ROBIN}\n\n{WREN}\n"}],
        "tags": ["who"],
        **more,
    }


def absent(identifier: str, **more: Any) -> dict:
    """A row whose article does not say."""
    question = "What does the mayor earn?"
    nothing = {"answerable": False, "answers": [], "evidence": [], "tags": ["absent"]}
    return {**row(identifier, question), **nothing, **more}


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Rows as a file of JSON lines, gzipped where its name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = "".join(json.dumps(one) + "\n" for one in rows).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path
