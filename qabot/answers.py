"""The answer that people get, made of what was read, what a model wrote, or neither. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from qabot import markers
from qabot.compose import Head
from qabot.extract import Reading
from qabot.passage_sentences import cite
from qabot.protocols import Usage
from qabot.relative_days import explain
from qabot.types import Answer, Citation, Claim, Closest, Hit, Passage, Rejected, Released, Twin
from qabot.words import content_stems, tokens

CLOSEST = 3
_HELD = 0.8
"""Share of a quote's words that an article must hold to be named as saying it too."""
NOTHING_FOUND = "The articles do not say: {reason}; these come closest."
LEFT_OUT = "The filters leave no article to read ({filters})."
NOTHING_OPEN = "There is no article that may be read here."
EMPTY_INDEX = "There is no article to answer from yet: put some in with qabot ingest PATH."
NO_WORDS = "The question holds no words that could be looked up."
NO_MODEL = "No language model wrote this. {problem}"
BROKEN_OFF = "The model's answer is not whole. {problem}"
NOTHING_HELD = "None of what the model wrote could be found in the articles, so it is not shown."
MODEL_REFUSED = "the model finds no answer in the passages"


@dataclass(slots=True)
class Written:
    """What is left of a reply after the gate.

    ``refused`` tells that the model found no answer, ``problem`` why there is no reply or not all
    of it, ``usage`` the tokens of all requests that were counted, ``prompt_hash`` the prompt.
    """

    claims: list[Claim] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    usage: dict[str, int] | None = None
    prompt_hash: str | None = None
    refused: bool = False
    problem: str | None = None

    def count(self, usage: Usage | None) -> None:
        """Add the tokens of a request."""
        for name, number in (usage or {}).items():
            self.usage = {**(self.usage or {}), name: (self.usage or {}).get(name, 0) + number}


def extracted(question: str, reading: Reading) -> Answer:
    """The sentences that a reading has chosen, each cited."""
    citations, claims = [], []
    for marker, sentence in enumerate(reading.sentences, start=1):
        citations.append(cite(marker, sentence.passage, sentence.start, sentence.end))
        claims.append(Claim(_on_one_line(sentence.text), (marker,), "supported"))
    return Answer(question, "answered", text_of(claims), tuple(claims), tuple(citations))


def written_by(model: str, question: str, written: Written) -> Answer:
    """The sentences of a model that have passed the gate."""
    claims, citations = tuple(written.claims), tuple(written.citations)
    return Answer(question, "answered", text_of(claims), claims, citations, model=model)


def abstained(question: str, hits: Sequence[Hit], reason: str, is_empty: bool) -> Answer:
    """What is said instead of an answer, and the passages that come closest."""
    if is_empty or not tokens(question):
        return Answer(question, "abstained", EMPTY_INDEX if is_empty else NO_WORDS)
    said = NOTHING_FOUND.format(reason=reason)
    return Answer(question, "abstained", said, closest=_closest(hits))


def filtered_out(question: str, outside: Sequence[Hit], filters: str) -> Answer:
    """What is said where filters leave no article; ``outside`` is what comes closest without."""
    said = LEFT_OUT.format(filters=filters) if filters else NOTHING_OPEN
    said += " Without them these come closest." if outside else ""
    return Answer(question, "abstained", said, closest=_closest(outside))


def _closest(hits: Sequence[Hit]) -> tuple[Closest, ...]:
    return tuple(
        Closest(
            hit.passage.document_id, hit.passage.title, hit.passage.source, hit.passage.start,
            hit.passage.end, hit.passage.text, hit.score, hit.passage.line, hit.passage.page,
            hit.passage.origin,
        )
        for hit in hits[:CLOSEST]
    )  # fmt: skip


def with_twins(answer: Answer, hits: Sequence[Hit]) -> Answer:
    """The answer, its citations with the other articles that say nearly the same."""
    twins = [(hit.passage, hit.also) for hit in hits if hit.also]
    cited = tuple(replace(one, also=_also(one, twins)) for one in answer.citations)
    return replace(answer, citations=cited) if twins else answer


def _also(
    citation: Citation, twins: Sequence[tuple[Passage, tuple[Passage, ...]]]
) -> tuple[Twin, ...]:
    """Of passages like the one cited, those that hold the quote's own words."""
    quoted = set(content_stems(citation.quote))
    found = {}
    for passage, others in twins:
        is_within = passage.start <= citation.start and citation.end <= passage.end
        if passage.document_id == citation.document_id and is_within:
            for one in others:
                if len(quoted & set(content_stems(one.text))) >= _HELD * len(quoted):
                    found[one.document_id] = Twin(
                        one.document_id, one.title, one.source, one.origin
                    )
    return tuple(found.values())


def text_of(claims: Sequence[Claim]) -> str:
    """Claims as running text, each with its markers."""
    return " ".join(f"{claim.text} {markers.write(claim.markers)}" for claim in claims)


def as_released(answer: Answer) -> list[Released]:
    """The sentences of an answer one by one."""
    cited = {citation.marker: citation for citation in answer.citations}
    return [
        Released(claim, tuple(cited[marker] for marker in claim.markers)) for claim in answer.claims
    ]


def so_far(question: str, heard: Sequence[Released]) -> Answer:
    """The sentences of an answer that was stopped."""
    claims = tuple(one.claim for one in heard if one.withheld is None)
    cited = {citation.marker: citation for one in heard for citation in one.citations}
    return Answer(question, "answered", text_of(claims), claims, tuple(cited.values()))


def notes_on(
    answer: Answer, written: Written, heads: Mapping[str, Head]
) -> tuple[tuple[str, ...], tuple[Rejected, ...]]:
    """What a reader should know about an answer, and all that was withheld from it."""
    notes, rejected = [], list(written.rejected)
    if written.problem:
        form = BROKEN_OFF if written.claims else NO_MODEL
        notes.append(form.format(problem=written.problem))
        rejected.append(Rejected(None, "", written.problem))
    elif not written.claims and not written.refused and any(one.text for one in rejected):
        notes.append(NOTHING_HELD)
    for citation in answer.citations:
        day = heads[citation.document_id].day if citation.document_id in heads else None
        for one in explain(citation.quote, day) if day else ():
            notes.append(f"“{one.phrase}” means {one.meaning}, going by the article's own date.")
    return tuple(dict.fromkeys(notes)), tuple(rejected)


def _on_one_line(quote: str) -> str:
    """A quote as it stands in an answer: a footnote's [2] is turned to (2), it is no marker."""
    return markers.defuse(" ".join(quote.split()))


def cost_of(usage: Usage | None, price: tuple[float, float] | None) -> float | None:
    """US dollars for the tokens used, or None where tokens or price are not known.

    ``price`` is US dollars for a million prompt tokens and for a million completion tokens.
    """
    counts = [(usage or {}).get(name) for name in ("prompt_tokens", "completion_tokens")]
    if price is None or any(not isinstance(count, int) or count < 0 for count in counts):
        return None
    cost = sum((count or 0) * each for count, each in zip(counts, price, strict=True)) / 1_000_000
    return cost if math.isfinite(cost) else None
