"""Writers that meet on one server: whatever the order, nothing is lost and nothing is left over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from index_support import EMBEDDER, article_text
from server_support import Chroma, passages_at, put_at, server_index, texts_at

from qabot import chroma_server, following, server_writer
from qabot.addresses import ServerAddress
from qabot.errors import IndexUnavailable
from qabot.records import DOCUMENT
from qabot.server_index import ServerIndex
from qabot.types import Document, Vectors


@pytest.fixture
def database(chroma: Chroma) -> str:
    return chroma.database()


class Meanwhile:
    """An embedding model during whose work something else happens, once."""

    fingerprint = EMBEDDER.fingerprint

    def __init__(self, happens: Callable[[], object]) -> None:
        self._happens: Callable[[], object] | None = happens

    def embed(self, texts: Sequence[str]) -> Vectors:
        happens, self._happens = self._happens, None
        if happens:
            happens()
        return EMBEDDER.embed(texts)


def article(animal: str, food: str = "apples", source: str = "") -> Document:
    text = article_text(animal, food)
    return Document(animal, f"The {animal}", source or f"/{animal}.txt", text)


def put_while(
    database: str, home: Path, happens: Callable[[], object], *documents: Document
) -> None:
    """Write documents, while something else happens between the note and the commit."""
    address = ServerAddress.parse(database)
    with closing(ServerIndex(address, home, Meanwhile(happens))) as index:
        with index.writing() as writer:
            writer.put(documents)
        held = {name: index.catalog.document(name) for name in index.catalog.versions()}
    assert {name: one.text for name, one in held.items() if one}.items() <= texts_at(
        database, home.with_name("fresh")
    ).items()


def check_clean(database: str, home: Path) -> None:
    there, counted = passages_at(database, home)
    assert there == counted


def test_two_that_bring_the_same_file_end_with_one_article(database: str, tmp_path: Path) -> None:
    one = article("zebra")
    put_while(database, tmp_path / "a", lambda: put_at(database, tmp_path / "b", one), one)
    assert texts_at(database, tmp_path / "c") == {"zebra": one.text}
    check_clean(database, tmp_path / "c")


def test_two_articles_from_different_places_that_want_one_id_both_stay(
    database: str, tmp_path: Path
) -> None:
    first, second = article("zebra"), article("zebra", "pears", "/elsewhere/zebra.txt")
    put_while(database, tmp_path / "a", lambda: put_at(database, tmp_path / "b", second), first)
    held = texts_at(database, tmp_path / "c")
    assert held.pop("zebra") == second.text
    assert list(held.values()) == [first.text]
    check_clean(database, tmp_path / "c")
    put_at(database, tmp_path / "c", *(article("zebra", "plums", f"/{n}/zebra.txt") for n in "12"))
    assert "plums" in texts_at(database, tmp_path / "d")["zebra"]


def test_of_two_versions_the_later_commit_counts(database: str, tmp_path: Path) -> None:
    put_at(database, tmp_path / "a", article("zebra"))
    newer, newest = article("zebra", "pears"), article("zebra", "plums")
    put_while(database, tmp_path / "a", lambda: put_at(database, tmp_path / "b", newer), newest)
    assert texts_at(database, tmp_path / "c") == {"zebra": newest.text}
    check_clean(database, tmp_path / "c")


def test_an_article_that_another_takes_out_meanwhile_stays_if_it_is_written(
    database: str, tmp_path: Path
) -> None:
    put_at(database, tmp_path / "a", article("zebra"))

    def remove() -> None:
        with server_index(database, tmp_path / "b") as index, index.writing() as writer:
            assert writer.remove("zebra")
            assert not writer.remove("zebra")

    newer = article("zebra", "pears")
    put_while(database, tmp_path / "a", remove, newer)
    assert texts_at(database, tmp_path / "c") == {"zebra": newer.text}
    check_clean(database, tmp_path / "c")


def test_one_that_others_take_for_dead_commits_nothing_and_says_so(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_at(database, tmp_path / "b", article("heron"))

    def clear() -> None:
        with monkeypatch.context() as later:
            later.setattr(server_writer, "ABANDONED", -60)
            with server_index(database, tmp_path / "b") as index, index.writing() as writer:
                assert writer.cleared == 1

    with pytest.raises(IndexUnavailable, match="Run the command again"):
        put_while(database, tmp_path / "a", clear, article("zebra"))
    assert texts_at(database, tmp_path / "c").keys() == {"heron"}
    check_clean(database, tmp_path / "c")


def test_what_a_living_writer_has_begun_is_never_swept(database: str, tmp_path: Path) -> None:
    put_at(database, tmp_path / "b", article("heron"))

    def sweep() -> None:
        with server_index(database, tmp_path / "b") as index, index.writing() as writer:
            assert writer.cleared == 0
            assert writer.sweep() == 0

    put_while(database, tmp_path / "a", sweep, article("zebra"))
    assert texts_at(database, tmp_path / "c").keys() == {"heron", "zebra"}


def test_a_text_with_nothing_to_find_is_left_out(database: str, tmp_path: Path) -> None:
    put_at(database, tmp_path / "a", Document("empty", "", "/empty.txt", " \n"), article("zebra"))
    assert texts_at(database, tmp_path / "b").keys() == {"zebra"}
    check_clean(database, tmp_path / "b")


def test_an_index_of_many_pages_is_read_whole(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chroma_server, "_PAGE", 3)
    monkeypatch.setattr(following, "_BATCH_PASSAGES", 5)
    animals = [article(f"animal{number}") for number in range(10)]
    put_at(database, tmp_path / "a", *animals)
    with server_index(database, tmp_path / "a") as index, index.writing() as writer:
        writer.remove("animal3", "animal4")
    expected = {one.id: one.text for one in animals if one.id not in ("animal3", "animal4")}
    assert texts_at(database, tmp_path / "b") == expected
    check_clean(database, tmp_path / "b")


def test_what_was_missed_is_found_when_everything_is_compared(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock of a writer was wrong, and a record went away without a trace."""
    put_at(database, tmp_path / "a", article("zebra"), article("walrus"))
    assert texts_at(database, tmp_path / "b").keys() == {"zebra", "walrus"}
    with monkeypatch.context() as wrong:
        wrong.setattr(server_writer, "_now", lambda: 1_000)
        put_at(database, tmp_path / "a", article("heron"))
    with server_index(database, tmp_path / "a") as index, index.writing() as writer:
        fields = {"$and": [{"kind": DOCUMENT}, {"document_id": "zebra"}]}
        writer._collections.delete(where=fields)
    assert texts_at(database, tmp_path / "b").keys() == {"zebra", "walrus"}
    monkeypatch.setattr(following, "_EACH", 0.0)
    assert texts_at(database, tmp_path / "b").keys() == {"walrus", "heron"}
