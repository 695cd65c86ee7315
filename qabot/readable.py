"""What makes the sentences of an answer read well, and what reads badly. Pure.

A sentence that begins with "He" brings the one before it, one inside a quotation the one that says
who speaks, one that answers a question of the text that question, a row of a table or a labelled
value what heads it, one that leaves a quotation open its rest, where its speaker stands, and
one that announces something what it announces; nothing is said twice; captions, headings and links
give way to the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from qabot.dialogue import on_one_line, puts
from qabot.labels import go_together, heads_of
from qabot.layout import ITEM, has_form
from qabot.passage_sentences import (
    QUOTATION_MARK,
    Sentence,
    ends_quotation,
    follows,
    leans_on_next,
    leans_on_previous,
    sentences_of,
)
from qabot.quotations import voices
from qabot.sentences import asks
from qabot.types import Passage
from qabot.words import is_stopword

_UNDER_BODY = {"caption": 0.15, "subtitle": 0.15, "byline": 2.0, "note": 0.3}
"""Taken off the score where the body, if it says the same, says it better."""
_ASKING = 10.0
"""Taken off for a sentence that asks: it says no more than the question does."""
_FURNITURE = 2.0
"""Taken off for what a page says of itself, or of other pages."""
_CUT = 0.3
"""Taken off for a line without a stop at its end, or a link: headings, pieces of lists."""
_SAME, _SAME_BUT_NAMES = 0.55, 0.75
"""Share of the content words of the shorter of two sentences that say nearly the same, and where
one has a name that the other lacks."""
_MOST_ROWS = 100
"""Lines above a row that are looked at for the head of its table."""
_FEWEST = 4
"""Content words of a sentence, at least, for that share to say anything."""
_IS_FURNITURE = re.compile(
    r"\W*(?:(?:read|see|view|learn|find out) more\b|(?:more|related|contributing):|sign up\b|"
    r"subscribe\b|click here\b|advertisement\b|need a break\?|editor[’']s note\b|"
    r"(?:follow|contact) (?:her|him|them|us|me)\b|"
    r"(?:this|the) (?:story|article|report) (?:has been|was|is being) (?:updated|corrected)\b)",
    re.I,
)
_LABEL = re.compile(r"\W*[\w’' -]{3,60}:[^\W\d_]")  # "Storm news:What to know", a link to elsewhere
_STOPPED = re.compile(r"[.!?…:。！？][\"'”’»)\]]*$")

_ANNOUNCES = re.compile(r":[\"'”’»)\]]*$")
_LEFT_OPEN = re.compile(
    r"(?:How|Why|Where|When|What|Who)\b.{3,120}\b(?:is|are|was|were|remains?)\b.{0,20}"
    r"\b(?:(?:un|less |not )clear|unknown|not known|a mystery|disputed|another matter)\W*$"
)
_RUN_IN = re.compile(
    r"\(?\d[\d.]*[.)]\s+(?:(?:[A-Z][\w’'-]*|and|or|of|the|for|to|in|on|a|an|with)[\s,]*+){1,8}\."
)  # "3. Grant of Patent License." before the text that it is the heading of

Beside = Callable[[Passage, bool], Passage | None]
"""The passage that stands before another in its document, or, if True, after it; or None."""


def blemish(sentence: Sentence) -> float:
    """What is taken off a sentence's score because it reads badly as an answer."""
    text, kind = sentence.text, sentence.passage.kind
    taken = _UNDER_BODY.get(kind, 0.0)
    if asks(text):
        taken += _ASKING
    if kind == "body":
        if _IS_FURNITURE.match(text):
            taken += _FURNITURE
        elif _LABEL.match(text) or _RUN_IN.fullmatch(text) or not _STOPPED.search(text):
            taken += _CUT
    return taken


def readable(chosen: Sequence[Sentence], beside: Beside, most: int) -> tuple[Sentence, ...]:
    """The sentences to say, ``most`` at most: the best first, each with what it leans on."""
    answer: list[Sentence] = []
    for sentence in _without_asides(chosen):
        group = _since_question(sentence, answer, beside, most)
        voiced = _with_speaker(sentence, beside, most) if group == [sentence] else []
        while not voiced and 0 < len(group) < most and leans_on_previous(group[0].text):
            previous = _previous(group[0], beside)
            if previous is None:
                break
            group.insert(0, previous)
        is_chain = len(group) == most and leans_on_previous(group[0].text)
        if is_chain and not answer and not ends_quotation(sentence.text):
            group = [sentence]  # one pronoun before another does not say who
        group = voiced or group
        if group == [sentence] and len(answer) + 1 < most:
            group = [*_head(sentence, beside), sentence]
        if not group or (answer and not voiced and leans_on_previous(group[0].text)):
            continue
        group += _rest_of_quotation(group[-1], most - len(group))
        group += _announced(group[-1], beside, most - len(group))
        new = [one for one in group if not any(_says_the_same(one, other) for other in answer)]
        if sentence in new and len(answer) + len(new) <= most:
            answer += new
    return tuple(answer)


def _since_question(
    sentence: Sentence, answer: Sequence[Sentence], beside: Beside, most: int
) -> list[Sentence]:
    """A sentence with the question that it answers, right behind it or behind one sentence more.

    It alone where it stands further off or these are too many; nothing where it is too short to be
    understood so.
    """
    own = sentences_of(sentence.passage, sentence.rank)
    place = first = _place(sentence, own)
    while first and on_one_line(own[first - 1], own[first]) and not asks(own[first - 1].text):
        first -= 1
    question = _previous(own[first], beside)
    if question is None or not (puts(question.text) and follows(question, own[first])):
        return [sentence]
    whole = [question, *own[first : place + 1]]
    if place - first > 1 or len(whole) > most - len(answer):
        whole = [sentence]
    needs_question = first == place and len(_content(sentence)) < _FEWEST
    return [] if len(whole) == 1 and needs_question and question not in answer else whole


def _with_speaker(sentence: Sentence, beside: Beside, most: int) -> list[Sentence]:
    """A sentence of a quotation with the one before it that names who speaks, and, where it ends
    what began before, that beginning; nothing where it needs neither.
    """
    own = sentences_of(sentence.passage, sentence.rank)
    place = _place(sentence, own)
    voice = voices(own).get(place)
    if voice is None and QUOTATION_MARK.search(sentence.passage.text):
        earlier = beside(sentence.passage, False)
        before = sentences_of(earlier, sentence.rank) if earlier else ()
        own, place = (*before, *own), place + len(before)
        voice = voices(own).get(place)
    if voice is None or voice.place >= place:
        return []
    begun = [own[place - 1]] if ends_quotation(sentence.text) and voice.place < place - 1 else []
    return [own[voice.place], *begun[: most - 2], sentence]


def _head(sentence: Sentence, beside: Beside) -> list[Sentence]:
    """What heads a row of a table, a labelled value or an item of a list, if anything does."""
    if not has_form(sentence.text):
        return []  # nor is the passage before it looked up
    lines = [sentence]
    while len(lines) < _MOST_ROWS:
        above = _previous(lines[0], beside)
        if above is None or not follows(above, lines[0]):
            break
        lines.insert(0, above)
        if not go_together(*lines[:2]):
            break
    under = heads_of(lines)
    return [lines[under[len(lines) - 1]]] if len(lines) - 1 in under else []


def _place(sentence: Sentence, own: Sequence[Sentence]) -> int:
    return next(number for number, one in enumerate(own) if one.start == sentence.start)


def _without_asides(chosen: Sequence[Sentence]) -> Iterator[Sentence]:
    """A caption or a cut line is said only where no text chosen says the same, a caption only if
    it is the best.
    """
    text = [one for one in chosen if not _is_aside(one)]
    for place, sentence in enumerate(chosen):
        if _is_aside(sentence) and any(_says_the_same(sentence, one) for one in text):
            continue
        if place == 0 or sentence.passage.kind != "caption":
            yield sentence


def _is_aside(sentence: Sentence) -> bool:
    return sentence.passage.kind == "caption" or blemish(sentence) > 0


def _previous(sentence: Sentence, beside: Beside) -> Sentence | None:
    own = sentences_of(sentence.passage, sentence.rank)
    place = _place(sentence, own)
    if place > 0:
        return own[place - 1]
    passage = beside(sentence.passage, False)
    return sentences_of(passage, sentence.rank)[-1] if passage else None


def _next(sentence: Sentence, beside: Beside) -> Sentence | None:
    own = sentences_of(sentence.passage, sentence.rank)
    place = _place(sentence, own) + 1
    if place < len(own):
        return own[place]
    passage = beside(sentence.passage, True)
    return sentences_of(passage, sentence.rank)[0] if passage else None


def _announced(sentence: Sentence, beside: Beside, most: int) -> list[Sentence]:
    """What follows a colon at the end, the next sentence or the items of a list, or a heading, or
    what is left open: "How it got there is unclear."
    """
    is_heading = _RUN_IN.fullmatch(sentence.text)
    if not (is_heading or _LEFT_OPEN.match(sentence.text) or _ANNOUNCES.search(sentence.text)):
        return []
    following = _next(sentence, beside) if most > 0 else None
    if following is None or (is_heading and ITEM.match(following.text)):
        return []
    found = [following]
    while len(found) < most and ITEM.match(found[-1].text):
        following = _next(found[-1], beside)
        if following is None or not ITEM.match(following.text):
            break
        found.append(following)
    return found


def _rest_of_quotation(sentence: Sentence, most: int) -> Sequence[Sentence]:
    """What follows the beginning of a quotation, to where it ends; nothing if that is too far."""
    if not leans_on_next(sentence.text):
        return ()
    own = sentences_of(sentence.passage, sentence.rank)
    place = _place(sentence, own) + 1
    following = own[place : place + most]
    ends = [number for number, one in enumerate(following, start=1) if ends_quotation(one.text)]
    return following[: ends[0]] if ends else ()


def _says_the_same(one: Sentence, other: Sentence) -> bool:
    """Whether ``one`` says hardly more than ``other``; a figure of its own is more."""
    if one == other:
        return True
    mine, theirs = _content(one), _content(other)
    fewest = min(len(mine), len(theirs))
    if fewest < _FEWEST:
        return mine == theirs
    figures = {word.stem for word in one.words if word.is_number}
    names = {word.stem for word in one.words[1:] if word.is_capitalised} & mine
    needed = _SAME if names <= theirs else _SAME_BUT_NAMES
    return figures <= theirs and len(mine & theirs) >= needed * fewest


def _content(sentence: Sentence) -> frozenset[str]:
    return frozenset(word.stem for word in sentence.words if not is_stopword(word.surface))
