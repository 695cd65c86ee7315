"""What is exported comes back as it was, and a damaged file does no harm."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import SEED_ID, Command
from hypothesis import given
from hypothesis import strategies as st
from index_support import article_text, catalog_rows, open_index, put

from qabot.archive import export_index, export_lines, import_into, read_export
from qabot.errors import LoadError, StorageError
from qabot.ingest import Report
from qabot.types import Document, Origin

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
ORIGINS = st.builds(Origin, TEXTS, TEXTS, TEXTS, TEXTS, st.lists(TEXTS).map(tuple))
PAGES = st.lists(st.integers(0, 1_000_000)).map(tuple)
DOCUMENTS = st.builds(Document, TEXTS.filter(bool), TEXTS, st.text(), TEXTS, ORIGINS, PAGES)
ZEBRA, WALRUS, HERON = (
    Document(
        animal, f"The {animal}", f"/{animal}.pdf", article_text(animal),
        Origin("https://example.org/", "An Author", "The Paper", "2026-02-27", ("animals",)),
        (0, 40),
    )
    for animal in ("zebra", "walrus", "heron")
)  # fmt: skip


def unseen(done: int, total: int, name: str) -> None:
    """Progress that nobody watches."""


def exported(documents: Sequence[Document]) -> bytes:
    return b"".join(export_lines(documents, len(documents)))


def read(data: bytes) -> list[Document | LoadError]:
    return [found for _, found in read_export(io.BytesIO(data), "backup.jsonl")]


def brought(home: Path, data: bytes) -> Report:
    """What an import of these bytes into the index of ``home`` did."""
    with open_index(home) as index:
        return import_into(index, io.BytesIO(data), "backup.jsonl", unseen)


def held(home: Path) -> dict[str, Document | None]:
    with open_index(home) as index:
        return {name: index.catalog.document(name) for name in index.catalog.versions()}


@given(st.lists(DOCUMENTS, max_size=4))
def test_every_article_comes_back_as_it_was(documents: list[Document]) -> None:
    data = exported(documents)
    assert data.isascii()
    assert read(data) == documents


@given(st.lists(DOCUMENTS, max_size=3), st.data())
def test_a_damaged_file_is_noticed_and_gives_no_article_that_was_not_in_it(
    documents: list[Document], data: st.DataObject
) -> None:
    whole = exported(documents)
    place = data.draw(st.integers(0, len(whole) - 1))
    damaged = data.draw(
        st.one_of(
            st.just(whole[:place]),
            st.binary(max_size=3).map(lambda piece: whole[:place] + piece + whole[place + 1 :]),
        )
    )
    try:
        found = read(damaged)
    except LoadError:
        return
    if damaged != whole:
        texts = {document.text for document in documents}
        assert all(one.text in texts for one in found if isinstance(one, Document))
        assert any(isinstance(one, LoadError) for one in found) or [
            json.loads(line) for line in damaged.splitlines()
        ] == [json.loads(line) for line in whole.splitlines()]


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"PK\x03\x04", b'{"id": 1}\n', b"[" * 100_000 + b"\n", b"\xff\n"]
)
def test_what_is_no_export_is_refused_at_once(content: bytes) -> None:
    with pytest.raises(LoadError, match="qabot ingest"):
        read(content)


def test_an_export_of_a_later_version_says_what_to_do() -> None:
    with pytest.raises(LoadError, match="pip install -U qabot"):
        read(exported([]).replace(b'"version": 1', b'"version": 2'))


def test_an_index_is_the_same_after_a_round_trip(tmp_path: Path) -> None:
    put(tmp_path / "old", ZEBRA, WALRUS)
    out = io.BytesIO()
    with open_index(tmp_path / "old") as index:
        assert export_index(index, out.write, unseen) == 2
    report = brought(tmp_path / "new", out.getvalue())
    assert (report.added, report.failed) == (["walrus", "zebra"], [])
    assert held(tmp_path / "new") == {"zebra": ZEBRA, "walrus": WALRUS}
    again = brought(tmp_path / "new", out.getvalue())
    assert (again.unchanged, again.added, again.updated) == (["walrus", "zebra"], [], [])


def test_an_import_goes_on_where_an_interrupted_one_ended(home: Path) -> None:
    data = exported([ZEBRA, WALRUS, HERON])
    lines = data.splitlines(keepends=True)
    cut = brought(home, b"".join(lines[:2]) + lines[2][:100])
    assert cut.added == ["zebra"]
    assert "ends before its end" in str(cut.failed[0])
    assert held(home) == {"zebra": ZEBRA}
    report = brought(home, data)
    assert (report.unchanged, report.added, report.failed) == (["zebra"], ["walrus", "heron"], [])


def test_an_article_whose_text_was_altered_is_left_out_and_named(home: Path) -> None:
    data = exported([ZEBRA, WALRUS]).replace(b"The walrus painted", b"The walrus ate")
    report = brought(home, data)
    assert report.added == ["zebra"]
    assert [str(error) for error in report.failed] == [
        "backup.jsonl, line 3, is damaged and not imported. Export it again.",
        "backup.jsonl was altered since it was exported. What could be read is imported; "
        "export it again.",
    ]


def test_an_article_from_elsewhere_with_the_same_id_replaces_nothing(home: Path) -> None:
    other = Document("zebra", "Another", "/elsewhere/zebra.txt", article_text("otter"))
    put(home, other)
    assert len(brought(home, exported([ZEBRA])).added) == 1
    kept = held(home)
    assert kept.pop("zebra") == other
    ((name, document),) = kept.items()
    assert name.startswith("zebra-")
    assert document
    assert (document.text, document.source) == (ZEBRA.text, ZEBRA.source)
    assert brought(home, exported([ZEBRA])).unchanged == [name]


def test_an_article_takes_the_place_of_its_older_version(home: Path) -> None:
    put(home, Document("zebra", "Before", ZEBRA.source, article_text("zebra", "plums")))
    assert brought(home, exported([ZEBRA])).updated == ["zebra"]
    assert held(home) == {"zebra": ZEBRA}


def test_the_commands_make_a_backup_and_bring_it_back(
    seed_home: Path, home: Path, tmp_path: Path, here: Command
) -> None:
    shutil.copytree(seed_home, home, dirs_exist_ok=True)
    file = tmp_path / "backup.jsonl"
    done = here("export", str(file))
    assert (done.code, done.stdout, done.stderr) == (0, "", "Exported 1 article.\n")
    assert [path.name for path in tmp_path.glob("backup*")] == ["backup.jsonl"]
    piped = here("export", "-")
    assert piped.stdout.encode() == file.read_bytes()
    other = here.at(tmp_path / "other")
    done = other("import", "-", stdin=file.read_bytes())
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout == f"added {SEED_ID}\n1 added, 0 updated, 0 unchanged, 0 removed\n"
    documents, again = catalog_rows(home)["documents"], catalog_rows(other.home)["documents"]
    assert [row[:4] for row in documents] == [row[:4] for row in again]


def test_files_that_cannot_be_opened_are_named(home: Path, tmp_path: Path, here: Command) -> None:
    put(home, ZEBRA)
    done = here("export", str(tmp_path / "no" / "file"))
    assert done.code == 1
    assert "No such file" in done.stderr
    done = here("import", str(tmp_path / "no"))
    assert done.code == 1
    assert "Name another file" in done.stderr


def test_an_export_that_fails_leaves_the_older_file(home: Path, tmp_path: Path) -> None:
    from qabot.cli.archiving import _written

    file = tmp_path / "backup.jsonl"
    file.write_text("older")

    def fails() -> None:
        with _written(str(file)) as write:
            write(b"newer")
            raise OSError(28, "No space left on device")

    with pytest.raises(StorageError, match="Name another file"):
        fails()
    assert file.read_text() == "older"
    assert list(tmp_path.glob("backup*")) == [file]
