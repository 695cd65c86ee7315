"""A GGUF file served in this process: faults of the file, and a real model where there is one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import Command

from qabot.answers import Written
from qabot.embed import WordLlamaEmbedder
from qabot.errors import ContextOverflow, ModelSetupError, ModelUnavailable
from qabot.llm import OpenAIModel
from qabot.local import LocalServer, serve
from qabot.split import split
from qabot.types import Document, Hit, Released
from qabot.write import Writer

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
MODEL = Path(
    os.environ.get("QABOT_TEST_GGUF") or CACHE / "qabot-tests" / "SmolLM2-135M-Instruct.Q4_1.gguf"
)
HELLO = [{"role": "user", "content": "Write a long story about the sea."}]

needs_model = pytest.mark.skipif(
    not MODEL.is_file(),
    reason=f"no model at {MODEL}: scripts/fetch_test_model.sh fetches it, or set QABOT_TEST_GGUF",
)


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    pytest.importorskip("xllamacpp", reason="the extra qabot[local] is not installed")
    with serve(MODEL) as opened:
        yield opened


@pytest.fixture
def model(server: LocalServer) -> Iterator[OpenAIModel]:
    with OpenAIModel(server.name, server.base_url, server.api_key, timeout=30) as opened:
        yield opened


def refused(path: Path) -> str:
    with pytest.raises(ModelSetupError) as caught:
        serve(path)
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.gguf"
    assert refused(path).startswith(f"{path}: no such file. Give ")


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    assert "cannot be read: Is a directory. Give " in refused(tmp_path)


def test_a_path_that_is_none_is_refused() -> None:
    assert "not a path" in refused(Path("a\0b"))


@pytest.mark.parametrize("content", [b"", b"GGU", b"version https://git-lfs.github.com/spec/v1\n"])
def test_a_file_of_another_kind_is_refused_before_it_is_loaded(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    assert refused(path) == (
        f"{path}: not a GGUF file. Download the model again, in the GGUF format."
    )


def test_without_the_extra_the_line_is_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF")
    assert refused(path).endswith(": pip install 'qabot[local]'")


@pytest.mark.parametrize("content", [b"GGUF", b"GGUF\3\0\0\0" + b"\xff" * 16, b"GGUF" * 5000])
def test_a_file_that_only_begins_like_a_model_is_refused(content: bytes, tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    assert "cannot load it" in refused(path)


@needs_model
@pytest.mark.parametrize("length", [24, 1_000, 1_800_000, 40_000_000])
def test_a_download_that_broke_off_is_refused(length: int, tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    path = tmp_path / "model.gguf"
    with MODEL.open("rb") as whole:
        path.write_bytes(whole.read(length))
    assert "Download it again" in refused(path)
    path.unlink()


@needs_model
def test_damage_that_ends_llama_cpp_itself_does_not_end_this_process(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    content = bytearray(MODEL.read_bytes())
    at = content.index(b"llama.block_count") + len(b"llama.block_count") + 4
    content[at : at + 4] = bytes(4)
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    assert "Download it again" in refused(path)
    path.unlink()


@needs_model
def test_a_reply_streams_and_its_tokens_are_counted(model: OpenAIModel) -> None:
    with model.stream(HELLO, max_tokens=12) as answer:
        pieces = list(answer)
    assert len(pieces) > 3
    assert "".join(pieces).strip()
    assert answer.finish_reason == "length"
    assert answer.usage is not None
    assert answer.usage["completion_tokens"] == 12
    assert answer.usage["prompt_tokens"] > 5


@needs_model
def test_the_same_question_gets_the_same_reply(model: OpenAIModel) -> None:
    asked = [{"role": "user", "content": "What is the capital of France?"}]
    replies = set()
    for _ in range(2):
        with model.stream(asked, max_tokens=8) as answer:
            replies.add("".join(answer))
    assert len(replies) == 1


@needs_model
def test_a_schema_is_kept_even_by_a_weak_model(model: OpenAIModel) -> None:
    schema = {
        "type": "object",
        "properties": {"verdict": {"enum": ["supported", "contradicted"]}},
        "required": ["verdict"],
        "additionalProperties": False,
    }
    text, usage = model.complete(HELLO, max_tokens=64, schema=schema)
    assert json.loads(text)["verdict"] in ("supported", "contradicted")
    assert usage is not None


@needs_model
def test_a_reply_can_be_stopped_and_the_server_stays_of_use(model: OpenAIModel) -> None:
    # There is one place to write at: were the long reply not stopped, the next would wait for it.
    for _ in range(3):
        with model.stream(HELLO, max_tokens=7_000) as answer:
            assert isinstance(next(answer), str)
    with model.stream(HELLO, max_tokens=4) as answer:
        assert list(answer)


@needs_model
def test_two_questions_at_once_are_both_answered(model: OpenAIModel) -> None:
    def ask(_: int) -> str:
        with model.stream(HELLO, max_tokens=4) as answer:
            return "".join(answer)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(ask, range(2))
    assert first == second != ""


@needs_model
def test_a_prompt_that_is_too_long_is_known(model: OpenAIModel) -> None:
    with pytest.raises(ContextOverflow):
        model.stream([{"role": "user", "content": "word " * 9_000}])


@needs_model
def test_the_server_wants_its_key(server: LocalServer) -> None:
    stranger = OpenAIModel(server.name, server.base_url, "another-key")
    with stranger, pytest.raises(ModelSetupError, match="does not accept the key"):
        stranger.stream(HELLO)


@needs_model
def test_a_closed_server_answers_no_more() -> None:
    pytest.importorskip("xllamacpp")
    with serve(MODEL, context=256) as server:
        model = OpenAIModel(server.name, server.base_url, server.api_key, max_retries=0)
        answer = model.stream(HELLO, max_tokens=100)
        next(answer)
        model.close()
    with model, pytest.raises(ModelUnavailable, match="Nothing answers"):
        model.stream(HELLO)


@needs_model
def test_a_server_can_be_closed_as_soon_as_it_is_there() -> None:
    pytest.importorskip("xllamacpp")
    for _ in range(3):
        serve(MODEL, context=256).close()


@needs_model
def test_nothing_is_printed_and_a_forgotten_server_ends_with_the_process() -> None:
    pytest.importorskip("xllamacpp")
    program = (
        "import sys; from pathlib import Path; from qabot.local import serve\n"
        "server = serve(Path(sys.argv[1]), context=256)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, str(MODEL)],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


MILL = "The Mill\n\nAda Lee built the mill in 1901. It stands by a brook.\n\nIt was sold in 1950.\n"


@needs_model
def test_a_question_to_a_file_is_answered_behind_the_gate(qabot: Command, tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    article = tmp_path / "mill.txt"
    article.write_text(MILL, encoding="utf-8")
    assert qabot("ingest", str(article)).code == 0
    done = qabot("ask", "--json", "--model", str(MODEL), "Who built the mill?")
    assert done.stderr == f"Loading {MODEL} ...\n"
    answer = json.loads(done.stdout)
    assert done.code == {"answered": 0, "abstained": 3}[answer["status"]]
    for citation in answer["citations"]:
        assert MILL[citation["start"] : citation["end"]] == citation["quote"]
    markers = {citation["marker"] for citation in answer["citations"]}
    assert all(set(claim["markers"]) <= markers and claim["markers"] for claim in answer["claims"])
    assert answer["model"] == MODEL.stem or answer["rejected"]


@needs_model
def test_an_answer_stopped_in_the_middle_leaves_the_model_of_use(
    model: OpenAIModel, home: Path
) -> None:
    article = Document("mill", "The Mill", "mill.txt", MILL)
    hits = [Hit(passage, 1.0, 1.0, 1.0) for passage in split(article)]
    writer = Writer(model, WordLlamaEmbedder())

    def stop(sentence: Released) -> None:
        raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        writer.write("Tell me all about the mill.", hits, {}, stop, Written())
    with model.stream(HELLO, max_tokens=4) as answer:
        assert list(answer)


@needs_model
def test_a_damaged_file_and_a_missing_one_are_one_line_and_no_answer(
    here: Command, tmp_path: Path
) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF and nothing else")
    for name in (str(path), str(tmp_path / "none.gguf")):
        done = here("ask", "--model", name, "Who is Iran's foreign minister?")
        assert (done.code, done.stdout) == (1, "")
        assert done.stderr.splitlines()[-1].startswith(f"Error: {name}: ")
