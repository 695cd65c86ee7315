"""Web pages: trafilatura finds the article on the page and what it says of itself."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from qabot.article import head_of
from qabot.dates import article_date, day_in_address
from qabot.errors import LoadError
from qabot.loading.charsets import decode
from qabot.loading.fields import (
    address_of,
    clean_text,
    day_of,
    line_of,
    paragraphs,
    tags_of,
    without_site,
)
from qabot.loading.markup import LINE_BREAK, paragraphs_of
from qabot.loading.model import Extract, Hints
from qabot.loading.published import author_of_head, authors_named, day_published, sites_named
from qabot.loading.shaping import HEADINGS, INLINE, made, plain, shape, wrap_loose
from qabot.loading.tables import fill_spans, undo_layout_tables
from qabot.loading.tidying import preceding, short_text, tidy
from qabot.types import Origin
from qabot.words import fold

_CAPTION = re.compile(
    r"(?:^|[\s_-])(?:captions?|(?:photo|image|picture|img|media)[_-]{0,2}(?:caption|credits?))"
    r"(?:[_-]{1,2}(?:text|content|credit))?(?:\s|$)|(?:image|photo|picture)(?:Caption|Credit)",
)
_CAPTIONS = ("p", "div", "span", "small", "em", "i", "cite")
_LONGEST_CAPTION = 600
_RAISED = str.maketrans("0123456789+-−–", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")
_FEW = 750
_UNREAD = ("nav", "footer", "head", "script", "style", "noscript", "template", "button", "select")
_TURN_ON = r"(?:enable|activate|allow|turn on) (?:\w+ )?javascript"
_DEMAND = re.compile(
    rf"\b(?:please|must|(?:need|have) to) (?:\w+ ){{0,3}}{_TURN_ON}"
    rf"|\b{_TURN_ON}(?: \w+){{0,6}} to (?:view|see|run|use|continue)"
    r"|javascript (?:(?:is|has been) (?:\w+ )?(?:required|disabled|turned off)"
    r"|(?:must|needs to|has to) be (?:enabled|turned on))|requires? javascript",
    re.I,
)
_LONGEST_LINK, _LONGEST_DEMAND = 200, 160
_DATES = {"extensive_search": False, "original_date": True, "outputformat": "%Y-%m-%d"}


def read(data: bytes, hints: Hints) -> Iterator[Extract]:
    """The article on a page. Raises LoadError where there is none, or no library to find it."""
    trafilatura, etree = _libraries()
    tree = _parsed(decode(data, hints.charset))
    if tree is None:
        raise LoadError("holds no HTML page.")
    day, authors = day_published(tree), authors_named(tree)
    sites, headings = sites_named(tree), [line_of(one.text_content()) for one in tree.iter("h1")]
    is_read = _is_read(tree)
    _prepare(tree)
    found = trafilatura.bare_extraction(
        tree,
        url=hints.url or None,
        with_metadata=True,
        include_comments=False,
        date_extraction_params=_DATES,  # not used, since it guesses; so it shall not look long
    )
    url = hints.url or address_of(found.url if found else "")
    title = without_site(line_of(found.title), sites, url, headings) if found else ""
    parts = paragraphs_of(found.body, etree.iterwalk) if found and found.body is not None else []
    text = paragraphs(_below_title(title, parts))
    below = " ".join(part for part in parts if not part.startswith("#"))
    is_demand = len(below) <= _LONGEST_DEMAND and _DEMAND.search(below) is not None
    if not is_read or not below or is_demand:
        raise LoadError("no article was found on the page. Save its text as a .txt file.")
    # A day below the title is of the article where its author stands beside it, else of anything.
    head = "\n".join([head_of(text), *filter(author_of_head, text.split("\n\n", 2)[:2])])
    origin = Origin(
        url=url,
        author=line_of(found.author) or authors or author_of_head(head),
        publisher=line_of(found.sitename),
        date=day or day_in_address(url) or day_of(article_date(head) or ""),
        tags=tags_of([*(found.tags or ()), *(found.categories or ())]),
    )
    yield Extract(text, title, origin)


def _prepare(tree: Any) -> None:
    """Bring a tree into the form from which trafilatura takes an article, and no more than that."""
    had_few = _has_few(tree)
    tidy(tree)
    shape(tree)
    undo_layout_tables(tree)
    _keep_captions(tree)
    _keep_inline(tree)
    fill_spans(tree)
    if had_few and not _has_few(tree):
        for box in list(tree.iter("div", "section", "article", "main")):
            wrap_loose(box)


def _is_read(tree: Any) -> bool:
    """Whether anything on a page is text, and not a link, a heading or a way around."""
    for element in tree.iter():
        for text, box in ((element.text, element), (element.tail, element.getparent())):
            if text and box is not None and re.search(r"\w", text):
                boxes = {one.tag: one for one in (box, *box.iterancestors())}
                heads = [one for tag, one in boxes.items() if tag in HEADINGS or one.get("href")]
                is_short = any(short_text(one, _LONGEST_LINK, 20) for one in heads)
                if not is_short and boxes.keys().isdisjoint(_UNREAD):
                    return True
    return False


def _has_few(tree: Any) -> bool:
    """Whether there is so little in paragraphs that trafilatura takes other text as well."""
    texts = (text for paragraph in tree.iter("p") for text in paragraph.itertext())
    return not any(length >= _FEW for length in accumulate(map(len, texts)))


def fragment(markup: str) -> list[str]:
    """The paragraphs of a piece of HTML, such as the content of a feed's item."""
    from lxml import etree

    root = _parsed(f"<div>{markup}</div>")
    if root is None:
        return []
    _prepare(root)
    return paragraphs_of(root, etree.iterwalk)


def _parsed(page: str) -> Any:
    """The tree of a page, whatever it says of its encoding; None where there is nothing in it."""
    from lxml import etree, html

    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    data = clean_text(page).encode("utf-8")
    try:
        return html.document_fromstring(data, parser=parser)
    except (etree.LxmlError, ValueError):
        return None


def _below_title(title: str, parts: list[str]) -> list[str]:
    """The paragraphs below a heading with the title, which often stands first among them."""
    if not title:
        return parts
    rest = [
        part for part in parts if not (part[0] == "#" and fold(part.lstrip("# ")) == fold(title))
    ]
    if rest and fold(rest[0]) == fold(title):
        del rest[0]
    return [f"# {title}", *rest]


def _keep_captions(tree: Any) -> None:
    """Put captions in place of their figures, which trafilatura drops as a whole."""
    for caption in list(tree.iter("figcaption")):
        if next(caption.iterancestors("figcaption"), None) is None:
            _put_before(caption, next(caption.iterancestors("figure"), None))
    for caption in list(tree.iter(*_CAPTIONS)):
        if _CAPTION.search(caption.get("class") or "") and _is_caption(caption):
            _put_before(caption, next(caption.iterancestors("figure"), caption))
    for block in tree.iter("blockquote", "pre", "p", "table"):
        for figure in block.iterancestors("figure"):
            figure.tag = "div"


def _is_caption(element: Any) -> bool:
    """Whether what is called a caption is a short text, and no picture with one or part of one."""
    others = (*HEADINGS, "img", "table", "li")
    is_short = len(short_text(element, _LONGEST_CAPTION, 40) or "") > 0
    is_inline = element.tag in INLINE and (preceding(element) + (element.tail or "")).strip()
    return (
        is_short
        and not is_inline
        and not any(element.find(f".//{tag}") is not None for tag in others)
    )


def _put_before(caption: Any, figure: Any) -> None:
    if figure is None or figure.getparent() is None:
        return
    text = clean_text(" ".join("".join(caption.itertext()).split()))
    place = next(figure.iterancestors("p"), figure)
    place.addprevious(made(figure, "p", text))
    for box in place.iterancestors():
        if "caption" in f"{box.get('class')} {box.get('id')}":  # by which it would be dropped
            box.attrib.pop("class", None)
            box.attrib.pop("id", None)
    caption.drop_tree()


def _keep_inline(tree: Any) -> None:
    """Keep times and insertions within sentences, powers, and the lines of what is typed."""
    for element in list(tree.iter("time", "ins")):
        if (preceding(element) + (element.tail or "")).strip():
            plain(element, "span")
    for element in tree.iter("sup"):
        is_power = re.fullmatch(r"[-+−–]?\d{1,3}", element.text or "") and not len(element)
        if is_power and preceding(element)[-1:].isdigit():
            element.text = element.text.translate(_RAISED)
    for typed in tree.iter("pre"):
        if next(typed.iterancestors("pre"), None) is not None:
            continue
        for element in typed.iter():
            if element.text:
                element.text = element.text.replace("\n", f"{LINE_BREAK}\n")
            if element.tail and element is not typed:
                element.tail = element.tail.replace("\n", f"{LINE_BREAK}\n")


def _libraries() -> tuple[Any, Any]:
    try:
        import trafilatura
        from lxml import etree
    except ImportError as error:
        raise LoadError(
            "web pages need an extra that is not installed: pip install 'qabot[html]'"
        ) from error
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    logging.getLogger("htmldate").setLevel(logging.CRITICAL)
    return trafilatura, etree
