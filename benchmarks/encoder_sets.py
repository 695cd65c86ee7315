"""Rows of public question sets, for encoder_examples.py."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from encoder_texts import sentences_of
from json_lines import rows

Row = tuple[str, str, list[str], tuple[int, int, int], str]
"""Question, title, sentences, where the answer stands, the answer."""


def qed(path: Path) -> Iterator[Row]:
    for row in rows(path):
        found, text = row["annotation"], row["paragraph_text"]
        if found["explanation_type"] != "single_sentence" or not found["answer"]:
            continue
        starts = [*row["sentence_starts"], len(text)]
        own = [text[a:b] for a, b in pairwise(starts)]
        held = max(n for n, a in enumerate(starts) if a <= found["selected_sentence"]["start"])
        answer = found["answer"][0]["paragraph_reference"]
        start, end = answer["start"] - starts[held], answer["end"] - starts[held]
        inside = 0 <= start < min(end, len(own[held]))
        gold = (held, start, min(end, len(own[held]))) if inside else (held, 0, len(own[held]))
        yield row["question_text"], row["title_text"], own, gold, answer["string"]


def oracle(path: Path) -> Iterator[Row]:
    for row in rows(path):
        gold = row["nq_annotated_gold"]
        own = sentences_of(gold["chunked_long_answer"])
        for answer in sorted(gold["short_answers"] or row["answers"], key=len):
            places = [(n, one.find(answer)) for n, one in enumerate(own) if answer in one]
            if answer and 0 < len(places) <= 2:
                held, start = places[0]
                yield (
                    row["question"],
                    gold["title"],
                    own,
                    (held, start, start + len(answer)),
                    answer,
                )
                break


def long_answers(path: Path) -> Iterator[tuple[str, str]]:
    """Questions of CLAP NQ, a line each with its answer; empty where there is none."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            # Several people may have answered; what they wrote stands between colons.
            yield _joined(row["question"]), _joined((row["answers"] or "").split("::")[0])


def _joined(text: str) -> str:
    """Treebank tokens with the space gone that nobody writes."""
    for token, written in {"``": '"', "''": '"', " -- ": " – "}.items():
        text = text.replace(token, written)
    text = re.sub(r"\s+([.,;:!?%)\]]|'s\b|'t\b)", r"\1", text)
    return " ".join(re.sub(r"([(\[$]) ", r"\1", text).split())
