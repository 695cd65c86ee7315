"""Ingestion says what it did, does nothing twice, and one bad file stops no other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import Command
from index_support import (
    article_text,
    catalog_rows,
    check_whole,
    ingest_into,
    open_index,
    store_rows,
    write_articles,
)

from qabot.errors import LoadError
from qabot.settings import LARGEST_FILE

AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def texts_of(home: Path) -> dict[str, str]:
    """The text of every document in the index by its id."""
    with open_index(home, create=False) as index:
        found = {key: index.catalog.document(key) for key in index.catalog.versions()}
    return {key: document.text for key, document in found.items() if document}


def test_files_are_added_then_unchanged_then_updated_then_removed(
    home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "articles"
    zebra, walrus, _ = write_articles(folder, "zebra", "walrus", "heron")
    first = ingest_into(home, folder)
    assert (first.added, first.updated, first.unchanged, first.removed) == (
        ["heron", "walrus", "zebra"], [], [], []
    )  # fmt: skip
    zebra.write_text(article_text("zebra", "pears"), "utf-8")
    walrus.unlink()
    write_articles(folder, "otter")
    second = ingest_into(home, folder)
    assert (second.added, second.updated, second.unchanged, second.removed) == (
        ["otter"], ["zebra"], ["heron"], ["walrus"]
    )  # fmt: skip
    assert not first.failed
    assert not second.failed
    assert texts_of(home) == {path.stem: path.read_text("utf-8") for path in folder.iterdir()}
    check_whole(home)


def test_running_it_twice_changes_nothing(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    write_articles(folder, "zebra", "walrus")
    ingest_into(home, folder)
    before = catalog_rows(home), store_rows(home)
    report = ingest_into(home, folder, folder / "zebra.txt")
    assert report.unchanged == ["walrus", "zebra"]
    assert (report.added, report.updated, report.removed) == ([], [], [])
    assert (catalog_rows(home), store_rows(home)) == before


def test_a_changed_file_leaves_no_stale_passage_in_either_half(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    zebra, _ = write_articles(folder, "zebra", "walrus")
    ingest_into(home, folder)
    untouched = {key for key in store_rows(home) if "walrus" in str(store_rows(home)[key][0])}
    zebra.write_text("Short now\n\nThe zebra has left the garden for good.\n", "utf-8")
    ingest_into(home, folder)
    rows = store_rows(home)
    assert untouched <= set(rows)
    assert [text for key, (text, _) in rows.items() if key not in untouched] == [
        "The zebra has left the garden for good."
    ]
    with open_index(home, create=False) as index:
        with_apples = {key for key, _ in index.catalog.search(["apples"], 10)}
    assert with_apples
    assert with_apples <= untouched
    check_whole(home)


def test_a_file_that_changes_back_and_forth_ends_as_it_stands(home: Path, tmp_path: Path) -> None:
    (zebra,) = write_articles(tmp_path / "articles", "zebra")
    ingest_into(home, zebra)
    before = store_rows(home)
    for food in ("pears", "apples"):
        zebra.write_text(article_text("zebra", food), "utf-8")
        assert ingest_into(home, zebra).updated == ["zebra"]
    after = store_rows(home)
    assert set(after) == set(before)
    assert {text for text, _ in after.values()} == {text for text, _ in before.values()}
    check_whole(home)


def test_a_new_title_is_a_new_version(home: Path, tmp_path: Path) -> None:
    (zebra,) = write_articles(tmp_path / "articles", "zebra")
    ingest_into(home, zebra)
    zebra.write_text(article_text("zebra").replace("Life", "Death", 1), "utf-8")
    assert ingest_into(home, zebra).updated == ["zebra"]
    assert {str(fields["title"]) for _, fields in store_rows(home).values()} == {
        "Death of the zebra"
    }


BAD_FILES = {
    "latin.txt": "El Niño".encode("latin-1") * 9,
    "empty.txt": b"",
    "blank.md": b" \n\t\r\n \x0b\x0c \xc2\xa0 \xe2\x80\x83\n",
    "mark.txt": b"\xef\xbb\xbf",
    "nul.txt": b"A title\n\nText with a \0 in it.\n",
    "utf16.txt": "A title\n\nText in another encoding.\n".encode("utf-16"),
    "page.php": b"<p>Text.</p>",
    "noending": b"Text.",
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_is_no_article_is_named_and_the_others_go_in(
    home: Path, tmp_path: Path, name: str
) -> None:
    (zebra,) = write_articles(tmp_path / "articles", "zebra")
    bad = tmp_path / "articles" / name
    bad.write_bytes(BAD_FILES[name])
    report = ingest_into(home, bad, zebra)
    assert report.added == ["zebra"]
    (error,) = report.failed
    assert str(bad) in str(error)
    assert "\n" not in str(error)


def test_files_of_other_kinds_in_a_folder_are_passed_over(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    write_articles(folder, "zebra")
    (folder / "page.php").write_text("<p>Text.</p>", "utf-8")
    (folder / "sitemap.xml").write_text("<urlset><url/></urlset>", "utf-8")
    (folder / ".hidden.txt").write_text("Hidden text stays out of the index.", "utf-8")
    report = ingest_into(home, folder)
    assert (report.added, report.failed) == (["zebra"], [])


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _zeros(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _dangling(path: Path) -> None:
    path.symlink_to(path.parent / "nowhere.txt")


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)


def _unreadable(path: Path) -> None:
    if AS_ROOT:
        pytest.skip("root may read every file")
    path.write_text(article_text("toad"), "utf-8")
    path.chmod(0)


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX file types")
@pytest.mark.parametrize("make", [_fifo, _zeros, _dangling, _loop, _huge, _unreadable])
@pytest.mark.parametrize("by_folder", [False, True], ids=["by name", "in a folder"])
def test_what_is_no_readable_file_is_named_and_the_others_go_in(
    home: Path, tmp_path: Path, make: object, by_folder: bool
) -> None:
    folder = tmp_path / "articles"
    (zebra,) = write_articles(folder, "zebra")
    bad = folder / "bad.txt"
    assert callable(make)
    make(bad)
    report = ingest_into(home, *([folder] if by_folder else [bad, zebra]))
    assert report.added == ["zebra"]
    assert [str(bad) in str(error) for error in report.failed] == [True]


def test_a_folder_named_like_a_file_is_read_as_a_folder(home: Path, tmp_path: Path) -> None:
    write_articles(tmp_path / "folder.txt", "zebra")
    assert ingest_into(home, tmp_path / "folder.txt").added == ["zebra"]


def test_a_file_taken_for_a_folder_is_an_error(home: Path, tmp_path: Path) -> None:
    (zebra,) = write_articles(tmp_path, "zebra")
    (error,) = ingest_into(home, zebra / "inside.txt").failed
    assert str(zebra / "inside.txt") in str(error)


@pytest.mark.skipif(os.name == "nt", reason="file names are bytes on POSIX only")
def test_a_file_name_that_is_not_utf8_is_named_in_a_form_that_can_be_printed(
    home: Path, tmp_path: Path, here: Command
) -> None:
    write_articles(tmp_path / "articles", "zebra")
    bad = os.fsencode(tmp_path / "articles") + b"/caf\xe9.txt"
    try:
        Path(os.fsdecode(bad)).write_text(article_text("toad"), "utf-8")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    done = here("ingest", str(tmp_path / "articles"))
    assert done.code == 1
    assert "added zebra" in done.stdout
    assert "caf\\xe9.txt" in done.stderr or "caf\\udce9.txt" in done.stderr


def test_bad_files_give_exit_code_1_and_a_line_each(
    home: Path, tmp_path: Path, here: Command
) -> None:
    write_articles(tmp_path / "articles", "zebra")
    (tmp_path / "articles" / "empty.txt").touch()
    done = here("ingest", str(tmp_path / "articles"), str(tmp_path / "missing.txt"))
    assert done.code == 1
    assert done.stdout.splitlines() == [
        "added zebra", "1 added, 0 updated, 0 unchanged, 0 removed, 2 failed"
    ]  # fmt: skip
    empty = "the file is empty. Leave it out, or put its text in."
    assert sorted(done.stderr.splitlines()) == [
        f"Error: {tmp_path}/articles/empty.txt: {empty}",
        f"Error: {tmp_path}/missing.txt: no such file or folder. Check how it is written.",
    ]


def test_a_file_that_can_no_longer_be_read_keeps_its_older_version(
    home: Path, tmp_path: Path
) -> None:
    (zebra,) = write_articles(tmp_path / "articles", "zebra")
    ingest_into(home, zebra)
    before = store_rows(home)
    zebra.write_bytes(b"\xff\xfe\x00")
    report = ingest_into(home, tmp_path / "articles")
    assert len(report.failed) == 1
    assert report.removed == []
    assert store_rows(home) == before


def test_files_of_one_name_in_different_folders_get_ids_of_their_own(
    home: Path, tmp_path: Path
) -> None:
    for number, food in enumerate(("apples", "pears", "plums")):
        write_articles(tmp_path / f"folder{number}", "zebra", food=food)
    report = ingest_into(home, *(tmp_path / f"folder{number}" for number in range(3)))
    assert len(set(report.added)) == 3
    assert report.added[0] == "zebra"
    assert all(name.startswith("zebra") for name in report.added)
    assert sorted(texts_of(home).values()) == sorted(
        article_text("zebra", food) for food in ("apples", "pears", "plums")
    )
    again = ingest_into(home, *(tmp_path / f"folder{number}" for number in (2, 1, 0)))
    assert again.unchanged == report.added[::-1]


def test_an_id_that_looks_like_another_files_is_not_given_twice(home: Path, tmp_path: Path) -> None:
    write_articles(tmp_path / "one", "zebra")
    (second,) = write_articles(tmp_path / "two", "zebra", food="pears")
    ingest_into(home, tmp_path / "one")
    (third,) = ingest_into(home, second).added
    with open_index(home) as index, index.writing() as writer:
        writer.remove(third)
    (tmp_path / "three").mkdir()
    (tmp_path / "three" / f"{third}.txt").write_text(article_text("toad"), "utf-8")
    assert ingest_into(home, tmp_path / "three").added == [third]
    (fourth,) = ingest_into(home, second).added
    assert fourth not in ("zebra", third)
    assert texts_of(home)[third] == article_text("toad")


@pytest.mark.parametrize(
    "name", ["Ünïcode Ärticle.txt", "外交.txt", "...txt", "--.md", "a b.c.TXT", "#.txt", "x:1-2.md"]
)
def test_any_file_name_gives_an_id_that_show_can_use(home: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / name).write_text(article_text("zebra"), "utf-8")
    (identifier,) = ingest_into(home, folder / name).added
    assert identifier
    assert not set(identifier) & set(" :/\\\n")


def test_only_what_vanished_from_the_given_folders_is_removed(home: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    write_articles(one, "zebra", "walrus")
    write_articles(two, "heron", "badger")
    write_articles(tmp_path / "one-more", "otter")
    ingest_into(home, one, two, tmp_path / "one-more")
    for path in (one / "zebra.txt", two / "heron.txt", tmp_path / "one-more" / "otter.txt"):
        path.unlink()
    assert ingest_into(home, one).removed == ["zebra"]
    assert set(texts_of(home)) == {"walrus", "heron", "badger", "otter"}
    check_whole(home)


def test_a_missing_file_given_by_name_removes_nothing(home: Path, tmp_path: Path) -> None:
    (zebra,) = write_articles(tmp_path / "articles", "zebra")
    ingest_into(home, zebra)
    zebra.unlink()
    report = ingest_into(home, zebra)
    assert report.removed == []
    assert isinstance(report.failed[0], LoadError)
    assert set(texts_of(home)) == {"zebra"}


def test_a_missing_folder_removes_nothing(home: Path, tmp_path: Path) -> None:
    (zebra,) = write_articles(tmp_path / "articles", "zebra")
    ingest_into(home, tmp_path / "articles")
    zebra.unlink()
    zebra.parent.rmdir()
    report = ingest_into(home, tmp_path / "articles")
    assert (len(report.failed), report.removed) == (1, [])
    assert set(texts_of(home)) == {"zebra"}


def test_what_cannot_be_looked_at_is_not_taken_for_vanished(home: Path, tmp_path: Path) -> None:
    inner = tmp_path / "articles" / "inner"
    (zebra,) = write_articles(inner, "zebra")
    ingest_into(home, tmp_path / "articles")
    zebra.unlink()
    inner.rmdir()
    inner.symlink_to(inner)  # looking at anything inside fails, as in a folder without permission
    assert ingest_into(home, tmp_path / "articles").removed == []
    assert set(texts_of(home)) == {"zebra"}


def test_an_article_far_larger_than_a_batch_goes_in_whole(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    lines = "".join(
        f"On day {number} the zebra walked {number} miles along the river and then it slept.\n\n"
        for number in range(5_600)
    )
    path.write_text("A Very Long Walk\n\n" + lines, "utf-8")
    assert ingest_into(home, path).added == ["long"]
    assert len(store_rows(home)) == 5_600
    assert texts_of(home)["long"] == path.read_text("utf-8")
    check_whole(home)
