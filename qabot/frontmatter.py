"""The fields between two lines of dashes that Markdown files may start with. Pure.

They look like YAML; what is read of it is a name and its value on a line, and lists of words.
"""

from __future__ import annotations

import re

FRONT_MATTER = re.compile(
    r"\ufeff?---[ \t\r]*\n(?:\w[\w.-]*[ \t]*:.*\n(?:(?!---)[ \t-].*\n)*){1,40}---[ \t\r]*(?:\n|$)"
)
_FIELD = re.compile(r"(?P<name>[\w.-]+)[ \t]*:(?P<value>.*)")
_LIST_ITEM = re.compile(r"\s*-\s+(?P<value>.+)")


def front_matter_of(text: str) -> dict[str, tuple[str, ...]]:
    """The values of each field by its name in lower case; empty without front matter."""
    found = FRONT_MATTER.match(text)
    fields: dict[str, tuple[str, ...]] = {}
    name = ""
    for line in found[0].split("\n") if found else ():
        field, item = _FIELD.fullmatch(line.rstrip()), _LIST_ITEM.fullmatch(line.rstrip())
        if field:
            name = field["name"].lower()
            fields.setdefault(name, _values(field["value"]))
        elif item and name:
            fields[name] += _values(item["value"])
    return fields


def _values(written: str) -> tuple[str, ...]:
    written = written.strip()
    parts = written[1:-1].split(",") if written[:1] == "[" and written[-1:] == "]" else [written]
    values = (_unquoted(part.strip()) for part in parts)
    return tuple(value for value in values if value)


def _unquoted(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1].strip() if is_quoted else value
