"""Where a Chroma server searches words and meaning itself, it is asked for both in one call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from chromadb.errors import ChromaError, InvalidArgumentError
from index_support import ANIMALS, EMBEDDER, article_text
from server_support import Chroma, put_at, server_index
from server_support_relay import Relay
from server_support_search import SearchingServer, searching_server

from qabot import chroma_collections, open_bot
from qabot.addresses import ServerAddress
from qabot.bot import Bot
from qabot.chroma_search import found_together
from qabot.errors import IndexUnavailable
from qabot.filters import Filters
from qabot.retrieve import retrieve
from qabot.server_index import ServerIndex
from qabot.settings import Settings
from qabot.types import Document, Leg, Origin

QUESTION = "What did the zebra paint?"
WORDINGS = [["zebra"], ["apples", "garden"], ["stone-bridge"], ["!"], ["unheard"]]


@pytest.fixture(scope="module")
def server(chroma: Chroma) -> Iterator[tuple[Relay, SearchingServer]]:
    with searching_server(f"http://127.0.0.1:{chroma.port}") as server:
        yield server


@pytest.fixture
def searched(server: tuple[Relay, SearchingServer]) -> SearchingServer:
    server[1].searches.clear()
    return server[1]


@pytest.fixture
def database(server: tuple[Relay, SearchingServer], chroma: Chroma) -> str:
    relay, _ = server
    return relay.place + chroma.database().removeprefix(relay.target)


def bot_at(database: str, home: Path) -> Bot:
    return open_bot(Settings(home=home, chroma=ServerAddress.parse(database)))


def put_animals(database: str, home: Path, *animals: str) -> None:
    documents = [
        Document(animal, f"Life of the {animal}", f"/{animal}.txt", article_text(animal))
        for animal in animals
    ]
    put_at(database, home, *documents)


def documents_of(index: ServerIndex, leg: Leg) -> list[str]:
    """The documents whose passages a leg has found, the best first."""
    passages = index.catalog.passages([identifier for identifier, _ in leg])
    return [passages[identifier].document_id for identifier, _ in leg]


def legs_at(index: ServerIndex, wordings: Sequence[Sequence[str]], limit: int = 30) -> list[Leg]:
    return index.legs(EMBEDDER.embed([QUESTION])[0], wordings, limit)


def test_a_question_is_one_call_for_words_and_meaning(
    searched: SearchingServer, database: str, tmp_path: Path
) -> None:
    put_animals(database, tmp_path / "one", "zebra", "walrus", "heron")
    with closing(bot_at(database, tmp_path / "two")) as bot:
        answer = bot.ask(QUESTION)
    (calls,) = searched.searches
    assert [one["rank"]["$knn"]["key"] for one in calls] == ["#embedding", "words", "words"]
    assert answer.status == "answered"
    assert {citation.document_id for citation in answer.citations} == {"zebra"}
    assert answer.explanation is not None
    assert answer.explanation.hits[0].lexical
    assert answer.explanation.hits[0].dense


def test_it_finds_what_the_copy_would(
    searched: SearchingServer, database: str, tmp_path: Path
) -> None:
    put_animals(database, tmp_path, "zebra", "walrus", "heron")
    with server_index(database, tmp_path) as index:
        assert index.searches_words
        nearest, *found = legs_at(index, WORDINGS)
        assert nearest == index.dense(EMBEDDER.embed([QUESTION])[0], 30)
        for words, leg in zip(WORDINGS, found, strict=True):
            own = index.catalog.search(words, 30)
            assert sorted(identifier for identifier, _ in leg) == sorted(one for one, _ in own)
        assert documents_of(index, found[0])[0] == "zebra"
        assert found[3:] == [[], []]
        assert legs_at(index, WORDINGS[:1], limit=1)[1] == found[0][:1]


def test_retrieval_ranks_as_it_does_with_the_copy(
    searched: SearchingServer, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_animals(database, tmp_path, *ANIMALS)
    with server_index(database, tmp_path) as index:
        questions = [f"What did the {animal} paint in the palace?" for animal in ANIMALS]
        there = [retrieve(question, index, 8, 12_000) for question in questions]
        assert all(len(calls) == 3 for calls in searched.searches)
        searched.searches.clear()
        monkeypatch.setattr(ServerIndex, "searches_words", False)
        here = [retrieve(question, index, 8, 12_000) for question in questions]
        assert all(len(calls) == 1 for calls in searched.searches)
    for found, own in zip(there, here, strict=True):
        assert found[0].passage == own[0].passage
        assert found[0].dense == pytest.approx(own[0].dense)


def test_passages_that_do_not_count_are_neither_found_nor_in_the_way(
    searched: SearchingServer, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_animals(database, tmp_path, "zebra", "walrus")
    with server_index(database, tmp_path) as index:
        monkeypatch.setattr(chroma_collections, "_OVER", 1)
        others = [f"{name}{number}" for name in ANIMALS[2:] for number in range(4)]
        with index.writing() as writer:
            monkeypatch.setattr(writer, "_claim", lambda *given: pytest.fail("killed"))
            with pytest.raises(pytest.fail.Exception):
                writer.put([Document(one, one, one, article_text("zebra")) for one in others])
        nearest, words = legs_at(index, [["zebra"]], limit=3)
        assert set(documents_of(index, nearest)) <= {"zebra", "walrus"}
        assert set(documents_of(index, words)) == {"zebra"}


def test_filters_hold_there(searched: SearchingServer, database: str, tmp_path: Path) -> None:
    put_at(
        database,
        tmp_path,
        *(
            Document(name, name, name, article_text("zebra"), Origin(date=day))
            for name, day in [("older", "2025-01-01"), ("newer", "2026-01-01")]
        ),
    )
    with closing(bot_at(database, tmp_path)) as bot:
        answer = bot.ask(QUESTION, filters=Filters(since=date(2025, 6, 1)))
    assert {citation.document_id for citation in answer.citations} == {"newer"}
    (calls,) = searched.searches
    assert all(one["filter"] == {"document_id": {"$in": ["newer"]}} for one in calls)


def test_while_the_server_is_away_the_copy_answers_by_words(
    server: tuple[Relay, SearchingServer],
    database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put_animals(database, tmp_path, "zebra", "walrus")
    with closing(bot_at(database, tmp_path)) as bot:
        monkeypatch.setattr(server[0], "misbehave", lambda path: (503, b""))
        answer = bot.ask(QUESTION)
    assert {citation.document_id for citation in answer.citations} == {"zebra"}
    assert any("only words are compared" in note for note in answer.notes)


def test_an_index_made_without_it_stays_as_it_is(
    searched: SearchingServer, server: tuple[Relay, SearchingServer], chroma: Chroma, tmp_path: Path
) -> None:
    plain = chroma.database()
    put_animals(plain, tmp_path / "one", "zebra")
    database = server[0].place + plain.removeprefix(server[0].target)
    put_animals(database, tmp_path / "two", "walrus")
    with server_index(database, tmp_path / "two") as index:
        assert not index.searches_words
        _, words = legs_at(index, [["painted"]])
        assert set(documents_of(index, words)) == {"zebra", "walrus"}
    assert not searched.searches


def test_a_real_server_that_lacks_it_reads_the_call_and_is_asked_for_vectors_alone(
    chroma: Chroma, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = chroma.database()
    put_animals(database, tmp_path, "zebra", "walrus")
    with server_index(database, tmp_path) as index:
        assert not index.searches_words
        work = index._asked.collections(EMBEDDER.fingerprint, create=False)
        assert work is not None
        vector = EMBEDDER.embed([QUESTION])[0]
        with pytest.raises(InvalidArgumentError, match="indexing is disabled"):
            found_together(work._passages, vector, WORDINGS, 9, {"document_id": {"$in": ["zebra"]}})
        with pytest.raises(ChromaError, match="not implemented for local"):
            found_together(work._passages, vector, [], 9, None)
        work.searches_words = True  # as where a collection was brought over from another server
        monkeypatch.setattr(index, "_questions", work)
        nearest, words = legs_at(index, [["zebra"]])
        assert documents_of(index, nearest)[0] == documents_of(index, words)[0] == "zebra"
        assert not index.searches_words
        assert not index.trouble


def test_an_index_is_not_made_without_words_because_a_server_just_fails(
    server: tuple[Relay, SearchingServer],
    database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failing = b'{"error":"ChromaError","message":"log service unavailable"}'
    made = lambda path: (500, failing) if path.endswith("/collections") else None  # noqa: E731
    with monkeypatch.context() as patched:
        patched.setattr(server[0], "misbehave", made)
        with pytest.raises(IndexUnavailable, match="log service unavailable"):
            put_animals(database, tmp_path, "zebra")
    put_animals(database, tmp_path, "zebra")
    with server_index(database, tmp_path) as index:
        assert index.searches_words


def test_any_llamaindex_program_can_open_it(database: str, tmp_path: Path) -> None:
    from llama_index.core import VectorStoreIndex
    from llama_index.vector_stores.chroma import ChromaVectorStore

    from qabot.llamaindex import EmbeddingAdapter

    put_animals(database, tmp_path, "zebra", "walrus")
    with server_index(database, tmp_path) as index, index.writing() as writer:
        store = ChromaVectorStore(chroma_collection=writer._collections._passages)
        opened = VectorStoreIndex.from_vector_store(store, embed_model=EmbeddingAdapter(EMBEDDER))
        (node,) = opened.as_retriever(similarity_top_k=1).retrieve(QUESTION)
        assert "zebra" in node.text
