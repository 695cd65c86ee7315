"""What --json prints is one object of the documented form, and its quotes are in the file."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, SEED, Command
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from texts_support import strings

from qabot.bot import Bot
from qabot.build import ingest_paths, open_bot
from qabot.render.json import answer_object, to_json
from qabot.settings import Settings
from qabot.types import Answer

SCHEMA: dict[str, Any] = json.loads((ROOT / "docs" / "answer.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
ANSWERABLE = "Why won't Iran negotiate?"
UNANSWERABLE = "Who won the football match?"


@pytest.fixture(scope="module")
def answered(seeded_qabot: Command) -> dict[str, Any]:
    return printed(seeded_qabot, 0, "--json", ANSWERABLE)


@pytest.fixture(scope="module")
def abstained(seeded_qabot: Command) -> dict[str, Any]:
    return printed(seeded_qabot, 3, "--json", UNANSWERABLE)


@pytest.fixture(scope="module")
def explained(seeded_qabot: Command) -> dict[str, Any]:
    return printed(seeded_qabot, 0, "--explain", "--json", ANSWERABLE)


def printed(command: Command, code: int, *arguments: str) -> dict[str, Any]:
    """The object on standard output, which holds nothing else."""
    done = command("ask", *arguments)
    assert (done.code, done.stderr) == (code, "")
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def check(answer: dict[str, Any], text: str) -> None:
    """Everything the contract says of an answer about one file with this ``text``."""
    VALIDATOR.validate(answer)
    for place in answer["citations"] + answer["closest"]:
        assert text[place["start"] : place["end"]] == place["quote"]
    in_text = list(dict.fromkeys(int(n) for n in re.findall(r"\[(\d+)\]", answer["text"])))
    cited = [citation["marker"] for citation in answer["citations"]]
    claimed = {marker for claim in answer["claims"] for marker in claim["markers"]}
    assert in_text == cited == list(range(1, len(cited) + 1))
    assert claimed == set(cited)
    shown = [
        claim["text"] + "".join(f" [{marker}]" for marker in claim["markers"])
        for claim in answer["claims"]
    ]
    if shown:
        assert answer["text"] == " ".join(shown)
    scores = [closest["score"] for closest in answer["closest"]]
    assert scores == sorted(scores, reverse=True)


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_an_answer_keeps_the_contract(answered: dict[str, Any], seed_text: str) -> None:
    check(answered, seed_text)
    assert answered["status"] == "answered"
    assert answered["question"] == ANSWERABLE
    assert answered["model"] == "extractive"
    assert answered["usage"] is None
    assert {citation["source"] for citation in answered["citations"]} == {str(SEED)}


def test_an_abstention_keeps_the_contract(abstained: dict[str, Any], seed_text: str) -> None:
    check(abstained, seed_text)
    assert abstained["status"] == "abstained"
    assert abstained["closest"]


def test_an_explanation_is_one_more_key(
    answered: dict[str, Any], explained: dict[str, Any], seed_text: str
) -> None:
    check(explained, seed_text)
    assert set(explained) - set(answered) == {"explanation"}
    hits = explained["explanation"]["hits"]
    assert hits
    assert all(seed_text[hit["start"] : hit["end"]] == hit["text"] for hit in hits)
    for name in ("text", "claims", "citations"):
        assert explained[name] == answered[name]


Harm = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("answered", lambda answer: answer.update(claims=[])),
        ("answered", lambda answer: answer.update(citations=[])),
        ("answered", lambda answer: answer.update(status="abstained")),
        ("answered", lambda answer: answer.update(status="maybe")),
        ("answered", lambda answer: answer.update(more=1)),
        ("answered", lambda answer: answer.update(text="No marker.")),
        ("answered", lambda answer: answer.update(text="")),
        ("answered", lambda answer: answer.pop("usage")),
        ("answered", lambda answer: answer["citations"][0].update(start=-1)),
        ("answered", lambda answer: answer["citations"][0].update(end=1.5)),
        ("answered", lambda answer: answer["citations"][0].update(line=1)),
        ("answered", lambda answer: answer["citations"][0].pop("quote")),
        ("answered", lambda answer: answer["claims"][0].update(markers=[])),
        ("answered", lambda answer: answer["claims"][0].update(verdict="true")),
        ("answered", lambda answer: answer["timings_ms"].pop("total")),
        ("abstained", lambda answer: answer.update(status="answered")),
        ("abstained", lambda answer: answer.update(text="But see [1].")),
        ("abstained", lambda answer: answer["closest"][0].pop("score")),
        ("abstained", lambda answer: answer.update(claims=[{"text": "A.", "markers": [1],
                                                            "verdict": "supported"}])),
        ("explained", lambda answer: answer["explanation"].pop("hits")),
    ],
)  # fmt: skip
def test_the_schema_refuses_what_breaks_the_contract(
    name: str, harm: Harm, request: pytest.FixtureRequest
) -> None:
    answer = copy.deepcopy(request.getfixturevalue(name))
    assert VALIDATOR.is_valid(answer)
    harm(answer)
    assert not VALIDATOR.is_valid(answer)


def test_an_answer_with_closest_passages_is_refused(
    answered: dict[str, Any], abstained: dict[str, Any]
) -> None:
    assert not VALIDATOR.is_valid({**answered, "closest": abstained["closest"]})


QUESTIONS = (
    "Who is Masoud Pezeshkian?", "When did Trump sign the memorandum?", "What is the JCPOA?",
    "Which countries signed the JCPOA?", "What did Lavrov say in Tehran?", "Who wrote the article?",
    "What is the capital of France?", "How many centrifuges does Iran have?", "What is it?", "🙂",
    "[1] [2]?", "Iran\ud800?",
)  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS, ids=ascii)
def test_every_answer_keeps_the_contract(bot: Bot, question: str, seed_text: str) -> None:
    answer = json.loads(to_json(answer_object(bot.ask(question))))
    check(answer, seed_text)
    assert answer["question"] == question


def test_bracketed_numbers_of_an_article_are_no_markers(home: Path, tmp_path: Path) -> None:
    text = (
        "The Harbour Bridge\n\nThe bridge was opened in 1932.[3] Its arch is of steel.[4][5]\n\n"
        "It was designed by Ada Lee [1, 2] of the city’s office of works.\n"
    )
    path = tmp_path / "bridge.txt"
    path.write_text(text, encoding="utf-8")
    settings = Settings(home=home)
    ingest_paths(settings, [path], lambda done, total, name: None)
    bot = open_bot(settings)
    for question in ("When was the bridge opened?", "Who designed the bridge?"):
        answer = json.loads(to_json(answer_object(bot.ask(question))))
        assert answer["status"] == "answered"
        check(answer, text)
        assert any("[" in citation["quote"] for citation in answer["citations"])
    bot.close()


def test_a_terminal_of_another_encoding_gets_valid_json(seeded_qabot: Command) -> None:
    done = seeded_qabot("ask", "--json", UNANSWERABLE + " 🙂", PYTHONIOENCODING="latin-1")
    assert done.stdout.isascii()
    assert json.loads(done.stdout)["question"] == UNANSWERABLE + " 🙂"


@given(st.dictionaries(strings, st.one_of(strings, st.lists(strings))), st.booleans())
def test_json_comes_back_as_it_was_and_acts_on_no_terminal(
    value: dict[str, Any], ascii_only: bool
) -> None:
    text = to_json(value, ascii_only)
    assert json.loads(text) == value
    text.encode("ascii" if ascii_only else "utf-8")
    assert not re.search(
        r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]", text
    )


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_json_lacks_is_an_error(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        to_json({"score": number})


def test_the_python_answer_has_the_same_fields() -> None:
    fields = [field.name for field in dataclasses.fields(Answer)]
    explained = ["standalone", "prompt_hash"]
    assert fields == [*SCHEMA["properties"], *explained]
    assert list(SCHEMA["properties"]) == [*SCHEMA["required"], "explanation"]
    assert set(explained) < set(SCHEMA["$defs"]["explanation"]["properties"])


def test_the_documentation_has_every_field_and_its_example_is_valid() -> None:
    text = (ROOT / "docs" / "json.md").read_text("utf-8")
    for name in SCHEMA["properties"]:
        assert f"| `{name}` |" in text
    for definition in SCHEMA["$defs"].values():
        for name in definition.get("properties", {}):
            assert re.search(rf"[`\"]{name}[`\"]", text), name
    (example,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    VALIDATOR.validate(json.loads(example))
