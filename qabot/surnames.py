"""Full names of a question, and the sentences in which the surname stands for them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from qabot.answer_names import is_calendar
from qabot.passage_sentences import Sentence
from qabot.question import Question
from qabot.thesaurus import is_common, is_place
from qabot.words import Token, fold, is_stopword

Others = Sequence[tuple[list[int], list[int]]]
"""Terms of a question, and the places of the sentences that tell of another with one of them."""
_OF_PLACES = frozenset("new old north south east west san santa los las saint st port".split())
_PRONOUNS = frozenset("he him his she her hers they them their who whose".split())


def by_surname(
    question: Question, sentences: Sequence[Sentence]
) -> Iterator[tuple[int, int, list[int]]]:
    """Of each full name asked about, which terms are its given name and its surname, and the places
    of the sentences with the surname alone.

    An article names somebody in full once. Where it does, its "Finch" is the Dora Finch asked
    about, unless it names another Finch, too.
    """
    order = {term.stem: place for place, term in enumerate(question.terms)}
    pairs = _full_names(question)
    standing = _standing({surname.stem for _, surname in pairs}, sentences)
    for given, surname in pairs:
        found = {
            place
            for (stem, _), own in standing.items()
            if stem == surname.stem and {name for _, name in own} - {""} == {given.stem}
            for place, _ in own
        }
        if found:
            yield order[given.stem], order[surname.stem], sorted(found)


def of_others(
    question: Question, sentences: Sequence[Sentence]
) -> Iterator[tuple[list[int], list[int]]]:
    """The two terms of each full name asked about, and the places of the sentences in which only
    another bears half of it: "Hugo Finch was fined", asked about Dora, "Storm Ines", about Alma.

    One with "his" or "her" may still tell of both.
    """
    order = {term.stem: place for place, term in enumerate(question.terms)}
    kinds = [
        pair
        for pair in pairwise(one.token for one in question.terms)
        if _is_kind(question.text, *pair)
    ]
    following = _following({kind.stem for kind, _ in kinds}, sentences)
    for kind, name in kinds:
        behind = following[kind.stem]
        if any(name.stem in names for names in behind.values()):
            found = [place for place in behind if not _tells_of(name, sentences[place])]
            yield [order[kind.stem], order[name.stem]], found
    pairs = [pair for pair in _full_names(question) if all(one.is_capitalised for one in pair)]
    standing = _standing({surname.stem for _, surname in pairs}, sentences)
    for given, surname in pairs:
        bearers: dict[int, set[str]] = defaultdict(set)
        for (stem, _), own in standing.items():
            for place, before in own if stem == surname.stem else ():
                bearers[place].add(before)
        found = [
            place
            for place, names in bearers.items()
            if not names & {"", given.stem} and not _tells_of(given, sentences[place])
        ]
        if found:
            yield [order[given.stem], order[surname.stem]], sorted(found)


def _is_kind(text: str, kind: Token, name: Token) -> bool:
    """Whether two words of a question may be what something is and its name: "storm Alma"."""
    is_kind = text[kind.end : name.start].isspace() and fold(kind.surface) not in _OF_PLACES
    return is_kind and not (is_place(kind.stem) or is_place(name.stem) or is_common(name.stem))


def _following(
    kinds: Collection[str], sentences: Sequence[Sentence]
) -> dict[str, dict[int, set[str]]]:
    """Of each kind the sentences that have it before a name, by their places, and these names."""
    found: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for place, sentence in enumerate(sentences if kinds else ()):
        for one, other in pairwise(sentence.words):
            if one.stem in kinds and other.is_capitalised and not other.is_number:
                follows = sentence.text[one.end : other.start].isspace()
                if follows and not (is_stopword(other.surface) or is_calendar(other.surface)):
                    found[one.stem][place].add(other.stem)
    return found


def _tells_of(given: Token, sentence: Sentence) -> bool:
    return any(
        word.stem == given.stem or fold(word.surface) in _PRONOUNS for word in sentence.words
    )


def _full_names(question: Question) -> list[tuple[Token, Token]]:
    return [
        (given, surname)
        for given, surname in pairwise(term.token for term in question.terms)
        if _may_be_name(question.text, given, surname)
    ]


def _standing(
    surnames: Collection[str], sentences: Sequence[Sentence]
) -> dict[tuple[str, str], list[tuple[int, str]]]:
    """Of each surname and article, the sentences that have it, and after which given name."""
    found = defaultdict(list)
    for place, sentence in enumerate(sentences):
        for number, word in enumerate(sentence.words):
            if word.stem in surnames and word.is_capitalised:
                key = word.stem, sentence.passage.document_id
                found[key].append((place, _given(sentence, number)))
    return found


def _may_be_name(text: str, given: Token, surname: Token) -> bool:
    pair = (given.stem, surname.stem)
    adjoins = text[given.end : surname.start].isspace()
    words = given.surface.isalpha() and surname.surface[:1].isalpha()
    return adjoins and words and not (all(map(is_common, pair)) or any(map(is_place, pair)))


def _given(sentence: Sentence, number: int) -> str:
    """The stem of the name before a surname; empty for a title, a country, a day or nothing."""
    if number == 0:
        return ""
    word, surname = sentence.words[number - 1], sentence.words[number]
    adjoins = sentence.text[word.end : surname.start].isspace()
    other = is_calendar(word.surface) or is_common(word.stem) or is_place(word.stem)
    return word.stem if adjoins and word.is_capitalised and not other else ""
