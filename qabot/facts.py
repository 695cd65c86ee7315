"""What must stand in an article as it is: quotations, figures, names, denials. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise

from qabot.thesaurus import is_common, is_place, related
from qabot.words import Token, fold, is_stopword, tokens

_QUOTES = str.maketrans(dict.fromkeys('“”„‟«»‘’‚‛‹›`´＂＇"', "'"))
_MARK = re.compile(r"[“”„‟«»\"＂]")
_OPENING, _CLOSING = "“„‟«", "”»"
_FIGURE = re.compile(r"\d[\d,.]*\d|\d")
_SCALES = {
    "thousand": 3, "k": 3, "million": 6, "mn": 6, "m": 6, "billion": 9, "bn": 9, "trillion": 12,
}  # fmt: skip
_RANGE = frozenset(("to", "and", "or"))
_SMALL = 3  # number words up to it are seldom figures: "both", "a third country", "the two sides"
_SAME_PLACE = 0.75
_DENIALS = frozenset(
    "not no never neither nor without denied deny denies cannot none refused rejected ruled false "
    "untrue".split()
)
_REACH = 3


def plain(text: str) -> str:
    """``text`` with quote characters all alike and white space single, for comparing."""
    return " ".join(text.translate(_QUOTES).split())


def quotations(text: str) -> list[str]:
    """What stands between double quotation marks; one left open ends, or begins, with the text."""
    found: list[str] = []
    start: int | None = None
    for match in _MARK.finditer(text):
        place, mark = match.start(), match.group()
        before, after = text[place - 1 : place] if place else "", text[place + 1 : place + 2]
        opens = mark in _OPENING or (mark not in _CLOSING and (not before or before in " ([—–-"))
        if start is not None and (not opens or mark not in _OPENING):
            found.append(text[start:place])
            start = None
        elif opens or after.isalnum():
            if start is not None:
                found.append(text[start:place])
            start = place + 1
        elif not found:
            found.append(text[:place])
    if start is not None:
        found.append(text[start:])
    return found


def is_verbatim(quotation: str, text: str) -> bool:
    """Whether a quotation stands in ``text`` word for word, its closing comma or stop aside."""
    wanted, there = plain(quotation).strip(" ,.;:'"), plain(text)
    place = there.find(wanted)
    while wanted and place >= 0:
        before, after = there[place - 1 : place] if place else "", there[place + len(wanted) :][:1]
        if not (before.isalnum() and wanted[0].isalnum()) and not (
            after.isalnum() and wanted[-1].isalnum()
        ):
            return True
        place = there.find(wanted, place + 1)
    return False


def absent(claim: str, cited: Sequence[str], seen: Iterable[str]) -> list[str]:
    """Figures, dates and names of ``claim`` that no text of ``cited`` holds, as it writes them.

    A name stands, too, where ``seen`` has it next to a name that stands in ``cited``: articles give
    full names and offices once.
    """
    words = tokens(claim)
    missing = absent_figures(claim, cited)
    held = [word for text in cited for word in tokens(text)]
    stems = {word.stem for word in held}
    initials = _initials(held)
    unknown = [
        number
        for number in _names(words, stems)
        if not _stands(words[number], stems) and words[number].surface not in initials
    ]
    if not unknown:
        return missing
    pairs = {pair for text in seen for pair in pairwise(w.stem for w in tokens(text))}
    for number in reversed(unknown):  # from the last name, which stands, to the first
        name, after = words[number], words[number + 1 : number + 2]
        if after and after[0].is_capitalised and (name.stem, after[0].stem) in pairs:
            stems |= {name.stem} if _stands(after[0], stems) else set()
    return missing + [words[n].surface for n in unknown if words[n].stem not in stems]


def absent_figures(claim: str, cited: Sequence[str]) -> list[str]:
    """Figures of ``claim`` that no text of ``cited`` holds, as it writes them."""
    held = _values(cited)
    return [surface for surface, value in _figures(claim) if value not in held]


def denial_differs(claim: str, evidence: Sequence[str]) -> bool:
    """Whether a word both share is denied on one side only ("did not agree"), wherever it stands.

    A word is denied when one of the three words before it is a "not" of some kind.
    """
    own = _denied(tokens(claim))
    there: dict[str, set[bool]] = {}
    for text in evidence:
        for stem, denials in _denied(tokens(text)).items():
            there.setdefault(stem, set()).update(denials)
    shared = [stem for stem in own if stem in there]
    return any(own[stem].isdisjoint(there[stem]) for stem in shared)


def _denied(words: Sequence[Token]) -> dict[str, set[bool]]:
    """For each content word, by stem, whether it stands denied, plainly, or both."""
    found: dict[str, set[bool]] = {}
    last = -_REACH - 1
    for number, word in enumerate(words):
        folded = fold(word.surface)
        if folded in _DENIALS or folded.endswith("n't"):
            last = number
        elif not (is_stopword(word.surface) or word.is_number):
            found.setdefault(word.stem, set()).add(number - last <= _REACH)
    return found


def _values(texts: Sequence[str]) -> set[Fraction | str]:
    return {value for text in texts for _, value in _figures(text)}


def _figures(text: str) -> list[tuple[str, Fraction | str]]:
    """The figures of a text as written, and what they are worth: "5 to 6 million" is two."""
    found: list[tuple[str, Fraction | str]] = []
    scale = 0
    words = tokens(text)
    for number in range(len(words) - 1, -1, -1):
        word = words[number]
        surface = word.surface.casefold()
        if surface in _SCALES:
            scale = _SCALES[surface]
        elif match := _FIGURE.search(word.surface):
            found.append((word.surface, _worth(match.group(), scale)))
        elif word.stem.isdecimal() and int(word.stem) > _SMALL:
            found.append((word.surface, _worth(word.stem, scale)))
        if surface not in _SCALES and not (
            surface in _RANGE or (number and _in_range(words, number))
        ):
            scale = 0
    return found[::-1]


def _in_range(words: Sequence[Token], number: int) -> bool:
    """Whether the word at ``number`` ends a range, so that its scale is also the beginning's."""
    return words[number - 1].surface.casefold() in _RANGE or (
        words[number - 1].is_number and words[number].start - words[number - 1].end == 1
    )


def _worth(figure: str, scale: int) -> Fraction | str:
    digits = figure.replace(",", "")
    if digits.count(".") > 1:
        return digits
    return Fraction(digits) * Fraction(10**scale)


def _names(words: Sequence[Token], stems: set[str]) -> list[int]:
    """The numbers of the words that are names; the first word only where it can be nothing else."""
    found = []
    for number, word in enumerate(words):
        if not word.is_capitalised or is_stopword(word.surface) or word.is_number:
            continue
        if number == 0 and not _is_name_first(words):
            continue
        found.append(number)
    return found


def _is_name_first(words: Sequence[Token]) -> bool:
    first = words[0]
    if is_place(first.stem) or first.surface[1:2].isupper() or "." in first.surface:
        return True
    follows = len(words) > 1 and words[1].is_capitalised and not is_stopword(words[1].surface)
    return follows and not is_common(first.stem)


def _stands(word: Token, stems: set[str]) -> bool:
    """Whether a name stands among stems: as it is, or a people for its country."""
    if word.stem in stems:
        return True
    return is_place(word.stem) and any(related(word.stem, one) >= _SAME_PLACE for one in stems)


def _initials(words: Sequence[Token]) -> set[str]:
    """What runs of two to six capitalised words are shortened to: IMF."""
    found = set()
    run = ""
    for word in words:
        run = (run + word.surface[0])[-6:] if word.is_capitalised else ""
        found |= {run[start:] for start in range(len(run) - 1)}
    return found
