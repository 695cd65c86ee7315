"""A run against a baseline: what got better and worse, and whether that can be chance."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from figures_support import result
from hypothesis import given
from hypothesis import strategies as st

from qabot.evaluation.compare import (
    HEADLINE,
    Baseline,
    BaselineError,
    baseline_object,
    compare,
    mcnemar,
    read_baseline,
)
from qabot.evaluation.scorers import SCORERS


def run(name: str, values: list[float]) -> list:
    """A result for each value of one score."""
    return [result(f"c{number}", {name: value}) for number, value in enumerate(values)]


def before(results: list) -> Baseline:
    """The baseline that a run makes, as it comes back from a file."""
    found = json.loads(json.dumps(baseline_object(results, {"model": "m"})))
    return Baseline(found["scores"], found["manifest"])


def test_the_headline_scores_are_scores() -> None:
    assert set(HEADLINE) <= set(SCORERS)


def test_a_run_is_no_regression_of_itself() -> None:
    results = [*run("right", [1.0, 0.0] * 30), result("e", error="It broke.")]
    found = compare(results, before(results))
    assert not found.regressed
    assert (found.better, found.worse, found.compared) == ({}, {}, 61)
    assert found.differences["right"].p == 1.0
    assert json.loads(json.dumps(found.as_json(), allow_nan=False))["regressed"] is False


def test_what_got_better_and_worse_is_named() -> None:
    found = compare(run("right", [1, 0, 1, 0]), before(run("right", [0, 1, 1, 0])))
    assert found.better == {"right": ("c0",)}
    assert found.worse == {"right": ("c1",)}
    one = found.differences["right"]
    assert (one.before, one.now, one.value, one.test) == (0.5, 0.5, 0.0, "McNemar")


@pytest.mark.parametrize(
    ("better", "worse", "p"), [(0, 0, 1.0), (0, 5, 0.0625), (1, 9, 11 / 512), (3, 3, 1.0)]
)
def test_mcnemars_test_is_the_binomial_one(better: int, worse: int, p: float) -> None:
    assert mcnemar(better, worse) == pytest.approx(p)
    assert mcnemar(worse, better) == mcnemar(better, worse)


def test_mcnemars_test_takes_thousands_of_changes() -> None:
    assert mcnemar(2_000, 2_000) == 1.0
    assert 0.0 <= mcnemar(1_000, 4_000) < 1e-300


def test_six_cases_worse_and_none_better_is_a_regression_and_five_is_not() -> None:
    baseline = before(run("right", [1.0] * 40))
    assert not compare(run("right", [0.0] * 5 + [1.0] * 35), baseline).regressed
    found = compare(run("right", [0.0] * 6 + [1.0] * 34), baseline)
    assert found.regressed
    assert found.reasons == (
        "right went from 1.000 to 0.850 (p = 0.031): 6 cases worse, 0 better.",
    )


@pytest.mark.parametrize("name", ["rejection", "over_abstention"])
def test_abstaining_more_is_better_or_worse_by_what_could_be_answered(name: str) -> None:
    more, less = run(name, [1.0] * 20), run(name, [0.0] * 20)
    assert compare(more, before(less)).regressed is (name == "over_abstention")
    assert compare(less, before(more)).regressed is (name == "rejection")
    found = compare(more, before(less))
    assert list(found.worse if name == "over_abstention" else found.better) == [name]


def test_a_score_that_is_no_headline_makes_no_regression() -> None:
    found = compare(run("hit@1", [0.0] * 20), before(run("hit@1", [1.0] * 20)))
    assert found.differences["hit@1"].p < 0.05
    assert not found.regressed


def test_a_quote_that_does_not_stand_is_a_regression_whatever_was_before() -> None:
    broken = [*run("right", [1.0]), result("new", {"quote_validity": 0.5})]
    found = compare(broken, before(run("right", [1.0])))
    assert found.regressed
    assert found.reasons == ("A quote does not stand in its document, in 1 cases: new.",)
    assert compare(broken, before(broken)).regressed


def test_a_case_that_now_errs_counts_as_worse() -> None:
    results = run("right", [1.0] * 10)
    broken = [result(one.id, error="It broke.") for one in results]
    assert compare(broken, before(results)).regressed


def test_cases_on_one_side_only_are_listed_and_not_compared() -> None:
    now, earlier = run("right", [1.0, 1.0, 0.0]), run("right", [1.0] * 2)
    found = compare(now[1:], before(earlier))
    assert (found.compared, found.only_now, found.only_before) == (1, ("c2",), ("c0",))


def test_nothing_in_common_is_an_error_and_no_silent_success() -> None:
    with pytest.raises(BaselineError, match="no case in common"):
        compare(run("right", [1.0]), before([]))


def test_other_scores_are_compared_by_a_bootstrap_over_clusters() -> None:
    changes = np.random.default_rng(0).normal(0.03, 0.2, 200)
    earlier = [result(f"c{n}", {"mrr@10": 0.4}) for n in range(200)]
    now = [result(f"c{n}", {"mrr@10": 0.4 + float(changes[n])}) for n in range(200)]
    one = compare(now, before(earlier)).differences["mrr@10"]
    error = changes.std() / np.sqrt(200)
    assert one.test == "bootstrap"
    assert one.low == pytest.approx(changes.mean() - 1.96 * error, abs=0.006)
    assert one.high == pytest.approx(changes.mean() + 1.96 * error, abs=0.006)
    assert (one.p < 0.05) == (not one.low <= 0 <= one.high)
    order = np.argsort(changes)
    clusters = {f"c{case}": f"d{place // 10}" for place, case in enumerate(order)}
    wider = compare(now, before(earlier), clusters=clusters).differences["mrr@10"]
    assert wider.high - wider.low > 1.5 * (one.high - one.low)
    assert wider.p > one.p


SCORES = st.dictionaries(
    st.sampled_from(["right", "mrr@10", "quote_validity", "judge"]),
    st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1)),
)


@given(
    st.dictionaries(st.sampled_from("abcdef"), SCORES, min_size=1),
    st.dictionaries(st.sampled_from("abcdef"), SCORES),
)
def test_any_two_runs_can_be_compared_and_every_case_is_accounted_for(mine, theirs) -> None:
    now = [result(name, scores) for name, scores in mine.items()]
    baseline = before([result(name, scores) for name, scores in theirs.items()])
    if not set(mine) & set(theirs):
        with pytest.raises(BaselineError):
            compare(now, baseline)
        return
    found = compare(now, baseline)
    assert found.compared + len(found.only_now) == len(mine)
    assert found.compared + len(found.only_before) == len(theirs)
    for one in found.differences.values():
        assert 0.0 < one.p <= 1.0
        assert one.low <= one.high
        assert not set(one.better) & set(one.worse)
    json.dumps(found.as_json(), allow_nan=False)


# The file


def test_a_baseline_comes_back_from_its_file_and_holds_scores_alone(tmp_path: Path) -> None:
    results = [result("a", {"right": 1.0, "mrr@10": 1 / 3, "judge": None}, answer={"text": "x"})]
    path = tmp_path / "baseline.json"
    path.write_text(json.dumps(baseline_object(results, {"model": "m"})), "utf-8")
    assert read_baseline(path) == Baseline(
        {"a": {"right": 1.0, "mrr@10": 0.333333}}, {"model": "m"}
    )
    assert compare(results, read_baseline(path)).better == {}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"{}",
        b'{"scores": []}',
        b'{"scores": {"a": 1}}',
        b'{"scores": {"a": {"right": "1"}}}',
        b'{"scores": {"a": {"right": NaN}}}',
        b"[" * 100_000,
    ],
)
def test_a_file_that_is_no_baseline_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "baseline.json"
    path.write_bytes(content)
    with pytest.raises(BaselineError, match=r"baseline\.json is not a baseline: .+ Make it again"):
        read_baseline(path)


def test_a_baseline_that_is_not_there_or_a_folder_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(BaselineError, match=r"cannot be read: .+ Make it again") as caught:
            read_baseline(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
