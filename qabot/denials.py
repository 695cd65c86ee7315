"""What a text says is not so, and what a question asks as not so. Pure."""

from __future__ import annotations

import re

_DENIES = re.compile(
    r"\b(?:not|no|never|cannot|nor|refus\w+|reject\w*|rul(?:e|es|ed|ing) out|den(?:y|ies|ied)|"
    r"declin\w+|without|fail(?:s|ed)?|unwilling|oppos\w+|"
    r"(?:ca|could|did|does|do|has|have|is|should|was|were|wo|would)n['’]?t)\b",
    re.I,
)
_LACKS = re.compile(
    r"\b(?:none|nobody|no one|nothing|nowhere|neither|hardly|barely|scarcely|seldom|rarely|unable|"
    r"unlikely|un(?:known|clear|paid|used|sold|answered|changed|certain|finished|solved)|impossible|"
    r"instead|rather than|except\w*|exempt\w*|exclud\w+|avoid\w*|lack\w*|absen\w+|missing|"
    r"miss(?:ed|es)|skip\w*|stop\w*|prevent\w*|ban(?:s|ned|ning)?|block\w*|bar(?:s|red)|"
    r"prohibit\w*|forb[ia]d\w*|halt\w*|suspend\w*|abandon\w*|cancel\w*|postpon\w*|delay\w*|"
    r"fail\w*|ignor\w+|resist\w*|reluctan\w+|hesita\w+|withdr\w+|withh\w+|shun\w*|snub\w*|"
    r"against|turned down|fell short|only|ended?|left out|leaves? out|despite|although|but|until|"
    r"unless|yet|still|free (?:of|from)|too \w+ (?:to|for))\b|less\b",
    re.I,
)
"""What else may tell that something is not so."""
_LONGEST = 25  # words of a question for one thing
_ASKS_DENIED = re.compile(
    r"\b(?:(?<!whether or )(?<!if or )not(?! only\b)|never|no longer|cannot|[a-z]+n['’]t)\b"
    r"(?! (?:it|he|she|they|you|we)\W*$)",
    re.I,
)


def denies(text: str) -> bool:
    """Whether a text says that something is not so, or is refused."""
    return _DENIES.search(text) is not None


def may_deny(text: str) -> bool:
    """Whether a text says in any way that something is not so."""
    return denies(text) or _LACKS.search(text) is not None


def asks_denied(question: str) -> bool:
    """Whether a question is about what is not so: "why won't they?", "who has never won?".

    In a long one that may be a detail of one of several things that are asked.
    """
    return len(question.split()) <= _LONGEST and _ASKS_DENIED.search(question) is not None
