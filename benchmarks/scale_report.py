"""Tables and a picture of what ``scale.py`` has measured.

    python benchmarks/scale_report.py FOLDER PICTURE.svg

Prints Markdown. Times are by the clock, and in brackets of processor time where both are known: on
a machine that does other work too, only the latter can be compared.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from qabot.evaluation.plots import Series, line_plot

Step = Mapping[str, Any]
Column = tuple[str, Callable[[Step], str]]


def _pair(wall: str, used: str, form: str) -> Callable[[Step], str]:
    return lambda step: f"{step[wall]:{form}} ({step[used]:{form}})" if used in step else ""


def _rate(number: str, wall: str, used: str) -> Callable[[Step], str]:
    return lambda step: f"{step[number] / step[wall]:,.0f} ({step[number] / step[used]:,.0f})"


GROWTH: Sequence[Column] = (
    ("passages", lambda step: f"{step['passages']:,}"),
    ("put in", lambda step: f"{step['added']:,}"),
    ("passages/s", _rate("added", "seconds", "cpu")),
    # All but a few of the characters are ASCII: a byte each.
    ("MiB of text/s", lambda step: f"{step['characters'] / 2**20 / step['seconds']:.2f}"),
    ("peak MiB", lambda step: f"{step['mib']:,.0f}"),
    ("index MiB", lambda step: f"{step['bytes'] / 2**20:,.0f}"),
    ("kB a passage", lambda step: f"{step['bytes'] / step['passages'] / 1000:.1f}"),
    ("stores", lambda step: str(step["stores"])),
)
QUESTIONS: Sequence[Column] = (
    ("passages", lambda step: f"{step['passages']:,}"),
    ("p50 ms", _pair("ask_p50", "ask_cpu50", ".1f")),
    ("p95 ms", _pair("ask_p95", "ask_cpu95", ".1f")),
    ("MiB", lambda step: f"{step['mib']:,.0f}"),
)
BARE: Sequence[Column] = (
    *QUESTIONS[:-1],
    ("words p50 ms", _pair("lexical_p50", "lexical_cpu50", ".2f")),
    ("vectors p50 ms", _pair("dense_p50", "dense_cpu50", ".2f")),
    ("Chroma alone p50 ms", _pair("plain_p50", "plain_cpu50", ".2f")),
    ("MiB", lambda step: f"{step['mib']:,.0f}"),
)
FILTERED: Sequence[Column] = (
    ("passages", lambda step: f"{step['passages']:,}"),
    *(
        (f"{label} {share} ms", _pair(f"{name}_{share}", f"{name}_cpu{share[1:]}", ".1f"))
        for label, name in {
            "one paper of twenty": "paper", "the newer half": "newer", "one article": "article"
        }.items()
        for share in ("p50", "p95")
    ),
)  # fmt: skip
PROCESSES: Sequence[Column] = (
    ("articles", lambda step: f"{step['articles']:,}"),
    ("whole process s", _pair("process_seconds", "process_cpu", ".2f")),
    ("MiB", lambda step: f"{step['process_mib']:,.0f}"),
    ("already open s", _pair("open_seconds", "open_cpu", ".2f")),
)
OTHER: Sequence[Column] = (
    ("passages", lambda step: f"{step['passages']:,}"),
    ("passages/s", _rate("passages", "added_seconds", "added_cpu")),
    ("peak MiB", lambda step: f"{step['added_mib']:,.0f}"),
    ("index MiB", lambda step: f"{step['bytes'] / 2**20:,.0f}"),
    ("question p50 ms", _pair("ask_p50", "ask_cpu50", ".1f")),
    ("question p95 ms", _pair("ask_p95", "ask_cpu95", ".1f")),
    ("question as a process s", _pair("process_seconds", "process_cpu", ".2f")),
)
RECALL: Sequence[Column] = (
    ("passages", lambda step: f"{step['passages']:,}"),
    ("share of the nearest 30", lambda step: f"{step['recall']:.3f}"),
)
TABLES: Mapping[str, tuple[str, Sequence[Column]]] = {
    "grow": ("Putting articles in", GROWTH),
    "ask": ("A question to a bot that is open", QUESTIONS),
    "bare": ("The same without the encoder", BARE),
    "filtered": ("The same without the encoder, of some articles", FILTERED),
    "cold": ("A question as a whole process", PROCESSES),
    "add": ("One article more", PROCESSES),
    "recall": ("What is found of the nearest passages", RECALL),
    "other": ("The smallest LlamaIndex + Chroma program", OTHER),
}


def table(columns: Sequence[Column], steps: Sequence[Step]) -> str:
    """A Markdown table, a row for each step."""
    columns = [column for column in columns if any(column[1](step) for step in steps)]
    rows = [" | ".join(value(step) for _, value in columns) for step in steps]
    head = " | ".join(name for name, _ in columns)
    return "\n".join([f"| {head} |", "|" + "---:|" * len(columns), *(f"| {row} |" for row in rows)])


def main(folder: Path, image: Path) -> None:
    """Print the tables, and draw the picture."""
    steps = [json.loads(line) for line in (folder / "steps.jsonl").open()]
    for name, (title, columns) in TABLES.items():
        own = [step for step in steps if step["step"] == name]
        if own:
            print(f"{title}\n\n{table(columns, own)}\n")
    names = {
        "a question": ("ask", "ask"), "without the encoder": ("bare", "ask"),
        "by vectors": ("bare", "dense"), "by words": ("bare", "lexical"),
    }  # fmt: skip
    series = [
        Series(
            label,
            [
                (step["passages"] / 1000, step[f"{name}_p50"])
                for step in steps
                if step["step"] == kind
            ],
        )
        for label, (kind, name) in names.items()
    ]
    title = "What a question costs as the index grows"
    described = "Milliseconds of a question, median, by thousands of passages."
    drawn = line_plot(series, title, described, "thousand passages", "ms")
    image.write_text(drawn + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
