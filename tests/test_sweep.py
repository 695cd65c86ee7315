"""The threshold to set, from a run that answered whenever it could."""

from __future__ import annotations

import json
import math
from xml.etree import ElementTree

import pytest
from figures_support import case, result
from hypothesis import given, settings
from hypothesis import strategies as st

from qabot.evaluation.sweep import STEP, sweep


def pair(number: int, answerable: bool, confidence: float | None, stopped: bool = False):
    """A case with the confidence it got; ``stopped`` whatever that is."""
    right = {"right": float(answerable != stopped)}
    status = "abstained" if stopped else "answered"
    made = result(f"c{number}", right, status=status, confidence=confidence)
    return case(made.id, answerable=answerable), made


def run(answerable: list[float | None], unanswerable: list[float | None]) -> list:
    rows = [(True, level) for level in answerable] + [(False, level) for level in unanswerable]
    return [pair(number, *row) for number, row in enumerate(rows)]


def test_the_highest_rejection_is_chosen_that_withholds_no_more_than_allowed() -> None:
    pairs = run([n / 10 + 0.02 for n in range(10)], [0.12, 0.32, 0.52, 0.92])
    found = sweep(pairs, most_withheld=0.4)
    assert found.chosen is not None
    assert found.chosen.threshold == pytest.approx(0.35)
    assert found.chosen.rejection.value == 0.5
    assert found.chosen.over_abstention.value == 0.4
    assert sweep(pairs, most_withheld=0.0).chosen.rejection.value == 0.0
    assert sweep(pairs, most_withheld=1.0).chosen.threshold == pytest.approx(0.95)


def test_of_thresholds_that_reject_alike_the_lowest_is_chosen() -> None:
    found = sweep(run([0.02, 1.02, 2.02, 3.02], [0.12]), most_withheld=0.9)
    assert found.chosen.threshold == pytest.approx(0.15)


def test_a_case_stopped_by_more_than_its_confidence_abstains_at_every_threshold() -> None:
    pairs = [pair(0, True, 5.0, stopped=True), *run([1.0], [])[:1], pair(2, False, 9.0, True)]
    for point in sweep(pairs).points:
        assert point.over_abstention.value >= 0.5
        assert point.rejection.value == 1.0


def test_an_answer_without_a_confidence_is_given_at_every_threshold() -> None:
    for point in sweep(run([None, 1.0], [None, 1.0])).points:
        assert point.over_abstention.value <= 0.5
        assert point.rejection.value <= 0.5


def test_where_too_much_is_withheld_whatever_the_threshold_none_is_chosen() -> None:
    found = sweep([pair(0, True, 5.0, stopped=True), pair(1, False, 1.0)])
    assert found.chosen is None
    assert "No threshold gives" in found.sentence()
    assert found.as_json()["chosen"] is None


def test_without_a_confidence_there_is_nothing_to_choose() -> None:
    for pairs in ([], run([None], [None]), [(case("e"), result("e", error="It broke."))]):
        found = sweep(pairs)
        assert (found.points, found.chosen) == ((), None)
        assert "no threshold" in found.sentence()
        ElementTree.fromstring(found.plot())


def test_the_sentence_says_what_to_set_and_how_sure_that_is() -> None:
    found = sweep(run([1.0] * 20, [0.5] * 19 + [1.5]))
    assert found.sentence() == (
        "Threshold 0.55 gives the highest rejection at an over-abstention of 0.2 or less: "
        f"rejection 0.950 ({found.chosen.rejection.low:.3f} to 1.000), "
        "over-abstention 0.000 (0.000 to 0.000), "
        f"right 0.975 ({found.chosen.right.low:.3f} to 1.000). Set QABOT_THRESHOLD=0.55."
    )


LEVELS = st.lists(st.none() | st.floats(-1e6, 1e6) | st.sampled_from([0.0, 0.05, 1.0]), max_size=8)


@settings(max_examples=40)
@given(LEVELS, LEVELS, st.floats(0, 1))
def test_abstention_never_falls_as_the_threshold_rises(answerable, unanswerable, most) -> None:
    found = sweep(run(answerable, unanswerable), most_withheld=most)
    assert len(found.points) <= 203
    for name in ("rejection", "over_abstention"):
        values = [getattr(point, name) for point in found.points]
        known = [figure.value for figure in values if figure]
        assert len(known) in (0, len(values))
        assert known == sorted(known)
    thresholds = [point.threshold for point in found.points]
    assert thresholds == sorted(set(thresholds))
    if found.chosen:
        assert found.chosen.over_abstention.value <= most
    json.dumps(found.as_json(), allow_nan=False)
    ElementTree.fromstring(found.plot())


@settings(max_examples=40)
@given(st.lists(st.floats(-3, 6), min_size=1, max_size=8))
def test_the_points_go_from_answering_all_to_answering_none(levels) -> None:
    points = sweep(run(levels, levels)).points
    assert points[0].rejection.value == points[0].over_abstention.value == 0.0
    assert points[-1].rejection.value == points[-1].over_abstention.value == 1.0
    assert math.isclose(points[1].threshold - points[0].threshold, STEP, abs_tol=1e-9)
