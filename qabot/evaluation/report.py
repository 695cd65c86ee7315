"""An evaluation as one page that can be opened anywhere: everything in the file, nothing fetched.

All that comes from cases, articles and models travels as JSON that cannot end its element, and the
page's script puts it in as text only. The policy in the page lets no other script run and no
request leave. Offsets count code points here and in the page's data; the script converts them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.resources import files
from string import Template
from typing import Any

from qabot.evaluation.figures import LOWER_IS_BETTER, Summary
from qabot.evaluation.model import Case, Result
from qabot.evaluation.plots import Series, dot_and_whisker, histogram, line_plot

Texts = Mapping[str, Mapping[str, str]]
"""By the id of a case, the text of each document that was cited or is evidence, by its id."""

HITS = 10
"""Passages found that are listed with a case, as many as the figures look at."""
EXCERPT = 120
"""Characters shown of a passage whose document is not in the page."""
SCRIPTS = ("text.js", "passages.js", "case.js", "figures.js", "table.js")
_ACTIVE = re.compile("[<>&\u2028-\u202e\u2066-\u2069]")
"""What could act as markup, end a line of a script, or turn the text around it."""
_SURROGATE = re.compile("[\ud800-\udfff]")


def render(
    pairs: Sequence[tuple[Case, Result]],
    summary: Summary,
    manifest: Mapping[str, Any],
    texts: Texts,
) -> str:
    """The whole page; its size grows with the cases, and each document's text is in it once.

    Lone surrogates, which no file can hold, are shown as U+FFFD.
    """
    documents = _Documents()
    data = {
        "manifest": manifest,
        "summary": summary.as_json(),
        "lower_is_better": sorted(LOWER_IS_BETTER),
        "cases": [_case(case, result, texts.get(case.id, {}), documents) for case, result in pairs],
        "documents": documents.stored,
    }
    script = "\n".join(_part(name) for name in SCRIPTS)
    return Template(_part("report.html")).substitute(
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        style=_part("report.css"),
        plots=_SURROGATE.sub("\ufffd", _plots(pairs, summary)),
        data=as_data(data),
    )


def as_data(value: Any) -> str:
    """JSON that stays data wherever it stands in a page: no markup, and any UTF-8 file holds it."""
    text = json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"), default=str)
    text = _SURROGATE.sub("\ufffd", text)
    return _ACTIVE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def _plain(value: Any) -> Any:
    """Numbers that JSON does not have become null, and any mapping an object."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


class _Documents:
    """The documents of the page, each stored once however many cases refer to it."""

    def __init__(self) -> None:
        self.stored: list[dict[str, str]] = []
        self._numbers: dict[tuple[str, str], int] = {}

    def number(self, identifier: str, text: str, title: str) -> int:
        """The place of a document in the list, put there at its first mention."""
        if (identifier, text) not in self._numbers:
            self._numbers[identifier, text] = len(self.stored)
            self.stored.append({"id": identifier, "title": title, "text": text})
        return self._numbers[identifier, text]


def _case(
    case: Case, result: Result, texts: Mapping[str, str], documents: _Documents
) -> dict[str, Any]:
    """What the page says of a case; ``documents`` there leads from ids to the stored texts."""
    gold = [span for span in case.gold if span.document_id in texts]
    answer = dict(result.answer) if result.answer is not None else None
    places = [] if answer is None else [*answer.get("citations", ()), *answer.get("closest", ())]
    titles = {place["document_id"]: place["title"] for place in places}
    titles.update({document.id: document.title for document in case.documents if document.title})
    shown = dict.fromkeys([span.document_id for span in gold] + list(titles))
    numbers = {
        one: documents.number(one, texts[one], titles.get(one, one))
        for one in shown
        if one in texts
    }
    if answer is not None and answer.get("explanation"):
        hits = [_hit(hit, numbers) for hit in answer["explanation"].get("hits", ())[:HITS]]
        answer["explanation"] = {**answer["explanation"], "hits": hits}
    return {
        "id": case.id,
        "question": case.question,
        "history": [{"question": turn.question, "answer": turn.answer} for turn in case.history],
        "answerable": case.answerable,
        "answers": case.answers,
        "evidence": case.evidence,
        "tags": case.tags,
        "twin": case.twin,
        "gold": [{"document_id": s.document_id, "start": s.start, "end": s.end} for s in gold],
        "documents": numbers,
        "answer": answer,
        "scores": {
            name: {"value": score.value, "reason": score.reason}
            for name, score in result.scores.items()
        },
        "error": result.error,
        "timings_ms": result.timings_ms,
    }


def _hit(hit: Mapping[str, Any], numbers: Mapping[str, int]) -> dict[str, Any]:
    """A passage found, with its text only where the page has it nowhere else."""
    kept = {name: hit[name] for name in ("document_id", "start", "end", "score")}
    if hit["document_id"] not in numbers:
        kept["excerpt"] = hit["text"][:EXCERPT]
    return kept


def _plots(pairs: Sequence[tuple[Case, Result]], summary: Summary) -> str:
    """The figures with their intervals, risk against coverage, and how long answers took."""
    plots = [_figure("Figures with 95% intervals", "tall", dot_and_whisker, summary.figures)]
    if summary.risk_coverage:
        curve = partial(
            line_plot,
            x_label="coverage: share of the cases that is answered",
            y_label="risk: share of those not right",
            x_range=(0.0, 1.0),
            y_range=(0.0, 1.0),
        )
        line = [Series("the surest answers first", summary.risk_coverage)]
        plots.append(_figure("Risk against coverage", "", curve, line))
    times = [result.timings_ms["total"] for _, result in pairs if "total" in result.timings_ms]
    if times:
        marks = {name: summary.latency[name] for name in ("p50", "p95") if name in summary.latency}
        bars = partial(histogram, x_label="milliseconds", logarithmic=True, marks=marks)
        plots.append(_figure("Time for an answer", "", bars, times))
    return "\n".join(plots)


def _figure(title: str, shape: str, plot: Callable[..., str], drawn: object) -> str:
    caption = f"<figcaption>{title}</figcaption>"
    return f'<figure class="{shape}">{caption}\n{plot(drawn, title)}</figure>'


def _part(name: str) -> str:
    return (files("qabot.evaluation") / "page" / name).read_text(encoding="utf-8")
