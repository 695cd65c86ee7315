"""Files that were made to do harm are refused within bounds, and do none to the others."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Command
from index_support import check_whole, finish, ingest_into, open_index, python
from loading_support import PAGE, PAGE_TEXT, feed, paragraph, pdf, replaced, word

from qabot.errors import LoadError
from qabot.loading.loader import Loader
from qabot.loading.model import Article, Extract, Hints, Place
from qabot.loading.worker import Worker
from qabot.settings import LARGEST_FILE

WORD = word(lambda document: document.add_paragraph("It flew."))
SPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
ENTITIES = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
LAUGHS = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a0 "lol">{ENTITIES}'
SECRET = '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a11 SYSTEM "file:///etc/passwd">'
BODY = f"<w:document {SPACE}><w:body><w:p><w:r><w:t>It flew. &a11;</w:t></w:r></w:p></w:body>"
ITEM = "<guid>1</guid><title>T</title><description>It flew. &a11;</description>"


def rss(head: str) -> bytes:
    return feed(ITEM).replace(b'<?xml version="1.0" encoding="utf-8"?>', f"{head}]>".encode())


def bomb(size: int) -> bytes:
    """A Word file whose document unpacks to ``size`` bytes."""
    return replaced(WORD, document=b" " * size)


def nested() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.docx", WORD)
    return file.getvalue()


def packed_pdf(data: bytes) -> bytes:
    """A PDF file whose one page has this content, packed."""
    page = pdf(paragraph(700, "mark"))
    packed = zlib.compress(data, 9).decode("latin-1")
    start, end = page.index(b"<< /Length", page.index(b"/Contents")), page.index(b"endstream")
    content = f"<< /Filter /FlateDecode /Length {len(packed)} >>\nstream\n{packed}\n"
    # Without its table of places the file is damaged, and mended by looking for its objects.
    return (page[:start] + content.encode("latin-1") + page[end:]).replace(b"startxref", b"start")


HOSTILE: dict[str, tuple[str, bytes]] = {
    "deep.html": ("no article", b"<html><body>" + b"<div>" * 200_000 + b"x"),
    "nothing.html": ("no article", b"<html>" + b"\0" * 100_000),
    "attributes.html": ("", b"<html><body><p " + b"a=1 " * 500_000 + b">It flew.</p>"),
    "nested.html": ("", b"<html><body><article>" + b"<ul><li>It flew. " * 20_000),
    "bomb.docx": ("unpacks to 96 MiB", bomb(100_000_000)),
    "spaces.docx": ("broken", bomb(10_000_000)),
    "nested.docx": ("broken", nested()),
    "laughs.docx": ("broken", replaced(WORD, document=f"{LAUGHS}]>{BODY}</w:document>".encode())),
    "cut.docx": ("broken", WORD[: len(WORD) // 2]),
    "old.docx": (".doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600),
    "text.docx": ("broken", b"It is a text."),
    "cut.pdf": ("broken", pdf(paragraph(700, "It flew."))[:300]),
    "garbage.pdf": ("broken", b"%PDF-1.7\n" + bytes(range(256)) * 100),
    "password.pdf": ("encrypted", pdf([], trailer=(
        "/ID [<00> <00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <" + "41" * 32 + "> /U <"
        + "42" * 32 + "> >>"))),
    "pages.pdf": ("5,001 pages", pdf(*[[]] * 5_001)),
    "deep.xml": ("", feed("<a>" * 20_000)),
    "cut.rss": ("", feed("<guid>1</guid><description>It flew.</description>")[:-60]),
}  # fmt: skip


@pytest.fixture(scope="module")
def loader() -> Iterator[Loader]:
    with Loader() as opened:
        yield opened


def load(loader: Loader, path: Path, data: bytes) -> list[Article | LoadError]:
    path.write_bytes(data)
    return list(loader.load(Place(str(path), path)))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_an_error_or_a_text_and_the_next_file_is_read(
    loader: Loader, tmp_path: Path, name: str
) -> None:
    reason, data = HOSTILE[name]
    (found,) = load(loader, tmp_path / name, data)
    if reason:
        assert isinstance(found, LoadError), found
        assert reason in str(found)
        assert str(found).startswith(f"{tmp_path / name}: ")
        assert "\n" not in str(found)
    (page,) = load(loader, tmp_path / "page.html", PAGE.encode())
    assert isinstance(page, Article)
    assert page.text == PAGE_TEXT


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.xml", rss(SECRET)),
        ("b.xml", rss(LAUGHS)),
        ("a.docx", replaced(WORD, document=f"{SECRET}]>{BODY}</w:document>".encode())),
    ],
)
def test_no_file_is_opened_and_nothing_multiplied_by_an_entity(
    loader: Loader, tmp_path: Path, name: str, data: bytes
) -> None:
    for found in load(loader, tmp_path / name, data):
        assert "root:" not in str(found)
        assert "lollol" not in str(found)


def test_a_text_in_front_of_a_pdf_is_a_text(loader: Loader, tmp_path: Path) -> None:
    (found,) = load(loader, tmp_path / "a.txt", b"%PDF-1.4 is how such files begin.")
    assert isinstance(found, Article)


def test_a_line_without_an_end_is_named_and_the_next_one_read(
    loader: Loader, tmp_path: Path
) -> None:
    path = tmp_path / "many.jsonl"
    with path.open("wb") as file:
        file.write(b'{"text": "first"}\n{"text": "')
        for _ in range(100):
            file.write(b"a" * 1_000_000)
        file.write(b'"}\n{"text": "last"}')
    first, error, last = loader.load(Place(str(path), path))
    assert isinstance(first, Article)
    assert isinstance(last, Article)
    said = "line 2: is longer than the 8 MiB an article may have. Split it into parts."
    assert str(error) == f"{path}: {said}"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (gzip.compress(b"\0" * 100_000_000), "100 times its size"),
        (gzip.compress(b"\n" * 1_000_000), "empty lines"),
        # Without the time, one of whose bytes may be the end of a line.
        (gzip.compress(gzip.compress(b'{"text": "a"}', mtime=0)), "line 1: not UTF-8"),
        (gzip.compress(os.urandom(10_000))[:5_000], "damaged"),
        (b"no gzip at all", "damaged"),
        (b"", "empty"),
        (gzip.compress(b"not JSON\n" * 1_000), "the rest is not read"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_packed_file_that_is_none_of_articles_is_left(
    loader: Loader, tmp_path: Path, data: bytes, reason: str
) -> None:
    found = load(loader, tmp_path / "many.jsonl.gz", data)
    assert len(found) <= 101
    assert reason in str(found[-1])


def test_what_takes_too_long_is_ended_and_the_next_is_read() -> None:
    slow = b"<html><body><article>" + b"<p>a</p>" * 900_000
    with Worker(longest=1.5) as worker:
        with pytest.raises(LoadError, match=r"longer than 1\.5 seconds"):
            list(worker.read("html", slow, Hints()))
        worker.longest = 60.0
        (found,) = worker.read("html", PAGE.encode(), Hints())
        assert isinstance(found, Extract)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not bound memory")
def test_what_takes_too_much_memory_is_an_error_and_the_next_is_read() -> None:
    line = b"BT /F1 11 Tf 72 700 Td (Some words that are repeated here.) Tj ET\n"
    greedy = packed_pdf(line * 3_000_000)
    assert len(greedy) < LARGEST_FILE
    with Worker(memory=256 * 1024 * 1024) as worker:
        with pytest.raises(LoadError, match=r"breaks the program|more memory|broken|pictures"):
            list(worker.read("pdf", greedy, Hints()))
        (found,) = worker.read("html", PAGE.encode(), Hints())
        assert isinstance(found, Extract)


def test_many_files_are_read_by_one_process(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number}.html").write_text(PAGE, "utf-8")
    with Loader() as loader:
        seen = set()
        for path in sorted(tmp_path.iterdir()):
            (found,) = loader.load(Place(str(path), path))
            assert isinstance(found, Article)
            assert loader._worker._process is not None
            seen.add(loader._worker._process.pid)
        assert len(seen) == 1


def test_text_and_json_lines_start_no_process(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("It flew.", "utf-8")
    (tmp_path / "b.jsonl").write_text('{"text": "It flew."}', "utf-8")
    with Loader() as loader:
        for path in tmp_path.iterdir():
            assert all(isinstance(found, Article) for found in loader.load(Place(str(path), path)))
        assert loader._worker._process is None


def test_a_process_that_dies_between_two_files_is_started_anew() -> None:
    with Worker() as worker:
        for _ in range(2):
            (found,) = worker.read("html", PAGE.encode(), Hints())
            assert isinstance(found, Extract)
            assert worker._process is not None
            worker._process.kill()
            worker._process.wait()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
def test_the_process_ends_with_the_one_that_started_it(home: Path) -> None:
    started = python(
        home,
        "import os, signal\n"
        "from qabot.loading.worker import Worker\n"
        "worker = Worker()\n"
        "worker._start()\n"
        "print(worker._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n",
    )
    _, out, _ = finish(started)
    child = Path(f"/proc/{int(out)}/cmdline")
    for _ in range(200):
        if not child.exists() or "qabot" not in child.read_text():
            return
        time.sleep(0.05)
    pytest.fail("the process that parses outlives the program")


def test_bad_files_among_good_ones_leave_the_index_whole(
    home: Path, tmp_path: Path, here: Command
) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    for name, (_, data) in HOSTILE.items():
        (folder / name).write_bytes(data)
    (folder / "page.html").write_text(PAGE, "utf-8")
    (folder / "good.docx").write_bytes(WORD)
    done = here("ingest", "--json", str(folder))
    assert done.code == 1
    report = json.loads(done.stdout)
    assert {"page", "good"} <= set(report["added"])
    refused = {name for name, (reason, _) in HOSTILE.items() if reason}
    assert {Path(error.partition(": ")[0]).name for error in report["failed"]} >= refused
    with open_index(home, create=False) as index:
        assert not {Path(source).name for source in index.catalog.ids_by_source()} & refused
    check_whole(home)
    assert ingest_into(home, folder).added == []


def test_a_folder_of_hostile_names_runs_nothing(tmp_path: Path, home: Path) -> None:
    """Where the command runs is no place from which the process that parses takes its code."""
    (tmp_path / "json.py").write_text("open('ran', 'w')", "utf-8")
    (tmp_path / "trafilatura.py").write_text("open('ran', 'w')", "utf-8")
    (tmp_path / "page.html").write_text(PAGE, "utf-8")
    script = "import sys; from qabot.cli import run; sys.exit(run(['ingest', 'page.html']))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", script],
        cwd=tmp_path, env={**os.environ, "QABOT_HOME": str(home)}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "ran").exists()
