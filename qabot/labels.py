"""What a value is called that has a label or stands in a table, and what heads such lines. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qabot.layout import ITEM, cells, is_bullet, is_rule, label_of
from qabot.passage_sentences import Sentence, neighbours
from qabot.words import Token

# A figure with its unit, as it stands in a cell; a year may head a column.
_FIGURE = re.compile(r"\W*(?!(?:1[5-9]|20)\d\d\W*$)\d[\d.,:/\s]*\W*(?:[a-z]{1,5}\W*)?")
_HEADING_LIMIT = 60
_ENDED = re.compile(r"[.!?…。！？,;]\W*$")


@dataclass(frozen=True, slots=True)
class Label:
    """The words of a label or of a row's first cell, and those of what heads the lines, if any.

    A label that ``names`` its value says all that the value is; a row's cell is one of several, and
    an item of a list has none.
    """

    words: tuple[Token, ...]
    head: tuple[Token, ...]
    names: bool


def labelled(sentences: Sequence[Sentence], under: Mapping[int, int]) -> dict[int, Label]:
    """For the places of labelled values, rows of tables and items under a head, their label.

    ``under`` is what ``heads_of`` found.
    """
    found: dict[int, Label] = {}
    only_head = set(under.values())
    for number, sentence in enumerate(sentences):
        row = cells(sentence.text)
        label = row[0] if row else label_of(sentence.text)
        if number not in only_head and (label or number in under):
            end = sentence.text.index(label) + len(label)
            words = tuple(word for word in sentence.words if word.end <= end)
            head = sentences[under[number]].words if number in under else ()
            names = bool(label) and (not row or (len(row) == 2 and not head))
            found[number] = Label(words if label else (), head, names)
    return found


def heads(above: str, line: str) -> bool:
    """Whether a line says what the values in those below it are, of which ``line`` is the first.

    It is the first row of a table, which holds no figures, or a few words before labelled values,
    or what announces a list.
    """
    if is_rule(above) or ITEM.match(above):
        return False
    names, values = cells(above), cells(line)
    if names:
        if is_rule(line):
            return True
        is_head = not names[0] or len(names) < len(values) or len(names) > 2
        return is_head and any(map(_is_figure, values)) and not any(map(_is_figure, names))
    if ITEM.match(line) and above.endswith(":"):
        return True
    is_short = len(above) < _HEADING_LIMIT and not _ENDED.search(above) and not label_of(above)
    return is_short and bool(label_of(line))


def go_together(one: Sentence, other: Sentence) -> bool:
    """Whether a line and the next are of one table or list, and may stand under the same head."""
    above, line = one.text, other.text
    if cells(line) or is_rule(line):
        return bool(cells(above) or is_rule(above))
    if ITEM.match(line):
        return ITEM.match(above) is not None and is_bullet(above) == is_bullet(line)
    return bool(label_of(line) and label_of(above)) and _adjoin(one, other)


def is_head(one: Sentence, other: Sentence, is_first: bool) -> bool:
    """Whether a line heads the next; of the rows of a table only the first may, if it ``is_first``.

    No blank line parts labelled values from what heads them.
    """
    is_formed = bool(cells(other.text) or is_rule(other.text) or ITEM.match(other.text))
    may_be = (is_first or not cells(one.text)) and (is_formed or _adjoin(one, other))
    return may_be and heads(one.text, other.text)


def heads_of(sentences: Sequence[Sentence]) -> dict[int, int]:
    """For the places of lines under a head, the place of that."""
    found: dict[int, int] = {}
    inside: set[int] = set()
    for previous, number in neighbours(sentences):
        one, other = sentences[previous], sentences[number]
        begins_table = is_rule(other.text) and bool(cells(one.text))
        if begins_table:
            found.pop(previous, None)
            inside.discard(previous)
        is_together = go_together(one, other)
        if previous in found and is_together:
            found[number] = found[previous]
        elif is_head(one, other, previous not in inside):
            found[number] = previous
        if is_together:
            inside.add(number)
    return found


def _adjoin(one: Sentence, other: Sentence) -> bool:
    passage = other.passage
    between = passage.text[max(0, one.end - passage.start) : other.start - passage.start]
    return one.passage is passage and between.count("\n") == 1


def _is_figure(cell: str) -> bool:
    return _FIGURE.fullmatch(cell) is not None
