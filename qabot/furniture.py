"""Lines that are no prose by their form: furniture of a page, bylines, credits, captions. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qabot.layout import label_of

_CLOSING = r"(?:[\"'”’»)\]¹²³⁰-⁹]|\[\d{1,3}\])*"  # with marks of footnotes
SENTENCE_END = re.compile(rf"[.!?…。！？]{_CLOSING}$")
PROSE_END = re.compile(rf"[.…。]{_CLOSING}$|[—–:,]$")
"""How a sentence ends, and how prose does whose first line might be a title."""
_CREDIT = re.compile(
    r"\b(?:via\s+)?(?:Getty Images|AFP|AP|Reuters|REUTERS|EPA|Pool|Shutterstock|Bloomberg|Xinhua|"
    r"Anadolu|NurPhoto|Handout|Associated Press|Alamy|iStock|Unsplash|Keystone|TASS|DPA|dpa)\b"
)
_CREDIT_TAIL = re.compile(r"(?:[/(]|\bvia\b|\b[Pp]hoto\b|\bImages?\b)")
_CAPTION_LEAD = re.compile(r"(?:photo|image|picture|caption|file photo|video)\s*[:—–-]\s*\S", re.I)
_FURNITURE = re.compile(
    r"(?:(?:last )?(?:updated|published|posted|modified)"
    r"(?:\s*:.{0,60}|\s+(?:on |at )?(?:[a-z]{3,9}\.?,? )*\d.{0,50})?|\d{1,2}:\d{2}(?::\d{2})?|"
    r"(?:for immediate |press |news |media )release:?|for immediate release\W.{1,60}|(?:# ?){3,}|"
    r"embargoed .{0,60}|(?:strictly |under )?embargo(?:ed)?:? (?:until|till|for|to)\b.{0,70}|"
    r"embargo: .{0,70}|not for (?:publication|release|broadcast) (?:before|until)\b.{0,70}|"
    r"\((?-i:AP|AFP|UPI|PA|PTI|Reuters|dpa)\)|"
    r"advertisement|share(?: this)?|print|listen|save|subscribe|sign up.{0,60}|read more.{0,120}|"
    r"related(?: stories| articles)?:?|\d+ min(?:ute)?s? read|skip to .{0,40}|"
    r"(?:[-*_=—~·•] ?){3,})",
    re.I,
)
_END_MARK = re.compile(  # "ENDS", "- ends -", "(MORE)", "-30-"
    r"[-–—/(*\[ ]{0,4}(?:MORE|ENDS?)[-–—/)*\] ]{0,4}|Ends|"
    r"[-–—/(*\[] ?(?:[Ee]nds?|[Mm]ore|30) ?[-–—/)*\]]"
)
SIGNED = re.compile(r"(?:[Bb]y|BY|(?:Written|Reporting|Words|Story) by)\s+[^\W\d_a-z].{0,110}")
_NAMES = re.compile(
    r"[A-Z][\w.’'-]+(?:\s+(?:[A-Z][\w.’'-]*|de|van|von|al|bin|and|&)){1,5}"
    r"(?:,\s*[A-Z][\w.’'-]+(?:\s+[A-Z][\w.’'-]+){0,3})?"
)
NOTE = re.compile(
    r".{0,120}\bcontributed to this (?:report|article|story)\.?"
    r"|(?:additional )?(?:reporting|editing|writing) by .{0,200}"
    r"|editor[’']s note:? .{0,400}",
    re.I,
)
FOR_EDITORS = re.compile(r"notes? (?:to|for) editors?:?", re.I)
_SLUG = re.compile(  # "BC-EU--Talks, 1st Ld-Writethru,612", "eu-talks/620 words", "EU-TRADE/TALKS"
    r"[A-Z]{2}-{1,2}\S.{0,80}[,/]\d{2,4}(?: words)?|\S{0,40}[-/]\S.{0,60}[,/] ?\d{2,4} words|"
    r"\S{0,40}[-/]\S.{0,60}(?:\d(?:st|nd|rd|th) (?:Ld|Lead|Add|Sub)\b|Writethru).{0,30}|"
    r"[A-Z\d]{2,}-[A-Z\d-]+/[A-Z\d-]*(?: ?\([A-Z\d ,]{2,40}\))?|"
    r"[A-Z\d]{2,}(?:-[A-Z\d]+)*/[A-Z\d-]* ?\([A-Z\d ,]{2,40}\)"
)
_CONTACT = re.compile(
    r"(?:(?:media|press|news ?desk) (?:contacts?|enquir(?:y|ies)|inquir(?:y|ies)|queries|office)|"
    r"(?:for )?(?:media|press|more|further) (?:enquiries|inquiries|information|details)"
    r"(?:,? (?:please )?(?:contact|call|e-?mail))?|contacts?)"
    r"\s{0,3}(?::\s{0,9}(?P<value>.{0,100}))?",
    re.I,
)
_REACH = re.compile(r"\w@\w|\+?\(?\d[\d ()./-]{5,20}\d")
_MOST_CONTACTS = 8
CAPTION_LIMIT = 600
"""Code points in a caption, and of a unit that need be looked at to tell what it is."""
_BYLINE_LIMIT = 120


def is_furniture(unit: str) -> bool:
    """Whether a line is of the page and not of the article: "Updated:", "Share this", "* * *"."""
    if is_end_mark(unit):
        return True
    if len(unit) > _BYLINE_LIMIT + 12 or _FURNITURE.fullmatch(unit) is None:
        return False
    return not SENTENCE_END.search(unit) or unit.endswith(("a.m.", "p.m."))


def is_end_mark(unit: str) -> bool:
    """Whether a line says only that the text, or this part of it, is over."""
    return len(unit) <= _BYLINE_LIMIT and _END_MARK.fullmatch(unit) is not None


def is_signed(unit: str) -> bool:
    """Whether a line says who wrote the article, as "By Ada Lee"."""
    is_short = len(unit) <= _BYLINE_LIMIT and not SENTENCE_END.search(unit)
    return is_short and SIGNED.fullmatch(unit) is not None


def is_names(unit: str) -> bool:
    """Whether a line holds names and nothing else."""
    is_short = len(unit) <= _BYLINE_LIMIT and not SENTENCE_END.search(unit)
    return is_short and _NAMES.fullmatch(unit) is not None


def is_caption(unit: str) -> bool:
    """Whether a paragraph is the caption of a picture, by its credit or its first word."""
    if len(unit) > CAPTION_LIMIT:
        return False
    tail = unit[-70:]
    credit = _CREDIT.search(tail)
    if credit and _CREDIT_TAIL.search(tail[max(0, credit.start() - 40) :]):
        return not SENTENCE_END.search(unit) or unit.endswith(")")
    return bool(_CAPTION_LEAD.match(unit))


def set_aside(text: str, units: Sequence[tuple[int, int]]) -> set[int]:
    """The places of units that only serve a newsroom: a slug above a headline, whom the press may
    call. Details behind labels ("Name: ...", "Contact: ...") are told as others are.
    """
    found: set[int] = set()
    for number, (start, end) in enumerate(units):
        if end - start > _BYLINE_LIMIT or number in found:
            continue
        if number == 0 and _SLUG.fullmatch(text, start, end) and _is_headline(text, units[1:3]):
            found.add(0)
        label = _CONTACT.fullmatch(text, start, end)
        if label and not SENTENCE_END.search(text, start, end):
            found.update(_contacts(text, units, number, bool(label["value"])))
    return found


def _is_headline(text: str, units: Sequence[tuple[int, int]]) -> bool:
    """Whether the first of two units may be the title of the second."""
    if len(units) < 2 or units[0][1] - units[0][0] > _BYLINE_LIMIT:
        return False
    unit = text[slice(*units[0])]
    return not (PROSE_END.search(unit) or SENTENCE_END.search(unit) or is_signed(unit))


def _contacts(text: str, units: Sequence[tuple[int, int]], number: int, is_told: bool) -> range:
    """The unit that announces contacts and those below it, if a telephone or an address is there.

    Where the announcement says nothing itself, a blank line may follow it. On a line of its own it
    is a labelled value, but at the very top, where it would be taken for the title.
    """
    below, start = number + 1, units[number][0]
    while below < len(units) and below - number <= _MOST_CONTACTS:
        first, end = units[below]
        most = 1 if is_told or below > number + 1 else 2
        is_near = text.count("\n", units[below - 1][1], first) <= most
        if not is_near or end - first > _BYLINE_LIMIT or SENTENCE_END.search(text, first, end):
            break
        below += 1
    if below == number + 1:
        above = [text[a : min(b, a + CAPTION_LIMIT)] for a, b in units[: min(number, 3)]]
        is_labelled = number > len(above) or not all(map(is_furniture, above))
    else:
        is_labelled = not is_told and bool(label_of(text[slice(*units[number + 1])]))
    is_reach = _REACH.search(text, start, units[below - 1][1]) is not None
    return range(number, below) if is_reach and not is_labelled else range(0)
