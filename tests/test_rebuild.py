"""A damaged index says how to mend it, and a rebuild keeps every document that can be read."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from conftest import Command
from index_support import (
    ANIMALS,
    EMBEDDER,
    article_text,
    catalog_rows,
    check_whole,
    index_folder,
    ingest_into,
    open_index,
    put,
    store_rows,
    write_articles,
)

from qabot import open_bot
from qabot.catalog import Catalog
from qabot.errors import IndexProblem
from qabot.index import FORMAT
from qabot.rebuild import rebuild, recover
from qabot.settings import Settings
from qabot.storage import catalog_path, set_aside, store_folders
from qabot.types import Document

SMALL = [Document(animal, animal, f"/{animal}.txt", article_text(animal)) for animal in ANIMALS]


@pytest.fixture(scope="session")
def small_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of a few articles; copy it before harming it."""
    folder = tmp_path_factory.mktemp("small")
    put(folder, *SMALL)
    return folder


@pytest.fixture(scope="session")
def large_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index so large that Chroma keeps a graph on the disk; copy it before harming it."""
    folder = tmp_path_factory.mktemp("large")
    lines = "\n\n".join(
        f"On day {number} the zebra walked {number} miles along the river and then it slept."
        for number in range(1_100)
    )
    put(folder, Document("long", "A long walk", "/long.txt", f"A long walk\n\n{lines}\n"), *SMALL)
    return folder


@pytest.fixture
def small(small_home: Path, home: Path) -> Path:
    """A copy of the small index, as the test's home."""
    shutil.copytree(small_home, home)
    return home


@pytest.fixture
def large(large_home: Path, home: Path) -> Path:
    """A copy of the large index, as the test's home."""
    shutil.copytree(large_home, home)
    return home


def the_store(home: Path) -> Path:
    (folder,) = store_folders(index_folder(home))
    return folder


def the_graph(home: Path) -> Path:
    (found,) = the_store(home).glob("*/index_metadata.pickle")
    return found.parent


def documents_of(home: Path) -> dict[str, str]:
    with open_index(home, create=False) as index:
        found = [index.catalog.document(key) for key in index.catalog.versions()]
    return {document.id: document.text for document in found if document}


def garbage(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(max(path.stat().st_size, 5_000)))


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def delete(path: Path) -> None:
    path.unlink()


HARMS = [garbage, halve, empty, delete]
Harm = Callable[[Path], None]


def check_refused(home: Path) -> None:
    """Asking raises one line that names the remedy, and does not crash the process."""
    with pytest.raises(IndexProblem) as caught, closing(open_bot(Settings(home=home))) as bot:
        bot.ask("What did the zebra paint?")
    assert str(caught.value).count("\n") == 0
    assert "qabot ingest --rebuild" in str(caught.value)


def check_mended(home: Path, expected: dict[str, str], set_aside: bool = False) -> None:
    """A rebuild gives back the expected documents; nothing unreadable is thrown away."""
    done = rebuild(index_folder(home), EMBEDDER)
    assert done.documents == len(expected)
    assert (done.set_aside is not None) == set_aside
    if done.set_aside:
        assert any(done.set_aside.iterdir())
    assert documents_of(home) == expected
    check_whole(home)
    with closing(open_bot(Settings(home=home))) as bot:
        assert bot.ask("What did the walrus paint?").status == "answered"


@pytest.mark.parametrize("harm", HARMS)
def test_a_harmed_catalog_is_made_again_from_the_vector_store(small: Path, harm: Harm) -> None:
    expected = documents_of(small)
    harm(catalog_path(index_folder(small)))
    check_refused(small)
    check_mended(small, expected)


@pytest.mark.parametrize("harm", HARMS)
def test_a_harmed_vector_store_is_made_again_from_the_catalog(small: Path, harm: Harm) -> None:
    expected = documents_of(small)
    harm(the_store(small) / "chroma.sqlite3")
    check_refused(small)
    check_mended(small, expected)


def test_a_deleted_vector_store_is_made_again_from_the_catalog(small: Path) -> None:
    expected = documents_of(small)
    shutil.rmtree(the_store(small))
    check_refused(small)
    check_mended(small, expected)


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize(
    "name",
    ["data_level0.bin", "header.bin", "length.bin", "link_lists.bin", "index_metadata.pickle"],
)
def test_a_harmed_graph_is_noticed_before_it_is_read(large: Path, name: str, harm: Harm) -> None:
    harm(the_graph(large) / name)
    check_refused(large)


def test_a_harmed_graph_is_made_again(large: Path) -> None:
    expected = documents_of(large)
    garbage(the_graph(large) / "link_lists.bin")
    shutil.rmtree(the_graph(large))
    check_refused(large)
    check_mended(large, expected)


def test_the_graph_of_a_small_index_holds_nothing_that_could_be_lost(
    home: Path, tmp_path: Path
) -> None:
    ingest_into(home, *write_articles(tmp_path, "zebra", "walrus"))
    for path in the_store(home).glob("*/*"):
        garbage(path)
    with closing(open_bot(Settings(home=home))) as bot:
        assert bot.ask("What did the walrus paint?").status == "answered"


def test_garbage_in_the_middle_of_the_catalog_loses_no_document(small: Path) -> None:
    expected = documents_of(small)
    path = catalog_path(index_folder(small))
    size = path.stat().st_size
    for start in range(size // 10, size, size // 10):
        shutil.copyfile(path, path.with_suffix(".whole"))
        with path.open("r+b") as file:
            file.seek(start)
            file.write(random.Random(start).randbytes(8_192))
        found = recover(index_folder(small))
        assert {document.id: document.text for document in found.documents} == expected
        path.with_suffix(".whole").replace(path)


def test_an_altered_text_in_the_catalog_is_refused_and_taken_from_the_store(small: Path) -> None:
    expected = documents_of(small)
    with closing(sqlite3.connect(catalog_path(index_folder(small)))) as catalog, catalog:
        catalog.execute(
            "UPDATE passages SET text = replace(text, 'apples', 'stones')"
            " WHERE text LIKE '%zebra painted%'"
        )
    with open_index(small) as index, pytest.raises(IndexProblem, match="--rebuild"):
        index.catalog.document("zebra")
    check_mended(small, expected)


def test_when_both_halves_are_harmed_nothing_is_thrown_away(small: Path) -> None:
    garbage(catalog_path(index_folder(small)))
    garbage(the_store(small) / "chroma.sqlite3")
    before = sorted(path.name for path in index_folder(small).rglob("*"))
    check_refused(small)
    done = rebuild(index_folder(small), EMBEDDER)
    assert done.documents == 0
    assert done.set_aside
    assert sorted(path.name for path in done.set_aside.rglob("*")) == before
    again = rebuild(index_folder(small), EMBEDDER)
    assert (again.documents, again.set_aside) == (0, None)
    assert done.set_aside.exists()


def test_what_only_one_half_lost_is_set_aside_only_if_the_other_lacks_it(small: Path) -> None:
    expected = documents_of(small)
    with closing(sqlite3.connect(the_store(small) / "chroma.sqlite3")) as store, store:
        store.execute(
            "UPDATE embedding_metadata"
            " SET string_value = replace(string_value, 'The zebra painted', 'The zebra altered')"
            " WHERE key = '_node_content'"
        )
    catalog_path(index_folder(small)).unlink()
    check_mended(
        small, {key: text for key, text in expected.items() if key != "zebra"}, set_aside=True
    )


@pytest.mark.parametrize(("key", "value"), [("format", FORMAT + "9"), ("embedder", "another")])
def test_an_index_of_another_make_is_made_anew(small: Path, key: str, value: str) -> None:
    expected = documents_of(small)
    with closing(Catalog(catalog_path(index_folder(small)))) as catalog:
        catalog.write_meta({key: value})
    check_refused(small)
    check_mended(small, expected)


def test_halves_of_different_indexes_are_not_taken_for_one(small: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    ingest_into(other, *write_articles(tmp_path, "zebra"))
    expected = documents_of(small)
    name = the_store(small).name
    shutil.rmtree(the_store(small))
    shutil.copytree(the_store(other), index_folder(small) / name)
    check_refused(small)
    check_mended(small, expected)


def test_rebuilding_a_sound_index_keeps_every_document(home: Path, tmp_path: Path) -> None:
    ingest_into(home, *write_articles(tmp_path, "zebra", "walrus"))
    before, texts = catalog_rows(home), documents_of(home)
    check_mended(home, texts)
    after = catalog_rows(home)
    assert [row[:3] for row in after["documents"]] == [row[:3] for row in before["documents"]]
    assert [row[1:] for row in after["passages"]] == [row[1:] for row in before["passages"]]
    report = ingest_into(home, tmp_path)
    assert sorted(report.unchanged) == ["walrus", "zebra"]
    assert sorted(path.name for path in home.iterdir()) == ["index", "index.lock"]


def test_rebuilding_an_emptied_index_does_not_bring_the_shipped_articles_back(
    home: Path, tmp_path: Path
) -> None:
    ingest_into(home, *write_articles(tmp_path, "zebra"))
    with open_index(home) as index, index.writing() as writer:
        writer.remove("zebra")
    rebuild(index_folder(home), EMBEDDER)
    with closing(open_bot(Settings(home=home))) as bot:
        assert bot.ask("Who rejected maximum pressure?").closest == ()


def test_rebuilding_where_there_is_no_index_makes_an_empty_one(home: Path) -> None:
    done = rebuild(index_folder(home), EMBEDDER)
    assert (done.documents, done.set_aside) == (0, None)
    assert documents_of(home) == {}


def test_a_rebuild_tells_its_progress(home: Path, tmp_path: Path) -> None:
    ingest_into(home, *write_articles(tmp_path, "zebra", "walrus"))
    told: list[tuple[int, int, str]] = []
    rebuild(index_folder(home), EMBEDDER, lambda *step: told.append(step))
    assert told == [(0, 2, "Life of the zebra"), (1, 2, "Life of the walrus")]


def test_an_old_index_left_by_a_killed_rebuild_is_never_deleted(home: Path, tmp_path: Path) -> None:
    ingest_into(home, *write_articles(tmp_path, "zebra"))
    left = set_aside(index_folder(home))
    left.mkdir()
    (left / "precious").write_text("x")
    rebuild(index_folder(home), EMBEDDER)
    assert [path.read_text() for path in home.rglob("precious")] == ["x"]


def test_from_the_command_line_a_damaged_index_is_mended_as_it_says(
    small: Path, here: Command
) -> None:
    garbage(catalog_path(index_folder(small)))
    refused = here("ask", "What did the zebra paint?")
    assert (refused.code, refused.stdout) == (1, "")
    assert refused.stderr == (
        f"Error: The index at {index_folder(small)} is damaged. Mend it: qabot ingest --rebuild\n"
    )
    ingested = here("ingest", str(small))
    assert (ingested.code, ingested.stdout, ingested.stderr) == (1, "", refused.stderr)
    mended = here("ingest", "--rebuild")
    assert (mended.code, mended.stderr) == (0, "Rebuilt the index with 8 documents.\n")
    assert here("ask", "What did the zebra paint?").code == 0
    assert len(store_rows(small)) > 8


def test_from_the_command_line_lost_articles_are_said_to_be_lost(
    small: Path, here: Command
) -> None:
    garbage(catalog_path(index_folder(small)))
    shutil.rmtree(the_store(small))
    mended = here("ingest", "--rebuild")
    assert mended.code == 0
    assert mended.stderr.splitlines()[0] == "Rebuilt the index with 0 documents."
    assert str(index_folder(small)) + ".damaged" in mended.stderr


def test_a_garbage_vector_store_is_one_line_on_the_command_line(small: Path, here: Command) -> None:
    garbage(the_store(small) / "chroma.sqlite3")
    refused = here("ask", "What did the zebra paint?")
    assert (refused.code, refused.stdout) == (1, "")
    assert refused.stderr == (
        f"Error: The index at {index_folder(small)} is damaged. Mend it: qabot ingest --rebuild\n"
    )


@pytest.mark.parametrize("half", ["catalog", "store"])
@pytest.mark.parametrize("seed", range(12))
def test_harm_anywhere_is_met_with_our_errors_and_loses_nothing(
    small: Path, half: str, seed: int
) -> None:
    path = catalog_path(index_folder(small))
    if half == "store":
        path = the_store(small) / "chroma.sqlite3"
    chance = random.Random(seed)
    size = path.stat().st_size
    with path.open("r+b") as file:
        if seed % 3 == 0:
            file.truncate(chance.randrange(size))
        elif seed % 3 == 1:
            file.seek(chance.randrange(0, size, 4_096))
            file.write(chance.randbytes(4_096))
        else:
            for _ in range(40):
                file.seek(chance.randrange(size))
                file.write(chance.randbytes(1))
    with suppress(IndexProblem), closing(open_bot(Settings(home=small))) as bot:
        bot.ask("What did the zebra paint?")
    found = recover(index_folder(small))
    assert {document.id: document for document in found.documents} == {
        document.id: document for document in SMALL
    }
