"""Cases -> results: each asked of its bot and scored, several at once if wanted."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from qabot.bot import Bot
from qabot.errors import QabotError
from qabot.evaluation.model import Case, Outcome, Result, Score, Scorer
from qabot.evaluation.texts import Texts
from qabot.render.json import answer_object
from qabot.types import Answer
from qabot.words import clean

Pair = tuple[Case, Result]
"""A case, with the places of its evidence, and what came of it."""
OnResult = Callable[[Pair], None]
_PATIENCE = 3.0
"""Seconds that cases under way may take to end after Ctrl-C."""
_LOOK = 0.2
"""Seconds between looks at whether to stop."""
_LONGEST_ERROR = 500


class _Task(NamedTuple):
    """The number of a case in the run, and the case."""

    number: int
    case: Case


def run(
    cases: Sequence[Case],
    bot_for: Callable[[Case], Bot],
    texts: Texts,
    scorers: Mapping[str, Scorer],
    workers: int = 1,
    on_result: OnResult = lambda pair: None,
    stop: threading.Event | None = None,
) -> list[Pair]:
    """Ask every case and score its answer; the pairs stand in the order of the cases.

    ``on_result`` is told of each in this thread, as soon as it is there. A case that raises is a
    result with an error. On Ctrl-C or ``stop`` what is done comes back, and ``stop`` is set.
    """
    stop = stop or threading.Event()
    waiting: queue.SimpleQueue[_Task] = queue.SimpleQueue()
    for number, case in enumerate(cases):
        waiting.put(_Task(number, case))
    done: queue.SimpleQueue[tuple[int, Pair]] = queue.SimpleQueue()

    def work() -> None:
        while not stop.is_set():
            try:
                task = waiting.get_nowait()
            except queue.Empty:
                return
            done.put((task.number, ask(task.case, bot_for, texts, scorers)))

    # Daemons: a case that waits for a model does not keep the program from ending.
    threads = [threading.Thread(target=work, daemon=True) for _ in range(max(1, workers))]
    for thread in threads:
        thread.start()
    found: dict[int, Pair] = {}
    try:
        try:
            _collect(done, found, len(cases), on_result, stop.is_set)
        except KeyboardInterrupt:
            stop.set()
        if stop.is_set():
            _collect(done, found, len(cases), on_result, _ended(threads))
    finally:
        if len(found) < len(cases):
            stop.set()
    return [found[number] for number in sorted(found)]


def ask(
    case: Case, bot_for: Callable[[Case], Bot], texts: Texts, scorers: Mapping[str, Scorer]
) -> Pair:
    """One case asked and scored; whatever goes wrong is the error of its result."""
    try:
        case = texts.placed(case)
        answer = bot_for(case).ask(case.question, case.history, today=case.asked_on)
        shown = answer_object(answer)
        outcome = outcome_of(case, answer, texts)
        return case, Result(
            case.id, shown, scored(outcome, scorers), timings_ms=dict(answer.timings_ms)
        )
    except Exception as error:
        return case, Result(case.id, None, error=_said(error))


def outcome_of(case: Case, answer: Answer, texts: Texts) -> Outcome:
    """What scorers look at."""
    hits = answer.explanation.hits if answer.explanation else ()
    ids = [
        *(span.document_id for span in case.gold),
        *(citation.document_id for citation in answer.citations),
        *(hit.passage.document_id for hit in hits),
    ]
    return Outcome(case, answer, case.gold, texts.of(case, ids))


def scored(outcome: Outcome, scorers: Mapping[str, Scorer]) -> dict[str, Score]:
    """The scores that apply to an outcome, by name."""
    scores = ((name, scorer(outcome)) for name, scorer in scorers.items())
    return {name: score for name, score in scores if score is not None}


def placed(pairs: Iterable[Pair], texts: Texts) -> list[Pair]:
    """Earlier results, their cases with the places of their evidence."""
    return [(_placed(case, texts), result) for case, result in pairs]


def _placed(case: Case, texts: Texts) -> Case:
    try:
        return texts.placed(case)
    except QabotError:
        return replace(case, gold=())


def _collect(
    done: queue.SimpleQueue[tuple[int, Pair]],
    found: dict[int, Pair],
    expected: int,
    on_result: OnResult,
    is_over: Callable[[], bool],
) -> None:
    """Take results in until all are there or it is over."""
    while len(found) < expected:
        was_over = is_over()
        try:
            number, pair = done.get(timeout=0 if was_over else _LOOK)
        except queue.Empty:
            if was_over:
                return
            continue
        found[number] = pair
        on_result(pair)


def _ended(threads: Sequence[threading.Thread]) -> Callable[[], bool]:
    """Tells whether all threads have ended, or have had the time to."""
    deadline = time.monotonic() + _PATIENCE
    return lambda: time.monotonic() > deadline or not any(one.is_alive() for one in threads)


def _said(error: Exception) -> str:
    """An error as one line."""
    name = "" if isinstance(error, QabotError) else f"{type(error).__name__}: "
    return " ".join(clean(f"{name}{error}").split())[:_LONGEST_ERROR]
