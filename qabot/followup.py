"""Questions that lean on the turns before them, made to stand alone. Pure.

Without a model a follow-up is not rewritten: what it leans on is put after it in brackets, as in
``and when was that? (Abbas Araqchi)``. Every word carried is one that an answer must cover, so few
are. For a model that rewrites it, the turns are written down here and its reply is made safe.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qabot import markers
from qabot.dates import MONTHS, WEEKDAYS
from qabot.prompts import as_data
from qabot.question import Question, analyse
from qabot.sentences import sentence_spans
from qabot.settings import LONGEST_QUESTION
from qabot.thesaurus import is_common, is_place
from qabot.types import Turn
from qabot.words import Token, clean, fold, is_stopword, stem, tokens

MOST = 6
"""Names and words carried to a question, at most."""
_READ = 4_000
"""Code points of an earlier turn that are looked at; an answer has a few hundred."""
_LONGEST_NAME = 60
_ANSWER_SHOWN = 500

_AUXILIARIES = frozenset(
    """is are was were be been do does did has have had will would can could should may might must
    isn't aren't wasn't weren't don't doesn't didn't hasn't haven't hadn't won't wouldn't can't
    couldn't shouldn't""".split()
)
_BEING = frozenset("is are was were be been isn't aren't wasn't weren't".split())
_PREPOSITIONS = frozenset(
    """about above after against along amid among at before behind beyond by despite during for
    from in into like of on over since through to toward towards under unlike until upon with
    without""".split()
)
_CONJUNCTIONS = frozenset("and or but that because if when while after before who which".split())
_STARTERS = _PREPOSITIONS | frozenset(
    """although though however later earlier meanwhile today yesterday tomorrow once whereas
    besides still yet even perhaps according instead nevertheless""".split()
)
_HE = frozenset("he she his him her hers himself herself".split())
_SAY = frozenset("say says said tell tells told add claim think".split())
_SUBJECTS = frozenset("he she they it".split())
_OBJECTS = frozenset("him them it".split())
_PRONOUNS = _HE | _SUBJECTS | _OBJECTS | frozenset("their theirs its itself themselves".split())
_POINTING = frozenset("this these those".split())
_BACK = frozenset("then else instead afterwards afterward latter".split())
_EMPTY_IT = re.compile(r"\bit (?:going to )?(?:rain|snow)|\b(?:is|was) it (?:from|true|likely)\b")
_OWN_TIME = frozenset("week month year time morning afternoon evening".split())
_ARTICLE = re.compile(r"\b(?:this|the) (?:article|story|report|text|piece)\b")
_JOINED = re.compile(r"(?:and|but|so|or|then|what about|how about|what of)\b")
_CALENDAR = frozenset(map(stem, (*MONTHS, *WEEKDAYS)))
_FENCE = re.compile(r"\b(?:BEGIN|END)(?=\s+[A-Z]{4})")
_LABEL = re.compile(r"^[*_#>\s-]{0,9}(?:[\w-]{1,20} ){0,3}question\W{0,4}:[*_\s]*", re.I)
_WRAPPING = " \t\"'“”„«»‘’`*_"


@dataclass(frozen=True, slots=True)
class _Name:
    """A name as written, and the stems of its words."""

    text: str
    stems: tuple[str, ...]

    @property
    def is_place(self) -> bool:
        return all(map(is_place, self.stems))

    @property
    def may_be_person(self) -> bool:
        return not (self.is_place or self.text.isupper() or is_common(self.stems[-1]))

    @property
    def family_name(self) -> str:
        """What articles call a person after the first time: the last word."""
        return self.text.rsplit(maxsplit=1)[-1]


def carry(question: str, history: Sequence[Turn]) -> str:
    """The question with what it leans on of the last turn in brackets, or as it is.

    What is added can be shown, and makes no question longer than one may be.
    """
    if not history or len(question) > LONGEST_QUESTION:
        return question
    asked = analyse(question)
    if not _leans(asked):
        return question
    result = question
    for text in _carried(asked, history[-1])[:MOST]:
        longer = f"{question} ({text})" if result == question else f"{result[:-1]}, {text})"
        result = longer if len(longer) <= LONGEST_QUESTION else result
    return result


def history_text(history: Sequence[Turn], most: int = 6, longest: int = 2_000) -> str:
    """The last ``most`` turns for a prompt, the oldest first, in ``longest`` code points at most.

    A question or an answer takes one line behind its label, so that none looks like a fence.
    """
    lines: list[str] = []
    room = longest
    for turn in reversed(history[-most:] if most > 0 else ()):
        asked = _one_line(turn.standalone or turn.question, _ANSWER_SHOWN)
        text = f"Question: {asked}\nAnswer: {_one_line(turn.answer, _ANSWER_SHOWN)}"
        if len(text) > room:
            break
        lines.append(text)
        room -= len(text) + 1
    return "\n".join(reversed(lines))


def usable(reply: str) -> str | None:
    """The one question in a model's reply, on one line without markers and quotes; None if none."""
    found = []
    for raw in reply[: 4 * LONGEST_QUESTION].splitlines():
        line = _LABEL.sub("", clean(markers.without(raw)), count=1)
        line = line.strip(_WRAPPING).replace(" ?", "?")
        if line.endswith(("?", "？")):
            found.append(line)
    is_one = len(found) == 1 and len(found[0]) <= LONGEST_QUESTION and tokens(found[0])
    return found[0] if is_one else None


def _one_line(text: str, longest: int) -> str:
    line = _FENCE.sub(lambda match: match.group().lower(), as_data(text[:_READ]))
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _carried(asked: Question, last: Turn) -> list[str]:
    """What the last turn lends to a question that leans on it, the surest first."""
    before = analyse((last.standalone or last.question)[:_READ])
    names = [name for name in _names(before.text) if asked.stems.isdisjoint(name.stems)]
    words = _words(before, names)
    own = [term for term in asked.terms if not term.is_plain]
    if own and all(term.is_name for term in own) and _JOINED.match(fold(asked.text)):
        # "and Turkey?" asks the same of another place, not of both
        place = all(is_place(term.stem) for term in own)
        return [name.text for name in names if name.is_place != place] + words
    known = asked.stems.union(*(name.stems for name in names))
    answer = clean(markers.defuse(last.answer[:_READ]))
    answered = [name for name in _names(answer) if known.isdisjoint(name.stems)]
    spoken = {fold(token.surface) for token in tokens(asked.text)}
    if spoken & _HE:
        people = [name for name in (*names, *answered) if name.may_be_person]
        told = [name for name in people if name in names] or people[:1]
        found = [name.family_name for name in told] or [name.text for name in names]
        return found if found and (own or spoken & _SAY) else found + words
    if "there" in spoken and not any(name.is_place for name in names):
        names += [name for name in answered if name.is_place][:1]
    if not names and not words:
        names = answered[:2]
    found = [name.text for name in names]
    # A name alone fits most of what an article says of it: "when? (Trump, sign)".
    return found if (own and found) or len(found) > 1 else found + words


def _words(before: Question, names: Sequence[_Name]) -> list[str]:
    """The content words of the question before that stand in no name."""
    named = {stem for name in names for stem in name.stems}
    terms = [t for t in before.terms if not (t.is_plain or t.is_name or t.stem in named)]
    words = [term.surface for term in terms if len(term.surface) <= _LONGEST_NAME]
    return [word for word in words if fold(word) not in _PREPOSITIONS]


def _leans(asked: Question) -> bool:
    """Whether a question says too little of its own to be looked up."""
    words = tokens(asked.text)
    folded = [fold(word.surface) for word in words]
    if asked.expects == "author" or not words or _ARTICLE.search(fold(asked.text)):
        return False
    own = [t for t in asked.terms if not t.is_plain and fold(t.surface) not in _PREPOSITIONS]
    has_name = any(term.is_name for term in own)
    is_fragment = len(words) <= 3 and len(own) == 1 and asked.expects not in {"other", "definition"}
    if not own or (is_fragment and not has_name and _AUXILIARIES.isdisjoint(folded)):
        return True
    if _JOINED.match(fold(asked.text)) and (not has_name or all(term.is_name for term in own)):
        return True
    if not has_name and (not _BACK.isdisjoint(folded) or "the same" in fold(asked.text)):
        return True
    if _EMPTY_IT.search(fold(asked.text)):
        return False
    return any(_points_back(number, folded, asked, words) for number in range(len(words)))


def _points_back(
    number: int, folded: Sequence[str], asked: Question, words: Sequence[Token]
) -> bool:
    """Whether the word at ``number`` stands for something that the question does not name."""
    word = folded[number]
    before = folded[number - 1] if number else ""
    after = folded[number + 1] if number + 1 < len(folded) else ""
    is_alone = not after or before in _AUXILIARIES | _PREPOSITIONS or after in _PREPOSITIONS
    if word in _POINTING or (word == "that" and is_alone):  # "that visit to Oslo" is named
        has_name = any(term.is_name for term in asked.terms)
        is_named = has_name and bool(after) and not is_stopword(after)
        return not is_named and after not in _OWN_TIME | {"who", "whom", "that"}
    if word == "there":
        return before not in _BEING and (not after or after in _PREPOSITIONS)
    if word == "so":
        return not after
    if word not in _PRONOUNS:
        return False
    # In "Did Trump sign it?" or "Which deal did he sign?" it is nothing of the same clause.
    is_subject = word in _SUBJECTS and (before in _AUXILIARIES or after in _AUXILIARIES)
    is_clause_mate = before in _AUXILIARIES if is_subject else word in _OBJECTS
    stop = _clause(folded, number) if is_clause_mate else number
    return not _antecedent(words[:stop], asked, word)


def _clause(folded: Sequence[str], number: int) -> int:
    """Where the clause that the word at ``number`` stands in begins."""
    return next((n for n in range(number - 1, 0, -1) if folded[n] in _CONJUNCTIONS), 0)


def _antecedent(words: Sequence[Token], asked: Question, pronoun: str) -> bool:
    """Whether a name or a thing among ``words`` may be what the pronoun stands for."""
    before = {token.stem for token in words}
    found = [term for term in asked.terms if term.stem in before and not term.is_plain]
    return any(pronoun not in _HE or not is_place(term.stem) for term in found)


def _names(text: str) -> list[_Name]:
    """The names in a text, each once, in order; as short as the text itself has them.

    Months, weekdays and figures are none.
    """
    found: dict[tuple[str, ...], _Name] = {}
    for start, end in sentence_spans(text):
        for run in _runs(text[start:end]):
            name = text[start + run[0].start : start + run[-1].end]
            stems = tuple(token.stem for token in run)
            if len(name) <= _LONGEST_NAME:
                found.setdefault(stems, _Name(name, stems))
    alone = {stems[0] for stems in found if len(stems) == 1}
    short = {(word,) for word in alone if not (is_place(word) or is_common(word))}
    return [
        name for stems, name in found.items()
        if len(stems) == 1 or not {(stems[0],), (stems[-1],)} & short
    ]  # fmt: skip


def _runs(sentence: str) -> Iterator[list[Token]]:
    """Stretches of capitalised words with a space or an "of" between, offices cut off."""
    run: list[Token] = []
    words = [token for token in tokens(sentence) if token.surface != "of"]
    for number, token in enumerate(words):
        is_name = _is_name(token)
        if run and not (is_name and sentence[run[-1].end : token.start].strip() in {"", "of"}):
            yield _without_office(run)
            run = []
        if is_name and (number or _is_name_first(token, sentence)):
            run.append(token)
    if run:
        yield _without_office(run)


def _without_office(run: list[Token]) -> list[Token]:
    """The name behind "U.S. Secretary of State"; "Joint Plan of Action" is one itself."""
    office = [is_place(token.stem) or is_common(token.stem) for token in run]
    rest = run[office.index(False) :] if False in office else run
    return run if any(office[len(run) - len(rest) :]) else rest


def _is_name(token: Token) -> bool:
    if not token.is_capitalised or token.is_number or is_stopword(token.surface):
        return False
    return token.stem not in _CALENDAR


def _is_name_first(token: Token, sentence: str) -> bool:
    """Whether the first word of a sentence is a name: by itself, or by what follows it."""
    if sentence[: token.start].endswith("(") or is_place(token.stem):
        return True  # "(Faenza)" was carried before
    if token.surface[1:2].isupper() or "." in token.surface:
        return True
    if fold(token.surface) in _STARTERS or is_common(token.stem):
        return False
    following = sentence[token.end : token.end + 3]
    return following[:2] in {"'s", "’s"} or following[1:2].isupper()
