"""The command ``eval``: cases asked and scored, the figures printed, a folder with the report."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qabot.cli.asking import settings_for
from qabot.cli.output import (
    ANSWERED,
    FAILED,
    STOPPED,
    Command,
    console,
    display,
    notice,
    write_json,
)

if TYPE_CHECKING:
    from qabot.evaluation.cache import CachedModel
    from qabot.evaluation.compare import Comparison
    from qabot.evaluation.harness import Evaluation, Finished
    from qabot.evaluation.model import Case, Result, Scorer
    from qabot.evaluation.sweep import Sweep
    from qabot.protocols import LanguageModel
    from qabot.settings import Settings

REGRESSED = 4
BASELINES = Path("evals", "baselines")
_RUN = "run"
_SWEEP, _SWEEP_PLOT = "sweep.json", "sweep.svg"
_WORKERS = 4
"""Questions at once where a server answers; reading alone keeps one core busy."""
_LOWEST = -1_000_000.0
"""A threshold below any confidence, so that whatever can be answered is."""


class RunByDefault(click.Group):
    """A group that runs the cases where no other command of it is named."""

    command_class = Command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take ``qabot eval FILE`` for ``qabot eval run FILE``."""
        named = args[0] if args else ""
        return super().parse_args(ctx, args if named in self.commands else [_RUN, *args])


@click.group("eval", cls=RunByDefault, short_help="Say how good the bot is, on cases.")
def evaluation() -> None:
    """Say how good the bot is, on cases."""


@evaluation.command(_RUN)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILES...]")
@click.option("--model", metavar="NAME", help="A model's name, a GGUF file's path, or: extractive.")
@click.option("--limit", type=click.IntRange(1), help="Ask this many cases at most.")
@click.option("--tag", "tags", multiple=True, help="Only cases with this tag; may be repeated.")
@click.option("--workers", type=click.IntRange(1, 64), help="Questions to ask at once.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Where to write.")
@click.option("--resume", is_flag=True, help="Go on with what is in DIR, or with the last run.")
@click.option("--against", metavar="BASELINE", help="Compare with a baseline or an earlier run.")
@click.option("--sweep", is_flag=True, help="Find the threshold of confidence to set.")
@click.option("--no-cache", is_flag=True, help="Ask the model anew, whatever it once answered.")
@click.option("--judge", metavar="NAME", help="Have a model say, too, which answers are right.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def run_cases(
    files: tuple[Path, ...], limit: int | None, tags: tuple[str, ...], as_json: bool, **given: Any
) -> int:
    """Ask the cases in FILES (by default those in evals/cases), and score the answers.

    Writes results.jsonl, summary.json, baseline.json and report.html. Exit codes: 0, 4 worse than
    BASELINE, 1 error or a failed case, 2 wrong usage. "qabot eval add" makes new cases.
    """
    from qabot.evaluation.cases import case_files, read_cases

    options = _Options(**given)
    if options.sweep and (options.against or options.model not in (None, "extractive")):
        raise click.UsageError("--sweep is for the articles' own sentences, without --against.")
    settings = options.settings()
    baseline = options.baseline(settings)
    cases = _chosen(read_cases(files), tags, limit)
    wanted = options.evaluation(cases, case_files(files), settings)
    finished, cache = _evaluated(wanted, options)
    comparison = _compared(finished, baseline) if baseline and finished.pairs else None
    swept = _swept(finished, wanted.folder) if options.sweep and finished.pairs else None
    if as_json:
        _print_json(finished, wanted.folder, comparison, swept)
    else:
        _print(finished, wanted.folder, comparison, swept)
    if cache and cache.hits:
        notice(f"{cache.hits:,} replies came from the cache: the times are not the model's.")
    return _code(finished, comparison)


@dataclass(frozen=True, slots=True)
class _Options:
    """The options that say how to run."""

    model: str | None
    workers: int | None
    out: Path | None
    resume: bool
    against: str | None
    sweep: bool
    no_cache: bool
    judge: str | None

    def settings(self) -> Settings:
        """Those of the environment, changed by the options; nothing here enters the log."""
        found = settings_for("extractive" if self.sweep else self.model, None, True)
        return replace(found, threshold=_LOWEST) if self.sweep else found

    def evaluation(self, cases: list[Case], files: list[Path], settings: Settings) -> Evaluation:
        """All that a run needs to know."""
        from qabot.evaluation.harness import Evaluation

        workers = self.workers or (_WORKERS if settings.model_kind == "server" else 1)
        folder = self.out or _folder(settings.home / "evals", self.resume)
        return Evaluation(cases, files, settings, folder, workers, self.resume)

    def baseline(self, settings: Settings) -> Any:
        """The baseline that is named: a file, the folder of a run, or one of evals/baselines.

        The name ``baseline`` stands for the one of the kind of model that is set.
        """
        if self.against is None:
            return None
        from qabot.evaluation.compare import read_baseline
        from qabot.evaluation.harness import BASELINE

        path = Path(self.against)
        if path.is_dir():
            path = path / BASELINE
        elif not path.suffix and not path.exists():
            name = settings.model_kind if self.against == "baseline" else self.against
            path = BASELINES / f"{name}.json"
        return read_baseline(path)


def _chosen(cases: Iterable[Case], tags: tuple[str, ...], limit: int | None) -> list[Case]:
    wanted = [case for case in cases if not tags or set(tags) & set(case.tags)]
    if not wanted:
        raise click.UsageError(f"No case has the tag {' or '.join(tags)}.")
    return list(islice(wanted, limit))


def _folder(runs: Path, resume: bool) -> Path:
    """The last run to go on with, or a new folder named by the time."""
    from qabot.evaluation.record import RUN

    earlier = sorted(path.parent for path in runs.glob(f"*/{RUN}")) if resume else []
    if earlier:
        return earlier[-1]
    if resume:
        raise click.UsageError(f"There is no run to go on with in {runs}. Leave out --resume.")
    name = datetime.now().strftime("%Y-%m-%d-%H%M%S")
    number = 1
    while (folder := runs / (name if number == 1 else f"{name}-{number}")).exists():
        number += 1
    return folder


def _evaluated(wanted: Evaluation, options: _Options) -> tuple[Finished, CachedModel | None]:
    """Run the cases with a progress bar; the cache that stood before the model, if one did."""
    from qabot.build import open_bot
    from qabot.cli.bar import Bar
    from qabot.cli.scoreboard import Tally
    from qabot.evaluation.harness import evaluate

    caches: list[CachedModel] = []

    def around(model: LanguageModel) -> LanguageModel:
        caches.append(_cached(model, wanted.settings))
        return caches[0]

    def counts() -> dict[str, Any]:
        return {"cache": [{"hits": one.hits, "misses": one.misses} for one in caches]}

    with ExitStack() as stack:
        if options.judge:
            judging = replace(wanted.settings, model=options.judge)
            wanted = replace(wanted, scorers=_with_judge(judging, stack))
        bot = open_bot(wanted.settings, notice, None if options.no_cache else around)
        stack.callback(bot.close)
        for cache in caches:
            stack.callback(cache.close)
        bar = stack.enter_context(Bar(console(stderr=True)))
        tally = Tally(len(wanted.cases), bar.update)
        return evaluate(wanted, bot, tally.add, counts), caches[0] if caches else None
    raise AssertionError  # for the type checker: the stack swallows nothing


def _with_judge(settings: Settings, stack: ExitStack) -> dict[str, Scorer]:
    """The scorers, and the verdict of the model of these settings."""
    from qabot.build import open_model
    from qabot.evaluation.scorers import SCORERS
    from qabot.evaluation.scorers.judge import judge

    model = open_model(settings, stack, notice)
    if model is None:
        raise click.UsageError("--judge takes the name of a language model.")
    return {**SCORERS, "judged": judge(model)}


def _cached(model: LanguageModel, settings: Settings) -> CachedModel:
    """The model behind the cache; a file's replies are those of the file as it is now."""
    from qabot.evaluation.cache import FILE, CachedModel

    address = settings.base_url
    if settings.model_kind == "file":
        path = Path(settings.model).expanduser().absolute()
        status = path.stat()
        address = f"{path} {status.st_size} {status.st_mtime_ns}"
    return CachedModel(model, settings.home / FILE, address)


def _compared(finished: Finished, baseline: Any) -> Comparison:
    from qabot.evaluation.compare import compare
    from qabot.evaluation.harness import SEED

    clusters = {case.id: case.cluster for case, _ in finished.pairs}
    return compare(_results(finished), baseline, SEED, clusters)


def _swept(finished: Finished, folder: Path) -> Sweep:
    from qabot.evaluation.harness import SEED
    from qabot.evaluation.results import as_text, replace_file
    from qabot.evaluation.sweep import sweep

    found = sweep(finished.pairs, SEED)
    replace_file(folder / _SWEEP, as_text(found.as_json()))
    replace_file(folder / _SWEEP_PLOT, found.plot())
    return found


def _results(finished: Finished) -> list[Result]:
    return [result for _, result in finished.pairs]


def _print(
    finished: Finished, folder: Path, comparison: Comparison | None, swept: Sweep | None
) -> None:
    from qabot.cli import scoreboard
    from qabot.render.terminal import safe

    display(scoreboard.figures(finished.summary))
    lines = [*scoreboard.totals(finished.summary), *scoreboard.failures(_results(finished))]
    if comparison:
        display(scoreboard.differences(comparison))
        lines += scoreboard.changes(comparison)
    if swept:
        display(scoreboard.thresholds(swept))
        lines.append(swept.sentence())
    if finished.stopped:
        lines.append(f"Stopped. Go on: qabot eval --resume --out {folder}")
    for line in [*lines, f"written to {folder}"]:
        display(safe(line))


def _print_json(
    finished: Finished, folder: Path, comparison: Comparison | None, swept: Sweep | None
) -> None:
    from qabot.evaluation.results import summary_object

    shown = {
        **summary_object(finished.summary, finished.manifest),
        "failed": {one.id: one.error for one in _results(finished) if one.error is not None},
        "stopped": finished.stopped,
        "folder": str(folder),
        "comparison": comparison.as_json() if comparison else None,
        "sweep": swept.as_json() if swept else None,
    }
    write_json(shown)


def _code(finished: Finished, comparison: Comparison | None) -> int:
    if finished.stopped:
        return STOPPED
    if comparison and comparison.regressed:
        return REGRESSED
    return FAILED if finished.summary.counts.get("errors") else ANSWERED
