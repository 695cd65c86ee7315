"""What Slack is sent: within its limits, nothing lost, and nothing in it that acts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from slack_reader_support import (
    LONGEST,
    LONGEST_BLOCKS,
    MOST_BLOCKS,
    deeds,
    hostile,
    links,
    seen,
    texts_of,
    together,
)
from slack_sdk.models.blocks import Block

from qabot.answers import as_released
from qabot.render import slack
from qabot.render.mrkdwn import plain
from qabot.types import Answer, Citation, Claim, Closest, Origin, Rejected, Released, Twin


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """Any answer: some with many citations, long sentences, addresses as sources."""
    amount = draw(st.sampled_from([0, 1, 3, 60]))
    times = draw(st.sampled_from([1, 1, 40]))
    source = st.sampled_from(["/a.txt", "https://example.org/a?b=c&d=e", "http://x|<!channel>"])
    origin = Origin(draw(source), "", draw(hostile), draw(st.sampled_from(["", "2026-02-27"])))
    twins = tuple(Twin("t", draw(hostile), draw(source), origin) for _ in range(amount % 5))
    citations = tuple(
        Citation(
            number, draw(st.sampled_from(["an-article", "é" * 900, '"' * 3_000])),
            draw(hostile), draw(source), 5, 9, draw(hostile) * times, 7, 0, origin, twins,
        )
        for number in range(1, amount + 1)
    )  # fmt: skip
    claims = tuple(
        Claim(draw(hostile) * times, (citation.marker,), "supported") for citation in citations
    )
    closest = tuple(
        Closest(one.document_id, one.title, one.source, 5, 9, one.quote, 0.1)
        for one in citations[:3]
    )
    return Answer(
        "why?",
        "answered" if claims else "abstained",
        draw(hostile) * times,
        claims,
        citations,
        (Rejected(None, "withheld", "unsupported"),) * draw(st.integers(0, 2)),
        closest,
        notes=tuple(draw(st.lists(hostile, max_size=3))),
    )


def inside(found: Any) -> Iterator[dict[str, Any]]:
    """Every dictionary in blocks."""
    if isinstance(found, dict):
        yield found
    for one in found.values() if isinstance(found, dict) else found:
        if isinstance(one, dict | list):
            yield from inside(one)


def check(blocks: list[dict[str, Any]], limit: int = LONGEST_BLOCKS) -> None:
    """That Slack takes these blocks."""
    found = list(inside(blocks))
    json.dumps(blocks).encode()
    assert len(json.dumps(blocks, ensure_ascii=False)) <= limit
    assert sum(one["type"] in _BLOCK_TYPES for one in found if "type" in one) <= MOST_BLOCKS
    for block in Block.parse_all(blocks):
        block.validate_json()
    for one in found:
        text = one.get("text")
        if one.get("type") == "section":
            assert 1 <= len(text["text"]) <= LONGEST["section"]
            assert all(len(field["text"]) <= 2_000 for field in one.get("fields", []))
        if one.get("type") == "markdown":
            assert 1 <= len(one["text"]) <= LONGEST["markdown"]
        assert len(one.get("value", "")) <= LONGEST["value"]
        assert one.get("type") != "button" or len(text["text"]) <= LONGEST["button"]


_BLOCK_TYPES = {"section", "markdown", "context", "container", "context_actions"}


OURS = re.compile(r"Show in article$|Sources( from \[\d+\])?$")
"""Words that stand between the parts of a long quote."""


def shown(messages: list[slack.Message], kinds: tuple[str, ...] = ("literal", "markdown")) -> str:
    found = (pair for _, blocks in messages for pair in texts_of(blocks))
    said = [seen(kind, text) for kind, text in found if kind in kinds and not OURS.match(text)]
    return together("".join(said))


@settings(max_examples=40)
@given(answers())
def test_any_answer_is_within_the_limits_and_nothing_in_it_acts(answer: Answer) -> None:
    messages = slack.messages(answer, "12")
    assert messages
    for text, blocks in messages:
        check(blocks)
        assert len(text) <= 4_000
        assert deeds("mrkdwn", text) == []
        for kind, words in texts_of(blocks):
            assert deeds(kind, words) == []
            leads_to = [address for address, _ in links(words)] if kind == "mrkdwn" else []
            assert set(leads_to) <= {"https://example.org/a?b=c&d=e"}


@settings(max_examples=40)
@given(answers())
def test_nothing_of_an_answer_is_lost(answer: Answer) -> None:
    all_of_it = shown(slack.messages(answer, "12"))
    for claim in answer.claims:
        assert together(plain(claim.text)) in all_of_it
    if not answer.claims:
        assert together(plain(answer.text)) in all_of_it
    for citation in answer.citations:
        assert together(f"[{citation.marker}]{plain(citation.quote)}") in all_of_it
    for note in answer.notes:
        assert together(f"Note:{plain(note)}") in all_of_it


@settings(max_examples=40)
@given(answers())
def test_a_streamed_answer_is_closed_within_the_limits_and_goes_on_in_further_messages(
    answer: Answer,
) -> None:
    closing = slack.closing(answer, "12")
    check(closing)
    for _, blocks in slack.further(answer, "12"):
        check(blocks)
    everything = [("", closing), *slack.further(answer, "12")]
    for citation in answer.citations:
        assert together(f"[{citation.marker}]{plain(citation.quote)}") in shown(everything)
    released = as_released(answer)
    said = "".join(map(slack.sentence, released, (None, *released)))
    assert deeds("markdown", said) == []
    if answer.claims:
        assert said.strip() == slack.body(answer)


def test_many_long_sources_arrive_whole_and_in_order() -> None:
    quotes = [f"{number} begins. " + "é “quoted” \\ & <so>. " * 40 for number in range(1, 201)]
    citations = tuple(
        Citation(number, "an-article", "A Title", "/a.txt", 5, 9, quote)
        for number, quote in enumerate(quotes, start=1)
    )
    claims = tuple(Claim(quote, (number,), "supported") for number, quote in enumerate(quotes, 1))
    messages = slack.messages(Answer("why?", "answered", "", claims, citations), "12")
    for text, blocks in messages:
        check(blocks)
        assert len(text) <= 4_000
    said = shown(messages, ("markdown",))
    assert said == "".join(together(f"{quote}[{number}]") for number, quote in enumerate(quotes, 1))
    shown_sources = shown(messages, ("literal",))
    places = [shown_sources.index(together(f"[{n}]{quote}")) for n, quote in enumerate(quotes, 1)]
    assert places == sorted(places)
    asked = [blocks for _, blocks in messages if blocks[-1]["type"] == "context_actions"]
    assert len(asked) == 1


def test_a_sentence_carries_its_markers_and_one_that_was_withheld_is_not_said() -> None:
    claim = Claim("Prices rose *by* 4.5%.", (1, 3), "supported")
    assert slack.sentence(Released(claim)) == "Prices rose \\*by\\* 4.5%. [1][3] "
    assert slack.sentence(Released(claim, withheld="unsupported")) == ""
    code = Claim("```\na = 1\n```", (1,), "supported")
    assert slack.sentence(Released(code)) == "\n```\na = 1\n```\n[1]\n"


CITATION = Citation(1, "an-article", "A Title", "https://example.org/a?b=c&d", 5, 12, "Quoted.", 7)


def test_an_answer_ends_with_folded_sources_and_feedback() -> None:
    answer = Answer("why?", "answered", "", (Claim("Said.", (1,), "supported"),), (CITATION,))
    sources, feedback = slack.closing(answer, "12")
    assert sources["is_collapsible"]
    assert sources["default_collapsed"]
    assert sources["title"]["text"] == "Sources"
    (section,) = sources["child_blocks"]
    assert section["text"]["text"] == "[1] Quoted."
    assert section["fields"][0]["text"] == (
        "<https://example.org/a?b=c&amp;d|A Title>\nline 7 · an-article:5-12"
    )
    button = section["accessory"]
    assert (button["action_id"], button["text"]["text"]) == (slack.SHOW, "Show in article")
    assert slack.read_place(button["value"]) == ("an-article", 5, 12)
    (element,) = feedback["elements"]
    assert (feedback["type"], element["action_id"]) == ("context_actions", slack.FEEDBACK)
    assert slack.read_feedback_value(element["positive_button"]["value"]) == ("12", True)
    assert slack.read_feedback_value(element["negative_button"]["value"]) == ("12", False)
    assert slack.messages(answer, "12") == [
        ("Said. [1]", [{"type": "markdown", "text": "Said. [1]"}, sources, feedback])
    ]


def test_sentences_and_sources_say_whose_they_are_and_lead_to_their_address() -> None:
    origins = (
        Origin("https://r.example/a?b&c", "", "Reuters <!channel>", "2026-02-27"),
        Origin("javascript:alert(1)", "", "_AP_", "2026-01-12"),
    )
    citations = tuple(
        Citation(number, f"a{number}", f"Title {number}", "/a.txt", 5, 12, "Quoted.", 7, 3, origin)
        for number, origin in enumerate(origins, start=1)
    )
    claims = tuple(Claim(f"Said {one.marker}.", (one.marker,), "supported") for one in citations)
    answer = Answer("why?", "answered", "", claims, citations)
    assert slack.body(answer) == (
        "Reuters &lt;!channel&gt;, 27 Feb 2026: Said 1. [1] \\_AP\\_, 12 Jan 2026: Said 2. [2]"
    )
    released = as_released(answer)
    assert "".join(map(slack.sentence, released, (None, *released))).strip() == slack.body(answer)
    (sources,) = slack.closing(answer, "")
    assert [one["fields"][0]["text"] for one in sources["child_blocks"]] == [
        "<https://r.example/a?b&amp;c|Title 1> (Reuters &lt;!channel&gt;, 27 Feb 2026)\n"
        "p. 3, line 7 · a1:5-12",
        "Title 2 (\u02cdAP\u02cd, 12 Jan 2026)\np. 3, line 7 · a2:5-12",
    ]


def test_a_publisher_named_like_the_beginning_of_an_emoji_makes_none() -> None:
    named = replace(CITATION, origin=Origin(publisher="Ahoy :smile"))
    released = Released(Claim("Said.", (1,), "supported"), (named,))
    assert plain(slack.sentence(released)).startswith("Ahoy :")
    assert ":smile:" not in slack.sentence(released)


def test_sources_name_and_link_other_articles_that_say_the_same() -> None:
    twins = tuple(Twin(f"t{n}", f"Twin {n}", f"https://t.example/{n}") for n in range(4))
    answer = Answer("why?", "answered", "", (), (replace(CITATION, also=twins),))
    (sources,) = slack.closing(answer, "")
    assert sources["child_blocks"][0]["fields"][0]["text"].endswith(
        "\nalso in: <https://t.example/0|Twin 0>; <https://t.example/1|Twin 1>;"
        " <https://t.example/2|Twin 2> and 1 more"
    )


def test_without_a_log_nothing_asks_for_feedback() -> None:
    assert slack.closing(Answer("why?", "abstained", "The articles do not say."), "") == []


def test_an_abstention_says_what_is_missing_and_shows_the_closest_passages() -> None:
    closest = Closest("an-article", "A Title", "/a.txt", 5, 12, "word " * 900, 0.1, 7)
    answer = Answer("why?", "abstained", "The articles do not say: no date.", closest=(closest,))
    ((text, blocks),) = slack.messages(answer, "12")
    assert text == "The articles do not say: no date."
    _said, heading, passage, _feedback = blocks
    assert heading["elements"][0]["text"] == "The closest passages:"
    assert passage["type"] == "section"
    assert passage["text"]["text"].startswith("• word word")
    assert passage["text"]["text"].endswith("word …")
    assert passage["fields"][0]["text"] == "A Title\nline 7 · an-article:5-12"
    assert slack.read_place(passage["accessory"]["value"]) == ("an-article", 5, 12)


def test_notes_and_the_number_of_sentences_withheld_are_shown() -> None:
    rejected = (Rejected(None, "a", "b"), Rejected(None, "c", "d"), Rejected(3, "", "e"))
    notes = ("“Monday” means 24 February.", "No language model wrote this.")
    answer = Answer("why?", "answered", "Yes.", rejected=rejected, notes=notes)
    assert [block["elements"][0]["text"] for block in slack.closing(answer, "")] == [
        "Note: “Monday” means 24 February.",
        "Note: No language model wrote this.",
        "Note: 2 sentences were withheld, not found in the articles.",
    ]


def test_how_the_question_was_understood_is_shown() -> None:
    answer = Answer("who is the ministr?", "answered", "Yes.", standalone="who is the <!here>?")
    (block,) = slack.closing(answer, "")
    assert block["elements"][0]["text"].startswith("Understood as: who is the ")
    check([block])


def test_many_short_notes_are_no_more_blocks_than_slack_takes() -> None:
    answer = Answer("why?", "answered", "Yes.", notes=("a",) * 200)
    messages = slack.messages(answer, "12")
    for _, blocks in messages:
        check(blocks)
    assert shown(messages).count("Note:a") == 200


def test_trouble_is_one_sentence_with_the_reference() -> None:
    assert slack.trouble("12") == "Something went wrong, and I could not answer (reference 12)."
    assert slack.trouble("", "index").endswith("at the moment.")
    assert deeds("mrkdwn", slack.trouble("<!channel>", "busy")) == []
