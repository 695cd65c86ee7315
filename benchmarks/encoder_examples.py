"""Examples to train the encoder with, made from public question sets; see train_encoder.py.

Every set gives questions with the sentence that answers, among its neighbours, and three kinds of
example that hold no answer: sentences of the same article that share most words with the question,
the answering paragraph without its sentence, and the question with a word, a name, a number or a
direction exchanged.
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from encoder_altering import altered
from encoder_sets import long_answers, oracle, qed
from encoder_texts import Pool, Ranked, content, holds, plain, sentences_of, squeezed
from encoder_told import by_paragraph, told

SEED = 7
SHORTEST, LONGEST = 25, 90  # words in what is read at once
SHARED = 0.45  # of the words of questions, in the paragraph that they were written for


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
    """Makes examples; nothing is learned from articles with titles in ``left_out``, nor from
    questions that are ``unasked``, in their words alone.
    """

    def __init__(self, left_out: Collection[str], unasked: Collection[str]) -> None:
        self._left_out = {title.lower().replace("_", " ") for title in left_out}
        self._unasked = set(map(squeezed, unasked))
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
        held, span = _held(own, place, answer)
        if row.get("is_impossible"):
            for _ in range(2):
                yield self._around("squad none", question, title, own, held)
            return
        yield self._around("squad", question, title, own, held, span)
        near = [
            (other, s)
            for other, s in near
            if not (other is own and abs(s - held) < 2) and not holds(other[s], answer)
        ][:4]
        for other, s in near[:3]:
            yield from self._without("squad near", question, title, other, s, answer)
        if self._random.random() < 0.3:
            yield from self._without("squad gone", question, title, own, held, answer, held)
        changed = self._changed(question, " ".join(own), pool, answer)
        if changed:
            yield self._around("squad altered", changed, title, own, held)

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
            changed = self._changed(question, line, pool, "") if self._random.random() < 0.5 else ""
            if changed:
                yield self._around("pairs altered", changed, "", order, at)

    def impossible(self, sentences: Path, questions: Path) -> Iterator[Example]:
        """Questions that people wrote to have no answer in a paragraph, put to what is there of it.

        Which paragraph that is, is known by how much of their words the sentences of one place
        hold; those of another answer them no more.
        """
        order = list(dict.fromkeys(map(plain, sentences.read_text("utf-8").splitlines())))
        ranked = Ranked(order)
        for asked in by_paragraph(questions).values():
            own = list(map(plain, asked))
            counts = Counter(n // 4 for n in ranked.best(" ".join(own), 12))
            first = 4 * counts.most_common(1)[0][0] if counts else 0
            window = range(max(0, first - 4), min(len(order), first + 8))
            words = set(content(" ".join(order[n] for n in window)))
            shares = [len(words & set(c)) / len(c) for one in own if (c := content(one))]
            if sum(shares) < SHARED * len(shares):
                continue
            near = Ranked([order[n] for n in window])
            for question in own:
                for at in near.best(question, 2):
                    yield self._around("impossible", question, "", order, window[at])

    def told(self, folder: Path) -> Iterator[Example]:
        """Questions with paragraphs that answer them and others that do not."""
        for row in told(folder):
            own = sentences_of(row.text)
            ranked = Ranked(own).best(row.question, 3) or [0]
            if not row.answer:
                yield self._around("told none", row.question, row.title, own, ranked[0])
                continue
            held, span = _held(own, row.start, row.answer)
            for shown in dict.fromkeys((row.title, "")):
                yield self._around("told", row.question, shown, own, held, span)
            for other in (n for n in ranked if abs(n - held) > 1):
                yield from self._without(
                    "told near", row.question, row.title, own, other, row.answer, held
                )

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
            changed = self._changed(
                question, text, Pool(" ".join([text, *others])), text[slice(*span)]
            )
            if changed and self._random.random() < 0.5:
                yield Example("qamr altered", changed, "", around, None)

    def natural(self, marked: Path, gold: Path) -> Iterator[Example]:
        """Natural Questions: QED's paragraphs, and those that "lost in the middle" calls gold."""
        rows = [
            row for row in (*qed(marked), *oracle(gold))
            if row[1].lower() not in self._left_out and squeezed(row[0]) not in self._unasked
        ]  # fmt: skip
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
            changed = self._changed(question, " ".join(own), Pool(" ".join(own)), answer)
            if changed:
                yield self._around("natural altered", changed, title, own, held)

    def long(self, answered: Path, unanswered: Path) -> Iterator[Example]:
        """CLAP NQ: answers of several sentences among those to other questions."""
        given, without = (
            [row for row in long_answers(path) if squeezed(row[0]) not in self._unasked]
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
            changed = self._changed(question, answer, pool, "")
            if changed:
                yield Example("long altered", changed, "", (answer,), None)
        for question, _ in without:
            for other in ranked.best(question, 4)[:2]:
                if not _asks_the_same(question, given[other][0]):
                    yield Example("long none", question, "", tuple(cut[other][:4]), None)

    def _one_of(self, cut: Sequence[Sequence[str]], near: Sequence[int]) -> tuple[str, ...]:
        """A sentence of one of the texts, as often as not."""
        if not near or self._random.random() < 0.5:
            return ()
        return (self._random.choice(cut[self._random.choice(near)]),)

    def _changed(self, question: str, text: str, pool: Pool, answer: str) -> str:
        return altered(question, text, pool, answer, self._random)

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


def _held(sentences: Sequence[str], place: int, answer: str) -> tuple[int, tuple[int, int]]:
    """The sentence that an answer begins in, and where in that it stands, up to its end."""
    held = 0
    while place >= len(sentences[held]) and held + 1 < len(sentences):
        place, held = place - len(sentences[held]), held + 1
    return held, (place, min(place + len(answer), len(sentences[held])))


def _asks_the_same(question: str, other: str) -> bool:
    """Whether nearly all words of a question stand in another."""
    return len(set(content(question)) - set(content(other))) <= 1
