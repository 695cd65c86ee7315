"""An index of several vector stores answers as one, whatever was added, replaced and removed."""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from index_support import (
    ANIMALS,
    EMBEDDER,
    article_text,
    check_whole,
    index_folder,
    open_index,
    put,
    store_rows,
)

from qabot import llamaindex, stores, writer
from qabot.errors import IndexCorrupt
from qabot.index import Index
from qabot.rebuild import rebuild, recover
from qabot.storage import catalog_path, store_folders
from qabot.stores import Stored, crowded, named, stores_in
from qabot.types import Document

QUESTION = "Who painted apples in the garden?"


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits so small that a few articles fill several stores."""
    monkeypatch.setattr(stores, "SMALL", 3)
    monkeypatch.setattr(writer, "SMALL", 3)
    monkeypatch.setattr(stores, "_MERGED", 3)


def document(name: str, food: str = "apples") -> Document:
    return Document(name, f"Life of the {name}", f"/{name}.txt", article_text(name, food))


def expected(index: Index, limit: int) -> list[tuple[str, float]]:
    """The nearest passages, found by comparing with every one."""
    passages = index.catalog.passages(index.catalog.passage_ids(list(index.catalog.versions())))
    texts = [f"{passage.title}\n\n{passage.text}" for passage in passages.values()]
    cosines = EMBEDDER.embed(texts) @ EMBEDDER.embed([QUESTION])[0]
    ranked = sorted(zip(passages, cosines.tolist(), strict=True), key=lambda one: -one[1])
    return ranked[:limit]


def check_nearest(index: Index, limit: int = 5) -> None:
    """The index finds what a comparison with every passage finds."""
    found = index.dense(EMBEDDER.embed([QUESTION])[0], limit)
    wanted = expected(index, limit)
    assert [cosine for _, cosine in found] == pytest.approx(
        [cosine for _, cosine in wanted], abs=1e-5
    )
    assert len({identifier for identifier, _ in found}) == len(found)
    # What was taken out and put in again may be counted in two stores.
    assert index.vectors is None or index.vectors.count() >= index.catalog.count()


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("seed", range(4))
def test_any_additions_and_removals_leave_what_a_full_comparison_finds(
    home: Path, seed: int
) -> None:
    chance = random.Random(seed)
    most = 0
    with open_index(home) as reader, open_index(home) as index:
        for _ in range(12):
            names = chance.sample(ANIMALS, chance.randrange(1, 4))
            with index.writing() as writing:
                if chance.random() < 0.3:
                    writing.remove(*names)
                else:
                    foods = ("apples", "pears")
                    writing.put(document(name, chance.choice(foods)) for name in names)
            check_nearest(index)
            check_nearest(reader, limit=2)
            most = max(most, len(stores_in(index.catalog.meta())))
    assert most > 1
    check_whole(home)


@pytest.mark.usefixtures("tiny")
def test_many_small_commits_leave_few_stores(home: Path) -> None:
    with open_index(home) as index:
        for number in range(25):
            with index.writing() as writing:
                writing.put([document(f"animal{number}")])
        assert len(store_folders(index_folder(home))) <= 7
        check_nearest(index)
    check_whole(home)


@pytest.mark.usefixtures("tiny")
def test_an_article_removed_and_put_in_again_is_found_once(home: Path) -> None:
    put(home, *map(document, ANIMALS))
    with open_index(home) as index:
        with index.writing() as writing:
            writing.remove("zebra")
        put(home, document("zebra"))
        assert len(stores_in(index.catalog.meta())) == 2
        check_nearest(index, limit=16)
        with index.writing() as writing:
            writing.remove(*ANIMALS[1:])
        check_nearest(index)
        assert {key.split(":")[0] for key in store_rows(home)} == {
            index.catalog.versions()["zebra"]
        }


@pytest.mark.usefixtures("tiny")
def test_more_is_read_where_what_is_gone_was_nearest(home: Path) -> None:
    put(home, *(document(f"animal{number}") for number in range(30)))
    with open_index(home) as index, index.writing() as writing:
        gone = [key for key, _ in expected(index, 12)]
        passages = index.catalog.passages(gone)
        writing.remove(*{passage.document_id for passage in passages.values()})
    with open_index(home) as index:
        assert sum(store.gone for store in stores_in(index.catalog.meta())) > 0
        check_nearest(index, limit=3)


def test_many_passages_are_written_in_parts_and_all_in_the_graph(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "_PART", 200)
    monkeypatch.setattr(stores, "LARGEST", 1_500)
    monkeypatch.setattr(writer, "LARGEST", 1_500)
    monkeypatch.setattr(writer, "_LOT_CHARACTERS", 10_000)
    lines = (f"On day {number} it walked {number} miles and slept." for number in range(4_500))
    days = ["\n\n".join(f"{line} {'And on. ' * 8}" for line in lines)]
    texts = [days[0][start : start + 25_000] for start in range(0, len(days[0]), 25_000)]
    put(home, *(Document(f"d{n}", "Walks", f"/{n}", text) for n, text in enumerate(texts)))
    with open_index(home) as index:
        assert index.vectors
        stored = index.vectors.stored
        assert len(stored) == 3
        assert all(1_500 <= store.passages < 2_250 for store in stored[:-1])
        check_nearest(index)
    for store in stored:
        graph = next((index_folder(home) / store.name).glob("*/length.bin"))
        assert graph.stat().st_size >= 4 * store.passages
    check_whole(home)


@pytest.mark.usefixtures("tiny")
def test_a_lost_catalog_is_made_again_from_all_stores_with_the_newest_versions(home: Path) -> None:
    put(home, *map(document, ANIMALS))
    put(home, document("zebra", "pears"))
    put(home, document("zebra", "plums"))
    catalog_path(index_folder(home)).unlink()
    found = {one.id: one for one in recover(index_folder(home)).documents}
    assert found == {name: document(name) for name in ANIMALS} | {
        "zebra": document("zebra", "plums")
    }
    assert rebuild(index_folder(home), EMBEDDER).documents == len(ANIMALS)
    check_whole(home)


@pytest.mark.usefixtures("tiny")
def test_a_store_that_is_missing_is_met_with_the_remedy(home: Path) -> None:
    put(home, *map(document, ANIMALS))
    put(home, document("bear"))
    with open_index(home) as index:
        check_nearest(index)
        for folder in store_folders(index_folder(home)):
            shutil.move(folder, folder.with_name(f"gone-{folder.name}"))
            with (
                closing(Index(index_folder(home), EMBEDDER)) as other,
                pytest.raises(IndexCorrupt, match="--rebuild"),
            ):
                other.dense(EMBEDDER.embed([QUESTION])[0], 5)
            shutil.move(folder.with_name(f"gone-{folder.name}"), folder)
        check_nearest(index)


def test_a_copied_index_is_taken_for_whole_though_its_files_are_younger(
    home: Path, tmp_path: Path
) -> None:
    put(home, document("zebra"))
    shutil.copytree(home, tmp_path / "copy", copy_function=shutil.copyfile)
    with open_index(tmp_path / "copy") as index:
        check_nearest(index)


@pytest.mark.parametrize("text", ["{", "[1]", '[{"name": "x"}]', "{}x"])
def test_a_garbled_list_of_stores_is_met_with_the_remedy(home: Path, text: str) -> None:
    put(home, document("zebra"))
    with open_index(home) as index:
        index.catalog.write_meta({"stores": text, "state": "other"})
        with pytest.raises(IndexCorrupt, match="--rebuild"):
            index.dense(EMBEDDER.embed([QUESTION])[0], 5)
        with pytest.raises(IndexCorrupt, match="--rebuild"), index.writing():
            pass


def test_stores_are_put_together_by_size_and_written_anew_when_mostly_gone() -> None:
    def sized(*sizes: int, gone: int = 0) -> list[Stored]:
        return [Stored(f"s{n}", size, gone, "", "") for n, size in enumerate(sizes)]

    assert crowded([]) == []
    assert crowded(sized(*[1_500] * 5)) == []
    assert crowded(sized(*[1_500] * 6)) == sized(*[1_500] * 6)
    assert crowded(sized(90_000, *[1_500] * 5, 50)) == []
    assert crowded(sized(*[90_000] * 40)) == []
    assert crowded(sized(*[30_000] * 6)) == sized(*[30_000] * 6)[:3]
    assert [one.live for one in crowded(sized(*[90_000] * 7, 50_000, 40_000))] == [40_000, 50_000]
    assert crowded(sized(1_000, gone=501)) == sized(1_000, gone=501)
    assert stores_in(named(sized(7, 8))) == sized(7, 8)


def test_stores_of_older_versions_with_texts_beside_the_nodes_are_read_and_merged(
    home: Path, tiny: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr(llamaindex, "parsed", partial(llamaindex.parsed, are_beside=True))
        put(home, document("zebra"), document("walrus"))
    assert [bool(text) for text in beside(home)] == [True] * 4
    before = store_rows(home)
    catalog_path(index_folder(home)).rename(home / "catalog")
    assert {one.text for one in recover(index_folder(home)).documents} == {
        article_text("zebra"), article_text("walrus")
    }  # fmt: skip
    (home / "catalog").rename(catalog_path(index_folder(home)))
    for pair in (("otter", "heron"), ("lynx", "toad")):
        put(home, *map(document, pair))
    assert not any(beside(home))
    after = store_rows(home)
    assert {key: said(*after[key]) for key in before} == {
        key: said(*row) for key, row in before.items()
    }
    check_whole(home)


def said(text: str, fields: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """What a passage says, however its node is written."""
    return text, {key: value for key, value in fields.items() if key != "_node_content"}


def beside(home: Path) -> list[str | None]:
    """What Chroma calls the documents of all passages."""
    with open_index(home, create=False) as index:
        collections = [store.collection for store in index.vectors or ()]
        return [text for one in collections for text in one.get()["documents"] or []]
