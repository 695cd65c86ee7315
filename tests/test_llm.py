"""The model adapter against a real HTTP server: a line for each fault, and no key in any."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from llm_support import (
    Act,
    Exchange,
    Server,
    chunk,
    cut,
    pings,
    raw,
    refusal,
    reply,
    silent,
    stall_after,
)

from qabot.errors import (
    ContextOverflow,
    ModelError,
    ModelSetupError,
    ModelUnavailable,
    ReplyError,
)
from qabot.llm import DEFAULT_MODEL, OpenAIModel

KEY = "sk-test-8f3b1c0d9e7a"
ASKED = [{"role": "user", "content": "Who came?"}]
GOOD = reply("Ali", " came", ". [1]")


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's back-off stays, its unit shrinks; no setting of the caller's reaches the SDK."""
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.01)
    for name in [name for name in os.environ if name.startswith("OPENAI_")]:
        monkeypatch.delenv(name)


def model_at(address: str, **settings: Any) -> OpenAIModel:
    settings = {"timeout": 5.0, "max_retries": 2, **settings}
    return OpenAIModel("scripted", address, KEY, **settings)


def texts(error: BaseException | None) -> Iterator[str]:
    """What the error and all that it came from say."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and each not in seen:
            seen.append(each)
            waiting += [each.__cause__, each.__context__]
            yield f"{each} {each!r} {each.args}"


def fault(*acts: Act, **settings: Any) -> tuple[ModelError, Server, list[str]]:
    """What asking such a server raises, the server, and the pieces that came before."""
    pieces: list[str] = []
    with Server(acts) as server, model_at(server.base_url, **settings) as model:
        with pytest.raises(ModelError) as caught, model.stream(ASKED) as answer:
            pieces.extend(answer)
        check(caught.value)
        return caught.value, server, pieces


def check(error: ModelError) -> None:
    """One line that says what to do, and no key anywhere."""
    line = str(error)
    assert "\n" not in line
    assert len(line) < 200
    assert line.count(". ") >= 1 or ": " in line
    assert not [text for text in texts(error) if KEY in text]


def test_the_pieces_come_as_they_are_written_with_the_count_of_tokens_at_the_end() -> None:
    with Server([GOOD]) as server, model_at(server.base_url) as model:
        with model.stream(ASKED, max_tokens=50) as answer:
            assert answer.usage is None
            assert list(answer) == ["Ali", " came", ". [1]"]
        assert answer.finish_reason == "stop"
        assert answer.usage == {"prompt_tokens": 7, "completion_tokens": 3}
    request = server.seen[0]
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.body["messages"] == ASKED
    assert request.body["max_tokens"] == 50


def test_a_piece_is_there_before_the_reply_has_ended() -> None:
    with Server([stall_after("Ali")]) as server, model_at(server.base_url) as model:
        with model.stream(ASKED) as answer:
            assert next(answer) == "Ali"
        assert answer.finish_reason is None


def test_a_reply_can_be_closed_in_the_middle_and_the_next_one_comes() -> None:
    with Server([stall_after("Ali"), GOOD]) as server, model_at(server.base_url) as model:
        answer = model.stream(ASKED)
        assert next(answer) == "Ali"
        answer.close()
        answer.close()
        assert list(answer) == []
        with model.stream(ASKED) as answer:
            assert "".join(answer) == "Ali came. [1]"


def test_closing_a_reply_closes_its_connection() -> None:
    ended: list[bytes] = []

    def act(exchange: Exchange) -> None:
        exchange.head()
        exchange.event(chunk("Ali"))
        ended.append(exchange.connection.recv(1))

    with Server([act]) as server, model_at(server.base_url) as model, model.stream(ASKED) as answer:
        assert next(answer) == "Ali"
    assert ended == [b""]


def test_a_closed_model_opens_again_when_asked() -> None:
    with Server([GOOD]) as server, model_at(server.base_url) as model:
        assert model.complete(ASKED)[0] == "Ali came. [1]"
        model.close()
        assert model.complete(ASKED)[0] == "Ali came. [1]"


@pytest.mark.parametrize(
    ("act", "kind", "says"),
    [
        (refusal(401, {"message": "Incorrect API key provided: {key}"}), ModelSetupError, "key"),
        (refusal(403, {"message": "{key} may not"}), ModelSetupError, "OPENAI_API_KEY"),
        (
            refusal(404, {"message": "The model `scripted` does not exist", "code": "model"}),
            ModelSetupError,
            "no model 'scripted'",
        ),
        (raw("<h1>Not Found</h1>", "text/html", status=404), ModelSetupError, "/v1"),
        (
            refusal(429, {"message": "You exceeded your current quota", "code": "q"}),
            ModelSetupError,
            "no credit",
        ),
        (refusal(429, {"message": "Slow down {key}"}), ModelUnavailable, "no more requests"),
        (refusal(500, {"message": "{key}"}), ModelUnavailable, "trouble (500)"),
        (raw("<h1>Bad gateway</h1>", "text/html", status=502), ModelUnavailable, "trouble (502)"),
        (refusal(503, {"message": "Loading model"}), ModelUnavailable, "trouble (503)"),
        (refusal(400, {"message": "{key} is odd"}), ReplyError, "refuses the request"),
        (
            refusal(400, {"message": "Filtered", "code": "content_filter"}),
            ReplyError,
            "content filter",
        ),
        (reply("Ali", finish="content_filter"), ReplyError, "content filter"),
        (reply(), ReplyError, "wrote nothing. "),
        (reply(" ", "\n"), ReplyError, "wrote nothing. "),
        (reply(finish="length"), ReplyError, "before its tokens were spent"),
        (reply("Ali", finish=None), ModelUnavailable, "broke off"),
        (cut, ModelUnavailable, "broke"),
        (lambda exchange: None, ModelUnavailable, "broke"),
        (raw("<html>Sign in</html>", "text/html"), ModelSetupError, "does not speak"),
        (raw('{"choices": []}', "application/json"), ModelSetupError, "does not speak"),
        (raw('data: {"choices": [{"del\n\n'), ModelSetupError, "does not speak"),
        (raw('data: {"choices": [{"del'), ModelSetupError, "does not speak"),
        (raw("data: [1, 2]\n\ndata: 3\n\ndata: [DONE]\n\n"), ModelUnavailable, "broke off"),
        (raw('data: {"choices": [{"delta": 3}]}\n\n'), ModelUnavailable, "broke off"),
        (raw(""), ModelSetupError, "does not speak"),
        (raw('data: {"error": {"message": "{key} died"}}\n\n'), ModelUnavailable, "trouble"),
    ],
)
def test_each_fault_of_a_server_has_a_line_that_says_what_to_do(
    act: Act, kind: type[ModelError], says: str
) -> None:
    error, _, _ = fault(act)
    assert type(error) is kind
    assert says in str(error)
    assert "<" not in str(error)


@pytest.mark.parametrize(
    "said",
    [
        {"message": "Too long.", "code": "context_length_exceeded"},
        {"message": "Your input exceeds the context window of this model. Please adjust it."},
        {
            "message": "This model's maximum context length is 4096 tokens. However, you requested "
            "5000 tokens (4900 in the messages, 100 in the completion). Please reduce max_tokens."
        },
        {"message": "The decoder prompt (length 5) is longer than the maximum model length of 4."},
        {
            "message": "request (9031 tokens) exceeds the available context size (8192 tokens), "
            "try increasing it",
            "type": "exceed_context_size_error",
            "n_ctx": 8192,
        },
        {"message": "the request exceeds the available context size. try increasing it"},
        {
            "message": "Trying to keep the first 5000 tokens when context the overflows. However, "
            "the model is loaded with context length of only 4096 tokens"
        },
    ],
)
@pytest.mark.parametrize("status", [400, 500, 200])
def test_a_prompt_that_is_too_long_is_known_by_the_words_of_each_server(
    said: dict[str, Any], status: int
) -> None:
    def in_the_stream(exchange: Exchange) -> None:
        exchange.head()
        exchange.event({"error": said})

    error, server, _ = fault(in_the_stream if status == 200 else refusal(status, said))
    assert type(error) is ContextOverflow
    assert len(server.seen) == (3 if status == 500 else 1)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_fault_is_tried_again(status: int) -> None:
    acts = [refusal(status), refusal(status), GOOD]
    with Server(acts) as server, model_at(server.base_url) as model:
        assert model.complete(ASKED)[0] == "Ali came. [1]"
    assert len(server.seen) == 3


@pytest.mark.parametrize("status", [429, 500])
def test_a_fault_that_stays_is_tried_so_often_and_no_more(status: int) -> None:
    assert len(fault(refusal(status))[1].seen) == 3
    assert len(fault(refusal(status), max_retries=0)[1].seen) == 1


def test_a_fault_that_would_stay_is_not_tried_again() -> None:
    assert len(fault(refusal(401))[1].seen) == 1


def test_a_server_that_asks_for_a_long_wait_is_not_waited_for() -> None:
    _, server, _ = fault(refusal(429, Retry_After="60"))
    assert len(server.seen) == 1


def test_what_came_before_a_cut_is_not_lost() -> None:
    assert fault(cut)[2] == ["Half a"]


@pytest.mark.parametrize("act", [silent, stall_after(), stall_after("Ali")])
def test_silence_has_an_end(act: Act) -> None:
    error, server, _ = fault(act, timeout=0.5, max_retries=1)
    assert type(error) is ModelUnavailable
    assert "in time" in str(error)
    assert len(server.seen) == (2 if act is silent else 1)


def test_signs_of_life_without_a_word_have_an_end() -> None:
    error, _, _ = fault(pings, longest=0.2)
    assert type(error) is ModelUnavailable
    assert "longer than 0.2 seconds" in str(error)


def test_retries_stop_when_the_whole_call_has_taken_too_long() -> None:
    def slow(exchange: Exchange) -> None:
        time.sleep(0.7)
        refusal(500)(exchange)

    error, server, _ = fault(slow, longest=0.5, max_retries=50)
    assert "longer than 0.5 seconds" in str(error)
    assert len(server.seen) == 1


def test_a_reply_without_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qabot.transport.LARGEST_REPLY", 100_000)

    def endless(exchange: Exchange) -> None:
        exchange.head()
        while not exchange.stop.is_set():
            exchange.event(chunk("and " * 1000))

    assert "without end" in str(fault(endless)[0])


def test_nothing_that_listens_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with model_at(f"http://127.0.0.1:{port}/v1") as model:
        with pytest.raises(ModelUnavailable, match="Nothing answers at 127") as caught:
            model.stream(ASKED)
        check(caught.value)


def test_a_host_without_an_address_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with model_at("http://model.invalid:8000/v1") as model:
        with pytest.raises(ModelUnavailable, match="no host model") as caught:
            model.stream(ASKED)
        check(caught.value)


def test_a_proxy_is_not_asked_for_this_machine_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with Server([GOOD]) as server, model_at(server.base_url) as model:
        assert model.complete(ASKED)[0] == "Ali came. [1]"


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream"])
def test_a_reply_under_a_wrong_label_is_read(kind: str) -> None:
    with Server([reply("Ali", kind=kind)]) as server, model_at(server.base_url) as model:
        assert model.complete(ASKED)[0] == "Ali"


def test_a_server_that_counts_no_tokens_is_no_fault() -> None:
    with Server([reply("Ali", usage=False)]) as server, model_at(server.base_url) as model:
        assert model.complete(ASKED) == ("Ali", None)


@pytest.mark.parametrize("field", ["stream_options", "temperature", "max_tokens"])
@pytest.mark.parametrize("status", [400, 422])
def test_a_field_that_the_server_does_not_know_is_left_out_from_then_on(
    field: str, status: int
) -> None:
    error = {"message": f"Unknown parameter: '{field}'.", "param": field}
    acts = [refusal(status, error), GOOD]
    with Server(acts) as server, model_at(server.base_url) as model:
        for _ in range(2):
            assert model.complete(ASKED, max_tokens=9)[0] == "Ali came. [1]"
    assert [field in seen.body for seen in server.seen] == [True, False, False]
    assert [9 in seen.body.values() for seen in server.seen] == [True, True, True]


def test_a_server_that_refuses_every_field_is_not_asked_for_ever() -> None:
    every = "stream_options temperature max_tokens max_completion_tokens model messages"
    error, server, _ = fault(refusal(400, {"message": every}))
    assert type(error) is ReplyError
    assert len(server.seen) == 3


def test_a_long_reply_that_is_cut_at_the_limit_is_told_by_its_reason() -> None:
    cut_short = reply("Ali came", finish="length")
    with Server([cut_short]) as server, model_at(server.base_url) as model:
        with model.stream(ASKED) as answer:
            assert list(answer) == ["Ali came"]
        assert answer.finish_reason == "length"
        with pytest.raises(ReplyError, match="cut off after 256 tokens") as caught:
            model.complete(ASKED)
        check(caught.value)


def test_json_is_asked_for_by_its_schema_and_checked() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    acts = [reply('{"a"', ": 1}"), reply("Sure! {")]
    with Server(acts) as server, model_at(server.base_url) as model:
        assert model.complete(ASKED, schema=schema)[0] == '{"a": 1}'
        with pytest.raises(ReplyError, match="JSON") as caught:
            model.complete(ASKED, schema=schema)
        check(caught.value)
    assert server.seen[0].body["response_format"]["json_schema"]["schema"] == schema


def test_a_server_of_ones_own_needs_no_key() -> None:
    with Server([GOOD]) as server, OpenAIModel("scripted", server.base_url) as model:
        assert model.complete(ASKED)[0] == "Ali came. [1]"


@pytest.mark.parametrize("key", [None, "", "  "])
@pytest.mark.parametrize("address", [None, "https://api.openai.com/v1/"])
def test_openai_without_a_key_is_refused_before_anything_is_sent(
    address: str | None, key: str | None
) -> None:
    with pytest.raises(ModelSetupError, match="Set OPENAI_API_KEY"):
        OpenAIModel(base_url=address, api_key=key)


@pytest.mark.parametrize("key", [f"{KEY} x", f"{KEY}\nx", f"{KEY}é", "Schlüssel" + KEY])
def test_a_key_that_no_header_can_carry_is_not_repeated(key: str) -> None:
    with pytest.raises(ModelSetupError) as caught:
        OpenAIModel(api_key=key)
    check(caught.value)


def test_blanks_around_a_key_are_no_part_of_it() -> None:
    with Server([GOOD]) as server, OpenAIModel("m", server.base_url, f" {KEY}\r\n") as model:
        model.complete(ASKED)
    assert server.seen[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "address", ["localhost:11434", "ftp://host/v1", "http://", "http://h:x/v1", "http://a b/v1"]
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ModelSetupError, match="OPENAI_BASE_URL"):
        model_at(address)


def test_a_password_in_the_address_is_not_shown() -> None:
    with Server([refusal(500)]) as server:
        address = server.base_url.replace("://", "://ali:geheim@")
        with model_at(address, max_retries=0) as model, pytest.raises(ModelError) as caught:
            model.stream(ASKED)
    assert not [text for text in texts(caught.value) if "geheim" in text]


def test_what_is_sent_to_openai_itself_fits_its_models() -> None:
    fields = OpenAIModel(api_key=KEY)._fields(50, None)
    assert fields == {
        "stream_options": {"include_usage": True},
        "reasoning_effort": "none",
        "max_completion_tokens": 50,
    }


def test_the_default_model_is_on_the_list_of_the_sdk() -> None:
    from openai.types.shared.chat_model import ChatModel

    assert DEFAULT_MODEL in get_args(ChatModel)


def test_the_sdk_is_not_loaded_before_a_model_is_asked(tmp_path: Path) -> None:
    program = (
        "import sys, qabot.build, qabot.llm\n"
        "qabot.llm.OpenAIModel(api_key='k').close()\n"
        "assert not {'openai', 'httpx2', 'httpx'} & set(sys.modules)"
    )
    environment = {**os.environ, "QABOT_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
