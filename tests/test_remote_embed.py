"""Embeddings from a real HTTP server: what is sent, a line for each fault, and no key in any."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from index_support import EMBEDDER
from llm_support import Act, Exchange, Server, cut, raw, refusal, silent
from test_llm import KEY, check, short_waits, texts
from test_local import MODEL, needs_model

from qabot.errors import (
    ContextOverflow,
    ModelError,
    ModelSetupError,
    ModelUnavailable,
    ReplyError,
)
from qabot.local import _await
from qabot.remote_embed import RemoteEmbedder, embedder_of

__all__ = ["short_waits"]  # the SDK's unit of waiting, and no setting of the caller's


def sent(*vectors: Any, first: int = 0) -> Act:
    """A reply with these vectors, numbered from ``first``."""
    items = [
        {"object": "embedding", "index": number, "embedding": vector}
        for number, vector in enumerate(vectors, start=first)
    ]
    body = {"object": "list", "model": "scripted", "data": items}
    return raw(json.dumps(body), "application/json")


def good(exchange: Exchange) -> None:
    """A small model: each word of a text counts for one of 64 numbers. Sent in reverse order."""
    items = []
    for number, text in enumerate(exchange.body["input"]):
        vector = [0.0] * 63 + [0.5]
        for word in text.lower().replace(".", " ").replace("?", " ").split():
            vector[zlib.crc32(word.encode()) % 64] += 1.0
        items.append({"object": "embedding", "index": number, "embedding": vector})
    body = {"object": "list", "model": "scripted", "data": items[::-1]}
    raw(json.dumps(body), "application/json")(exchange)


def embedder_at(address: str, name: str = "scripted", **settings: Any) -> RemoteEmbedder:
    settings = {"timeout": 5.0, "max_retries": 2, **settings}
    return RemoteEmbedder(name, address, KEY, **settings)


def inputs(server: Server) -> list[list[str]]:
    return [seen.body["input"] for seen in server.seen]


def fault(*acts: Act, asked: int = 1, **settings: Any) -> tuple[ModelError, Server]:
    """What embedding with such a server raises, and the server."""
    with Server(acts) as server, embedder_at(server.base_url, **settings) as embedder:
        with pytest.raises(ModelError) as caught:
            embedder.embed(["word"] * asked)
        check(caught.value)
        assert "--model" not in str(caught.value)
        return caught.value, server


# What is sent, and what comes back


def test_vectors_are_of_length_one_in_the_order_of_the_texts() -> None:
    with Server([good]) as server, embedder_at(server.base_url) as embedder:
        vectors = embedder.embed(["a zebra", "", "a walrus", " \n\t"])
        alone = embedder.embed(["a walrus"])
    assert vectors.dtype == np.float32
    assert vectors.shape == (4, 64)
    assert np.allclose(np.linalg.norm(vectors, axis=1), [1, 0, 1, 0])
    assert np.array_equal(vectors[2], alone[0])
    request = server.seen[0]
    assert request.path == "/v1/embeddings"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.body == {
        "model": "scripted",
        "input": ["a zebra", "a walrus"],
        "encoding_format": "float",
    }


def test_blank_texts_are_not_asked_about() -> None:
    with Server([good]) as server, embedder_at(server.base_url) as embedder:
        assert embedder.embed([]).shape == (0, 0)
        assert embedder.embed(["", " \n"]).shape == (2, 0)
        embedder.embed(["word"])
        assert np.array_equal(embedder.embed(["", "\0"]), np.zeros((2, 64)))
    assert len(server.seen) == 1


def test_many_texts_go_in_requests_that_openai_takes() -> None:
    words = [f"word{number}" for number in range(300)]
    with Server([good]) as server, embedder_at(server.base_url) as embedder:
        vectors = embedder.embed(words)
        assert np.array_equal(vectors[299], embedder.embed(["word299"])[0])
        embedder.embed(["word " * 1_600] * 40)
    assert [len(request) for request in inputs(server)] == [128, 128, 44, 1, 31, 9]
    assert all(sum(map(len, request)) <= 250_000 for request in inputs(server))


@pytest.mark.parametrize("letter", ["a", "é", "ش", "𝔸"])
def test_of_a_text_of_megabytes_the_beginning_is_sent(letter: str) -> None:
    with Server([good]) as server, embedder_at(server.base_url) as embedder:
        embedder.embed([letter * 5_000_000])
    ((text,),) = inputs(server)
    assert set(text) == {letter}
    assert 7_996 < len(text.encode()) <= 8_000


@pytest.fixture(scope="module")
def small_model() -> Iterator[RemoteEmbedder]:
    with Server([good]) as server, embedder_at(server.base_url) as embedder:
        embedder.embed(["word"])
        yield embedder


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=40), max_size=5))
def test_any_texts_get_a_vector_each(small_model: RemoteEmbedder, asked: list[str]) -> None:
    vectors = small_model.embed(asked)
    assert vectors.shape == (len(asked), 64)
    lengths = np.linalg.norm(vectors, axis=1)
    blank = [not text.replace("\0", " ").strip() for text in asked]
    assert np.allclose(lengths, [0.0 if is_blank else 1.0 for is_blank in blank])


def test_several_threads_may_ask_at_once(small_model: RemoteEmbedder) -> None:
    words = [f"word{number}" for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda word: small_model.embed([word])[0], words))
    assert np.array_equal(np.stack(together), small_model.embed(words))


def test_a_closed_embedder_opens_again_when_asked() -> None:
    with Server([good]) as server, embedder_at(server.base_url) as embedder:
        embedder.embed(["word"])
        embedder.close()
        assert embedder.embed(["word"]).any()


# Faults


@pytest.mark.parametrize(
    ("act", "kind", "says"),
    [
        (refusal(401, {"message": "Incorrect API key: {key}"}), ModelSetupError, "OPENAI_API_KEY"),
        (refusal(403, {"message": "{key} may not"}), ModelSetupError, "OPENAI_API_KEY"),
        (refusal(404, {"message": "no model `scripted`"}), ModelSetupError, "no embedding model"),
        (raw("<h1>Not Found</h1>", "text/html", status=404), ModelSetupError, "/v1"),
        (refusal(405), ModelSetupError, "/v1"),
        (refusal(429, {"message": "exceeded your current quota"}), ModelSetupError, "no credit"),
        (refusal(429, {"message": "Slow down {key}"}), ModelUnavailable, "no more requests"),
        (refusal(500, {"message": "{key}"}), ModelUnavailable, "trouble (500)"),
        (raw("<h1>Bad gateway</h1>", "text/html", status=502), ModelUnavailable, "trouble (502)"),
        (refusal(400, {"message": "{key} is odd"}), ReplyError, "refuses"),
        (refusal(501, {"message": "no embeddings here"}), ModelUnavailable, "trouble (501)"),
        (cut, ModelUnavailable, "broke"),
        (lambda exchange: None, ModelUnavailable, "broke"),
        (raw("<html>Sign in</html>", "text/html"), ModelSetupError, "does not speak"),
        (raw("", "application/json"), ModelSetupError, "does not speak"),
        (raw('{"data": [{"ind', "application/json"), ModelSetupError, "does not speak"),
        (raw("[" * 200_000, "application/json"), ModelSetupError, "does not speak"),
        (raw("[1, 2]", "application/json"), ModelSetupError, "does not speak"),
        (raw('{"data": 3}', "application/json"), ModelSetupError, "does not speak"),
        (raw('{"data": [3]}', "application/json"), ModelSetupError, "does not speak"),
        (raw('{"data": [{"index": 0}]}', "application/json"), ModelSetupError, "does not speak"),
        (raw('{"error": "{key}"}', "application/json"), ModelSetupError, "does not speak"),
        (raw("\xff\xfe", "application/json"), ModelSetupError, "does not speak"),
    ],
)
def test_each_fault_of_a_server_has_a_line_that_says_what_to_do(
    act: Act, kind: type[ModelError], says: str
) -> None:
    error, _ = fault(act)
    assert type(error) is kind
    assert says in str(error)
    assert "<" not in str(error)


@pytest.mark.parametrize(
    "act",
    [
        sent(),
        sent([1.0, 2.0]),
        sent([1.0], [1.0], [1.0]),
        sent([1.0], [1.0], first=1),
        sent([1.0, 2.0], [1.0]),
        sent([], []),
        sent(1.0, 2.0),
        sent([[1.0]], [[2.0]]),
        sent([[1.0], [2.0]], [[2.0]]),
        sent("AACAPw==", "AACAPw=="),
        sent(["1.0"], ["2.0"]),
        sent([True], [False]),
        sent([None], [None]),
        sent([{}], [{}]),
        sent([10**400], [1]),
        sent([1.0, float("nan")], [1.0, 1.0]),
        sent([1.0, float("inf")], [1.0, 1.0]),
        sent([1e300, 1e300], [1.0, 1.0]),
        raw('{"data": [{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [1]}]}'),
        raw('{"data": [{"index": "0", "embedding": [1]}, {"index": [], "embedding": [1]}]}'),
        raw('{"data": [{"index": null, "embedding": [1]}, {"index": null, "embedding": [1]}]}'),
    ],
)
def test_vectors_that_cannot_be_used_are_refused(act: Act) -> None:
    error, _ = fault(act, asked=2)
    assert type(error) is ReplyError
    assert "at 127.0.0.1" in str(error)
    assert str(error).endswith(" or set QABOT_EMBEDDING=wordllama.")


def test_whole_numbers_and_a_vector_of_nothing_are_vectors() -> None:
    with Server([sent([3, 4], [0, 0])]) as server, embedder_at(server.base_url) as embedder:
        assert np.allclose(embedder.embed(["a", "b"]), [[0.6, 0.8], [0, 0]])


def test_a_server_that_changes_the_size_of_its_vectors_is_refused() -> None:
    acts = [sent([1.0, 0.0]), sent([1.0, 0.0, 0.0]), sent([0.0, 1.0])]
    with Server(acts) as server, embedder_at(server.base_url) as embedder:
        embedder.embed(["word"])
        with pytest.raises(ReplyError, match=r"3 numbers, no longer of 2.*--rebuild") as caught:
            embedder.embed(["word"])
        check(caught.value)
        assert embedder.embed(["word"]).shape == (1, 2)


def test_silence_has_an_end() -> None:
    error, server = fault(silent, timeout=0.3, max_retries=1)
    assert type(error) is ModelUnavailable
    assert "takes too long" in str(error)
    assert len(server.seen) == 2


def test_a_request_with_its_retries_has_an_end() -> None:
    error, server = fault(refusal(500), longest=0.0, max_retries=50)
    assert "takes too long" in str(error)
    assert len(server.seen) <= 1


def test_a_server_that_is_not_there_is_said_not_to_answer() -> None:
    with Server([good]) as server:
        address = server.base_url
    with embedder_at(address) as embedder, pytest.raises(ModelUnavailable) as caught:
        embedder.embed(["word"])
    check(caught.value)
    assert "Nothing answers at 127" in str(caught.value)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_fault_is_tried_again(status: int) -> None:
    acts = [refusal(status), refusal(status), good]
    with Server(acts) as server, embedder_at(server.base_url) as embedder:
        assert embedder.embed(["word"]).any()
    assert len(server.seen) == 3


def reads_at_most(size: int, status: int, says: str) -> Act:
    """A model that reads so many bytes of a text, and no more than 32 texts at once."""

    def act(exchange: Exchange) -> None:
        asked = exchange.body["input"]
        if len(asked) > 32 or any(len(text.encode()) > size for text in asked):
            refusal(status, {"message": says})(exchange)
        else:
            good(exchange)

    return act


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (400, "This model's maximum context length is 512 tokens"),
        (413, "`inputs` must have less than 512 tokens. Given: 800"),
        (500, "input (800 tokens) is too large to process. increase the physical batch size"),
    ],
)
def test_a_model_that_reads_less_gets_beginnings_and_the_others_whole(
    status: int, says: str
) -> None:
    asked = [*(f"word{number}" for number in range(50)), "word " * 300]
    act = reads_at_most(1_000, status, says)
    with Server([act]) as server, embedder_at(server.base_url) as embedder:
        together = embedder.embed(asked)
        requests = len(server.seen)
        alone = np.concatenate([embedder.embed([text]) for text in asked])
    assert np.array_equal(together, alone)
    assert requests < 20


@pytest.mark.parametrize("status", [400, 500])
def test_a_model_that_reads_next_to_nothing_is_not_asked_for_ever(status: int) -> None:
    act = reads_at_most(50, status, "exceeds the context window")
    with Server([act]) as server, embedder_at(server.base_url) as embedder:
        with pytest.raises(ContextOverflow) as caught:
            embedder.embed(["word " * 1_000])
        check(caught.value)
    assert [len(request[0]) for request in inputs(server)] == [5_000, 2_500, 1_250, 625, 312]


# Keys, names and fingerprints


def test_openai_without_a_key_is_refused_before_anything_is_sent_but_has_its_fingerprint() -> None:
    embedder = RemoteEmbedder("text-embedding-3-small")
    assert embedder.fingerprint == "openai-text-embedding-3-small"
    with pytest.raises(ModelSetupError, match=r"OPENAI_API_KEY.*QABOT_EMBEDDING=wordllama\."):
        embedder.embed(["word"])


def test_a_key_that_no_header_can_carry_is_not_repeated() -> None:
    with pytest.raises(ModelSetupError) as caught:
        RemoteEmbedder("m", api_key=f"{KEY}\nx").embed(["word"])
    check(caught.value)


def test_a_password_in_the_address_is_not_shown() -> None:
    with Server([refusal(500)]) as server:
        address = server.base_url.replace("://", "://ali:geheim@")
        with embedder_at(address, max_retries=0) as embedder:
            assert "geheim" not in embedder.fingerprint
            with pytest.raises(ModelError) as caught:
                embedder.embed(["word"])
    assert not [text for text in texts(caught.value) if "geheim" in text]


@pytest.mark.parametrize("name", ["", " ", "a b", "a\nb", "a\0", "\x1b[31m", "\ud800", "m" * 201])
def test_a_name_that_no_model_has_is_refused(name: str) -> None:
    with pytest.raises(ModelSetupError, match="QABOT_EMBEDDING names no model") as caught:
        RemoteEmbedder(name)
    check(caught.value)


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ModelSetupError, match="OPENAI_BASE_URL"):
        RemoteEmbedder("m", "localhost:8080")


@pytest.mark.parametrize(
    ("name", "address", "fingerprint"),
    [
        ("bge-m3", "http://localhost:8080/v1", "openai-bge-m3@localhost:8080"),
        ("bge-m3", "http://LOCALHOST:8080", "openai-bge-m3@localhost:8080"),
        ("BAAI/bge-m3:f16", "https://vectors.org/v1", "openai-BAAI/bge-m3:f16@vectors.org"),
        ("m", "https://api.openai.com/v1/", "openai-m"),
        ("m@h", None, "openai-m@h@api.openai.com"),
    ],
)
def test_the_fingerprint_names_the_model_and_a_server_that_is_not_openai(
    name: str, address: str | None, fingerprint: str
) -> None:
    assert RemoteEmbedder(name, address).fingerprint == fingerprint


names = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=1)
hosts = st.sampled_from([None, "http://localhost:1", "https://h", "http://[::1]:8/v1"])


@given(names, hosts, names, hosts)
def test_fingerprints_of_different_models_differ_and_lead_back_to_the_model(
    name: str, host: str | None, other: str, elsewhere: str | None
) -> None:
    fingerprint = RemoteEmbedder(name, host).fingerprint
    again = embedder_of(fingerprint, host)
    assert again is not None
    assert (again.name, again.fingerprint) == (name, fingerprint)
    assert (fingerprint == RemoteEmbedder(other, elsewhere).fingerprint) == (
        (name, host) == (other, elsewhere)
    )


def test_an_embedder_of_this_machine_itself_is_none_of_a_server() -> None:
    assert embedder_of(EMBEDDER.fingerprint) is None


def test_a_fingerprint_of_another_server_says_which_address_to_set() -> None:
    with pytest.raises(ModelSetupError, match=r"'bge' at localhost:8080\. Set OPENAI_BASE_URL"):
        embedder_of("openai-bge@localhost:8080", "http://localhost:9090/v1")
    with pytest.raises(ModelSetupError, match=r"'large' at api\.openai\.com"):
        embedder_of("openai-large", "http://localhost:9090/v1")


def test_the_sdk_is_not_loaded_before_a_text_is_embedded() -> None:
    program = (
        "import sys, qabot.remote_embed\n"
        "embedder = qabot.remote_embed.RemoteEmbedder('m', api_key='k')\n"
        "embedder.embed(['', ' ']), embedder.fingerprint, embedder.close()\n"
        "assert not {'openai', 'httpx2', 'httpx'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


# A real model


@pytest.fixture(scope="module")
def real_model() -> Iterator[RemoteEmbedder]:
    """The test model, served for embedding by llama.cpp; it reads 128 tokens."""
    xllamacpp = pytest.importorskip("xllamacpp", reason="the extra qabot[local] is not installed")
    parameters = xllamacpp.CommonParams()
    parameters.model.path = os.fspath(MODEL)
    parameters.n_ctx, parameters.warmup, parameters.verbosity = 128, False, -1
    parameters.embedding = True
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1  # waits are busy
    parameters.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    parameters.api_keys, parameters.endpoint_metrics = [KEY], True
    server = xllamacpp.Server(parameters)
    _await(server.listening_address, KEY)
    with embedder_at(f"{server.listening_address}/v1", timeout=60.0) as embedder:
        yield embedder


@needs_model
def test_a_real_model_finds_related_sentences_nearer_and_reads_the_beginning_of_long_ones(
    real_model: RemoteEmbedder,
) -> None:
    cat, kitten, rates, _, long = vectors = real_model.embed(
        ["A cat sat on the mat.", "The kitten is on the rug.", "Interest rates rose.", " ",
         "word " * 200]
    )  # fmt: skip
    assert np.allclose(np.linalg.norm(vectors, axis=1), [1, 1, 1, 0, 1], atol=1e-5)
    assert cat @ kitten > cat @ rates
    assert np.allclose(long, real_model.embed(["word " * 200])[0], atol=1e-3)
