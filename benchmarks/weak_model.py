"""Ask a weak model through qabot, and beside it qabot without a model and CitationQueryEngine.

    python benchmarks/weak_model.py ROWS.jsonl.gz --model MODEL.gguf [--pairs 30] [--out FOLDER]

A row has ``id``, ``question``, ``docs``, ``answerable`` and ``answers``; ``rtqa-twin-X`` asks what
``rtqa-X`` asks, of documents without the answer. Each row gets an index of its own documents, and
is put to all three. Replies are kept in FOLDER, so that a run that was stopped goes on where it
was. Prints tables; exits with 1 if qabot shows anything that cannot be checked.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from citation_query_engine import Engine, ServedModel
from json_lines import rows
from smallest_llamaindex import WordLlamaEmbedding

from qabot import markers
from qabot.answers import BROKEN_OFF, MODEL_REFUSED, NO_MODEL
from qabot.bot import Bot
from qabot.build import ingest_paths, open_bot
from qabot.local import CONTEXT, LocalServer, serve
from qabot.settings import EXTRACTIVE, Settings
from qabot.types import Answer, Released

Row = dict[str, Any]
QABOT, LLAMAINDEX = "qabot", "CitationQueryEngine"
SYSTEMS = (QABOT, EXTRACTIVE, LLAMAINDEX)
SAMPLES = 2_000
FAULTS = {
    "invalid_markers": "markers shown that name no citation",
    "uncited": "sentences released without a citation",
    "not_verbatim": "quotes that are not verbatim",
}
REASONS = {
    "not word for word": "a quotation is not word for word in what it cites",
    "do not have": "a figure, date or name is not in what it cites",
    "clearly enough": "what it cites does not say it clearly enough",
    "none clearly says it": "it cites nothing, and no passage clearly says it",
    "denies": "it denies what it cites, or the other way round",
    "": "another reason",
}


def rows_of(path: Path, pairs: int, seed: int) -> list[Row]:
    """The first pairs of a seeded shuffle, each original before its twin."""
    known = {row["id"]: row for row in rows(path)}
    twins = {one: one.replace("rtqa-", "rtqa-twin-", 1) for one in known}
    originals = [one for one, row in known.items() if row["answerable"] and twins[one] in known]
    random.Random(seed).shuffle(originals)
    return [known[one] for first in originals[:pairs] for one in (first, twins[first])]


class Asker:
    """Puts a row to each system; one server and one embedding model for all rows."""

    def __init__(self, server: LocalServer) -> None:
        self._server = server
        self._embedding = WordLlamaEmbedding()
        self._model = ServedModel(server.name, server.base_url, server.api_key, CONTEXT)

    def ask(self, row: Row, systems: Sequence[str]) -> Iterator[Row]:
        """What each of these systems makes of the row, scored."""
        texts = [f"{doc['title']}\n\n{doc['text']}" for doc in row["docs"]]
        with tempfile.TemporaryDirectory() as folder:
            files = {Path(folder, f"{number}.txt"): text for number, text in enumerate(texts)}
            for path, text in files.items():
                path.write_text(text, encoding="utf-8", newline="")
            home = Path(folder, "home")
            ingest_paths(Settings(home), [*files], lambda done, total, name: None)
            sources = {str(path): text for path, text in files.items()}
            for system in systems:
                if system == LLAMAINDEX:
                    found = self._engine(row, texts)
                else:
                    found = asked(row, self._settings(home, system), sources)
                yield {"row": row["id"], "system": system, "model": self._server.name, **found}

    def _settings(self, home: Path, system: str) -> Settings:
        if system == EXTRACTIVE:
            return Settings(home, model=EXTRACTIVE)
        server = self._server
        return Settings(home, model=server.name, base_url=server.base_url, api_key=server.api_key)

    def _engine(self, row: Row, texts: Sequence[str]) -> Row:
        engine = Engine(texts, self._model, self._embedding)
        start = time.perf_counter()
        reply = engine.ask(row["question"])
        seconds = time.perf_counter() - start
        numbers = [n for one in markers.find(reply.text, reply.sources) for n in one.numbers]
        return {
            "seconds": seconds,
            "text": reply.text,
            "abstained": reply.abstains,
            "contains": contains(reply.text, row),
            "marked": bool(numbers),
            "marked_falsely": any(not 1 <= number <= reply.sources for number in numbers),
        }

    def close(self) -> None:
        """Let go of the server."""
        self._model.close()


def asked(row: Row, settings: Settings, sources: dict[str, str]) -> Row:
    """The bot's answer, scored, and everything in it that cannot be checked."""
    bot: Bot = open_bot(settings)
    released: list[Released] = []
    try:
        answer = bot.ask(row["question"], release=released.append)
    finally:
        bot.close()
    withheld = [one.withheld for one in released if one.withheld is not None]
    is_written = answer.model != EXTRACTIVE and answer.status == "answered"
    dropped = [one.reason for one in answer.rejected if one.text.startswith(tuple("[［【"))]
    return {
        "seconds": answer.timings_ms["total"] / 1000,
        "first_sentence": answer.timings_ms.get("first_sentence", 0.0) / 1000 or None,
        "text": answer.text,
        "notes": answer.notes,
        "abstained": answer.status == "abstained",
        "contains": answer.status == "answered" and contains(answer.text, row),
        "was_asked": answer.prompt_hash is not None,
        "refused": MODEL_REFUSED in answer.text,
        "by_model": is_written,
        "shown": len(answer.claims) if is_written else 0,
        "withheld": withheld,
        "cut": [one.reason for one in answer.rejected if "reply" in one.reason],
        "dropped": [one for one in dropped if "adds nothing" not in one],
        "tokens": answer.usage,
        "prompt": answer.prompt_hash,
        **faults_of(answer, released, sources),
    }


def faults_of(answer: Answer, released: Sequence[Released], sources: dict[str, str]) -> Row:
    """How often each promise is broken."""
    known = {citation.marker for citation in answer.citations}
    shown = [n for one in markers.find(answer.text, 999) for n in one.numbers]
    said = [one for one in released if one.withheld is None]
    citations = [*answer.citations, *(one for sentence in said for one in sentence.citations)]
    is_told = [one.claim.text for one in said] == [claim.text for claim in answer.claims]
    return {
        "invalid_markers": sum(number not in known for number in shown),
        "uncited": sum(not one.citations for one in said)
        + sum(not known.intersection(claim.markers) for claim in answer.claims)
        + (not is_told),
        "not_verbatim": sum(
            not one.quote or sources[one.source][one.start : one.end] != one.quote
            for one in citations
        ),
    }


def contains(text: str, row: Row) -> bool:
    """Whether an accepted answer stands in the text, markers apart."""
    for marker in reversed(markers.find(text, 999)):
        text = text[: marker.start] + text[marker.end :]
    return any(squeezed(one) in squeezed(text) for one in row["answers"] if squeezed(one).strip())


def squeezed(text: str) -> str:
    return " " + " ".join(re.findall(r"\w+", text.lower())) + " "


def kept(path: Path) -> dict[tuple[str, str], Row]:
    """The replies of earlier runs; a line that was not finished is passed over."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        found[record["row"], record["system"]] = record
    return found


def run(rows: Sequence[Row], model: Path, path: Path) -> dict[tuple[str, str], Row]:
    """Put to every system every row that it has not answered yet."""
    found = kept(path)
    missing = [(row, [s for s in SYSTEMS if (row["id"], s) not in found]) for row in rows]
    missing = [one for one in missing if one[1]]
    if not missing:
        return found
    with serve(model) as server, path.open("a", encoding="utf-8") as file:
        asker = Asker(server)
        file.write("\n" if path.stat().st_size else "")  # ends a line that was not finished
        for number, (row, systems) in enumerate(missing, start=1):
            for record in asker.ask(row, systems):
                found[row["id"], record["system"]] = record
                print(json.dumps(record), file=file, flush=True)
            print(f"{number} of {len(missing)} rows", file=sys.stderr, flush=True)
        asker.close()
    return found


def share(values: Sequence[bool]) -> str:
    """The mean, with a 95% interval from a bootstrap over pairs."""
    table = np.array(values, dtype=float)
    picks = np.random.default_rng(0).integers(len(table), size=(SAMPLES, len(table)))
    low, high = np.percentile(table[picks].mean(axis=1), [2.5, 97.5])
    return f"{table.mean():.2f} ({low:.2f} to {high:.2f})"


def tell(rows: Sequence[Row], found: dict[tuple[str, str], Row]) -> int:
    """Print what came out; the number of broken promises."""
    pairs = list(zip(rows[::2], rows[1::2], strict=True))
    print("| | contains | rejection | over-abstention | pair accuracy | median s |")
    print("|---|---|---|---|---|---|")
    for system in SYSTEMS:
        both = [(found[a["id"], system], found[b["id"], system]) for a, b in pairs]
        columns: list[Callable[[Row, Row], bool]] = [
            lambda original, twin: original["contains"],
            lambda original, twin: twin["abstained"],
            lambda original, twin: original["abstained"],
            lambda original, twin: original["contains"] and twin["abstained"],
        ]
        cells = [share([column(*pair) for pair in both]) for column in columns]
        # A twin may have its original's prompt, which the server still remembers.
        seconds = median(original["seconds"] for original, _ in both)
        print(f"| {system} | {' | '.join(cells)} | {seconds:.2f} |")
    each = {system: [found[row["id"], system] for row in rows] for system in SYSTEMS}
    tell_of_the_gate(each[QABOT])
    engine = each[LLAMAINDEX]
    print(f"\n{LLAMAINDEX}, of {len(engine)} replies:")
    print(f"with a marker {sum(one['marked'] for one in engine)}")
    print(f"with a marker that names no source {sum(one['marked_falsely'] for one in engine)}")
    print(f"abstentions {sum(one['abstained'] for one in engine)}\n")
    broken = 0
    for name, words in FAULTS.items():
        count = sum(one[name] for system in (QABOT, EXTRACTIVE) for one in each[system])
        print(f"{words}: {count}")
        broken += count
    return broken


def tell_of_the_gate(answers: Sequence[Row]) -> None:
    """What the model wrote, and what became of it."""
    was_asked = [one for one in answers if one["was_asked"]]
    withheld = [reason for one in was_asked for reason in one["withheld"]]
    failed = tuple(form.format(problem="") for form in (NO_MODEL, BROKEN_OFF))
    classes = dict.fromkeys(REASONS.values(), 0)
    for reason in withheld:
        classes[next(words for part, words in REASONS.items() if part in reason)] += 1
    shown = sum(one["shown"] for one in was_asked)
    first = [one["first_sentence"] for one in answers if one["first_sentence"]]
    fallback = [one for one in was_asked if not one["by_model"] and not one["abstained"]]
    print(f"\n{QABOT}, of {len(answers)} questions:")
    print(f"the model was asked {len(was_asked)}")
    print(f"replies that failed {sum(n.startswith(failed) for o in answers for n in o['notes'])}")
    print(f"replies cut off, or too long to read on {sum(bool(o['cut']) for o in answers)}")
    print(f"it said that the articles do not say {sum(one['refused'] for one in answers)}")
    print(f"sentences judged {shown + len(withheld)}, shown {shown}, withheld {len(withheld)}")
    for words, count in classes.items():
        print(f"  {words}: {count}")
    print(f"markers dropped that name no passage {sum(len(o['dropped']) for o in answers)}")
    print(f"answers the model wrote {sum(one['by_model'] for one in answers)}, of them right "
          f"{sum(one['by_model'] and one['contains'] for one in answers)}")  # fmt: skip
    print(f"answered by the extractive fallback {len(fallback)}")
    print(f"median seconds to the first sentence {median(first) if first else 0:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("file", type=Path)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir(), "weak-model"))
    arguments = parser.parse_args()
    logging.disable(logging.INFO)  # importing wordllama turns on a line for every request
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows = rows_of(arguments.file, arguments.pairs, arguments.seed)
    found = run(rows, arguments.model, arguments.out / "replies.jsonl")
    sys.exit(1 if tell(rows, found) else 0)


if __name__ == "__main__":
    main()
