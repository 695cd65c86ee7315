"""What "on Monday" or "last week" in an article mean. Pure.

What could mean two things is left out: never is one of them guessed.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from qabot.dates import MONTH_NAME, MONTHS, WEEKDAYS, ascii_pattern
from qabot.sentences import sentence_spans

_NEAR = 300
"""Code points from a weekday within which a verb says whether it is past."""
_ADJACENT = 12
"""Code points, two short words, that may stand between a weekday and the only verb there is."""

_COUNTS = tuple(
    """a an one two three four five six seven eight nine ten eleven twelve thirteen fourteen
    fifteen sixteen seventeen eighteen nineteen twenty""".split()
)
_DAY = "|".join(WEEKDAYS)
_PHRASE = ascii_pattern(
    rf"\b(?P<ago>(?P<count>\d{{1,4}}|{'|'.join(_COUNTS)})(?:\s|-)(?P<unit>day|week|month|year)s?"
    r"\sago)\b"
    r"|\b(?P<near>yesterday|tomorrow|today|tonight|this\s(?:morning|afternoon|evening))\b(?!['’]s)"
    r"|\b(?P<part>earlier\s|later\s)?(?P<which>last|this|next)\s(?P<span>week|month|year)\b"
    r"|\b(?:(?P<lead>last|next|this\scoming|this|coming)\s)?"
    rf"(?P<day>{_DAY})\b(?!['’]s|[-–—/])"
)
# Words before a phrase that make it another one: "the last week", "until Monday", "a Monday".
_NOT_AFTER = {
    "near": frozenset("of to before after is are".split()),
    "span": frozenset("the past over previous within these those his her their its our my".split()),
    "ago": frozenset("than over nearly almost under least most".split()),
    "day": frozenset(
        """until till by before after from to through and or between a an the every each any some
        one most that previous following same ago first second third another""".split()
    ),
}
_WORD_BEFORE = re.compile(r"([^\W_]+)[\s“\"']*$")
_NOT_BEFORE = re.compile(  # "Monday, Feb. 24", "Monday and Tuesday", "Monday Night Football"
    rf",?\s\(?(?:the\s)?(?:(?:{MONTH_NAME})\b|\d|(?:to|through|and|or)\s(?:{_DAY})\b"
    r"|(?:last|next|this|week)\b)|\s[A-Z]"
)
_MARK = re.compile(
    r"(?P<future>\b(?:will|shall|(?<!was )(?<!were )(?<!been )(?:expected|due|scheduled|slated|"
    r"planned|set)(?: (?:to|for|on))?|upcoming)\b|['’]ll\b)"
    r"|(?P<unclear>\b(?:would|could|should|may|might|can|must|(?:is|are) (?:going )?to|"
    r"to (?!the\b|an?\b|his\b|her\b|its\b|their\b|our\b|my\b)(?:be )?[a-z]*(?:[a-rt-z]|ss)|"
    r"expected|due|scheduled|slated|planned|set|is|are|(?:resume|begin|start|open|end|clos|return|"
    r"arrive|leave|travel|head|go|mark|kick|take|hold|meet|vote|visit|host)e?s)\b)"
    r"|(?P<past>\b(?:[a-z]{2,}ed|since|said|told|was|were|had|did|held|met|began|went|made|took|came|"
    r"saw|gave|left|won|lost|sent|spoke|wrote|became|got|fell|rose|hit|cut|put|shot|struck|"
    r"fought|flew|drew|broke|brought|built|chose|found|kept|led|paid|ran|sold|stood|thought|withdrew)\b)",
)
_SAID = re.compile(r"\b(?:said|announced|confirmed|warned|told [\w.]+)(?: late| early)?(?: on)?\s$")
_BOUNDARY = re.compile(r"[,;:—–“”\"()]|\b(?:and|but|that|which|who|as|while|after|before|when)\b")


@dataclass(frozen=True, slots=True)
class Explained:
    """A relative date at ``text[start:end]``: the days it means, and these for a reader."""

    phrase: str
    start: int
    end: int
    meaning: str
    first: date
    last: date


def explain(text: str, today: date) -> list[Explained]:
    """What the relative dates in a text mean on the day its article carries, in order.

    Those that may mean something else too are left out.
    """
    found = []
    for start, end in sentence_spans(text):
        sentence = text[start:end]
        marks: list[tuple[int, str]] | None = None
        for match in _PHRASE.finditer(sentence):
            if marks is None:
                marks = [(m.start(), m.lastgroup or "") for m in _MARK.finditer(sentence)]
            days = _days(match, sentence, marks, today)
            if days:
                span = start + match.start(), start + match.end()
                phrase = text[span[0] : span[1]]
                found.append(Explained(phrase, *span, _meaning(match, *days), *days))
    return found


def head_text(text: str, today: date) -> str:
    """The dates that a text's relative dates mean, in the ways a sentence may spell them out."""
    lines = []
    for one in explain(text, today):
        lines.append(one.meaning)
        days = (one.first, one.last) if one.last - one.first < timedelta(days=8) else ()
        for day in dict.fromkeys(days):
            lines.append(
                f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year} "
                f"{MONTHS[day.month - 1][:3]}. {day.day} {day.isoformat()}"
            )
    return "\n".join(dict.fromkeys(lines))


def _days(
    match: re.Match[str], sentence: str, marks: list[tuple[int, str]], today: date
) -> tuple[date, date] | None:
    """The first and the last day that a phrase means, or None where that is not sure."""
    kind = next(name for name in _NOT_AFTER if match[name])
    before = _WORD_BEFORE.search(sentence, max(0, match.start() - 30), match.start())
    word = before[1].lower() if before else ""
    if word in _NOT_AFTER[kind]:
        return None
    try:
        if kind == "near":
            shift = {"yesterday": -1, "tomorrow": 1}.get(match["near"].lower(), 0)
            return (today + timedelta(days=shift),) * 2
        if kind == "ago":
            return _ago(match, today)
        if kind == "span":
            return _span(match, today)
        is_bare_name = not match["lead"] and before is not None and before[1][0].isupper()
        if (is_bare_name and word != "on") or _NOT_BEFORE.match(sentence, match.end()):
            return None
        return _weekday(match, sentence, marks, today)
    except OverflowError:
        return None


def _meaning(match: re.Match[str], first: date, last: date) -> str:
    unit = (match["span"] or match["unit"] or "day").lower()
    month = f"{MONTHS[first.month - 1]} {first.year}"
    if unit in {"month", "year"}:
        return f"{'about ' if match['ago'] else ''}{month if unit == 'month' else first.year}"
    end = f"{last.day} {MONTHS[last.month - 1]} {last.year}"
    if first == last:
        return f"{WEEKDAYS[last.weekday()]}, {end}"
    if first.year != last.year:
        return f"{first.day} {month} to {end}"
    begin = "" if first.month == last.month else f" {MONTHS[first.month - 1]}"
    return f"{first.day}{begin} to {end}"


def _ago(match: re.Match[str], today: date) -> tuple[date, date] | None:
    written = match["count"].lower()
    count = int(written) if written.isdigit() else max(1, _COUNTS.index(written) - 1)
    unit = match["unit"].lower()
    if unit == "day":
        day = today - timedelta(days=count)
        return day, day
    return _unit(unit, -count, today)


def _span(match: re.Match[str], today: date) -> tuple[date, date] | None:
    shift = {"last": -1, "this": 0, "next": 1}[match["which"].lower()]
    days = _unit(match["span"].lower(), shift, today)
    part = "" if shift or not days else (match["part"] or "").strip().lower()
    if days and part:
        return (days[0], today) if part == "earlier" else (today, days[1])
    return days


def _unit(unit: str, shift: int, today: date) -> tuple[date, date] | None:
    """The calendar week, month or year that lies ``shift`` ones from that of ``today``."""
    if unit == "week":
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=shift)
        return monday, monday + timedelta(days=6)
    months = today.year * 12 + today.month - 1 + shift * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    if not date.min.year <= year <= date.max.year:
        return None
    if unit == "year":
        return date(year, 1, 1), date(year, 12, 31)
    return date(year, month + 1, 1), date(year, month + 1, monthrange(year, month + 1)[1])


def _weekday(
    match: re.Match[str], sentence: str, marks: list[tuple[int, str]], today: date
) -> tuple[date, date] | None:
    number = WEEKDAYS.index(match["day"].capitalize())
    back = timedelta(days=(today.weekday() - number) % 7)
    past, coming = today - back, today - back + timedelta(days=7)
    monday = today - timedelta(days=today.weekday())
    in_week = monday + timedelta(days=number)
    lead = " ".join((match["lead"] or "").lower().split())
    if lead == "last":  # of the days before this one, or of the week before this one
        before = past if back else past - timedelta(days=7)
        return (before, before) if before == in_week - timedelta(days=7) else None
    if lead == "next":
        return (coming, coming) if coming == in_week + timedelta(days=7) else None
    if lead == "this":
        return (in_week, in_week) if in_week > today else None
    if lead:
        return coming, coming
    tense = _tense(match, sentence, marks)
    if tense == "past":
        return past, past
    return (coming, coming) if tense == "future" and back else None


def _tense(match: re.Match[str], sentence: str, marks: list[tuple[int, str]]) -> str:
    """Whether what happens on a weekday is past, future or unclear, by the verbs around it."""
    place = bisect_left(marks, (match.start(), ""))
    before = [mark for mark in marks[max(0, place - 1) : place] if match.start() - mark[0] <= _NEAR]
    after = [mark for mark in marks[place : place + 1] if mark[0] - match.end() <= _NEAR]
    if _SAID.search(sentence, max(0, match.start() - 40), match.start()):
        return "past"
    if not before:
        # "On Friday the team lost", "Iran on Friday said"; not "in Oman on Friday, held by"
        is_next = after and min(match.start(), after[0][0] - match.end()) <= _ADJACENT
        return after[0][1] if is_next else "unclear"
    if not after:
        return before[0][1]
    goes_on = not _BOUNDARY.search(sentence, match.end(), after[0][0])
    return "unclear" if goes_on and after[0][1] != before[0][1] else before[0][1]
