"""What Slack would do with a text: a small reader of mrkdwn, of Markdown, and of blocks.

It errs on the side of seeing too much: a text that it finds nothing in does nothing. Beside it are
texts that try to make Slack do something.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from hypothesis import strategies as st
from texts_support import PIECES, SPACES, strings

Kind = Literal["mrkdwn", "markdown", "literal"]

MOST_BLOCKS = 50
LONGEST = {"section": 3_000, "markdown": 12_000, "value": 2_000, "button": 75}
LONGEST_BLOCKS = 13_200
"""Code points of all blocks as JSON, where Slack was seen to refuse them."""

_LINK = re.compile(r"<(https?://[^<>|\s]+)\|([^<>|\n]*)>")
_AUTOMATIC = re.compile(
    r"[a-z]://|\bwww\.|mailto:(?!\u2060)|@(?:channel|here|everyone)\b|:[a-z0-9_+'-]{1,100}:"
    r"|[a-z0-9]\.[a-z]{2,24}\b",
    re.IGNORECASE,
)
_NO_WORD_BEFORE, _NO_WORD_AFTER = r"(?<![^\W_])", r"(?![^\W_])"
_MRKDWN = re.compile(
    rf"`|{_NO_WORD_BEFORE}[*_~]|[*_~]{_NO_WORD_AFTER}|^\s*(?:>|&gt;)", re.MULTILINE
)
_INLINE = re.compile(rf"[`*~|]|{_NO_WORD_BEFORE}_|_{_NO_WORD_AFTER}|\[(?!\d+\])|(?<!\d)\]")
_AT_LINE_START = re.compile(
    r"^(?:#{1,6}(?:[ \t]|$)|[-+](?:[ \t]|$)|\d{1,9}[.)](?:[ \t]|$)|>|&gt;|--+|=+|:-|\t| {4})",
    re.MULTILINE,
)
_ENTITY = re.compile(r"&(amp|lt|gt);")
_MEANT = {"amp": "&", "lt": "<", "gt": ">"}
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_HELD = "\ue000"
"""Stands for an escaped character; texts of the tests do not hold it."""


ACTING = (
    "<!channel>", "<!here>", "<@U123>", "<#C123|general>", "<http://x|y>", "<https://evil.example>",
    "*bold*", "_italic_", "~struck~", "`code`", "**", "__init__", "snake_case", "&lt;!channel&gt;",
    "&amp;lt;", "&#60;", "http://evil.example/a?b=c&d", "www.evil.example", "evil.example",
    "mailto:a@b.example", "@channel", "@here", ":smile:", "> quoted", ">", "# head", "- item",
    "1. one", "2) two", "+ plus", "---", "===", "| a | b |", "|--|--|", ":--", "[words](http://x)",
    "![image](http://x)", "[1]: http://x", "[1]", "\\", "\\*", "    code", "\tcode",
    "<!date^1^{date}|x>",
)  # fmt: skip

hostile = st.lists(
    st.tuples(st.one_of(st.sampled_from(ACTING + PIECES), strings), st.sampled_from((*SPACES, ""))),
    max_size=30,
).map(lambda pairs: "".join(piece + space for piece, space in pairs))
"""Texts that try to do something in Slack. Code is tried on its own below."""


def texts_of(found: Any) -> Iterator[tuple[Kind, str]]:
    """Every text in blocks and views, with the way it is read."""
    if isinstance(found, list):
        for one in found:
            yield from texts_of(one)
    elif isinstance(found, dict):
        kind, text = found.get("type"), found.get("text")
        if isinstance(text, str):
            ways: dict[Any, Kind] = {"mrkdwn": "mrkdwn", "markdown": "markdown"}
            yield ways.get(kind, "literal"), text
        for name, one in found.items():
            if isinstance(one, dict | list) and name != "private_metadata":
                yield from texts_of(one)


def deeds(kind: Kind, text: str) -> list[str]:
    """What Slack would do with a text beside showing it, links of mrkdwn left out."""
    if kind == "literal":  # entities and commands are held apart, should Slack read them after all
        return re.findall(r"<[@#!a-z]|&(?:amp|lt|gt);", text, re.IGNORECASE)
    if kind == "mrkdwn":
        words = _LINK.sub(lambda link: link[2], text)
        return (
            _all(re.compile(r"[<>]|&(?!(?:amp|lt|gt);)"), words)
            + _all(_MRKDWN, words)
            + _all(_AUTOMATIC, words)
        )
    done: list[str] = []
    for is_code, part in code_and_prose(text):
        done += _all(re.compile(r"[<>]|&(?!(?:amp|lt|gt);)"), part)
        if not is_code:
            words = _ESCAPE.sub(_HELD, part)
            done += _all(_INLINE, words) + _all(_AT_LINE_START, words) + _all(_AUTOMATIC, words)
    return done


def links(text: str) -> list[tuple[str, str]]:
    """Addresses and words of the links in mrkdwn."""
    return [(decoded(link[1]), decoded(link[2])) for link in _LINK.finditer(text)]


def seen(kind: Kind, text: str) -> str:
    """What a person sees, without the lines of fences."""
    if kind == "literal":
        return text.replace("\u2060", "")
    if kind == "mrkdwn":
        return decoded(_LINK.sub(lambda link: link[2], text))
    parts = code_and_prose(text)
    return "\n".join(
        decoded(part if is_code else _ESCAPE.sub(r"\1", part)) for is_code, part in parts
    )


def decoded(text: str) -> str:
    return _ENTITY.sub(lambda match: _MEANT[match[1]], text).replace("\u2060", "")


def code_and_prose(text: str) -> list[tuple[bool, str]]:
    """Markdown in stretches of code and of prose, without fences; open code raises ValueError."""
    parts: list[tuple[bool, list[str]]] = [(False, [])]
    fence = ""
    for line in text.split("\n"):
        ticks = re.match(r" {0,3}(`{3,})([^`]*)$", line)
        if not fence and ticks:
            fence = ticks[1]
            parts.append((True, []))
        elif fence and ticks and len(ticks[1]) >= len(fence) and not ticks[2].strip():
            fence = ""
            parts.append((False, []))
        else:
            parts[-1][1].append(line)
    if fence:
        raise ValueError(f"The code is not closed: {text!r}")
    return [(is_code, "\n".join(lines)) for is_code, lines in parts]


def _all(pattern: re.Pattern[str], text: str) -> list[str]:
    return [match.group() for match in pattern.finditer(text)]


def together(text: str) -> str:
    """A text without its spaces, to compare what was cut."""
    return "".join(text.split())
