"""What people write in Slack: what of it is a question for the bot, and what was said before.

A message is a question if it is a direct message or mentions the bot. Mentioning the bot also calls
it into the thread, where every message is a question from then on, until one mentions somebody
else: that gives the thread back to the people in it, and they are left alone until one mentions the
bot again. A few words of thanks or assent are no question, nor is what another program writes.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from qabot.slack.inbox import Inbox, Question
from qabot.types import Turn

EVENT = "qabot_answer"
"""The type of the metadata that our messages carry."""
REMEMBERED = 20
"""Turns of a thread that a question is read with."""
_PAGE = 200  # messages, what Slack recommends
_MOST_PAGES = 25
_SPOKEN = (None, "file_share", "me_message", "thread_broadcast")
"""Subtypes of messages that somebody wrote, rather than of news about a channel."""
_MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^<>]*)?>")
_GROUP = re.compile(r"<!(?:subteam\^[A-Z0-9]+|here|channel|everyone)(?:\|[^<>]*)?>")
_LINK = re.compile(r"<(?:[@#!][^<>|]*\|([^<>]*)|([@#!])[^<>|]*|([^<>|]+)(?:\|([^<>]*))?)>")
_MARKER = re.compile(r"[ \u00a0]*(?:\[\d{1,3}\])+")
_LEAD = re.compile(r"(?:^|(?<=\] ))[^\n\[\]]{1,200}, \d{1,2} [A-Z][a-z]{2} \d{4}: ", re.MULTILINE)
"""What stands before a sentence of ours to say whose it is."""
_COURTESY = frozenset(
    "thanks thank thx you so much many very ok okay great good nice cool perfect got it that this"
    " is all yes yep no nope sure right right! fine agreed awesome wow hm hmm lol haha".split()
)
"""Words of which a message alone asks nothing."""
_WORD = re.compile(r"[^\W_]+")
_EMOJI = re.compile(r":[a-z0-9_+'-]+:")


Metadata = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is in this workspace: its user, its bot and its team, as ``auth.test`` says."""

    user: str
    bot: str
    team: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A message that somebody wrote, and whom it speaks to."""

    question: Question
    is_called: bool
    is_in_thread: bool
    is_to_others: bool


@dataclass(frozen=True, slots=True)
class Said:
    """A message of ours: the question it answers, and which part of the answer it is."""

    ts: str
    question: str | None
    text: str
    part: int = 0
    parts: int = 0
    payload: Mapping[str, Any] = field(default_factory=dict)


def heard(event: Mapping[str, Any], identity: Identity, now: float) -> Heard | None:
    """What an event says that may concern the bot; None for any other, and for malformed ones."""
    channel, ts, user = event.get("channel"), event.get("ts"), event.get("user")
    if event.get("type") not in ("message", "app_mention") or event.get("subtype") not in _SPOKEN:
        return None
    if not all(isinstance(one, str) and one for one in (channel, ts, user)):
        return None
    if event.get("bot_id") or user in (identity.user, "USLACKBOT"):
        return None
    text, thread = event.get("text") or "", event.get("thread_ts")
    is_direct = event.get("channel_type") == "im" or str(channel).startswith("D")
    mentioned = set(_MENTION.findall(text))
    question = Question(
        str(channel),
        str(ts),
        thread if isinstance(thread, str) and thread else str(ts),
        str(user),
        str(event.get("user_team") or event.get("team") or identity.team),
        plain(text, identity),
        is_direct,
        received_at=now,
    )
    return Heard(
        question,
        is_direct or identity.user in mentioned or event["type"] == "app_mention",
        bool(thread) and thread != ts,
        bool(mentioned - {identity.user}) or bool(_GROUP.search(text)),
    )


def received(inbox: Inbox, message: Heard) -> bool:
    """Keep a message if it is a question that was not known, by the rules above; whether it is."""
    question = message.question
    channel, thread = question.channel, question.thread_ts
    if message.is_called:
        if not question.is_direct:
            inbox.join(channel, thread, question.ts)
        return inbox.claim(question)
    if not message.is_in_thread or not inbox.is_joined(channel, thread):
        return False
    if message.is_to_others:
        inbox.leave(channel, thread, question.ts)
        return False
    return not is_courtesy(question.text) and inbox.claim(question)


def is_courtesy(text: str) -> bool:
    """Whether a message asks nothing: empty, emoji, a few words of thanks or assent."""
    words = _WORD.findall(_EMOJI.sub(" ", text[:200]).lower())
    return "?" not in text[:200] and len(words) <= 6 and all(word in _COURTESY for word in words)


def plain(text: str, identity: Identity) -> str:
    """A message as it reads, without mentions of the bot and without Slack's markup."""
    text = re.sub(rf"<@{re.escape(identity.user)}(?:\|[^<>]*)?>", " ", text)
    text = _GROUP.sub(" ", text)
    text = _LINK.sub(lambda link: link[1] or link[4] or link[3] or "", text)
    return "\n".join(" ".join(line.split()) for line in html.unescape(text).splitlines()).strip()


def metadata(question: str, marks: Mapping[str, str], part: int = 1, parts: int = 1) -> Metadata:
    """What a finished message of ours says of itself, for later."""
    payload = {**marks, "question": question, "part": part, "parts": parts}
    return {"event_type": EVENT, "event_payload": payload}


async def read(client: AsyncWebClient, channel: str, thread_ts: str) -> list[dict[str, Any]]:
    """The messages of a thread, the oldest first; of a very long one the first 5,000.

    Raises SlackProblem.
    """
    messages: list[dict[str, Any]] = []
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        page = await client.conversations_replies(
            channel=channel, ts=thread_ts, limit=_PAGE, include_all_metadata=True, cursor=cursor
        )
        messages += [one for one in page.get("messages") or [] if isinstance(one, dict)]
        cursor = (page.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            break
    return sorted(messages, key=lambda one: moment(one.get("ts")))


def ours(
    messages: Iterable[Mapping[str, Any]], identity: Identity, known: Mapping[str, str]
) -> list[Said]:
    """Our messages in a thread; ``known`` is the question that each belongs to, as recorded."""
    found = []
    for one in messages:
        if one.get("bot_id") != identity.bot and one.get("user") != identity.user:
            continue
        about = one.get("metadata") or {}
        payload = about.get("event_payload") if about.get("event_type") == EVENT else None
        given: Mapping[str, Any] = payload if isinstance(payload, dict) else {}
        ts, asked = str(one.get("ts")), given.get("question")
        question = asked if isinstance(asked, str) else known.get(ts)
        part, parts = _number(given.get("part")), _number(given.get("parts"))
        found.append(Said(ts, question, str(one.get("text") or ""), part, parts, given))
    return found


def turns(
    messages: Sequence[Mapping[str, Any]],
    question: Question,
    identity: Identity,
    known: Mapping[str, str],
) -> list[Turn]:
    """The last questions of a thread before ``question``, each with our answer to it."""
    asked = {
        str(one.get("ts")): plain(str(one.get("text") or ""), identity)
        for one in messages
        if one.get("bot_id") is None and moment(one.get("ts")) < moment(question.ts)
    }
    answers: dict[str, list[Said]] = {}
    for said in ours(messages, identity, known):
        belongs = said.question or _nearest(asked, answers, said.ts)
        if belongs in asked:
            answers.setdefault(belongs, []).append(said)
    found = []
    for ts in sorted(answers, key=moment):
        payload = answers[ts][-1].payload
        status, standalone = payload.get("status"), payload.get("standalone")
        if status != "trouble":
            text = "\n".join(_said(one.text) for one in answers[ts])
            # An abstention told no name that a follow-up could mean.
            answer = "" if status == "abstained" else text
            found.append(Turn(asked[ts], answer, standalone if standalone else None))
    return found[-REMEMBERED:]


def _said(text: str) -> str:
    """What an answer of ours says, without whose it is and where it stands."""
    return _MARKER.sub("", _LEAD.sub("", html.unescape(text)))


def moment(ts: object) -> tuple[int, int]:
    """A time stamp of Slack's as numbers that sort; malformed ones come first."""
    whole, _, part = str(ts).partition(".")
    numbers = (whole, part or "0")
    if not all(one.isascii() and one.isdigit() and len(one) <= 20 for one in numbers):
        return (0, 0)
    return int(whole), int(part or "0")


def _nearest(asked: Mapping[str, str], answers: Mapping[str, object], ts: str) -> str:
    """The last message of a person's before ``ts`` that has no answer yet."""
    before = [one for one in asked if one not in answers and moment(one) < moment(ts)]
    return max(before, key=moment, default="")


def _number(value: object) -> int:
    return int(value) if isinstance(value, (int, float)) and 0 < value < 1000 else 0
