"""The steps of ``qabot ask`` in their order, each timed; prints one JSON object of milliseconds.

``cold.py`` runs this in fresh processes. Libraries are imported one by one where the command line
would come to them, so that each step pays for what it is the first to need.
"""

from __future__ import annotations

import gc
import io
import json
import sys
import time
from importlib import import_module


class Laps:
    """Milliseconds from one call to the next."""

    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def end(self, step: str) -> None:
        now = time.perf_counter()
        self.milliseconds[step] = (now - self._last) * 1000
        self._last = now


def main(question: str) -> None:
    gc.set_threshold(50_000, 50, 50)  # as qabot/__main__.py does
    laps = Laps()
    import_module("click")
    laps.end("import click")
    import_module("numpy")
    laps.end("import numpy")
    import_module("qabot.cli")
    build = import_module("qabot.build")
    laps.end("import qabot, with sqlite3, filelock, platformdirs and PyStemmer")
    settings = import_module("qabot.settings").Settings.from_environment()
    index = build.open_index(settings)
    laps.end("open the catalog")
    import_module("wordllama")
    laps.end("import wordllama")
    index.embedder.embed(["a word"])
    laps.end("load its weights and tokenizer")
    import_module("chromadb")
    laps.end("import chromadb")
    index.vectors.count()
    laps.end("open the Chroma collection")
    bot = build.Bot(index, index.embedder, settings.top_k, settings.budget)
    answer = bot.ask(question)
    laps.end("find and read passages")
    console = import_module("rich.console").Console(file=io.StringIO())
    console.print(import_module("qabot.render.terminal").answer(answer))
    laps.end("import rich and render")
    print(json.dumps(laps.milliseconds))
    gc.freeze()


if __name__ == "__main__":
    main(sys.argv[1])
