"""What Slack shows beside the answers: the article in place, the feedback form, the Home tab. Pure.

Views and blocks are plain dictionaries as Slack's Web API takes them. Text goes through
``mrkdwn.literal`` into places that show it as it is, or through ``mrkdwn.escape``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from qabot.naming import address_of, by_whom
from qabot.render.cutting import pieces
from qabot.render.mrkdwn import escape, link, literal, plain
from qabot.types import Citation, Closest, Document, SourceInfo, SourcePage, Twin

SHOW = "show_in_article"
"""The action of the button that opens the article at a citation."""
FEEDBACK = "feedback"
"""The action of the two buttons below an answer."""
FORM = "feedback_form"
"""The view that says what is wrong with an answer."""

Category = Literal["wrong", "not_supported", "missing", "other"]
Block = dict[str, Any]

LONGEST_VALUE = 2_000
"""Code points in the value of a button, by Slack's reference."""
_LONGEST_TEXT = 2_800
"""Code points in a text object; Slack takes 3,000."""
_AROUND = 700
"""Code points of the article shown above and below a passage."""
_PASSAGE = 12_000
"""Code points shown of a passage."""
_TITLE = 150
ON_HOME = 20
"""Articles listed on the Home tab."""
_COMMENT = 3_000
_CATEGORY_BLOCK, _COMMENT_BLOCK = "category", "comment"
_CATEGORIES: Mapping[Category, str] = {
    "wrong": "It is wrong",
    "not_supported": "The sources do not say so",
    "missing": "Something is missing",
    "other": "Something else",
}
_HOW_TO_ASK = (
    "*Ask about the articles.* Write to me here under Messages, or mention me in a channel that I"
    " am in. In a thread I was called into, you can go on asking without a mention."
    "\nTo choose the articles, say so in the question: `source:reuters`, `since:2026-02`,"
    " `until:yesterday`, `tag:iran`."
    "\nEach sentence of an answer stands in the articles: open *Sources* below it, then *Show in"
    " article*. If the articles do not say, I tell you so."
)


def place_value(document_id: str, start: int, end: int) -> str | None:
    """The value of a button that opens a place; None if Slack would not take it."""
    value = _compact({"document_id": plain(document_id), "start": start, "end": end})
    return value if len(value) <= LONGEST_VALUE else None


def read_place(value: str | None) -> tuple[str, int, int] | None:
    """The document and the place that a button's value names, or None if it names none.

    Whether there is such a place is for the caller to check.
    """
    found = _read(value)
    document, start, end = (found.get(name) for name in ("document_id", "start", "end"))
    if isinstance(document, str) and type(start) is int and type(end) is int and 0 <= start < end:
        return document, start, end
    return None


def feedback_value(reference: str, is_good: bool) -> str:
    """The value of one of the two feedback buttons of an answer."""
    return _compact({"reference": reference, "rating": "good" if is_good else "bad"})


def read_feedback_value(value: str | None) -> tuple[str, bool] | None:
    """The reference of the answer and whether it was found good, or None if the value is none."""
    found = _read(value)
    reference, rating = found.get("reference"), found.get("rating")
    if isinstance(reference, str) and reference and rating in ("good", "bad"):
        return reference, rating == "good"
    return None


def place_modal(document: Document, start: int, end: int) -> dict[str, Any]:
    """The article around ``document.text[start:end]``, with that stretch in bold as a quotation."""
    text = document.text
    end = min(end, start + _PASSAGE)
    low, high = max(0, start - _AROUND), min(len(text), end + _AROUND)
    before, after = text[low:start], text[end:high]
    if low:
        before = "… " + before.partition(" ")[2]
    if high < len(text):
        after = after.rpartition(" ")[0] + " …"
    parts: list[Block] = [
        {"type": "rich_text_section", "elements": _rich(before)},
        {"type": "rich_text_quote", "elements": _rich(text[start:end], bold=True)},
        {"type": "rich_text_section", "elements": _rich(after)},
    ]
    parts = [part for part in parts if part["elements"]]
    line = text.count("\n", 0, start) + 1
    place = f"line {line:,} · {document.id}:{start}-{end}"
    heading = {"type": "section", "text": mrkdwn(titled(document))}
    blocks: list[Block] = [heading, {"type": "context", "elements": [plain_text(literal(place))]}]
    return _modal("In the article", [*blocks, {"type": "rich_text", "elements": parts}])


def stale_modal() -> dict[str, Any]:
    """What a button shows whose article has changed or gone since."""
    note = "The article has changed or is gone since this was answered. Ask again to see it anew."
    return _modal("In the article", [{"type": "section", "text": plain_text(note)}])


def feedback_modal(reference: str) -> dict[str, Any]:
    """The form that asks what is wrong with the answer logged under ``reference``."""
    options = [
        {"text": plain_text(words), "value": category} for category, words in _CATEGORIES.items()
    ]
    choice = {"type": "radio_buttons", "action_id": _CATEGORY_BLOCK, "options": options}
    comment = {
        "type": "plain_text_input",
        "action_id": _COMMENT_BLOCK,
        "multiline": True,
        "max_length": _COMMENT,
    }
    blocks = [
        _input(_CATEGORY_BLOCK, "What is wrong?", choice),
        {**_input(_COMMENT_BLOCK, "In your words", comment), "optional": True},
    ]
    form = _modal("What is wrong?", blocks)
    submit = {"submit": plain_text("Send"), "close": plain_text("Cancel")}
    return {**form, **submit, "callback_id": FORM, "private_metadata": reference[:_COMMENT]}


def read_feedback(view_state: Mapping[str, Any]) -> tuple[Category, str]:
    """What was chosen and written in the form, from ``view["state"]``; "other" for anything odd."""
    values = view_state.get("values", {})
    choice = _inner(values, _CATEGORY_BLOCK, _CATEGORY_BLOCK, "selected_option", "value")
    comment = _inner(values, _COMMENT_BLOCK, _COMMENT_BLOCK, "value")
    category: Category = next((one for one in get_args(Category) if one == choice), "other")
    return category, plain(comment).strip()[:_COMMENT] if isinstance(comment, str) else ""


def home(newest: SourcePage, model: str | None = None) -> dict[str, Any]:
    """The Home tab: how to ask, who writes the answers, and the newest articles."""
    writer = (
        f"{escape(shorten(model, _TITLE))} writes the answers; each sentence is checked."
        if model
        else "The answers are the articles' own sentences."
    )
    count = f"{newest.total:,} article" + "s" * (newest.total != 1)
    if newest.next:
        count += ", the newest of them:"
    blocks: list[Block] = [
        {"type": "section", "text": mrkdwn(_HOW_TO_ASK)},
        {"type": "context", "elements": [mrkdwn(writer)]},
        {"type": "header", "text": plain_text(count if newest.total else "No articles yet")},
    ]
    lines = [_source_line(source) for source in newest.sources]
    if not newest.total:
        lines.append("Put some in with `qabot ingest PATH`.")
    for part in _joined(lines):
        blocks.append({"type": "section", "text": mrkdwn(part)})
    return {"type": "home", "blocks": blocks}


def prompts() -> list[dict[str, str]]:
    """Questions that are suggested when a conversation is opened, at most four."""
    return [
        {"title": "What happened?", "message": "What happened?"},
        {"title": "What is new?", "message": "What is new?"},
        {"title": "Why did it happen?", "message": "Why did it happen?"},
    ]


def conversation_title(question: str) -> str:
    """The name of a conversation that begins with ``question``."""
    return literal(shorten(question, 60)) or "Question"


def plain_text(text: str) -> Block:
    """A text object that is shown as it is; names of emoji stay names."""
    return {"type": "plain_text", "text": text, "emoji": False}


def mrkdwn(text: str) -> Block:
    """A text object of mrkdwn, in which Slack makes no links by itself."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def titled(article: Citation | Closest | Document | SourceInfo | Twin) -> str:
    """mrkdwn for an article's title, publisher and day; the title leads to its address."""
    words = shorten(article.title, _TITLE) or "Untitled"
    whose = by_whom(article.origin)
    linked = link(address_of(article), words) or escape(words)
    return f"{linked} ({escape(whose)})" if whose else linked


def _source_line(source: SourceInfo) -> str:
    return f"• {titled(source)} · added {escape(source.added_at[:10])}"


def _joined(lines: Sequence[str]) -> list[str]:
    """Lines in as few texts as they fit into."""
    texts: list[str] = []
    for line in lines:
        if texts and len(texts[-1]) + len(line) < _LONGEST_TEXT:
            texts[-1] += f"\n{line}"
        else:
            texts.append(line)
    return texts


def _rich(text: str, bold: bool = False) -> list[Block]:
    style = {"style": {"bold": True}} if bold else {}
    shown = literal(text)
    starts = range(0, len(shown), _LONGEST_TEXT)
    return [
        {"type": "text", "text": shown[start : start + _LONGEST_TEXT], **style} for start in starts
    ]


def _modal(title: str, blocks: Sequence[Block]) -> dict[str, Any]:
    return {
        "type": "modal",
        "title": plain_text(title),
        "close": plain_text("Close"),
        "blocks": list(blocks),
    }


def _input(block_id: str, label: str, element: Block) -> Block:
    return {"type": "input", "block_id": block_id, "label": plain_text(label), "element": element}


def shorten(text: str, limit: int) -> str:
    """The text on one line, cut at a word with an ellipsis where it is too long."""
    line = " ".join(plain(text).split())
    return line if len(line) <= limit else pieces(line, limit - 2)[0] + " …"


def _compact(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _read(value: str | None) -> Mapping[str, Any]:
    try:
        found = json.loads(value or "")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _inner(values: object, *names: str) -> object:
    for name in names:
        values = values.get(name) if isinstance(values, Mapping) else None
    return values
