"""What speaks against answering with a sentence, however well it scores. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qabot.denials import asks_denied, denies, may_deny
from qabot.features import Table
from qabot.kinds import is_polar
from qabot.matching import MATCHED, NAMED, Matcher
from qabot.question import Question, Term
from qabot.thesaurus import opposites, related_stems
from qabot.words import tokens

_LISTED, _WORD_LIMIT = 3, 40


@dataclass(frozen=True, slots=True)
class Objections:
    """The terms of a question that a sentence and its passages do without.

    Of as many as ``terms``, ``absent`` stand in no passage, plain words aside; ``unmatched`` is
    their share of the question's weight. ``unnamed`` are the names and ``missed`` the topic among
    what no passage holds, ``unsaid`` is all that is asked beside names, where the sentence holds
    none of it, ``apart`` are names that do not stand by the sentence. ``denied`` tells of a reason
    asked for where the sentence denies the fact, ``affirmed`` that what is not so is asked for, and
    the sentence denies nothing, ``reversed`` a word of the question and one of opposite meaning
    that the sentence has in its place.
    """

    terms: int
    absent: tuple[Term, ...]
    unmatched: float
    unnamed: tuple[Term, ...]
    missed: tuple[Term, ...]
    unsaid: tuple[Term, ...]
    apart: tuple[Term, ...]
    denied: bool
    affirmed: bool
    reversed: tuple[str, str] | None

    def reason(self) -> str | None:
        """The gravest one in words, or None when nothing speaks against the sentence."""
        if self.unnamed or self.missed:
            return not_mentioned(self.unnamed or self.missed)
        if self.unsaid:
            if all(term in self.absent for term in self.unsaid):
                return not_mentioned(self.unsaid)
            return f"the passage that fits best says nothing of {_listed(self.unsaid)}"
        if self.apart:
            return f"the passage that fits best is not about {_listed(self.apart)}"
        if self.affirmed:
            return "the passage that fits best says nothing of what is not so"
        if self.reversed:
            asked, said = self.reversed
            return f"the passage that fits best says “{said}”, and “{asked}” was asked for"
        return "the passages deny what the question takes for granted" if self.denied else None


def objections(matcher: Matcher, measured: Table, top: int, text: str) -> Objections:
    """What speaks against the sentence at ``top``, which says ``text``."""
    asked = matcher.question
    named = list(zip(asked.terms, matcher.names, strict=True))
    absent = tuple(
        term
        for term, grade in zip(asked.terms, measured.best, strict=True)
        if grade < MATCHED and not term.is_plain
    )
    said = [n for n, term in enumerate(asked.terms) if not (matcher.names[n] or term.is_plain)]
    around = zip(named, measured.around[top], measured.close[top], strict=True)
    return Objections(
        len(asked.terms),
        absent,
        _share(matcher, absent),
        tuple(
            term
            for (term, is_name), grade in zip(named, measured.best, strict=True)
            if is_name and grade < NAMED and not term.is_plain
        ),
        tuple(term for term in absent if term.stem == asked.focus or term.stem in asked.topic),
        tuple(asked.terms[n] for n in said)
        if said and measured.own[top, said].max() < MATCHED
        else (),
        tuple(
            term
            for (term, is_name), near, close in around
            if is_name and (close < NAMED if term.token.is_number else near < MATCHED)
        ),
        bool(asked.expects == "reason" and absent and denies(text) and not denies(asked.text)),
        asks_denied(asked.text) and not is_polar(asked.text) and not may_deny(text),
        _reversed(asked, text),
    )


def _reversed(asked: Question, text: str) -> tuple[str, str] | None:
    """A word of a question and the one of opposite meaning in a sentence that does without it."""
    if is_polar(asked.text) or denies(asked.text) or denies(text):
        return None
    said = {word.stem: word.surface for word in tokens(text)}
    for term in asked.terms:
        others = opposites(term.stem)
        alike = {term.stem, *related_stems(term.stem)}.union(*map(opposites, others))
        if alike.isdisjoint(said):
            contrary = sorted(others & said.keys() - asked.stems)
            if contrary:
                return term.surface, said[contrary[0]]
    return None


def _share(matcher: Matcher, absent: Sequence[Term]) -> float:
    """Share of the question's weight that the absent terms have."""
    weights = zip(matcher.question.terms, matcher.weights, strict=True)
    return float(sum(weight for term, weight in weights if term in absent) / matcher.weights.sum())


def not_mentioned(terms: Sequence[Term]) -> str | None:
    """That no passage holds these terms, in words; None when there are none."""
    return f"the passages do not mention {_listed(terms)}" if terms else None


def _listed(terms: Sequence[Term]) -> str:
    quoted = [f"“{term.surface[:_WORD_LIMIT]}”" for term in terms[:_LISTED]]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + f" and {quoted[-1]}"
