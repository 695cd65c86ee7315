"""Figures of many cases: means, intervals, and risk against coverage."""

from __future__ import annotations

import json
import math
from itertools import pairwise

import numpy as np
import pytest
from figures_support import case, result
from hypothesis import given
from hypothesis import strategies as st

from qabot.evaluation.bootstrap import FEWEST, RESAMPLES, Resampler, interval
from qabot.evaluation.figures import AREA, Summary, scores_of, summarise
from qabot.evaluation.model import Figure
from qabot.evaluation.risk import Answered, RiskCoverage


def asked(identifier: str, scores: dict, answerable: bool = True, **fields):
    """A case and its result."""
    own = {name: fields.pop(name) for name in ("tags", "cluster", "twin") if name in fields}
    return case(identifier, answerable=answerable, **own), result(identifier, scores, **fields)


def rejected(identifier: str, value: float, **fields):
    """An unanswerable case, abstained on or not."""
    status = "abstained" if value else "answered"
    return asked(identifier, {"rejection": value, "right": value}, False, status=status, **fields)


def withheld(identifier: str, value: float, **fields):
    """An answerable case, abstained on or answered right."""
    scores = {"over_abstention": value, "right": 1 - value}
    return asked(identifier, scores, status="abstained" if value else "answered", **fields)


# Means and intervals


def test_a_figure_is_the_mean_over_the_cases_that_have_the_score() -> None:
    summary = summarise(
        [asked("a", {"contains": 1.0, "hit@1": 0.0}), asked("b", {"contains": 0.0}), asked("c", {})]
    )
    assert summary.figures["contains"].value == 0.5
    assert summary.figures["contains"].cases == 2
    assert summary.figures["hit@1"].cases == 1
    assert list(summary.figures) == ["hit@1", "contains"]


def test_an_unreadable_judgement_is_no_score_but_is_counted() -> None:
    summary = summarise([asked("a", {"judge": None}), asked("b", {"judge": 1.0})])
    assert summary.figures["judge"] == Figure(1.0, 1.0, 1.0, 1)
    assert summary.counts["unreadable"] == 1


def test_a_case_that_errs_is_not_right_and_has_no_other_score() -> None:
    pairs = [asked("a", {"right": 1.0}), asked("b", {"contains": 1.0}, error="It broke.")]
    summary = summarise(pairs)
    assert summary.figures["right"].value == 0.5
    assert "contains" not in summary.figures
    assert summary.counts["errors"] == summary.counts["answered"] == 1
    assert scores_of(pairs[1][1]) == {"right": 0.0}


def test_figures_are_broken_down_by_tag_and_by_whether_the_documents_answer() -> None:
    pairs = [withheld("a", 0.0, tags=("who", "x")), withheld("b", 1.0, tags=("who",))]
    summary = summarise([*pairs, rejected("c", 1.0)])
    assert list(summary.by_tag) == ["who", "x"]
    assert summary.by_tag["who"]["right"].value == 0.5
    assert summary.by_tag["x"]["right"].value == 1.0
    assert list(summary.by_answerable) == ["answerable", "unanswerable"]
    assert list(summary.by_answerable["unanswerable"]) == ["rejection", "right"]


def test_the_f1_of_abstaining_takes_the_unanswerable_for_positive() -> None:
    pairs = [rejected("a", 1.0), rejected("b", 1.0), rejected("c", 0.0)]
    pairs += [withheld("d", 1.0), withheld("e", 0.0)]
    figure = summarise(pairs).figures["abstention_f1"]
    precision, recall = 2 / 3, 2 / 3
    assert figure.value == pytest.approx(2 * precision * recall / (precision + recall))
    assert figure.cases == 5
    assert "abstention_f1" not in summarise(pairs[:3]).figures


def test_a_pair_counts_when_the_answer_and_the_abstention_are_right() -> None:
    pairs = [withheld("a", 0.0, twin="A"), rejected("A", 1.0, twin="a")]
    pairs += [withheld("b", 0.0, twin="B"), rejected("B", 0.0)]
    pairs += [withheld("c", 1.0, twin="C"), rejected("C", 1.0)]
    pairs += [withheld("d", 0.0, twin="D"), rejected("D", 1.0, error="It broke.")]
    pairs += [withheld("e", 0.0, twin="not asked")]
    summary = summarise(pairs)
    assert summary.figures["pair_accuracy"].value == 0.25
    assert summary.figures["pair_accuracy"].cases == summary.counts["pairs"] == 4


def test_the_same_pairs_and_seed_give_the_same_summary() -> None:
    pairs = [asked(str(n), {"mrr@10": 1 / (n + 1)}, cluster=str(n // 4)) for n in range(80)]
    assert summarise(pairs, seed=3) == summarise(pairs, seed=3)
    assert summarise(pairs, seed=3).figures != summarise(pairs, seed=4).figures


def test_the_interval_is_about_that_of_the_normal_approximation() -> None:
    pairs = [withheld(str(n), float(n % 4 == 0)) for n in range(400)]
    figure = summarise(pairs).figures["right"]
    margin = 1.96 * math.sqrt(0.75 * 0.25 / 400)
    assert figure.low == pytest.approx(0.75 - margin, abs=0.01)
    assert figure.high == pytest.approx(0.75 + margin, abs=0.01)


def test_cases_that_share_a_document_widen_the_interval() -> None:
    alone = [withheld(str(n), float(n // 10 % 2)) for n in range(400)]
    together = [withheld(str(n), float(n // 10 % 2), cluster=str(n // 10)) for n in range(400)]
    narrow, wide = (summarise(pairs).figures["right"] for pairs in (alone, together))
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)
    assert narrow.value == wide.value


def test_with_few_documents_cases_are_drawn_and_the_summary_says_so() -> None:
    pairs = [withheld(str(n), float(n % 2), cluster=str(n % (FEWEST - 1))) for n in range(90)]
    summary = summarise(pairs)
    assert (summary.resampled, summary.counts["clusters"]) == ("cases", FEWEST - 1)
    assert summary.figures["right"].low < 0.5 < summary.figures["right"].high
    pairs.append(withheld("one more", 0.0, cluster="another"))
    assert summarise(pairs).resampled == "clusters"


@given(
    st.lists(
        st.tuples(st.sampled_from(["", *"abcdefghijklmnop"]), st.floats(0, 1), st.booleans()),
        min_size=1,
        max_size=60,
    )
)
def test_samples_are_means_of_whole_clusters(rows) -> None:
    names = [name for name, *_ in rows]
    values = np.array([[value * has] for _, value, has in rows])
    counted = np.array([[float(has)] for *_, has in rows])
    resampler = Resampler(names, seed=1)
    ratios = resampler.ratios(values, counted)[:, 0]
    weights = np.concatenate(list(resampler.weights()))
    assert weights.shape == (RESAMPLES, len(rows))
    if resampler.draws_clusters:
        for name in set(names) - {""}:
            own = [row for row, other in enumerate(names) if other == name]
            assert (weights[:, own] == weights[:, own[:1]]).all()
    totals = weights @ counted[:, 0]
    known = totals > 0
    assert np.isnan(ratios[~known]).all()
    np.testing.assert_allclose(ratios[known], (weights @ values[:, 0])[known] / totals[known])
    between = interval(ratios)
    assert (between is None) == (not known.any())


def test_many_cases_are_drawn_in_blocks_that_fit_the_memory() -> None:
    blocks = [weights.shape for weights in Resampler([""] * 3_000).weights()]
    assert sum(rows for rows, _ in blocks) == RESAMPLES
    assert max(rows * columns for rows, columns in blocks) <= 1_000_000


# Risk and coverage


def test_risk_grows_with_coverage_where_confidence_tells_right_from_wrong() -> None:
    pairs = [
        asked("a", {"right": 1.0}, confidence=3.0),
        asked("b", {"right": 0.0}, confidence=1.0),
        asked("c", {"right": 1.0}, confidence=2.0),
        rejected("d", 1.0),
    ]
    summary = summarise(pairs)
    assert summary.risk_coverage == [(0.25, 0.0), (0.5, 0.0), (0.75, pytest.approx(1 / 3))]
    assert summary.figures[AREA].value == pytest.approx((1 / 3) / 2 / 3)
    assert summary.figures[AREA].cases == 3


def test_answers_of_one_confidence_come_together_and_those_without_come_last() -> None:
    pairs = [
        asked("a", {"right": 0.0}),
        asked("b", {"right": 1.0}, confidence=1.0),
        asked("c", {"right": 0.0}, confidence=1.0),
    ]
    expected = [(pytest.approx(2 / 3), 0.5), (1.0, pytest.approx(2 / 3))]
    assert summarise(pairs).risk_coverage == summarise(pairs[::-1]).risk_coverage == expected


@given(
    st.lists(
        st.tuples(st.sampled_from([None, -1.0, 0.0, 2.5]), st.booleans(), st.integers(0, 3)),
        max_size=12,
    )
)
def test_the_area_of_a_sample_is_that_of_its_cases_written_out(rows) -> None:
    answered = [Answered(row, level, float(bad)) for row, (level, bad, _) in enumerate(rows)]
    weights = np.array([[float(times) for *_, times in rows]])
    drawn = [
        Answered(0, level, float(bad)) for level, bad, times in rows for _ in range(times)
    ]  # the same sample, each case as often as it was drawn
    area = RiskCoverage(answered, len(rows)).areas(weights)[0]
    points = RiskCoverage(drawn, max(len(drawn), 1)).points()
    if not points:
        assert math.isnan(area)
        return
    places = [(0.0, points[0][1]), *points]
    expected = sum(
        (x - before) * (risk + earlier) / 2 for (before, earlier), (x, risk) in pairwise(places)
    )
    assert area == pytest.approx(expected / points[-1][0])
    assert 0.0 <= area <= 1.0


# What is counted


def test_latency_tokens_and_cost_are_of_the_cases_that_have_them() -> None:
    usage = {"usage": {"prompt_tokens": 1_000, "completion_tokens": 100}}
    pairs = [
        asked(str(n), {}, answer=usage, timings_ms={"total": float(n), "first_sentence": 5.0})
        for n in range(1, 101)
    ]
    summary = summarise([*pairs, rejected("x", 1.0)], price=(1.0, 10.0))
    assert summary.latency == {
        "p50": 50.5,
        "p95": 95.05,
        "first_sentence_p50": 5.0,
        "first_sentence_p95": 5.0,
    }
    assert summary.tokens == {"prompt_tokens": 100_000, "completion_tokens": 10_000}
    assert summary.cost_usd == pytest.approx(0.2)
    assert summarise(pairs).cost_usd is None
    without = summarise([rejected("x", 1.0)], price=(1.0, 10.0))
    assert (without.tokens, without.cost_usd, without.latency) == (None, None, {})


def test_a_run_without_cases_has_no_figures() -> None:
    summary = summarise([])
    assert not summary.figures
    assert not summary.risk_coverage
    assert set(summary.counts.values()) == {0}


def test_a_summary_is_written_as_json_with_every_field() -> None:
    pairs = [withheld("a", 0.0, confidence=1.0, tags=("who",)), rejected("b", 1.0)]
    written = json.loads(json.dumps(summarise(pairs).as_json(), allow_nan=False))
    fields = {"latency_ms" if n == "latency" else n for n in Summary.__dataclass_fields__}
    assert set(written) == fields
    assert written["figures"]["right"] == {"value": 1.0, "low": 1.0, "high": 1.0, "cases": 2}
    assert written["risk_coverage"] == [[0.5, 0.0]]
