"""Articles that answer a question differently: which, and which of them is newer. Pure.

Two sentences of different articles differ where both are about what is asked, on one occasion as
far as names, years and days tell, and where what they give in answer cannot both be right. What is
not sure is no difference: a wrong alarm is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise

from qabot.amounts import days, figures, lengths
from qabot.answer_names import is_calendar, names
from qabot.kinds import Expects
from qabot.naming import said_day, shortened
from qabot.passage_sentences import Sentence, leans_on_previous, sentences_of
from qabot.question import Question, analyse
from qabot.rewritten import said_otherwise
from qabot.sentences import asks
from qabot.thesaurus import is_common
from qabot.types import Citation, Hit, Passage
from qabot.values import Reader, Value, differ, matches, telling
from qabot.words import Token, fold, is_stopword, tokens

MOST = 3
"""Sentences that differ, at most."""
_SHARED_NAMES = 0.3
"""Share of the names, besides the question's, that two passages on one occasion have in common."""
_FEW_NAMES = 3
"""Names below which these tell nothing."""
_DAYS_APART = 60
"""Days between two articles on one occasion, at most."""
_DAYS_LATER = 7
"""The same for one report written again: with another name, later, it is a report on another."""
_MORE = 2
"""Words of its own that a sentence may have before what it is asked about."""
_AT = frozenset({"in", "at", "near", "on", "outside"})
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
_READERS: Mapping[Expects, Reader] = {
    "number": figures, "money": figures, "duration": lengths, "time": days, "person": names,
    "role": names, "place": names,
}  # fmt: skip

Days = Callable[[Passage | Citation], date | None]
"""The day of publication of a passage's article, as far as it is known."""


def differing(
    question: str, chosen: Sequence[Sentence], hits: Sequence[Hit], day_of: Days
) -> tuple[Sentence, ...]:
    """Sentences of different articles that give different answers, the newest first; or none.

    All are about what one of the ``chosen`` is about.
    """
    asked = analyse(question)
    for sentence in chosen:
        found = _apart_by_value(asked, sentence, hits, day_of)
        if not found:
            again = said_otherwise(asked, sentence, hits, day_of(sentence.passage))
            found = [one for one in again if _is_one_time(sentence, one, day_of, _DAYS_LATER)]
            found = [sentence, *found] if found else []
        if found:
            return tuple(sorted(found, key=lambda one: _age(day_of(one.passage)))[:MOST])
    return ()


def _apart_by_value(
    asked: Question, sentence: Sentence, hits: Sequence[Hit], day_of: Days
) -> list[Sentence]:
    """A sentence and those of other articles that give another value of what is asked."""
    value = value_of(asked, sentence, day_of) if asked.expects in _READERS else None
    if value is None or not _is_about(asked, sentence):
        return []
    given = [(sentence, value), *_others(asked, sentence, hits, day_of)]
    return [
        one
        for one, own in given
        if any(_apart((one, own), other) for other in given if other[0] is not one)
    ]


def _is_one_time(one: Sentence, other: Sentence, day_of: Days, most: int) -> bool:
    """Whether two articles, as far as their days are known, are ``most`` days apart at most."""
    mine, theirs = (day_of(each.passage) for each in (one, other))
    return not (mine and theirs and abs((mine - theirs).days) > most)


def _others(
    asked: Question, sentence: Sentence, hits: Sequence[Hit], day_of: Days
) -> list[tuple[Sentence, Value]]:
    """What other articles give on the same, the best of each."""
    found: dict[str, tuple[Sentence, Value]] = {}
    for rank, hit in enumerate(hits):
        identifier = hit.passage.document_id
        if identifier == sentence.passage.document_id:
            continue
        for other in sentences_of(hit.passage, rank):
            if identifier not in found and _is_alike(asked, sentence, other, day_of):
                value = value_of(asked, other, day_of)
                if value is not None:
                    found[identifier] = other, value
    return list(found.values())


def with_others(
    question: str, chosen: Sequence[Sentence], hits: Sequence[Hit], day_of: Days
) -> tuple[Sentence, ...]:
    """The chosen sentences, and first those that differ with one of them, the newest first."""
    found = differing(question, chosen, hits, day_of)
    places = {_place(one) for one in found}
    rest = [sentence for sentence in chosen if _place(sentence) not in places]
    return (*found, *rest[: MOST - len(found)]) if found else tuple(chosen)


def note_on(
    question: str, citations: Sequence[Citation], hits: Sequence[Hit], day_of: Days
) -> tuple[str, ...]:
    """What a reader should know where articles differ with what is cited; mostly nothing."""
    cited = {
        sentence: citation.marker
        for citation in reversed(citations)
        for rank, hit in enumerate(hits)
        if hit.passage.document_id == citation.document_id
        for sentence in sentences_of(hit.passage, rank)
        if sentence.start < citation.end and citation.start < sentence.end
    }
    labels = []
    for one in differing(question, list(cited), hits, day_of):
        title = f"“{shortened(one.passage.title)}”"
        labels.append((f"[{cited[one]}]" if one in cited else title, day_of(one.passage)))
    return (said(labels),) if labels else ()


def _place(sentence: Sentence) -> tuple[str, int, int]:
    return sentence.passage.document_id, sentence.start, sentence.end


def value_of(asked: Question, sentence: Sentence, day_of: Days) -> Value | None:
    """The one value of the kind asked for beside what is asked; None where that is not sure."""
    day = day_of(sentence.passage)
    read = _READERS[asked.expects]
    found = [one for one in read(asked, sentence.text, sentence.words, day) if one.tied]
    return found[0] if len({(one.key, one.figure) for one in found}) == 1 else None


def _apart(one: tuple[Sentence, Value], other: tuple[Sentence, Value]) -> bool:
    """Whether what two sentences give cannot both be right."""
    if not differ(one[1], other[1]):
        return False
    mine, theirs = one[1].key[0], other[1].key[0]
    if isinstance(mine, frozenset) and isinstance(theirs, frozenset):
        # Where one sentence holds both names, it tells which is which.
        return not (mine & _stems(other[0]) or theirs & _stems(one[0]))
    return True


def _is_about(asked: Question, sentence: Sentence) -> bool:
    """Whether a sentence, with its title and heading, holds all that the question names."""
    if not _told(asked, sentence) or asks(sentence.text):
        return False
    close = [*sentence.words, *_head(sentence)]
    held = all(matches(term.stem, close) for term in asked.terms if not term.is_plain)
    if any(term.is_name and not matches(term.stem, sentence.words) for term in asked.terms):
        held = held and not _is_elsewhere(sentence)
    return held and not leans_on_previous(sentence.text)


def _is_elsewhere(sentence: Sentence) -> bool:
    """Whether a sentence names a place of its own: then the title's may not be meant."""
    known = [word.stem for word in _head(sentence)]
    return any(
        fold(before.surface) in _AT and word.is_capitalised and word.stem not in known
        for before, word in pairwise(sentence.words)
        if not is_calendar(word.surface)
    )


def _told(asked: Question, sentence: Sentence) -> set[str]:
    """The words that say what is asked, as far as the sentence itself holds them."""
    return {stem for stem in telling(asked) if matches(stem, sentence.words)}


def _head(sentence: Sentence) -> tuple[Token, ...]:
    return _words(f"{sentence.passage.title}\n{sentence.passage.heading}")


@lru_cache(maxsize=500)
def _words(text: str) -> tuple[Token, ...]:
    return tuple(tokens(text))


def _is_alike(asked: Question, one: Sentence, other: Sentence, day_of: Days) -> bool:
    """Whether another sentence is about the same, and on the same occasion."""
    if not _is_about(asked, other):
        return False
    if asked.expects != "time" and _years(asked, one, day_of) != _years(asked, other, day_of):
        return False
    told, close = _told(asked, one), [*other.words, *_head(other)]
    if not (told & _told(asked, other) and all(matches(stem, close) for stem in told)):
        return False
    if max(_own_words(asked, one, other, told), _own_words(asked, other, one, told)) > _MORE:
        return False
    if not _is_one_time(one, other, day_of, _DAYS_APART):
        return False
    names_here, names_there = _names_around(asked, one), _names_around(asked, other)
    fewer = min(len(names_here), len(names_there))
    return fewer < _FEW_NAMES or len(names_here & names_there) >= _SHARED_NAMES * fewer


def _own_words(asked: Question, one: Sentence, other: Sentence, told: set[str]) -> int:
    """How many words of its own the other has before what is asked: "the second album was"."""
    known = [*one.words, *_head(one), *_head(other)]
    count = 0
    for word in other.words:
        if any(matches(stem, [word]) for stem in told):
            break
        is_own = not (word.is_capitalised or word.is_number or is_stopword(word.surface))
        plain = any(term.stem == word.stem for term in asked.terms)
        count += is_own and not plain and not matches(word.stem, known)
    return count


def _years(asked: Question, sentence: Sentence, day_of: Days) -> set[int]:
    """The years that a sentence is about, but for the question's and that of its article."""
    day = day_of(sentence.passage)
    own = {int(year) for year in _YEAR.findall(sentence.text)}
    return own - {int(year) for year in _YEAR.findall(asked.text)} - ({day.year} if day else set())


def _names_around(asked: Question, sentence: Sentence) -> set[str]:
    """The names around a sentence that the question does not hold."""
    words = [*_head(sentence), *_words(sentence.passage.text)]
    return {
        word.stem
        for word in words
        if word.is_capitalised
        and not (word.is_number or is_stopword(word.surface) or is_common(word.stem))
        and word.stem not in asked.stems
    }


def _stems(sentence: Sentence) -> frozenset[str]:
    return frozenset(word.stem for word in sentence.words)


def _age(day: date | None) -> int:
    """Sorts the newest first, and what carries no date last."""
    return -day.toordinal() if day else 0


def said(labels: Sequence[tuple[str, date | None]]) -> str:
    """What a reader is told of articles that differ, the newest first, by what stands for each."""
    dated = [(f"{label} ({said_day(day)})", day) for label, day in labels if day]
    undated = [label for label, day in labels if not day]
    newest = [label for label, day in dated if day == dated[0][1]]
    older = [label for label, day in dated if day != dated[0][1]]
    without = f"which carr{'ies' if len(undated) == 1 else 'y'} no date"
    if older:
        ranks = f"{_listed(newest)} {'is' if len(newest) == 1 else 'are'} newer than"
        more = f"; there is also {_listed(undated)}, {without}" if undated else ""
        return f"The articles differ: {ranks} {_listed(older)}{more}."
    if undated:
        return f"The articles differ: {_listed([*newest, *undated])}, {without}."
    return f"The articles differ: {_listed(newest)} are of one day."


def _listed(labels: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(labels[:-1]), *labels[-1:])))
