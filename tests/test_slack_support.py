"""The stand-in for Slack, met by Slack's own SDK: it must be as strict as Slack is known to be."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_support import Slack
from slack_support_blocks import Limits
from slack_support_delivery import signed
from slack_support_state import ALICE, BOT, GENERAL, TEAM, direct

STREAMED = {"recipient_user_id": ALICE, "recipient_team_id": TEAM}


@pytest.fixture
def slack() -> Iterator[Slack]:
    with Slack(stream_bytes=100, longest_page=2) as opened:
        yield opened


def client(slack: Slack, token: str = "") -> WebClient:
    there = slack.environment()
    return WebClient(token or there["SLACK_BOT_TOKEN"], base_url=there["SLACK_API_URL"])


def refused(error: str, call: Any, *arguments: Any, **named: Any) -> None:
    with pytest.raises(SlackApiError) as caught:
        call(*arguments, **named)
    assert caught.value.response["error"] == error


def test_a_stream_grows_and_ends_once(slack: Slack) -> None:
    web, question = client(slack), slack.mention("why?")
    where = {"channel": GENERAL, "thread_ts": question.ts}
    refused("missing_recipient_user_id", web.chat_startStream, **where)
    started = web.chat_startStream(markdown_text="One. ", **where, **STREAMED)
    here = {"channel": GENERAL, "ts": started["ts"]}
    web.chat_appendStream(markdown_text="Two. ", **here)
    refused("streaming_state_conflict", web.chat_update, text="No", **here)
    refused("msg_too_long", web.chat_appendStream, markdown_text="x" * 100, **here)
    web.chat_stopStream(markdown_text="Three.", **here)
    refused("message_not_in_streaming_state", web.chat_appendStream, markdown_text="4", **here)
    web.chat_update(text="Whole.", **here)
    (reply,) = slack.replies(question)
    assert reply.stream is not None
    assert (reply.text, [text for _, text in reply.stream.appended]) == (
        "Whole.",
        ["One. ", "Two. ", "Three."],
    )
    assert slack.workspace.live_ones() == []


def test_a_stopped_stream_takes_no_more_and_can_be_ended(slack: Slack) -> None:
    web, question = client(slack), slack.mention("why?")
    where = {"channel": GENERAL, "thread_ts": question.ts}
    here = {
        "channel": GENERAL,
        "ts": web.chat_startStream(markdown_text="One.", **where, **STREAMED)["ts"],
    }
    slack.press_stop(slack.replies(question)[0])
    refused("stopped_by_user", web.chat_appendStream, markdown_text="Two.", **here)
    web.chat_stopStream(**here)
    assert slack.replies(question)[0].text == "One."


def test_an_expired_stream_takes_no_more_but_an_update() -> None:
    with Slack(stream_life=0.0) as slack:
        web, question = client(slack), slack.ask_directly("why?")
        where = {"channel": question.channel, "thread_ts": question.ts}
        ts = web.chat_startStream(markdown_text="One.", **where)["ts"]
        here = {"channel": question.channel, "ts": ts}
        refused("message_not_in_streaming_state", web.chat_stopStream, **here)
        web.chat_update(text="Whole.", **here)
        assert slack.replies(question)[0].text == "Whole."


@pytest.mark.parametrize(
    "blocks",
    [
        [{"type": "divider"}] * 51,
        [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_001}}],
        [{"type": "section"}],
        [{"type": "paragraph"}],
        [{"type": "context_actions", "elements": [{"type": "button"}]}],
        [{"type": "container", "title": {"text": "t"}, "child_blocks": [{"type": "divider"}] * 11}],
        [{"type": "divider", "block_id": "a"}] * 2,
        [
            {
                "type": "actions",
                "elements": [{"type": "button", "text": {"text": "t"}, "value": "x" * 2_001}],
            }
        ],
    ],
)
def test_blocks_beyond_a_limit_are_refused(slack: Slack, blocks: list[Any]) -> None:
    post = client(slack).chat_postMessage
    refused("invalid_blocks", post, channel=GENERAL, text="x", blocks=blocks)


def test_tokens_scopes_channels_and_arguments_are_checked(slack: Slack) -> None:
    web = client(slack)
    post = web.chat_postMessage
    refused("invalid_auth", client(slack, "xoxb-other").auth_test)
    refused("not_allowed_token_type", web.apps_connections_open, app_token="xoxb-1-stand-in")
    refused("channel_not_found", post, channel="C0NOWHERE", text="x")
    refused("thread_not_found", post, channel=GENERAL, text="x", thread_ts="1.0")
    refused("no_text", web.api_call, "chat.postMessage", json={"channel": GENERAL})
    refused("invalid_arguments", web.api_call, "chat.update", json={"channel": GENERAL})
    refused("unknown_method", web.api_call, "chat.unknown")
    slack.workspace.channels[GENERAL].is_archived = True
    refused("is_archived", post, channel=GENERAL, text="x")
    slack.workspace.channels[GENERAL].is_archived = False
    slack.workspace.channels[GENERAL].members.discard(BOT)
    refused("not_in_channel", post, channel=GENERAL, text="x")
    slack.scopes.discard("chat:write")
    refused("missing_scope", post, channel=GENERAL, text="x")
    slack.api.revoked = "token_revoked"
    refused("token_revoked", web.auth_test)


def test_a_thread_is_read_by_pages_and_its_metadata_when_asked_for(slack: Slack) -> None:
    web, question = client(slack), slack.mention("why?")
    for number in range(4):
        marked = {"event_type": "marked", "event_payload": {"number": number}}
        web.chat_postMessage(
            channel=GENERAL, thread_ts=question.ts, text=str(number), metadata=marked
        )
    asked = {"channel": GENERAL, "ts": question.ts}
    pages = [page["messages"] for page in web.conversations_replies(**asked)]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [one["text"] for page in pages for one in page][1:] == list("0123")
    assert not any("metadata" in one for page in pages for one in page)
    told = web.conversations_replies(include_all_metadata=True, **asked)["messages"][1]
    assert told["metadata"]["event_payload"] == {"number": 0}


def test_faults_come_as_often_as_said_and_a_cut_comes_before_or_after_the_effect(
    slack: Slack,
) -> None:
    web = client(slack)
    web.retry_handlers.clear()

    def post() -> None:
        web.chat_postMessage(channel=GENERAL, text="x")

    slack.fault("chat.postMessage", status=429, retry_after=7)
    with pytest.raises(SlackApiError) as caught:
        post()
    assert caught.value.response.headers["Retry-After"] == "7"
    slack.fault("*", error="fatal_error")
    refused("fatal_error", post)
    for cut, there in (("before", 0), ("after", 1)):
        slack.fault("chat.postMessage", cut=cut)
        with pytest.raises(OSError, match="closed connection"):
            post()
        assert len(slack.workspace.messages[GENERAL]) == there
    post()
    assert [call.ok for call in slack.calls()] == [False, False, False, True, True]


def test_more_calls_than_the_limits_bear_are_turned_away() -> None:
    with Slack(limits=Limits(burst=2)) as slack:
        web = client(slack)
        for _ in range(2):
            web.chat_postMessage(channel=GENERAL, text="x")
        refused("ratelimited", web.chat_postMessage, channel=GENERAL, text="x")
        web.chat_postMessage(channel=direct(ALICE), text="x")
        assert [call.status for call in slack.calls()] == [200, 200, 429, 200]


class Echo:
    """The smallest bot: it notes what it is told, by Socket Mode."""

    def __init__(self, slack: Slack) -> None:
        there = slack.environment()
        self.app = AsyncApp(token=there["SLACK_BOT_TOKEN"], raise_error_for_unhandled_request=False)
        self.app.client.base_url = there["SLACK_API_URL"]
        self.heard: list[str] = []
        self.app.event("app_mention")(self.hear)
        self.app.event("message")(self.hear)
        self.handler = AsyncSocketModeHandler(self.app, there["SLACK_APP_TOKEN"])

    async def hear(self, event: dict[str, Any]) -> None:
        self.heard.append(f"{event['type']} {event.get('text')}")


def test_the_sdk_hears_each_event_of_a_mention_acks_it_and_connects_again_when_told_to(
    slack: Slack,
) -> None:
    async def run() -> list[str]:
        echo = Echo(slack)
        await echo.handler.connect_async()
        with suppress(TimeoutError):
            await asyncio.to_thread(slack.mention, "one")
            await asyncio.to_thread(slack.wait, lambda: len(echo.heard) == 2)
            await asyncio.to_thread(slack.drop, "refresh_requested")
            await asyncio.to_thread(slack.mention, "two", mention_first=False)
            await asyncio.to_thread(slack.wait, lambda: len(echo.heard) == 4)
        await echo.handler.close_async()
        return echo.heard

    heard = asyncio.run(run())
    mention = f"<@{BOT}>"
    assert heard == [
        f"app_mention {mention} one",
        f"message {mention} one",
        f"message {mention} two",
        f"app_mention {mention} two",
    ]
    assert slack.sockets.upgrades == ["opened", "opened"]
    assert all(one.ack_seconds is not None and len(one.attempts) == 1 for one in slack.deliveries)


def test_a_ticket_is_good_once(slack: Slack) -> None:
    web = client(slack)
    url = web.apps_connections_open(app_token=slack.environment()["SLACK_APP_TOKEN"])["url"]
    for status in (400, 404):  # the first time only the request is none for a socket
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(url.replace("ws:", "http:"))
        caught.value.close()
        assert caught.value.code == status


def test_an_event_that_is_not_subscribed_to_or_beyond_the_scopes_is_not_sent(slack: Slack) -> None:
    slack.scopes.discard("app_mentions:read")
    slack.events.discard("message.im")
    slack.mention("hello")
    slack.ask_directly("hello")
    assert [one.name for one in slack.deliveries] == ["message.channels"]


def test_a_trigger_opens_one_view(slack: Slack) -> None:
    message = slack.post("x")
    delivery = slack.click(message, {"type": "button", "action_id": "a", "value": "v"})
    view = {"type": "modal", "title": {"type": "plain_text", "text": "t"}, "blocks": []}
    trigger = delivery.payload["trigger_id"]
    client(slack).views_open(trigger_id=trigger, view=view)
    refused("invalid_trigger_id", client(slack).views_open, trigger_id=trigger, view=view)
    assert [one["title"]["text"] for one in slack.workspace.views] == ["t"]


def test_http_events_are_signed_and_come_again_until_they_are_taken() -> None:
    seen: list[tuple[str | None, bool]] = []

    async def run() -> None:
        from aiohttp import web

        async def take(request: web.Request) -> web.Response:
            body, at = await request.text(), request.headers["X-Slack-Request-Timestamp"]
            is_signed = (
                signed(body, at)["X-Slack-Signature"] == request.headers["X-Slack-Signature"]
            )
            seen.append((request.headers.get("X-Slack-Retry-Num"), is_signed))
            assert json.loads(body)["event"]["text"] == "hello"
            assert abs(int(at) - time.time()) < 60
            return web.Response(status=500 if len(seen) == 1 else 200)

        app = web.Application()
        app.router.add_post("/slack/events", take)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = "http://127.0.0.1:{1}/slack/events".format(*runner.addresses[0])
        with Slack(request_url=url) as slack:
            slack.ask_directly("hello")
            await asyncio.to_thread(slack.wait, lambda: slack.deliveries[0].acked_at)
        await runner.cleanup()

    asyncio.run(run())
    assert seen == [(None, True), ("1", True)]
