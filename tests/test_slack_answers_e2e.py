"""What people get from the bot in Slack: a real process, a workspace on 127.0.0.1."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import process_support
import pytest
from slack_support_articles import FAIRS
from slack_support_bot import Scene, elements, everything, scene, texts
from slack_support_state import ALICE, BOB, BOT, GENERAL, RANDOM, direct

MILL = "The mill of Aldby was built in 1801 by the millers’ guild of Aldby 🌾."
THREE = [
    f"The mill of {town} was built in {year} by the millers’ guild of {town} 🌾. [mill of {town}] "
    for town, year in (("Aldby", 1801), ("Borby", 1802), ("Carby", 1803))
]
THREE_MILLS = "When were the mills of Aldby, Borby and Carby built?"
MINISTER = "Who is the foreign minister of Iran?"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    base = tmp_path_factory.getbasetemp()
    with scene(base, "answers", slack={"longest_page": 3}) as opened:
        yield opened


@pytest.fixture(autouse=True)
def silent_model(there: Scene) -> None:
    there.writer.says()


def test_a_mention_in_a_channel_is_answered_in_its_thread_sentence_by_sentence_as_released(
    there: Scene,
) -> None:
    there.writer.says(*THREE, held=True)
    question = there.slack.mention(THREE_MILLS)
    there.writer.let(2)
    live = there.slack.wait(lambda: [one for one in there.slack.replies(question) if one.is_live])
    assert live, there.bot.said()
    assert there.slack.wait(lambda: "Aldby" in live[0].text)
    assert "Carby" not in live[0].text
    there.writer.free()
    reply = there.answer(question)
    assert reply is live[0]
    assert reply.thread_ts == question.ts
    assert reply.stream is not None
    spoken = [text for _, text in reply.stream.appended if text.strip()]
    assert len(spoken) >= 2
    assert reply.text.index("1801") < reply.text.index("1802") < reply.text.index("1803")


def test_a_status_is_shown_while_it_works_and_none_when_it_is_done(there: Scene) -> None:
    there.writer.says(f"{MILL} [mill of Aldby]", held=True)
    question = there.slack.mention("When was the mill of Aldby built?")

    def statuses() -> list[str]:
        return [said for _, ts, said in there.slack.workspace.statuses if ts == question.ts]

    assert there.slack.wait(statuses)[0]
    there.writer.free()
    there.answer(question)
    assert statuses()[-1] == ""


def test_a_direct_message_is_answered_in_its_thread(there: Scene) -> None:
    question = there.slack.ask_directly(MINISTER)
    reply = there.answer(question)
    assert (reply.channel, reply.thread_ts) == (direct(ALICE), question.ts)
    assert "Araqchi" in reply.text


def test_follow_ups_need_no_mention_in_a_thread_it_was_called_into(there: Scene) -> None:
    first = there.slack.mention(MINISTER)
    there.answer(first)
    follow = there.slack.post("When did Lavrov visit Tehran?", user=BOB, thread_ts=first.ts)
    assert "Lavrov" in there.answer(follow).text


def test_questions_asked_among_people_are_left_alone(there: Scene) -> None:
    alone = there.slack.post(MINISTER)
    among = there.slack.post("What is maximum pressure?", thread_ts=alone.ts, user=BOB)
    called = there.slack.mention(MINISTER)
    there.answer(called)
    asked = there.slack.post(f"<@{BOB}> what do you think of it?", thread_ts=called.ts)
    by_bot = there.slack.post(MINISTER, thread_ts=alone.ts, bot_id="B0OTHER")
    assert there.slack.wait(lambda: all(one.acked_at for one in there.slack.deliveries))
    after = there.slack.mention("What is maximum pressure?")
    there.answer(after)  # whatever was to come of the others would have come before
    assert there.slack.replies(alone) == []
    assert len(there.slack.replies(called)) == 1
    assert (among.thread_ts, asked.thread_ts, by_bot.thread_ts) == (alone.ts, called.ts, alone.ts)


def test_the_thread_itself_is_the_memory_so_that_a_restart_forgets_nothing(there: Scene) -> None:
    first = there.slack.mention(MINISTER)
    there.answer(first)
    for number in range(4):  # more than a page, and no turns of the conversation
        there.slack.post(f"<@{BOB}> see {number}", thread_ts=first.ts, user=ALICE)
    there.bot.terminate()
    assert there.bot.wait() == 0
    (there.bot.home / "log.sqlite3").unlink()
    there.bot.start()
    there.writer.seen.clear()
    there.writer.says()
    follow = there.slack.mention("What did he say about sanctions?", thread_ts=first.ts)
    there.answer(follow)
    assert "Araqchi" in json.dumps(there.writer.seen, ensure_ascii=False)
    read = there.slack.calls("conversations.replies")
    assert any(call.arguments.get("cursor") for call in read)


def test_an_answer_carries_markers_and_its_sources_folded(there: Scene) -> None:
    reply = there.answer(there.slack.mention(MINISTER))
    assert "[1]" in reply.text
    (sources,) = elements(reply.blocks, "container")
    assert sources["is_collapsible"]
    assert sources["default_collapsed"]
    assert "Sources" in sources["title"]["text"]
    shown = "\n".join(texts(sources))
    assert "Iranian Foreign Minister Abbas Araqchi" in shown
    assert "Tehran Rejects Trump" in shown
    assert "line " in shown
    assert "](" not in shown


def test_a_button_opens_the_passage_highlighted_in_its_surroundings(there: Scene) -> None:
    reply = there.answer(there.slack.mention(MINISTER))
    button = next(
        one for one in elements(reply.blocks, "button") if "article" in one["text"]["text"].lower()
    )
    before = len(there.slack.workspace.views)
    there.slack.click(reply, button)
    assert there.slack.wait(lambda: len(there.slack.workspace.views) > before), there.bot.said()
    view = there.slack.workspace.views[-1]
    shown = "\n".join(texts(view))
    assert view["type"] == "modal"
    assert "Abbas Araqchi said at a joint press conference" in shown
    assert len(shown) > 600


@pytest.mark.parametrize(
    "value",
    [
        '{"document_id": "gone", "start": 0, "end": 5}',
        '{"document_id": "ledger", "start": 5, "end": 10000000000}',
    ],
)
def test_a_button_whose_article_has_gone_or_changed_gets_an_honest_line(
    there: Scene, value: str
) -> None:
    reply = there.answer(there.slack.mention(MINISTER))
    button = elements(reply.blocks, "button")[0]
    workspace = there.slack.workspace
    before = len(workspace.views), len(workspace.ephemeral)
    there.slack.click(reply, button, value=value)
    said = there.slack.wait(
        lambda: [*workspace.views[before[0] :], *workspace.ephemeral[before[1] :]]
    )
    assert len(said) == 1
    assert "Traceback" not in there.bot.said()


def test_an_abstention_says_what_is_missing_and_shows_the_closest_passages(there: Scene) -> None:
    reply = there.answer(there.slack.mention("Who won the tennis match in Melbourne?"))
    shown = everything(reply)
    assert "tennis" in shown.lower() or "melbourne" in shown.lower()
    assert "closest" in shown.lower()
    assert elements(reply.blocks, "button")


def feedback_of(there: Scene) -> str:
    done = process_support.run(
        ["-m", "qabot", "logs", "--feedback"], env={**there.bot.environment, "COLUMNS": "200"}
    )
    assert done.returncode == 0
    return done.stdout.decode()


def test_a_thumb_up_is_stored_with_the_logged_question(there: Scene) -> None:
    reply = there.answer(there.slack.mention("Who is the president of the United States?"))
    (buttons,) = elements(reply.blocks, "feedback_buttons")
    clicked = there.slack.click(reply, buttons, value=buttons["positive_button"]["value"])
    assert there.slack.wait(lambda: clicked.acked_at)
    assert there.slack.wait(lambda: "president of the United States" in feedback_of(there))


def test_a_thumb_down_opens_a_short_form_that_is_stored_and_listed(there: Scene) -> None:
    reply = there.answer(there.slack.mention("When did Lavrov visit Tehran?"))
    (buttons,) = elements(reply.blocks, "feedback_buttons")
    before = len(there.slack.workspace.views)
    there.slack.click(reply, buttons, value=buttons["negative_button"]["value"])
    assert there.slack.wait(lambda: len(there.slack.workspace.views) > before), there.bot.said()
    form = there.slack.workspace.views[-1]
    values = {}
    for block in elements(form["blocks"], "input"):
        element = block["element"]
        if element["type"] == "plain_text_input":
            filled = {"type": "plain_text_input", "value": "It was two days <!channel>."}
        else:
            chosen = next(one for one in element["options"] if "support" in json.dumps(one))
            filled = {"type": element["type"], "selected_option": chosen}
        values[block["block_id"]] = {element["action_id"]: filled}
    sent = there.slack.submit(form, values)
    assert there.slack.wait(lambda: sent.acked_at)
    assert there.slack.wait(lambda: "two days" in feedback_of(there))
    assert "support" in feedback_of(there)


def test_opening_the_conversation_brings_suggested_prompts(there: Scene) -> None:
    there.slack.open_home("messages", BOB)
    prompts = there.slack.wait(lambda: there.slack.workspace.prompts.get(direct(BOB)))
    assert prompts
    assert all(one["title"] and one["message"] for one in prompts)


def test_a_conversation_gets_a_title(there: Scene) -> None:
    question = there.slack.ask_directly("When did Lavrov visit Tehran?")
    there.answer(question)
    key = (question.channel, question.ts)
    assert "Lavrov" in there.slack.wait(lambda: there.slack.workspace.titles.get(key, ""))


def test_the_home_tab_shows_the_sources_and_how_to_ask(there: Scene) -> None:
    there.slack.open_home("home", BOB)
    home = there.slack.wait(lambda: there.slack.workspace.homes.get(BOB))
    assert home
    shown = "\n".join(texts(home))
    assert "The Ledger of Mills" in shown
    assert f"<@{BOT}>" in shown or "mention" in shown.lower()


def test_the_stop_button_is_honoured_at_once_and_what_was_said_stays(there: Scene) -> None:
    there.writer.says(*THREE, held=True)
    question = there.slack.mention(THREE_MILLS)
    there.writer.let(2)
    live = there.slack.wait(lambda: [one for one in there.slack.replies(question) if one.is_live])
    assert there.slack.wait(lambda: "Aldby" in live[0].text)
    there.slack.press_stop(live[0])
    reply = there.answer(question)  # though the model has never been let go on
    assert "1801" in reply.text
    assert "1803" not in everything(reply)
    assert "stopped" in everything(reply).lower()
    there.writer.says()
    there.answer(there.slack.mention(MINISTER))


def test_a_long_answer_with_many_sources_arrives_whole_within_the_limits(there: Scene) -> None:
    there.writer.says(*(f"{said} [{said[:30]}] " for said in FAIRS))
    question = there.slack.mention("At the fair, for how many écus did the café sell pâté?")
    assert there.slack.wait(
        lambda: any("Sources" in json.dumps(one.blocks) for one in there.slack.replies(question))
    )
    replies = there.settled(question)
    whole = "\n".join(everything(one) for one in replies)
    assert len("".join(FAIRS).encode()) > 11_000
    for said in FAIRS:
        assert whole.count(said) == 2  # in the answer and in its sources
    assert "\ufffd" not in whole
    refused = [call.error for call in there.slack.calls() if not call.ok]
    assert set(refused) <= {"stopped_by_user"}, refused


def test_article_text_pings_nobody_and_links_nowhere(there: Scene) -> None:
    reply = there.answer(there.slack.mention("Who painted the bridge of Pontville in 1911?"))
    assert "Pontville" in reply.text
    for shown in (reply.text, *texts(reply.blocks)):
        assert "<!" not in shown
        assert f"<@{BOB}" not in shown
        assert "<http" not in shown


def test_what_a_person_writes_pings_nobody_when_it_comes_back(there: Scene) -> None:
    question = there.slack.ask_directly("Who won the &lt;!channel&gt; <@U0BOB> *cup* in Melbourne?")
    shown = everything(there.answer(question))
    assert "<!" not in shown
    assert "<@" not in shown


def test_one_persons_direct_messages_never_feed_anothers_answer(there: Scene) -> None:
    there.answer(there.slack.ask_directly("When did Lavrov visit the secret mill of Xyzzy?"))
    there.writer.seen.clear()
    there.answer(there.slack.ask_directly("What did he say about sanctions?", BOB))
    there.answer(there.slack.ask_directly("What did he say about sanctions?"))
    assert "Xyzzy" not in json.dumps(there.writer.seen)


def test_two_questions_in_one_thread_do_not_interleave(there: Scene) -> None:
    there.writer.says(*THREE, held=True)
    first = there.slack.mention(THREE_MILLS)
    second = there.slack.mention("Which years are those of the mills?", thread_ts=first.ts)
    there.writer.let(2)
    assert there.slack.wait(lambda: there.slack.replies(first))
    time.sleep(0.2)
    assert len(there.slack.replies(first)) <= 1
    there.writer.free()
    replies = there.slack.wait(
        lambda: [one for one in there.slack.replies(first) if not one.is_live][1:]
    )
    assert replies
    one, other = there.slack.replies(first)
    assert one.stream is not None
    assert other.stream is not None
    assert one.stream.appended[-1][0] <= other.stream.began_at
    assert second.ts < other.ts


def test_no_text_of_a_message_is_in_the_log_lines_unless_asked_for(there: Scene) -> None:
    there.answer(there.slack.mention("Where did the plugh visit Tehran?"))
    assert "plugh" not in there.bot.said()
    tokens = there.slack.environment()
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"):
        assert tokens[name] not in there.bot.said()


def test_only_allowed_channels_and_users_are_answered_and_others_cost_no_work(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    base: Path = tmp_path_factory.getbasetemp()
    allowed = {"QABOT_SLACK_CHANNELS": GENERAL, "QABOT_SLACK_USERS": ALICE}
    with scene(base, "allowed", QABOT_SLACK_LOG_TEXT="1", **allowed) as small:
        elsewhere = small.slack.mention(MINISTER, RANDOM)
        stranger = small.slack.mention(MINISTER, user=BOB)
        alone = small.slack.ask_directly(MINISTER, BOB)
        before = len(small.slack.calls("conversations.replies"))
        small.answer(small.slack.mention("When did Lavrov visit Tehran?"))
        assert "Araqchi" not in "".join(
            everything(one) for asked in (elsewhere, stranger, alone)
            for one in small.slack.replies(asked)
        )  # fmt: skip
        assert len(small.writer.seen) <= 2
        assert before == 0
        assert "Lavrov" in small.bot.said()
