"""The gate: what of a language model's reply may be shown, and where each sentence stands. Pure.

The model proposes, the article decides: every sentence is held against the passages it cites, word
for word where it quotes, to the letter in figures, dates and names, and by score in the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qabot import markers
from qabot.facts import absent, absent_figures, denial_differs, is_verbatim, plain, quotations
from qabot.language import is_english
from qabot.passage_sentences import Sentence, cite, sentences_of
from qabot.protocols import WordVectors
from qabot.support import CLEAR, THRESHOLD, support
from qabot.types import Citation, Claim, Hit, Passage, Rejected, Verdict
from qabot.words import tokens

LONGEST = 2_000
"""Characters of a claim that is checked; a longer one is withheld, unless it is verbatim."""
LEAST_CARRYING = 3
"""Words of a quotation that can carry a sentence in another language than the passage's."""
_SPACE_BEFORE_STOP = re.compile(r" (?=[.,;:!?…]++(?:\s|$))")
_SHOWN = 40
_LISTED = 3


@dataclass(frozen=True, slots=True)
class Verified:
    """One sentence of a reply after the gate.

    ``claim.text`` has no markers; ``claim.markers`` are those it is shown with. ``citations`` are
    the sentences that carry it, none for a claim withheld. ``rejected`` holds the markers dropped,
    and the sentence itself when it is withheld, with ``reason``.
    """

    claim: Claim
    kept: bool
    reason: str | None
    score: float
    citations: tuple[Citation, ...] = ()
    rejected: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True)
class _Finding:
    """What some passages say of a claim: the fault, if any, and the sentences that carry it."""

    fault: Verdict | None
    reason: str
    score: float
    evidence: tuple[Sentence, ...] = ()


def verify(
    sentence: str,
    passages: Sequence[Hit | Passage],
    vectors: WordVectors,
    *,
    heads: Mapping[Passage, str] | None = None,
    threshold: float = THRESHOLD,
) -> Verified:
    """Check one sentence of a reply; marker n names ``passages[n - 1]``.

    ``heads`` gives, by passage, what else it may be taken to say besides title and heading, such as
    the dates of its weekdays.
    """
    seen = [one.passage if isinstance(one, Hit) else one for one in passages]
    text, numbers, rejected = _read(sentence, len(seen))
    gate = _Gate(text, seen, vectors, heads or {})
    if not numbers:
        finding = gate.best(range(1, len(seen) + 1), max(CLEAR, threshold))
        found = finding or _Finding("uncited", "it cites no passage, and none clearly says it", 0.0)
        return _verified(text, "uncited", found, rejected)
    finding = gate.judge(numbers, threshold)
    if finding.fault is None:
        finding, idle = gate.carried(finding, numbers, threshold)
        return _verified(text, "supported", finding, [*rejected, *idle])
    others = [number for number in range(1, len(seen) + 1) if number not in numbers]
    mended = gate.best(others, threshold)
    if mended:
        return _verified(text, "misattributed", mended, rejected)
    return _verified(text, finding.fault, finding, rejected)


def _read(sentence: str, last: int) -> tuple[str, list[int], list[Rejected]]:
    """The text without markers, the passages it cites, and the markers that name none."""
    kept, numbers, rejected = [], dict[int, None](), dict[str, Rejected]()
    position = 0
    for marker in markers.find(sentence, last):
        kept.append(sentence[position : marker.start])
        position = marker.end
        inside = [number for number in marker.numbers if 1 <= number <= last]
        numbers.update(dict.fromkeys(inside))
        if marker.rejected:
            written = sentence[marker.start : marker.end]
            wrong = next((one for one in marker.numbers if one not in inside), None)
            rejected[written] = Rejected(wrong, written, marker.rejected)
    kept.append(sentence[position:])
    return _tidy("".join(kept)), list(numbers), list(rejected.values())


def _tidy(text: str) -> str:
    return _SPACE_BEFORE_STOP.sub("", " ".join(text.split()))


def _verified(
    text: str, verdict: Verdict, finding: _Finding, rejected: Sequence[Rejected]
) -> Verified:
    kept = finding.fault is None
    evidence = _joined(finding.evidence) if kept else []
    citations = tuple(cite(one.rank, one.passage, one.start, end) for one, end in evidence)
    numbers = tuple(dict.fromkeys(citation.marker for citation in citations))
    withheld = [] if kept else [Rejected(None, text, finding.reason)]
    return Verified(
        Claim(text, numbers, verdict),
        kept,
        None if kept else finding.reason,
        finding.score,
        citations,
        (*rejected, *withheld),
    )


def _joined(evidence: Sequence[Sentence]) -> list[tuple[Sentence, int]]:
    """The evidence in the order of the passages, each with its end; neighbours made one."""
    found: list[tuple[Sentence, int]] = []
    for sentence in sorted(evidence, key=lambda one: (one.rank, one.start)):
        if found and found[-1][0].rank == sentence.rank:
            passage, end = sentence.passage, found[-1][1]
            if not passage.text[end - passage.start : sentence.start - passage.start].strip():
                found[-1] = found[-1][0], sentence.end
                continue
        found.append((sentence, sentence.end))
    return found


class _Gate:
    """A claim before the passages that the model saw."""

    def __init__(
        self, text: str, seen: Sequence[Passage], vectors: WordVectors, heads: Mapping[Passage, str]
    ) -> None:
        self._text, self._seen, self._vectors = text, seen, vectors
        self._key = plain(text)
        self._says_nothing = not any(character.isalnum() for character in text)
        self._quoted = [] if len(text) > LONGEST else quotations(text)
        own_words = text
        for quotation in self._quoted:
            own_words = own_words.replace(quotation, " ")
        self._is_english = is_english(own_words)
        self._heads = heads

    def judge(self, numbers: Sequence[int], threshold: float) -> _Finding:
        """What the passages with these numbers say of the claim."""
        own = [self._seen[number - 1] for number in numbers]
        sentences = [
            one for number in numbers for one in sentences_of(self._seen[number - 1], number)
        ]
        verbatim = tuple(one for one in sentences if self._same(one))
        if verbatim:
            return _Finding(None, "", 1.0, verbatim)
        if self._says_nothing:
            return _Finding("unsupported", "it says nothing", 0.0)
        if len(self._text) > LONGEST:
            return _Finding("unsupported", "it is too long to be checked", 0.0)
        for quotation in self._quoted:
            if tokens(quotation) and not any(is_verbatim(quotation, one.text) for one in own):
                reason = f"“{_cut(quotation)}” is not word for word in a passage it cites"
                return _Finding("misquoted", reason, 0.0)
        if not self._is_english and is_english("\n".join(passage.text for passage in own)):
            return self._translated(sentences)
        head = self._head(own)
        documents = {passage.document_id for passage in own}
        around = [one.text for one in self._seen if one.document_id in documents]
        missing = absent(self._text, [*(one.text for one in own), head], around)
        if missing:
            return _Finding("unsupported", _lacking(missing), 0.0)
        found = support(self._text, sentences, self._vectors, head)
        if found.score < threshold:
            reason = "the passages it cites do not say it clearly enough"
            return _Finding("unsupported", reason, found.score)
        if denial_differs(self._text, [one.text for one in found.evidence]):
            reason = "it denies what the passages it cites say, or says what they deny"
            return _Finding("unsupported", reason, found.score)
        return _Finding(None, "", found.score, found.evidence)

    def _translated(self, sentences: Sequence[Sentence]) -> _Finding:
        """What is said of a claim whose words cannot be compared: it rests on what it quotes."""
        carrying = [one for one in self._quoted if len(tokens(one)) >= LEAST_CARRYING]
        evidence = tuple(
            sentence
            for sentence in sentences
            if any(is_verbatim(q, sentence.text) or is_verbatim(sentence.text, q) for q in carrying)
        )
        if not evidence:
            reason = "it is not in the language of the passages, and quotes none of their words"
            return _Finding("unsupported", reason, 0.0)
        if missing := absent_figures(self._text, [one.passage.text for one in evidence]):
            return _Finding("unsupported", _lacking(missing), 0.0)
        return _Finding(None, "", CLEAR, evidence)

    def best(self, numbers: Sequence[int], threshold: float) -> _Finding | None:
        """What the passage says that alone carries the claim best; None when none does."""
        found = [self.judge([number], threshold) for number in numbers]
        carrying = [one for one in found if one.fault is None]
        return max(carrying, key=lambda one: one.score, default=None)

    def carried(
        self, finding: _Finding, numbers: Sequence[int], threshold: float
    ) -> tuple[_Finding, list[Rejected]]:
        """The finding with what each cited passage has to say; markers of those with nothing."""
        evidence, idle = list(finding.evidence), []
        for number in numbers:
            if any(one.rank == number for one in finding.evidence):
                continue
            own = self.judge([number], threshold)
            evidence += own.evidence
            if own.fault is not None:
                reason = f"passage {number} adds nothing to this sentence"
                idle.append(Rejected(number, markers.write([number]), reason))
        return _Finding(None, "", finding.score, tuple(evidence)), idle

    def _same(self, sentence: Sentence) -> bool:
        return plain(_tidy(markers.defuse(sentence.text))) == self._key

    def _head(self, passages: Sequence[Passage]) -> str:
        lines = [
            line for one in passages for line in (one.title, one.heading, self._heads.get(one, ""))
        ]
        return "\n".join(dict.fromkeys(lines))


def _lacking(missing: Sequence[str]) -> str:
    listed = ", ".join(f"“{_cut(one)}”" for one in dict.fromkeys(missing[:_LISTED]))
    return f"the passages it cites do not have {listed}"


def _cut(text: str) -> str:
    text = " ".join(text[: 4 * _SHOWN].split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
