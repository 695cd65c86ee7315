"""Answer -> what Slack shows: sentences as they are released, sources, feedback. Pure.

Messages are plain dictionaries as Slack's Web API takes them, within its limits. The sentences are
Markdown; quotes are shown as they are; links lead only to what an article's source says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from qabot import markers
from qabot.answers import as_released
from qabot.naming import MOST_TWINS, lead, where_in
from qabot.naming import further as further_ones
from qabot.render.cutting import markdown_pieces, pieces
from qabot.render.mrkdwn import escape, fence_opened, literal, markdown, shown
from qabot.render.slack_views import (
    FEEDBACK,
    FORM,
    ON_HOME,
    SHOW,
    Block,
    Category,
    conversation_title,
    feedback_modal,
    feedback_value,
    home,
    mrkdwn,
    place_modal,
    place_value,
    plain_text,
    prompts,
    read_feedback,
    read_feedback_value,
    read_place,
    stale_modal,
    titled,
)
from qabot.types import Answer, Citation, Claim, Closest, Released

__all__ = [
    "FEEDBACK", "FORM", "ON_HOME", "SHOW", "Category", "Message", "body", "closing",
    "conversation_title", "escape", "feedback_modal", "further", "home", "messages", "place_modal",
    "prompts", "read_feedback", "read_feedback_value", "read_place", "sentence", "stale_modal",
    "stopped", "trouble",
]  # fmt: skip

Message = tuple[str, list[Block]]
"""The text for notifications, as mrkdwn, and the blocks that show the message."""

_BODY = 3_500
"""Code points of Markdown in a message, so that its text also fits chat.update, with 4,000."""
_TEXT = 3_900
_BLOCKS = 12_500
"""Code points of a message's blocks as JSON; Slack was seen to refuse some 13,200."""
_CONTAINER = 9_000
"""The same for one block of sources."""
_IN_CONTAINER = 10
"""Blocks in a block of sources, by Slack's reference."""
_QUOTE = 1_400
"""Code points of a quote in one section: as JSON no more than twice as long."""
_CLOSEST = 1_200
"""Code points shown of a passage that is close to the question."""
_NOTE = 1_400
_FIELD = 1_900
"""The same in a field beside a quote; Slack takes 2,000."""
_LONGEST_ID = 100
_MOST_BLOCKS = 45
"""Blocks in a message, counting those inside of others; Slack takes 50."""
_TROUBLES = {
    "failed": "Something went wrong, and I could not answer",
    "busy": "I could not answer in time; ask again in a little while",
    "index": "I could not answer, because the articles cannot be read at the moment",
    "question": "I cannot answer that, because the question is empty or too long",
    "broken_off": "The answer was broken off and is not whole; ask again",
    "restarted": "The answer was broken off when I was started anew; ask again",
    "delivery": "Slack did not take the whole answer; ask again",
}


def sentence(released: Released, before: Released | None = None) -> str:
    """A released sentence with its markers, as Markdown to append to what was said; "" if withheld.

    It begins with whose it is unless that is so of ``before``, and ends in a space or, after code,
    in a new line.
    """
    if released.withheld is not None:
        return ""
    whose = lead(released.citations, before.citations if before else ())
    # The colon is made harmless with the name: behind ":smile" it would end an emoji.
    return (f"{markdown(f'{whose}:')} " if whose else "") + _sentence(released.claim)


def body(answer: Answer) -> str:
    """All that an answer says, as Markdown: its sentences, or why there are none."""
    released = as_released(answer)
    pairs = zip(released, (None, *released), strict=False)
    said = "".join(sentence(*both) for both in pairs).strip()
    return said or markdown(answer.text).strip()


def closing(answer: Answer, reference: str) -> list[Block]:
    """The blocks that end a streamed message: notes, sources, feedback.

    What does not fit into one message comes in ``further``. Without a ``reference`` to the log
    nothing asks for feedback.
    """
    return _closings(answer, reference)[0]


def further(answer: Answer, reference: str) -> list[Message]:
    """The messages with the sources that are not in ``closing``; mostly there are none."""
    return [("More sources", blocks) for blocks in _closings(answer, reference)[1:]]


def messages(answer: Answer, reference: str) -> list[Message]:
    """The whole answer as messages, each within Slack's limits; ``closing`` is on the last of text.

    One answer gives the same messages each time.
    """
    said: list[Message] = [
        (_notification(piece), [{"type": "markdown", "text": piece}])
        for piece in markdown_pieces(body(answer), _BODY)
    ]
    end = closing(answer, reference)
    if said and _size(said[-1][1] + end) <= _BLOCKS:
        said[-1][1].extend(end)
    elif end:
        said.append(("Sources" if answer.citations else "About this answer", end))
    return said + further(answer, reference)


def trouble(reference: str, kind: str = "failed") -> str:
    """One sentence on what went wrong, fit for any text of Slack, with the reference number.

    Kinds: failed, busy, index, question, broken_off, restarted, delivery; others read as failed.
    """
    said = _TROUBLES.get(kind, _TROUBLES["failed"])
    return f"{said} (reference {escape(reference)})." if reference else f"{said}."


def stopped() -> str:
    """The line below an answer that was stopped, as Markdown or mrkdwn."""
    return "\n_Stopped as you asked._"


def _sentence(claim: Claim) -> str:
    """Code stands on lines of its own, before and after."""
    text = markdown(claim.text).strip()
    first, last = text.partition("\n")[0], text.rpartition("\n")[2]
    before = "\n" if fence_opened(first) else ""
    after = "\n" if fence_opened(last) else " "
    return f"{before}{text}{after}{markers.write(claim.markers)}".rstrip(" ") + after


def _notification(piece: str) -> str:
    """The text of a message that shows ``piece``: what is read where blocks are not."""
    return next(iter(pieces(escape(shown(piece)), _TEXT)), "")


def _closings(answer: Answer, reference: str) -> list[list[Block]]:
    """The blocks after the sentences, a list a message; the first one asks for feedback."""
    asked = [_feedback(reference)] if reference else []
    groups: list[list[Block]] = [[]]
    room = _BLOCKS - _size(asked)
    for block in chain(_notes(answer), _closest(answer), _sources(answer)):
        group = [*groups[-1], block]
        if groups[-1] and (_size(group) > room or _count(group) > _MOST_BLOCKS):
            groups.append([block])
            room = _BLOCKS
        else:
            groups[-1] = group
    groups[0] += asked
    return groups


def _notes(answer: Answer) -> Iterator[Block]:
    """What a reader should know about the answer, a line each."""
    withheld = sum(one.marker is None and bool(one.text) for one in answer.rejected)
    lines = [f"Understood as: {answer.standalone}"] if answer.standalone else []
    notes = list(answer.notes)
    if withheld:
        sentences = "1 sentence was" if withheld == 1 else f"{withheld} sentences were"
        notes.append(f"{sentences} withheld, not found in the articles.")
    lines += [f"Note: {note}" for note in notes]
    for line in lines:
        for piece in pieces(literal(line), _NOTE):
            yield {"type": "context", "elements": [plain_text(piece)]}


def _closest(answer: Answer) -> Iterator[Block]:
    """The passages that come closest, for all to see."""
    if answer.closest:
        yield {"type": "context", "elements": [plain_text("The closest passages:")]}
    for closest in answer.closest:
        yield from _quoted("•", closest, _CLOSEST)


def _sources(answer: Answer) -> Iterator[Block]:
    """The citations, folded up under "Sources"; many of them in several such blocks.

    A quote is in one block with its button, unless it is too long for any.
    """
    groups: list[list[Block]] = []
    firsts: list[int] = []
    for citation in answer.citations:
        sections = list(_quoted(f"[{citation.marker}]", citation))
        if groups and _fit_together([*groups[-1], *sections]):
            groups[-1] += sections
            continue
        for section in sections:
            if section is not sections[0] and _fit_together([*groups[-1], section]):
                groups[-1].append(section)
            else:
                groups.append([section])
                firsts.append(citation.marker)
    for first, group in zip(firsts, groups, strict=True):
        title = "Sources" if len(groups) == 1 else f"Sources from [{first}]"
        yield {
            "type": "container",
            "title": plain_text(title),
            "is_collapsible": True,
            "default_collapsed": True,
            "child_blocks": group,
        }


def _fit_together(sections: Sequence[Block]) -> bool:
    return len(sections) <= _IN_CONTAINER and _size(sections) <= _CONTAINER


def _quoted(label: str, where: Citation | Closest, limit: int | None = None) -> Iterator[Block]:
    """A quote with its title, its place, and the button that shows it there.

    A quote too long for a section goes on in the next; with ``limit``, it ends after that many
    code points.
    """
    parts = pieces(literal(where.quote), _QUOTE) or [""]
    if limit is not None and (len(parts) > 1 or len(parts[0]) > limit):
        parts = [f"{pieces(parts[0], limit)[0]} …"]
    place = f"{where_in(where)} · {where.document_id[:_LONGEST_ID]}:{where.start}-{where.end}"
    about = f"{titled(where)}\n{escape(place)}"
    if isinstance(where, Citation) and where.also:
        others = "; ".join(map(titled, where.also[:MOST_TWINS])) + further_ones(where.also)
        about += f"\nalso in: {others}" if len(about + others) < _FIELD else ""
    first: Block = {
        "type": "section",
        "text": plain_text(f"{label} {parts[0]}".rstrip()),
        "fields": [mrkdwn(about)],
    }
    value = place_value(where.document_id, where.start, where.end)
    if value is not None:
        first["accessory"] = {
            "type": "button",
            "action_id": SHOW,
            "text": plain_text("Show in article"),
            "value": value,
        }
    yield first
    for part in parts[1:]:
        yield {"type": "section", "text": plain_text(part)}


def _feedback(reference: str) -> Block:
    buttons = {
        f"{name}_button": {
            "text": plain_text(words),
            "accessibility_label": label,
            "value": feedback_value(reference, name == "positive"),
        }
        for name, words, label in (
            ("positive", "👍", "This answer is good"),
            ("negative", "👎", "Something is wrong with this answer"),
        )
    }
    element = {"type": "feedback_buttons", "action_id": FEEDBACK, **buttons}
    return {"type": "context_actions", "elements": [element]}


def _count(blocks: Iterable[Block]) -> int:
    """Blocks, with those inside of others."""
    return sum(1 + len(block.get("child_blocks", ())) for block in blocks)


def _size(blocks: Sequence[Block]) -> int:
    """Code points of the blocks as JSON."""
    return len(json.dumps(blocks, ensure_ascii=False))
