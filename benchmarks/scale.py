"""What a growing index costs, beside the smallest LlamaIndex + Chroma program.

    python benchmarks/scale.py TEXTS FOLDER [ARTICLES ...]

TEXTS are JSON lines, gzipped or not, from which articles are made (``scale_corpus.py``), and whose
questions are asked. The index grows in FOLDER from one size to the next; each step is a process of
its own and is written to FOLDER/steps.jsonl when it is done. Run again, it goes on where it was
stopped. ``scale_report.py`` makes the tables and the picture.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from json_lines import rows
from scale_corpus import DAYS, FIRST_DAY, Corpus
from scale_measures import bytes_in, cpu_seconds, peak_mib, quantile, run

from qabot.bot import Bot
from qabot.filters import Filters
from qabot.protocols import Encoder
from qabot.retrieve import content_words, with_relatives
from qabot.words import clean

SIZES = (1, 1_000, 10_000, 100_000)
LARGEST = SIZES[-1]
STEPS = {
    "ask": LARGEST, "bare": LARGEST, "filtered": LARGEST, "cold": LARGEST, "add": LARGEST,
    "recall": LARGEST, "other": 10_000,
}  # fmt: skip
"""What is measured at each size, and up to how many articles: the small program slows as it grows.
"""
AT_ONCE = 10_000  # articles of a step
QUESTIONS, WARM_UP, COLD = 300, 30, 5
ADDED = 10**9  # the number of the article that is added
HERE = Path(__file__).resolve().parent


def main(texts: Path, folder: Path, sizes: Sequence[int]) -> None:
    """Do the steps that are not done yet."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "steps.jsonl"
    done = [json.loads(line) for line in log.open()] if log.exists() else []
    reached = max((step["articles"] for step in done if step["step"] == "grow"), default=0)
    for size in sizes:
        while reached < size:
            stop = min(size, reached + AT_ONCE)
            _step(log, "grow", texts, folder, reached, stop)
            reached = stop
        for name, most in STEPS.items():
            is_done = any(step["step"] == name and step["articles"] == size for step in done)
            if not is_done and size <= most:
                _step(log, name, texts, folder, 0, size)


def _step(log: Path, name: str, texts: Path, folder: Path, start: int, stop: int) -> None:
    command = [sys.executable, __file__, "--step", name, str(texts), str(folder)]
    # As the command sets it for itself before it loads NumPy.
    ours = {} if name == "other" else {"OPENBLAS_NUM_THREADS": "1", "QABOT_NO_LOG": "1"}
    found = subprocess.run(
        [*command, str(start), str(stop)],
        stdout=subprocess.PIPE,
        check=True,
        env={**os.environ, **ours},
    )
    line = json.dumps({"step": name, "articles": stop, **json.loads(found.stdout)})
    print(line, flush=True)
    with log.open("a") as file:
        print(line, file=file)


def _index(folder: Path, create: bool = False) -> Any:
    from qabot.embed import WordLlamaEmbedder
    from qabot.index import Index

    return Index(folder / "index", WordLlamaEmbedder(), create)


def grow(texts: Path, folder: Path, start: int, stop: int) -> dict[str, Any]:
    """Put articles in, less those that a killed run has put in; making them is not counted."""
    index = _index(folder, create=True)
    index.embedder.embed(["a"])
    import qabot.llamaindex  # noqa: F401

    start = max(start, len(index.catalog.versions()))
    documents = list(Corpus(texts).documents(start, stop))
    before, started, used = index.catalog.count(), time.perf_counter(), cpu_seconds()
    with index.writing() as writer:
        writer.put(documents)
    seconds, used = time.perf_counter() - started, cpu_seconds() - used
    passages = index.catalog.count()
    return {
        "passages": passages,
        "added": passages - before,
        "characters": sum(len(document.text) for document in documents),
        "seconds": seconds,
        "cpu": used,
        "mib": peak_mib(),
        "bytes": bytes_in(folder / "index"),
        "stores": len(index.vectors.stored),
    }


def ask(texts: Path, folder: Path, start: int, stop: int) -> dict[str, Any]:
    """Questions to an open bot, each for the first time, as it comes."""
    from qabot.encoder import OnnxEncoder

    return _asked(texts, folder, OnnxEncoder())


def bare(texts: Path, folder: Path, start: int, stop: int) -> dict[str, Any]:
    """The same without the encoder; and the parts of finding passages."""
    found = _asked(texts, folder, None)
    asked = _questions(texts)[WARM_UP:][:QUESTIONS]
    index = _index(folder)
    embed = index.embedder.embed
    stores = list(index.vectors)
    found |= _timed("plain", asked, lambda text: [s.query(embed([text])[0], 30) for s in stores])
    found |= _timed("dense", asked, lambda text: index.dense(embed([text])[0], 30))
    words = {text: with_relatives(content_words(clean(text))) for text in asked}
    return found | _timed("lexical", asked, lambda text: index.catalog.search(words[text], 30))


def filtered(texts: Path, folder: Path, start: int, stop: int) -> dict[str, Any]:
    """The same of one paper in twenty, of the newer half, and of one article."""
    half = FIRST_DAY + timedelta(days=DAYS // 2)
    kept = {
        "paper": Filters(sources=("Paper 00",)),
        "newer": Filters(since=half),
        "article": Filters(sources=("article-0",)),
    }
    if stop < DAYS:
        return {"passages": 0}
    found: dict[str, Any] = {}
    for name, filters in kept.items():
        own = _asked(texts, folder, None, filters)
        found |= {key.replace("ask", name): value for key, value in own.items()}
    return found


def _asked(
    texts: Path, folder: Path, encoder: Encoder | None, filters: Filters | None = None
) -> dict[str, Any]:
    questions, index = _questions(texts), _index(folder)
    bot = Bot(index, index.embedder, encoder=encoder)
    gc.set_threshold(50_000, 50, 50)  # as the command sets it
    for question in questions[:WARM_UP]:
        bot.ask(question, filters=filters)
    asked = questions[WARM_UP:][:QUESTIONS]
    found = _timed("ask", asked, lambda text: bot.ask(text, filters=filters))
    return {
        "passages": index.catalog.count(),
        "mib": peak_mib(),
        "stores": len(index.vectors.stored),
        "questions": len(asked),
        **found,
    }


def cold(texts: Path, folder: Path, start: int, stop: int) -> dict[str, Any]:
    """A question as a whole process."""
    questions = _questions(texts)[-COLD:]
    runs = [run([sys.executable, "-m", "qabot", "ask", text], folder) for text in questions]
    return _medians(runs)


def add(texts: Path, folder: Path, start: int, stop: int) -> dict[str, Any]:
    """One article more: as a whole process, and by a program that has the index open."""
    made = [Corpus(texts).made(ADDED + number) for number in range(4)]
    with tempfile.TemporaryDirectory() as there:
        runs = []
        for number in range(3):
            file = Path(there) / f"added-{number}.txt"
            file.write_text(f"{made[0].title} {number}\n\n{made[0].text}", encoding="utf-8")
            runs.append(run([sys.executable, "-m", "qabot", "ingest", str(file)], folder))
    index = _index(folder)
    import qabot.llamaindex  # noqa: F401

    asked: list[float] = []
    used: list[float] = []
    with index.writing() as writer:
        for document in made:
            started, before = time.perf_counter(), cpu_seconds()
            writer.put([document])
            asked.append(time.perf_counter() - started)
            used.append(cpu_seconds() - before)
        gone = [name for name in index.catalog.versions() if name.startswith("added")]
        writer.remove(*gone, *(document.id for document in made))
    # The first one waits for Chroma to be imported.
    opened = {"open_seconds": statistics.median(asked[1:]), "open_cpu": statistics.median(used[1:])}
    return {**_medians(runs), **opened}


def recall(texts: Path, folder: Path, start: int, stop: int) -> dict[str, Any]:
    """How many of the nearest 30 passages are found, against a comparison with every one."""
    index = _index(folder)
    kept = [(own.ids, own.vectors) for store in index.vectors for own in store.rows()]
    everything = np.concatenate([vectors for _, vectors in kept])
    ids = [identifier for own, _ in kept for identifier in own]
    shares = []
    for question in _questions(texts):
        vector = index.embedder.embed([question])[0]
        nearest = np.argsort(-(everything @ vector))[:30]
        found = {identifier for identifier, _ in index.dense(vector, 30)}
        shares.append(len(found & {ids[number] for number in nearest}) / len(nearest))
    return {"passages": len(ids), "recall": statistics.fmean(shares)}


def other(texts: Path, folder: Path, start: int, stop: int) -> dict[str, Any]:
    """The small program: the same passages put in, and passages found for the same questions."""
    from llama_index.core import StorageContext, VectorStoreIndex
    from llama_index.core.schema import TextNode
    from smallest_llamaindex import WordLlamaEmbedding, open_store

    from qabot.split import split

    corpus = Corpus(texts)
    passages = [text.text for made in corpus.documents(0, stop) for text in split(made)]
    place = folder / "other"
    shutil.rmtree(place, ignore_errors=True)
    model, store = WordLlamaEmbedding(), open_store(str(place))
    started, used = time.perf_counter(), cpu_seconds()
    nodes = [TextNode(text=text) for text in passages]
    storage = StorageContext.from_defaults(vector_store=store)
    index = VectorStoreIndex(nodes, storage_context=storage, embed_model=model)
    seconds, used = time.perf_counter() - started, cpu_seconds() - used
    memory = peak_mib()
    retriever = index.as_retriever(similarity_top_k=3)
    questions = _questions(texts)
    for question in questions[:WARM_UP]:
        retriever.retrieve(question)
    found = _timed("ask", questions[WARM_UP:][:QUESTIONS], retriever.retrieve)
    program = [sys.executable, str(HERE / "smallest_llamaindex.py"), str(place)]
    runs = [run([*program, text], folder) for text in questions[-3:]]
    size = bytes_in(place)
    shutil.rmtree(place)
    return {
        "passages": len(passages),
        "added_seconds": seconds,
        "added_cpu": used,
        "added_mib": memory,
        "bytes": size,
        **found,
        **_medians(runs),
    }


def _questions(texts: Path) -> list[str]:
    return list(dict.fromkeys(row["question"] for row in rows(texts)))


def _timed(name: str, questions: Sequence[str], asks: Callable[[str], object]) -> dict[str, float]:
    """The median and the 95th percentile, in milliseconds, by the clock and of processor time."""
    wall, used = [], []
    for question in questions:
        started, before = time.perf_counter(), cpu_seconds()
        asks(question)
        wall.append((time.perf_counter() - started) * 1000)
        used.append((cpu_seconds() - before) * 1000)
    return {
        f"{name}_{kind}{share}": round(quantile(values, share / 100), 2)
        for kind, values in (("p", wall), ("cpu", used))
        for share in (50, 95)
    }


def _medians(runs: Sequence[tuple[float, float, float]]) -> dict[str, float]:
    names, columns = ("process_seconds", "process_cpu", "process_mib"), zip(*runs, strict=True)
    return {name: statistics.median(column) for name, column in zip(names, columns, strict=True)}


if __name__ == "__main__":
    if sys.argv[1] == "--step":
        step, given, place, begin, end = sys.argv[2:]
        steps = (grow, ask, bare, filtered, cold, add, recall, other)
        chosen = next(one for one in steps if one.__name__ == step)
        print(json.dumps(chosen(Path(given), Path(place), int(begin), int(end))))
    else:
        main(Path(sys.argv[1]), Path(sys.argv[2]), [int(n) for n in sys.argv[3:]] or SIZES)
