"""Draw docs/answer.svg: a question and its answer as the terminal shows them.

    python scripts/picture.py

The bot is the real one, on an index made for the occasion from the articles that come with it, and
the answer is drawn by the renderer that ``qabot ask`` uses. Run it again whenever an answer or its
look has changed; a test compares the picture's words with what the bot says.
"""

from __future__ import annotations

import io
import re
import tempfile
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from qabot.build import open_bot
from qabot.render import terminal
from qabot.settings import Settings
from qabot.types import Answer

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "answer.svg"
QUESTIONS = ("why won't Iran negotiate?", "what is the price of oil?")
WIDTH = 96
THEME = TerminalTheme(
    (24, 26, 31),
    (222, 226, 232),
    [(24, 26, 31), (240, 113, 120), (145, 200, 120), (236, 200, 110),
     (110, 170, 250), (200, 150, 240), (94, 205, 220), (222, 226, 232)],
    [(110, 118, 130), (250, 140, 145), (170, 220, 150), (250, 220, 140),
     (140, 190, 255), (220, 180, 250), (130, 225, 235), (255, 255, 255)],
)  # fmt: skip
_WEB_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def draw() -> str:
    """The picture as SVG; it names no font that would have to be fetched."""
    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True,
        color_system="truecolor", highlight=False, legacy_windows=False,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        bot = open_bot(Settings(home=Path(folder)))
        for number, question in enumerate(QUESTIONS):
            if number:
                console.print()
            console.print(Text.assemble(("$ ", "bold green"), f'qabot ask "{question}"'))
            console.print()
            console.print(terminal.answer(_anywhere(bot.ask(question))))
        bot.close()
    drawn = console.export_svg(title="qabot", theme=THEME, unique_id="qabot")
    return _WEB_FONT.sub("", drawn).replace("Fira Code, monospace", _FONTS)


def _anywhere(answer: Answer) -> Answer:
    """The answer as it is to somebody in whose folder the article lies."""
    cited = tuple(replace(one, source=_inside(one.source)) for one in answer.citations)
    close = tuple(replace(one, source=_inside(one.source)) for one in answer.closest)
    return replace(answer, citations=cited, closest=close, explanation=None)


def _inside(path: str) -> str:
    return Path(path).relative_to(ROOT).as_posix()


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
    print(f"wrote {PICTURE}")
