"""Settings: read once from the environment, each wrong value named, no key ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from qabot.errors import SettingsError
from qabot.settings import THRESHOLD, Settings

HOME = {"QABOT_HOME": "/tmp/somewhere"}


def read(**values: str) -> Settings:
    return Settings.from_environment({**HOME, **values})


def test_without_anything_set_no_model_answers_and_questions_are_logged() -> None:
    found = read()
    assert (found.home, found.model_kind, found.log) == (Path("/tmp/somewhere"), "extractive", True)
    assert (found.threshold, found.price, found.second_opinion) == (THRESHOLD, None, False)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"OPENAI_API_KEY": "sk-1"}, "server"),
        ({"OPENAI_API_KEY": "  "}, "extractive"),
        ({"OPENAI_API_KEY": "sk-1", "QABOT_MODEL": "extractive"}, "extractive"),
        ({"QABOT_MODEL": "llama3.2"}, "server"),
        ({"QABOT_MODEL": "models/small.gguf"}, "file"),
        ({"QABOT_MODEL": "models/SMALL.GGUF"}, "file"),
        ({"OPENAI_BASE_URL": "http://localhost:11434/v1"}, "extractive"),
    ],
)
def test_what_writes_the_answers(values: dict[str, str], kind: str) -> None:
    assert read(**values).model_kind == kind


def test_a_key_and_an_address_with_a_password_are_not_shown() -> None:
    found = read(OPENAI_API_KEY="sk-secret", OPENAI_BASE_URL="http://u:hidden@h/v1")
    assert "sk-secret" not in repr(found)
    assert "hidden" not in repr(found)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("QABOT_TOP_K", "0"),
        ("QABOT_TOP_K", "many"),
        ("QABOT_THRESHOLD", "high"),
        ("QABOT_THRESHOLD", "nan"),
        ("QABOT_VERIFY", "twice"),
        ("QABOT_PRICE", "1"),
        ("QABOT_PRICE", "1/2/3"),
        ("QABOT_PRICE", "-1/2"),
        ("QABOT_PRICE", "inf/2"),
        ("QABOT_PRICE", "a/b"),
    ],
)
def test_a_wrong_value_is_an_error_that_names_it(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as caught:
        read(**{name: value})
    assert value in str(caught.value)
    assert "\n" not in str(caught.value)


def test_values_are_read() -> None:
    found = read(QABOT_PRICE="0.25/2", QABOT_VERIFY="model", QABOT_THRESHOLD="-0.5")
    assert (found.price, found.second_opinion, found.threshold) == ((0.25, 2.0), True, -0.5)


@pytest.mark.parametrize(("value", "log"), [("1", False), ("yes", False), ("0", True), ("", True)])
def test_no_log_is_kept_where_none_is_wanted(value: str, log: bool) -> None:
    assert read(QABOT_NO_LOG=value).log is log
