"""A Chroma server that is away, refuses or fails gets an honest answer, and then it heals."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from conftest import Command
from index_support import write_articles
from server_support import Chroma, ingest_at, texts_at, until
from server_support_relay import Answer, Relay, relay_to

from qabot import open_bot
from qabot import server_index as server_index_module
from qabot.addresses import ServerAddress
from qabot.bot import Bot
from qabot.errors import IndexUnavailable
from qabot.settings import Settings

QUESTION = "What did the zebra paint?"


@pytest.fixture
def relay(chroma: Chroma, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    """A relay before a real server; calls end soon, so that no test waits for long."""
    monkeypatch.setattr(server_index_module, "_QUESTION", 0.5)
    monkeypatch.setattr(server_index_module, "_WORK", 1.0)
    monkeypatch.setattr(server_index_module, "_PAUSE", 0.05)
    with relay_to(f"http://127.0.0.1:{chroma.port}") as between:
        yield between


@pytest.fixture
def database(chroma: Chroma, relay: Relay) -> str:
    """A new database, by way of the relay."""
    return relay.place + chroma.database().removeprefix(relay.target)


def bot_at(database: str, home: Path, token: str = "") -> Bot:
    return open_bot(Settings(home=home, chroma=ServerAddress.parse(database, token)))


FAULTS: dict[str, tuple[Answer, str]] = {
    "unauthorised": ((401, b""), "QABOT_CHROMA_TOKEN"),
    "forbidden": ((403, b'{"error":"AuthError","message":"Forbidden"}'), "QABOT_CHROMA_TOKEN"),
    "another program": (
        (404, b"<html>Not Found</html>"),
        "is no Chroma server.*Check QABOT_CHROMA",
    ),
    "gone": ((404, b'{"error":"NotFoundError","message":"no tenant"}'), "no such database"),
    "too many": ((429, b'{"error":"RateLimitError","message":"slow down"}'), "slow down"),
    "fails": ((500, b'{"error":"InternalError","message":"disk \x1b[31m"}'), "fails"),
    "bad gateway": ((502, b"<html>Bad gateway</html>"), "fails"),
    "unavailable": ((503, b""), "fails"),
    "garbage": ((200, b"\xff\x00garbage"), "is no Chroma server"),
    "another shape": ((200, b"[1, 2, 3]"), "is no Chroma server"),
    "null": ((200, b"null"), "is no Chroma server"),
    "deep": ((200, b"[" * 100_000), "is no Chroma server"),
    "version": ((500, b'{"error":"VersionMismatchError","message":"old"}'), "is no Chroma server"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_server_that_does_not_do_what_it_should_is_named_with_a_remedy(
    name: str, database: str, relay: Relay, tmp_path: Path
) -> None:
    answer, said = FAULTS[name]
    relay.misbehave = lambda path: answer
    with pytest.raises(IndexUnavailable, match=said) as raised, closing(bot_at(database, tmp_path)):
        pass
    text = str(raised.value)
    assert f"127.0.0.1:{relay.server_port}" in text
    assert text.isprintable()
    assert len(text) < 400


@pytest.mark.parametrize("name", FAULTS)
def test_a_question_is_answered_by_words_alone_while_the_server_fails_and_then_it_heals(
    name: str, database: str, relay: Relay, tmp_path: Path
) -> None:
    ingest_at(database, tmp_path / "writer", *write_articles(tmp_path, "zebra", "walrus"))
    with closing(bot_at(database, tmp_path / "bot")) as bot:
        before = bot.ask(QUESTION)
        assert before.notes == ()
        relay.misbehave = lambda path: FAULTS[name][0]
        until(lambda: bot.ask(QUESTION).notes != ())
        answer = bot.ask(QUESTION)
        assert answer.text == before.text
        assert "only words are compared" in answer.notes[-1]
        relay.misbehave = lambda path: None
        until(lambda: bot.ask(QUESTION).notes == ())
        assert bot.ask(QUESTION).text == before.text


def test_a_server_that_dies_mid_question_and_comes_back_is_waited_for_no_longer_than_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_index_module, "_PAUSE", 0.05)
    chroma = Chroma(tmp_path / "chroma")
    with relay_to(f"http://127.0.0.1:{chroma.port}") as relay:
        database = relay.place + chroma.database().removeprefix(relay.target)
        ingest_at(database, tmp_path / "writer", *write_articles(tmp_path, "zebra"))
        with closing(bot_at(database, tmp_path / "bot")) as bot:
            direct = bot_at(database.replace(relay.place, relay.target), tmp_path / "other")
            before = bot.ask(QUESTION).text

            def die(path: str) -> Answer | None:
                if path.endswith("/query"):
                    chroma.kill()
                    return 502, b""
                return None

            relay.misbehave = die
            answer = bot.ask(QUESTION)
            assert answer.text == before
            assert "only words are compared" in answer.notes[-1]
            with closing(direct):
                until(lambda: "takes no connection" in "".join(direct.ask(QUESTION).notes))
            relay.misbehave = lambda path: (502, b"") if not is_up.is_set() else None
            is_up = threading.Event()
            chroma.start()
            is_up.set()
            until(lambda: bot.ask(QUESTION).notes == ())
            write_articles(tmp_path, "zebra", food="pears")
            ingest_at(database, tmp_path / "writer", tmp_path / "zebra.txt")
            until(lambda: "pears" in bot.ask(QUESTION).text)
    chroma.kill()


@pytest.mark.parametrize("way", ["hangs", "drips"])
def test_a_server_that_is_slow_without_end_is_given_up(
    way: str, database: str, relay: Relay, tmp_path: Path
) -> None:
    ingest_at(database, tmp_path / "writer", *write_articles(tmp_path, "zebra"))
    released = threading.Event()
    with closing(bot_at(database, tmp_path / "bot")) as bot:
        if way == "drips":
            relay.drips = True
            relay.misbehave = lambda path: (200, b" " * 10_000)
        else:
            relay.misbehave = lambda path: (200, b"") if released.wait(30) else None
        answer = bot.ask(QUESTION)
        assert "does not answer within" in answer.notes[-1]
        assert "apples" in answer.text
        relay.drips = False
        relay.misbehave = lambda path: None
        released.set()
        until(lambda: bot.ask(QUESTION).notes == ())


def test_where_no_server_is_a_bot_with_a_copy_answers_and_one_without_says_what_to_do(
    chroma: Chroma, tmp_path: Path, here: Command
) -> None:
    with relay_to(f"http://127.0.0.1:{chroma.port}") as relay:
        database = relay.place + chroma.database().removeprefix(relay.target)
        ingest_at(database, here.home, *write_articles(tmp_path, "zebra"))
    asked = here("ask", QUESTION, QABOT_CHROMA=database)
    assert asked.code == 0
    assert "apples" in asked.stdout
    assert "takes no connection. Start it, or check QABOT_CHROMA" in asked.stdout + asked.stderr
    asked = here.at(tmp_path / "other")("ask", QUESTION, QABOT_CHROMA=database)
    assert asked.code == 1
    assert "takes no connection. Start it, or check QABOT_CHROMA" in asked.stderr
    looked = here("doctor", QABOT_CHROMA=database)
    assert looked.code == 1
    assert "1 articles, 2 passages in the copy" in looked.stdout
    assert "takes no connection" in looked.stdout
    asked = here("ingest", str(tmp_path), QABOT_CHROMA=database)
    assert asked.code == 1
    assert asked.stderr.count("\n") <= 2


def test_a_name_that_is_not_known_is_said_to_be_that(home: Path) -> None:
    with (
        pytest.raises(IndexUnavailable, match="its name is not known"),
        closing(bot_at("http://nowhere.invalid:8000", home)),
    ):
        pass


def test_a_server_without_tls_is_not_trusted(chroma: Chroma, home: Path) -> None:
    with (
        pytest.raises(IndexUnavailable, match="cannot be trusted"),
        closing(bot_at(f"https://127.0.0.1:{chroma.port}", home)),
    ):
        pass


def test_a_token_opens_a_server_and_a_wrong_one_is_refused_and_never_shown(
    database: str, relay: Relay, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    relay.needs = {"Authorization": "Bearer sesame-1", "X-Chroma-Token": "sesame-1"}
    with closing(bot_at(database, tmp_path / "bot", "sesame-1")) as bot:
        assert bot.ask(QUESTION).status == "abstained"
    with pytest.raises(IndexUnavailable, match="does not let us in") as raised:
        bot_at(database, tmp_path / "bot2", "sesame-2")
    assert "sesame" not in str(raised.value) + caplog.text
    relay.needs = {"Authorization": "Basic dXNlcjpwYTpzcw=="}
    opened = database.replace("http://", "http://user:pa%3Ass@")
    assert texts_at(opened, tmp_path / "bot3") == {}


def test_an_index_that_is_gone_leaves_the_copy_until_there_is_another(
    database: str, relay: Relay, tmp_path: Path
) -> None:
    ingest_at(database, tmp_path / "writer", *write_articles(tmp_path, "zebra"))
    with closing(bot_at(database, tmp_path / "bot")) as bot:
        delete_collections(database)
        until(lambda: "is gone" in "".join(bot.ask(QUESTION).notes))
        assert "apples" in bot.ask(QUESTION).text
        ingest_at(database, tmp_path / "other", *write_articles(tmp_path, "walrus"))
        until(lambda: bot.index.catalog.versions().keys() == {"walrus"})
        assert bot.ask("What did the walrus paint?").notes == ()


def delete_collections(database: str) -> None:
    place, tenant, name = database.rsplit("/", 2)
    collections = f"{place}/api/v2/tenants/{tenant}/databases/{name}/collections"
    with httpx.Client(trust_env=False) as http:
        for found in http.get(collections).json():
            http.delete(f"{collections}/{found['name']}").raise_for_status()
