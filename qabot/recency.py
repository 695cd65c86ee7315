"""How new articles are: asked about now, newer ones go first, and old ones do not tell. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import numpy as np

from qabot.dates import MONTH_NAME
from qabot.matching import Array
from qabot.types import Passage
from qabot.words import fold

_FADING = 30.0
"""Days behind the newest article after which another counts e times less for being new."""
_TELLS = 14
"""Days for which an article tells what is the case."""
_ARCHIVE = 30
"""Days between the articles found from which they are an archive: of one story alone, however old,
"now" is when it was told."""
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
_DAY = re.compile(
    rf"\b(?:{MONTH_NAME})\b\.?\s\d|\b\d{{1,2}}(?:st|nd|rd|th)?\s(?:{MONTH_NAME})\b", re.I
)
_THIS_WEEK = re.compile(
    r"\bthis (?:week|weekend|morning|afternoon|evening)\b|\b(?:today|tonight|yesterday)\b"
    r"|\blast (?:week|weekend|night)\b"
)
_NOW = re.compile(
    r"\bthis (?:month|year|season)\b|\blast month\b"
    r"|\b(?:now|currently|recent|recently|just|latest|will)\b"
    r"|\b(?:is|are|['’]s|['’]re)(?: \w+){0,3} (?!during\b|being\b)\w{2,}ing\b"
    r"|\b(?:has|have|['’]ve)(?: \w+){0,2} \w+(?:ed|en|un|ade|one|eft|ost|old|ent)\b"
)
"""Words of the present and the future, what is going on, and what has come of it."""


def day_of(passage: Passage) -> date | None:
    """The day of a passage's article, as far as its fields tell."""
    try:
        return date.fromisoformat(passage.origin.date)
    except ValueError:
        return None


def nowness(question: str, today: date | None) -> float:
    """How surely a question that is asked ``today`` is about now: 2 where it says "this week" or
    the like, 1 where its words or its tense tell, else 0, and always without a day.

    One that names a day, or a year before, is about then.
    """
    if today is None or _DAY.search(question):
        return 0.0
    if any(int(year) < today.year for year in _YEAR.findall(question)):
        return 0.0
    text = fold(question)
    return 2.0 if _THIS_WEEK.search(text) else float(bool(_NOW.search(text)))


def freshness(days: Sequence[date | None]) -> Array:
    """How new each article is beside the newest, 0 to 1; 0 without a day."""
    newest = max((day for day in days if day), default=None)
    behind = [(newest - day).days if newest and day else np.inf for day in days]
    return np.asarray(np.exp(-np.array(behind, dtype=np.float64) / _FADING))


def is_stale(day: date | None, days: Sequence[date | None], today: date | None) -> bool:
    """Whether an article of ``day`` is too old for now, in an archive of articles of ``days``."""
    known = [one for one in days if one]
    if day is None or today is None or (max(known) - min(known)).days <= _ARCHIVE:
        return False
    return (today - day).days > _TELLS
