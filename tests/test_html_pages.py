"""Pages as they are: folded answers, notes, layout tables, live reports, lists of links."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qabot.article import read_blocks
from qabot.errors import LoadError
from qabot.loading import html
from qabot.loading.loader import Loader
from qabot.loading.model import Article, Hints, Place

OPENING = (
    "<p>The stone bridge at Ollenford will stay closed for a year, the county council said on "
    "Wednesday, after engineers had found cracks in two of its five piers.</p>"
)
CLOSING = "<p>The council will vote on the repair, which may cost £4.2m, on 19 March.</p>"
FIRST, LAST = OPENING[3:-4], CLOSING[3:-4]


@pytest.fixture(scope="module")
def loader() -> Loader:
    with Loader() as opened:
        yield opened


def article_of(loader: Loader, folder: Path, page: str) -> Article:
    path = folder / "page.html"
    path.write_text(page, "utf-8")
    (found,) = loader.load(Place(str(path), path))
    assert isinstance(found, Article), found
    return found


def parts_of(
    loader: Loader, folder: Path, body: str, head: str = "<title>Bridge</title>"
) -> list[str]:
    """The paragraphs of an article with this between its first and its last sentence."""
    page = (
        f'<!doctype html><html><head><meta charset="utf-8">{head}</head><body><nav><a href="/">'
        f"Home</a></nav><main><article><h1>Bridge</h1>{OPENING}{body}{CLOSING}</article></main>"
        "<footer><p>© The Ollen Courier. All rights reserved.</p></footer></body></html>"
    )
    parts = article_of(loader, folder, page).text.split("\n\n")
    assert parts[:2] == ["# Bridge", FIRST]
    assert parts[-1] == LAST
    return parts[2:-1]


def test_what_opens_a_folded_answer_is_its_heading(loader: Loader, tmp_path: Path) -> None:
    faq = """<div class="accordion"><div class="item"><h3><button aria-expanded="false"
    aria-controls="one"><span>Can I be refused?</span></button></h3><div id="one" hidden
    aria-hidden="true" class="collapse"><p>Yes, if fines are unpaid.</p></div></div>
    <button aria-expanded="false" aria-controls="two">What does a permit cost?</button>
    <div id="two" style="display:none">It costs £64 a year, and £32 for people over 65.</div></div>
    <details><summary>May I park a van?</summary>Vans up to 3.5 tonnes are allowed.</details>
    <details><summary><h4>Where is the office?</h4></summary><p>At 4 Mill Street.</p></details>
    <h3>Fees <button>Copy link</button></h3><p>They are paid at the office.</p>"""
    assert parts_of(loader, tmp_path, faq) == [
        "### Can I be refused?", "Yes, if fines are unpaid.",
        "### What does a permit cost?", "It costs £64 a year, and £32 for people over 65.",
        "### May I park a van?", "Vans up to 3.5 tonnes are allowed.",
        "#### Where is the office?", "At 4 Mill Street.",
        "### Fees", "They are paid at the office.",
    ]  # fmt: skip


def test_marks_of_notes_are_out_and_what_is_raised_otherwise_stays(
    loader: Loader, tmp_path: Path
) -> None:
    notes = """<h2>Depth<span class="mw-editsection">[<a href="/e">edit</a>]</span></h2>
    <p>“We take it seriously.<sup><a href="#n1">1</a></sup> All do.”<sup class="reference">[2]</sup>
    It is deep,<sup>3</sup> the survey<sup id="fnref:4"><a href="#fn:4">4</a></sup> says.<sup>[a][b]
    </sup><sup>[<i>citation needed</i>]</sup></p>
    <p>It covers 41 km<sup>2</sup>, where x<sup>2</sup> is the 1<sup>st</sup> term, and holds
    3.1×10<sup>9</sup> litres.</p><ol><li>A survey of 1998. <a href="#r1">↩</a></li></ol>"""
    assert parts_of(loader, tmp_path, notes) == [
        "## Depth",
        "“We take it seriously. All do.” It is deep, the survey says.",
        "It covers 41 km2, where x2 is the 1st term, and holds 3.1×10⁹ litres.",
        "1. A survey of 1998.",
    ]


def test_what_is_unseen_in_words_or_struck_out_is_left_out(loader: Loader, tmp_path: Path) -> None:
    body = """<p>The ferry Blue&shy;line runs to Sund\u200bby, Nor\u2060way\ufeff;
    नहीं\u200d and 👩\u200d🔧.</p>
    <p>The fee is <del>£20</del> £25, not <s>a <b>lot</b></s> nothing, <strike>he</strike> she
    says.</p>"""
    assert parts_of(loader, tmp_path, body) == [
        "The ferry Blueline runs to Sundby, Norway; नहीं\u200d and 👩\u200d🔧.",
        "The fee is £25, not nothing, she says.",
    ]


def test_a_label_that_is_only_heard_is_parted_from_what_it_labels(
    loader: Loader, tmp_path: Path
) -> None:
    body = """<p><span class="govuk-visually-hidden">Warning</span>You can be fined £5,000.</p>
    <div><strong><span class="sr-only">Important:</span>Do not swim here.</strong></div>
    <p>Read the <a href="/r">report<span class="sr-only">(in a new tab)</span></a>.</p>"""
    assert parts_of(loader, tmp_path, body) == [
        "Warning: You can be fined £5,000.",
        "Important: Do not swim here.",
        "Read the report (in a new tab).",
    ]


@pytest.mark.parametrize(
    ("head", "line", "author", "day"),
    [
        (
            "",
            '<time class="entry-date published" datetime="2026-01-05T09:00Z">January 5</time>'
            '<time class="updated" datetime="2026-01-09">January 9</time>',
            "",
            "2026-01-05",
        ),
        ('{"@type": "Recipe", "author": {"name": "Nell Ashdown"}}', "", "Nell Ashdown", ""),
        (
            '{"@graph": [{"@type": "Person", "name": "x"}, {"@type": ["HowTo"], "author": '
            '[{"name": "Zo\\u00eb Roe"}, {"name": "Bo Li"}]}]}',
            "",
            "Zoë Roe; Bo Li",
            "",
        ),
        ('{"@type": "Product", "author": 1, "review": [{"author": "A B"}]}{', "", "", ""),
        ("[" * 5_000, "", "", ""),
        ("", "<p>By Nell Ashdown · Published April 2, 2026</p>", "Nell Ashdown", "2026-04-02"),
        (
            "",
            "<p>Issue 212 · Thursday, 9 April 2026 · by Lotte Arends</p>",
            "Lotte Arends",
            "2026-04-09",
        ),
        ("", "<p>Saturday, 9 May 2026 · Town Hall</p>", "", ""),  # an event, as far as one knows
    ],
)
def test_author_and_day_are_those_that_the_page_says(
    loader: Loader, tmp_path: Path, head: str, line: str, author: str, day: str
) -> None:
    page = (
        f'<html><head><script type="application/ld+json">{head}</script></head><body><main>'
        f"<article><h1>Bridge</h1>{line}{OPENING}{CLOSING}</article></main></body></html>"
    )
    origin = article_of(loader, tmp_path, page).origin
    assert (origin.author, origin.date) == (author, day)


LETTER = """<html><head><title>Harbour Notes</title></head><body><table{role} width="100%"><tr><td>
<table{role} width="600"><tr><td colspan="2"><h1>Harbour Notes</h1></td></tr>
<tr><td colspan="2">Dear readers, the harbour has a new crane, which lifts 60 tonnes.<br><br>It was
paid for by the county, said Nils Ravn, the harbour master.</td></tr>
<tr><td><p>The pilot boat is for sale. Offers are taken until Friday.</p></td>
<td><p>The sauna opens in May. It has room for twelve people.</p></td></tr>
<tr><td colspan="2"><table><tr><th>Year</th><th>Ships</th></tr><tr><td>1990</td><td>310</td></tr>
<tr><td>2025</td><td>480</td></tr></table></td></tr>
<tr><td colspan="2"><p>The museum ship is back from the yard and can be visited again.</p></td></tr>
</table></td></tr></table></body></html>"""


@pytest.mark.parametrize("role", ["", ' role="presentation"'])
def test_a_table_for_the_layout_gives_paragraphs_and_one_of_data_rows(
    loader: Loader, tmp_path: Path, role: str
) -> None:
    assert article_of(loader, tmp_path, LETTER.replace("{role}", role)).text.split("\n\n") == [
        "# Harbour Notes",
        "Dear readers, the harbour has a new crane, which lifts 60 tonnes.",
        "It was paid for by the county, said Nils Ravn, the harbour master.",
        "The pilot boat is for sale. Offers are taken until Friday.",
        "The sauna opens in May. It has room for twelve people.",
        "Year | Ships", "--- | ---", "1990 | 310", "2025 | 480",
        "The museum ship is back from the yard and can be visited again.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "figure",
    [
        "<figure><img src=a.jpg><figcaption>{}</figcaption></figure>",
        "<figure><img src=a.jpg><div class='image-caption'>{}</div></figure>",
        "<div class='wp-caption'><img src=a.jpg><p class='wp-caption-text'>{}</p></div>",
        "<div><img src=a.jpg><span class='photo-credit'>{}</span></div>",
    ],
)
def test_a_caption_is_a_paragraph_whatever_marks_it(
    loader: Loader, tmp_path: Path, figure: str
) -> None:
    caption = "Cars queue in Harrow Lane. (Jon Verrill/Reuters)"
    assert parts_of(loader, tmp_path, figure.format(caption)) == [caption]
    text = article_of(loader, tmp_path, (tmp_path / "page.html").read_text("utf-8")).text
    assert [text[b.start : b.end] for b in read_blocks(text) if b.kind == "caption"] == [caption]


def test_each_post_of_a_live_report_keeps_its_time(loader: Loader, tmp_path: Path) -> None:
    posts = """<div><article class="post"><header><time>10:32 GMT</time><h2>Power lines
    down</h2></header><p>About 40,000 homes are without power, the network said.</p></article>
    <article class="post"><header><p class="time"><a href="#b"><time>09:58</time></a></p></header>
    <p>The ferry to Sund has been cancelled for the whole day, its operator says.</p></article>
    <section class="post"><span class="timestamp">7.40am</span><p>Good morning. The storm will reach
    land within the hour, with gusts of 140 km/h.</p></section></div>
    <ul><li><time>11:02</time> <a href="/a">Goat on the loose in Netherby after the storm</a></li>
    <li><time>10:58</time> <a href="/b">Baker wins the lottery twice in a week</a></li></ul>"""
    assert parts_of(loader, tmp_path, posts) == [
        "## 10:32 GMT: Power lines down",
        "About 40,000 homes are without power, the network said.",
        "### 09:58",
        "The ferry to Sund has been cancelled for the whole day, its operator says.",
        "### 7.40am",
        "Good morning. The storm will reach land within the hour, with gusts of 140 km/h.",
    ]


def test_posts_keep_their_headings_and_days_whatever_marks_them(
    loader: Loader, tmp_path: Path
) -> None:
    post = """<article><p class="time"><time><span>37m ago</span> <span>{0}</span></time></p>
    <h2>{1}</h2><p>{2}</p><blockquote><p>{1}?</p>— A ferry</blockquote></article>"""
    posts = (
        ("11.42 GMT", "Ferry stranded", "A ferry with 212 people cannot enter the port, she said."),
        (
            "09.15 GMT",
            "Schools closed",
            "Schools stay closed in Friesland, the ministry said today.",
        ),
    )
    bodies = ["".join(form.format(*one) for one in posts) for form in (post, post[:9] + post[82:])]
    for body, number in zip(bodies, (1, 0), strict=True):
        assert parts_of(loader, tmp_path, f"<div>{body}</div>") == [
            line
            for hour, heading, text in posts
            for line in (f"## {hour}: {heading}" if number else f"## {heading}", text,
                         f"{heading}?", "— A ferry")
        ]  # fmt: skip


def test_the_items_of_a_counted_list_keep_their_numbers(loader: Loader, tmp_path: Path) -> None:
    body = """<ol><li>Close the <b>hive</b>.<ol><li>Wear gloves.</li></ol></li>
    <li><p>Call the unit.</p><p>It is open all day.</p></li><li><div><h3>Wait</h3><p>For a day.</p>
    </div></li><li><strong>Do</strong> nothing.</li><li><b> </b><p>Rest.</p></li></ol>
    <ol start="7"><li>Seventh.</li>
    <li value="9"><a href="/n">Ninth</a>, he said.</li></ol><ol class="list-unstyled"><li>One way.
    </li></ol><ol type="a"><li>An annex.</li></ol><ul><li>A point.<ol><li>Within it.</li></ol></li>
    </ul>"""
    assert parts_of(loader, tmp_path, body) == [
        "1. Close the hive.", "- Wear gloves.", "2. Call the unit.", "It is open all day.",
        "### 3. Wait", "For a day.", "4. Do nothing.", "5. Rest.", "7. Seventh.",
        "9. Ninth, he said.",
        "- One way.", "- An annex.", "- A point.", "- Within it.",
    ]  # fmt: skip
    assert html.fragment("<ol><li>Close it.</li></ol>") == ["1. Close it."]


def test_an_item_keeps_the_day_above_its_text(loader: Loader, tmp_path: Path) -> None:
    body = """<ul><li><time>14 May 2026</time><p>Raised the fee from £95.</p></li>
    <li><div><time>3 February 2025</time></div> <div><p>First published.</p></div></li>
    <li><time>11:02</time> is when it was closed.</li></ul>"""
    assert parts_of(loader, tmp_path, body) == [
        "- 14 May 2026: Raised the fee from £95.",
        "- 3 February 2025: First published.",
        "- 11:02 is when it was closed.",
    ]


@pytest.mark.parametrize(
    ("body", "is_article"),
    [
        ("<nav><a href=/>Home</a> <a href=/n>News</a></nav><footer>© 2026</footer>", False),
        (
            "<h1>News</h1><div><a href=/a>Baker wins</a> | <a href=/b>Goat on the loose</a></div>",
            False,
        ),
        ("<p>Please enable JavaScript to view this page.</p>", False),
        ("<noscript>You need to enable JavaScript to run this app.</noscript><div></div>", False),
        ("<h1>Shop</h1><p>JavaScript is disabled.</p>", False),
        ("<p>It rained.</p>", True),
        ("<p>JavaScript is enabled in all browsers, its makers say.</p>", True),
        ("<nav><a href=/>Home</a></nav><h1>Rain</h1><p>See <a href=/a>the map</a>.</p>", True),
        ("<a name=top><h2>Rain</h2><p>It rained.</p>", True),
        ("<a href=/>Home</a><p>He wrote JavaScript to enable us to vote.</p>", True),
    ],
)
def test_a_page_of_links_or_demands_holds_no_article(
    loader: Loader, tmp_path: Path, body: str, is_article: bool
) -> None:
    path = tmp_path / "page.html"
    path.write_text(f"<html><head><title>Page</title></head><body>{body}</body></html>", "utf-8")
    (found,) = loader.load(Place(str(path), path))
    assert isinstance(found, Article) == is_article
    assert is_article or "no article was found on the page" in str(found)


FURNITURE = (
    "<p><strong>Read more:</strong> <a href='/c'>The ferry that nobody wanted</a></p>",
    "<p><a href='/c'>Read more: The ferry that nobody wanted</a></p>",
    "<div><h3>Related articles</h3><ul><li><a href='/a'>Why old bridges crack in winter and what "
    "can be done about it</a></li><li><a href='/b'>Council spends less</a></li></ul></div>",
    "<h3>Most read</h3><ol><li><a href='/a'>Baker wins</a></li><li><a href='/b'>Goat</a></li></ol>",
    "<div><p>Share this story</p><ul><li><a href='#f'>Facebook</a></li><li><a href='#x'>X</a></li>"
    "</ul></div>",
    "<div><h4>Our letter</h4><p>Sign up and never miss a story.</p><form><input type='email'>"
    "<button>Go</button></form></div>",
    "<div class='cookie-banner'><p>We use cookies to improve your visit.</p></div>",
    "<div role='dialog'><p>You have read two of three free stories.</p></div>",
)
SENTENCES = (
    "<p>Read more in the report, which <a href='/r'>the council published</a>, said Mira Toll.</p>",
    "<h2>Related costs</h2><p>They were put at £2m by <a href='/e'>engineers</a> last year.</p>",
    "<ul><li>Buses end at the mill.</li><li>One for <a href='/f'>the ferry</a> costs £2.</li></ul>",
    "<p>Subscribe to nothing before <time datetime='2026-03-04'>4 March</time>, she said.</p>",
    "<p>The diversion is 14 km long.<br><br>It leads over Harrow Lane, <ins>as before</ins>.</p>",
    "<blockquote><p>“Nobody wants a bridge that may fall,” said Della Marsh.</p></blockquote>",
    "<dl><dt>Built</dt><dd>in 1874, of stone</dd><dt>Load</dt><dd>22 tonnes</dd></dl>",
    "<pre>closed = cracks > 1\nopen = not closed</pre>",
)


@pytest.mark.parametrize("furniture", FURNITURE)
def test_links_to_elsewhere_and_sign_ups_are_out(
    loader: Loader, tmp_path: Path, furniture: str
) -> None:
    assert parts_of(loader, tmp_path, furniture) == []


def test_sentences_with_links_lists_and_typed_lines_stay(loader: Loader, tmp_path: Path) -> None:
    assert parts_of(loader, tmp_path, "".join(SENTENCES)) == [
        "Read more in the report, which the council published, said Mira Toll.",
        "## Related costs",
        "They were put at £2m by engineers last year.",
        "- Buses end at the mill.",
        "- One for the ferry costs £2.",
        "Subscribe to nothing before 4 March, she said.",
        "The diversion is 14 km long.\nIt leads over Harrow Lane, as before.",
        "“Nobody wants a bridge that may fall,” said Della Marsh.",
        "- Built: in 1874, of stone",
        "- Load: 22 tonnes",
        "closed = cracks > 1\nopen = not closed",
    ]


@pytest.mark.parametrize(
    ("given", "site", "title"),
    [
        ("River floods town | The Daily Example", "The Daily Example", "River floods town"),
        ("River floods town — Daily Example", "The Daily Example", "River floods town"),
        ("The Daily Example: River floods town", "The Daily Example", "River floods town"),
        ("Bridge | Ollen News", "", "Bridge"),  # as its heading says
        ("Bridge - why did it crack?", "The Daily Example", "Bridge - why did it crack?"),
        ("Della Marsh on bridges | Ollencourier", "", "Della Marsh on bridges"),  # its address
        ("Spider-Man: a look back", "The Daily Example", "Spider-Man: a look back"),
        ("The Daily Example", "The Daily Example", "The Daily Example"),
    ],
)
def test_a_title_is_without_the_name_of_the_site(
    loader: Loader, tmp_path: Path, given: str, site: str, title: str
) -> None:
    page = (
        f'<html><head><title>{given}</title><meta property="og:title" content="{given}">'
        f'<meta property="og:site_name" content="{site}">'
        '<link rel="canonical" href="https://www.ollencourier.example/a"></head><body><article>'
        f"<h1>Bridge</h1>{OPENING}{CLOSING}</article></body></html>"
    )
    article = article_of(loader, tmp_path, page)
    assert article.title == title
    assert article.text.startswith(f"# {title}\n\n")
    assert not site or article.origin.publisher == site


def words_of(page: str) -> str:
    (extract,) = html.read(page.encode("utf-8"), Hints())
    return extract.text


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(FURNITURE + SENTENCES), max_size=12, unique=True))
def test_no_sentence_is_lost_whatever_stands_beside_it(pieces: list[str]) -> None:
    page = "<html><body><article><h1>Bridge</h1>{}</article></body></html>"
    alone = {piece: words_of(page.format(OPENING + piece + CLOSING)) for piece in pieces}
    text = words_of(page.format(OPENING + "".join(pieces) + CLOSING))
    place = 0
    for piece in pieces:
        for line in alone[piece].split("\n\n")[2:-1]:
            assert line in text[place:]
            place = text.index(line, place) + len(line)
    assert text == words_of(page.format(OPENING + "".join(pieces) + CLOSING))


@pytest.mark.parametrize(
    "piece",
    [
        "<sup><a href='#f'>1</a></sup>", "<p>Read more</p>", "<a>", "<figure><figcaption>x",
        "<h3><button aria-expanded=true aria-controls=x>Why?</button></h3><div id=x>",
        "<div class=caption>x", "<table><tr><td>", "<tr><td>x<td>y", "<details><summary>q",
        "<div><time>10:32</time>",
        "<div><time>10:32</time><p>Some text, and more of it.</p>",
        "<pre>a\n", "<aside><p>x<li>", "<input type=email>subscribe", "a<br><br>",
        "<div role=dialog>", "<a href=x>x</a>", "<li><time>1</time><p>x", "<s>x", "<ol><li>x",
        "<article><h2>x</h2>",
    ],
)  # fmt: skip
def test_endless_repetition_is_read_in_bounded_time(
    loader: Loader, tmp_path: Path, piece: str
) -> None:
    deep, wide = piece * 200, piece * (400_000 // len(piece))
    path = tmp_path / "page.html"
    path.write_text(f"<html><body><article>{OPENING}{deep}{CLOSING}{wide}", "utf-8")
    (found,) = loader.load(Place(str(path), path))
    assert isinstance(found, Article) or (
        isinstance(found, LoadError) and "seconds" not in str(found)
    )
