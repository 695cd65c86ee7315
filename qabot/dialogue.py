"""Questions that a text itself asks, what answers them, and who speaks: interviews, lists of
frequent questions, briefings. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from qabot.passage_sentences import Sentence, ends_quotation, neighbours
from qabot.sentences import asks
from qabot.words import Token, tokens

# "MR. BERG:", "Ada Lee (Reuters):", "Q." before what they say
_LABEL = re.compile(r"(?:[A-Z][\w.’'-]*\s+){0,4}[A-Z][\w.’'-]*(?:\s*\([^()]{1,60}\))?:\s|[QA]\.\s")
_LONGEST_LABEL = 150

Speakers = Mapping[int, tuple[Token, ...]]
"""The words of the name of who says a sentence, by its place among the sentences."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of the text, which a sentence answers right behind it or further on."""

    text: str
    words: tuple[Token, ...]
    directly: bool


def puts(text: str) -> bool:
    """Whether a sentence is a question that what follows may answer: none that ends what somebody
    says, who goes on.
    """
    return asks(text) and not ends_quotation(text)


def answered(sentences: Sequence[Sentence]) -> dict[int, Asked]:
    """For the places of sentences that answer a question of the text, that question.

    An answer follows right behind it, and goes on to the end of its line; all that stands under a
    heading that asks is an answer, too.
    """
    found: dict[int, Asked] = {}
    for previous, number in neighbours(sentences):
        one, other = sentences[previous], sentences[number]
        if asks(other.text):
            continue
        if puts(one.text):
            found[number] = _asked(one.text, directly=True)
        elif previous in found and on_one_line(one, other):
            found[number] = replace(found[previous], directly=False)
    for number, sentence in enumerate(sentences):
        heading = sentence.passage.heading
        if number not in found and asks(heading) and not asks(sentence.text):
            found[number] = _asked(heading, directly=False)
    return found


def _asked(text: str, directly: bool) -> Asked:
    label = _LABEL.match(text[:_LONGEST_LABEL])
    question = text[label.end() :] if label else text
    return Asked(question, tuple(tokens(question)), directly)


def speakers(sentences: Sequence[Sentence]) -> Speakers:
    """For the places of sentences that somebody named before a colon says, the words of the name.

    It holds to the end of the line.
    """
    found: dict[int, tuple[Token, ...]] = {}
    for number, sentence in enumerate(sentences):
        label = _LABEL.match(sentence.text[:_LONGEST_LABEL])
        if label and _begins_a_line(sentence):
            found[number] = tuple(word for word in sentence.words if word.end <= label.end())
    for previous, number in neighbours(sentences):
        if previous in found and on_one_line(sentences[previous], sentences[number]):
            found.setdefault(number, found[previous])
    return found


def _begins_a_line(sentence: Sentence) -> bool:
    before = sentence.passage.text[: sentence.start - sentence.passage.start]
    return not before or before.rstrip(" \t").endswith("\n")


def on_one_line(one: Sentence, other: Sentence) -> bool:
    """Whether a sentence and the next of the same passage stand in one line."""
    passage = one.passage
    return passage is other.passage and (
        "\n" not in passage.text[one.end - passage.start : other.start - passage.start]
    )
