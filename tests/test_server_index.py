"""Several bots share one index on a Chroma server, which is started for real."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from conftest import Command
from index_support import EMBEDDER, article_text, finish, python, write_articles
from server_support import (
    Chroma,
    ingest_at,
    passages_at,
    put_at,
    server_index,
    texts_at,
    until,
)

from qabot import open_bot
from qabot.addresses import ServerAddress
from qabot.bot import Bot
from qabot.chroma_collections import Collections
from qabot.chroma_server import ChromaServer
from qabot.errors import IndexOutdated
from qabot.server_index import ServerIndex
from qabot.settings import Settings
from qabot.types import Document, Origin

LONG = "\n\n".join(
    f"On day {number} the otter walked {number} miles along the river and slept." * 3
    for number in range(400)
)


@pytest.fixture
def database(chroma: Chroma) -> str:
    return chroma.database()


def bot_at(database: str, home: Path) -> Bot:
    return open_bot(Settings(home=home, chroma=ServerAddress.parse(database)))


def cited(bot: Bot, question: str) -> set[str]:
    return {citation.document_id for citation in bot.ask(question).citations}


def test_articles_go_to_a_server_and_come_back_as_they_were(database: str, tmp_path: Path) -> None:
    origin = Origin("https://example.org/", "An Author", "The Paper", "2026-02-27", ("animals",))
    documents = [
        Document("zebra", "The zebra", "/zebra.pdf", article_text("zebra"), origin, (0, 40)),
        Document("long", "A “long” walk \N{DUCK}", "/long.txt", f"A walk\r\n\r\n{LONG}\r\n\r\n"),
    ]
    put_at(database, tmp_path / "one", *documents)
    with server_index(database, tmp_path / "two") as index:
        for document in documents:
            assert index.catalog.document(document.id) == document
        (vector,) = EMBEDDER.embed(["the zebra painted apples"])
        found = index.dense(vector, 30)
        assert len(found) == 30
        assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
        assert {name.split(":")[0] for name, _ in index.dense(vector, 30, ["zebra"])} == {
            index.catalog.versions()["zebra"]
        }
        assert index.dense(vector, 30, []) == []


def test_what_is_on_a_server_is_what_a_local_index_would_hold(
    database: str, tmp_path: Path, here: Command
) -> None:
    paths = write_articles(tmp_path / "articles", "zebra", "walrus", "heron")
    ingest_at(database, tmp_path / "bot", *paths)
    assert here("ingest", *map(str, paths)).code == 0
    question = "What did the walrus paint?"
    with closing(bot_at(database, tmp_path / "bot")) as bot, closing(open_bot()) as other:
        one, two = bot.ask(question), other.ask(question)
        assert (one.text, one.citations, one.notes) == (two.text, two.citations, two.notes)
        assert one.explanation
        assert two.explanation
        assert [hit.passage for hit in one.explanation.hits] == [
            hit.passage for hit in two.explanation.hits
        ]


def test_any_llamaindex_program_can_open_it(database: str, tmp_path: Path) -> None:
    from llama_index.core import VectorStoreIndex
    from llama_index.vector_stores.chroma import ChromaVectorStore

    from qabot.llamaindex import EmbeddingAdapter

    put_at(database, tmp_path, Document("zebra", "Zebra", "/z.txt", article_text("zebra")))
    with server_index(database, tmp_path) as index, index.writing() as writer:
        store = ChromaVectorStore(chroma_collection=writer._collections._passages)
        opened = VectorStoreIndex.from_vector_store(store, embed_model=EmbeddingAdapter(EMBEDDER))
        (node,) = opened.as_retriever(similarity_top_k=1).retrieve("Who painted apples?")
        assert "zebra" in node.text


def test_an_open_bot_sees_what_others_put_in_change_and_take_out(
    database: str, tmp_path: Path
) -> None:
    folder = tmp_path / "articles"
    write_articles(folder, "zebra", "heron")
    ingest_at(database, tmp_path / "writer", folder)
    with closing(bot_at(database, tmp_path / "bot")) as bot:
        assert cited(bot, "What did the zebra paint?") == {"zebra"}
        write_articles(folder, "walrus")
        ingest_at(database, tmp_path / "writer", folder)
        until(lambda: cited(bot, "What did the walrus paint?") == {"walrus"})
        write_articles(folder, "zebra", food="pears")
        (folder / "heron.txt").unlink()
        report = ingest_at(database, tmp_path / "writer", folder)
        assert (report.updated, report.removed) == (["zebra"], ["heron"])
        until(lambda: "pears" in bot.ask("What did the zebra paint?").text)
        until(lambda: bot.index.catalog.versions().keys() == {"zebra", "walrus"})
    there, counted = passages_at(database, tmp_path / "writer")
    assert there == counted


def test_a_bot_in_another_process_sees_a_new_article(
    database: str, tmp_path: Path, qabot: Command, here: Command
) -> None:
    paths = write_articles(tmp_path / "articles", "zebra", "walrus")
    assert qabot("ingest", str(paths[0]), QABOT_CHROMA=database).code == 0
    with closing(bot_at(database, tmp_path / "bot")) as bot:
        assert cited(bot, "What did the zebra paint?") == {"zebra"}
        assert qabot("ingest", str(paths[1]), QABOT_CHROMA=database).code == 0
        until(lambda: cited(bot, "What did the walrus paint?") == {"walrus"})
    asked = here.at(tmp_path / "third")("ask", "What did the walrus paint?", QABOT_CHROMA=database)
    assert asked.code == 0
    assert "walrus painted apples" in asked.stdout
    listed = here("sources", "--json", QABOT_CHROMA=database)
    assert '"walrus"' in listed.stdout
    assert here("remove", "walrus", QABOT_CHROMA=database).code == 0
    assert "walrus" not in here("sources", QABOT_CHROMA=database).stdout


def test_an_empty_server_says_how_to_put_articles_in(database: str, here: Command) -> None:
    asked = here("ask", "Who painted?", QABOT_CHROMA=database)
    assert asked.code == 3
    assert "qabot ingest PATH" in asked.stdout + asked.stderr


def test_two_ingesters_at_once_lose_nothing(database: str, tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from typing import Any
from server_support import ingest_at
database, home, folder = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
ingest_at(database, Path(home), Path(folder))
"""
    names = [f"animal{number}" for number in range(12)]
    for side in ("left", "right"):
        write_articles(tmp_path / side, *names, food=side)
    running = []
    for side in ("left", "right"):
        running.append(
            python_at(code, database, str(tmp_path / f"home-{side}"), str(tmp_path / side))
        )
    for process in running:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [finish(process)[::2] for process in running] == [(0, ""), (0, "")]
    texts = list(texts_at(database, tmp_path / "home").values())
    for side in ("left", "right"):
        for name in names:
            assert article_text(name, side) in texts
    assert len(texts) == 2 * len(names)
    there, counted = passages_at(database, tmp_path / "home")
    assert there == counted


def python_at(code: str, *arguments: str) -> Any:
    start = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
    return python(Path(arguments[1]), start + code, *arguments)


def test_a_copy_that_is_damaged_is_fetched_again(database: str, tmp_path: Path) -> None:
    ingest_at(database, tmp_path / "bot", *write_articles(tmp_path, "zebra"))
    (copy,) = (tmp_path / "bot").glob("servers/*/catalog.sqlite3")
    copy.write_bytes(b"garbage" * 1_000)
    assert texts_at(database, tmp_path / "bot") == {"zebra": article_text("zebra")}


def test_an_article_altered_on_the_server_is_left_out_and_doctor_says_so(
    database: str, tmp_path: Path, here: Command
) -> None:
    ingest_at(database, tmp_path / "bot", *write_articles(tmp_path, "zebra", "walrus"))
    with server_index(database, tmp_path / "bot") as index, index.writing() as writer:
        collection = writer._collections._passages
        altered = collection.get(where={"document_id": "zebra"}, limit=1)["ids"]
        collection.update(
            ids=altered, documents=["The zebra painted nothing."], embeddings=[[0.0] * 256]
        )
    with server_index(database, tmp_path / "other") as index:
        assert index.catalog.versions().keys() == {"walrus"}
        assert index.damaged == 1
    done = here("doctor", QABOT_CHROMA=database)
    assert done.code == 1
    assert "1 articles, 2 passages; 1 cannot be read whole" in done.stdout
    assert ingest_at(database, tmp_path / "new", tmp_path / "zebra.txt").added == ["zebra"]
    with server_index(database, tmp_path / "other") as index:
        assert index.catalog.versions().keys() == {"walrus", "zebra"}
        assert index.damaged == 0
    done = here("doctor", QABOT_CHROMA=database)
    assert "index server" in done.stdout
    assert "cannot be read" not in done.stdout


def test_another_embedding_model_is_refused_and_its_index_can_be_made_beside(
    database: str, tmp_path: Path
) -> None:
    class Other:
        fingerprint = "other-model"
        embed = staticmethod(EMBEDDER.embed)

    put_at(database, tmp_path, Document("zebra", "Zebra", "/z.txt", article_text("zebra")))
    address = ServerAddress.parse(database)
    with pytest.raises(IndexOutdated, match=r"embedding model wordllama.*qabot export"):
        ServerIndex(address, tmp_path, Other())
    with closing(ServerIndex(address, tmp_path, Other(), create=True)) as index:
        with index.writing() as writer:
            writer.put([Document("heron", "Heron", "/h.txt", article_text("heron"))])
        assert index.catalog.versions().keys() == {"heron"}
    assert texts_at(database, tmp_path).keys() == {"zebra"}
    with closing(bot_at(database, tmp_path)) as bot:
        assert bot.index.embedder.fingerprint == EMBEDDER.fingerprint


def test_an_index_that_another_process_is_just_making_is_not_taken_for_one_of_another_model(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ChromaServer.collections
    looks: list[bool] = []

    def made_meanwhile(server: ChromaServer, embedder: str, create: bool) -> Collections | None:
        looks.append(create)
        if len(looks) == 1:
            asked(server, embedder, create=True)
            return None
        return asked(server, embedder, create)

    monkeypatch.setattr(ChromaServer, "collections", made_meanwhile)
    put_at(database, tmp_path, Document("zebra", "Zebra", "/z.txt", article_text("zebra")))
    assert texts_at(database, tmp_path / "other").keys() == {"zebra"}


def test_export_and_import_bring_articles_from_a_local_index_to_a_server_and_back(
    database: str, tmp_path: Path, here: Command
) -> None:
    assert here("ingest", *map(str, write_articles(tmp_path, "zebra", "walrus"))).code == 0
    local = here("export", "-").stdout.encode()
    done = here.at(tmp_path / "bot")("import", "-", stdin=local, QABOT_CHROMA=database)
    assert (done.code, done.stderr) == (0, "")
    assert "2 added" in done.stdout
    back = here.at(tmp_path / "bot")("export", "-", QABOT_CHROMA=database)
    assert back.stdout.encode() == local


def test_a_rebuild_fetches_the_copy_anew_and_sweeps_the_server(
    database: str, tmp_path: Path, here: Command
) -> None:
    ingest_at(database, here.home, *write_articles(tmp_path, "zebra"))
    with server_index(database, here.home) as index, index.writing() as writer:
        writer._collections._passages.add(
            ids=["stray"], embeddings=[[0.0] * 256], documents=["x"], metadatas=[{"version": "v.1"}]
        )
    done = here("ingest", "--rebuild", QABOT_CHROMA=database)
    assert (done.code, done.stderr) == (0, "Rebuilt the index with 1 document.\n")
    there, counted = passages_at(database, here.home)
    assert there == counted


def test_questions_while_articles_come_and_go_see_one_state_each(
    database: str, tmp_path: Path
) -> None:
    folder = tmp_path / "articles"
    paths = write_articles(folder, "zebra", "walrus", "heron")
    ingest_at(database, tmp_path / "writer", folder)
    code = """
import sys
from pathlib import Path
from index_support import write_articles
from server_support import ingest_at
database, home, folder = sys.argv[1:]
for food in ("pears", "plums", "apples", "pears"):
    write_articles(Path(folder), "zebra", "walrus", food=food)
    ingest_at(database, Path(home), Path(folder))
"""
    process = python_at(code, database, str(tmp_path / "writer"), str(folder))
    asked = 0
    with closing(bot_at(database, tmp_path / "bot")) as bot:
        while process.poll() is None:
            answer = bot.ask("What did the zebra paint in the garden?")
            (citation,) = answer.citations
            assert citation.document_id == "zebra"
            assert any(food in answer.text for food in ("apples", "pears", "plums"))
            assert answer.notes == ()
            asked += 1
        assert finish(process)[0] == 0
        until(lambda: "pears" in bot.ask("What did the zebra paint?").text)
    assert asked > 5
    assert len(paths) == 3
