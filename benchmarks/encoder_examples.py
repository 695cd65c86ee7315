"""Examples to train the encoder with, made from public question sets; see train_encoder.py.

Every set gives questions with the sentence that answers, among its neighbours, and three kinds of
example that hold no answer: sentences of the same article that share most words with the question,
the answering paragraph without its sentence, and the question with a word, a name, a number or a
direction exchanged.
"""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from encoder_sets import long_answers, oracle, qed
from encoder_texts import STOPWORDS, Pool, Ranked, content, holds, plain, sentences_of, squeezed

SEED = 7
SHORTEST, LONGEST = 25, 90  # words in what is read at once
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


@dataclass(frozen=True, slots=True)
class Example:
    """A question and sentences in order; ``gold`` is the number of the one that answers, with the
    answer's span in it (the whole sentence where that is not known), or None where none answers."""

    kind: str
    question: str
    title: str
    sentences: tuple[str, ...]
    gold: tuple[int, int, int] | None


class Maker:
    """Makes examples; titles in ``left_out`` are of articles that must not be learned from."""

    def __init__(self, left_out: Collection[str]) -> None:
        self._left_out = {title.lower().replace("_", " ") for title in left_out}
        self._random = random.Random(SEED)

    def squad(self, path: Path) -> Iterator[Example]:
        """SQuAD 2.0, as published: articles, paragraphs, questions."""
        for article in json.loads(path.read_text("utf-8"))["data"]:
            title = article["title"].replace("_", " ")
            if title.lower() in self._left_out:
                continue
            texts = [paragraph["context"] for paragraph in article["paragraphs"]]
            cut = [sentences_of(text) for text in texts]
            flat = [(p, s) for p, own in enumerate(cut) for s in range(len(own))]
            ranked, pool = Ranked([cut[p][s] for p, s in flat]), Pool(" ".join(texts))
            for p, paragraph in enumerate(article["paragraphs"]):
                for row in paragraph["qas"]:
                    found = [flat[n] for n in ranked.best(row["question"], 12)]
                    near = [(cut[q], s) for q, s in found]
                    yield from self._squad_row(row, title, cut[p], near, pool)

    def _squad_row(
        self, row: dict, title: str, own: list[str], near: list[tuple[list[str], int]], pool: Pool
    ) -> Iterator[Example]:
        question = row["question"].strip()
        answers = (
            row["answers"] or row.get("plausible_answers") or [{"answer_start": 0, "text": ""}]
        )
        place, answer = answers[0]["answer_start"], answers[0]["text"]
        held = 0
        while place >= len(own[held]) and held + 1 < len(own):
            place, held = place - len(own[held]), held + 1
        if row.get("is_impossible"):
            for _ in range(2):
                yield self._around("squad none", question, title, own, held)
            return
        span = place, min(place + len(answer), len(own[held]))
        yield self._around("squad", question, title, own, held, span)
        near = [
            (other, s)
            for other, s in near
            if not (other is own and abs(s - held) < 2) and not holds(other[s], answer)
        ][:4]
        for other, s in self._random.sample(near, min(2, len(near))):
            yield from self._without("squad near", question, title, other, s, answer)
        if self._random.random() < 0.3:
            yield from self._without("squad gone", question, title, own, held, answer, held)
        altered = self._altered(question, " ".join(own), pool, answer)
        if altered:
            yield self._around("squad altered", altered, title, own, held)

    def pairs(self, sentences: Path, questions: Path) -> Iterator[Example]:
        """A sentence a line, lower-cased and in the articles' order, and a question to each."""
        lines = [plain(line) for line in sentences.read_text("utf-8").splitlines()]
        asked = [plain(line) for line in questions.read_text("utf-8").splitlines()]
        order = list(dict.fromkeys(lines))
        place, ranked = {line: n for n, line in enumerate(order)}, Ranked(order)
        for line, question in zip(lines, asked, strict=True):
            at = place[line]
            yield self._around("pairs", question, "", order, at, (0, len(line)))
            found = [n for n in ranked.best(question, 60) if 1 < abs(n - at) < 60][:4]
            if found:
                near = self._random.choice(found)
                yield from self._without("pairs near", question, "", order, near, line, at)
            pool = Pool(" ".join(order[max(0, at - 12) : at + 12]))
            altered = self._altered(question, line, pool, "") if self._random.random() < 0.5 else ""
            if altered:
                yield self._around("pairs altered", altered, "", order, at)

    def qamr(self, sentences: Path, questions: Sequence[Path]) -> Iterator[Example]:
        """QAMR: questions on single sentences, which others of the article come to surround."""
        rows = (line.split("\t", 1) for line in sentences.read_text("utf-8").splitlines())
        tokens = {key: [plain(token) for token in text.split(" ")] for key, text in rows}
        articles: dict[str, list[str]] = defaultdict(list)
        for key in tokens:
            articles[key.rsplit(":", 2)[0]].append(key)
        for line in (line for path in questions for line in path.read_text("utf-8").splitlines()):
            fields = line.split("\t")
            key, question, marked = fields[0], fields[5], [int(n) for n in fields[6].split()]
            if len(question.split()) < 5 or not marked or self._random.random() < 0.7:
                continue
            words, text = tokens[key], " ".join(tokens[key])
            last = next(n for n in range(marked[0], len(words)) if n + 1 not in marked)
            span = len(" ".join([*words[: marked[0]], ""])), len(" ".join(words[: last + 1]))
            others = [
                " ".join(tokens[other]) for other in articles[key.rsplit(":", 2)[0]] if other != key
            ]
            few = self._random.sample(others, min(2, len(others)))
            around = (*few[:1], text, *few[1:])
            yield Example("qamr", question, "", around, (len(few[:1]), *span))
            if few and self._random.random() < 0.3:
                yield Example("qamr near", question, "", tuple(few), None)
            altered = self._altered(
                question, text, Pool(" ".join([text, *others])), text[slice(*span)]
            )
            if altered and self._random.random() < 0.5:
                yield Example("qamr altered", altered, "", around, None)

    def natural(self, marked: Path, gold: Path) -> Iterator[Example]:
        """Natural Questions: QED's paragraphs, and those that "lost in the middle" calls gold."""
        rows = [
            row for row in (*qed(marked), *oracle(gold)) if row[1].lower() not in self._left_out
        ]
        rows = list({squeezed(row[0]): row for row in reversed(rows)}.values())
        ranked = Ranked([f"{title} {' '.join(own)}" for _, title, own, _, _ in rows])
        for number, (question, title, own, gold, answer) in enumerate(rows):
            held, span = gold[0], gold[1:]
            for shown in (title, ""):
                yield self._around("natural", question, shown, own, held, span)
            near = [n for n in ranked.best(f"{question} {title}", 8) if n != number]
            near = [n for n in near if not holds(" ".join(rows[n][2]), answer)]
            for _, other, sentences, _, _ in (rows[n] for n in near[:2]):
                at = self._random.randrange(len(sentences))
                shown = self._random.choice((other, ""))
                yield self._around("natural near", question, shown, sentences, at)
            yield from self._without("natural gone", question, title, own, held, answer, held)
            altered = self._altered(question, " ".join(own), Pool(" ".join(own)), answer)
            if altered:
                yield self._around("natural altered", altered, title, own, held)

    def long(
        self, answered: Path, unanswered: Path, left_out: Collection[str]
    ) -> Iterator[Example]:
        """CLAP NQ: answers of several sentences among those to other questions.

        Questions that are ``left_out``, in their words alone, are not learned from.
        """
        given, without = (
            [row for row in long_answers(path) if squeezed(row[0]) not in left_out]
            for path in (answered, unanswered)
        )
        given = [(question, answer) for question, answer in given if answer]
        cut = [sentences_of(answer) for _, answer in given]
        ranked = Ranked([answer for _, answer in given])
        for number, (question, answer) in enumerate(given):
            if len(answer.split()) > LONGEST - 5:
                continue
            near = [n for n in ranked.best(question, 6) if n != number][:4]
            for _ in range(2):
                before, after = (self._one_of(cut, near) for _ in range(2))
                around = (*before, f"{answer} ", *after)
                yield Example("long", question, "", around, (len(before), 0, len(answer) + 1))
            for other in near[:3]:
                if not _asks_the_same(question, given[other][0]):
                    yield Example("long near", question, "", tuple(cut[other][:4]), None)
            pool = Pool(f"{answer} {self._random.choice(given)[0]}")
            altered = self._altered(question, answer, pool, "")
            if altered:
                yield Example("long altered", altered, "", (answer,), None)
        for question, _ in without:
            for other in ranked.best(question, 4)[:2]:
                if not _asks_the_same(question, given[other][0]):
                    yield Example("long none", question, "", tuple(cut[other][:4]), None)

    def _one_of(self, cut: Sequence[Sequence[str]], near: Sequence[int]) -> tuple[str, ...]:
        """A sentence of one of the texts, as often as not."""
        if not near or self._random.random() < 0.5:
            return ()
        return (self._random.choice(cut[self._random.choice(near)]),)

    def _around(
        self,
        kind: str,
        question: str,
        title: str,
        sentences: Sequence[str],
        at: int,
        span: tuple[int, int] | None = None,
    ) -> Example:
        """The sentence at ``at`` with as many neighbours as chance has it."""
        shown = self._window(sentences, at)
        gold = (shown.index(at), *span) if span else None
        return Example(kind, question, title, tuple(sentences[n] for n in shown), gold)

    def _without(
        self,
        kind: str,
        question: str,
        title: str,
        sentences: Sequence[str],
        at: int,
        answer: str,
        gone: int = -1,
    ) -> Iterator[Example]:
        """The same with nothing that holds the answer, if anything is left."""
        shown = [n for n in self._window(sentences, at) if n != gone]
        left = tuple(sentences[n] for n in shown if not holds(sentences[n], answer))
        if left:
            yield Example(kind, question, title, left, None)

    def _window(self, sentences: Sequence[str], at: int) -> list[int]:
        first = last = at
        room = self._random.randint(SHORTEST, LONGEST) - len(sentences[at].split())
        while True:
            sides = [n for n in (first - 1, last + 1) if 0 <= n < len(sentences)]
            sides = [n for n in sides if len(sentences[n].split()) <= room]
            if not sides:
                return list(range(first, last + 1))
            taken = self._random.choice(sides)
            room -= len(sentences[taken].split())
            first, last = min(first, taken), max(last, taken)

    def _altered(self, question: str, text: str, pool: Pool, answer: str) -> str:
        """The question so changed that ``text`` no longer answers it, or nothing."""
        words = list(re.finditer(r"\w[\w'-]*", question))
        options = [(n, kind) for n in range(len(words)) if (kind := _kind(words, n, text))]
        if not options:
            return ""
        odds = [1 if kind == "word" else 3 for _, kind in options]
        number, kind = self._random.choices(options, odds)[0]
        start, end = words[number].span()
        word = words[number].group()
        if kind == "name":
            start, end = _whole_name(question, words, number)
        if kind == "opposite":
            new = OPPOSITE[word.lower()]
        elif kind == "number":
            alike = [one for one in pool.numbers if len(one) == len(word) and one != word]
            near = (
                str(int(word) + self._random.choice((-3, -2, -1, 1, 2, 10)))
                if word.isdigit()
                else ""
            )
            new = self._random.choice(alike or [near])
        else:
            taken = set(content(question)) | set(content(answer))
            fit = [one for one in (pool.names if kind == "name" else pool.words)
                   if content(one) and not taken & set(content(one))]  # fmt: skip
            inside = [one for one in fit if set(content(one)) <= set(content(text))]
            fit = inside if inside and self._random.random() < 0.6 else fit
            new = self._random.choice(fit) if fit else ""
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


def _asks_the_same(question: str, other: str) -> bool:
    """Whether nearly all words of a question stand in another."""
    return len(set(content(question)) - set(content(other))) <= 1
