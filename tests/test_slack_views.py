"""Modals, the Home tab and the values of buttons: within Slack's limits, and nothing acts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_reader_support import deeds, links, seen, texts_of
from slack_sdk.models.views import View
from texts_support import strings, texts

from qabot.render import slack
from qabot.render.slack_views import place_value
from qabot.types import Document, Origin, SourceInfo, SourcePage

HOSTILE = "<!channel> <@U123> <http://x|y> *bold* &lt; http://x"


def check(view: dict[str, Any]) -> None:
    """That Slack takes this view, and that only our own words in it are formatted."""
    View(**view).validate_json()
    assert len(view["blocks"]) <= 100
    assert len(json.dumps(view)) < 250_000
    assert len(view.get("title", {}).get("text", "")) <= 24
    for kind, text in texts_of(view):
        assert 1 <= len(text) <= 3_000
        assert not [deed for deed in deeds(kind, text) if deed not in {"*", "`"}]


def said(view: dict[str, Any]) -> str:
    return "\n".join(seen(kind, text) for kind, text in texts_of(view))


@given(texts, st.data())
def test_any_place_is_shown_in_its_surroundings(text: str, data: st.DataObject) -> None:
    text += "a passage"
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    view = slack.place_modal(Document("an-article", HOSTILE, "/a.txt", text), start, end)
    View(**view).validate_json()
    for kind, words in texts_of(view):
        assert deeds(kind, words) == []


def test_the_passage_stands_out_from_what_is_around_it() -> None:
    text = (
        "Far away.\n" * 300 + "Just before. " + "The passage <!here>." + " Just after." + " x" * 999
    )
    start = text.index("The passage")
    document = Document("an-article", "A Title", "https://example.org/a", text)
    view = slack.place_modal(document, start, start + len("The passage <!here>."))
    check(view)
    before, passage, after = view["blocks"][-1]["elements"]
    assert passage["type"] == "rich_text_quote"
    assert passage["elements"][0]["style"] == {"bold": True}
    assert seen("literal", passage["elements"][0]["text"]) == "The passage <!here>."
    assert before["elements"][0]["text"].startswith("… ")
    assert before["elements"][0]["text"].endswith("Just before. ")
    assert after["elements"][0]["text"].startswith(" Just after. ")
    assert after["elements"][0]["text"].endswith(" …")
    assert "line 301 · an-article:3013-3033" in said(view)
    assert links(view["blocks"][0]["text"]["text"]) == [("https://example.org/a", "A Title")]


@pytest.mark.parametrize(
    "address", ["/a.txt", "ftp://x", "javascript:alert(1)", "http://x|<!channel>", "http://x y"]
)
def test_only_an_address_of_the_web_becomes_a_link(address: str) -> None:
    view = slack.place_modal(Document("a", "A Title", address, "text"), 0, 4)
    assert view["blocks"][0]["text"]["text"] == "A Title"


@given(strings, st.integers(0, 10**9), st.integers(1, 10**6))
def test_the_value_of_a_button_names_its_place(document: str, start: int, length: int) -> None:
    value = place_value(document, start, start + length)
    assert value is not None
    value.encode()
    found = slack.read_place(value)
    assert found is not None
    assert found[1:] == (start, start + length)


def test_a_button_whose_value_slack_would_refuse_is_left_out() -> None:
    assert place_value("x" * 2_000, 0, 1) is None


@pytest.mark.parametrize(
    "value",
    [
        None, "", "{", "[]", "1", "null", "[" * 100_000, '{"document_id": 1, "start": 0, "end": 1}',
        '{"document_id": "a", "start": 2, "end": 1}',
        '{"document_id": "a", "start": true, "end": 2}',
        '{"document_id": "a", "start": -1, "end": 1}', '{"reference": 1, "rating": "good"}',
        '{"reference": "1", "rating": "fine"}', '{"reference": "1", "rating": []}',
    ],
)  # fmt: skip
def test_a_value_that_is_none_of_ours_names_nothing(value: str | None) -> None:
    assert slack.read_place(value) is None
    assert slack.read_feedback_value(value) is None


def test_the_form_is_read_back() -> None:
    view = slack.feedback_modal("12")
    check(view)
    assert (view["callback_id"], view["private_metadata"]) == (slack.FORM, "12")
    choice, comment = view["blocks"]
    categories = [option["value"] for option in choice["element"]["options"]]
    assert categories == ["wrong", "not_supported", "missing", "other"]
    state = {
        "values": {
            choice["block_id"]: {
                choice["element"]["action_id"]: {"selected_option": {"value": "missing"}}
            },
            comment["block_id"]: {comment["element"]["action_id"]: {"value": " The date.\ud800 "}},
        }
    }
    assert slack.read_feedback(state) == ("missing", "The date.\ufffd")


@pytest.mark.parametrize(
    "state",
    [
        {}, {"values": None}, {"values": {"category": []}},
        {"values": {"comment": {"comment": {"value": None}}}},
    ],
)  # fmt: skip
def test_an_odd_form_is_other_and_without_words(state: dict[str, Any]) -> None:
    assert slack.read_feedback(state) == ("other", "")


def test_the_home_tab_lists_the_articles_and_says_how_to_ask() -> None:
    origin = Origin(publisher="Reuters", date="2026-02-27")
    sources = [
        SourceInfo(
            "an-article", HOSTILE * 9, "https://example.org/a", 1, 10, "2026-01-02T03:04:05"
        ),
        SourceInfo("other", "Other", "/o.txt", 1_234, 10, "2026-01-02T03:04:05", origin),
    ] * 10
    view = slack.home(SourcePage(sources, 600, 2), "a-model <!channel>")
    check(view)
    assert "600 articles, the newest of them:" in said(view)
    assert "• Other (Reuters, 27 Feb 2026) · added 2026-01-02" in said(view)
    assert "a-model <!channel> writes the answers" in said(view)


def test_an_empty_home_tab_says_how_to_put_articles_in() -> None:
    view = slack.home(SourcePage([], 0))
    check(view)
    assert "No articles yet" in said(view)
    assert "qabot ingest PATH" in said(view)


def test_suggested_prompts_and_titles_are_what_slack_takes() -> None:
    assert 1 <= len(slack.prompts()) <= 4
    assert all(prompt["title"] and prompt["message"] for prompt in slack.prompts())
    assert slack.conversation_title("  <!channel>\n why? ") == "<\u2060!channel> why?"
    assert len(slack.conversation_title("word " * 100)) <= 64
    assert slack.conversation_title("\u200b") == "Question"


def test_a_stale_button_says_so() -> None:
    check(slack.stale_modal())
    assert "Ask again" in said(slack.stale_modal())
