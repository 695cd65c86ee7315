"""Examples to train the encoder with, made from public question sets; see train_encoder.py.

Every set gives questions with the sentence that answers, among its neighbours, and three kinds of
example that hold no answer: sentences of the same article that share most words with the question,
the answering paragraph without its sentence, and the question with a word, a name, a number or a
direction exchanged.
"""

from __future__ import annotations

import gzip
import json
import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

SEED = 7
SHORTEST, LONGEST = 25, 90  # words in what is read at once
STOPWORDS = frozenset(
    """the a an of in on at to for from by with and or is are was were be been do does did has have
    had what which who whom whose when where why how many much that this it its as than not no their
    his her he she they there into about also one name type kind""".split()
)
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
_BREAK = re.compile(r"(?<=[.!?])[\"”')\]]?\s+(?=[\"“'(\[]?[A-Z0-9])")
_SHORT = re.compile(
    r"\b(?:[A-Z]|Mr|Mrs|Ms|Dr|St|Jr|Sr|vs|No|U\.S|U\.K|c|ca|Inc|Co|Lt|Gen|Col|Jan|Feb|Aug|Sept|"
    r"Oct|Nov|Dec)\.$"
)
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w'-]+(?: (?:of |the )?[A-Z][\w'-]+)*")
_BRACKETS = {"-lrb-": "(", "-rrb-": ")", "-lsb-": "[", "-rsb-": "]", "``": '"', "''": '"'}


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

    def natural(self, qed: Path, oracle: Path) -> Iterator[Example]:
        """Natural Questions: QED's paragraphs, and those that "lost in the middle" calls gold."""
        rows = [
            row for row in (*_qed(qed), *_oracle(oracle)) if row[1].lower() not in self._left_out
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


class Pool:
    """The names, numbers and words of a text, to put into questions."""

    def __init__(self, text: str) -> None:
        self.names = sorted({match.group() for match in _NAME.finditer(text)})
        self.numbers = sorted(set(re.findall(r"\b\d[\d,.]*\d\b|\b\d\b", text)))
        self.words = sorted(set(re.findall(r"\b[a-z]{5,}\b", text)) - STOPWORDS)


class Ranked:
    """Texts, ranked for a question by BM25."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._counts = [Counter(map(_singular, content(text))) for text in texts]
        self._holding: dict[str, list[int]] = defaultdict(list)
        for number, counts in enumerate(self._counts):
            for word in counts:
                self._holding[word].append(number)
        self._lengths = [sum(counts.values()) for counts in self._counts]
        self._mean = max(1.0, sum(self._lengths) / len(texts))

    def best(self, question: str, limit: int) -> list[int]:
        """The numbers of the texts that share most with the question, best first."""
        scores: Counter[int] = Counter()
        for word in set(map(_singular, content(question))):
            texts = self._holding.get(word, ())
            rarity = math.log(1 + (len(self._counts) - len(texts) + 0.5) / (len(texts) + 0.5))
            for number in texts:
                count = self._counts[number][word]
                norm = 1.2 * (0.25 + 0.75 * self._lengths[number] / self._mean)
                scores[number] += rarity * count * 2.2 / (count + norm)  # type: ignore[assignment]
        return [number for number, _ in scores.most_common(limit)]


Row = tuple[str, str, list[str], tuple[int, int, int], str]
"""Question, title, sentences, where the answer stands, the answer."""


def _qed(path: Path) -> Iterator[Row]:
    for row in map(json.loads, path.read_text("utf-8").splitlines()):
        found, text = row["annotation"], row["paragraph_text"]
        if found["explanation_type"] != "single_sentence" or not found["answer"]:
            continue
        starts = [*row["sentence_starts"], len(text)]
        own = [text[a:b] for a, b in pairwise(starts)]
        held = max(n for n, a in enumerate(starts) if a <= found["selected_sentence"]["start"])
        answer = found["answer"][0]["paragraph_reference"]
        start, end = answer["start"] - starts[held], answer["end"] - starts[held]
        inside = 0 <= start < min(end, len(own[held]))
        gold = (held, start, min(end, len(own[held]))) if inside else (held, 0, len(own[held]))
        yield row["question_text"], row["title_text"], own, gold, answer["string"]


def _oracle(path: Path) -> Iterator[Row]:
    for line in gzip.decompress(path.read_bytes()).decode("utf-8").splitlines():
        row = json.loads(line)
        gold = row["nq_annotated_gold"]
        own = sentences_of(gold["chunked_long_answer"])
        for answer in sorted(gold["short_answers"] or row["answers"], key=len):
            places = [(n, one.find(answer)) for n, one in enumerate(own) if answer in one]
            if answer and 0 < len(places) <= 2:
                held, start = places[0]
                yield (
                    row["question"],
                    gold["title"],
                    own,
                    (held, start, start + len(answer)),
                    answer,
                )
                break


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


def sentences_of(text: str) -> list[str]:
    """The sentences, which joined are the text again."""
    found, start = [], 0
    for match in _BREAK.finditer(text):
        if not _SHORT.search(text[start : match.start()]):
            found.append(text[start : match.end()])
            start = match.end()
    return [*found, text[start:]] if start < len(text) else found


def content(text: str) -> list[str]:
    """The words of a text that are no stopwords, in lower case."""
    return [word for word in re.findall(r"\w+", text.lower()) if word not in STOPWORDS]


def squeezed(text: str) -> str:
    """The words alone, in lower case."""
    return " ".join(re.findall(r"\w+", text.lower()))


def holds(text: str, answer: str) -> bool:
    """Whether the words of the answer stand in the text."""
    return bool(squeezed(answer)) and squeezed(answer) in squeezed(text)


def plain(text: str) -> str:
    """Treebank tokens as they are written."""
    for token, written in _BRACKETS.items():
        text = text.replace(token, written).replace(token.upper(), written)
    return text.strip()


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and len(word) > 3 else word
