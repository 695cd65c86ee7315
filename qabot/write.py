"""A model's answer, sentence by sentence: nothing is said before the gate has let it pass."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from qabot import markers, prompts
from qabot.answers import Written
from qabot.citations import Verified, verify
from qabot.compose import Head, arranged, numbered, smaller
from qabot.errors import ContextOverflow, ModelError
from qabot.facts import plain
from qabot.protocols import LanguageModel, Pieces, WordVectors
from qabot.relative_days import head_text
from qabot.streaming import complete_sentences, spoken
from qabot.types import Citation, Claim, Hit, Passage, Rejected, Released
from qabot.words import content_stems, tokens

MOST_READ = 12
"""Sentences of a reply that are looked at; the prompt asks for three."""
MOST_REPEATED = 1
"""Sentences that a reply may repeat before it is ended."""
LONGEST_REPLY = 1024
"""Tokens of a reply."""
_VERDICT = {
    "type": "object",
    "properties": {"verdict": {"enum": ["supported", "unsupported"]}},
    "required": ["verdict"],
    "additionalProperties": False,
}
_NOT_THERE = re.compile(r"\W*not in the articles?\W*", re.I)
_ITEM = re.compile(r"^\s*(?:[-*•–]\s+|#{1,6}\s+|\d{1,2}[.)]\s+(?=\S))")
_EMPHASIS = re.compile(r"\*\*|__")
_ASKS = re.compile(r"\b(?:who|whom|whose|what|which|where|when|why|how)\b", re.I)
_SAYS_NOTHING = re.compile(r"\W*|\d{1,2}[.)]")

Release = Callable[[Released], None]
"""Told of each sentence as soon as the gate has judged it."""


class Writer:
    """Has a model answer from passages, and lets through what the passages support."""

    def __init__(
        self, model: LanguageModel, vectors: WordVectors, second_opinion: bool = False
    ) -> None:
        """Raises PromptError when a prompt file is not as it must be."""
        self.name = model.name
        self._model, self._vectors = model, vectors
        self._prompt = prompts.load("answer")
        self._judge = prompts.load("verify") if second_opinion else None

    def write(
        self,
        question: str,
        hits: Sequence[Hit],
        heads: Mapping[str, Head],
        release: Release,
        written: Written,
    ) -> None:
        """Fill ``written``; whatever is wrong with the model is its ``problem``, no error."""
        written.prompt_hash = self._prompt.hash
        try:
            try:
                self._attempt(question, hits, heads, release, written)
            except ContextOverflow:
                self._attempt(question, smaller(hits), heads, release, written)
        except ModelError as error:
            written.problem = str(error)
        if not (written.claims or written.rejected or written.refused or written.problem):
            written.problem = (
                f"The model {self.name!r} wrote nothing that says anything. Ask again, or choose "
                "another model with --model."
            )

    def _attempt(
        self,
        question: str,
        hits: Sequence[Hit],
        heads: Mapping[str, Head],
        release: Release,
        written: Written,
    ) -> None:
        passages = arranged(hits)
        messages = self._prompt.messages(
            question=prompts.as_data(question), passages=numbered(passages, heads)
        )
        gate = _Gate(question, passages, heads, self._vectors, written)
        with self._model.stream(messages, LONGEST_REPLY) as reply:
            try:
                for sentence in _sentences(reply, written):
                    if _NOT_THERE.fullmatch(gate.bare(sentence)):
                        written.refused = True
                        break
                    judged = gate.judge(sentence)
                    if judged is not None:
                        release(gate.admit(self._doubted(judged, written)))
                    elif gate.repeats > MOST_REPEATED:
                        break  # small models go round in circles
            finally:
                written.count(reply.usage)

    def _doubted(self, judged: Verified, written: Written) -> Verified:
        """The sentence as the gate has judged it, or withheld on a second opinion."""
        if self._judge is None or not judged.kept:
            return judged
        quotes = "\n".join(prompts.as_data(one.quote) for one in judged.citations)
        messages = self._judge.messages(claim=prompts.as_data(judged.claim.text), passages=quotes)
        try:
            text, usage = self._model.complete(messages, 64, _VERDICT)
        except ModelError:
            return judged
        written.count(usage)
        if _verdict(text) != "unsupported":
            return judged
        reason = "the model, asked again, does not find it in what it cites"
        claim = Claim(judged.claim.text, (), "unsupported")
        withheld = Rejected(None, claim.text, reason)
        return replace(
            judged, claim=claim, kept=False, reason=reason, citations=(),
            rejected=(*judged.rejected, withheld),
        )  # fmt: skip


def _verdict(text: str) -> str | None:
    """What a second opinion says; None where it cannot be read, which is no verdict."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found.get("verdict") if isinstance(found, dict) else None


def _sentences(reply: Pieces, written: Written) -> Iterator[str]:
    """The sentences of a reply, without one that was cut off for its length."""
    held = None
    for number, sentence in enumerate(complete_sentences(spoken(reply))):
        if held is not None:
            yield held
        held = None
        if number >= MOST_READ:
            written.rejected.append(Rejected(None, "", "the reply goes on for too long"))
            return
        if reply.finish_reason == "length":
            held = sentence
        else:
            yield sentence
    if held is not None:
        written.rejected.append(Rejected(None, held, "the reply was cut off here"))


class _Gate:
    """Numbers what passes by first use, and keeps account of what does not."""

    def __init__(
        self,
        question: str,
        passages: Sequence[Passage],
        heads: Mapping[str, Head],
        vectors: WordVectors,
        written: Written,
    ) -> None:
        self._passages, self._vectors, self._written = passages, vectors, written
        self._numbers: dict[tuple[str, int, int], int] = {}
        # Only what is asked with "who" or "why" is not answered by saying it again.
        self._asked = {word.stem for word in tokens(question)} if _ASKS.search(question) else set()
        self._said: set[str] = set()
        self.repeats = 0
        self._heads = {
            passage: _may_say(passage, heads[passage.document_id])
            for passage in passages
            if passage.document_id in heads
        }

    def bare(self, sentence: str) -> str:
        """The sentence without the signs of a list or of emphasis."""
        return _EMPHASIS.sub("", _ITEM.sub("", sentence)).strip()

    def judge(self, sentence: str) -> Verified | None:
        """What the gate says of a sentence; None for one that says nothing, or nothing new."""
        text = self.bare(sentence)
        words = markers.without(text)
        key = plain(words)
        if key in self._said:
            self.repeats += 1
            return None
        if _SAYS_NOTHING.fullmatch(words):
            return None
        self._said.add(key)
        if set(content_stems(words)) <= self._asked:
            text = " ".join(words.split())
            reason = "it only repeats the question"
            withheld = (Rejected(None, text, reason),)
            return Verified(Claim(text, (), "unsupported"), False, reason, 0.0, (), withheld)
        return verify(text, self._passages, self._vectors, heads=self._heads)

    def admit(self, judged: Verified) -> Released:
        """Add a judged sentence to what is written, its markers numbered by first use."""
        written = self._written
        written.rejected += judged.rejected
        if not judged.kept:
            return Released(judged.claim, (), judged.reason)
        own: list[Citation] = []
        for citation in judged.citations:
            place = citation.document_id, citation.start, citation.end
            number = self._numbers.setdefault(place, len(self._numbers) + 1)
            own.append(replace(citation, marker=number))
            if number > len(written.citations):
                written.citations.append(own[-1])
        numbers = tuple(dict.fromkeys(citation.marker for citation in own))
        # A bracketed figure of the article's own, quoted, is no marker of ours.
        claim = replace(judged.claim, text=markers.defuse(judged.claim.text), markers=numbers)
        written.claims.append(claim)
        return Released(claim, tuple(own))


def _may_say(passage: Passage, head: Head) -> str:
    """What a sentence about a passage may take from elsewhere: the head, its dates spelled out."""
    dates = head_text(passage.text, head.day) if head.day else ""
    return "\n".join(filter(None, (head.text, head.whose(), dates)))
