"""Many articles in one file: each is told from the others, and known again."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path

import pytest
from conftest import Command
from index_support import check_whole, ingest_into, open_index
from loading_support import PAGE, PAGE_TEXT, feed

from qabot.ingest import Report, ingest
from qabot.loading.model import Intake


def lines_of(**texts: str) -> str:
    """JSON lines with these texts by their id."""
    return "".join(json.dumps({"id": key, "text": text}) + "\n" for key, text in texts.items())


def outcome(report: Report) -> tuple[list[str], list[str], list[str], list[str]]:
    return report.added, report.updated, report.unchanged, report.removed


def sources(home: Path) -> dict[str, str]:
    """The text of every document by what its source says after the file's name."""
    with open_index(home, create=False) as index:
        found = {source: index.catalog.document(key) for source, key in
                 index.catalog.ids_by_source().items()}  # fmt: skip
    return {Path(source).name: document.text for source, document in found.items() if document}


def test_articles_of_one_file_are_added_left_alone_updated_and_removed(
    home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "many.jsonl"
    path.write_text(lines_of(zebra="It ate.", heron="It flew.", walrus="It slept."), "utf-8")
    assert outcome(ingest_into(home, path)) == (
        ["many-zebra", "many-heron", "many-walrus"], [], [], []
    )  # fmt: skip
    # In another order, one of them changed, one gone and one new.
    path.write_text(lines_of(otter="It swam.", heron="It sang.", zebra="It ate."), "utf-8")
    assert outcome(ingest_into(home, tmp_path)) == (
        ["many-otter"], ["many-heron"], ["many-zebra"], ["many-walrus"]
    )  # fmt: skip
    assert sources(home) == {
        "many.jsonl#zebra": "It ate.",
        "many.jsonl#heron": "It sang.",
        "many.jsonl#otter": "It swam.",
    }
    check_whole(home)


def test_nothing_vanishes_while_a_line_cannot_be_read(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    path.write_text(lines_of(zebra="It ate.", heron="It flew."), "utf-8")
    ingest_into(home, path)
    path.write_text(lines_of(zebra="It ate.") + '{"id": "heron", "text": "It', "utf-8")
    report = ingest_into(home, path)
    assert report.removed == []
    assert [str(error).partition(": ")[2][:7] for error in report.failed] == ["line 2:"]
    assert set(sources(home)) == {"many.jsonl#zebra", "many.jsonl#heron"}
    path.write_text("", "utf-8")
    assert ingest_into(home, path).removed == []


def test_the_articles_of_a_file_gone_from_its_folder_are_removed(
    home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "C"
    folder.mkdir()
    (folder / "many.jsonl").write_text(lines_of(zebra="It ate.", heron="It flew."), "utf-8")
    (folder / "C#-intro.txt").write_text("A sharp language.", "utf-8")
    (folder / "many.jsonl#also.txt").write_text("A file of its own.", "utf-8")
    ingest_into(home, folder)
    assert len(sources(home)) == 4
    assert ingest_into(home, folder).removed == []
    (folder / "C#-intro.txt").unlink()
    assert ingest_into(home, folder).removed == ["c--intro"]
    (folder / "many.jsonl").unlink()
    assert sorted(ingest_into(home, folder).removed) == ["many-heron", "many-zebra"]
    assert set(sources(home)) == {"many.jsonl#also.txt"}


def test_packed_json_lines_are_read_as_the_unpacked_ones(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl.gz"
    path.write_bytes(gzip.compress(lines_of(zebra="It ate.").encode()))
    assert ingest_into(home, tmp_path).added == ["many-zebra"]
    assert sources(home) == {"many.jsonl.gz#zebra": "It ate."}


def test_more_lines_than_a_batch_go_in_one_after_another(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    texts = {f"n{number}": f"The walrus counted {number} shells." for number in range(600)}
    path.write_text(lines_of(**texts), "utf-8")
    assert len(ingest_into(home, path).added) == 600
    assert len(ingest_into(home, path).unchanged) == 600
    check_whole(home)


def test_the_items_of_a_feed_are_known_again(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "news.xml"
    item = "<guid>{0}</guid><title>News {0}</title><description>It was said {1}.</description>"
    path.write_bytes(feed(item.format("a", "once"), item.format("b", "once")))
    assert ingest_into(home, tmp_path).added == ["news-a", "news-b"]
    path.write_bytes(feed(item.format("c", "once"), item.format("b", "again")))
    assert outcome(ingest_into(home, tmp_path)) == (["news-c"], ["news-b"], [], ["news-a"])


def test_a_glob_takes_what_it_matches(home: Path, tmp_path: Path, here: Command) -> None:
    for name in ("a/one.md", "a/b/two.html", "a/b/three.png", "four.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(PAGE if name.endswith("html") else "It flew.", "utf-8")
    done = here("ingest", str(tmp_path / "a" / "**" / "*"))
    assert (done.code, done.stderr) == (0, "")
    assert set(sources(home)) == {"one.md", "two.html"}
    done = here("ingest", str(tmp_path / "*.pdf"))
    assert done.code == 1
    assert done.stderr == f"Error: {tmp_path}/*.pdf: matches no file that can be read.\n"


def test_a_folder_without_articles_is_an_error_unless_it_was_just_emptied(
    tmp_path: Path, here: Command
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "photo.png").touch()
    done = here("ingest", str(tmp_path / "in"))
    assert (done.code, done.stdout) == (1, "0 added, 0 updated, 0 unchanged, 0 removed, 1 failed\n")
    assert done.stderr.startswith(
        f"Error: {tmp_path}/in: no articles in it. Files that end in .txt, "
    )
    (tmp_path / "in" / "one.md").write_text("It flew.", "utf-8")
    assert here("ingest", str(tmp_path / "in")).code == 0
    (tmp_path / "in" / "one.md").unlink()
    done = here("ingest", str(tmp_path / "in"))
    assert (done.code, done.stderr) == (0, "")


def test_a_name_with_signs_of_a_pattern_is_a_name(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a[1].txt").write_text("It flew.", "utf-8")
    with open_index(home) as index:
        assert ingest(index, [str(tmp_path / "a[1].txt")]).added == ["a-1"]


@pytest.mark.parametrize("kind", ["plain", "page", "lines"])
def test_standard_input_is_recognised(
    home: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    def piped(text: str) -> Report:
        file = io.BufferedReader(io.BytesIO(text.encode()))  # type: ignore[arg-type]
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(file))
        with open_index(home) as index:
            return ingest(index, ["-"])

    given = {"plain": "The river\n\nIt rose.", "page": PAGE, "lines": lines_of(a="It ate.")}[kind]
    assert len(piped(given).added) == 1
    (text,) = sources(home).values()
    assert text == {"plain": given, "page": PAGE_TEXT, "lines": "It ate."}[kind]
    assert len(piped(given).unchanged) == 1
    # Another text is another article; it takes the place of none.
    other = given.replace("rose", "fell").replace("ate", "sat").replace("hurt", "found")
    report = piped(other.replace('"a"', '"b"'))
    assert (len(report.added), report.removed) == (1, [])
    assert len(sources(home)) == 2


def test_the_format_of_standard_input_can_be_told(home: Path, here: Command) -> None:
    done = here("ingest", "--format", "text", "-", stdin=PAGE.encode())
    assert done.code == 0
    assert list(sources(home).values()) == [PAGE]
    done = here("ingest", "-", "--format", "pdf", stdin=b"no PDF")
    assert done.code == 1
    assert done.stderr.startswith("Error: standard input: is a broken PDF file.")
    assert "is empty" in here("ingest", "-", stdin=b"").stderr


def test_show_prints_a_text_to_the_letter(home: Path, tmp_path: Path, here: Command) -> None:
    text = "A Title\r\n\r\nIt flew, “said” the owner.\x1b[31m\u2028 \n\n"
    (tmp_path / "a.txt").write_bytes(text.encode())
    (tmp_path / "b.html").write_text(PAGE, "utf-8")
    here("ingest", str(tmp_path))
    assert here("show", "--text", "a").stdout == text
    assert here("show", "--text", "b", PYTHONIOENCODING="ascii").stdout == PAGE_TEXT
    assert here("show", "--text", "c").stderr.startswith("Error: No article 'c'.")


def test_every_citation_stands_in_the_text_that_show_prints(tmp_path: Path, here: Command) -> None:
    (tmp_path / "b.html").write_text(PAGE, "utf-8")
    here("ingest", str(tmp_path))
    answer = json.loads(here("ask", "--json", "When did the river rise over the bridge?").stdout)
    assert answer["citations"]
    text = here("show", "--text", "b").stdout
    for citation in answer["citations"]:
        assert text[citation["start"] : citation["end"]] == citation["quote"]
        assert citation["publisher"] == "The Daily Example"


def test_the_report_can_be_read_by_a_program(tmp_path: Path, here: Command) -> None:
    (tmp_path / "many.jsonl").write_text(lines_of(zebra="It ate.") + "bad", "utf-8")
    done = here("ingest", "--json", "--tag", "a, b", "--tag", "c", str(tmp_path))
    assert done.code == 1
    reason = "line 2: not JSON. Each line must be an object on its own."
    assert json.loads(done.stdout) == {
        "added": ["many-zebra"], "updated": [], "unchanged": [], "removed": [], "cleared": 0,
        "failed": [f"{tmp_path}/many.jsonl: {reason}"],
    }  # fmt: skip
    (source,) = json.loads(here("sources", "--json").stdout)["sources"]
    assert source["tags"] == ["a", "b", "c"]


def test_the_tags_of_the_last_ingestion_count(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("It flew.", "utf-8")
    with open_index(home) as index:
        assert ingest(index, [tmp_path], intake=Intake(("x",))).added == ["a"]
        assert ingest(index, [tmp_path], intake=Intake(("x",))).unchanged == ["a"]
        assert ingest(index, [tmp_path], intake=Intake(("y",))).updated == ["a"]


def test_other_schemes_are_refused(here: Command) -> None:
    for address in ("ftp://e.org/a", "file:///etc/passwd", "javascript://x"):
        done = here("ingest", address)
        assert done.code == 1
        assert done.stderr == f"Error: {address}: only http and https addresses are read.\n"
