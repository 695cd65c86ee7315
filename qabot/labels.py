"""What a value is called that has a label or stands in a table, and what heads such lines. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qabot.layout import ITEM, cells, is_bullet, is_rule, label_of
from qabot.passage_sentences import Sentence, follows, neighbours
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
            found[number] = Label(words if label else (), head, bool(label) and len(row) in (0, 2))
    return found


def heads(above: str, line: str) -> bool:
    """Whether a line says what the values in the ones below it are, of which ``line`` is the first.

    It is the first row of a table, which holds no figures, or a few words before labelled values,
    or what announces a list.
    """
    if is_rule(above):
        return False
    names, values = cells(above), cells(line)
    if names:
        if is_rule(line):
            return True
        is_head = not names[0] or len(names) < len(values) or len(names) > 2
        return is_head and any(map(_is_figure, values)) and not any(map(_is_figure, names))
    if ITEM.match(line) and above.endswith(":") and not ITEM.match(above):
        return True
    is_short = len(above) < _HEADING_LIMIT and not _ENDED.search(above) and not label_of(above)
    return is_short and bool(label_of(line))


def go_together(above: str, line: str) -> bool:
    """Whether two lines may stand under the same head."""
    if cells(line) or is_rule(line):
        return bool(cells(above) or is_rule(above))
    if ITEM.match(line):
        return ITEM.match(above) is not None and is_bullet(above) == is_bullet(line)
    return bool(label_of(line) and label_of(above))


def touch(one: Sentence, other: Sentence) -> bool:
    """Whether a line and the next are of one table or list: no blank line parts labelled values."""
    if not follows(one, other):
        return False
    if cells(other.text) or is_rule(other.text) or ITEM.match(other.text):
        return True
    passage = other.passage
    between = passage.text[max(0, one.end - passage.start) : other.start - passage.start]
    return one.passage is passage and between.count("\n") == 1


def heads_of(sentences: Sequence[Sentence]) -> dict[int, int]:
    """For the places of lines under a head, the place of that."""
    found: dict[int, int] = {}
    for previous, number in neighbours(sentences):
        one, other = sentences[previous], sentences[number]
        if not touch(one, other):
            continue
        if previous in found and go_together(one.text, other.text):
            found[number] = found[previous]
        elif heads(one.text, other.text):
            found[number] = previous
    return found


def _is_figure(cell: str) -> bool:
    return _FIGURE.fullmatch(cell) is not None
