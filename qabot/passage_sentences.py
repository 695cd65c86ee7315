"""The sentences of passages, and which of them lean on their neighbours. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from qabot.dates import MONTH_NAME
from qabot.sentences import sentence_spans
from qabot.types import Citation, Passage
from qabot.words import Token, tokens

_PRONOUN_LED = re.compile(
    r"(?!this (?:year|week|month|season|spring|summer|autumn|fall|winter|morning|afternoon|evening|"
    r"weekend)\b)"
    r"(?:he|she|they|it|this|that|these|those|his|her|their|its|later|therefore|but|and|"
    r"however|then|also|additionally|moreover|furthermore|instead|yet|nor)\b"
    r"|[“\"](?:he|she|they|his|her|their)\b|.{0,300}[,.!?][”\"] (?:he|she|they) \w+",
    re.I,
)
_LATER_LED = re.compile(
    r"(?:in|at|on|after|before|when|while|since|during|by|for|from|as|although|though|last|next|"
    r"once|until|despite|because|with|without|under|today|now|afterwards|soon|earlier|eventually|"
    r"instead|there|years?|months?|weeks?|days?|one|two|three|four|five|six|seven|eight|nine|ten)\b"
    rf"(?:,? (?:(?-i:[a-z\d])[\w’'-]*|(?:{MONTH_NAME})\b\.?|(?-i:[A-Z])[a-z]+day)){{0,4}}?,?"
    r" (?:he|she|they)\b",
    re.I,
)
"""Says "she" before it has named anybody: "In 1961 she married", "Two years later, she left"."""
_ONLY_QUOTATION = re.compile(r"“[^”]*”\W*|\"[^\"]*\"\W*")
QUOTATION_MARK = re.compile(r"[“”]|(?<!\d)\"")  # 5'10" is a height
_SPACE = 8  # code points of white space between neighbouring sentences, at most
_BEFORE_QUOTATION = "([—–-‘'"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage: its exact span in the document and its words.

    ``rank`` is the place of its passage among the hits, from 0.
    """

    passage: Passage
    start: int
    end: int
    text: str
    words: tuple[Token, ...]
    rank: int


def sentences_of(passage: Passage, rank: int) -> tuple[Sentence, ...]:
    """The sentences of a passage, in order."""
    return tuple(Sentence(passage, *parts, rank) for parts in _split(passage))


@lru_cache(maxsize=4_096)
def _split(passage: Passage) -> tuple[tuple[int, int, str, tuple[Token, ...]], ...]:
    """Span, text and words of each sentence; kept for the questions that follow."""
    found = []
    spans = sentence_spans(passage.text)
    if passage.kind == "caption" and spans:
        spans = [(spans[0][0], spans[-1][1])]  # with its credit, which is part of it
    for start, end in spans:
        text = passage.text[start:end]
        span = passage.start + start, passage.start + end
        found.append((*span, text, tuple(tokens(text))))
    return tuple(found)


def neighbours(sentences: Sequence[Sentence]) -> list[tuple[int, int]]:
    """The places of sentences that follow one another in a document with only space between."""
    order = sorted(
        range(len(sentences)),
        key=lambda number: (sentences[number].passage.document_id, sentences[number].start),
    )
    return [pair for pair in pairwise(order) if follows(*(sentences[n] for n in pair))]


def follows(one: Sentence, other: Sentence) -> bool:
    """Whether only space stands between a sentence and a later one of the same document."""
    same = one.passage.document_id == other.passage.document_id
    return same and other.start - one.end <= _SPACE


def cite(marker: int, passage: Passage, start: int, end: int) -> Citation:
    """The stretch ``start`` to ``end`` of a passage's document, as a citation."""
    first = start - passage.start
    return Citation(
        marker, passage.document_id, passage.title, passage.source, start, end,
        passage.text[first : end - passage.start],
        passage.line + passage.text.count("\n", 0, first),
        passage.page + bisect_right(passage.breaks, start), passage.origin,
    )  # fmt: skip


def leans_on_previous(text: str) -> bool:
    """Whether a sentence needs the one before it to say who or what it is about, or who speaks."""
    is_led = _PRONOUN_LED.match(text) or _LATER_LED.match(text) or _ONLY_QUOTATION.fullmatch(text)
    return bool(is_led) or ends_quotation(text)


def leans_on_next(text: str) -> bool:
    """Whether all of it is the beginning of a quotation, whose speaker stands at its end."""
    marks = list(QUOTATION_MARK.finditer(text))
    return len(marks) == 1 and marks[0].start() == 0 and opens(text, 0)


def begins_quotation(text: str) -> bool:
    """Whether a sentence begins with the mark that opens a quotation."""
    return text.startswith(("“", '"'))


def ends_quotation(text: str) -> bool:
    """Whether a quotation that began before ends in it."""
    mark = QUOTATION_MARK.search(text)
    return mark is not None and not opens(text, mark.start())


def opens(text: str, place: int) -> bool:
    """Whether the quotation mark at ``place`` begins a quotation."""
    if text[place] != '"':
        return text[place] == "“"
    return place == 0 or text[place - 1].isspace() or text[place - 1] in _BEFORE_QUOTATION
