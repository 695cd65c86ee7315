"""Where sentences begin and end, as exact spans of the text they stand in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from qabot.dates import MONTH_NAME
from qabot.layout import LONGEST_ROW, cells, stand_apart

# A full stop after one of these does not end a sentence.
_TITLES = (
    "mr mrs ms dr prof sr jr st gen col lt sgt capt cmdr adm maj brig rep sen gov pres hon rev "
    "messrs mt ft vs v no nos vol fig figs p pp ed eds al dept univ inc ltd co corp bros approx"
)
_MONTHS = "jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri"
_NEVER_LAST = frozenset((_TITLES + " e.g i.e cf viz " + _MONTHS).split())
# These may end a sentence or stand before a name; what follows decides.
_COMPANY = frozenset("inc ltd co corp bros jr sr etc al".split())
# So may these end a sentence, but not behind a comma: "CHICO, Calif. (AP)".
_STATES = frozenset(
    "ala ariz ark calif colo conn del fla ga ill ind kan ky la mass md mich minn miss mo mont neb "
    "nev okla ore pa tenn tex va vt wash wis wyo".split()
)
_BEHIND_HOUR = re.compile(
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tues?|wed|thu|fri|sat|sun|[ECMP][SD]?T|B?ST|GMT|"
    rf"CES?T|UTC|IST|eastern|central|pacific|mountain|local|{MONTH_NAME})\b",
    re.I,
)

# Possessive, so that a megabyte of dots is read once; a footnote's [3], [^a], ¹ or 3 belongs to its
# sentence, and so do the marks of Markdown around it.
_NOTE = r"\[\^?[\w, –-]{1,20}\]|\(\d{1,2}\)|[¹²³⁰⁴-⁹]"
_NOTE += r"|(?:(?<=[^\W\d_][.!?])|(?<=[^\W\d_][.!?][”\"]))\d{1,2}(?=\s+[A-Z“\"]|\s*$)"
_END = re.compile(rf"(?<![.!?…])[.!?…]++(?:[\"'”’»)\]*_]|{_NOTE})*+(?=\s|$)|[。！？]+[”’」』）]*")
_ASKS = re.compile(r"\?[\W_]*$")
_WORD_BEFORE = re.compile(r"[\w.&'’-]+$")
_LONGEST_QUOTATION = 600
_FEW = 9  # code points before a word that tell whether it is a unit or a state
_LINE_END = re.compile(r"\n[^\S\n]*(?:\n\s*)?")
# Who said what stands before, and no more: "Chabot told VOA in a statement", not "Chabot said he".
_ATTRIBUTION = re.compile(
    r"\s+(?:[A-Z][\w.’'-]*\s+){1,6}(?:(?:said|says|added|adds|wrote|writes|replied|tweeted|posted|"
    r"shouted|asked)|(?:told|tells|asked)\s+(?:[\w’'-]+\s+){0,3}[\w’'-]+)"
    r"(?=[.,;]|$|\s+(?:in|on|at|to|during|after|before|as|when|while|late|later|early|earlier|last|"
    r"this|yesterday|through|by|of|about|via|with|from|following|"
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)\b)"
)
# "9." and "(a)" before what they number, "3.1." and "iv)" too.
_NUMBER = re.compile(r"\(?(?:\d{1,3}(?:\.\d{1,3})*|[A-Za-z]|[ivxIVX]{1,5})[.)]*")
_OPENERS = "\"'“‘«([—–-"
# Words that start sentences far more often than they follow an initialism ("U.S. The ...").
_STARTERS = frozenset(
    "the a an he she it they we i you but and in on at this that these those his her its their "
    "our my after before since when while as if for from with by so then there however although "
    "according meanwhile also both earlier later".split()
)


def asks(text: str) -> bool:
    """Whether a sentence or a heading is a question."""
    return _ASKS.search(text) is not None


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Half-open spans of the sentences in ``text[start:end]``, without surrounding space.

    Every character outside the spans is white space; a blank line always ends a sentence, and so
    does the end of a table's row, of an item of a list and of a labelled value. A full
    stop inside “quotation marks” does not, nor one at their end before "Chabot said.", so that a
    quotation keeps the words that say whose it is; a quotation of more than 600 characters, or one
    never closed, is split like other text.
    """
    stop = len(text) if end is None else end
    spans: list[tuple[int, int]] = []
    begin = start
    for paragraph_end, resume in _paragraphs(text, start, stop):
        if not cells(text[begin : min(paragraph_end, begin + LONGEST_ROW + 1)]):
            begin = _split_paragraph(text, begin, paragraph_end, spans)
        _append(text, begin, paragraph_end, spans)
        begin = resume
    return spans


def _paragraphs(text: str, start: int, stop: int) -> list[tuple[int, int]]:
    """Where paragraphs and lines of a form of their own end, and where what follows begins."""
    found: list[tuple[int, int]] = []
    lines: list[tuple[int, int]] = []
    begin = start
    for end, resume in [*(m.span() for m in _LINE_END.finditer(text, start, stop)), (stop, stop)]:
        lines.append((begin, end))
        if text.count("\n", end, resume) > 1 or end == stop:
            found += _apart(text, lines)
            found.append((end, resume))
            lines = []
        begin = resume
    return found


def _apart(text: str, lines: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Between which lines of a paragraph one of them ends that has a form of its own."""
    width = max(end - begin for begin, end in lines)
    for one, other in pairwise(lines):
        if stand_apart(_line(text, *one), _line(text, *other), width):
            yield one[1], other[0]


def _line(text: str, start: int, end: int) -> str:
    """A line, or of a very long one its beginning and its end."""
    if end - start <= LONGEST_ROW:
        return text[start:end]
    return text[start : start + LONGEST_ROW] + text[end - 99 : end]


def _split_paragraph(text: str, begin: int, stop: int, spans: list[tuple[int, int]]) -> int:
    quoted_until = begin
    opener = text.find("“", begin, stop)
    for match in _END.finditer(text, begin, stop):
        while 0 <= opener < match.start():
            closer = text.find("”", opener, min(stop, opener + _LONGEST_QUOTATION))
            quoted_until = closer + 1 if closer >= 0 else quoted_until
            opener = text.find("“", max(opener + 1, quoted_until), stop)
        if match.end() >= quoted_until and _ends_sentence(text, begin, match, stop):
            _append(text, begin, match.end(), spans)
            begin = match.end()
    return begin


def _append(text: str, begin: int, end: int, spans: list[tuple[int, int]]) -> None:
    while begin < end and text[begin].isspace():
        begin += 1
    while end > begin and text[end - 1].isspace():
        end -= 1
    if begin < end:
        spans.append((begin, end))


def _ends_sentence(text: str, begin: int, match: re.Match[str], stop: int) -> bool:
    following = _next_word(text, match.end(), stop)
    if not following:
        return True
    if _ends_quotation(text, begin, match) and _ATTRIBUTION.match(text, match.end(), stop):
        return False
    if match.end() - begin < 20 and _NUMBER.fullmatch(text[begin : match.end()].strip()):
        return False
    first = following.lstrip(_OPENERS)[:1]
    if "." not in match.group() or match.group().startswith(("..", "…")):
        # "Really?" he said: a lower-case word carries the sentence on.
        return not first.islower()
    if first.islower():
        return False
    before = _WORD_BEFORE.search(text, max(begin, match.start() - 40), match.start())
    word = before.group().lower() if before else ""
    if word in _COMPANY:
        return following.lower().strip(",.") in _STARTERS
    if word in _NEVER_LAST:
        # "No." is short for number before a figure, and an answer before anything else.
        return word == "no" and not following[:1].isdigit()
    if match.group() != ".":
        return True
    if word in {"a.m", "p.m"}:  # "at 9 p.m. EST on Friday"
        return not _BEHIND_HOUR.match(following)
    place = match.start() - len(word)
    earlier = text[max(begin, place - _FEW) : place]  # all since begin may be a megabyte
    if word in _STATES and text[place].isupper() and earlier.endswith(", "):
        return following.lower().strip(",.") in _STARTERS  # "CHICO, Calif. (AP)"
    is_unit = earlier.rstrip()[-1:].isdigit() or earlier.endswith("/")
    is_initialism = (len(word) == 1 and word.isalpha() and not is_unit) or "." in word
    if is_initialism and not any(map(str.isdigit, word)):
        return following.lower().strip(",.") in _STARTERS and word != "v"
    return True


def _ends_quotation(text: str, begin: int, match: re.Match[str]) -> bool:
    """Whether all since ``begin`` is a quotation, or the rest of one, that ends at the match."""
    if match.group()[-1] not in '"”' or match.end() - begin > _LONGEST_QUOTATION:
        return False
    sentence = text[begin : match.end()].lstrip()
    return sentence[:1] in '"“' or sentence.count('"') % 2 == 1


def _next_word(text: str, position: int, stop: int) -> str:
    match = re.compile(r"\s*(\S{1,40})").match(text, position, stop)
    return match.group(1) if match else ""
