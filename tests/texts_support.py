"""Texts to try things on: drawn at random, shaped like articles, or made to do harm."""

from __future__ import annotations

import re

import pytest
from hypothesis import strategies as st

PIECES = (
    "Iran", "the U.S. envoy", "Mr. Smith said", "on Feb. 25", "“We will", "not negotiate.”",
    "“Never,” he said", '"Stop," she said', "Really?", "No. 4", "etc.", "…", "...", "?!", "(a",
    "b)", "‘tis’", "Photo: a boat", "Pool/AFP via Getty Images", "(Jo Doe/Reuters)", "By Ada Lee",
    "Updated:", "0:00", "# Title", "## Heading", "- item", "1. item", "* * *", "---", "title: X",
    "A Heading Of Words", "Reuters contributed to this report.", "外交部表示。", "الجزيرة",
    "हिन्दी।", "e\u0301", "👩\u200d🚀", "🏴", "ﷺ", "ß", "İ", "[1]", "[bold]", "\x1b[31m", "\u202e",
    "\ufeff", "\u200b", "Mayor: Otto Klein", "| Ward | Votes |", "|---|---|", "| Harbour | 1,204 |",
    "Family ticket .... 12 euros", "**Founded:** 1231", "12:00 Lunch", "Press contact",
    "MARKETS", "BC-EU-Talks,612 words", "-30-", "MORE", "555 010 4477",
)  # fmt: skip
SPACES = (
    " ", " ", " ", "\n", "\n", "\n\n", "\r\n", "\r\n\r\n", "\r", "\t", "\u00a0", "\u2028",
    "\x1c", "\x85", "\v", "\n \n", "  ",
)  # fmt: skip

any_text = st.text(max_size=400)
"""Any Unicode but lone surrogates, which no decoded file holds."""

article_text = st.lists(
    st.tuples(st.sampled_from(PIECES), st.sampled_from(SPACES)), max_size=60
).map(lambda pairs: "".join(piece + space for piece, space in pairs))
"""What articles are made of, in any order: furniture, quotations, abbreviations, odd spaces."""

repetitive_text = st.builds(
    lambda unit, count, tail: unit * count + tail,
    st.one_of(st.sampled_from(PIECES), st.text(max_size=12)),
    st.integers(min_value=1, max_value=300),
    st.text(max_size=12),
)
"""One piece again and again, where a search for a passage's text would find the wrong place."""

texts = st.one_of(any_text, article_text, repetitive_text)

strings = st.text(st.characters(exclude_categories=()), max_size=60).map(
    lambda text: re.sub("[\ud800-\udbff]+(?=[\udc00-\udfff])", "", text)
)
"""What a Python string may hold, lone surrogates included, but no pair of them."""

HOSTILE_LENGTH = 100_000
"""Code points: work that grows with the square of the length would not end within the time that
such a test may take, and work that grows with the length is done in less than half a second."""

in_time = pytest.mark.timeout(30)
"""The limit of a test on such texts: squares that twice the length shows in the 120 seconds of all
tests, this length shows in a fourth of them."""

HOSTILE_UNITS = (
    "a", "a ", "a. ", "a.", "A b. ", ".", "…", "!? ", "。", "“", "”", "“a” ", "“a. ", ".” ", '"',
    '". ', "(", "[1]", "'s ", "U.S. ", "Mr. ", "1,", "1.", "$", "-", "—", " ", "\t", "\u00a0", "\n",
    "\n ", "\r\n", "\r", "a\n", "a\n\n", "A b\n\nC d.\n\n", "- a\n", "# a\n", "By A\n", "--- \n",
    "k: v\n", "Ab " * 20 + "\n", "a" * 60 + "\n", "x (AP)\n", "Photo: x\n", "\u0327\u0301", "ﷺ",
    "👩\u200d🚀", "\x00", "\u202e", "a | b\n", "|", "A: b\n", "a" + 198 * " " + "b\n",
    "a   b   c\n", "a .... b\n", "12:00 a\n", "**A:** b\n",
    "MARKETS\n", "Press contact\n555 010 4477\n\n",
    "C. B. ", "X, Ill. ", "A.1 ", "3 m. ", "“A.”1 ",
)  # fmt: skip


def hostile_texts() -> list[str]:
    """Long texts of one piece again and again, on their own and below a title."""
    bodies = [unit * (HOSTILE_LENGTH // len(unit)) for unit in HOSTILE_UNITS]
    bodies += [unit * HOSTILE_LENGTH + "x" for unit in ".!…"]
    return bodies + ["A Fine Title\n\n" + body for body in bodies] + ["---\n" + "k: v\n" * 20_000]
