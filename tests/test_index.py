"""The index gives back exactly what was put in, to several threads and processes at once."""

from __future__ import annotations

import sqlite3
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Command
from hypothesis import given, settings
from hypothesis import strategies as st
from index_support import (
    ANIMALS,
    EMBEDDER,
    article_text,
    catalog_rows,
    check_whole,
    finish,
    index_folder,
    ingest_into,
    open_index,
    put,
    python,
    store_rows,
    write_articles,
)
from texts_support import texts

from qabot import open_bot
from qabot.bot import Bot
from qabot.catalog import Catalog
from qabot.entries import Entry
from qabot.errors import IndexCorrupt, IndexLocked, IndexOutdated, IndexProblem
from qabot.rebuild import recover
from qabot.settings import Settings
from qabot.split import split
from qabot.storage import catalog_path, locked
from qabot.types import Document
from qabot.writer import version_of


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    """A catalog without a vector store: what it keeps does not depend on one."""
    with closing(Catalog(tmp_path_factory.mktemp("catalog") / "c.sqlite3", create=True)) as made:
        made.initialise({})
        yield made


def entry(document: Document) -> Entry:
    passages = [(f"{document.id}:{p.start}-{p.end}", p) for p in split(document)]
    return Entry(document, "version", "2026-01-01T00:00:00+00:00", passages)


@given(text=texts, title=st.text(max_size=40))
def test_the_catalog_gives_back_any_text_exactly(catalog: Catalog, text: str, title: str) -> None:
    document = Document("some", title, "/a/b.txt", text)
    catalog.commit([entry(document)], [], {})
    assert catalog.document("some") == document
    kept = catalog.passages(catalog.passage_ids(["some"]))
    assert sorted(kept.values(), key=lambda passage: passage.start) == split(document)
    assert all(text[p.start : p.end] == p.text for p in kept.values())


@settings(max_examples=12)
@given(st.lists(texts, min_size=1, max_size=12))
def test_both_halves_give_back_any_texts_exactly(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[str]
) -> None:
    home = tmp_path_factory.mktemp("home")
    documents = [Document(f"d{n}", f"T {n}", f"/d{n}", text) for n, text in enumerate(drawn)]
    put(home, *documents)
    with open_index(home) as index:
        assert [index.catalog.document(document.id) for document in documents] == documents
    check_whole(home)
    catalog_path(index_folder(home)).unlink()
    citable = [document for document in documents if split(document)]
    found = recover(index_folder(home)).documents
    assert sorted(found, key=lambda document: int(document.id[1:])) == citable


def test_a_text_that_utf8_cannot_hold_is_refused_and_nothing_is_written(home: Path) -> None:
    put(home, Document("good", "Good", "/good", article_text("zebra")))
    before = catalog_rows(home), store_rows(home)
    with pytest.raises(UnicodeEncodeError):
        put(
            home,
            Document("fine", "Fine", "/fine", article_text("walrus")),
            Document("bad", "Bad", "/bad", "Half of a pair: \ud800 stands alone here."),
        )
    assert (catalog_rows(home), store_rows(home)) == before
    check_whole(home)


def test_a_version_names_everything_that_shapes_the_passages() -> None:
    one = Document("id", "title", "source", "text")
    others = [
        Document("other", "title", "source", "text"),
        Document("id", "other", "source", "text"),
        Document("id", "title", "other", "text"),
        Document("id", "title", "source", "other"),
    ]
    assert len({version_of(document, EMBEDDER) for document in (one, *others)}) == 5
    assert version_of(one, EMBEDDER) == version_of(one, EMBEDDER)


def test_removing_leaves_neither_half_with_a_trace(home: Path, tmp_path: Path) -> None:
    ingest_into(home, *write_articles(tmp_path, "zebra", "walrus"))
    with open_index(home) as index, index.writing() as writer:
        assert writer.remove("zebra")
        assert not writer.remove("zebra", "unknown")
        assert writer.remove("unknown", "walrus")
    assert store_rows(home) == {}
    rows = catalog_rows(home)
    assert rows["documents"] == rows["passages"] == rows["segments"] == rows["postings"] == []
    with open_index(home, create=False) as index:
        assert index.dense(EMBEDDER.embed(["zebra"])[0], 5) == []
        assert index.is_used


def test_an_index_without_a_document_finds_nothing(home: Path) -> None:
    with open_index(home) as index:
        assert index.dense(EMBEDDER.embed(["zebra"])[0], 5) == []
        assert index.vectors is None
        assert not index.is_used


def test_opening_what_is_not_there_says_how_to_make_it(home: Path) -> None:
    with pytest.raises(IndexCorrupt, match="qabot ingest PATH"), open_index(home, create=False):
        pass
    assert not index_folder(home).exists()


# Threads


def found_in(bot: Bot, question: str) -> set[str]:
    """The documents whose passages the bot read for a question."""
    explanation = bot.ask(question).explanation
    assert explanation
    return {hit.passage.document_id for hit in explanation.hits}


def test_threads_share_a_bot(home: Path, tmp_path: Path) -> None:
    ingest_into(home, *write_articles(tmp_path, *ANIMALS))
    questions = [f"What did the {animal} paint?" for animal in ANIMALS] * 4
    with closing(open_bot(Settings(home=home))) as one:
        alone = [(answer.text, answer.citations) for answer in map(one.ask, questions)]
    # A new bot, so that its threads race for opening the store and loading the model too.
    with closing(open_bot(Settings(home=home))) as bot, ThreadPoolExecutor(8) as pool:
        together = [(answer.text, answer.citations) for answer in pool.map(bot.ask, questions)]
    assert together == alone
    assert any(citations for _, citations in alone)


def test_threads_ask_while_another_writes(home: Path, tmp_path: Path) -> None:
    ingest_into(home, *write_articles(tmp_path, "zebra"))
    (walrus,) = write_articles(tmp_path, "walrus")
    done = threading.Event()
    seen: list[set[str]] = []

    def ask(bot: Bot) -> None:
        while not done.is_set():
            seen.append(found_in(bot, "What did the zebra paint?"))

    with closing(open_bot(Settings(home=home))) as bot:
        with ThreadPoolExecutor(3) as pool:
            asking = [pool.submit(ask, bot) for _ in range(3)]
            try:
                for food in ("apples", "pears", "plums", "figs"):
                    walrus.write_text(article_text("walrus", food), "utf-8")
                    ingest_into(home, walrus)
            finally:
                done.set()
            for future in asking:
                future.result()
        assert all("zebra" in documents for documents in seen)
        assert found_in(bot, "Who painted figs?") >= {"walrus"}


# Processes


def test_an_open_bot_sees_what_another_process_puts_in(
    home: Path, tmp_path: Path, qabot: Command
) -> None:
    (zebra,) = write_articles(tmp_path, "zebra")
    ingest_into(home, zebra)
    with closing(open_bot(Settings(home=home))) as bot, open_index(home) as index:
        assert found_in(bot, "What did the walrus paint?") == {"zebra"}
        vector = EMBEDDER.embed(["the walrus in the garden"])[0]
        before = index.dense(vector, 30)
        zebra.write_text(article_text("zebra", "pears"), "utf-8")
        assert qabot("ingest", str(zebra), str(write_articles(tmp_path, "walrus")[0])).code == 0
        assert found_in(bot, "What did the walrus paint?") == {"zebra", "walrus"}
        assert "apples" not in bot.ask("What did the zebra paint in the garden?").text
        after = index.dense(vector, 30)
        assert {key for key, _ in after} == set(store_rows(home))
        assert not {key for key, _ in before} <= {key for key, _ in after}


def test_an_open_bot_keeps_answering_while_another_process_ingests_and_rebuilds(
    home: Path, tmp_path: Path
) -> None:
    ingest_into(home, *write_articles(tmp_path / "first", "zebra"))
    write_articles(tmp_path / "second", *ANIMALS[1:])
    code = """
import sys
from pathlib import Path
from index_support import article_text, ingest_into, EMBEDDER, index_folder
from qabot.rebuild import rebuild
home, folder = Path(sys.argv[1]), Path(sys.argv[2])
for food in ("apples", "pears", "plums"):
    for path in folder.iterdir():
        path.write_text(article_text(path.stem, food), "utf-8")
    ingest_into(home, folder)
    rebuild(index_folder(home), EMBEDDER)
"""
    start = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
    writer = python(home, start + code, str(home), str(tmp_path / "second"))
    asked = 0
    with closing(open_bot(Settings(home=home))) as bot:
        while writer.poll() is None:
            assert "zebra" in found_in(bot, "What did the zebra paint in the garden?")
            asked += 1
        assert finish(writer)[0] == 0
        assert asked > 5
        assert found_in(bot, "What did the walrus paint?") >= {"walrus"}
        assert "plums" in {word for hit in hits(bot) for word in hit.split()}


def hits(bot: Bot) -> list[str]:
    """The passages read for a question about the walrus."""
    explanation = bot.ask("What did the walrus paint?").explanation
    assert explanation
    return [hit.passage.text for hit in explanation.hits]


def test_a_second_writer_is_told_to_wait_and_changes_nothing(
    home: Path, tmp_path: Path, here: Command
) -> None:
    (zebra,) = write_articles(tmp_path, "zebra")
    ingest_into(home, zebra)
    before = catalog_rows(home)
    (walrus,) = write_articles(tmp_path, "walrus")
    with open_index(home) as index, index.writing():
        for arguments in (
            ("ingest", str(walrus)), ("remove", "zebra"), ("ingest", "--rebuild")
        ):  # fmt: skip
            done = here(*arguments)
            assert (done.code, done.stdout) == (1, "")
            assert done.stderr == (
                "Error: Another qabot is writing to the index. Wait until it has finished, "
                "then run the command again.\n"
            )
        assert here("ask", "What did the zebra paint?").code in (0, 3)
        with pytest.raises(IndexLocked):
            ingest_into(home, walrus)
    assert catalog_rows(home) == before
    assert here("ingest", str(walrus)).code == 0
    check_whole(home)


def test_two_first_questions_at_once_are_both_answered(home: Path) -> None:
    code = "import sys; from qabot.__main__ import main; main()"
    asking = [python(home, code, "ask", "Who rejected maximum pressure?") for _ in range(3)]
    finished = [finish(process) for process in asking]
    assert [code for code, _, _ in finished] == [0, 0, 0]
    assert len({out for _, out, _ in finished}) == 1
    notices = [line for _, _, err in finished for line in err.splitlines()]
    assert sum("First use" in line for line in notices) == 1
    check_whole(home)


def test_a_first_question_beside_a_first_ingest_waits_and_adds_no_shipped_article(
    home: Path, tmp_path: Path
) -> None:
    (zebra,) = write_articles(tmp_path, "zebra")
    with open_index(home) as index:
        with index.writing() as writer:
            code = "import sys; from qabot.__main__ import main; main()"
            asking = python(home, code, "ask", "What did the zebra paint?")
            assert asking.stderr
            waiting = asking.stderr.readline()
            text = zebra.read_text("utf-8")
            writer.put([Document("zebra", "Life of the zebra", str(zebra), text)])
        code_of, out, err = finish(asking)
        assert "waiting until it has finished" in waiting
        assert "First use" not in err
        assert code_of in (0, 3)
        assert "zebra" in out
        assert list(index.catalog.versions()) == ["zebra"]


@pytest.mark.skipif(not hasattr(sys.modules["os"], "fork"), reason="needs fork")
def test_a_forked_process_is_told_to_open_the_index_itself(home: Path, tmp_path: Path) -> None:
    ingest_into(home, *write_articles(tmp_path, "zebra"))
    code = """
import os
from qabot import open_bot
from qabot.errors import IndexProblem
bot = open_bot()
bot.ask("What did the zebra paint?")
pid = os.fork()
if pid == 0:
    try:
        bot.ask("What did the zebra paint?")
    except IndexProblem as error:
        os.write(1, str(error).encode())
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
"""
    code_of, out, err = finish(python(home, "import warnings\n" + code))
    assert code_of == 0, err
    assert "Open it after forking" in out


def test_a_catalog_of_another_program_is_not_taken_for_an_index(home: Path) -> None:
    folder = index_folder(home)
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(catalog_path(folder))) as other, other:
        other.execute("CREATE TABLE documents (anything TEXT)")
        other.execute("CREATE TABLE meta (key TEXT, value TEXT)")
    with pytest.raises(IndexProblem, match="--rebuild"), open_index(home):
        pass


@pytest.mark.parametrize(("key", "said"), [("format", "another version"), ("embedder", "model")])
def test_an_index_of_another_make_says_so(home: Path, tmp_path: Path, key: str, said: str) -> None:
    ingest_into(home, *write_articles(tmp_path, "zebra"))
    with closing(Catalog(catalog_path(index_folder(home)))) as catalog:
        catalog.write_meta({key: "other"})
    with pytest.raises(IndexOutdated, match=f"{said}.*--rebuild"), open_index(home):
        pass


def test_the_lock_is_free_again_when_its_holder_is_done_or_has_failed(home: Path) -> None:
    with pytest.raises(ZeroDivisionError), locked(index_folder(home)):
        raise ZeroDivisionError
    with locked(index_folder(home)):
        pass
