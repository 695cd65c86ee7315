"""The inbox keeps each question once, through kills and bursts, until it is answered."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_support import finish, python, was_killed
from texts_support import strings

from qabot.slack import inbox as inbox_module
from qabot.slack.inbox import Inbox, InboxError, Question
from qabot.slack.journal import Journal

ONE = Question("C1", "1.1", "1.1", "U1", "T1", "Who came?", False, received_at=10.0)


@pytest.fixture
def inbox(home: Path) -> Iterator[Inbox]:
    opened = Inbox(home)
    yield opened
    opened.close()


def test_a_question_is_claimed_once(inbox: Inbox) -> None:
    assert inbox.claim(ONE)
    assert not inbox.claim(ONE)
    assert not inbox.claim(replace(ONE, text="Who came, again?"))
    assert inbox.claim(replace(ONE, channel="C2"))
    assert inbox.claim(replace(ONE, ts="1.2"))
    assert inbox.unfinished()[0] == ONE


def test_an_answered_question_is_still_known_and_its_text_is_not_kept(inbox: Inbox) -> None:
    inbox.claim(ONE)
    inbox.done("C1", "1.1", "1.2", "7")
    assert not inbox.claim(ONE)
    assert inbox.unfinished() == []
    assert b"Who came?" not in dump(inbox)
    assert inbox.replies("C1", "1.1") == {"1.2": "1.1"}


def dump(inbox: Inbox) -> bytes:
    return "".join(inbox._db.iterdump()).encode()


def test_what_is_unfinished_comes_oldest_first_with_the_message_being_written(
    inbox: Inbox,
) -> None:
    inbox.claim(replace(ONE, ts="1.3", received_at=30.0))
    inbox.claim(replace(ONE, ts="1.2", received_at=20.0, is_direct=True))
    inbox.writing("C1", "1.2", "1.9")
    inbox.begin("C1", "1.2")
    first, second = inbox.unfinished()
    assert (first.ts, first.state, first.reply_ts) == ("1.2", "writing", "1.9")
    assert (first.attempts, first.is_direct) == (1, True)
    assert (second.ts, second.state, second.attempts) == ("1.3", "waiting", 0)


def test_work_that_is_given_back_does_not_count_as_an_attempt(inbox: Inbox) -> None:
    inbox.claim(ONE)
    inbox.begin("C1", "1.1")
    inbox.give_back("C1", "1.1")
    inbox.give_back("C1", "1.1")
    assert inbox.unfinished()[0].attempts == 0


def test_a_late_word_that_an_answer_is_being_written_does_not_open_it_again(inbox: Inbox) -> None:
    inbox.claim(ONE)
    inbox.done("C1", "1.1")
    inbox.writing("C1", "1.1", "1.2")
    assert inbox.unfinished() == []


def test_threads_are_joined_and_left_by_what_was_said_last(inbox: Inbox) -> None:
    assert not inbox.is_joined("C1", "1.1")
    inbox.join("C1", "1.1", "1.1")
    assert inbox.is_joined("C1", "1.1")
    assert not inbox.is_joined("C2", "1.1")
    inbox.leave("C1", "1.1", "1.5")
    inbox.join("C1", "1.1", "1.3")
    assert not inbox.is_joined("C1", "1.1")
    inbox.join("C1", "1.1", "1.6")
    assert inbox.is_joined("C1", "1.1")


def test_the_inbox_does_not_grow_for_ever(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_module, "_MOST_THREADS", 3)
    for number in range(6):
        inbox.join("C1", f"1.{number}")
        inbox.claim(replace(ONE, ts=f"1.{number}", received_at=float(number)))
        if number:
            inbox.done("C1", f"1.{number}")
    assert inbox.forget_before(3.0) == 2
    assert [inbox.is_joined("C1", f"1.{number}") for number in range(6)] == 3 * [False] + 3 * [True]
    assert [one.ts for one in inbox.unfinished()] == ["1.0"]
    assert inbox.claim(replace(ONE, ts="1.2"))
    assert not inbox.claim(replace(ONE, ts="1.4"))


@given(strings)
def test_any_text_is_kept(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    inbox = Inbox(tmp_path_factory.getbasetemp() / "any")
    try:
        inbox.claim(replace(ONE, text=text, ts=f"{hash(text)}"))
        kept = [one.text for one in inbox.unfinished() if one.ts == f"{hash(text)}"]
        assert kept == [text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")]
    finally:
        inbox.close()


@given(st.lists(st.integers(0, 5), max_size=30))
def test_deliveries_in_any_order_and_number_claim_each_question_once(order: list[int]) -> None:
    inbox = Inbox(Path(os.environ["QABOT_HOME"]) / str(len(order)) / str(hash(tuple(order))))
    try:
        claimed = [number for number in order if inbox.claim(replace(ONE, ts=f"{number}"))]
        assert claimed == list(dict.fromkeys(order))
    finally:
        inbox.close()


def test_a_burst_shares_its_writes_and_each_caller_gets_its_own_answer(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def burst() -> tuple[list[bool], int]:
        inbox = Inbox(home)
        journal, writes = Journal(inbox), 0
        together = inbox.together

        def counted(calls: object) -> list[object]:
            nonlocal writes
            writes += 1
            return together(calls)  # type: ignore[arg-type]

        monkeypatch.setattr(inbox, "together", counted)
        twice = [replace(ONE, ts=f"{number % 100}") for number in range(200)]
        won = await asyncio.gather(*(journal(inbox.claim, one) for one in twice))
        await journal.close()
        return won, writes

    won, writes = asyncio.run(burst())
    assert won == 100 * [True] + 100 * [False]
    assert writes < 10


def test_what_cannot_be_written_is_told_to_each_caller(home: Path) -> None:
    async def broken() -> list[object]:
        inbox = Inbox(home)
        journal = Journal(inbox)
        inbox._db.execute("DROP TABLE questions")
        calls = (journal(inbox.claim, replace(ONE, ts=f"{number}")) for number in range(3))
        found = await asyncio.gather(*calls, return_exceptions=True)
        await journal.close()
        return list(found)

    assert [type(one) for one in asyncio.run(broken())] == 3 * [InboxError]


def test_a_batch_that_fails_leaves_nothing_half_written(inbox: Inbox) -> None:
    def fail() -> bool:
        raise sqlite3.OperationalError("no")

    with pytest.raises(InboxError):
        inbox.together([lambda: inbox.claim(ONE), fail])
    assert inbox.unfinished() == []
    assert inbox.claim(ONE)


def test_a_second_process_on_the_same_home_is_refused(
    home: Path, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_module, "_PATIENCE", 0.1)
    with pytest.raises(InboxError, match=r"is in use\. Stop the other qabot slack"):
        Inbox(home)


def test_a_damaged_file_is_refused_with_what_to_do(home: Path) -> None:
    home.mkdir(parents=True)
    (home / "slack.sqlite3").write_bytes(b"no database at all, but long enough" * 100)
    with pytest.raises(InboxError, match="Move the file away and a new one is begun"):
        Inbox(home)


def test_a_file_of_another_version_is_refused(home: Path) -> None:
    Inbox(home).close()
    with sqlite3.connect(home / "slack.sqlite3") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(InboxError, match="of version 99"):
        Inbox(home)


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX")
def test_only_its_owner_may_read_it(inbox: Inbox) -> None:
    inbox.claim(ONE)
    for path in inbox.path.parent.glob("slack.sqlite3*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_what_was_claimed_survives_a_kill(home: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path;"
        "from qabot.slack.inbox import Inbox, Question;"
        "inbox = Inbox(Path(sys.argv[1]));"
        "[inbox.claim(Question('C', f'{n}', '1', 'U', 'T', 'Who?', False)) for n in range(20)];"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert was_killed(finish(python(home, code, str(home)))[0])
    inbox = Inbox(home)
    assert len(inbox.unfinished()) == 20
    inbox.close()
