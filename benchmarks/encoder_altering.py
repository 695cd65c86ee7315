"""Questions so changed that a text answers them no more, for encoder_examples.py."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from encoder_texts import STOPWORDS, Pool, content

MANY = 150  # words that are tried in place of one
_OPPOSITES = """before after|first last|more less|most least|largest smallest|increase decrease|
    increased decreased|north south|northern southern|east west|eastern western|oldest youngest|
    highest lowest|high low|higher lower|early late|earlier later|won lost|win lose|began ended|
    begin end|start stop|started stopped|male female|men women|old new|always never|
    allowed prohibited|support oppose|supported opposed|accepted rejected|founded dissolved|
    joined left|born died|include exclude|major minor|best worst|above below|inside outside|
    positive negative|public private|open close|opened closed|maximum minimum|rise fall|rose fell|
    bought sold|built demolished|attack defend|attacked defended"""
_PAIRS = [pair.split() for pair in _OPPOSITES.split("|")]
OPPOSITE = {one: other for a, b in _PAIRS for one, other in ((a, b), (b, a))}


def altered(question: str, text: str, pool: Pool, answer: str, chance: random.Random) -> str:
    """The question so changed that ``text`` no longer answers it, or nothing."""
    words = list(re.finditer(r"\w[\w'-]*", question))
    options = [(n, kind) for n in range(len(words)) if (kind := _kind(words, n, text))]
    if not options:
        return ""
    odds = [1 if kind == "word" else 3 for _, kind in options]
    number, kind = chance.choices(options, odds)[0]
    start, end = words[number].span()
    word = words[number].group()
    if kind == "name":
        start, end = _whole_name(question, words, number)
    if kind == "opposite":
        new = OPPOSITE[word.lower()]
    elif kind == "number":
        alike = [one for one in pool.numbers if len(one) == len(word) and one != word]
        near = str(int(word) + chance.choice((-3, -2, -1, 1, 2, 10))) if word.isdigit() else ""
        new = chance.choice(alike or [near])
    else:
        taken = set(content(question)) | set(content(answer))
        known = pool.names if kind == "name" else pool.words
        fit = [one for one in chance.sample(known, min(len(known), MANY))
               if content(one) and not taken & set(content(one))]  # fmt: skip
        inside = [one for one in fit if set(content(one)) <= set(content(text))]
        fit = inside if inside and chance.random() < 0.6 else fit
        new = chance.choice(fit) if fit else ""
    return question[:start] + new + question[end:] if new else ""


def _kind(words: Sequence[re.Match[str]], number: int, text: str) -> str:
    """What a word of a question could be exchanged as, or nothing."""
    word = words[number].group()
    if word.lower() in OPPOSITE:
        return "opposite"
    if word[0].isdigit():
        return "number"
    if number and word[0].isupper() and word.lower() not in STOPWORDS:
        return "name"
    plainly = len(word) > 4 and word.lower() not in STOPWORDS
    return "word" if plainly and word.lower() in set(content(text)) else ""


def _whole_name(question: str, words: Sequence[re.Match[str]], number: int) -> tuple[int, int]:
    first = last = number

    def joined(one: int, other: int) -> bool:
        return question[words[one].end() : words[other].start()] == " "

    while first > 1 and words[first - 1].group()[0].isupper() and joined(first - 1, first):
        first -= 1
    while last + 1 < len(words) and words[last + 1].group()[0].isupper() and joined(last, last + 1):
        last += 1
    return words[first].start(), words[last].end()
