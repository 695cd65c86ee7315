"""What beside the text of a page is part of its article, and what is taken off its tree. Pure.

In doubt something stays: a stray line does less harm than a sentence that is lost.
"""

from __future__ import annotations

import re
from itertools import islice
from operator import itemgetter
from typing import Any

_MOST = 200
"""Of each kind, so many are looked at on a page."""
_LARGEST, _LARGEST_MARK = 300, 12
"""Elements in a list of links and in a mark of a note; what has more is none."""
_LONGEST_MARK, _LONGEST_SIGN_UP, _LONGEST_LIST = 60, 200, 3_000
_MOST_LEVELS = 8
_LINKED = 0.7
"""The share of its letters that are links, from which a list is one of links."""
_NOTE_MARK = re.compile(r"(?:\[[^][]{1,40}\]|[*†‡§¶]|[,\s])+")
_NOTE_NUMBER = re.compile(r"[([]?(?:\d{1,3}|[a-z]|[ivx]{1,5})[])]?(?:[,–-]\d{1,3})*")
_NOTE_CLASS = re.compile(r"(?:^|[\s_-])(?:footnote|noteref|fnref|endnote)|(?:^|\s)reference", re.I)
_AFTER_SENTENCE = re.compile(r"[^\W\d_][\"'”’»)\]]*[.!?,;:…][\"'”’»)\]]*$|[^\W\d_][\"”»]$")
_EDIT_CLASS = re.compile(r"(?:^|[\s_-])(?:edit-?section|cite-backlink)(?:$|\s)", re.I)
_EDIT = re.compile(r"\[\s*edit(?: source| this section)?\s*(?:\|[^][]{0,40})?\]", re.I)
_LABEL = re.compile(
    r"(?:(?:read|see|find out|discover) more(?: (?:on|about|from|in) .{1,60})?"
    r"|more (?:stories|news|articles|like this|on this(?: \w+)?|from .{1,60})"
    r"|(?:also|please) read|read (?:also|next|this(?: next)?)|see also|don[’']?t miss"
    r"|related(?: (?:\w+ )?(?:stories|articles?|content|links|topics|coverage|news|posts))?"
    r"|(?:most|popular|trending)(?: (?:read|popular|viewed|shared|now|today|stories|articles))?"
    r"|recommended(?: (?:for you|reading|stories|articles))?"
    r"|(?:top|latest) (?:stories|news|articles)|editors?[’']?s? (?:picks|choice)"
    r"|you (?:may|might) (?:also |be )+(?:like|enjoy|interested in)"
    r"|(?:what to )?(?:read|up|watch) next|(?:share|follow)(?: (?:this|us|the)\b.{0,40})?)"
    r"\s*[:…»›→]?",
    re.I,
)
_LABELLED = re.compile(
    r"(?:read more|also read|read also|read next|see also|related)\s*[:|–—]", re.I
)
_SIGN_UP = re.compile(r"sign(?:ing)? up|subscribe|newsletter|inbox|e-?mail", re.I)
_CONSENT = re.compile(
    r"(?:cookie|gdpr|consent)s?[-_]?(?:banner|bar|box|law|notice|notification|popup|message)", re.I
)
_HIDDEN = re.compile(r"(?:^|[\s_-])(?:visually-?hidden|sr-only|screen-reader-text)(?:$|\s)", re.I)
_HIDDEN_LABEL = re.compile(r"[A-Z]\w{2,}")
_BOXES = ("div", "section", "aside", "p", "span", "form", "dialog")
_INLINE = ("a", "b", "strong", "em", "i", "span")
_WHOLE = ("html", "body", "main", "article")


def tidy(tree: Any) -> None:
    """Take off what is struck out, marks of notes, "[edit]", lists of links, sign-ups, notices.

    Boxes of facts are kept, labels for those who hear the page are parted from what they label.
    """
    for element in list(tree.iter("s", "strike", "del")):
        if short_text(element, _LONGEST_LIST) is not None:
            _drop(element)
    for element in list(tree.iter(*_INLINE)):
        if _HIDDEN.search(element.get("class") or ""):
            _part_label(element)
    for element in list(tree.iter("sup", "a", "span")):
        if _is_mark(element):
            element.drop_tree()
    for element in islice(filter(_is_notice, list(tree.iter(*_BOXES))), _MOST):
        _drop(element)
    for field in islice(filter(_asks_for_address, list(tree.iter("input"))), _MOST):
        _drop_sign_up(field)
    labelled = ((element, _label(element)) for element in list(tree.iter()))
    for element, label in islice(filter(itemgetter(1), labelled), _MOST):
        _drop_links(element, label)
    _keep_boxes(tree)


def short_text(element: Any, longest: int, elements: int = _LARGEST) -> str | None:
    """The text of an element on one line; None where it has more code points or elements."""
    if next(islice(element.iter(), elements, None), None) is not None:
        return None
    text = " ".join("".join(element.itertext()).split())
    return text if len(text) <= longest else None


def preceding(element: Any) -> str:
    """The last letters before an element, in what stands directly before it."""
    before = element.getprevious()
    parent = element.getparent()
    text = parent.text if before is None and parent is not None else getattr(before, "tail", None)
    return (text or "")[-40:]


def _drop(element: Any) -> None:
    if element.getparent() is not None and element.tag not in _WHOLE:
        element.drop_tree()


def _is_mark(element: Any) -> bool:
    """Whether an element only refers to a note, leads back from it, or offers to edit."""
    text = short_text(element, _LONGEST_MARK, _LARGEST_MARK)
    parent = element.getparent()
    if not text or parent is None:  # trafilatura takes empty links for links with text
        return text == "" and element.tag == "a" and not len(element) and parent is not None
    name = element.get("class") or ""
    if element.tag == "span":
        return bool(_EDIT_CLASS.search(name) or _EDIT.fullmatch(text))
    is_number = _NOTE_NUMBER.fullmatch(text) is not None
    if element.tag == "a":
        is_note = "noteref" in f"{element.get('role')} {element.get('epub:type')} {name}"
        leads_back = (element.get("href") or "").startswith("#") and not re.search(r"\w", text)
        return (is_note and is_number) or leads_back
    if _NOTE_MARK.fullmatch(text) or re.search(r"(?:^|\s)reference(?:$|\s)", name):
        return True
    link = parent if parent.tag == "a" else element.find(".//a")
    leads_to_note = link is not None and "#" in (link.get("href") or "")
    is_named = _NOTE_CLASS.search(f"{name} {element.get('id') or ''}")
    ends_sentence = _AFTER_SENTENCE.search(preceding(element).rstrip())
    return is_number and bool(leads_to_note or is_named or ends_sentence)


def _part_label(label: Any) -> None:
    """Put blanks around a label that is heard, not seen, or a colon behind one word that leads."""
    text = short_text(label, _LONGEST_MARK, _LARGEST_MARK) or ""
    tail, parent = label.tail or "", label.getparent()
    leads = label.getprevious() is None and not (parent.text or "").strip()
    is_label = leads and _HIDDEN_LABEL.fullmatch(text) and tail.lstrip()[:1].isupper()
    goes_on = (tail or label.getnext() is not None) and tail[:1] not in tuple(".,;:!?)")
    label.text = f" {label.text or ''}"
    label.tail = f"{':' if is_label else ''}{' ' if goes_on else ''}{tail}"


def _is_notice(element: Any) -> bool:
    name = f"{element.get('class') or ''} {element.get('id') or ''}"
    is_notice = _CONSENT.search(name) or "dialog" in (element.get("role") or element.tag)
    return bool(is_notice) and short_text(element, _LONGEST_LIST) is not None


def _asks_for_address(field: Any) -> bool:
    return (field.get("type") or "").lower() == "email"


def _drop_sign_up(field: Any) -> None:
    """Drop the largest part around a field for an address that only asks to sign up."""
    part = None
    for box in islice(field.iterancestors(), _MOST_LEVELS):
        text = short_text(box, _LONGEST_SIGN_UP)
        if text is None or box.tag in _WHOLE or box.find(".//h1") is not None:
            break
        if _SIGN_UP.search(text):
            part = box
    if part is not None:
        _drop(part)


def _label(element: Any) -> int:
    """The length of the label of links that an element begins with, else 0."""
    label = " ".join((element.text or "")[:200].split()) if isinstance(element.tag, str) else ""
    is_label = _LABEL.fullmatch(label) or (element.tag == "a" and _LABELLED.match(label))
    return len(label) if is_label else 0


def _drop_links(element: Any, label: int) -> None:
    """Drop what a label of ``label`` code points heads, where all of it is links."""
    part: Any = None
    alone: Any = None
    box = element
    for _ in range(_MOST_LEVELS):
        text = short_text(box, _LONGEST_LIST)
        if text is None or box.tag in _WHOLE:
            break
        alone = box if len(text) <= label else alone
        part = box if _is_linked(box, text, label) and box.tag not in _INLINE else part
        above, before = box.getparent(), box.getprevious()
        if above is None or before is not None or (above.text or "").strip():
            break
        box = above
    is_heading = alone is not None and alone.tag not in _INLINE
    if part is None and is_heading and not (alone.tail or "").strip():
        below = alone.getnext()
        while below is not None and _is_linked(below, short_text(below, _LONGEST_LIST), 0):
            part, following = alone, below.getnext()
            _drop(below)
            below = following
    if part is not None:
        _drop(part)


def _is_linked(element: Any, text: str | None, label: int) -> bool:
    """Whether nearly all ``text`` of an element, but for the label at its start, is links."""
    if not text:
        return False
    links = [" ".join("".join(link.itertext()).split()) for link in element.iter("a")]
    return sum(map(len, links)) >= _LINKED * max(1, len(text) - label) and any(links)


def _keep_boxes(tree: Any) -> None:
    """Keep boxes of facts beside an article, which trafilatura drops with all that stands aside."""
    boxes = list(tree.iter("aside"))
    for box in [box for box in boxes if next(box.iterancestors("aside"), None) is None]:
        lines = sum(1 for _ in box.iter("p", "li", "dt", "tr"))
        acts = any(box.find(f".//{tag}") is not None for tag in ("form", "button", "input", "nav"))
        within = next(box.iterancestors("article", "main"), None) is not None
        if lines > 1 and within and not acts:
            linked = sum(len("".join(link.itertext())) for link in box.iter("a"))
            if linked * 5 <= len("".join(box.itertext())):
                box.tag = "div"
