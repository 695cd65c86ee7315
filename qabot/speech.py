"""Whose words a sentence gives. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from qabot.words import Token, fold, is_stopword

_SPEECH = frozenset(
    """said says told tells added adds stressed stresses warned warns argued argues claimed claims
    noted notes announced announces declared declares insisted insists stated states described
    describes called calls thanked thanks promised promises vowed vows denied denies attributed
    ruled answered replied responded wrote writes tweeted posted explained explains recalled recalls
    confirmed acknowledged admitted conceded remembered testified concluded continued remarked
    observed urged pledged suggested predicted complained joked accused dismissed hailed branded
    criticised criticized praised condemned blamed attacked welcomed""".split()
)
_WITH_QUOTATION = frozenset("called calls attacked blamed accused".split())
"""Verbs that give somebody's words only where some are quoted: "Hobbs called Lind at ten"."""
PRONOUNS = frozenset({"he", "she", "they"})
_MARK = re.compile(r"[\"“”]|\b(?:it|him|her|them|this|that) an? ")
_QUOTED = re.compile(r"[,.!?…—–-]['’]?[\"”»]\s*$")
_OF_OFFICE = frozenset("the a an of for at his her their its".split())
_OWNER = frozenset({"'s ", "’s "})
_LONGEST_SUBJECT = 8  # words: "The environmental group Clean Coast"
_BELONGS = frozenset("of at from the".split())
_LONGEST_TITLE = 8  # words of an office and a name: "Professor Rupert Osgood of the Tarn Institute"


def says(speaker: frozenset[str], text: str, words: tuple[Token, ...]) -> bool:
    """Whether a sentence gives the words of the speaker whose name has these stems.

    "Boeing chief executive Dave Calhoun said" gives those of Boeing, too.
    """
    return any(one.stem in speaker for _, around in sayings(text, words) for one in around)


def sayings(text: str, words: tuple[Token, ...]) -> Iterator[tuple[Token, tuple[Token, ...]]]:
    """Each verb of saying in a sentence, with the words that may name who says it."""
    for number, word in enumerate(words):
        said = fold(word.surface)
        if said in _SPEECH and not (said in _WITH_QUOTATION and not _MARK.search(text)):
            before = _before_aside(text, words[:number], word)
            around = (*before[-2:], *_titled(text, before))
            told = text[: word.start].rstrip()
            if _QUOTED.search(told):
                around += tuple(_named_behind(text, words[number:]))
            elif told.endswith(","):
                around += tuple(one for one in words[number + 1 :][:1] if one.is_capitalised)
            if before and fold(before[-1].surface) == "and":  # "Holt opposed it and warned that"
                around += tuple(
                    one for one in words[:number][:_LONGEST_SUBJECT] if one.is_capitalised
                )
            aside = words[len(before) : number]
            if all(one.is_capitalised for one in aside):
                around += aside  # "the harbour master, Ada Lee, said"
            yield word, around
        elif said == "according":
            yield word, tuple(_named_behind(text, words[number + 1 :]))


def _titled(text: str, words: tuple[Token, ...]) -> Iterator[Token]:
    """The last words of a text as far back as nothing but office and name may stand there, and a
    name before where it belongs: "Rupert Osgood of the Tarn Institute".
    """
    follows: Token | None = None
    for word in words[: -_LONGEST_TITLE - 1 : -1]:
        adjoins = follows is None or text[word.end : follows.start].isspace()
        if not adjoins or (is_stopword(word.surface) and fold(word.surface) not in _BELONGS):
            return
        yield word
        follows = word


def _named_behind(text: str, words: tuple[Token, ...]) -> list[Token]:
    """The words behind a verb as far as an office and a name go: "said union leader Urs Amsler",
    "said Huber's lawyer, Emil Graf", which are not the words of Huber.
    """
    found: list[Token] = []
    for one, word in pairwise(words[: _LONGEST_TITLE + 4]):
        between = text[one.end : word.start]
        is_named = any(each.is_capitalised for each in found)
        is_aside = between == ", " and not is_named
        small = {"the"} if is_named else _OF_OFFICE
        is_office = not is_stopword(word.surface) or fold(word.surface) in small
        if not ((between.isspace() or is_aside or between in _OWNER) and is_office):
            break
        if between in _OWNER:
            found.clear()
        found.append(word)
    return found


def _before_aside(text: str, words: tuple[Token, ...], verb: Token) -> tuple[Token, ...]:
    """The words before a verb, without "a Republican from California" in "Ed Royce, a Republican
    from California, said".
    """
    if not words or "," not in text[words[-1].end : verb.start]:
        return words
    ends = [one.end for one, other in pairwise(words) if "," in text[one.end : other.start]]
    return tuple(word for word in words if not ends or word.end <= ends[-1])
