"""How new articles are: asked about now, newer ones go first, and old ones do not tell. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt

from qabot.dates import MONTH_NAME, WEEKDAYS
from qabot.matching import Array
from qabot.naming import day_of, said_day
from qabot.types import Citation, Hit

_FADING = 30.0
"""Days behind the newest article after which another counts e times less for being new."""
_TELLS, _TELLS_LATELY = 14, 60
"""Days for which an article tells what is the case, asked about this week, and about now in any
other words."""
_ARCHIVE = 30
"""Days between the articles found from which they are an archive: of one story alone, however old,
"now" is when it was told."""
_OLD = 365
"""Days after which a reader should be told how old the newest of what is cited is, and after which
an article may tell of an older event than the one that is meant."""
_OLDER_EVENT = 1 / 3
"""How surely that is so, in the measure of ``nowness``."""
_YEAR = re.compile(r"\b((?:1[5-9]|20)\d\d)s?\b")
_DAY = re.compile(
    rf"\b(?:{MONTH_NAME})\b\.?\s\d|\b\d{{1,2}}(?:st|nd|rd|th)?\s(?:{MONTH_NAME})\b", re.I
)
_PARTICIPLE = (
    r"(?:been|become|begun|broken|brought|built|bought|caught|chosen|come|cut|done|drawn|fallen|"
    r"found|given|gone|grown|held|hit|kept|led|left|lost|made|met|paid|put|risen|run|said|seen|"
    r"sent|set|shown|shut|sold|spent|struck|taken|told|won|withdrawn|written|[a-z]{2,}ed)"
)
_BETWEEN = r"(?: (?!(?:the|an?|his|her|its|their|of|in|on|for)\b)[\w’'-]+){0,3}"
_WEEKDAY = "|".join(WEEKDAYS)
_THIS_WEEK = re.compile(
    r"\bthis (?:week|weekend|morning|afternoon|evening)\b|\b(?:today|tonight|yesterday)\b"
    r"|\blast (?:week|weekend|night)\b"
    rf"|\b(?:on|since|until|by|last|this|next|coming)\s(?:{_WEEKDAY})\b"
    rf"|(?:^\W*|\b(?:the|in|at|of|for|from|after|before|during)\s)(?:{_WEEKDAY})['’]s\b",
    re.I,
)
_NOW = re.compile(
    r"(?i:\bthis (?:month|year|season|spring|summer|autumn|fall|winter)\b|\blast month\b)"
    r"|(?i:\bnext (?:week|weekend|month|year|season|spring|summer|autumn|fall|winter)\b)"
    r"|(?i:\b(?:is|are)\b.{0,80}?\b(?:being [a-z]|(?:expected|set|due|scheduled|likely) to\b))"
    r"|(?i:\bplans? to\b|\b(?:he|she|it|they)['’](?:s|re) [a-z]{2,}ing\b)"
    r"|(?i:\b(?:now|currently|recent|recently|latest)\b)"
    r"|\bwill\b|^\W*Will\b"  # within a question, "Will" is somebody's name
    rf"|(?i:\b(?:is|are|(?:what|who|where|how)['’]s)\b){_BETWEEN} (?!during|being)[a-z]{{2,}}ing\b"
    rf"|(?i:\b(?:has|have)\b){_BETWEEN} {_PARTICIPLE}\b"
)
"""Words of the present and the future, what is going on, and what has come of it."""
_IS = re.compile(r"\b(?:is|are|does|do)\b|\b(?:what|who|where|how)['’]s\b", re.I)
_WAS = re.compile(r"\b(?:was|were|did|had)\b", re.I)


def nowness(question: str, today: date | None) -> float:
    """How surely a question that is asked ``today`` is about now: 2 where it says "this week" or
    the like, 1 where its words or its tense tell, 0.5 where it asks how things are, which may be
    long so, else 0, and always without a day.

    One that names a day, or a year before, is about then.
    """
    if today is None or _names_time(question, today):
        return 0.0
    text = question.lower() if question.isupper() else question
    if _THIS_WEEK.search(text):
        return 2.0
    if _NOW.search(text):
        return 1.0
    return 0.5 if _IS.search(text) and not _WAS.search(text) else 0.0


def freshness(days: Sequence[date | None]) -> Array:
    """How new each article is beside the newest, 0 to 1; 0 without a day."""
    newest = _newest(days)
    behind = [(newest - day).days if newest and day else np.inf for day in days]
    return np.asarray(np.exp(-np.array(behind, dtype=np.float64) / _FADING))


def too_old(days: Sequence[date | None], today: date | None, now: float) -> npt.NDArray[np.bool_]:
    """Which articles, in an archive of articles of these days, are too old for a question with that
    ``nowness``.
    """
    if today is None or now < 1 or not _is_archive(days):
        return np.zeros(len(days), dtype=bool)
    told = _TELLS if now > 1 else _TELLS_LATELY
    return np.array([day is not None and (today - day).days > told for day in days])


def older_event(
    question: str, day: date | None, days: Sequence[date | None], today: date | None
) -> float:
    """How surely an article of ``day`` tells of an older event than a question asked ``today``
    means: one that names no time, where others found, of ``days``, are of the last year.
    """
    newest = _newest(days)
    if not (today and day and newest) or _names_time(question, today):
        return 0.0
    return _OLDER_EVENT if (today - day).days > _OLD >= (today - newest).days else 0.0


def age_note(
    question: str, cited: Sequence[Citation], hits: Sequence[Hit], today: date | None
) -> tuple[str, ...]:
    """That all cited of an archive is old, where a question asked ``today`` names no time."""
    days = [said for one in cited if (said := day_of(one.origin))]
    if today is None or not days or len(days) < len(cited) or _names_time(question, today):
        return ()
    newest = max(days)
    if (today - newest).days <= _OLD or not _is_archive(
        [day_of(hit.passage.origin) for hit in hits]
    ):
        return ()
    return (f"The newest article cited is of {said_day(newest)}.",)


def _names_time(question: str, today: date) -> bool:
    """Whether a question names a day, or a year before this."""
    is_past = any(int(year) < today.year for year in _YEAR.findall(question))
    return is_past or _DAY.search(question) is not None


def _newest(days: Sequence[date | None]) -> date | None:
    return max((day for day in days if day), default=None)


def _is_archive(days: Sequence[date | None]) -> bool:
    known = [day for day in days if day]
    return bool(known) and (max(known) - min(known)).days > _ARCHIVE
