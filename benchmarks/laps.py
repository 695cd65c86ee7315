"""The steps of ``qabot ask`` in their order, each timed; prints one JSON object of milliseconds.

``cold.py`` runs this in fresh processes. The modules are imported where the command line would
come to them, so that each step pays for what it is the first to need.
"""

from __future__ import annotations

import io
import json
import sys
import time

_STARTED = time.perf_counter()


def main() -> None:
    milliseconds: dict[str, float] = {}
    last = _STARTED

    def lap(step: str) -> None:
        nonlocal last
        now = time.perf_counter()
        milliseconds[step] = (now - last) * 1000
        last = now

    import qabot.cli

    lap("import the command line (click, numpy)")
    from qabot.build import make_embedder, open_index
    from qabot.settings import Settings

    lap("import the rest of qabot (snowballstemmer, sqlite3, filelock)")
    settings = Settings.from_environment()
    index = open_index(settings)
    lap("open the catalog")
    import wordllama

    lap("import wordllama")
    embedder = make_embedder(settings)
    index.embedder = embedder
    embedder.embed(["a word"])
    lap("load its weights and tokenizer")
    import chromadb

    lap("import chromadb")
    index.vectors.count()
    lap("open the Chroma collection")
    from qabot.bot import Bot

    answer = Bot(index, index.embedder, settings.top_k, settings.budget).ask(sys.argv[1])
    lap("find and read passages")
    from rich.console import Console

    from qabot.render import terminal

    lap("import rich")
    Console(file=io.StringIO()).print(terminal.answer(answer))
    lap("render")
    print(json.dumps(milliseconds))


if __name__ == "__main__":
    main()
