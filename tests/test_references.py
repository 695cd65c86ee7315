"""How a reference to a place in an article is resolved."""

from __future__ import annotations

import pytest

from qabot.bot import Bot
from qabot.errors import UnknownReference
from qabot.references import resolve_reference


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("tehran", "not of the form"),
        ("tehran-rejects-maximum-pressure", "qabot show --text tehran-rejects-maximum-pressure$"),
        ("tehran-rejects-maximum-pressure:9-3", "no passage 9-3: .* mean tehran.*pressure:3-9\\?"),
        ("tehran-rejects-maximum-pressure:5-5", "no passage 5-5.*Give a larger END"),
        ("tehran-rejects-maximum-pressure:0-999999", "no passage.*END of at most \\d+, .*--text"),
        ("nothing:1-2", "No article 'nothing'"),
        (":1-2", "not of the form"),
    ],
)
def test_a_reference_to_nothing_is_refused_with_its_reason(
    bot: Bot, reference: str, reason: str
) -> None:
    with pytest.raises(UnknownReference, match=reason):
        resolve_reference(bot._index, reference)


def test_a_reference_names_its_document_and_span(bot: Bot, seed_text: str) -> None:
    document, start, end = resolve_reference(bot._index, "tehran-rejects-maximum-pressure:896-1027")
    assert document.text == seed_text
    assert document.text[start:end].startswith("“We will not negotiate")
