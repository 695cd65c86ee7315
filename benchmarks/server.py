"""An index on a Chroma server beside a local one, with ``chroma run`` on this machine.

    python benchmarks/server.py [ARTICLES]

Prints how long it takes to put the articles in, to fetch a bot's first copy, to ask, and until a
bot that is open knows an article that another has committed. The articles are made of words of this
project's own pages, ten passages each.
"""

from __future__ import annotations

import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from qabot.addresses import ServerAddress
from qabot.bot import Bot
from qabot.build import open_bot, open_index
from qabot.embed import WordLlamaEmbedder
from qabot.settings import Settings
from qabot.types import Document

PAGES = Path(__file__).resolve().parent.parent / "docs"
QUESTIONS, NEWS = 60, 10


@contextmanager
def server(folder: Path) -> Iterator[ServerAddress]:
    """A Chroma server with its data in ``folder``."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("chroma")
    with (folder / "said.txt").open("wb") as said:
        process = subprocess.Popen(
            [program, "run", "--path", folder / "data", "--host", "127.0.0.1", "--port", str(port)],
            stdout=said,
            stderr=said,
        )
    try:
        while True:
            with closing(socket.socket()) as caller:
                if caller.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield ServerAddress.parse(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()


def articles(words: Sequence[str], count: int, chance: random.Random) -> list[Document]:
    """Articles of ten passages of sixty words."""
    made = []
    for number in range(count):
        text = "\n\n".join(" ".join(chance.choices(words, k=60)) + "." for _ in range(10))
        made.append(Document(f"a{number}", f"Article {number}", f"/{number}.txt", text))
    return made


def asked(bot: Bot, questions: Sequence[str]) -> str:
    """Median and 95th percentile of the milliseconds of a question."""
    times = []
    for question in [*questions, *questions]:
        began = time.perf_counter()
        bot.ask(question)
        times.append(1_000 * (time.perf_counter() - began))
    times = sorted(times[len(questions) :])
    return f"{statistics.median(times):.0f} | {times[int(0.95 * len(times))]:.0f}"


def lag(bot: Bot, writer: Settings) -> list[float]:
    """Seconds from the commit of an article until an open bot has it, for some articles."""
    found = []
    with closing(open_index(writer)) as index, index.writing() as writing:
        for number in range(NEWS):
            name = f"news{number}"
            writing.put([Document(name, name, f"/{name}.txt", f"News {number}\n\nIt is new.\n")])
            began = time.perf_counter()
            while name not in bot.index.catalog.versions():
                time.sleep(0.01)
            found.append(time.perf_counter() - began)
    return sorted(found)


def measure(settings: Settings, documents: Sequence[Document], questions: Sequence[str]) -> str:
    """A row of the table."""
    began = time.perf_counter()
    with closing(open_index(settings, create=True)) as index, index.writing() as writer:
        writer.put(documents)
    put = time.perf_counter() - began
    reader, first = settings, "-"
    if settings.chroma:
        reader = Settings(home=settings.home / "reader", chroma=settings.chroma)
        began = time.perf_counter()
        open_index(reader).close()
        first = f"{time.perf_counter() - began:.1f}"
    with closing(open_bot(reader)) as bot:
        row = f"{put:.1f} | {first} | {asked(bot, questions)}"
        lags = lag(bot, settings) if settings.chroma else []
        seen = f"{statistics.median(lags):.1f} | {lags[-1]:.1f}" if lags else "- | -"
    return f"{row} | {seen}"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    chance = random.Random(0)
    words = [word for page in sorted(PAGES.glob("*.md")) for word in page.read_text().split()]
    words = [word for word in words if word.isalpha()]
    documents = articles(words, count, chance)
    questions = [" ".join(chance.choices(words, k=8)) + "?" for _ in range(QUESTIONS)]
    WordLlamaEmbedder().embed(["loaded before anything is measured"])
    print("| index | put in s | first copy s | question p50 ms | p95 | news seen after s | worst |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        print(f"| local | {measure(Settings(home=place / 'local'), documents, questions)} |")
        with server(place) as address:
            settings = Settings(home=place / "remote", chroma=address)
            print(f"| server | {measure(settings, documents, questions)} |")


if __name__ == "__main__":
    main()
