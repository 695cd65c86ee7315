"""Questions with a paragraph and where in it the answer stands, for encoder_examples.py.

Of OneStopQA, TimeQA, SelQA and QADiscourse, as they are published; see train_encoder.py. Where a
question comes with paragraphs that do not answer it, these are rows without an answer.
"""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from encoder_texts import content, holds
from json_lines import rows

_TAG = re.compile(r"</?([AD]\d)>")
_LEVEL = re.compile(r"^(Adv|Int|Ele):\s*(.+)$", re.M)
_ASKED = re.compile(r"^Q\d?:\s*(.+)$", re.M)
_NEAR, _SHORTEST = 3, 15  # paragraphs beside those that answer; words in one


@dataclass(frozen=True, slots=True)
class Told:
    """A question and a paragraph; the ``answer``, if it holds one, stands at ``start``."""

    question: str
    title: str
    text: str
    answer: str = ""
    start: int = 0


def told(folder: Path) -> Iterator[Told]:
    """All rows that the files of ``folder`` give, those to one question together."""
    found = [
        *(row for path in sorted(folder.glob("onestopqa/*.txt")) for row in _onestop(path)),
        *(row for path in sorted(folder.glob("timeqa*.jsonl.gz")) for row in _timed(path)),
        *(row for path in sorted(folder.glob("selqa-*.json")) for row in _selected(path)),
        *(row for path in sorted(folder.glob("qadiscourse-*.tsv")) for row in _discourse(path)),
    ]
    return iter(sorted(found, key=lambda row: (row.question, not row.answer)))


def _onestop(path: Path) -> Iterator[Told]:
    """An article of OneStopQA: paragraphs at three levels, their questions and critical spans.

    The paragraphs before and after do not answer.
    """
    text = path.read_text("utf-8").replace("\r", "")
    title = re.search(r"#\s*Title\s*\n+(.+)", text)
    blocks = [
        ({one[1]: _untagged(one[2]) for one in _LEVEL.finditer(block)}, _ASKED.findall(block))
        for block in re.split(r"\n#\s*Paragraph[^\n]*\n", text)[1:]
    ]
    for number, (levels, asked) in enumerate(blocks):
        around = [blocks[n][0] for n in (number - 1, number + 1) if 0 <= n < len(blocks)]
        for level, (paragraph, spans) in levels.items():
            for place, question in enumerate(asked, start=1):
                if f"A{place}" in spans:
                    named = question.strip(), title[1].strip() if title else ""
                    start, end = spans[f"A{place}"]
                    yield Told(*named, paragraph, paragraph[start:end], start)
                    yield from (Told(*named, one[level][0]) for one in around if level in one)


def _untagged(text: str) -> tuple[str, dict[str, tuple[int, int]]]:
    """A paragraph without its tags, and where the first span of each stands."""
    plain, at, opened, spans = "", 0, {}, {}
    for tag in _TAG.finditer(text):
        plain, at = plain + text[at : tag.start()], tag.end()
        if "/" not in tag.group():
            opened[tag[1]] = len(plain)
        elif tag[1] in opened:
            spans.setdefault(tag[1], (opened.pop(tag[1]), len(plain)))
    return plain + text[at:], spans


def _timed(path: Path) -> Iterator[Told]:
    """TimeQA: questions on a time, put to paragraphs that share most with them."""
    for row in rows(path):
        answers = [one for one in row["targets"] if one]
        texts = [one["text"].strip() for one in row["paragraphs"]]
        title = row["paragraphs"][0]["title"] if texts else ""
        asked = row["question"].strip()
        holding = [one for one in texts if any(holds(one, answer) for answer in answers)]
        for text in holding[:1] if len(holding) == 1 else ():
            answer = next((one for one in answers if one in text), "")
            if answer:
                yield Told(asked, title, text, answer, text.index(answer))
        words = set(content(asked))
        others = [o for o in texts if o not in holding and len(o.split()) >= _SHORTEST]
        others.sort(key=lambda text: -len(words & set(content(text))))
        yield from (Told(asked, title, text) for text in others[:_NEAR])


def _selected(path: Path) -> Iterator[Told]:
    """SelQA: a section of sentences, of which one or more answer."""
    for row in json.loads(path.read_text("utf-8")):
        sentences = [one.strip() for one in row["candidates"]]
        first = min(row["answers"], default=-1)
        if first >= 0 and sentences[first]:
            start, asked = len(" ".join([*sentences[:first], ""])), row["question"].strip()
            yield Told(asked, row["article"], " ".join(sentences), sentences[first], start)


def _discourse(path: Path) -> Iterator[Told]:
    """QADiscourse: what a sentence says of reasons, manners and results."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            text = (row.get("untokenized sentence") or "").strip()
            answer = row["answer"].strip(" .")
            start = text.lower().find(answer.lower())
            question = (row["full_question"] or "").strip(" ?")
            if question and answer and start >= 0:
                yield Told(f"{question}?", "", text, text[start : start + len(answer)], start)


def by_paragraph(path: Path) -> dict[str, list[str]]:
    """Questions of SQuAD2-CR: a line each with the id, whose beginning one paragraph's share."""
    asked: dict[str, list[str]] = defaultdict(list)
    for line in path.read_text("utf-8").splitlines():
        key, _, question = line.split("\t")
        asked[key[:20]].append(question)
    return asked
