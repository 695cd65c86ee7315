"""An ingestion killed at any moment leaves an index that answers, and the next one repairs it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Command
from index_support import (
    article_text,
    catalog_rows,
    check_whole,
    finish,
    index_folder,
    ingest_into,
    open_index,
    python,
    store_rows,
    write_articles,
)
from kill_support import Zygote, spread, zygote_of
from loading_support import PAGE, PAGE_TEXT, paragraph, pdf

from qabot import open_bot
from qabot.settings import Settings

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX processes")

CODE = """
import chromadb, wordllama
import qabot.build, qabot.cli, qabot.embed, qabot.llamaindex
from qabot import catalog, index, lexicon, stores, vectors, writer
from kill_support import obey

qabot.embed._model()  # loaded once for all
# Batches so small that these few articles are committed in several steps.
writer._BATCH_DOCUMENTS = 2
watched = (catalog, index, lexicon, stores, vectors, writer)
obey(lambda *arguments: qabot.cli.run(list(arguments)), watched)
"""
"""Does what ``qabot`` does with these arguments."""


@pytest.fixture(scope="module")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    with zygote_of(tmp_path_factory.mktemp("none"), CODE) as zygote:
        yield zygote


class Scene:
    """Articles on the disk and a home: what was committed, and what an ingestion would make of it.

    ``before`` holds zebra, walrus, heron and toad; then the zebra's file changes, the walrus's
    vanishes, and the lynx's and falcon's are new.
    """

    def __init__(self, folder: Path) -> None:
        self.articles = folder / "articles"
        self.before, self.home = folder / "before", folder / "home"
        write_articles(self.articles, "zebra", "walrus", "heron", "toad")

    def change(self) -> None:
        (self.articles / "walrus.txt").unlink()
        write_articles(self.articles, "zebra", "lynx", "falcon", food="pears")

    def restore(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)
        if self.before.exists():
            shutil.copytree(self.before, self.home)


def texts(home: Path) -> dict[str, str]:
    """The text of every document by id, checked against both halves of the index."""
    with open_index(home) as index:
        found = {key: index.catalog.document(key) for key in index.catalog.versions()}
        identifiers = index.catalog.passage_ids(list(found))
    assert sorted(store_rows(home)) == sorted(identifiers)
    return {key: document.text for key, document in found.items() if document}


def expected(*animals: str, **foods: str) -> dict[str, str]:
    return {animal: article_text(animal, foods.get(animal, "apples")) for animal in animals}


def check_answers(home: Path) -> None:
    """A question is answered from the heron's article, which no ingestion here alters."""
    with closing(open_bot(Settings(home=home))) as bot:
        answer = bot.ask("What did the heron paint?")
        assert [citation.document_id for citation in answer.citations] == ["heron"]
        assert "apples" in answer.text


def test_a_first_ingestion_killed_at_any_step_is_taken_up_by_the_next(
    tmp_path: Path, zygote: Zygote
) -> None:
    scene = Scene(tmp_path)
    names = sorted(path.stem for path in scene.articles.iterdir())
    code, steps = zygote(scene.home, "ingest", str(scene.articles))
    assert code == 0
    kept_early = cleared = 0
    for point in spread(steps, 9):
        scene.restore()
        assert zygote(scene.home, "ingest", str(scene.articles), point=point) is None
        held = texts(scene.home)
        # Batches of two: none, one or both of them are in, never half of one.
        assert held in (expected(), expected(*names[:2]), expected(*names))
        kept_early += held == expected(*names[:2])
        report = ingest_into(scene.home, scene.articles)
        assert report.added + report.unchanged == names[len(held) :] + names[: len(held)]
        cleared += report.cleared
        assert texts(scene.home) == expected(*names)
        check_whole(scene.home)
    check_answers(scene.home)
    assert kept_early
    assert cleared


def test_many_articles_of_many_formats_killed_at_any_step_are_whole_or_not_there(
    tmp_path: Path, zygote: Zygote
) -> None:
    scene = Scene(tmp_path)
    shutil.rmtree(scene.articles)
    scene.articles.mkdir()
    (scene.articles / "page.html").write_text(PAGE, "utf-8")
    (scene.articles / "river.pdf").write_bytes(
        pdf(paragraph(700, "It rose."), paragraph(700, "It fell."))
    )
    lines = [{"id": animal, "text": article_text(animal)} for animal in ("zebra", "heron", "toad")]
    (scene.articles / "many.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    whole = {f"life-of-the-{line['id']}": line["text"] for line in lines}
    whole |= {"page": PAGE_TEXT, "river": "It rose.\n\nIt fell."}
    code, steps = zygote(scene.home, "ingest", str(scene.articles))
    assert code == 0
    assert texts(scene.home) == whole
    seen = set()
    for point in spread(steps, 3):
        scene.restore()
        assert zygote(scene.home, "ingest", str(scene.articles), point=point) is None
        held = texts(scene.home)
        assert held.items() <= whole.items()
        seen.add(len(held))
        assert ingest_into(scene.home, scene.articles).failed == []
        assert texts(scene.home) == whole
        check_whole(scene.home)
    assert {0, 5} <= seen


def test_an_update_killed_at_any_step_answers_and_is_taken_up_by_the_next(
    tmp_path: Path, zygote: Zygote
) -> None:
    scene = Scene(tmp_path)
    ingest_into(scene.before, scene.articles)
    old = texts(scene.before)
    scene.change()
    foods = {"zebra": "pears", "lynx": "pears", "falcon": "pears"}
    written = expected("zebra", "walrus", "heron", "toad", "lynx", "falcon", **foods)
    new = {animal: text for animal, text in written.items() if animal != "walrus"}
    first_batch = {**old, **{animal: written[animal] for animal in ("falcon", "lynx")}}
    scene.restore()
    code, steps = zygote(scene.home, "ingest", str(scene.articles))
    assert code == 0
    assert texts(scene.home) == new
    seen = []
    for point in spread(steps, 13):
        scene.restore()
        assert zygote(scene.home, "ingest", str(scene.articles), point=point) is None
        held = texts(scene.home)
        stages = [old, first_batch, written, new]
        assert held in stages
        seen.append(stages.index(held))
        check_answers(scene.home)
        report = ingest_into(scene.home, scene.articles)
        assert ("walrus" in report.removed) == ("walrus" in held)
        assert ("zebra" in report.updated) == (held["zebra"] != new["zebra"])
        assert texts(scene.home) == new
        check_whole(scene.home)
    assert seen == sorted(seen)
    assert set(seen) == {0, 1, 2, 3}


def test_a_rebuild_killed_at_any_step_loses_nothing(tmp_path: Path, zygote: Zygote) -> None:
    scene = Scene(tmp_path)
    ingest_into(scene.before, scene.articles)
    old = texts(scene.before)
    scene.restore()
    code, steps = zygote(scene.home, "ingest", "--rebuild")
    assert code == 0
    for point in spread(steps, 6):
        scene.restore()
        assert zygote(scene.home, "ingest", "--rebuild", point=point) is None
        assert texts(scene.home) == old
        check_answers(scene.home)
    assert zygote(scene.home, "ingest", "--rebuild")[0] == 0
    assert texts(scene.home) == old
    assert sorted(path.name for path in scene.home.iterdir()) == ["index", "index.lock"]


@pytest.mark.parametrize("renames", [1, 2])
def test_a_rebuild_killed_between_its_renames_loses_nothing(tmp_path: Path, renames: int) -> None:
    scene = Scene(tmp_path)
    ingest_into(scene.home, scene.articles)
    old = texts(scene.home)
    code = f"""
import os, signal
from pathlib import Path
import qabot.cli
rename, left = Path.rename, {renames}

def killing_rename(self, target):
    global left
    done = rename(self, target)
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return done

Path.rename = killing_rename
qabot.cli.run(["ingest", "--rebuild"])
"""
    assert finish(python(scene.home, code))[0] == -signal.SIGKILL
    assert texts(scene.home) == old
    check_answers(scene.home)


def test_a_process_killed_at_any_time_leaves_an_index_that_answers(
    tmp_path: Path, qabot: Command
) -> None:
    scene = Scene(tmp_path)
    ingest_into(scene.before, scene.articles)
    scene.change()
    killed = 0
    # An ingestion takes a second or more here: some of these come before, some while it writes.
    for wait in (0.3, 0.9, 1.1, 1.3):
        scene.restore()
        process = subprocess.Popen(
            [sys.executable, "-m", "qabot", "ingest", str(scene.articles)],
            env={**os.environ, "QABOT_HOME": str(scene.home)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(wait)
        process.kill()
        killed += process.wait() == -signal.SIGKILL
        check_answers(scene.home)
    assert killed
    command = Command(scene.home)
    asked = command("ask", "What did the heron paint?")
    assert (asked.code, asked.stderr) == (0, "")
    repaired = command("ingest", str(scene.articles))
    assert repaired.code == 0
    assert "failed" not in repaired.stdout
    check_whole(scene.home)
    assert set(texts(scene.home)) == {"zebra", "heron", "toad", "lynx", "falcon"}


def test_what_a_killed_ingestion_left_half_written_is_never_read(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    ingest_into(scene.home, scene.articles)
    before = catalog_rows(scene.home)
    for number, content in enumerate((b"", b"garbage" * 1_000)):
        left = index_folder(scene.home) / f"chroma-00000000000{number}"
        (left / "graph").mkdir(parents=True)
        for name in ("chroma.sqlite3", "graph/link_lists.bin", "graph/index_metadata.pickle"):
            (left / name).write_bytes(content)
    check_answers(scene.home)
    report = ingest_into(scene.home, scene.articles)
    assert (report.cleared, len(report.unchanged)) == (2, 4)
    assert catalog_rows(scene.home) == before
    check_whole(scene.home)
