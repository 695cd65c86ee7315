"""Running cases: order, errors, stopping, going on, and what a model once wrote."""

from __future__ import annotations

import io
import json
import stat
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Self

import pytest
from evaluation_support import absent, row
from hypothesis import given
from hypothesis import strategies as st

from qabot.bot import Bot
from qabot.errors import ModelUnavailable, QuestionError, StorageError
from qabot.evaluation.cache import CachedModel
from qabot.evaluation.harness import Evaluation, evaluate
from qabot.evaluation.manifest import revision
from qabot.evaluation.model import Case, Outcome, Result, Score
from qabot.evaluation.record import Record, hash_of
from qabot.evaluation.results import ResultError, line_of, read_results
from qabot.evaluation.rows import case_of
from qabot.evaluation.run import Pair, run
from qabot.evaluation.texts import Texts
from qabot.evaluation.throwaway import Bots
from qabot.protocols import Usage
from qabot.settings import Settings
from qabot.types import Answer, Turn


def case(identifier: str, **more: Any) -> Case:
    return case_of(row(identifier, **more), tuple, "file")


def status(outcome: Outcome) -> Score:
    return Score(float(outcome.answer.status == "answered"), outcome.answer.status)


class Scripted:
    """In place of a bot: does with each question what the test says."""

    def __init__(self, act: Callable[[str, Sequence[Turn]], Answer], bot: Bot) -> None:
        self.act, self.index = act, bot.index

    def ask(self, question: str, history: Sequence[Turn] = (), today: date | None = None) -> Answer:
        assert today is None  # none of the cases here says on which day it is asked
        return self.act(question, history)

    def __call__(self, case: Case) -> Any:
        return self


def ids(pairs: Sequence[Pair]) -> list[str]:
    return [result.id for _, result in pairs]


# Running


def test_results_come_in_the_order_of_the_cases_whoever_is_done_first(bot: Bot) -> None:
    def act(question: str, history: Sequence[Turn]) -> Answer:
        time.sleep(0.05 if question == "0" else 0)
        return Answer(question, "answered", question)

    cases = [case(str(number), question=str(number)) for number in range(6)]
    told: list[str] = []
    pairs = run(
        cases, Scripted(act, bot), Texts(bot.index), {}, 3, lambda one: told.append(one[1].id)
    )
    assert ids(pairs) == list("012345")
    assert sorted(told) == list("012345")
    assert told[0] != "0"


def test_answers_are_scored_and_a_score_that_does_not_apply_is_left_out(bot: Bot) -> None:
    cases = [case("a"), case_of(absent("b"), tuple, "file")]
    scorers = {"status": status, "none": lambda outcome: None}
    pairs = run(cases, Bots(bot), Texts(bot.index), scorers)
    assert [result.scores for _, result in pairs] == [
        {"status": Score(1.0, "answered")},
        {"status": Score(0.0, "abstained")},
    ]
    assert all("total" in result.timings_ms for _, result in pairs)
    citation = (pairs[0][1].answer or {})["citations"][0]
    assert citation["document_id"] == "birds"


def test_a_case_that_errs_does_not_stop_the_others(bot: Bot) -> None:
    def broken(outcome: Outcome) -> Score:
        raise ZeroDivisionError("no\nway\x1b[2J")

    long = case("long", question="who " * 1_000)
    lost = case_of({**row("lost"), "docs": None}, tuple, "file")
    pairs = run([long, lost, case("fine")], Bots(bot), Texts(bot.index), {"status": status})
    errors = [result.error for _, result in pairs]
    assert errors[0] is not None
    assert "characters" in errors[0]
    assert errors[1] is not None
    assert "stands in no article of the index" in errors[1]
    assert errors[2] is None
    ((_, result),) = run([case("fine")], Bots(bot), Texts(bot.index), {"broken": broken})
    assert result.answer is None
    assert result.error is not None
    assert result.error.startswith("ZeroDivisionError: no way")
    assert "\x1b" not in result.error


def test_the_turns_of_a_case_are_told_to_the_bot(bot: Bot) -> None:
    seen: list[Sequence[Turn]] = []

    def act(question: str, history: Sequence[Turn]) -> Answer:
        seen.append(history)
        return Answer(question, "abstained", "")

    turns = [{"question": "Who sang?", "answer": "The robin."}]
    run([case("a", history=turns)], Scripted(act, bot), Texts(bot.index), {})
    assert seen == [(Turn("Who sang?", "The robin."),)]


@pytest.mark.parametrize("workers", [1, 3])
def test_ctrl_c_keeps_what_is_done(workers: int, bot: Bot) -> None:
    stop = threading.Event()

    def interrupt(pair: Pair) -> None:
        if pair[1].id == "1":
            raise KeyboardInterrupt

    def act(question: str, history: Sequence[Turn]) -> Answer:
        time.sleep(0.01)
        return Answer(question, "abstained", "")

    cases = [case(str(number)) for number in range(500)]
    pairs = run(cases, Scripted(act, bot), Texts(bot.index), {}, workers, interrupt, stop)
    assert stop.is_set()
    assert "1" in ids(pairs)
    assert len(pairs) < 100


# Results on the disk

SCORES = st.builds(Score, st.none() | st.floats(allow_nan=False, allow_infinity=False), st.text())
RESULTS = st.builds(
    Result,
    id=st.text(),
    answer=st.just(None) | st.dictionaries(st.text(), st.text() | st.integers()),
    scores=st.dictionaries(st.text(), SCORES, max_size=2),
    error=st.text(),
    timings_ms=st.dictionaries(st.text(), st.floats(0, 1e9), max_size=2),
)


@given(st.lists(RESULTS, max_size=3))
def test_results_are_read_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, results: list[Result]
) -> None:
    path = tmp_path_factory.getbasetemp() / "some.jsonl"
    path.write_text("".join(map(line_of, results)), "utf-8")
    assert len(path.read_text("utf-8").splitlines()) == len(results)
    assert read_results(path) == results


def test_a_line_has_the_keys_that_are_promised() -> None:
    line = json.loads(line_of(Result("a", None, {"s": Score(float("inf"), "why")}, "broken")))
    scores = {"s": {"value": None, "reason": "why"}}
    assert line == {
        "id": "a", "answer": None, "scores": scores, "error": "broken", "timings_ms": {},
    }  # fmt: skip
    assert list(line) == ["id", "answer", "scores", "error", "timings_ms"]


def test_a_half_written_last_line_is_dropped_and_any_other_is_named(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    whole = line_of(Result("a", {}))
    for length in range(len(whole)):
        path.write_text(whole + whole[:length], "utf-8")
        assert len(read_results(path)) == (2 if length == len(whole) - 1 else 1)
    path.write_text(whole[:20] + "\n" + whole, "utf-8")
    with pytest.raises(ResultError, match=r"results\.jsonl:1: no result"):
        read_results(path)


# Going on


def record(folder: Path, cases: Sequence[Case], resume: bool = True, model: str = "m") -> Record:
    return Record(folder, cases, {"model": model}, resume)


def test_what_is_done_stays_done_and_what_erred_is_tried_again(tmp_path: Path) -> None:
    cases = [case("a"), case("b"), case("c")]
    with record(tmp_path, cases, resume=False) as first:
        first.add(Result("c", {}))
        first.add(Result("b", None, error="no"))
        first.add(Result("a", {}))
    with record(tmp_path, cases) as second:
        assert sorted(second.done) == ["a", "c"]
        second.add(Result("b", {}))
        second.finish()
    assert [result.id for result in read_results(tmp_path / "results.jsonl")] == ["a", "b", "c"]


def test_a_changed_case_is_asked_again(tmp_path: Path) -> None:
    with record(tmp_path, [case("a"), case("b")], resume=False) as first:
        first.add(Result("a", {}))
        first.add(Result("b", {}))
    with record(tmp_path, [case("a", question="Who else sang?"), case("b")]) as second:
        assert list(second.done) == ["b"]
    assert hash_of(case("a")) != hash_of(case("a", docs=[{"id": "x", "text": "y"}], evidence=[]))


def test_results_of_another_bot_are_not_gone_on_with(tmp_path: Path) -> None:
    with record(tmp_path, [case("a")], resume=False) as first:
        first.add(Result("a", {}))
    with pytest.raises(ResultError, match="another bot \\(model changed\\)"):
        record(tmp_path, [case("a")], model="other")
    assert len(read_results(tmp_path / "results.jsonl")) == 1
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(ResultError, match=r"run\.json"):
        record(tmp_path, [case("a")])


def test_a_run_killed_in_the_middle_of_a_line_goes_on(tmp_path: Path) -> None:
    with record(tmp_path, [case("a"), case("b")], resume=False) as first:
        first.add(Result("a", {}))
    with (tmp_path / "results.jsonl").open("a") as file:
        file.write('{"id": "b", "answ')
    with record(tmp_path, [case("a"), case("b")]) as second:
        assert list(second.done) == ["a"]
        second.add(Result("b", {}))
        second.finish()
    assert [result.id for result in read_results(tmp_path / "results.jsonl")] == ["a", "b"]


def test_an_evaluation_that_went_on_says_what_one_in_a_single_run_says(
    bot: Bot, home: Path, tmp_path: Path
) -> None:
    cases = [case("a"), case_of(absent("b"), tuple, "file"), case("c")]

    def wanted(name: str, some: Sequence[Case], resume: bool = False) -> Evaluation:
        return Evaluation(some, [], Settings(home=home), tmp_path / name, resume=resume)

    whole = evaluate(wanted("whole", cases), bot)
    evaluate(wanted("parts", cases[1:]), bot)
    told: list[str] = []
    parts = evaluate(wanted("parts", cases, True), bot, lambda one: told.append(one[1].id))
    assert sorted(told) == ["a", "b", "c"]
    assert parts.manifest["asked"] == 1
    assert parts.summary.figures == whole.summary.figures
    assert ids(parts.pairs) == ["a", "b", "c"]
    assert [case.gold for case, _ in parts.pairs] == [case.gold for case, _ in whole.pairs]
    written = {path.name for path in (tmp_path / "parts").iterdir()}
    assert written == {
        "results.jsonl", "run.json", "summary.json", "baseline.json", "report.html",
    }  # fmt: skip
    summary = json.loads((tmp_path / "parts" / "summary.json").read_text())
    assert {"version", "revision", "model", "prompts", "data", "versions", "seed"} <= set(
        summary["manifest"]
    )
    assert not (home / "log.sqlite3").exists()


def test_the_revision_is_that_of_the_source() -> None:
    assert revision() is None or len((revision() or "").rstrip("+")) == 12


# What a model once wrote


class Model:
    """Writes what it is told to, and counts how often it is asked."""

    name = "scripted"

    def __init__(self, *pieces: str, fails: bool = False) -> None:
        self.pieces, self.fails = pieces, fails
        self.asked = 0

    def stream(self, messages: Sequence[Mapping[str, str]], max_tokens: int = 1024) -> Any:
        self.asked += 1
        return Stream(self)

    def complete(
        self, messages: Sequence[Mapping[str, str]], max_tokens: int = 256, schema: Any = None
    ) -> tuple[str, Usage | None]:
        self.asked += 1
        if self.fails:
            raise ModelUnavailable("Away.")
        return "".join(self.pieces), {"prompt_tokens": 5, "completion_tokens": 2}

    def close(self) -> None:
        pass


class Stream:
    def __init__(self, model: Model) -> None:
        self.usage: Usage | None = None
        self.finish_reason: str | None = None
        self.model = model

    def __iter__(self) -> Iterator[str]:
        yield from self.model.pieces
        if self.model.fails:
            raise ModelUnavailable("Broken off.")
        self.usage, self.finish_reason = {"prompt_tokens": 5, "completion_tokens": 2}, "length"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


ASKED = [{"role": "user", "content": "Who? \ud800"}]


@given(st.lists(st.text()))
def test_a_reply_is_replayed_as_it_came(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str]
) -> None:
    path = tmp_path_factory.mktemp("cache") / "cache.sqlite3"
    model = Model(*pieces)
    for _ in range(2):
        cached = CachedModel(model, path)
        with cached.stream(ASKED) as reply:
            assert list(reply) == pieces
        assert (reply.usage, reply.finish_reason) == (
            {"prompt_tokens": 5, "completion_tokens": 2}, "length",
        )  # fmt: skip
        assert cached.complete(ASKED) == ("".join(pieces), reply.usage)
        cached.close()
    assert model.asked == 2
    assert (cached.hits, cached.misses) == (2, 0)
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_whatever_shapes_a_reply_is_asked_anew(tmp_path: Path) -> None:
    path, model = tmp_path / "c.sqlite3", Model("Yes.")
    cached, other = CachedModel(model, path), CachedModel(model, path, "elsewhere")
    calls: list[Callable[[], Any]] = [
        lambda: cached.complete(ASKED),
        lambda: cached.complete([*ASKED, *ASKED]),
        lambda: cached.complete(ASKED, 9),
        lambda: cached.complete(ASKED, 256, {"type": "object"}),
        lambda: other.complete(ASKED),
        lambda: list(cached.stream(ASKED)),
    ]
    for call in calls * 2:
        call()
    assert model.asked == len(calls)
    other.close()
    cached.close()


def test_failures_are_not_remembered(tmp_path: Path) -> None:
    model = Model("Half", fails=True)
    cached = CachedModel(model, tmp_path / "c.sqlite3")
    for _ in range(2):
        with pytest.raises(ModelUnavailable):
            cached.complete(ASKED)
        with pytest.raises(ModelUnavailable), cached.stream(ASKED) as reply:
            list(reply)
        with cached.stream(ASKED) as reply:
            assert next(iter(reply)) == "Half"
        with pytest.raises(QuestionError), cached.stream(ASKED) as reply:
            raise QuestionError("stopped by the reader")
    assert (model.asked, cached.hits) == (8, 0)
    cached.close()


def test_a_reply_that_is_left_early_is_whole_when_asked_again(tmp_path: Path) -> None:
    model = Model("One. ", "Two. ", "Three.")
    cached = CachedModel(model, tmp_path / "c.sqlite3")
    with cached.stream(ASKED) as reply:
        assert next(iter(reply)) == "One. "
    with cached.stream(ASKED) as reply:
        assert list(reply) == ["One. ", "Two. ", "Three."]
    assert model.asked == 1
    cached.close()


def test_a_cache_that_cannot_be_used_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite3"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(StorageError, match="--no-cache"):
        CachedModel(Model(), path)
    with pytest.raises(StorageError, match="--no-cache"):
        CachedModel(Model(), tmp_path)


def test_threads_share_a_cache(tmp_path: Path) -> None:
    cached = CachedModel(Model("Yes."), tmp_path / "c.sqlite3")
    threads = [
        threading.Thread(target=lambda number=number: cached.complete([{"content": str(number)}]))
        for number in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cached.misses == 20
    for number in range(20):
        assert cached.complete([{"content": str(number)}])[0] == "Yes."
    assert cached.hits == 20
    cached.close()


def test_a_result_is_on_the_disk_as_soon_as_it_is_written() -> None:
    class Flushed(io.StringIO):
        flushed = 0

        def flush(self) -> None:
            self.flushed += 1

    from qabot.evaluation.results import write_line

    file = Flushed()
    write_line(file, Result("a", {}))
    assert file.flushed == 1
