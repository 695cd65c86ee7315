"""Text and Markdown: decoded, never altered; front matter and the byline's date are read too."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qabot.article import head_of, read_blocks, title_of
from qabot.dates import article_date
from qabot.errors import LoadError
from qabot.frontmatter import front_matter_of
from qabot.loading.fields import address_of, day_of, line_of, tags_of
from qabot.loading.model import Extract, Hints
from qabot.types import Block, Origin

_NOTHING = re.compile(r"[\s\ufeff]*")


def read(data: bytes, hints: Hints) -> Iterator[Extract]:
    """The article in a text file. Offsets count code points as decoded, line ends kept.

    Raises LoadError: empty, or not text in UTF-8 (or the charset it was sent with).
    """
    text = _decode(data, hints.charset)
    check_text(text)
    blocks = read_blocks(text)
    written = front_matter_of(text)

    def field(*names: str) -> str:
        return next((line_of(", ".join(written[name])) for name in names if name in written), "")

    origin = Origin(
        url=address_of(field("url", "link", "canonical_url")) or hints.url,
        author=field("author", "authors"),
        publisher=field("publisher", "source", "site_name"),
        date=day_of(field("date", "published")) or day_of_head(text, blocks),
        tags=tags_of(written.get("tags", ())),
    )
    yield Extract(text, title_of(text, blocks), origin)


def day_of_head(text: str, blocks: list[Block]) -> str:
    """The day that an article's own byline says it was published, or nothing."""
    day = article_date(head_of(text, blocks))
    return day.isoformat() if day else ""


def check_text(text: str) -> None:
    """Raise LoadError for a text that is empty or holds what no text has."""
    if "\0" in text:
        raise LoadError("holds NUL characters, so it is not a text file. Save it as UTF-8.")
    if re.search("[\ud800-\udfff]", text):
        raise LoadError("holds half a letter (a lone surrogate), so it is not whole.")
    if _NOTHING.fullmatch(text):
        raise LoadError("the file is empty. Leave it out, or put its text in.")


def _decode(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset or "utf-8")
    except LookupError as error:
        raise LoadError(f"has the charset {charset!r}, which is not known.") from error
    except UnicodeDecodeError as error:
        raise LoadError(
            f"not UTF-8 text (byte {error.start}). "
            "Convert it first, for example: iconv -f WINDOWS-1252 -t UTF-8"
        ) from error
