"""A vector store filled in a process of its own is whole, or the error says why there is none."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from index_support import EMBEDDER

from qabot.errors import StorageError
from qabot.filling import Filling, FillingProcess
from qabot.seals import check_seal
from qabot.stores import NewStore
from qabot.vector_rows import Rows
from qabot.vectors import VectorStore

COUNT = 60


def rows(start: int = 0) -> Rows:
    """Some passages that are not embedded yet; one has text that no codec takes."""
    numbers = range(start, start + COUNT)
    texts = [f"On day {number} it walked \N{SNOWMAN} miles" for number in numbers]
    fields = [{"document_id": f"d{number % 3}", "text": text} for number, text in enumerate(texts)]
    whole = [
        f"Walks {text}{'!' * (number % 7)}" for number, text in zip(numbers, texts, strict=True)
    ]
    return Rows([f"p{number}" for number in numbers], fields, to_embed=whole)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[FillingProcess]:
    with FillingProcess(tmp_path / "store", EMBEDDER.fingerprint) as filling:
        yield filling


def tables(folder: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(folder / "chroma.sqlite3")) as database:
        return sorted(database.execute("SELECT name, sql FROM sqlite_master").fetchall())


def test_it_holds_what_one_that_is_filled_here_holds(
    tmp_path: Path, process: FillingProcess
) -> None:
    with Filling(tmp_path / "here", EMBEDDER.fingerprint) as here:
        for filling in (process, here):
            filling.write(rows().embedded(EMBEDDER))
            filling.complete(rows(COUNT).embedded(EMBEDDER))
            check_seal(tmp_path / ("here" if filling is here else "store"), filling.finish())
    names, model = ("store", "here"), EMBEDDER.fingerprint
    there, own = (list(VectorStore(tmp_path / name, model).rows()) for name in names)
    expected = [*rows().to_embed, *rows(COUNT).to_embed]
    for one, other in zip(there, own, strict=True):
        assert (one.ids, one.fields) == (other.ids, other.fields)
        assert np.array_equal(one.vectors, other.vectors)
        assert np.allclose(one.vectors, EMBEDDER.embed(expected[: len(one)]), atol=1e-6)
        expected = expected[len(one) :]
    assert tables(tmp_path / "store") == tables(tmp_path / "here")


def test_its_end_is_met_with_what_to_do(process: FillingProcess) -> None:
    process.write(rows().embedded(EMBEDDER))
    process._process.kill()
    with pytest.raises(StorageError, match="run the command again"):
        process.finish()


def test_what_goes_wrong_there_is_said_here(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    place = tmp_path / "file" / "store"
    with (
        FillingProcess(place, EMBEDDER.fingerprint) as filling,
        pytest.raises(StorageError, match="Cannot write"),
    ):
        filling.finish()


def test_it_ends_when_the_one_that_began_it_is_gone(process: FillingProcess) -> None:
    process.write(rows().embedded(EMBEDDER))
    process._sender.shutdown()
    assert process._process.stdin
    process._process.stdin.close()
    assert process._process.wait(timeout=60) == 0
    assert process._process.stdout
    assert process._process.stdout.read() == b""


def test_a_store_takes_passages_with_their_vectors_and_without(tmp_path: Path) -> None:
    with NewStore(tmp_path, EMBEDDER) as store:
        store.add(rows().embedded(EMBEDDER))
        store.add(rows(COUNT))
        store.add(rows())  # which it has
        (stored,) = store.finish()
    assert stored.passages == 2 * COUNT
    (held,) = VectorStore(tmp_path / stored.name, EMBEDDER.fingerprint).rows()
    assert list(held.ids) == [*rows().ids, *rows(COUNT).ids]
    wanted = EMBEDDER.embed([*rows().to_embed, *rows(COUNT).to_embed])
    assert np.allclose(held.vectors, wanted, atol=1e-6)


def test_fewer_passages_than_expected_are_kept_and_none_makes_no_store(tmp_path: Path) -> None:
    with NewStore(tmp_path, EMBEDDER) as store:
        store.expect_many()
        store.add(rows())
        (stored,) = store.finish()
    (held,) = VectorStore(tmp_path / stored.name, EMBEDDER.fingerprint).rows()
    assert list(held.ids) == list(rows().ids)
    with NewStore(tmp_path, EMBEDDER) as store:
        store.expect_many()
        assert store.finish() == []


@pytest.mark.parametrize("count", [1_500, 2_500, 4_500])
def test_chroma_has_every_passage_of_a_store_in_its_graph(tmp_path: Path, count: int) -> None:
    vectors = np.random.default_rng(0).normal(size=(count, 4)).astype(np.float32)
    ids, fields = [f"p{number}" for number in range(count)], [{"document_id": "d"}] * count
    with NewStore(tmp_path, EMBEDDER) as store:
        for start in range(0, count, 500):
            store.add(Rows(ids, fields, vectors).cut(start, start + 500))
        (stored,) = store.finish()
    with closing(sqlite3.connect(tmp_path / stored.name / "chroma.sqlite3")) as database:
        ((waiting,),) = database.execute("SELECT count(*) FROM embeddings_queue").fetchall()
    assert waiting <= 1  # the last row stays there once it is saved
