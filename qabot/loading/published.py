"""The day on which a page says that it was published, by marks; its author and its site. Pure.

Only what is marked as the date of publication counts: a guess from other dates on a page (of the
page's making, of an event, of another article) would be taken for the article's own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from qabot.loading.fields import day_of, line_of

_NAMES = (
    "article:published_time", "og:published_time", "datepublished", "date", "dc.date",
    "dc.date.issued", "dc.date.created", "dcterms.date", "dcterms.issued", "dcterms.created",
    "pubdate", "publishdate", "publish-date", "publish_date", "publication_date",
    "parsely-pub-date", "sailthru.date", "citation_publication_date", "article.published",
)  # fmt: skip
"""Names of ``<meta>`` fields, the surest first."""
_LINKED_DATA = re.compile(r'"datePublished"\s*:\s*"([^"]{8,40})"')
_LINKED_SITE = re.compile(r'"publisher"\s*:\s*\{[^{}]{0,300}?"name"\s*:\s*"([^"]{2,100})"')
_LONGEST_DATA = 200_000
_LONGEST_HEAD = 2_000
_PUBLISHED = frozenset(("published", "dt-published", "entry-published", "date-published"))
_TYPES = re.compile(r"Article|Posting|Recipe|Report|HowTo|WebPage")
_NAME = r"[A-Z][\w.’'-]+(?:\s(?:[A-Z][\w.’'-]*|de|van|von|der|al|bin)){1,4}"
_BYLINE = re.compile(
    r"(?:^|[·|•]\s)(?:Written |Words |Story )?[Bb]y\s"
    rf"({_NAME}(?:(?:,| and|, and|\s&)\s{_NAME}){{0,3}})(?=\s*(?:$|[·|•]))",
    re.M,
)


def day_published(tree: Any) -> str:
    """The day (ISO 8601), or nothing where the page has no mark of it or several days."""
    return next((day for written in _marked(tree) if (day := day_of(written))), "")


def _marked(tree: Any) -> Iterator[str]:
    fields: dict[str, str] = {}
    for meta in tree.iter("meta"):
        name = meta.get("property") or meta.get("name") or meta.get("itemprop") or ""
        fields.setdefault(name.strip().lower(), meta.get("content") or "")
    for name in _NAMES[:2]:
        yield fields.get(name, "")
    for data in _linked_data(tree):
        found = _LINKED_DATA.search(data[:_LONGEST_DATA])
        yield found[1] if found else ""
    for name in _NAMES[2:]:
        yield fields.get(name, "")
    times = list(tree.iter("time"))
    for time in times:
        if time.get("itemprop") == "datePublished" or time.get("pubdate") is not None:
            yield time.get("datetime") or time.text or ""
    marked = [time for time in times if _PUBLISHED & set((time.get("class") or "").split())]
    for some in (marked, times):
        days = {day_of(time.get("datetime")) for time in some}
        if len(days) == 1:
            yield days.pop()


def authors_named(tree: Any) -> str:
    """Who wrote the article on a page, by its linked data."""
    for data in _linked_data(tree):
        if len(data) > _LONGEST_DATA:
            continue
        try:
            found = json.loads(data, strict=False)
        except (ValueError, RecursionError):
            continue
        things = found if isinstance(found, list) else [found]
        graphs = [one["@graph"] for one in things if isinstance(one, dict) and "@graph" in one]
        things += [thing for graph in graphs if isinstance(graph, list) for thing in graph]
        for thing in things:
            if isinstance(thing, dict) and _TYPES.search(str(thing.get("@type"))):
                authors = thing.get("author")
                authors = authors if isinstance(authors, list) else [authors]
                names = (one.get("name") if isinstance(one, dict) else one for one in authors)
                lines = [line_of(name) for name in names if isinstance(name, str)]
                if any(lines):
                    return line_of("; ".join(filter(None, lines)))
    return ""


def author_of_head(head: str) -> str:
    """Who wrote an article, by the byline in its head: "By Ada Lee · Published April 2, 2026"."""
    found = _BYLINE.search(head[:_LONGEST_HEAD])
    return line_of(found[1]) if found else ""


def sites_named(tree: Any) -> list[str]:
    """What a page calls the site that it is of, in fields that say so."""
    names = {"og:site_name", "application-name", "apple-mobile-web-app-title", "publisher"}
    metas = tree.xpath("//meta[@content][@property or @name]")
    named = ((meta.get("property") or meta.get("name"), meta.get("content")) for meta in metas)
    sites = [content for name, content in named if name.lower() in names]
    for data in _linked_data(tree):
        sites += _LINKED_SITE.findall(data[:_LONGEST_DATA])
    return sites


def _linked_data(tree: Any) -> Iterator[str]:
    """What a page says of itself in JSON, a text each."""
    for script in tree.iter("script"):
        if "ld+json" in (script.get("type") or ""):
            yield script.text or ""
