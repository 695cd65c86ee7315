"""An index changes its embedding model as a whole, or stays as it was; it never mixes two."""

from __future__ import annotations

import shutil
import signal
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from index_support import (
    EMBEDDER,
    catalog_rows,
    finish,
    index_folder,
    ingest_into,
    python,
    was_killed,
    write_articles,
)
from llm_support import Act, Exchange, Server, cut, refusal, silent
from test_llm import short_waits
from test_local import needs_model
from test_remote_embed import embedder_at, good, real_model, sent

from qabot.bot import Bot
from qabot.catalog import Catalog
from qabot.errors import (
    IndexCorrupt,
    IndexLocked,
    IndexOutdated,
    IndexProblem,
    ModelError,
    ModelUnavailable,
)
from qabot.index import FORMAT, Index
from qabot.ingest import ingest
from qabot.nodes import node_of
from qabot.protocols import Embedder
from qabot.rebuild import made_with, reembed
from qabot.remote_embed import RemoteEmbedder
from qabot.storage import catalog_path, locked, store_folders

__all__ = ["real_model", "short_waits"]  # fixtures

QUESTION = "What did the zebra paint?"


def the_index(home: Path, embedder: Embedder) -> Any:
    return closing(Index(index_folder(home), embedder))


def check_index(home: Path, embedder: Embedder, count: int) -> None:
    """The index is of this embedder alone, has nothing beside it, and answers."""
    assert made_with(index_folder(home)) == embedder.fingerprint
    assert {path.name for path in home.iterdir()} == {"index", "index.lock"}
    with the_index(home, embedder) as index:
        assert len(index.catalog.versions()) == count
        assert index.vectors is not None
        (store,) = index.vectors
        (collection,) = store._client.list_collections()
        found = collection.get(include=["embeddings", "documents", "metadatas"])
        assert sorted(found["ids"]) == sorted(
            index.catalog.passage_ids(list(index.catalog.versions()))
        )
        rows = map(node_of, found["documents"], found["metadatas"])
        embedded = ["\n".join([row["title"], "", text]) for text, row in rows]
        assert np.allclose(found["embeddings"], embedder.embed(embedded), atol=1e-6)
        answer = Bot(index, EMBEDDER).ask(QUESTION)
    assert answer.status == "answered"
    assert "painted apples" in answer.text


@pytest.fixture
def animals(home: Path, tmp_path: Path) -> Path:
    """A home with an index of three articles, made with WordLlama."""
    ingest_into(home, *write_articles(tmp_path / "articles", "zebra", "walrus", "heron"))
    return home


def test_another_embedder_embeds_every_article_again(animals: Path) -> None:
    folder, told, steps = index_folder(animals), [], []
    check_index(animals, EMBEDDER, 3)
    before = catalog_rows(animals)
    with Server([good]) as server, embedder_at(server.base_url) as embedder:
        done = reembed(folder, embedder, told.append, lambda *step: steps.append(step))
        assert done is not None
        assert (done.documents, done.set_aside) == (3, None)
        check_index(animals, embedder, 3)
        assert reembed(folder, embedder, told.append) is None
    assert told == [
        f"Embedding the articles (3) again, with {embedder.fingerprint} instead of "
        "wordllama-l2_supercat-256 ..."
    ]
    assert [step[:2] for step in steps] == [(0, 3), (1, 3), (2, 3)]
    after = catalog_rows(animals)
    assert [row[2:6] for row in after["documents"]] == [row[2:6] for row in before["documents"]]
    assert after["postings"] == before["postings"]
    assert reembed(folder, EMBEDDER, told.append) is not None
    check_index(animals, EMBEDDER, 3)


def test_articles_are_added_to_a_changed_index_with_its_own_embedder(
    animals: Path, tmp_path: Path
) -> None:
    with Server([good]) as server, embedder_at(server.base_url) as embedder:
        reembed(index_folder(animals), embedder, lambda line: None)
        with the_index(animals, embedder) as index:
            report = ingest(index, [*write_articles(tmp_path / "articles", "zebra", "otter")])
        assert (report.added, report.unchanged) == (["otter"], ["zebra"])
        check_index(animals, embedder, 4)


def test_an_index_that_is_open_while_its_embedder_changes_is_not_mixed(
    animals: Path, tmp_path: Path
) -> None:
    with Server([good]) as server, embedder_at(server.base_url) as embedder:
        with the_index(animals, EMBEDDER) as index:
            reembed(index_folder(animals), embedder, lambda line: None)
            with pytest.raises(IndexOutdated):
                index.dense(EMBEDDER.embed([QUESTION])[0], 3)
            with pytest.raises(IndexOutdated):
                ingest(index, write_articles(tmp_path / "articles", "otter"))
        check_index(animals, embedder, 3)


@pytest.mark.parametrize(
    "acts",
    [[refusal(401)], [good, refusal(500)], [good, silent], [good, sent([1.0])], [good, cut]],
    ids=["at once", "half-way", "silent", "another size", "broken off"],
)
def test_a_server_that_fails_leaves_the_old_index_as_it_was(
    animals: Path, acts: list[Act], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qabot.writer._BATCH_DOCUMENTS", 1)
    before = catalog_rows(animals)
    stores = store_folders(index_folder(animals))
    hasty = {"timeout": 0.3, "max_retries": 0}
    with Server(acts) as server, embedder_at(server.base_url, **hasty) as embedder:
        for _ in range(2):
            with pytest.raises(ModelError):
                reembed(index_folder(animals), embedder, lambda line: None)
    assert catalog_rows(animals) == before
    assert store_folders(index_folder(animals)) == stores
    check_index(animals, EMBEDDER, 3)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs POSIX signals")
def test_a_process_killed_half_way_leaves_the_old_index_and_the_next_one_finishes(
    animals: Path,
) -> None:
    program = (
        "import sys, qabot.index\n"
        "from pathlib import Path\n"
        "from qabot.rebuild import reembed\n"
        "from qabot.remote_embed import RemoteEmbedder\n"
        "qabot.writer._BATCH_DOCUMENTS = 1\n"
        "reembed(Path(sys.argv[1]), RemoteEmbedder('scripted', sys.argv[2], 'k'), print)\n"
    )
    folder, processes = index_folder(animals), []

    def kills(exchange: Exchange) -> None:
        processes[0].kill()

    with Server([good, kills, good]) as server:
        processes.append(python(animals, program, str(folder), server.base_url))
        assert was_killed(finish(processes[0])[0])
        assert made_with(folder) == EMBEDDER.fingerprint
        assert (animals / "index.new").exists()
        with the_index(animals, EMBEDDER) as index:
            assert Bot(index, EMBEDDER).ask(QUESTION).status == "answered"
        with embedder_at(server.base_url) as embedder:
            assert reembed(folder, embedder, lambda line: None) is not None
            check_index(animals, embedder, 3)


def test_a_server_that_is_down_when_asked_is_said_so(animals: Path) -> None:
    with Server([good]) as server:
        embedder = embedder_at(server.base_url, max_retries=0)
        reembed(index_folder(animals), embedder, lambda line: None)
    with embedder, the_index(animals, embedder) as index:
        bot = Bot(index, EMBEDDER)
        with pytest.raises(ModelUnavailable, match="Nothing answers"):
            bot.ask(QUESTION)


def test_a_server_whose_model_was_replaced_is_met_with_the_remedy(animals: Path) -> None:
    with Server([good]) as server, embedder_at(server.base_url) as embedder:
        reembed(index_folder(animals), embedder, lambda line: None)
        server.acts = [sent([1.0, 0.0])]
        with embedder_at(server.base_url) as other, the_index(animals, other) as index:
            bot = Bot(index, EMBEDDER)
            with pytest.raises(IndexProblem, match="--rebuild"):
                bot.ask(QUESTION)


def test_an_empty_index_changes_its_embedder_without_a_word_or_a_request(home: Path) -> None:
    folder = index_folder(home)
    Index(folder, EMBEDDER, create=True).close()
    with Server([good]) as server, embedder_at(server.base_url) as embedder:
        assert reembed(folder, embedder, pytest.fail) is not None
        with the_index(home, embedder) as index:
            assert not index.is_used
    assert made_with(folder) == embedder.fingerprint
    assert not server.seen


def test_where_there_is_no_index_there_is_nothing_to_do(home: Path) -> None:
    assert made_with(index_folder(home)) is None
    assert reembed(index_folder(home), EMBEDDER, pytest.fail) is None
    assert not home.exists()


def test_an_index_that_another_process_writes_to_is_waited_for_or_said_so(animals: Path) -> None:
    embedder = RemoteEmbedder("scripted", "http://127.0.0.1:9/v1")
    with locked(index_folder(animals)), pytest.raises(IndexLocked):
        reembed(index_folder(animals), embedder, pytest.fail)


def test_a_damaged_index_is_not_embedded_but_left_to_a_rebuild(animals: Path) -> None:
    folder = index_folder(animals)
    with closing(Catalog(catalog_path(folder))) as catalog:
        catalog._db.execute("UPDATE documents SET sha256 = 'altered' WHERE id = 'zebra'")
    (store,) = store_folders(folder)
    shutil.rmtree(store)
    before = catalog_rows(animals)
    with pytest.raises(IndexCorrupt, match="--rebuild"):
        reembed(folder, RemoteEmbedder("m", "http://127.0.0.1:9/v1"), pytest.fail)
    assert catalog_rows(animals) == before
    catalog_path(folder).write_bytes(b"garbage" * 1_000)
    assert made_with(folder) is None
    assert reembed(folder, EMBEDDER, pytest.fail) is None


def test_an_index_of_another_version_is_not_touched(animals: Path) -> None:
    folder = index_folder(animals)
    with closing(Catalog(catalog_path(folder))) as catalog:
        catalog.write_meta({"format": FORMAT + "9"})
    assert reembed(folder, RemoteEmbedder("m", "http://127.0.0.1:9/v1"), pytest.fail) is None
    with pytest.raises(IndexOutdated, match="another version"):
        Index(folder, EMBEDDER)


@needs_model
def test_an_index_is_changed_to_a_real_model_and_answers(
    animals: Path, real_model: RemoteEmbedder
) -> None:
    assert reembed(index_folder(animals), real_model, lambda line: None) is not None
    with the_index(animals, real_model) as index:
        assert Bot(index, EMBEDDER).ask(QUESTION).status == "answered"
        found = index.dense(real_model.embed(["The zebra painted apples."])[0], 3)
        passages = index.catalog.passages([identifier for identifier, _ in found])
    assert found[0][1] > 0.8
    assert passages[found[0][0]].document_id == "zebra"
