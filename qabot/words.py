"""Words as retrieval and reading see them: tokens, stems, names, figures. Pure functions."""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache
from typing import NamedTuple

import Stemmer

_TOKEN = re.compile(
    r"(?i:united (?:states(?: of america)?|kingdom|nations)|european union|saudi arabia)\b"
    r"|\$?\d[\d,.]*\d|\d+|[^\W\d_]+(?:[.’'&-][^\W\d_]+)*\.?",
    re.UNICODE,
)
_INITIALISM = re.compile(r"(?:[^\W\d_]\.){2,}$|(?:[^\W\d_]\.)+[^\W\d_]\.?$")
_STRAIGHT = str.maketrans("’‘“”", "''\"\"")
_STEMMER = Stemmer.Stemmer("english")
_STEMMING = threading.Lock()  # a stemmer keeps the word it is at in itself

STOPWORDS = frozenset(
    """a about above after again against all also am an and any are aren't as at be because been
    before being below between both but by can can't could couldn't did didn't do does doesn't
    doing don't down during each few for from further had hadn't has hasn't have haven't having he
    her here hers herself him himself his how i if in into is isn't it its itself just let me more
    most my myself no nor not now of off on once only or other our ours out over own same she
    should shouldn't so some such than that the their theirs them themselves then there these they
    this those through to too under until up us very was wasn't we were weren't what when where
    which while who whom whose why will with won't would wouldn't you your yours yourself
    arent cant couldnt didnt doesnt dont hasnt havent isnt shouldnt wasnt werent wont wouldnt
    please tell show give explain describe know article text story according say says said
    does whats who's what's when's where's how's that's there's it's he's she's
    mr mrs ms dr sir many much long exactly actually really ever""".split()
)

# Different words for one thing that no stemmer brings together.
_SAME = {
    "u.s": "united-states",
    "usa": "united-states",
    "u.s.a": "united-states",
    "america": "united-states",
    "american": "united-states",
    "americans": "united-states",
    "uk": "united-kingdom",
    "u.k": "united-kingdom",
    "britain": "united-kingdom",
    "british": "united-kingdom",
    "saudi-arabia": "saudi",
    "eu": "european-union",
    "u.n": "united-nations",
    "un": "united-nations",
}
_NUMBERS = {
    word: str(value)
    for value, word in enumerate(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
        fifteen sixteen seventeen eighteen nineteen twenty""".split()
    )
}
_NUMBERS.pop("one")  # "one" is a pronoun more often than a figure
_MONTHS = {
    "jan": "january", "feb": "february", "mar": "march", "apr": "april", "jun": "june",
    "jul": "july", "aug": "august", "sep": "september", "sept": "september", "oct": "october",
    "nov": "november", "dec": "december",
}  # fmt: skip


class Token(NamedTuple):
    """One word of a text: its span there, its surface form and the stem it is matched by."""

    start: int
    end: int
    surface: str
    stem: str

    @property
    def is_capitalised(self) -> bool:
        return self.surface[:1].isupper()

    @property
    def is_number(self) -> bool:
        return not self.surface.isalpha() and any(map(str.isdigit, self.surface))


def tokens(text: str) -> list[Token]:
    """The words of ``text`` in order, with code-point spans; possessives and stops cut off."""
    found = []
    for match in _TOKEN.finditer(text):
        start = match.start()
        for offset, part, stemmed in _parts(match.group()):
            begin = start + offset
            found.append(Token(begin, begin + len(part), part, stemmed))
    return found


@lru_cache(maxsize=100_000)
def _parts(surface: str) -> tuple[tuple[int, str, str], ...]:
    """The words in a match of ``_TOKEN``: where each begins in it, its surface and its stem."""
    if surface.endswith(".") and not _INITIALISM.match(surface):
        surface = surface[:-1]
    surface = surface.removesuffix("s") if surface.endswith(("'s", "’s")) else surface
    surface = surface.rstrip("'’")
    if "-" not in surface:
        return ((0, surface, stem(surface)),)
    found, offset = [], 0
    for part in surface.split("-"):
        if part:
            found.append((offset, part, stem(part)))
        offset += len(part) + 1
    return tuple(found)


@lru_cache(maxsize=100_000)
def fold(text: str) -> str:
    """Lower case, without accents, with straight quotes: for comparing, never for showing."""
    folded = text.casefold().translate(_STRAIGHT)
    if folded.isascii():
        return folded
    decomposed = unicodedata.normalize("NFKD", folded)
    return "".join(character for character in decomposed if not unicodedata.combining(character))


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The form a word is matched by: folded, figures in digits, months in full, then stemmed."""
    folded = "u.s" if word == "US" else fold(word).strip("$,.'").replace(" ", "-")
    folded = _NUMBERS.get(folded, _MONTHS.get(folded, _SAME.get(folded, folded)))
    if folded[:1].isdigit():
        return folded.replace(",", "")
    with _STEMMING:
        return str(_STEMMER.stemWord(folded))


def is_stopword(word: str) -> bool:
    """Whether a word carries no content of its own in a question or a sentence."""
    return word != "US" and fold(word) in STOPWORDS


def content_stems(text: str) -> list[str]:
    """Stems of the content words of ``text``, in order, repeats kept."""
    return [token.stem for token in tokens(text) if not is_stopword(token.surface)]


def spellings(word: str) -> list[str]:
    """A folded word and the forms that other writers use for it: ``u.s`` and ``united states``."""
    same = _SAME.get(word)
    if same is None or "-" not in same:
        return [word]
    forms = [other for other, target in _SAME.items() if target == same]
    return list(dict.fromkeys([word, same.replace("-", " "), *forms]))


def clean(text: str) -> str:
    """A question as searched for: control and format characters gone, white space single."""
    kept = "".join(
        " " if character.isspace() else character
        for character in text
        if character.isspace() or unicodedata.category(character)[0] != "C"
    )
    return " ".join(kept.split())
