"""Feed the loaders and the splitter what nobody would write, to see what breaks.

    pip install atheris
    python benchmarks/fuzz.py TARGET [SECONDS] [CORPUS]

TARGET is one of those below, or ``all``, one after another. What atheris finds (an exception that
is no LoadError, a broken promise, a hang, a crash) it says, and leaves the input that did it in
CORPUS (by default ``.fuzz``), where the next run takes up. Exceptions of a parser's own are
counted, not stopped at: in the program they become an error that names the file.
"""

from __future__ import annotations

import io
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

with atheris.instrument_imports(include=["qabot", "feedparser", "docx", "trafilatura"]):
    import feedparser  # noqa: F401
    import trafilatura  # noqa: F401
    from loading_support import PAGE, paragraph, replaced
    from loading_support import feed as feed_of
    from loading_support import pdf as pdf_of
    from loading_support import word as word_of
    from texts_support import PIECES

    from qabot.errors import LoadError
    from qabot.frontmatter import front_matter_of
    from qabot.loading import feed, html, jsonl, pdf, plain, word
    from qabot.loading.formats import recognised
    from qabot.loading.lines import Line, text_of
    from qabot.loading.model import Extract, Hints
    from qabot.split import split
    from qabot.types import Document

FOREIGN: Counter[str] = Counter()
"""Exceptions of the parsers' own, by type and place."""
_WORD = word_of(lambda document: document.add_paragraph("It flew."))


def check(found: Extract) -> None:
    """What is promised of every article that comes in."""
    found.text.encode("utf-8")
    assert "\0" not in found.text
    assert list(found.pages) == sorted(found.pages)
    assert all(0 <= page <= len(found.text) for page in found.pages)
    assert not found.origin.date or date.fromisoformat(found.origin.date)
    assert not found.origin.url or found.origin.url.startswith(("http:", "https:"))
    for line in (found.title, found.origin.author, found.origin.publisher, *found.origin.tags):
        assert line == " ".join(line.split())
        line.encode("utf-8")
    found.key.encode("utf-8")
    if found.text.strip() and not found.link:
        check_passages(Document("a", found.title, "", found.text, pages=found.pages))


def check_passages(document: Document) -> None:
    """What is promised of every passage."""
    last = 0
    for passage in split(document):
        assert document.text[passage.start : passage.end] == passage.text
        assert last <= passage.start < passage.end
        last = passage.end


def parsed(
    read: Callable[[bytes, Hints], Iterable[Extract | LoadError]],
) -> Callable[[bytes], None]:
    """A target that has a library parse."""

    def target(data: bytes) -> None:
        try:
            found = list(read(data, Hints()))
        except LoadError as refused:
            if "\n" in str(refused):
                raise
            return
        except (MemoryError, RecursionError, Exception) as error:
            trace = error.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
            FOREIGN[f"{type(error).__name__} at {place}"] += 1
            if "qabot" in trace.tb_frame.f_code.co_filename:
                raise
            return
        for one in found:
            if isinstance(one, Extract):
                check(one)

    return target


def word_target(data: bytes) -> None:
    """A Word file: any bytes, or a good archive around any document."""
    read = parsed(word.read)
    read(data[1:] if data[:1] == b"\0" else replaced(_WORD, document=data))


def jsonl_target(data: bytes) -> None:
    try:
        for one in jsonl.read(io.BytesIO(data)):
            if isinstance(one, Extract):
                check(one)
    except LoadError:
        return


def plain_target(data: bytes) -> None:
    recognised(data, "text")
    try:
        for one in plain.read(data, Hints()):
            check(one)
    except LoadError:
        return


def split_target(data: bytes) -> None:
    text = data.decode("utf-8", "ignore").replace("\0", " ")
    front_matter_of(text)
    check_passages(Document("a", "", "", text))


def lines_target(data: bytes) -> None:
    given = atheris.FuzzedDataProvider(data)
    pages = [
        [
            Line(given.ConsumeUnicodeNoSurrogates(30), *(given.ConsumeFloat() for _ in range(4)))
            for _ in range(given.ConsumeIntInRange(0, 6))
        ]
        for _ in range(given.ConsumeIntInRange(0, 5))
    ]
    text, offsets = text_of(pages)
    check(Extract(text, pages=offsets))


TARGETS = {
    "html": parsed(html.read),
    "pdf": parsed(pdf.read),
    "docx": word_target,
    "feed": parsed(feed.read),
    "jsonl": jsonl_target,
    "plain": plain_target,
    "split": split_target,
    "lines": lines_target,
}


def seeds(target: str) -> list[bytes]:
    """What to begin with."""
    import zipfile

    document = zipfile.ZipFile(io.BytesIO(_WORD)).read("word/document.xml")
    atom = b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>a</id><title>T</title></entry></feed>'
    line = b'{"title": "T", "text": "It flew.", "date": "2026-01-02", "tags": ["a"], "id": 1}\n'
    text = "\n\n".join(PIECES).encode()
    front = b"---\ntitle: T\ntags:\n  - a\ndate: 2026-01-02\n---\n\nIt flew.\n"
    return {
        "html": [PAGE.encode(), b"<p>a<ul><li>b", text],
        "pdf": [pdf_of(paragraph(700, "It flew."), [], about="/Title (T)")],
        "docx": [document, b"\0" + _WORD],
        "feed": [feed_of("<title>T</title><guid>1</guid><description>a</description>"), atom],
        "jsonl": [line * 2],
        "plain": [text, front],
        "split": [text, front],
        "lines": [bytes(range(256))],
    }[target]


def run(target: str, seconds: int, corpus: Path) -> None:
    """Fuzz one target in this process, which libFuzzer ends."""
    folder = corpus / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(target)):
        (folder / f"seed-{number}").write_bytes(seed)
    dictionary = corpus / f"{target}.dict"
    words = ["<p>", "<ul>", "<br>", "<![CDATA[", "&#x0;", "---\\x0a", "obj", "stream", "\\xff\\xfe"]
    dictionary.write_text("".join(f'"{word}"\n' for word in words), "utf-8")
    arguments = [
        sys.argv[0], str(folder), f"-max_total_time={seconds}", f"-artifact_prefix={folder}-",
        f"-dict={dictionary}", "-max_len=16384", "-timeout=30", "-rss_limit_mb=3072",
        "-print_final_stats=1", "-verbosity=0",
    ]  # fmt: skip
    done = TARGETS[target]
    told = corpus / f"{target}.foreign"

    def counted(data: bytes) -> None:
        before = len(FOREIGN)
        done(data)
        if len(FOREIGN) != before:
            told.write_text("\n".join(sorted(FOREIGN)), "utf-8")

    atheris.Setup(arguments, counted)
    atheris.Fuzz()


def main() -> None:
    target = sys.argv[1] if len(sys.argv) > 1 else "all"
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    corpus = Path(sys.argv[3] if len(sys.argv) > 3 else ".fuzz").absolute()
    if target != "all":
        run(target, seconds, corpus)
        return
    for name in TARGETS:
        command = [sys.executable, __file__, name, str(seconds), str(corpus)]
        print(name, "exit code", subprocess.run(command, check=False).returncode, flush=True)


if __name__ == "__main__":
    main()
