"""An index that an older version of qabot made says how to upgrade, and loses nothing by it."""

from __future__ import annotations

import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
from conftest import ROOT, Command
from index_support import check_whole, index_folder, open_index

from qabot.errors import IndexOutdated
from qabot.index import FORMAT
from qabot.rebuild import recover
from qabot.storage import catalog_path
from qabot.types import Document, Origin

TEXTS = {
    "zebra": "Life of the zebra\n\nThe zebra painted apples in the garden of the old palace on "
    "Monday.\n\nNobody else was seen near the zebra while the river rose over the stone bridge.\n",
    "heron": "Life of the heron\r\n\r\nThe heron “painted” pears in the café \N{DUCK} on Tuesday."
    "\r\n\r\n\r\n",
}
ORIGIN = Origin(
    "https://example.org/zebra", "Ann Author", "The Paper", "2026-02-27", ("animals", "art")
)
NOWHERE = Origin()


def article(identifier: str, origin: Origin = NOWHERE, pages: tuple[int, ...] = ()) -> Document:
    text = TEXTS[identifier]
    title, source = f"Life of the {identifier}", f"/srv/articles/{identifier}.txt"
    return Document(identifier, title, source, text, origin, pages)


HELD = {
    "1": {"heron": article("heron"), "zebra": article("zebra")},
    "2": {"heron": article("heron"), "zebra": article("zebra", ORIGIN, (0, 40))},
}


@pytest.fixture(params=sorted(HELD))
def made_by(request: pytest.FixtureRequest, home: Path) -> str:
    """The format of an index that was really made by the version of qabot that wrote it."""
    home.mkdir()
    with tarfile.open(ROOT / f"tests/data/index-format-{request.param}.tar.xz") as archive:
        archive.extractall(home, filter="data")
    return str(request.param)


def test_everything_in_an_older_index_can_be_read(home: Path, made_by: str) -> None:
    found = recover(index_folder(home))
    assert found.is_whole
    assert found.was_used
    assert {document.id: document for document in found.documents} == HELD[made_by]


def test_one_command_upgrades_an_older_index(home: Path, made_by: str, here: Command) -> None:
    if made_by != FORMAT:
        with pytest.raises(IndexOutdated, match="qabot ingest --rebuild"), open_index(home):
            pass
    assert here("ingest", "--rebuild").code == 0
    check_whole(home)
    with open_index(home, create=False) as index:
        found = {name: index.catalog.document(name) for name in index.catalog.versions()}
    assert found == HELD[made_by]
    assert [path.name for path in home.iterdir() if "damaged" in path.name] == []


def test_an_older_index_with_a_damaged_catalog_is_read_from_its_vector_store(
    home: Path, made_by: str
) -> None:
    with closing(sqlite3.connect(catalog_path(index_folder(home)))) as catalog:
        catalog.execute("UPDATE documents SET tail = 'altered' WHERE id = 'zebra'")
        catalog.commit()
    found = {document.id: document for document in recover(index_folder(home)).documents}
    assert found == HELD[made_by]
    catalog_path(index_folder(home)).write_bytes(b"garbage" * 1_000)
    found = {document.id: document for document in recover(index_folder(home)).documents}
    assert found == HELD[made_by]
