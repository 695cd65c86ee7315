"""A whole evaluation: cases in, a folder with results, figures, a baseline and a report out."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qabot.bot import Bot
from qabot.evaluation.compare import baseline_object
from qabot.evaluation.figures import Summary, summarise
from qabot.evaluation.manifest import bot_object, manifest_object
from qabot.evaluation.model import Case, Scorer
from qabot.evaluation.record import Record
from qabot.evaluation.report import render
from qabot.evaluation.results import as_text, replace_file, summary_object
from qabot.evaluation.run import OnResult, Pair, placed, run
from qabot.evaluation.scorers import SCORERS
from qabot.evaluation.texts import Texts
from qabot.evaluation.throwaway import Bots
from qabot.settings import Settings

SUMMARY, BASELINE, REPORT = "summary.json", "baseline.json", "report.html"
SEED = 0
"""Of the intervals: the same results have the same figures."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What to evaluate, and where what comes of it goes.

    ``files`` are those that ``cases`` came from. ``resume`` goes on with what is in ``folder``.
    """

    cases: Sequence[Case]
    files: Sequence[Path]
    settings: Settings
    folder: Path
    workers: int = 1
    resume: bool = False
    scorers: Mapping[str, Scorer] = field(default_factory=lambda: SCORERS)


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of an evaluation; ``stopped`` where not all of its cases were asked."""

    pairs: Sequence[Pair]
    summary: Summary
    manifest: Mapping[str, Any]
    stopped: bool


def evaluate(
    wanted: Evaluation,
    bot: Bot,
    on_result: OnResult = lambda pair: None,
    more: Callable[[], Mapping[str, Any]] = dict,
    stop: threading.Event | None = None,
) -> Finished:
    """Ask and score every case, and write the folder; on Ctrl-C what is done is written.

    ``on_result`` is told of every result, those made earlier first. ``more`` goes into the
    manifest. Raises ResultError where the folder cannot be read or written.
    """
    texts, stop = Texts(bot.index), stop or threading.Event()
    identity = bot_object(bot, wanted.settings)
    by_id = {case.id: case for case in wanted.cases}
    with Record(wanted.folder, wanted.cases, identity, wanted.resume) as record:
        earlier = [(by_id[name], result) for name, result in record.done.items()]
        for pair in earlier:
            on_result(pair)
        left = [case for case in wanted.cases if case.id not in record.done]

        def keep(pair: Pair) -> None:
            record.add(pair[1])
            on_result(pair)

        fresh = run(left, Bots(bot), texts, wanted.scorers, wanted.workers, keep, stop)
        record.finish(result for _, result in fresh)
    found = {case.id: (case, result) for case, result in [*placed(earlier, texts), *fresh]}
    pairs = [found[case.id] for case in wanted.cases if case.id in found]
    manifest = manifest_object(
        identity,
        wanted.files,
        {"seed": SEED, "workers": wanted.workers, "asked": len(fresh), **more()},
    )
    summary = summarise(pairs, SEED, wanted.settings.price)
    _write(wanted.folder, pairs, summary, manifest, texts)
    return Finished(pairs, summary, manifest, stop.is_set())


def _write(
    folder: Path,
    pairs: Sequence[Pair],
    summary: Summary,
    manifest: Mapping[str, Any],
    texts: Texts,
) -> None:
    results = [result for _, result in pairs]
    replace_file(folder / SUMMARY, as_text(summary_object(summary, manifest)))
    # A case a line: what changes is to be seen where baselines are kept under version control.
    replace_file(folder / BASELINE, _by_lines(baseline_object(results, manifest)))
    shown = {case.id: texts.shown(case, result.answer) for case, result in pairs}
    replace_file(folder / REPORT, render(pairs, summary, manifest, shown))


def _by_lines(baseline: Mapping[str, Any]) -> str:
    """A baseline as JSON in which each case stands on a line of its own."""
    head = json.dumps(baseline["manifest"])
    rows = [f"{json.dumps(name)}: {json.dumps(row)}" for name, row in baseline["scores"].items()]
    listed = ",\n".join(rows)
    return f'{{"manifest": {head},\n"scores": {{\n{listed}\n}}}}\n'
