"""What is shown: every word, wrapped under its text, and nothing that acts on the terminal."""

from __future__ import annotations

import io
import re
import unicodedata
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console, RenderableType
from texts_support import strings, texts

from qabot.naming import by_whom, day_of, said_day
from qabot.render import listing, terminal
from qabot.types import (
    Answer,
    Citation,
    Claim,
    Closest,
    Document,
    Explanation,
    Hit,
    Origin,
    Passage,
    Twin,
)
from qabot.types import SourceInfo as Source
from qabot.types import SourcePage as Page

QUOTE = "“We will not negotiate under pressure,” the minister said in the capital on Monday."
TITLE = "A Title Long Enough to Be Carried Over to the Next Line of a Terminal of This Width"


def drawn(renderable: RenderableType, width: int = 80, colour: bool = False) -> str:
    """What a terminal of this width is sent."""
    console = Console(
        width=width,
        file=io.StringIO(),
        force_terminal=colour,
        color_system="truecolor" if colour else None,
        highlight=False,
        legacy_windows=False,
    )
    console.print(renderable)
    return console.file.getvalue()


def origin(text: str) -> Origin:
    """Where hostile articles say that they come from."""
    return Origin(text, text, text, text, (text,))


NOWHERE = Origin()


def answered(quote: str = QUOTE, title: str = TITLE, where: Origin = NOWHERE) -> Answer:
    citation = Citation(1, "an-article", title, "/a.txt", 10, 10 + len(quote), quote, 7, 0, where)
    claim = Claim(quote, (1,), "supported")
    return Answer("why?", "answered", f"{quote} [1]", (claim,), (citation,))


def abstained(quote: str = QUOTE, title: str = TITLE) -> Answer:
    closest = Closest("an-article", title, "/a.txt", 10, 10 + len(quote), quote, 0.03, 7)
    return Answer("why?", "abstained", "The articles do not say.", closest=(closest,))


def explained(text: str = QUOTE) -> Explanation:
    passage = Passage("an-article", TITLE, "/a.txt", 10, 10 + len(text), text)
    hits = (Hit(passage, 12.345, None, 0.0328), Hit(passage, None, -0.02, 0.0161))
    return Explanation("A sentence fits.", {"score": 1.234, "kind": "time"}, hits)


# Answers


def test_an_answer_at_eighty_columns() -> None:
    assert drawn(terminal.answer(answered())) == (
        "“We will not negotiate under pressure,” the minister said in the capital on\n"
        "Monday. [1]\n"
        "\n"
        "[1] “We will not negotiate under pressure,” the minister said in the capital on\n"
        "    Monday.\n"
        "    line 7 · an-article:10-93\n"
        "    A Title Long Enough to Be Carried Over to the Next Line of a Terminal of\n"
        "    This Width\n"
        "    /a.txt\n"
    )


def test_an_abstention_at_eighty_columns() -> None:
    assert drawn(terminal.answer(abstained())) == (
        "The articles do not say.\n"
        "\n"
        "  • “We will not negotiate under pressure,” the minister said in the capital on\n"
        "    Monday.\n"
        "    line 7 · an-article:10-93\n"
        "    A Title Long Enough to Be Carried Over to the Next Line of a Terminal of\n"
        "    This Width\n"
        "    /a.txt\n"
    )


def test_an_explanation_at_eighty_columns() -> None:
    assert drawn(terminal.explanation(explained())) == (
        "Why: A sentence fits.\n"
        "Signals: score 1.23, kind time\n"
        "\n"
        "fused   lexical  dense  passage\n"
        "0.0328    12.35      -  an-article:10-93 “We will not negotiate under pressure,”\n"
        "                        the minister said …\n"
        "0.0161        -  -0.02  an-article:10-93 “We will not negotiate under pressure,”\n"
        "                        the minister said …\n"
    )


def test_a_long_quote_is_shortened_at_a_word_and_its_place_is_not() -> None:
    shown = drawn(terminal.answer(answered("word " * 200, "Title")), width=100_000)
    quote, place, _title, _address = shown.splitlines()[2:]
    assert quote.endswith("word …")
    assert len(quote) < 180
    assert place.endswith("an-article:10-1010")


def test_markers_are_coloured_and_words_are_the_same_without_colour() -> None:
    coloured = drawn(terminal.answer(answered()), colour=True)
    assert "\x1b[1;36m[1] \x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == drawn(terminal.answer(answered()))


# Whose words they are


def cited(marker: int, article: str, where: Origin, page: int = 0) -> Citation:
    quote = f"Said by {article}."
    return Citation(marker, article, article.title(), f"/{article}.txt", 0, len(quote), quote, 3,
                    page, where)  # fmt: skip


def of(*citations: Citation) -> Answer:
    claims = tuple(Claim(one.quote, (one.marker,), "supported") for one in citations)
    return Answer("who?", "answered", "Said.", claims, citations)


REUTERS = Origin("https://r.example/a", "", "Reuters", "2026-02-27")
AGENCY = Origin("", "", "AP", "2026-01-12")


def test_answers_of_several_articles_say_who_says_what_and_when() -> None:
    answer = of(cited(1, "one", REUTERS, 2), cited(2, "one", REUTERS, 3), cited(3, "two", AGENCY))
    assert drawn(terminal.answer(answer)) == (
        "Reuters, 27 Feb 2026: Said by one. [1]\n"
        "Said by one. [2]\n"
        "AP, 12 Jan 2026: Said by two. [3]\n"
        "\n"
        "[1] Said by one.\n"
        "    p. 2, line 3 · one:0-12\n"
        "[2] Said by one.\n"
        "    p. 3, line 3 · one:0-12\n"
        "    One (Reuters, 27 Feb 2026)\n"
        "    https://r.example/a\n"
        "\n"
        "[3] Said by two.\n"
        "    line 3 · two:0-12\n"
        "    Two (AP, 12 Jan 2026)\n"
        "    /two.txt\n"
    )


def test_articles_that_publisher_and_day_do_not_tell_apart_are_told_by_title() -> None:
    said = drawn(terminal.answer(of(cited(1, "one", REUTERS), cited(2, "two", REUTERS))))
    assert said.startswith(
        "Reuters, 27 Feb 2026: Said by one. [1]\n“Two”, Reuters, 27 Feb 2026: Said by two. [2]\n"
    )
    said = drawn(terminal.answer(of(cited(1, "one", Origin()), cited(2, "two", Origin()))))
    assert said.startswith("Said by one. [1]\n“Two”: Said by two. [2]\n")


def test_other_articles_that_say_the_same_are_named_each_once() -> None:
    twins = tuple(Twin(f"t{n}", f"Twin {n}", f"/t{n}.txt", AGENCY) for n in range(5))
    answer = of(
        replace(cited(1, "one", REUTERS), also=twins[:1]),
        replace(cited(2, "one", REUTERS), also=twins[:2]),
        replace(cited(3, "two", AGENCY), also=twins),
    )
    shown = drawn(terminal.answer(answer), 200)
    assert re.findall(r"also in: (.*)\n", shown) == [
        "Twin 0 (AP, 12 Jan 2026); Twin 1 (AP, 12 Jan 2026)",
        "Twin 0 (AP, 12 Jan 2026); Twin 1 (AP, 12 Jan 2026); Twin 2 (AP, 12 Jan 2026) and 2 more",
    ]


def test_only_a_web_address_takes_the_place_of_the_path() -> None:
    said = drawn(terminal.answer(of(cited(1, "one", Origin("javascript:alert(1)")))))
    assert said.endswith("/one.txt\n")
    assert "javascript" not in said


@given(texts)
def test_a_day_that_is_none_is_not_shown_as_one(text: str) -> None:
    assert by_whom(Origin(date=text)) in ("", said_day(day_of(Origin(date=text)) or date.max))


# Lists


FOUND = [
    Source("blast-in-harbour", "Blast in the harbour", "/a.txt", 1, 10, "2026", REUTERS),
    Source("b", "A title that is longer than the column", "/b.txt", 1234, 10, "2026"),
]


def test_listed_articles_take_a_line_each_and_long_titles_are_cut() -> None:
    long = [FOUND[0], replace(FOUND[1], title="A title that is longer than all of the column")]
    assert drawn(listing.table(Page(long, 2)), 91) == (
        f"title{' ' * 37}publisher  date        passages  id              \n"
        f"Blast in the harbour{' ' * 22}Reuters    2026-02-27         1  blast-in-harbour\n"
        "A title that is longer than all of the …  -          -              1,234  b"
        f"{' ' * 15}\n"
    )


def test_ids_stand_below_the_titles_where_beside_them_something_would_be_cut() -> None:
    assert drawn(listing.table(Page(FOUND, 2)), 60) == (
        "title                        publisher  date        passages\n"
        "  id\n"
        "Blast in the harbour         Reuters    2026-02-27         1\n"
        "  blast-in-harbour\n"
        "A title that is longer tha…  -          -              1,234\n"
        "  b\n"
    )


def test_where_there_is_room_the_list_says_where_articles_are_from() -> None:
    lines = drawn(listing.table(Page(FOUND, 2)), 40_000).splitlines()
    assert [line.split()[-1] for line in lines] == ["from", "https://r.example/a", "/b.txt"]


def test_a_list_says_which_articles_of_how_many_it_shows() -> None:
    assert listing.place_in_list(Page(FOUND, 2), 1) == ""
    assert listing.place_in_list(Page(FOUND, 1_000, 3), 3) == (
        "3 to 4 of 1,000 articles. Further ones: --page 3"
    )
    assert listing.place_in_list(Page(FOUND, 4), 3) == "3 to 4 of 4 articles."


# Places


def test_a_passage_is_shown_between_the_lines_around_it() -> None:
    lines = [f"Line {number}." for number in range(1, 21)]
    text = "\n".join(lines)
    start = text.index("Line 10.")
    shown = drawn(terminal.passage_in_place(Document("a", "T", "/a.txt", text), start, start + 8))
    assert shown == (
        f"T\n/a.txt · characters {start} to {start + 8} of {len(text)}\n\n"
        "    7   Line 7.\n    8   Line 8.\n    9   Line 9.\n"
        "   10 ▌ Line 10.\n"
        "   11   Line 11.\n   12   Line 12.\n   13   Line 13.\n"
    )


def test_only_the_passage_is_highlighted() -> None:
    document = Document("a", "T", "/a.txt", "One two three.\r\nFour five.\r\n")
    shown = drawn(terminal.passage_in_place(document, 4, 20), colour=True)
    highlighted = re.findall(r"\x1b\[1;30;43m(.*?)\x1b\[0m", shown)
    assert highlighted == ["two three.", "Four"]


def test_a_long_line_wraps_behind_its_number() -> None:
    text = "The first words of it. " + "and so on " * 20
    shown = drawn(terminal.passage_in_place(Document("a", "T", "/a.txt", text), 0, 22))
    first, *others = shown.splitlines()[3:]
    assert first.startswith("    1 ▌ The first words of it. and")
    assert others
    assert all(re.match(r"      ▌ \S", line) for line in others)


def test_of_a_line_without_an_end_only_the_passage_and_some_of_it_are_shown() -> None:
    text = "before " * 100_000 + "THE PASSAGE" + " after" * 100_000 + "\n" + "next " * 100_000
    start = text.index("THE")
    shown = drawn(terminal.passage_in_place(Document("a", "T", "/a", text), start, start + 11))
    assert "THE PASSAGE" in shown
    assert shown.count("…") == 3
    assert len(shown) < 4_000


def test_the_first_and_the_last_line_can_be_shown() -> None:
    document = Document("a", "T", "/a.txt", "First.\nLast.")
    assert "    1 ▌ First." in drawn(terminal.passage_in_place(document, 0, 6))
    assert "    2 ▌ Last." in drawn(terminal.passage_in_place(document, 7, 12))


@given(texts)
def test_numbered_lines_are_the_text(text: str) -> None:
    for number, start, line in terminal.numbered_lines(text):
        assert text[start : start + len(line)] == line
        assert text.count("\n", 0, start) + 1 == number
        assert "\n" not in line
    numbers = [number for number, _, _ in terminal.numbered_lines(text)]
    assert numbers == list(range(1, text.count("\n") + 2))


def test_what_is_amiss_comes_with_its_remedy() -> None:
    assert drawn(terminal.check(True, "index", "well", "")) == "ok   index: well\n"
    assert drawn(terminal.check(False, "index", "damaged", "Mend it.")) == (
        "FAIL index: damaged\n     Mend it.\n"
    )


# Any text, any width


def everything(text: str) -> list[RenderableType]:
    """All that can be shown of a text from people or articles."""
    quote = text or "-"
    return [
        terminal.answer(answered(quote, text, origin(text))),
        terminal.answer(abstained(quote, text)),
        terminal.explanation(explained(quote)),
        listing.table(Page([Source(text, text, text, 1, 1, "2025-02-26", origin(text))], 1)),
        terminal.check(False, "n", text, text),
        terminal.passage_in_place(Document("d", text, text, quote), 0, len(quote)),
    ]


@given(st.one_of(strings, texts), st.sampled_from([8, 30, 80, 40_000]))
def test_nothing_in_a_text_acts_on_the_terminal(text: str, width: int) -> None:
    for renderable in everything(text):
        shown = drawn(renderable, width)
        acting = {
            character
            for character in shown
            if character not in "\n\u200c\u200d"
            and unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        }
        assert not acting


@pytest.mark.parametrize("markup", ["[bold]x[/bold]", "[/]", "[link=file:///x]y[/link]", ":smile:"])
def test_markup_in_a_text_is_shown_as_it_stands(markup: str) -> None:
    for renderable in everything(markup):
        assert markup in drawn(renderable, 200)


def test_letters_that_need_joiners_keep_them() -> None:
    assert terminal.safe("نامه\u200cها 👩\u200d🚀").plain == "نامه\u200cها 👩\u200d🚀"


@given(st.text("ab c 中é", min_size=1, max_size=300), st.integers(6, 120))
def test_no_line_is_wider_than_the_terminal_and_no_word_is_lost(text: str, width: int) -> None:
    shown = drawn(terminal.answer(Answer("q", "abstained", text)), width)
    assert all(cell_len(line) <= width for line in shown.splitlines())
    assert "".join(shown.split()) == "".join(text.split())


@given(st.text("ab c", min_size=1, max_size=300), st.integers(10, 200))
def test_shortened_text_is_its_beginning(text: str, limit: int) -> None:
    line = " ".join(text.split())
    short = terminal.shorten(text, limit)
    assert len(short) <= limit + 1
    assert short == line or line.startswith(short.removesuffix(" …"))
