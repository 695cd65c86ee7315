"""The command ``sources``: the articles in the index, searched, sorted and by the page."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

import click

from qabot.cli.filtering import filtering
from qabot.cli.output import ANSWERED, Command, display, notice, plural, write_json
from qabot.errors import UnknownReference

if TYPE_CHECKING:
    from rich.console import RenderableType

    from qabot.catalog import Catalog
    from qabot.filters import Filters
    from qabot.selecting import Order

_ORDERS = ("title", "date", "added", "passages")
_NEWEST = 20
_EMPTY = "The index is empty. Put articles in: qabot ingest PATH"


@click.command(cls=Command)
@click.argument("words", nargs=-1)
@click.option(
    "--sort",
    "order",
    type=click.Choice(_ORDERS),
    default="title",
    help="By title, or the newest, the last added, those with most passages first.",
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, help="Articles a page.")
@click.option("--page", type=click.IntRange(1, 1_000_000), default=1, help="Which page.")
@filtering
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def sources(
    words: tuple[str, ...], order: Order, limit: int, page: int, filters: Filters, as_json: bool
) -> int:
    """List the articles, or those with all WORDS in title, author or source."""
    from qabot.build import open_existing_index
    from qabot.render import listing
    from qabot.selecting import listed
    from qabot.settings import Settings

    with closing(open_existing_index(Settings.from_environment())) as index:
        found = listed(index.catalog, " ".join(words), filters, order, limit, page)
        is_empty = not found.total and not index.catalog.versions()
    if as_json:
        write_json(listing.json_object(found))
    elif found.sources:
        display(listing.table(found))
        if place := listing.place_in_list(found, (page - 1) * limit + 1):
            notice(place)
    elif is_empty:
        notice(_EMPTY)
    else:
        notice(
            f"There are {found.total:,} articles, and no page {page:,}."
            if found.total
            else "No article fits. Fewer words or filters find more."
        )
    return ANSWERED


def newest(
    catalog: Catalog, words: str, filters: Filters, say: Callable[[str], None]
) -> RenderableType:
    """The newest articles with these words; ``say`` is told how many. Raises UnknownReference."""
    from qabot.render import listing
    from qabot.selecting import listed

    found = listed(catalog, words, filters, "date", _NEWEST)
    if not found.total:
        raise UnknownReference("No article fits." if words or filters else _EMPTY)
    if found.next:
        say(f"The newest {_NEWEST} of {plural(found.total, 'article')}:")
    return listing.table(found)
