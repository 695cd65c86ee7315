"""What trafilatura would drop or run together, put into a form that it keeps. Pure."""

from __future__ import annotations

import re
from itertools import islice, takewhile
from typing import Any

from qabot.loading.markup import NUMBER
from qabot.loading.tidying import short_text

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
INLINE = frozenset(
    """a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd mark q s samp small
    span strike strong sub sup time tt u var""".split()
)
_CLOCK = re.compile(
    r"(?:(?:[A-Z][a-z]{2,8}\.?,? ?|\d{1,4}(?:st|nd|rd|th)?[ .,/-]+){1,5}(?:at |- |– |, )?)?"
    r"(?:\d{1,2}[:h]\d\d(?::\d\d)?(?: ?[ap]\.?m\.?)?"
    r"|\d{1,2}(?:\.\d\d)? ?(?:[ap]\.?m\b\.?|[A-Z]{3,4}))(?: ?\(?[A-Z]{2,5}\)?)?"
)
_AGO = re.compile(
    r"(?:\d{1,2} ?(?:s|m|h|d|secs?|mins?|hrs?|minutes?|hours?|days?) ago|just now)\s*"
)
"""What a page says of the time since a post, before its hour; when it is read, it is untrue."""
_LONGEST_CLOCK, _SHORTEST_POST = 40, 40
_MOST, _MOST_LEVELS, _LARGEST = 400, 8, 60
"""Parts opened on a page, boxes looked at around a post's hour, elements before it in the post."""
_POSTS = ("article", "section", "div", "li")
_UNCOUNTED = re.compile(r"unstyled|list-none|list-style(?:-type)?:\s*none|\bplain\b", re.I)
_OPENING = ("p", "div", "section", *HEADINGS)
_FOLD = re.compile(r"accordion|collaps|faq|fold|toggle|expand|disclosure", re.I)
_ACTS = re.compile(
    r"(?:show|hide|view|see|read|load|open|close|expand|toggle|menu|search)\b[^?]*", re.I
)


def shape(tree: Any) -> None:
    """Make headings of what opens folded parts and of posts' times; items get days and numbers."""
    _open_folds(tree)
    _keep_times_of_posts(tree)
    _keep_days_of_items(tree)
    _join_posts(tree)
    _number_items(tree)


def made(parent: Any, tag: str, text: str | None) -> Any:
    """A new element for the tree of ``parent``."""
    element = parent.makeelement(tag)
    element.text = text
    return element


def _open_folds(tree: Any) -> None:
    """Make headings of what opens a part of the text, and show that part."""
    for element in list(tree.iter("details")):
        if _is_text(element):
            _flatten_summary(element)
    for element in list(tree.xpath("//*[@role='heading']")):
        level = element.get("aria-level") or ""
        element.tag = f"h{level}" if level in tuple("123456") else "h3"
    marked = tree.xpath("//button | //*[@aria-expanded] | //*[@data-toggle='collapse']")
    named = {element.get("id"): element for element in tree.xpath("//*[@id]")} if marked else {}
    for element in marked[:_MOST]:
        heading = next(element.iterancestors(*HEADINGS, "dt"), None)
        part = named.get(_target(element))
        part = _beside(element if heading is None else heading) if part is None else part
        is_text = part is not None and _is_text(part)
        if heading is None and is_text and _is_question(element):
            plain(element, "h3" if next(element.iter(*HEADINGS), None) is None else "div")
        elif heading is None or element.tag == "button":
            if heading is None or short_text(element, 300) != short_text(heading, 300):
                continue
            plain(element, "span")
        if is_text:
            plain(part, part.tag)
            wrap_loose(part)


def _is_question(element: Any) -> bool:
    """Whether what opens a part reads like its heading, and not like what it does."""
    label = short_text(element, 150, 20) or ""
    boxes = (element, *islice(element.iterancestors(), 4))
    is_fold = any(_FOLD.search(f"{box.get('class')} {box.get('id')}") for box in boxes)
    is_title = " " in label and is_fold and not _ACTS.fullmatch(label)
    is_read = label.endswith("?") or is_title or next(element.iter(*HEADINGS), None) is not None
    return is_read and element.find(".//p") is None


def _target(element: Any) -> str:
    given = map(element.get, ("aria-controls", "data-bs-target", "data-target", "href"))
    return next((name.removeprefix("#") for name in given if name), "")


def _beside(element: Any) -> Any:
    """What stands right after an element, or after what holds nothing but it."""
    if element.getnext() is None and element.getparent() is not None:
        element = element.getparent()
    return element.getnext()


def _is_text(part: Any) -> bool:
    within = next(part.iterancestors("nav", "form", "footer"), None)
    if part.tag not in ("div", "section", "dd", "details") or within is not None:
        return False
    text = short_text(part, 3_000)
    if text is None:
        return part.find(".//p") is not None
    linked = sum(len("".join(link.itertext())) for link in part.iter("a"))
    return len(text) > 15 and linked * 2 < len(text) and part.get("role") not in ("menu", "listbox")


def plain(element: Any, tag: str) -> None:
    """Give an element another name and take its attributes, by which it might be dropped."""
    element.tag = tag
    element.attrib.clear()


def _flatten_summary(details: Any) -> None:
    for summary in details.findall("summary"):
        inner = list(summary.iter(*HEADINGS, "p", "div", "section"))
        tag = next((one.tag for one in inner if one.tag in HEADINGS), "h3")
        for one in inner:
            plain(one, "span")
            one.text = f" {one.text or ''}"
        plain(summary, tag)
    plain(details, "div")
    wrap_loose(details)


def wrap_loose(box: Any) -> None:
    """Put text that stands between the blocks of a box into paragraphs; two breaks part them."""
    paragraph = None
    if (box.text or "").strip():
        paragraph = made(box, "p", box.text)
        box.text = None
        box.insert(0, paragraph)
    for child in list(box):
        if child is paragraph:
            continue
        previous = child.getprevious() if paragraph is None or not len(paragraph) else paragraph[-1]
        parts = child.tag == "br" and previous is not None and previous.tag == "br"
        if parts and not (previous.tail or "").strip():
            paragraph = None
        if child.tag == "br" or child.tag in INLINE:
            if paragraph is None and (child.tag != "br" or (child.tail or "").strip()):
                paragraph = made(box, "p", None)
                child.addprevious(paragraph)
            if paragraph is not None:
                paragraph.append(child)
        else:
            paragraph = None
            if (child.tail or "").strip():
                paragraph = made(box, "p", child.tail)
                child.tail = None
                child.addnext(paragraph)


def _keep_times_of_posts(tree: Any) -> None:
    """Put the hour of each post of a live report into its heading, or above it as one."""
    boxes: dict[Any, dict[Any, tuple[Any, str]]] = {}
    for mark in list(tree.iter("time", "span", "p", "div", "a", "strong", "b")):
        text = short_text(mark, _LONGEST_CLOCK, 6)
        text = _AGO.sub("", text or "", count=1)
        if text and _CLOCK.fullmatch(text) and not (mark.tail or "").strip():
            post = mark
            for box in islice(mark.iterancestors(), _MOST_LEVELS):
                if post.tag in _POSTS:
                    boxes.setdefault(box, {}).setdefault(post, (mark, text))
                post = box
    taken: set[Any] = set()
    for box in reversed([element for element in tree.iter() if element in boxes]):
        found = {post: mark for post, mark in boxes[box].items() if mark[0] not in taken}
        posts = [post for post, (mark, _) in found.items() if _is_post(post, mark)]
        is_within = box.tag == "article" or next(box.iterancestors("article"), None) is not None
        if len(posts) >= (2 if is_within else 3):
            for post in posts:
                taken.add(found[post][0])
                _head_post(post, *found[post])


def _keep_days_of_items(tree: Any) -> None:
    """Begin an item of a list with the day or hour that stands above its text."""
    for item in list(tree.iter("li")):
        found = [one for one in islice(item.iter(), 8) if one.tag == "time"]
        text = short_text(found[0], _LONGEST_CLOCK, 6) if found else ""
        if not text:
            continue
        mark = found[0]
        while mark.getparent() is not item and short_text(mark.getparent(), 40, 6) == text:
            mark = mark.getparent()
        below = mark.getnext()
        beside = (item.text or "") + (mark.tail or "")
        is_first = mark.getparent() is item and mark.getprevious() is None and not beside.strip()
        if is_first and below is not None and below.tag in ("p", "div"):
            first = below if (below.text or "").strip() else next(below.iter("p"), below)
            first.text = f"{text}: {first.text or ''}"
            mark.drop_tree()
            item.getparent().tag = "ul" if item.getparent().tag == "ol" else item.getparent().tag


def _number_items(tree: Any) -> None:
    """Begin the items of a list that counts them with their numbers; lists in lists stay plain."""
    for counted in tree.iter("ol"):
        is_within = next(counted.iterancestors("ol", "ul"), None) is not None
        others = set(counted.attrib) & {"reversed", "type"} and counted.get("type") != "1"
        if (
            is_within
            or others
            or _UNCOUNTED.search(f"{counted.get('class')} {counted.get('style')}")
        ):
            continue
        number = _number(counted.get("start"), 1)
        for item in counted.findall("li"):
            number = _number(item.get("value"), number)
            place = item
            while len(place) and not (place.text or "").strip() and place[0].tag in _OPENING:
                place = place[0]
            is_text = (place.text or "").strip() or (len(place) and place[0].tag in INLINE)
            if is_text and number < 1_000:
                place.text = f"{NUMBER}{number}. {(place.text or '').lstrip()}"
            number += 1


def _number(given: str | None, otherwise: int) -> int:
    written = (given or "").strip()
    is_number = written.isascii() and written.isdigit() and len(written) < 4
    return int(written) if is_number else otherwise


def _join_posts(tree: Any) -> None:
    """Make parts of one article of posts side by side, each of which is called an article.

    What a linked heading leads away from is no such post, and neither is a comment.
    """
    posts: dict[Any, list[Any]] = {}
    for post in tree.iter("article"):
        if next(post.iterancestors("article", "main"), None) is None:
            continue
        first = (one for one in islice(post.iter(), _LARGEST) if one.tag in HEADINGS)
        heading = next(first, None)
        if heading is None or heading.tag == "h1" or "comment" in (post.get("class") or "").lower():
            continue
        if heading.find(".//a[@href]") is None and next(heading.iterancestors("a"), None) is None:
            posts.setdefault(post.getparent(), []).append(post)
    for post in (post for found in posts.values() if len(found) > 1 for post in found):
        post.tag = "section"


def _is_post(post: Any, mark: Any) -> bool:
    """Whether a part begins with its hour, maybe below a heading, and has text of its own."""
    name = f"{post.get('class')} {post.get('id')} {post.getparent().get('class')}"
    before = list(takewhile(lambda one: one is not mark, islice(post.iter(), _LARGEST)))
    own = [one for one in before if next(one.iterancestors(*HEADINGS), one).tag not in HEADINGS]
    is_first = len(before) < _LARGEST and not any((one.text or "").strip() for one in own)
    if not is_first or "comment" in name.lower():
        return False
    apart = [*islice(post.iter("a", *HEADINGS), _LARGEST), mark]
    text = sum(len(part.strip()) for part in islice(post.itertext(), 4 * _LARGEST))
    return text - sum(len("".join(one.itertext()).strip()) for one in apart) >= _SHORTEST_POST


def _head_post(post: Any, mark: Any, text: str) -> None:
    while mark.getparent() is not post and short_text(mark.getparent(), len(text), 6) == text:
        mark = mark.getparent()
    blocks = (one for one in post.iter(*HEADINGS, "p") if one not in (mark, *mark.iter()))
    first = next(blocks, None)
    mark.drop_tree()
    if first is not None and first.tag in HEADINGS:
        first.text = f"{text}: {(first.text or '').lstrip()}"
    else:
        heading = made(post, "h3", text)
        heading.tail, post.text = post.text, None
        post.insert(0, heading)
    if post.tag == "li" and post.getparent().tag in ("ul", "ol"):
        post.getparent().tag = "div"
    plain(post, "div")
