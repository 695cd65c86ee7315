"""What Slack refuses of the blocks of a message or a view, and how often it may be called."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

MOST_BLOCKS = {"message": 50, "view": 100}
LONGEST_BLOCKS = 13_200  # characters of JSON; observed, not documented
LONGEST_MARKDOWN = 12_000  # characters, of all markdown blocks together
KINDS = (
    "actions alert card carousel container context context_actions divider file header image input"
    " markdown plan rich_text section table task_card video"
).split()


_NUMBERS = itertools.count()


def check_blocks(
    blocks: Sequence[Any] | None, refusal: type[Exception], where: str = "message"
) -> list[dict[str, Any]] | None:
    """The blocks, each with a name as Slack gives it, or the refusal they get."""
    if blocks is None:
        return None
    if not isinstance(blocks, list):
        raise refusal("invalid_blocks_format")
    problem = next(_problems(blocks, where), None)
    if problem:
        raise refusal("invalid_blocks", response_metadata={"messages": [f"[ERROR] {problem}"]})
    markdown = sum(len(block["text"]) for block in blocks if block["type"] == "markdown")
    written = len(json.dumps(blocks, ensure_ascii=False))
    if markdown > LONGEST_MARKDOWN or (where == "message" and written > LONGEST_BLOCKS):
        raise refusal("msg_blocks_too_long")
    return [{"block_id": f"slack-{next(_NUMBERS)}", **block} for block in blocks]


def _problems(blocks: Sequence[dict[str, Any]], where: str) -> Iterator[str]:
    if len(blocks) > MOST_BLOCKS[where]:
        yield f"no more than {MOST_BLOCKS[where]} items allowed [json-pointer:/blocks]"
    names = [block["block_id"] for block in blocks if block.get("block_id")]
    if len(names) != len(set(names)):
        yield "block_id already exists"
    for number, block in enumerate(blocks):
        for problem in _of_block(block):
            yield f"{problem} [json-pointer:/blocks/{number}]"


def _of_block(block: dict[str, Any]) -> Iterator[str]:
    kind = block.get("type")
    if kind not in KINDS:
        yield f"unsupported type: {kind}"
    if len(block.get("block_id", "")) > 255:
        yield "block_id must be less than 256 characters"
    if kind == "markdown" and not block.get("text"):
        yield "markdown needs text"
    if kind == "header" and len(block["text"]["text"]) > 150:
        yield "header must be less than 151 characters"
    if kind == "section":
        if not block.get("text") and not block.get("fields"):
            yield "section needs text or fields"
        if block.get("text") and not 1 <= len(block["text"]["text"]) <= 3_000:
            yield "must be less than 3001 characters"
    if kind == "container":
        yield from _of_container(block)
    yield from _of_elements(kind, block)


def _of_container(block: dict[str, Any]) -> Iterator[str]:
    inner = block.get("child_blocks") or []
    if not 1 <= len(inner) <= 10:
        yield "a container holds 1 to 10 blocks"
    if not block.get("title") and not block.get("rich_text_title"):
        yield "a container needs a title"
    for name in ("title", "subtitle"):
        if len((block.get(name) or {}).get("text", "")) > 150:
            yield f"{name} must be less than 151 characters"
    if block.get("default_collapsed") and not block.get("is_collapsible"):
        yield "default_collapsed needs is_collapsible"
    yield from _problems(inner, "message")


def _of_elements(kind: str | None, block: dict[str, Any]) -> Iterator[str]:
    most = {"context": 10, "actions": 25, "context_actions": 5}
    elements = block.get("elements") or []
    elements = [*elements, *[block[name] for name in ("accessory", "element") if block.get(name)]]
    if kind in most and not 1 <= len(elements) <= most[kind]:
        yield f"{kind} holds 1 to {most[kind]} elements"
    names = [element["action_id"] for element in elements if element.get("action_id")]
    if len(names) != len(set(names)):
        yield "action_id already exists"
    for element in elements:
        is_feedback = element.get("type") == "feedback_buttons"
        if kind == "context_actions" and not is_feedback and element.get("type") != "icon_button":
            yield "context_actions holds feedback_buttons and icon_button"
        if len(element.get("action_id", "")) > 255:
            yield "action_id must be less than 256 characters"
        names = ("positive_button", "negative_button") if is_feedback else ()
        buttons = [element.get(name) or {} for name in names]
        if element.get("type") == "button":
            buttons.append(element)
        elif any(not button.get("value") for button in buttons):
            yield "a feedback button needs a value"
        for button in buttons:
            if not 1 <= len((button.get("text") or {}).get("text", "")) <= 75:
                yield "the text of a button has 1 to 75 characters"
            if len(button.get("value") or "") > 2_000:
                yield "value must be less than 2001 characters"


def check_view(view: Any, refusal: type[Exception]) -> dict[str, Any]:
    """A modal or a home, or the refusal it gets."""
    if not isinstance(view, dict) or view.get("type") not in ("modal", "home"):
        raise refusal("invalid_arguments")
    if len(view.get("blocks") or []) > MOST_BLOCKS["view"] or len(json.dumps(view)) > 250_000:
        raise refusal("view_too_large")
    for name in ("title", "submit", "close"):
        if len((view.get(name) or {}).get("text", "")) > 24:
            raise refusal("invalid_arguments", response_metadata={"messages": [f"[ERROR] {name}"]})
    if view["type"] == "modal" and not view.get("title"):
        raise refusal("invalid_arguments")
    if len(view.get("private_metadata") or "") > 3_000:
        raise refusal("invalid_arguments")
    return {**view, "blocks": check_blocks(view.get("blocks"), refusal, "view")}


class Limits:
    """Token buckets: each method by its tier, a channel's new messages one a second."""

    def __init__(self, burst: int) -> None:
        """``burst`` calls at once a full bucket bears at least."""
        self._burst = burst
        self._left: dict[tuple[str, str], tuple[float, float]] = {}

    def wait(self, method: str, channel: str, per_minute: int | None) -> float:
        """Seconds to wait before this call may be made; 0 lets it pass and counts it."""
        buckets: list[tuple[tuple[str, str], float, float]] = []
        if method in ("chat.postMessage", "chat.startStream"):
            buckets.append(((method, channel), 1.0, self._burst))
        if per_minute:
            buckets.append(((method, ""), per_minute / 60, max(self._burst, per_minute / 4)))
        now = time.monotonic()
        found = {key: self._in(key, rate, most, now) for key, rate, most in buckets}
        waits = [(1 - found[key]) / rate for key, rate, _ in buckets if found[key] < 1]
        if waits:
            return max(waits)
        for key, left in found.items():
            self._left[key] = (left - 1, now)
        return 0.0

    def _in(self, key: tuple[str, str], rate: float, most: float, now: float) -> float:
        left, at = self._left.get(key, (most, now))
        return min(most, left + (now - at) * rate)
