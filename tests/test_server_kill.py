"""An ingester killed at any moment leaves an index on a server that is whole, and no litter."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from index_support import article_text, write_articles
from kill_support import Zygote, spread, zygote_of
from server_support import Chroma, ingest_at, passages_at, server_index, texts_at

from qabot import server_writer

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX processes")

CODE = """
from pathlib import Path
import chromadb, chromadb.api.fastapi
import qabot.embed, qabot.llamaindex, qabot.server_index
from qabot import chroma_server, server_writer
from kill_support import obey
from server_support import ingest_at

qabot.embed._model()  # loaded once for all
# Batches so small that these few articles are committed in several steps.
server_writer._BATCH_DOCUMENTS = 2

def work(database, home, folder):
    ingest_at(database, Path(home), Path(folder))
    return 0

obey(work, (chroma_server, server_writer))
"""


@pytest.fixture(scope="module")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    with zygote_of(tmp_path_factory.mktemp("none"), CODE) as zygote:
        yield zygote


def expected(*animals: str, **foods: str) -> dict[str, str]:
    return {animal: article_text(animal, foods.get(animal, "apples")) for animal in animals}


def test_an_update_killed_at_any_step_answers_and_is_taken_up_by_the_next(
    chroma: Chroma, zygote: Zygote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "articles"
    old = expected("zebra", "walrus", "heron", "toad")
    foods = {"zebra": "pears", "lynx": "pears", "falcon": "pears"}
    written = expected("zebra", "walrus", "heron", "toad", "lynx", "falcon", **foods)
    new = {animal: text for animal, text in written.items() if animal != "walrus"}
    first_batch = {**old, **{animal: written[animal] for animal in ("falcon", "lynx")}}
    stages = [old, first_batch, written, new]
    seen, cleared, point, steps = set(), 0, None, 10_000

    def scene(name: str) -> tuple[str, str, str]:
        """A database with the old articles, and the folder changed."""
        database, home = chroma.database(), str(tmp_path / name)
        write_articles(folder, "zebra", "walrus", "heron", "toad")
        for animal in ("lynx", "falcon"):
            (folder / f"{animal}.txt").unlink(missing_ok=True)
        ingest_at(database, Path(home), folder)
        (folder / "walrus.txt").unlink()
        write_articles(folder, "zebra", "lynx", "falcon", food="pears")
        return database, home, str(folder)

    database, home, _ = given = scene("whole")
    code, steps = zygote(Path(home), *given)
    assert code == 0
    assert texts_at(database, tmp_path / "fresh") == new
    for point in spread(steps, 12):
        database, home, _ = given = scene(f"home-{point}")
        assert zygote(Path(home), *given, point=point) is None
        held = texts_at(database, tmp_path / f"fresh-{point}")
        assert held in stages
        seen.add(stages.index(held))
        # What a living ingester may still need is left alone.
        assert ingest_at(database, Path(home), folder).cleared == 0
        assert texts_at(database, Path(home)) == new
        with monkeypatch.context() as later:
            later.setattr(server_writer, "ABANDONED", -60)
            with server_index(database, Path(home)) as index, index.writing() as writer:
                cleared += writer.cleared
        there, counted = passages_at(database, Path(home))
        assert there == counted
        assert texts_at(database, tmp_path / f"last-{point}") == new
    assert seen == {0, 1, 2, 3}
    assert cleared
