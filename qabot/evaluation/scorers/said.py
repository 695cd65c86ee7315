"""What an answer says, without its markers, and how texts are made alike to compare. Pure."""

from __future__ import annotations

import re
import string

from qabot.evaluation.model import Outcome

SHORT = 5
"""Tokens of an expected answer, at most, for it to count as short."""

_WORD = re.compile(r"\w+")
_ARTICLE = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def sentences(outcome: Outcome) -> list[str]:
    """The sentences that the answer gives; none where the bot abstains."""
    if outcome.answer.status != "answered":
        return []
    return [claim.text for claim in outcome.answer.claims]


def squeezed(text: str) -> str:
    """Lower case, each word between single spaces: for telling whether words stand in a text."""
    return f" {' '.join(_WORD.findall(text.lower()))} "


def normalised(text: str) -> list[str]:
    """The tokens that SQuAD 1.1's official script compares.

    Lower case, without ASCII punctuation and without "a", "an" and "the".
    """
    return _ARTICLE.sub(" ", text.lower().translate(_PUNCTUATION)).split()


def short_answers(outcome: Outcome) -> list[list[str]]:
    """The expected answers, normalised, where the case is answerable and all of them are short."""
    if not outcome.case.answerable:
        return []
    expected = [tokens for answer in outcome.case.answers if (tokens := normalised(answer))]
    return expected if all(len(tokens) <= SHORT for tokens in expected) else []


def given(outcome: Outcome) -> list[str]:
    """The tokens of the whole answer, normalised."""
    return normalised(" ".join(sentences(outcome)))
