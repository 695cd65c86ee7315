"""``/healthz`` and ``/metrics`` of a bot in Slack say how it stands, and nothing people wrote."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from slack_support_bot import Scene, free_port, scene

from qabot import open_bot
from qabot.errors import IndexUnavailable, SettingsError
from qabot.settings import Settings
from qabot.slack.health import Health
from qabot.slack.metrics import Metrics
from qabot.slack.settings import SlackSettings
from qabot.types import Answer, Rejected

MINISTER = "Who is the foreign minister of Iran?"
NOBODY = "Who won the football match in the harbour?"


def got(port: int, path: str) -> tuple[int, str]:
    """Status and text of what is there."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def figures(text: str) -> dict[str, float]:
    """The figures by their names with the values of their labels."""
    return {
        " ".join((sample.name, *sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture(scope="module", params=["sockets", "http"])
def watched(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Scene, int]]:
    """A bot in Slack and the port where its health is."""
    port, base = free_port(), tmp_path_factory.mktemp("health")
    with scene(
        base, request.param, http=request.param == "http",
        QABOT_MODEL="extractive", QABOT_HEALTH_PORT=str(port),
    ) as there:  # fmt: skip
        yield there, port


def test_a_bot_that_answers_is_well_and_counts_what_it_does(watched: tuple[Scene, int]) -> None:
    there, port = watched
    assert there.slack.wait(lambda: got(port, "/healthz")[0] == 200), got(port, "/healthz")
    there.answer(there.slack.mention(MINISTER))
    there.answer(there.slack.mention(NOBODY))
    assert there.slack.wait(lambda: json.loads(got(port, "/healthz")[1])["inbox"]["waiting"] == 0)
    status, text = got(port, "/healthz")
    state = json.loads(text)
    assert status == 200
    assert state["index"]["readable"]
    assert state["index"]["trouble"] == ""
    assert state["slack"]["reachable"]
    assert state["model"] == {"name": None, "last_reply_ok": None}
    status, text = got(port, "/metrics")
    found = figures(text)
    assert (found["qabot_questions_total answered"], found["qabot_questions_total abstained"]) == (
        1, 1,
    )  # fmt: skip
    assert found["qabot_questions_total failed"] == 0
    assert found["qabot_question_seconds_count"] == 2
    assert found["qabot_index_passages"] > 0
    assert found["qabot_inbox_questions"] == 0
    assert found["qabot_slack_connected"] == 1
    assert found["qabot_index_trouble"] == 0
    assert "minister" not in text
    assert "football" not in text


def test_a_bot_that_slack_cannot_reach_is_not_well(tmp_path: Path) -> None:
    port = free_port()
    with scene(tmp_path, "away", QABOT_MODEL="extractive", QABOT_HEALTH_PORT=str(port)) as there:
        assert there.slack.wait(lambda: got(port, "/healthz")[0] == 200)
        assert figures(got(port, "/metrics")[1])["qabot_slack_connections"] == 1
        there.slack.fault("apps.connections.open", times=1_000, status=503)
        there.slack.drop("abort")
        assert there.slack.wait(lambda: got(port, "/healthz")[0] == 503)
        assert json.loads(got(port, "/healthz")[1])["slack"]["reachable"] is False
        assert figures(got(port, "/metrics")[1])["qabot_slack_connected"] == 0


def test_an_index_in_trouble_is_told_and_one_that_cannot_be_read_makes_it_unwell(
    seed_home: Path,
) -> None:
    bot, metrics = open_bot(Settings(home=seed_home)), Metrics()
    health = Health(bot, metrics, is_http=True)
    assert not health.state()["ok"]  # nothing has been opened towards Slack yet
    health.desk = Idle()
    assert health.state()["ok"]
    bot._index = Broken(bot.index)
    bot._index.is_away = True
    assert health.state()["ok"]
    assert health.state()["index"]["trouble"] == "It is away."
    bot._index.is_broken = True
    assert health.state()["index"]["readable"] is False
    assert not health.state()["ok"]
    bot._index.close()


class Idle:
    def waiting(self) -> int:
        return 0


class Broken:
    """An index with faults to be switched on."""

    def __init__(self, inner: object) -> None:
        self._inner = inner
        self.is_away = self.is_broken = False

    @property
    def trouble(self) -> str:
        return "It is away." if self.is_away else ""

    @property
    def catalog(self) -> object:
        if self.is_broken:
            raise IndexUnavailable("It cannot be read. Mend it.")
        return self._inner.catalog  # type: ignore[attr-defined]

    def close(self) -> None:
        self._inner.close()  # type: ignore[attr-defined]


def test_models_and_what_the_gate_held_back_are_counted() -> None:
    metrics = Metrics()
    well = Answer("q", "answered", "t", usage={"prompt_tokens": 1})
    metrics.observe(well, 0.2)
    assert metrics.is_model_well
    held = (Rejected(None, "a sentence", "no"), Rejected(3, "[3]", "no such passage"))
    metrics.observe(Answer("q", "answered", "t", rejected=held), 0.2)
    metrics.observe(Answer("q", "abstained", "", rejected=(Rejected(None, "", "away"),)), 3.0)
    metrics.observe(None, 1.0)
    assert metrics.is_model_well is False
    found = figures(metrics.text().decode())
    assert found["qabot_model_failures_total"] == 1
    assert found["qabot_withheld_sentences_total"] == 2
    assert found["qabot_questions_total failed"] == 1
    assert found["qabot_question_seconds_count"] == 4


def test_a_figure_that_cannot_be_read_spoils_no_other() -> None:
    def broken() -> float:
        raise IndexUnavailable("It is away.")

    metrics = Metrics()
    metrics.watch("broken", "Cannot be read.", broken)
    metrics.watch("whole", "Can be read.", lambda: 2)
    text = metrics.text().decode()
    assert "qabot_broken NaN" in text
    assert "qabot_whole 2.0" in text


@pytest.mark.parametrize("port", ["-1", "65536", "http", "1e3", "999999999"])
def test_a_port_that_is_none_is_named(port: str) -> None:
    with pytest.raises(SettingsError, match="QABOT_HEALTH_PORT"):
        SlackSettings.from_environment({"QABOT_HEALTH_PORT": port})


def test_health_is_off_unless_asked_for_and_then_for_this_machine_alone() -> None:
    assert SlackSettings.from_environment({}).health is None
    given = {"QABOT_HEALTH_PORT": "9100"}
    assert SlackSettings.from_environment(given).health == ("127.0.0.1", 9100)
    given["QABOT_HEALTH_HOST"] = "0.0.0.0"
    assert SlackSettings.from_environment(given).health == ("0.0.0.0", 9100)
