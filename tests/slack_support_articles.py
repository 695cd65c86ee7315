"""The articles that the Slack bot knows in the tests, and the model that writes its answers."""

from __future__ import annotations

import re
import shutil
import threading
from pathlib import Path
from typing import Any, Self

from conftest import SEED
from llm_support import Exchange, Server, chunk

from qabot.build import ingest_paths
from qabot.settings import Settings

HOSTILE = """<!channel> Bridge *Report*

Published: Feb. 26, 2025

The bridge <!channel> of Pontville was painted by <@U0BOB> in 1911. The *mayor* of Pontville said
`the ferry` is <http://evil.example|free of charge> & &lt;!here&gt; open. ~Nobody~ _crossed_ it.
"""
TOWNS = [
    f"{first}{last}"
    for last in ("by", "wick", "ham", "ton")
    for first in ("Ald", "Bor", "Car", "Dun")
]
LEDGER = "The Ledger of Mills\n\nPublished: Feb. 27, 2025\n\n" + "\n\n".join(
    f"The mill of {town} was built in {1801 + number} by the millers’ guild of {town} 🌾. "
    f"Visitors called the mill of {town} a naïve café of {number + 3} stones, “wheels and all”."
    for number, town in enumerate(TOWNS)
)
_GOODS = [
    f"{first}{second}{last}"
    for first in "bâ kê lö mü ñi rè".split()
    for second in "dàr fèn gîl hòm jùn pøv rëz šak".split()
    for last in "âté ïne œuf ñas ødt ürb øya éts".split()
]
FAIRS = [
    f"At the fair of {town} the millers’ café sold "
    + ", ".join(f"{_GOODS[30 * number + item]} at {item + 2} écus 🌾" for item in range(30))
    + "."
    for number, town in enumerate(TOWNS[:12])
]
"""Sentences that together are longer than a stream of Slack's may be; a reply has no more."""


def make_home(base: Path, name: str) -> Path:
    """A home with the seed article, a hostile one and two long ones; made once in ``base``."""
    template = base / "slack-template"
    if not template.exists():
        template.mkdir()
        (template / "hostile.txt").write_text(HOSTILE, "utf-8")
        (template / "ledger.txt").write_text(LEDGER, "utf-8")
        fairs = "The Fairs\n\nPublished: Feb. 28, 2025\n\n" + "\n\n".join(FAIRS)
        (template / "fairs.txt").write_text(fairs, "utf-8")
        paths = [SEED, *template.glob("*.txt")]
        ingest_paths(Settings(home=template / "home"), paths, lambda *told: None)
    shutil.copytree(template / "home", base / name / "home")
    return base / name / "home"


class Writer:
    """Plays the language model: ``sentences`` make the reply, each held back until ``let`` it go.

    ``[words]`` in a sentence becomes the number of the passage that holds these words. Without
    sentences it says what no article does, and the articles' own sentences answer.
    """

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.seen: list[Any] = []
        self._gate = threading.Semaphore(0)
        self._is_held = False
        self._server = Server([self._act])

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.free()
        self._server.__exit__()

    def environment(self) -> dict[str, str]:
        """What makes a bot use it."""
        return {
            "QABOT_MODEL": "scripted",
            "OPENAI_BASE_URL": self._server.base_url,
            "OPENAI_API_KEY": "none",
        }

    def says(self, *sentences: str, held: bool = False) -> None:
        """What it will reply from now on."""
        self.free()
        self.sentences, self._is_held = list(sentences), held
        self._gate = threading.Semaphore(0)

    def let(self, count: int = 1) -> None:
        """Let sentences go."""
        self._gate.release(count)

    def free(self) -> None:
        """Hold nothing back any more."""
        self._is_held = False
        self._gate.release(1_000)

    def _act(self, exchange: Exchange) -> None:
        self.seen.append(exchange.body)
        gate, sentences = self._gate, self.sentences or ["The moon is a cheese. [1]"]
        exchange.head()
        for sentence in sentences:
            while self._is_held and not gate.acquire(timeout=0.02):
                if exchange.stop.is_set():
                    return
            exchange.event(chunk(_numbered(sentence, exchange.body["messages"][-1]["content"])))
        exchange.event(chunk(finish="stop"))
        exchange.event("[DONE]")


def _numbered(sentence: str, prompt: str) -> str:
    """A sentence with ``[words]`` replaced by the number of the passage that holds them."""
    before, _, rest = sentence.partition("[")
    words, closing, after = rest.partition("]")
    number = None
    for line in prompt.splitlines():
        found = re.match(r"\[\d+\]", line)
        number = found[0] if found else number
        if closing and number and words in line:
            return f"{before}{number}{after}"
    return sentence
