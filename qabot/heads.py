"""The heads of articles: what they say besides the title, and of which day they are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from qabot.article import head_of
from qabot.catalog import Catalog
from qabot.compose import Head
from qabot.dates import article_date
from qabot.naming import day_of
from qabot.types import Citation, Passage


class Heads:
    """The heads of a question's articles, each read once, and only where it is needed."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._known: dict[str, Head] = {}

    def of(self, places: Iterable[Passage | Citation]) -> dict[str, Head]:
        """By document."""
        return {place.document_id: self._head(place) for place in places}

    def day(self, place: Passage | Citation) -> date | None:
        """The day of publication: what is known of it, else what the head says."""
        return day_of(place.origin) or self._head(place).day

    def _head(self, place: Passage | Citation) -> Head:
        if place.document_id not in self._known:
            text = head_of(self._catalog.beginning(place.document_id))
            day = day_of(place.origin) or article_date(text)
            self._known[place.document_id] = Head(text, day, place.origin.publisher)
        return self._known[place.document_id]
