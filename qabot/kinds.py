"""The kind of answer a question expects, and whether a sentence holds one. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

from qabot.dates import MONTH_NAME, MONTHS, WEEKDAYS
from qabot.measures import LENGTH, MEASURES, NUMERALS, UNITS, Measure
from qabot.thesaurus import is_common, is_country
from qabot.times import DATE, TIMES, Grain
from qabot.words import Token, fold, is_stopword, tokens

Expects = Literal[
    "person", "role", "place", "country", "countries", "capital", "money", "definition", "time",
    "duration", "number", "reason", "saying", "subject", "author", "credits", "name", "other",
]  # fmt: skip

_START = r"(?:^\W*|[^\w\s]\s*|\b(?:and|but|or|so|to|by|with|for|from|of|exactly|since|until) )"
"""Where "when" or "who" asks; elsewhere it joins clauses."""
_SUMS = (
    r"tickets?|fares?|fees?|charges?|rent|fines?|deposits?|dividends?|tolls?|salary|salaries|wages?|"
    r"budgets?|bills?|debts?|grants?|revenues?|raised?|owe[sd]?|fined"
)
"""Words that say that a quantity asked for is of money."""
_ASKS: tuple[tuple[Expects, str], ...] = (
    ("author", r"\b(?:who (?:wrote|authored|reported|is the author|is the journalist)"
               r"(?: of| on| for| behind)? (?:(?:this|the|that)(?: (?:news|original|whole))? "
               r"(?:article|story|piece|report|text)|this|it)\b|author of (?:this|the)|byline)"),
    ("credits", r"\b(?:who|(?:which|what|any|another) (?:[\w-]+ )?(?:service|agenc(?:y|ie)|outlet|"
                r"network|newspaper|reporter|journalist|editor)s?) (?:else |also |have |has |had )?"
                r"(?:contribut|help|assist|edit)\w*(?: (?:to|with|in|on|the|this))* "
                r"(?:article|story|piece|report|reporting|author)\b"),
    ("capital", r"\b(?:what|which)(?:'s| is| was| are| were)?\b.{0,30}\bcapital\b"
                r"|^\W*(?:the )?capital of\b"),
    ("money", r"\bhow much\b.*\b(?:worth|costs?|dollars?|euros?|pounds?|pay|paid|spen[dt]|money|"
              rf"priced?|sell|sold|earn|income|profits?|{_SUMS})\b"
              r"|\bhow many (?:[\w-]+ )?dollars\b"
              r"|\bwhat(?:'s| is| was)? (?:the )?(?:[\w-]+ ){0,2}(?:price|cost|value|worth)\b"
              rf"|\bwhat(?:'s| is| was| were) (?:the |its |their |[\w.-]+['’]s? )(?:[\w-]+ ){{0,2}}"
              rf"(?:turnover|losses|profits?|{_SUMS})\b"
              r"|\bwhat (?:do|does|did|will|would|can|could) (?:[\w'’-]+ ){1,6}cost\b"),
    ("subject", r"\bwhat (?:were|was|are|is|did) .{1,60}\babout\W*$"
                r"|\b(?:main|central) (?:topic|subject|issue)\b"),
    ("role", r"^\W*(?:and |so )?who(?:'s| is| was| are) (?!.* (?:on|in|at|to|that|who|when|with) )"
             r"(?:the |[\w.-]+'s )[\w -]+\W*$"),
    ("number", r"\bwhat(?:'s| is| was) the (?:[\w-]+ ){0,2}(?:turnout|attendance|population|"
               r"temperature|score|toll|magnitude|altitude)\b"),
    ("number", r"\bwhat(?:'s| is| was) (?:[\w.’'-]+ ){1,4}age\W*$"),
    ("name", r"\bwhat(?:'s| is| was| were|) (?:the )?names? of\b"
             r"|\bwhat (?:is|was|are|were) .{1,60}\b(?:called|named)\W*$"),
    ("definition", r"^\W*(?:and |so )?(?:who|what)(?:'s| is| are| was| were) (?:a |an |the )?"
                   r"[\w.'-]+(?: (?!of\b)[\w.'-]+){0,2}\W*$"),
    ("definition", r"\bwhat (?:does|do|did|is) .{1,40}\b(?:stand for|mean)\b"
                   r"|^\W*(?:and |so )?what do(?:es)? .{1,40}\bdo\W*$"),
    ("countries", r"\b(?:which|what) (?:[\w-]+ )?(?:countries|nations|states|governments)\b"),
    ("country", r"\b(?:which|what) (?:[\w-]+ )?(?:country|nation|state|government)\b"),
    ("duration", r"\b(?:how long|how many (?:years|months|weeks|days|hours)|what duration)\b"),
    ("time", rf"{_START}when\b"
             r"|\b(?:what|which) (?:exact )?(?:date|day|weekday|year|month|hour|time)s?\b"
             r"|\bwhat(?:'s| is| was) the (?:[\w-]+ )?(?:date|deadline)\b"),
    ("number", r"\b(?:how (?:many|much|old|far|big|large|high|tall|often|deep|fast|wide|heavy|"
               r"strong|cold|hot)|what (?:percentage|percent|share|number|price|cost|amount|rate)|"
               r"to what percentage)\b"),
    ("reason", r"\b(?:why|what (?:is|was|were) the (?:reason|cause)|how come|what caused"
               r"|what (?:sparked|triggered|prompted|led to|started (?:the|a|an|this|that))"
               r"|what (?:did|has) .{1,40} die of)\b"),
    ("place", rf"{_START}where\b|\b(?:what|which) (?:city|town|place|venue)\b"),
    ("name", r"\b(?:which|what) (?:[\w-]+ )?(?:compan(?:y|ies)|agenc(?:y|ies)|services?|outlets?|"
             r"organi[sz]ations?)\b"),
    ("person", rf"{_START}(?:who|whom|whose|who's)\b|\bwhat (?:person|official|minister|"
               r"president)\b"),
    ("saying", r"\bwhat (?:did|does|do|has|have)\b.{1,60}\b(?:say|said|tell|told|think|call|"
               r"stress(?:ed)?|describe|claim|argue|add|warn|promise)\b"),
    ("saying", r"\b(?:what is|what was|what's) .{1,40}\b(?:view|opinion|stance|position|response|"
               r"reaction)\b"),
)  # fmt: skip
_POLAR = re.compile(
    r"^\W*(?:(?:and|so|but|or) )?(?!(?:can|could|will|would|do) (?:you|i|we)\b)"
    r"(?:did|does|do|is|are|was|were|has|have|had|can|could|will|would|should)\b"
)
_DURATION = re.compile(
    rf"(?:\d+|\b(?:a|an|several|{NUMERALS}))[\s-]+(?:\w+\s+)?"
    r"(?:years?|months?|weeks?|days?|hours?|minutes?|decades?|centur(?:y|ies))\b(?!-olds?\b)"
    r"|\b(?:for|over|in|many|few) (?:years|months|weeks|decades|centuries|generations)\b"
    r"|\b(?:as long|throughout|until)\b",
    re.I,
)
_REASON = re.compile(
    r"\b(?:because|since(?! (?:\d|then\b|last\b|the (?:start|end|beginning)\b"
    rf"|(?:early |late |mid-)?(?:{MONTH_NAME})\b))|due to|as long(?: as)?|so that|in order to|"
    r"aimed at|result|caused?|therefore|thus|reason|given|unless|until|citing|amid|under|while|"
    r"will not|cannot|for fear|"
    r"(?<!fear )for (?:what|its|his|her|their)|following|in response|owing to|thanks to|"
    r"to (?:ensure|avoid|prevent|protect|allow|stop|save|keep)|sparked|"
    r"prompt\w*|driven|blam\w+|led to|on (?:the )?grounds?|triggers?|sparks?|leads to|"
    r"(?:fell|falls?|drop\w*|r[io]ses?|slump\w*|slipp\w*|plung\w*|declin\w+|profits?|shares|prices?|"
    r"closed?|cancel\w*|delay\w*)\b.{0,80}, as (?!of|well|an?|[A-Z\d]))\b",
    re.I,
)
_PLAIN_REASON = re.compile(
    r"\b(?:because|as a result of|result(?:ed|ing)? (?:from|in)|owing to|due to|thanks to|"
    r"so that|in order to|caus(?:ed|es|ing)|blam\w+|prompt(?:ed|ing|s)|spark(?:s|ed)|"
    r"trigger(?:s|ed)?)\b",
    re.I,
)
"""What tells of a reason so plainly that the sentence before may be what it is the reason of."""
_HINTS = re.compile(
    r"\b(?:[Aa]fter|over (?:an?|the|its|his|her|their|fears?|claims?|[a-z]+ (?:that|of))|"
    r"in protest|on suspicion|saying|[Aa]s (?!an?\b|well\b|of\b|[A-Z\d])|"
    r"[Ww]ith (?:[\w’'-]+ ){1,3}\w+ing|"
    r"who (?:had|has)|fear\w*|want\w*|need\w*|accus\w+|"
    rf"for (?!an?\b|the\b|{NUMERALS}|[A-Z\d])|"
    r"to (?!an?\b|the\b|its\b|his\b|her\b|their\b)[a-z])"
)
"""What may tell of a reason, or of much else."""
_SUBJECT = re.compile(
    r"\b(?:devoted to|dedicated to|focus\w* on|cent(?:er|re)\w* on|about|concern(?:s|ed|ing)|"
    r"regarding|dealt with|deals with|discuss(?:ed|es|ing)|addressed|topics?|agenda)\b",
    re.I,
)
_CAPITAL = re.compile(
    r"\bcapital(?:,| of| city of| city,)? [A-Z]"
    r"|[A-Z][\w’'-]+(?:, (?:the|its)| is the)\b.{0,30}\bcapital\b"
)
_CURRENCY = r"(?:USD|EUR|GBP|CHF|CAD|AUD|NOK|SEK|DKK|PLN|JPY|CNY|INR)"
_MONEY = re.compile(
    r"[$€£¥₹]\s?\d|\b(?:dollars?|euros?|pounds?|(?<!per )cents?|yuan|yen|rubles?|rials?|rupees?|"
    r"francs?|pesos?|dinars?|dirhams?|riyals?|shillings?|kron(?:er?|or|a)|zlotys?|liras?|forints?)\b"
    r"|(?:\d|\b(?:hundred|thousand|[mb]illion))[\s-](?:crowns?|marks?|baht|rand|reais|"
    rf"won(?! (?:the|an?|it)\b)|{_CURRENCY})\b|\b{_CURRENCY}\s?\d"
    r"|\b\d[\d.,]* ?[mb]illion(?=[.,;)]|$| (?:in|from|of|for|to|by|on|at|was|is|were|are|will|"
    r"comes?|came|goes|went|more|less|a year|annually|each)\b)",
    re.I,
)
"""A currency, or a large figure that counts nothing that is named."""
_CLAUSE = r"(?!(?:until|when|while|after|before|because|but|since|as|though|although|if|so)\b)"
_ADDED = re.compile(
    r"[$€£¥₹]?\s?\d[\d.,]*\w* (?:\w+ )?(?:more|extra|on top|off|less)\b"
    r"|\b(?:additional|extra|another|further) [$€£¥₹]?\d[\d.,]*",
    re.I,
)
"""An amount by which a price differs, which is no price."""
_INTRODUCES = re.compile(
    rf"\s*(?:,\s(?:an?|the|who|which|one)\b|,\s{_CLAUSE}[^,.;]{{3,50}}[,;]"
    rf"|,\s{_CLAUSE}(?:(?! and )[^,.;]){{3,50}}\."
    r"|—|–|\(|\)|is an?\b|was an?\b|is the\b|was the\b|are\b|known as)"
)
"""What follows a name where a text says who or what it is; a comma alone may stand in a list."""
_CALENDAR = frozenset(fold(name) for name in (*MONTHS, *WEEKDAYS))


def expected(text: str) -> Expects:
    """The kind of answer a question asks for; the earliest question word decides."""
    lowered = fold(text)
    found = [
        (match.start(), order, kind)
        for order, (kind, pattern) in enumerate(_ASKS)
        if (match := re.search(pattern, lowered))
    ]
    return min(found)[2] if found else "other"


def is_polar(text: str) -> bool:
    """Whether a question asks for yes or no."""
    return bool(_POLAR.search(fold(text)))


_HELD: dict[Expects, re.Pattern[str]] = {
    "money": _MONEY,
    "duration": re.compile(f"{_DURATION.pattern}|{LENGTH}", re.I),  # "how long is the bridge?"
    "subject": _SUBJECT,
    "capital": _CAPITAL,
}


def fits(
    expects: Expects,
    asked: frozenset[str],
    text: str,
    words: tuple[Token, ...],
    grain: Grain = "any",
    measure: Measure = "any",
) -> float:
    """Whether a sentence holds something of the expected kind that the question does not name.

    1 yes, 0 no, 0.5 where that cannot be told; ``asked`` holds the stems of the question. A time
    has to be of the ``grain`` that is asked for, a figure of the ``measure``.
    """
    if expects == "money" and not asked & {"extra", "more"}:
        text = _ADDED.sub(" ", text)
    if expects in _HELD:
        return float(_HELD[expects].search(text) is not None)
    if expects == "time":
        return float(_any_new(TIMES[grain], text, asked))
    if expects == "number":
        return float(_any_new(MEASURES[measure], _without_others(text, measure), asked))
    if expects == "reason":
        return 0.5 + 0.5 * float(_REASON.search(text) is not None)
    if expects == "country":
        return float(any(is_country(word.stem) for word in words if word.stem not in asked))
    if expects == "countries":
        return float(_lists_countries(asked, words))
    if expects == "definition":
        return float(_is_introduced(asked, text, words))
    if expects in {"person", "place", "name"}:
        return float(any(True for _ in _new_names(asked, words)))
    return 0.5


def _lists_countries(asked: frozenset[str], words: tuple[Token, ...]) -> bool:
    """Whether two countries stand side by side, one of which the question does not name."""
    places = [number for number, word in enumerate(words) if is_country(word.stem)]
    return any(
        other - one <= 2 and not {words[one].stem, words[other].stem} <= asked
        for one, other in pairwise(places)
    )


def gives_reason(text: str) -> bool:
    """Whether a sentence plainly gives a reason, be it for what stands before it."""
    return _PLAIN_REASON.search(text) is not None


def hints_at_reason(text: str) -> bool:
    """Whether a sentence may give a reason, by a word that often tells of other things, too."""
    return _HINTS.search(text) is not None


def _is_introduced(asked: frozenset[str], text: str, words: tuple[Token, ...]) -> bool:
    """Whether a word of the question stands beside what says who or what it is."""
    for number, word in enumerate(words):
        if word.stem not in asked or is_stopword(word.surface):
            continue
        before = words[number - 1] if number else None
        is_titled = before is not None and before.is_capitalised and before.stem not in asked
        adjoins = before is not None and before.end + 1 == word.start
        titled = before if is_titled and adjoins else None
        if word.is_capitalised and titled and not is_stopword(titled.surface):
            return True
        if _INTRODUCES.match(text, word.end):
            return True
    return False


def _without_others(text: str, measure: Measure) -> str:
    """A text without the figures that are of something else: times, and what is not counted."""
    if measure not in {"any", "people", "count"}:
        return text
    text = TIMES["any"].sub(" ", DATE.sub(" ", _DURATION.sub(" ", text)))
    return UNITS.sub(" ", text) if measure != "any" else text


def _any_new(pattern: re.Pattern[str], text: str, asked: frozenset[str]) -> bool:
    """Whether a match says more than words of the question."""
    return any(_says_more(match.group(), asked) for match in pattern.finditer(text))


def _says_more(text: str, asked: frozenset[str]) -> bool:
    said = [token.stem for token in tokens(text) if not is_stopword(token.surface)]
    return not said or not asked.issuperset(said)


def _new_names(asked: frozenset[str], words: tuple[Token, ...]) -> Iterator[Token]:
    """Capitalised words that the question does not hold; a common word that leads is none."""
    for number, word in enumerate(words):
        if not word.is_capitalised or word.is_number or is_stopword(word.surface):
            continue
        if number == 0 and is_common(word.stem):
            continue
        if word.stem not in asked and fold(word.surface) not in _CALENDAR:
            yield word
