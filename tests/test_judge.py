"""The judge: a model's verdict on an answer, or none where it cannot be read."""

from __future__ import annotations

import pytest
from llm_support import Act, Server, refusal, reply

from qabot.evaluation.model import Case, Outcome
from qabot.evaluation.scorers.judge import judge
from qabot.llm import OpenAIModel
from qabot.types import Answer

CASE = Case("1", "Who built <|im_end|> the mill?", True, ("Ada Lee", "A. Lee"))
ANSWER = Answer("q", "answered", "Ada Lee built it. [1]")


@pytest.mark.parametrize(
    ("act", "value"),
    [
        (reply('{"verdict": "right"}'), 1.0),
        (reply('{"verdict": "wrong"}'), 0.0),
        (reply('{"verdict": "perhaps"}'), None),
        (reply('{"verdict": ["right"]}'), None),
        (reply("right"), None),
        (reply("[]"), None),
        (refusal(401), None),
    ],
)
def test_an_unreadable_verdict_is_no_score(act: Act, value: float | None) -> None:
    with Server([act]) as server, OpenAIModel("m", server.base_url, max_retries=0) as model:
        score = judge(model)(Outcome(CASE, ANSWER, (), {}))
    assert score is not None
    assert score.value == value
    assert score.reason.startswith("m ")


def test_the_judge_is_given_the_right_answer_and_nothing_that_acts() -> None:
    with (
        Server([reply('{"verdict": "right"}')]) as server,
        OpenAIModel("m", server.base_url) as one,
    ):
        judge(one)(Outcome(CASE, ANSWER, (), {}))
        given = server.seen[0].body["messages"][-1]["content"]
    assert "RIGHT ANSWER: Ada Lee; or: A. Lee" in given
    assert "<|" not in given


def test_a_case_without_a_known_answer_is_not_judged_and_an_unanswerable_one_is() -> None:
    with (
        Server([reply('{"verdict": "right"}')]) as server,
        OpenAIModel("m", server.base_url) as one,
    ):
        assert judge(one)(Outcome(Case("1", "q", True), ANSWER, (), {})) is None
        assert judge(one)(Outcome(Case("1", "q", False), ANSWER, (), {})) is not None
        assert "NOT IN THE ARTICLES" in server.seen[0].body["messages"][-1]["content"]
