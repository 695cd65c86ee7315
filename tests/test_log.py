"""The log of questions keeps whole answers, through many writers, kills and damage."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import sqlite3
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_support import finish, python, was_killed
from test_render import drawn
from texts_support import strings

import qabot.log
from qabot.answers import cost_of
from qabot.bot import Bot
from qabot.errors import LogError
from qabot.log import Log
from qabot.render import history
from qabot.render.json import answer_object, to_json
from qabot.types import (
    Answer,
    Citation,
    Claim,
    Closest,
    Explanation,
    Hit,
    Judgement,
    Logged,
    Passage,
    Rejected,
    Turn,
)

POSIX = pytest.mark.skipif(os.name == "nt", reason="needs POSIX")


def answer_to(question: str = "Who came?", text: str = "Ada came. [1]") -> Answer:
    """An answer with something in every field."""
    passage = Passage("an-article", "A Title", "/a.txt", 0, 9, "Ada came.")
    return Answer(
        question,
        "answered",
        text,
        (Claim("Ada came.", (1,), "supported"),),
        (Citation(1, "an-article", "A Title", "/a.txt", 0, 9, "Ada came."),),
        (Rejected(None, "Bob came.", "nothing says so"),),
        (Closest("an-article", "A Title", "/a.txt", 0, 9, "Ada came.", 0.5),),
        model="a-model",
        usage={"prompt_tokens": 1200, "completion_tokens": 34},
        timings_ms={"retrieve": 1.5, "total": 20.25},
        explanation=Explanation("It fits.", {"score": 1.5}, (Hit(passage, 2.5, None, 0.03),)),
        standalone="Who came on Monday?",
        prompt_hash="abc123",
    )


def as_printed(answer: Answer) -> object:
    """What ``--json`` prints of an answer, read again."""
    return json.loads(to_json(answer_object(answer)))


def readable(text: str) -> str:
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def questions(home: Path) -> list[str]:
    """All logged questions, the oldest first, after a look whether each is whole."""
    with closing(Log(home)) as log:
        found = log.entries(100_000)
    assert all(entry.answer["question"] == entry.question for entry in found)
    return [entry.question for entry in reversed(found)]


# What is kept


def test_every_field_of_a_logged_question_comes_from_its_answer(home: Path) -> None:
    answer = answer_to()
    with closing(Log(home)) as log:
        logged = log.add(answer, "a-conversation", 0.0125)
        assert log.get(logged.number) == logged
        assert log.entries() == [logged]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", logged.asked_at)
    assert logged == Logged(
        number=1,
        conversation="a-conversation",
        asked_at=logged.asked_at,
        question="Who came?",
        standalone="Who came on Monday?",
        status="answered",
        text="Ada came. [1]",
        model="a-model",
        prompt_hash="abc123",
        prompt_tokens=1200,
        completion_tokens=34,
        cost_usd=0.0125,
        total_ms=20.25,
        answer=answer_object(answer),
    )
    assert list(logged.as_json()) == [field.name for field in fields(Logged)]


def test_what_is_not_known_is_none(home: Path) -> None:
    with closing(Log(home)) as log:
        logged = log.add(Answer("q", "abstained", "No."))
    unknown = ("standalone", "prompt_hash", "prompt_tokens", "completion_tokens", "cost_usd")
    assert [getattr(logged, name) for name in (*unknown, "total_ms")] == [None] * 6


def test_an_answer_of_the_bot_is_kept_with_its_explanation(home: Path, bot: Bot) -> None:
    answer = bot.ask("Why won't Iran negotiate?")
    with closing(Log(home)) as log:
        found = log.get(log.add(answer).number)
    assert found
    assert found.answer == as_printed(answer)
    assert found.answer["explanation"]["hits"]


answers = st.builds(
    Answer,
    strings,
    st.sampled_from(["answered", "abstained"]),
    strings,
    st.lists(st.builds(Claim, strings, st.tuples(st.integers()), st.just("uncited"))).map(tuple),
    st.lists(
        st.builds(
            Citation, st.integers(), strings, strings, strings, st.just(0), st.just(1), strings
        )
    ).map(tuple),
    model=strings,
    usage=st.none()
    | st.dictionaries(st.sampled_from(["prompt_tokens", "completion_tokens"]), st.integers()),
    timings_ms=st.dictionaries(st.just("total"), st.floats(allow_nan=False, allow_infinity=False)),
    explanation=st.none()
    | st.builds(Explanation, strings, st.dictionaries(strings, st.floats(0, 1)), st.just(())),
    standalone=st.none() | strings,
    notes=st.lists(strings).map(tuple),
)  # fmt: skip


@given(st.lists(answers, min_size=1, max_size=3), st.none() | strings, st.floats() | st.none())
def test_any_answer_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory,
    given_answers: list[Answer],
    conversation: str | None,
    cost: float | None,
) -> None:
    with closing(Log(tmp_path_factory.mktemp("home"))) as log:
        logged = [log.add(answer, conversation, cost) for answer in given_answers]
        log.close()
        assert log.entries() == logged[::-1]
        for answer, entry in zip(given_answers, logged, strict=True):
            assert log.get(entry.number) == entry
            assert entry.answer == as_printed(answer)
            assert (entry.question, entry.text) == (
                readable(answer.question),
                readable(answer.text),
            )
            said = entry.text if entry.status == "answered" else ""
            assert Turn(entry.question, said, entry.standalone) in log.turns(entry.conversation)
        to_json({"logs": [entry.as_json() for entry in logged]})


@pytest.mark.parametrize(
    "text", ["Iran\ud800?", "\x00\x1b[2J\u202e", "'); DROP TABLE questions; --", "[bold]x[/]",
             "🙂" * 500_000, "\n" * 1_000_000], ids=range(6),
)  # fmt: skip
def test_hostile_text_is_kept_and_does_no_harm(home: Path, text: str) -> None:
    answer = replace(answer_to(text, text), standalone=text, model=text)
    with closing(Log(home)) as log:
        log.add(answer, conversation=text)
        (entry,) = log.entries()
        assert entry.answer["question"] == entry.answer["text"] == text
        assert log.last_conversation() == (readable(text), [Turn(*[readable(text)] * 3)])
        assert len(log.turns(text)) == 1


@pytest.mark.parametrize("count", [-1, 2**63, 10**30, 1.5, "7", None])
def test_a_count_of_tokens_that_cannot_be_is_not_known(home: Path, count: object) -> None:
    usage = {"prompt_tokens": count, "completion_tokens": 7}
    with closing(Log(home)) as log:
        entry = log.add(replace(answer_to(), usage=usage))  # type: ignore[arg-type]
        assert log.entries() == [entry]
    assert (entry.prompt_tokens, entry.completion_tokens) == (None, 7)
    assert entry.answer["usage"] == usage


@pytest.mark.parametrize("amiss", [float("nan"), float("inf"), object()])
def test_an_answer_that_json_cannot_hold_is_an_error_of_the_log(home: Path, amiss: object) -> None:
    answer = replace(answer_to(), explanation=Explanation("r", {"score": amiss}, ()))
    with closing(Log(home)) as log:
        with pytest.raises(LogError, match=r"QABOT_NO_LOG=1$"):
            log.add(answer)
        assert log.add(answer_to()).number == 1


# Lists and conversations


def test_the_newest_come_first_a_page_at_a_time(home: Path) -> None:
    with closing(Log(home)) as log:
        for number in range(1, 8):
            assert log.add(answer_to(f"q{number}")).number == number
        pages = [[entry.number for entry in log.entries(3, offset)] for offset in (0, 3, 6, 9)]
        assert pages == [[7, 6, 5], [4, 3, 2], [1], []]
        assert log.entries(0) == log.entries(-1) == []
        assert len(log.entries(10**30)) == 7
        assert log.get(0) is log.get(-1) is log.get(8) is log.get(10**30) is None


def test_the_last_conversation_is_that_of_the_newest_question(home: Path) -> None:
    with closing(Log(home)) as log:
        first = log.add(answer_to("q1", "a1")).conversation
        other = log.add(answer_to("q2", "a2")).conversation
        assert first != other
        assert log.add(answer_to("q3", "a3"), first).conversation == first
        turns = [Turn(f"q{n}", f"a{n}", "Who came on Monday?") for n in (1, 3)]
        assert log.last_conversation() == (first, turns)
        assert log.turns(first, limit=1) == turns[1:]
        assert [turn.question for turn in log.turns(other)] == ["q2"]
        assert log.turns("none") == []


def test_reading_where_there_is_no_log_finds_nothing_and_makes_nothing(home: Path) -> None:
    with closing(Log(home)) as log:
        assert log.entries() == []
        assert log.get(1) is None
        assert log.last_conversation() is None
        assert log.turns("x") == []
    assert not home.exists()


def test_a_closed_log_opens_again(home: Path) -> None:
    log = Log(home)
    log.close()
    log.add(answer_to())
    log.close()
    log.close()
    assert len(log.entries()) == 1
    log.close()


@POSIX
def test_only_the_owner_can_read_the_log(home: Path) -> None:
    before = os.umask(0)
    try:
        with closing(Log(home)) as log:
            log.add(answer_to())
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("log.sqlite3", "log.sqlite3-shm", "log.sqlite3-wal"), 0o600)
    assert [path.name for path in home.iterdir()] == ["log.sqlite3"]


# Many at once


WRITER = """
import sys
from pathlib import Path
from qabot.log import Log
from qabot.types import Answer
home, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
log = Log(home)
print("ready", flush=True)
sys.stdin.readline()
for number in range(count):
    log.add(Answer(f"{name}-{number}", "answered", "text " * 2000))
    print(number, flush=True)
log.close()
"""


def test_processes_that_write_at_once_lose_nothing(home: Path) -> None:
    names = ("a", "b", "c", "d")
    writers = [python(home, WRITER, str(home), name, "25") for name in names]
    for writer in writers:
        assert writer.stdout
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("\n")
        writer.stdin.flush()
    assert [finish(writer)[0] for writer in writers] == [0] * 4
    found = questions(home)
    for name in names:
        assert [one for one in found if one[0] == name] == [f"{name}-{n}" for n in range(25)]


def test_threads_that_share_a_log_lose_nothing(home: Path) -> None:
    with closing(Log(home)) as log:
        threads = [
            threading.Thread(target=lambda: [log.add(answer_to()) for _ in range(20)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [entry.number for entry in log.entries(100)] == list(range(80, 0, -1))


def test_a_log_that_another_keeps_to_itself_is_in_use(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qabot.log, "_PATIENCE", 0.05)
    with closing(Log(home)) as log:
        log.add(answer_to())
        with closing(sqlite3.connect(log.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(LogError, match=r"is in use\. Wait"):
                log.add(answer_to())
            assert len(log.entries()) == 1
        assert log.add(answer_to()).number == 2


def test_a_log_is_begun_once_another_lets_go_of_the_file(home: Path) -> None:
    home.mkdir()
    path = home / "log.sqlite3"
    path.touch()
    log, added = Log(home), []
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        beginning = threading.Thread(target=lambda: added.append(log.add(answer_to()).number))
        beginning.start()
        beginning.join(0.2)
        assert added == []
    beginning.join()
    assert added == [1]
    log.close()


# Killed


@POSIX
@pytest.mark.parametrize("after", [1, 2, 9, 40])
def test_a_log_whose_writer_is_killed_keeps_what_was_committed(home: Path, after: int) -> None:
    writer = python(home, WRITER, str(home), "a", "1000000")
    assert writer.stdin
    assert writer.stdout
    writer.stdin.write("\n")
    writer.stdin.flush()
    for _ in range(after + 1):
        writer.stdout.readline()
    writer.kill()
    code, said, _ = finish(writer)
    assert was_killed(code)
    found = questions(home)
    assert found == [f"a-{number}" for number in range(len(found))]
    assert len(found) >= after + said.count("\n")
    with closing(Log(home)) as log:
        assert log.add(answer_to()).number == len(found) + 1


KILLED_AT_EVERY_STEP = """
import os, signal, sys
from pathlib import Path
import qabot.log
from qabot.log import Log
from qabot.types import Answer

def child(home, point):
    passed = 0
    def watch(frame, event, argument):
        nonlocal passed
        if frame.f_code.co_filename == qabot.log.__file__:
            if passed == point:
                os.kill(os.getpid(), signal.SIGKILL)
            passed += 1
    log = Log(home)
    sys.setprofile(watch)
    log.add(Answer("first", "answered", "text"))
    log.add(Answer("second", "answered", "text"))
    log.close()
    sys.setprofile(None)
    os._exit(0)

point, killed = 0, True
while killed:
    home = Path(sys.argv[1]) / str(point)
    one = os.fork()
    if one == 0:
        child(home, point)
    killed = os.waitstatus_to_exitcode(os.waitpid(one, 0)[1]) == -signal.SIGKILL
    log = Log(home)
    before = [entry.question for entry in log.entries()]
    assert before in ([], ["first"], ["second", "first"]), (point, before)
    log.add(Answer("third", "answered", "text"))
    assert [entry.question for entry in log.entries()] == ["third", *before], point
    log.close()
    point += 1
print(point)
"""
"""Writers that kill themselves before and after each call, the SQL of a new log included."""


@POSIX
def test_a_writer_killed_at_any_step_leaves_a_log_that_goes_on(home: Path) -> None:
    code, said, failure = finish(python(home, KILLED_AT_EVERY_STEP, str(home)))
    assert code == 0, failure
    assert int(said) > 50


# Damage


def logged_home(home: Path, count: int = 30) -> Path:
    """A home whose log holds some questions; the path of its file."""
    with closing(Log(home)) as log:
        for number in range(count):
            log.add(answer_to(f"q{number}"))
        return log.path


@pytest.mark.parametrize(
    "content", [b"no database " * 500, b"SQLite format 3\0", b"\0" * 5000], ids=range(3)
)
def test_a_file_that_is_no_log_is_said_to_be_damaged_and_left_alone(
    home: Path, content: bytes
) -> None:
    home.mkdir()
    log = Log(home)
    log.path.write_bytes(content)
    for use in (log.entries, log.last_conversation, lambda: log.add(answer_to())):
        with pytest.raises(LogError, match=r"is damaged\. Move the file away"):
            use()
    assert log.path.read_bytes() == content
    log.path.rename(home / "aside")
    assert log.add(answer_to()).number == 1
    log.close()


def test_an_empty_file_becomes_a_log(home: Path) -> None:
    home.mkdir()
    (home / "log.sqlite3").touch()
    with closing(Log(home)) as log:
        assert log.entries() == []
        assert log.add(answer_to()).number == 1


@pytest.mark.parametrize("seed", range(60))
def test_damage_anywhere_is_an_error_of_the_log_or_leaves_whole_entries(
    home: Path, seed: int
) -> None:
    path = logged_home(home)
    content, chance = bytearray(path.read_bytes()), random.Random(seed)
    if seed % 4 == 0:
        del content[chance.randrange(len(content)) :]
    for _ in range(chance.choice([1, 20, 400]) if content else 0):
        content[chance.randrange(len(content))] = chance.randrange(256)
    path.write_bytes(content)
    with closing(Log(home)) as log:
        for use in (log.entries, log.last_conversation, lambda: log.add(answer_to())):
            with suppress(LogError):
                use()
        with suppress(LogError):
            drawn(history.listing(log.entries()))


@pytest.mark.parametrize(
    "change",
    ["answer = '{'", "answer = '[1, 2]'", "answer = '7'", "answer = x'00ff'", "question = x'41'",
     "cost_usd = 'much'", "prompt_tokens = 'many'", "answer = CAST(x'ff' AS TEXT)",
     "text = CAST(x'ff' AS TEXT)", f"answer = '{'[' * 100_000}'"],
    ids=range(10),
)  # fmt: skip
def test_a_row_that_holds_something_else_is_said_to_be_damaged(home: Path, change: str) -> None:
    path = logged_home(home, 1)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"UPDATE questions SET {change}")
    with closing(Log(home)) as log, pytest.raises(LogError, match="is damaged"):
        log.entries()


def test_a_log_left_behind_a_moved_file_does_not_come_back(home: Path) -> None:
    with closing(Log(home)) as old:
        old.add(answer_to("old"))
        old.path.rename(home / "aside")
        with closing(Log(home)) as new:
            new.add(answer_to("new"))
            assert [entry.question for entry in new.entries()] == ["new"]


# Another version


@pytest.mark.parametrize("version", [2, 99, -1])
def test_a_log_of_another_version_says_so_and_is_left_alone(home: Path, version: int) -> None:
    path = logged_home(home, 1)
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA user_version = {version}")
    content = path.read_bytes()
    log = Log(home)
    for use in (log.entries, lambda: log.add(answer_to())):
        with pytest.raises(LogError, match="is not one of this version of qabot"):
            use()
    assert path.read_bytes() == content


def test_a_database_of_something_else_is_left_alone(home: Path) -> None:
    home.mkdir()
    path = home / "log.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE recipes (name TEXT)")
    content = path.read_bytes()
    with closing(Log(home)) as log, pytest.raises(LogError, match="is not one"):
        log.add(answer_to())
    assert path.read_bytes() == content


# A disk that refuses


def below_a_file(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("x")
    return tmp_path / "file" / "home"


def nowhere(tmp_path: Path) -> Path:
    if not Path("/proc/self").exists():
        pytest.skip("no /proc here")
    return Path("/proc/qabot")


def too_long(tmp_path: Path) -> Path:
    return tmp_path / ("x" * 300)


def with_a_folder_in_its_place(tmp_path: Path) -> Path:
    (tmp_path / "log.sqlite3").mkdir()
    return tmp_path


@POSIX
@pytest.mark.parametrize("make", [below_a_file, nowhere, too_long, with_a_folder_in_its_place])
def test_a_log_that_cannot_be_made_is_named_with_the_remedy(tmp_path: Path, make: object) -> None:
    assert callable(make)
    log = Log(make(tmp_path))
    with pytest.raises(LogError) as caught:
        log.add(answer_to())
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"The log at {log.path} cannot be used: ")
    assert line.endswith("or keep no log: QABOT_NO_LOG=1")
    assert caught.value.__cause__ is not None


LIMITED = """
import resource, sys
from pathlib import Path
from qabot.errors import LogError
from qabot.log import Log
from qabot.types import Answer
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
log = Log(Path(sys.argv[1]))
try:
    while True:
        print(log.add(Answer("q", "answered", "text " * 2000)).number, flush=True)
except LogError as error:
    print(error)
"""


@POSIX
@pytest.mark.parametrize("kilobytes", [0, 2, 40, 100, 400])
def test_a_disk_that_refuses_loses_nothing_committed(home: Path, kilobytes: int) -> None:
    code, said, failure = finish(python(home, LIMITED, str(home), str(kilobytes * 1024)))
    assert code == 0, failure
    *numbers, line = said.splitlines()
    assert "cannot be used: the disk is full or refuses. Make room" in line
    assert questions(home) == ["q"] * len(numbers)
    with closing(Log(home)) as log:
        assert log.add(answer_to()).number == len(numbers) + 1


@pytest.fixture
def own_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, where this machine lets us mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=3m", "none", str(place)]
    if not mount or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no permission to mount a file system")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("count", [0, 3])
def test_on_a_disk_that_is_read_only_the_log_says_so(own_disk: Path, count: int) -> None:
    home = own_disk / "home"
    if count:
        logged_home(home, count)
    subprocess.run(["mount", "-o", "remount,ro", str(own_disk)], check=True)
    try:
        log = Log(home)
        with pytest.raises(LogError, match=r"cannot be used: .*QABOT_HOME"):
            log.add(answer_to())
        if count:
            with pytest.raises(LogError, match=r"cannot be used: .*QABOT_HOME"):
                log.entries()
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(own_disk)], check=True)
    assert log.add(answer_to()).number == count + 1
    log.close()


@POSIX
def test_a_file_that_may_not_be_written_is_named_with_the_remedy(home: Path) -> None:
    path = logged_home(home, 1)
    path.chmod(0o400)
    if os.access(path, os.W_OK):
        pytest.skip("root may write everything")
    with closing(Log(home)) as log, pytest.raises(LogError, match="it may not be written"):
        log.add(answer_to())


# Cost


def test_the_cost_is_that_of_the_tokens_both_ways() -> None:
    usage = {"prompt_tokens": 1_000_000, "completion_tokens": 500_000}
    assert cost_of(usage, (0.25, 2.0)) == 1.25
    assert cost_of({"prompt_tokens": 0, "completion_tokens": 0}, (0.25, 2.0)) == 0
    assert cost_of(usage, (0, 0)) == 0


@pytest.mark.parametrize(
    ("usage", "price"),
    [
        (None, (0.25, 2.0)),
        ({"prompt_tokens": 1, "completion_tokens": 1}, None),
        ({"prompt_tokens": 1}, (0.25, 2.0)),
        ({"completion_tokens": 1}, (0.25, 2.0)),
        ({"prompt_tokens": -1, "completion_tokens": 1}, (0.25, 2.0)),
        ({"prompt_tokens": 1, "completion_tokens": 1}, (float("inf"), 2.0)),
        ({"prompt_tokens": 1, "completion_tokens": 1}, (float("nan"), 2.0)),
    ],
)
def test_a_cost_is_never_guessed(
    usage: dict[str, int] | None, price: tuple[float, float] | None
) -> None:
    assert cost_of(usage, price) is None


def test_readers_verdicts_are_kept_one_for_each_reader(tmp_path: Path) -> None:
    with closing(Log(tmp_path)) as log:
        assert log.judgements() == []
        first = Judgement(1, "a", False, "wrong", "no\ud800 \n<!channel>", "2025")
        for one in (
            first,
            Judgement(1, "b", True),
            Judgement(2, "a", True),
            Judgement(1, "a", True),
        ):
            log.judge(one)
        assert {(one.number, one.reader, one.is_good) for one in log.judgements()} == {
            (1, "a", True), (1, "b", True), (2, "a", True),
        }  # fmt: skip
        assert [one.number for one in log.judgements(2)] == [2]
        log.judge(first)
        (kept,) = [one for one in log.judgements(1) if one.reader == "a"]
        assert (kept.category, kept.comment) == ("wrong", "no\ufffd \n<!channel>")
