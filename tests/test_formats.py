"""Each format comes in as paragraphs, with what it says of itself as fields."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from docx.oxml.ns import qn
from loading_support import PAGE, PAGE_TEXT, feed, paragraph, pdf, word

from qabot.errors import LoadError
from qabot.loading.loader import Loader
from qabot.loading.model import Article, Intake, Place
from qabot.split import split
from qabot.types import Document, Origin


@pytest.fixture(scope="module")
def loader() -> Loader:
    with Loader() as opened:
        yield opened


def load(loader: Loader, path: Path, data: bytes | str) -> list[Article]:
    """The articles of a file, none of which fails."""
    path.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)
    found = list(loader.load(Place(str(path), path)))
    errors = [one for one in found if isinstance(one, LoadError)]
    assert not errors, errors
    return [one for one in found if isinstance(one, Article)]


def refusal(loader: Loader, path: Path, data: bytes | str) -> str:
    """Why a file is refused, as one line that names it and ends like a sentence."""
    path.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)
    (error,) = loader.load(Place(str(path), path))
    assert isinstance(error, LoadError)
    assert str(error).startswith(f"{path}: ")
    assert "\n" not in str(error)
    return str(error).removeprefix(f"{path}: ")


def passages(article: Article) -> list[str]:
    document = Document(
        "a", article.title, article.source, article.text, article.origin, article.pages
    )
    return [passage.text for passage in split(document)]


# Web pages


def test_a_page_gives_its_article_and_what_it_says_of_itself(
    loader: Loader, tmp_path: Path
) -> None:
    (article,) = load(loader, tmp_path / "page.html", PAGE)
    assert article.text == PAGE_TEXT
    assert article.title == "River floods town"
    assert article.origin == Origin(
        "https://news.example/river", "Ada Lee", "The Daily Example", "2026-02-27",
        ("flood", "river"),
    )  # fmt: skip
    assert all("River floods town" not in passage for passage in passages(article))


def test_a_page_reads_the_same_every_time(loader: Loader, tmp_path: Path) -> None:
    once = load(loader, tmp_path / "page.html", PAGE)
    with Loader() as another:
        assert load(another, tmp_path / "page.html", PAGE) == once


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("utf-8", "utf-8"),
        ("iso-8859-1", "windows-1252"),
        ("windows-1251", "windows-1251"),
        ("utf-8", "utf-16"),  # its byte order mark counts, not what it declares
        ("nonsense-9", "utf-8"),
    ],
)
def test_a_page_is_decoded_as_it_declares(
    loader: Loader, tmp_path: Path, declared: str, encoding: str
) -> None:
    words = "Вода поднялась выше моста" if "1251" in declared else "Señor Muñoz said “no” to it"
    page = PAGE.replace("utf-8", declared).replace("Nobody was hurt.", f"{words}.")
    page = page.replace("“We", "We").replace("this,” she", "this, she")
    (article,) = load(loader, tmp_path / "page.html", page.encode(encoding))
    assert f"{words}." in article.text


@pytest.mark.parametrize(
    "date", ["soon", "2026-13-45", "0000-00-00", "<script>", "9" * 500], ids=lambda date: date[:9]
)
def test_garbage_is_no_date(loader: Loader, tmp_path: Path, date: str) -> None:
    page = PAGE.replace("2026-02-27T22:10:00+01:00", date)
    (article,) = load(loader, tmp_path / "page.html", page)
    assert article.origin.date == ""


@pytest.mark.parametrize(
    ("mark", "day"),
    [
        (
            '<script type="application/ld+json">{"datePublished": "2026-01-02T03:04Z"}</script>',
            "2026-01-02",
        ),
        ('<meta name="DC.date.issued" content="2026-01-02">', "2026-01-02"),
        (
            '<time pubdate datetime="2026-01-02">Friday</time><time datetime="2025-01-01"></time>',
            "2026-01-02",
        ),
        ('<time datetime="2026-01-02">Friday</time>', "2026-01-02"),
        ('<time datetime="2026-01-02">a</time><time datetime="2025-01-01">b</time>', ""),
        ("<p>On 2 January 2026 it rained. Copyright 2025-01-01.</p>", ""),
        ('<meta name="generator" content="made 2026-01-02">', ""),
        ("<p>By Ada Lee</p><p>Published Jan. 2, 2026</p>", "2026-01-02"),
    ],
)
def test_only_a_date_marked_as_that_of_publication_counts(
    loader: Loader, tmp_path: Path, mark: str, day: str
) -> None:
    published = '<meta property="article:published_time" content="2026-02-27T22:10:00+01:00">'
    assert published in PAGE
    page = PAGE.replace(published, "").replace("</h1>", f"</h1>{mark}")
    (article,) = load(loader, tmp_path / "page.html", page)
    assert article.origin.date == day


def test_a_page_without_a_mark_is_of_the_day_in_its_address(loader: Loader, tmp_path: Path) -> None:
    published = '<meta property="article:published_time" content="2026-02-27T22:10:00+01:00">'
    dated = PAGE.replace("news.example/river", "news.example/2026/01/03/river")
    (article,) = load(loader, tmp_path / "page.html", dated.replace(published, ""))
    assert article.origin.date == "2026-01-03"
    (article,) = load(loader, tmp_path / "page.html", dated)
    assert article.origin.date == "2026-02-27"
    line = {"text": "The river rose.", "url": "https://news.example/2026/01/03/river"}
    (article,) = load(loader, tmp_path / "a.jsonl", json.dumps(line))
    assert article.origin.date == "2026-01-03"


def test_an_address_that_is_no_web_address_is_not_kept(loader: Loader, tmp_path: Path) -> None:
    page = PAGE.replace("https://news.example/river", "javascript:alert(1)")
    (article,) = load(loader, tmp_path / "page.html", page)
    assert not article.origin.url.startswith("javascript")


def test_a_page_without_an_article_is_refused(loader: Loader, tmp_path: Path) -> None:
    for page in ("<html><body></body></html>", "<html><script>x()</script></html>"):
        assert "no article was found" in refusal(loader, tmp_path / "page.html", page)
    assert "empty" in refusal(loader, tmp_path / "page.html", " \n")


WORDS = "<p>The company has published what is to come in the second week of January, it said.</p>"


def lines_of(loader: Loader, path: Path, body: str) -> list[str]:
    page = f"<title>News</title><body><article>{WORDS}{body}</article></body>"
    (article,) = load(loader, path / "page.html", f"<html>{page}</html>")
    return article.text.split("\n\n")[2:]


def test_cells_of_a_table_stay_in_their_columns_below_its_head(
    loader: Loader, tmp_path: Path
) -> None:
    table = (
        "<table><thead><tr><th>Line</th><th>Days</th><th>First</th></tr></thead><tbody>"
        "<tr><th rowspan='2'>Line 14</th><td>weekdays</td><td>5:40</td></tr>"
        "<tr><td>Sundays<br>and holidays</td><td><p>8:00</p></td></tr></tbody></table>"
    )
    assert lines_of(loader, tmp_path, table) == [
        "Line | Days | First", "--- | --- | ---", "Line 14 | weekdays | 5:40",
        "Line 14 | Sundays and holidays | 8:00",
    ]  # fmt: skip


@pytest.mark.parametrize("span", ["0", "-1", "99", "9999999999", "x", "²"])
def test_no_span_fills_more_than_its_table(loader: Loader, tmp_path: Path, span: str) -> None:
    table = (
        f"<table><tr><td rowspan='{span}'>a</td><td>b</td></tr><tr><td>c</td></tr></table>"
        "<table><tr><td>d</td><td>e</td></tr></table>"
    )
    lines = lines_of(loader, tmp_path, table)
    assert lines[0] == "a | b"
    assert lines[1] in ("| c |  |", "a | c")
    assert lines[2] == "d | e"


def test_a_term_stands_by_what_it_means_unless_it_asks(loader: Loader, tmp_path: Path) -> None:
    terms = (
        "<dl><dt>Manager</dt><dd>Ingrid Vasser</dd><dt>Length:</dt><dd>6.4 km</dd>"
        "<dt>Is it open?</dt><dd>Not yet.</dd></dl>"
    )
    assert lines_of(loader, tmp_path, terms) == [
        "- Manager: Ingrid Vasser", "- Length: 6.4 km", "- Is it open?", "Not yet.",
    ]  # fmt: skip


def test_a_box_of_facts_is_kept_and_one_of_links_is_not(loader: Loader, tmp_path: Path) -> None:
    facts = "<aside><p>Founded: 1958</p><p>Chairwoman: Karin Ek</p></aside>"
    links = "<aside><p><a href='/a'>Another story</a></p><p><a href='/b'>One more</a></p></aside>"
    assert lines_of(loader, tmp_path, facts + WORDS + links) == [
        "Founded: 1958", "Chairwoman: Karin Ek", WORDS[3:-4],
    ]  # fmt: skip


# PDF


def test_a_pdf_gives_paragraphs_and_keeps_its_pages(loader: Loader, tmp_path: Path) -> None:
    first = [
        *paragraph(740, "The River and the Town", size=20),
        *paragraph(700, "By Ada Lee"),
        *paragraph(680, "Published Feb. 27, 2026"),
        *paragraph(650, "The river rose over the stone bridge on Friday night, and hun-",
                   "dreds of people left their homes in the lower town."),
        *paragraph(600, "Nobody was hurt, and the schools of the town will stay closed", "until"),
    ]  # fmt: skip
    second = [
        *paragraph(740, "Monday, when the water is expected to fall."),
        *paragraph(700, "The mayor thanked everyone who had helped on that night and later."),
    ]
    about = "/Title (A River) /Author (Ada Lee) /Keywords (flood; river)"
    (article,) = load(loader, tmp_path / "river.pdf", pdf(first, second, about=about))
    assert article.title == "A River"
    assert article.origin == Origin(author="Ada Lee", date="2026-02-27", tags=("flood", "river"))
    assert "on Friday night, and hundreds of people left their homes" in article.text
    assert "stay closed until Monday, when the water" in article.text
    begin = article.text.index("Monday, when")
    assert article.pages == (0, begin)
    document = Document("a", "", "", article.text, pages=article.pages)
    found = {passage.text[:9]: (passage.page, passage.breaks) for passage in split(document)}
    assert found["The river"] == (1, ())
    assert found["Nobody wa"] == (1, (begin,))
    assert found["The mayor"] == (2, ())


def test_page_numbers_and_running_heads_are_left_out(loader: Loader, tmp_path: Path) -> None:
    pages = [
        [
            *paragraph(770, "The Daily Example"),
            *paragraph(700, f"Paragraph {word} says something of its own, at some length."),
            *paragraph(40, str(number)),
        ]
        for number, word in enumerate(("one", "two", "three", "four"), 1)
    ]
    (article,) = load(loader, tmp_path / "a.pdf", pdf(*pages))
    assert "Daily" not in article.text
    assert [line for line in article.text.split("\n") if line] == [
        f"Paragraph {word} says something of its own, at some length."
        for word in ("one", "two", "three", "four")
    ]


def test_pages_without_text_still_count(loader: Loader, tmp_path: Path) -> None:
    text = paragraph(700, "The text of this file stands on its second page.")
    (article,) = load(loader, tmp_path / "a.pdf", pdf([], text, []))
    document = Document("a", "", "", article.text, pages=article.pages)
    assert [passage.page for passage in split(document)] == [2]
    assert len(article.pages) == 3


def test_a_pdf_without_text_says_so(loader: Loader, tmp_path: Path) -> None:
    assert "only pictures" in refusal(loader, tmp_path / "scan.pdf", pdf([], []))


# Word


def test_a_word_file_gives_headings_lists_tables_and_properties(
    loader: Loader, tmp_path: Path
) -> None:
    def build(document: object) -> None:
        document.core_properties.author = "Ada Lee"
        document.core_properties.keywords = "flood, river"
        document.add_heading("The River", 0)
        document.add_paragraph("By Ada Lee")
        document.add_paragraph("Published Feb. 27, 2026")
        document.add_paragraph("It rose over the bridge.").add_run(" Nobody was hurt.").bold = True
        document.add_heading("What is known", 1)
        document.add_paragraph("two bridges", style="List Bullet")
        table = document.add_table(1, 2)
        table.cell(0, 0).text, table.cell(0, 1).text = "Friday", "7.2 m"
        document.add_paragraph("The end of it.")

    (article,) = load(loader, tmp_path / "river.docx", word(build))
    assert article.text == (
        "# The River\n\nBy Ada Lee\n\nPublished Feb. 27, 2026\n\nIt rose over the bridge. "
        "Nobody was hurt.\n\n## What is known\n\n- two bridges\n\nFriday | 7.2 m\n\nThe end of it."
    )
    assert article.title == "The River"
    assert article.origin == Origin(author="Ada Lee", date="2026-02-27", tags=("flood", "river"))


def test_cells_of_a_word_table_stay_in_their_columns(loader: Loader, tmp_path: Path) -> None:
    def build(document: object) -> None:
        document.add_paragraph("The buses of the valley.")
        table = document.add_table(4, 3)
        rows = (
            ("Line", "Days", "Fare"),
            ("14", "weekdays", ""),
            ("", "Sundays", "1.80"),
            ("", "", ""),
        )
        for row, texts in zip(table.rows, rows, strict=True):
            for cell, text in zip(row.cells, texts, strict=True):
                cell.text = text
        table.cell(0, 2).add_paragraph("(euros)")
        table.cell(1, 0).merge(table.cell(2, 0))
        head = table.rows[0]._tr.get_or_add_trPr()
        head.append(head.makeelement(qn("w:tblHeader")))

    (article,) = load(loader, tmp_path / "buses.docx", word(build))
    assert article.text.splitlines()[2::2] == [
        "Line | Days | Fare (euros)", "--- | --- | ---", "| 14 | weekdays |  |",
        "14 | Sundays | 1.80",
    ]  # fmt: skip


def test_a_word_table_for_the_layout_gives_paragraphs(loader: Loader, tmp_path: Path) -> None:
    def build(document: object) -> None:
        cell = document.add_table(1, 2).cell(0, 1)
        cell.text = "The river rose over the bridge. " * 12
        cell.add_paragraph("Nobody was hurt.")

    (article,) = load(loader, tmp_path / "a.docx", word(build))
    assert article.text.split("\n\n")[1:] == ["Nobody was hurt."]


def test_a_word_file_without_words_is_refused(loader: Loader, tmp_path: Path) -> None:
    assert "no text" in refusal(loader, tmp_path / "a.docx", word(lambda document: None))


# JSON lines


def test_a_file_of_json_lines_gives_an_article_a_line(loader: Loader, tmp_path: Path) -> None:
    lines = [
        {"title": "Zebra", "text": "It ate.\r\n", "url": "https://e.org/z", "date": "2026-01-02"},
        {
            "id": 7,
            "text": "# Heron\n\nIt flew.",
            "author": "A",
            "publisher": "P",
            "tags": ["x", "y"],
        },
        {"text": "Only a text.", "tags": "one, two", "date": "Fri, 27 Feb 2026 23:00:00 -0500"},
    ]
    written = "\ufeff" + "\n\n".join(map(json.dumps, lines))
    path = tmp_path / "many.jsonl"
    zebra, heron, plain = load(loader, path, written)
    assert zebra == Article(
        "Zebra", f"{path}#https://e.org/z", "It ate.\r\n",
        Origin("https://e.org/z", date="2026-01-02"), name="Zebra",
    )  # fmt: skip
    assert (heron.title, heron.source, heron.text) == ("Heron", f"{path}#7", "# Heron\n\nIt flew.")
    assert heron.origin == Origin("", "A", "P", "", ("x", "y"))
    assert (plain.source, plain.origin.date) == (f"{path}#5", "2026-02-27")
    assert plain.origin.tags == ("one", "two")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ("[1]", "not an object"),
        ("{}", 'no "text"'),
        ('{"text": 7}', 'no "text"'),
        ('{"text": " "}', "empty"),
        (r'{"text": "a \u0000 b"}', "NUL"),
        (r'{"text": "a \ud800 b"}', "surrogate"),
        ('{"text": "a", "title": ["b"]}', '"title"'),
        ('{"text": "a", "date": "soon"}', '"date"'),
        ('{"text": "a", "tags": [1]}', '"tags"'),
        ('{"text": "a", "id": true}', '"id"'),
        ('{"text": "a", "id": "one"}', "line 1"),
        ("[" * 100_000, "not JSON"),
        ('{"text": ' + "9" * 9_999 + "}", "not JSON"),
    ],
    ids=lambda value: value[:20],
)
def test_a_bad_line_is_named_and_stops_no_other(
    loader: Loader, tmp_path: Path, line: str, reason: str
) -> None:
    path = tmp_path / "many.jsonl"
    good = '{"text": "good", "id": "one"}'
    path.write_text(f"{good}\n{line}\n" + '{"text": "last"}', "utf-8")
    first, error, last = loader.load(Place(str(path), path))
    assert isinstance(first, Article)
    assert isinstance(last, Article)
    assert isinstance(error, LoadError)
    assert str(error).startswith(f"{path}: line 2: ")
    assert reason in str(error)
    assert last.source == f"{path}#3"


# Feeds

LONG = "<p>" + "The heron painted plums in the garden of the palace. " * 12 + "</p>"


def test_the_items_of_a_feed_come_with_their_own_text(loader: Loader, tmp_path: Path) -> None:
    items = (
        "<title>Heron paints</title><guid>h1</guid><link>https://e.org/h</link>"
        "<author>a@e.org (Ada Lee)</author><category>birds</category>"
        "<pubDate>Fri, 27 Feb 2026 23:30:00 -0500</pubDate>"
        "<content:encoded><![CDATA[<p>It painted <b>plums</b>.</p><h3>More</h3>"
        "<ul><li>one</li></ul><script>x()</script>]]></content:encoded>",
        f"<title>Long</title><link>https://e.org/l</link><description><![CDATA[{LONG}]]></description>",
        "<description>No address, so this is all there is.</description><guid>g</guid>",
    )
    path = tmp_path / "news.rss"
    heron, long, bare = load(loader, path, feed(*items))
    assert heron.source == f"{path}#h1"
    assert heron.text == "# Heron paints\n\nIt painted plums.\n\n### More\n\n- one"
    assert heron.origin.publisher == "The Feed"
    assert (heron.origin.url, heron.origin.date) == ("https://e.org/h", "2026-02-27")
    assert heron.origin.tags == ("birds",)
    assert long.source == f"{path}#https://e.org/l"
    assert long.text.startswith("# Long\n\nThe heron painted plums")
    assert bare.text == "No address, so this is all there is."


def test_atom_is_read_too(loader: Loader, tmp_path: Path) -> None:
    atom = (
        '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>F</title><entry>'
        "<id>urn:1</id><title>T</title><updated>2026-02-27T10:00:00Z</updated>"
        '<content type="html">&lt;p&gt;It flew.&lt;/p&gt;</content></entry></feed>'
    )
    (article,) = load(loader, tmp_path / "news.xml", atom)
    assert (article.text, article.origin.date) == ("# T\n\nIt flew.", "2026-02-27")


def test_what_is_no_feed_is_refused(loader: Loader, tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    assert "no RSS or Atom" in refusal(loader, path, "<urlset></urlset>")
    assert "no RSS or Atom" in refusal(loader, path, "not even XML")
    assert "no items" in refusal(loader, path, feed())


# Markdown


def test_front_matter_becomes_fields_and_the_text_stays(loader: Loader, tmp_path: Path) -> None:
    text = (
        '---\ntitle: "Front"\nauthor: Ann Oak\ndate: 2026-03-04T10:00\ntags:\n  - a\n  - b\n'
        "url: https://e.org/front\n---\n\nThe otter swam across the lake.\n"
    )
    (article,) = load(loader, tmp_path / "a.md", text)
    assert article.text == text
    assert article.title == "Front"
    assert article.origin == Origin("https://e.org/front", "Ann Oak", "", "2026-03-04", ("a", "b"))
    assert passages(article) == ["The otter swam across the lake."]


def test_the_date_of_a_byline_is_the_articles(loader: Loader, tmp_path: Path) -> None:
    text = "A Fine Title\n\nBy Ada Lee\nUpdated: Feb. 27, 2026\n\nIt happened on March 3, 2020.\n"
    (article,) = load(loader, tmp_path / "a.txt", text)
    assert article.origin == Origin(date="2026-02-27")


# All of them


def test_content_decides_over_the_name(loader: Loader, tmp_path: Path) -> None:
    assert load(loader, tmp_path / "a.pdf", PAGE)[0].text == PAGE_TEXT
    line = paragraph(700, "A short line of text.")
    assert load(loader, tmp_path / "a.html", pdf(line))[0].text == "A short line of text."


def test_tags_that_are_given_join_those_of_the_article(tmp_path: Path) -> None:
    with Loader(Intake(("mine", "flood"))) as loader:
        (article,) = load(loader, tmp_path / "a.html", PAGE)
    assert article.origin.tags == ("flood", "river", "mine")


@pytest.mark.parametrize(
    ("name", "data", "extra", "hidden"),
    [
        ("a.html", PAGE.encode(), "html", "trafilatura"),
        ("a.pdf", pdf([]), "pdf", "pypdfium2"),
        ("a.docx", word(lambda document: None), "docx", "docx"),
        ("a.rss", feed(), "feeds", "feedparser"),
    ],
)
def test_a_missing_extra_is_named_with_what_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, data: bytes, extra: str, hidden: str
) -> None:
    hiding = tmp_path / "hiding"
    hiding.mkdir()
    (hiding / f"{hidden}.py").write_text("raise ModuleNotFoundError('hidden by a test')")
    monkeypatch.syspath_prepend(str(hiding))
    with Loader() as loader:
        assert refusal(loader, tmp_path / name, data).endswith(f"pip install 'qabot[{extra}]'")
