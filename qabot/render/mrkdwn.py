"""Text for Slack, made harmless for each of the three ways in which Slack reads text. Pure.

- mrkdwn, in the ``text`` of a message and in text objects of that type: ``escape``.
- Markdown, in ``markdown_text`` and in markdown blocks: ``markdown``.
- as it is, in plain_text objects and in rich text: ``literal``.

Whatever comes from people, models and articles goes through one of them. The words stay as they
are; what would ping, link, format or become an emoji is escaped or held apart by a word joiner,
which is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

JOINER = "\u2060"
"""WORD JOINER: no width, no break."""

_LINE_ENDS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_UNSEEN = re.compile(
    "[\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
"""Marks of direction and others without a look; the joiners that scripts and emoji need stay."""
_BROKEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

_AUTOMATIC = re.compile(
    r"(?<=[A-Za-z]:)(?=//)"  # an address
    r"|(?<=\bwww)(?=\.)"
    r"|(?<=mailto:)"
    r"|(?<=[A-Za-z0-9]\.)(?=[a-z]{2,24}\b)"  # a domain
    r"|(?<=@)(?=(?:channel|here|everyone)\b)"
    r"|(?<=:)(?=[a-z0-9_'+-]{1,100}:)",  # an emoji by name
    re.IGNORECASE,
)
"""Where Slack by itself would see a link, a name or an emoji in plain words."""

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_LOOKALIKES = {"*": "\u2217", "_": "\u02cd", "~": "\u223c", "`": "\u02cb"}
"""mrkdwn has no escape for these. jsx-slack, a library for it, writes the same ones."""
_BAR = "\u2223"
"""Looks like the bar that divides a link's address from its words."""
_MRKDWN_SIGN = re.compile(r"`|(?<![^\W_])[*_~]|[*_~](?![^\W_])")
_QUOTE_SIGN = re.compile(r"^([^\S\n]*)(?=&gt;)", re.MULTILINE)

_MARKDOWN_SIGN = re.compile(r"[\\`*~\[\]|]|(?<![^\W_])_|_(?![^\W_])")
_LINE_START = re.compile(
    r"^[^\S\n]*(?:(?=#{1,6}(?:\s|$)|[+-](?:\s|$)|--|=|:-)|(&gt;)|(\d{1,9})(?=[.)](?:\s|$)))",
    re.MULTILINE,
)
"""What at its start makes a heading, a list, a rule, a table or a quotation of a line."""
_INDENT = re.compile(r"^[^\S\n]+", re.MULTILINE)
_ESCAPED = re.compile(rf"\\([!-/:-@\[-`{{-~])|&(?:amp|lt|gt);|{JOINER}")
_DECODED = {"&amp;": "&", "&lt;": "<", "&gt;": ">", JOINER: ""}
_FENCE = re.compile(r"[^\S\n]*(`{3,40})[^`\n]{0,40}")
_TICKS = re.compile("`(?=``)")

_TOKEN = re.compile(r"<(?=\S)")
_ENTITY = re.compile(r"&(?=(?:amp|lt|gt);)")
_ADDRESS = re.compile(r"https?://[^\s<>|]+", re.IGNORECASE)
_LONGEST_ADDRESS = 500
_SAFE_IN_ADDRESS = "!#$%&'()*+,/:;=?@[]~"


def plain(text: str) -> str:
    """The text with line ends as ``\\n`` and without characters that are not seen.

    Control characters and lone surrogates, which Slack refuses, give way to U+FFFD.
    """
    return _BROKEN.sub("\ufffd", _UNSEEN.sub("", _LINE_ENDS.sub("\n", text)))


def escape(text: str) -> str:
    """The text as mrkdwn that does nothing; ``* _ ~ `` and backticks that could, as lookalikes."""
    words = _AUTOMATIC.sub(JOINER, plain(text)).translate(_ENTITIES)
    words = _MRKDWN_SIGN.sub(lambda match: _LOOKALIKES[match.group()], words)
    return _QUOTE_SIGN.sub(rf"\1{JOINER}", words)


def literal(text: str) -> str:
    """The text for where Slack shows it as it is.

    Slack does not say whether it decodes ``&lt;`` there. What looks like an entity or a command is
    held apart, so that it is right either way.
    """
    return _ENTITY.sub("&" + JOINER, _TOKEN.sub("<" + JOINER, plain(text)))


def markdown(text: str) -> str:
    """The text as Markdown that does nothing, but for its fenced code, which stays code.

    A fence that is left open is closed, so that what follows is no code.
    """
    return "\n".join(_code(part) if is_code else _prose(part) for is_code, part in _parts(text))


def shown(text: str) -> str:
    """What a reader sees of Markdown that ``markdown`` has made; fences stay."""
    return _ESCAPED.sub(lambda match: match.group(1) or _DECODED[match.group()], text)


def link(address: str, words: str) -> str | None:
    """mrkdwn for ``words`` leading to a web address; None for anything else than an address."""
    if not _ADDRESS.fullmatch(address) or len(address) > _LONGEST_ADDRESS:
        return None
    safe = quote(plain(address), safe=_SAFE_IN_ADDRESS).translate(_ENTITIES)
    label = escape(" ".join(words.split())).replace("|", _BAR)
    return f"<{safe}|{label}>"


def guard(text: str) -> str:
    """Markdown that was cut out of a line, made to do nothing at the start of one."""
    return _LINE_START.sub(_guarded, text, count=1) if _LINE_START.match(text) else text


def fence_opened(line: str) -> str | None:
    """The fence with which a line of Markdown opens code, without what follows it."""
    match = _FENCE.fullmatch(line)
    return match.group(1) if match else None


def fence_closed(line: str, fence: str) -> bool:
    """Whether a line ends the code that ``fence`` opened."""
    line = line.strip()
    return len(line) >= len(fence) and not line.strip("`")


def _parts(text: str) -> Iterator[tuple[bool, str]]:
    """Stretches of prose, and of code with the lines of its fence."""
    held: list[str] = []
    fence: str | None = None
    for line in plain(text).split("\n"):
        if fence is None:
            fence = fence_opened(line)
            if fence and held:
                yield False, "\n".join(held)
                held = []
            held.append(line.strip() if fence else line)
        elif fence_closed(line, fence):
            yield True, "\n".join([*held, fence])
            held, fence = [], None
        else:
            held.append(line)
    if fence:
        yield True, "\n".join([*held, fence])
    elif held:
        yield False, "\n".join(held)


def _code(text: str) -> str:
    """Code with its fences; inside are no three backticks in a row, wherever it may be cut."""
    first, *lines, last = text.translate(_ENTITIES).split("\n")
    return "\n".join([first, *(_TICKS.sub("`" + JOINER, line) for line in lines), last])


def _prose(text: str) -> str:
    words = _AUTOMATIC.sub(JOINER, _INDENT.sub("", text))
    words = _MARKDOWN_SIGN.sub(lambda match: "\\" + match.group(), words).translate(_ENTITIES)
    return _LINE_START.sub(_guarded, words)


def _guarded(match: re.Match[str]) -> str:
    quotes, _number = match.groups()
    if quotes:
        return match.group()[: -len(quotes)] + JOINER + quotes
    return match.group() + "\\"
