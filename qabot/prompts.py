"""Prompts as files: loaded, checked and filled. Pure but for reading the file.

A prompt is a Markdown file that begins with three fields between two lines of dashes::

    ---
    name: answer
    description: Answers a question from numbered passages.
    placeholders: question, passages
    ---

and goes on with the text, in which ``{question}`` and ``{passages}`` stand for the values. Any
other brace is an ordinary character. A line of three dashes in the text divides what the system
says from what the user says.

Values from people and articles are data: ``as_data`` puts them on one line in which nothing looks
like a line, a tag or a marker of the prompt's own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qabot import markers
from qabot.errors import PromptError
from qabot.resources import shipped
from qabot.words import clean

_FRONT_MATTER = re.compile(r"\A---\n(?P<fields>.*?\n)---\n(?P<body>.*)\Z", re.DOTALL)
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_DIVISION = "\n---\n"
_TAG = re.compile(r"<(?=[|/!?\w])")
_FIELDS = ("name", "description", "placeholders")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A checked prompt; ``hash`` is 12 hex digits of the SHA-256 of its file."""

    name: str
    description: str
    placeholders: tuple[str, ...]
    body: str
    hash: str

    def fill(self, **values: str) -> str:
        """The text with every placeholder replaced; braces in a value mean nothing.

        Raises PromptError when a value is missing or has no placeholder.
        """
        expected, given = set(self.placeholders), set(values)
        if expected != given:
            raise PromptError(f"Prompt {self.name!r}: {_difference(expected, given)}.")
        return self._filled(self.body, values)

    def messages(self, **values: str) -> list[dict[str, str]]:
        """The filled text as chat messages; raises PromptError like ``fill``."""
        self.fill(**values)
        rules, divided, rest = self.body.partition(_DIVISION)
        if not divided:
            return [{"role": "user", "content": self._filled(self.body, values)}]
        return [
            {"role": "system", "content": self._filled(rules, values)},
            {"role": "user", "content": self._filled(rest, values)},
        ]

    def _filled(self, text: str, values: Mapping[str, str]) -> str:
        return _PLACEHOLDER.sub(lambda match: values[match[1]], text)


def as_data(text: str) -> str:
    """Foreign text on one line, as it reads, without what a model or its server may act on.

    Tags and the signs of chat templates lose their bracket: ``<|im_end|>`` is ``‹|im_end|>``.
    """
    return markers.defuse(_TAG.sub("‹", " ".join(clean(text).split()))).replace("[INST]", "(INST)")


def load(name: str) -> Prompt:
    """The prompt ``prompts/<name>.md`` that comes with the program; raises PromptError."""
    return load_file(shipped("prompts") / f"{name}.md")


def load_all() -> dict[str, Prompt]:
    """Every prompt that comes with the program, by name; raises PromptError at the first fault."""
    return {path.stem: load_file(path) for path in sorted(shipped("prompts").glob("*.md"))}


def load_file(path: Path) -> Prompt:
    """Read and check one prompt file; raises PromptError naming the file."""
    try:
        data = path.read_bytes()
        text = data.decode("utf-8").replace("\r\n", "\n")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise PromptError(f"{path}: cannot be read as a prompt: {reason}.") from error
    try:
        return _parse(text, path.stem, hashlib.sha256(data).hexdigest()[:12])
    except PromptError as error:
        raise PromptError(f"{path}: {error}") from None


def _parse(text: str, stem: str, digest: str) -> Prompt:
    match = _FRONT_MATTER.match(text)
    if match is None:
        raise PromptError("must begin with its fields between two lines of dashes.")
    fields = _fields(match["fields"])
    if fields["name"] != stem:
        raise PromptError(f"its name is {fields['name']!r}, but the file's is {stem!r}.")
    placeholders = _placeholders(fields["placeholders"])
    body = match["body"].strip()
    used = set(_PLACEHOLDER.findall(body))
    if used != set(placeholders):
        raise PromptError(f"placeholders: {_difference(set(placeholders), used)}.")
    return Prompt(fields["name"], fields["description"], placeholders, body, digest)


def _fields(block: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in block.splitlines():
        name, colon, value = line.partition(":")
        name = name.strip()
        if not colon or name not in _FIELDS or name in fields:
            raise PromptError(f"{line!r} is not one of the fields {', '.join(_FIELDS)}, each once.")
        fields[name] = value.strip()
    missing = [name for name in _FIELDS if not fields.get(name)]
    if missing:
        raise PromptError(f"lacks {', '.join(missing)}.")
    return fields


def _placeholders(value: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in value.split(","))
    if len(set(names)) < len(names) or not all(_NAME.fullmatch(name) for name in names):
        raise PromptError(f"{value!r} is not a list of different names with commas between.")
    return names


def _difference(expected: set[str], given: set[str]) -> str:
    parts = [f"{name} is missing" for name in sorted(expected - given)]
    parts += [f"{name} is unknown" for name in sorted(given - expected)]
    return ", ".join(parts)
