"""Tables and labelled values: each line is read by itself, with its label and what heads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from texts_support import texts

from qabot.bot import Bot
from qabot.build import ingest_paths, open_bot
from qabot.labels import heads, heads_of, labelled
from qabot.layout import cells, is_rule, label_of, stand_apart
from qabot.passage_sentences import sentences_of
from qabot.settings import Settings
from qabot.split import LONGEST, split
from qabot.types import Document

RESULTS = """# Council elections in Marl

The voters of Marl have elected a new council. The count ended shortly after midnight on Sunday.

## Results by ward

| Ward | Elected | Party | Votes |
|---|---|---|---|
| Harbour | Anna Berg | Greens | 1,204 |
| Old Town | Tomas Lund | Liberals | 988 |
| Mill Hill | Greta Sand | Labour | 1,530 |

Anna Berg, who was elected for the first time, said she would "sleep first".

## The town

Mayor: Otto Klein
Population: 48,300
Founded: 1231
Budget: 12 million euros
"""
PAGE = """<html><head><title>Quarterly report</title></head><body><article><h1>Quarterly report</h1>
<p>The group has published its results for the three months to the end of September. Sales rose by
6.6 per cent, helped by strong demand for paper trays in the north of the country.</p>
<h2>Key figures</h2>
<table><tr><th></th><th>Q3 2025</th><th>Q3 2024</th></tr>
<tr><td>Sales</td><td>412.7</td><td>387.1</td></tr>
<tr><td>Free cash flow</td><td>31.5</td><td>19.8</td></tr>
<tr><td>Net debt</td><td>287.0</td><td>214.4</td></tr></table>
<p>Net profit fell because of higher interest on the loan that was taken out in May.</p>
</article></body></html>"""


def bot_on(folder: Path, name: str, text: str) -> Bot:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    settings = Settings(home=folder / "home", log=False)
    ingest_paths(settings, [path], lambda *_: None)
    return open_bot(settings)


@pytest.fixture(scope="module")
def marl(tmp_path_factory: pytest.TempPathFactory) -> Bot:
    return bot_on(tmp_path_factory.mktemp("marl"), "marl.md", RESULTS)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Bot:
    return bot_on(tmp_path_factory.mktemp("report"), "report.html", PAGE)


def quotes(bot: Bot, question: str) -> list[str]:
    return [citation.quote for citation in bot.ask(question).citations]


@pytest.mark.parametrize(
    ("question", "row"),
    [
        ("Who was elected in Harbour?", "| Harbour | Anna Berg | Greens | 1,204 |"),
        ("How many votes did Greta Sand get?", "| Mill Hill | Greta Sand | Labour | 1,530 |"),
        ("Which party won Old Town?", "| Old Town | Tomas Lund | Liberals | 988 |"),
    ],
)
def test_a_row_of_a_table_answers_below_its_head_and_without_the_others(
    marl: Bot, question: str, row: str
) -> None:
    assert quotes(marl, question)[:2] == ["| Ward | Elected | Party | Votes |", row]


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("Who is the mayor of Marl?", "Mayor: Otto Klein"),
        ("What is the population of Marl?", "Population: 48,300"),
        ("When was Marl founded?", "Founded: 1231"),
        ("What is the budget of Marl?", "Budget: 12 million euros"),
    ],
)
def test_a_labelled_value_answers_what_its_label_names(marl: Bot, question: str, line: str) -> None:
    assert line in quotes(marl, question)


@pytest.mark.parametrize(
    "question",
    ["How many votes did Otto Klein get?", "Who was elected in Castle ward?",
     "When was Anna Berg born?", "Who is the deputy mayor?"],
)  # fmt: skip
def test_what_no_row_and_no_label_gives_is_not_answered(marl: Bot, question: str) -> None:
    assert marl.ask(question).status == "abstained"


def test_every_row_of_a_page_can_be_cited_the_last_one_too(report: Bot) -> None:
    assert quotes(report, "How high was net debt?") == [
        "| Q3 2025 | Q3 2024", "Net debt | 287.0 | 214.4",
    ]  # fmt: skip


def test_the_head_of_a_table_is_shown_however_far_above_its_row_stands(tmp_path: Path) -> None:
    rows = "\n".join(
        f"| Ward number {n} of the district | Candidate{chr(65 + n // 8)}{chr(65 + n % 8)} "
        f"| Party of the people | {1000 + n} |"
        for n in range(60)
    )
    head = "| Ward | Elected | Party | Votes |"
    text = f"# Results\n\nAll is counted.\n\n{head}\n|---|---|---|---|\n{rows}\n"
    bot = bot_on(tmp_path, "wide.md", text)
    above, row, *_ = quotes(bot, "Who was elected in ward number 47?")
    assert above == head
    assert row.startswith("| Ward number 47 ")


def test_the_rows_of_a_table_stay_together_as_far_as_a_passage_goes() -> None:
    row = "| a cell with some words in it | another cell with words | and a third one |\n"
    passages = split(Document("a", "A", "a.md", f"# A\n\nIt was counted.\n\n{row * 30}"))
    sizes = [len(passage.text) for passage in passages]
    assert max(sizes) <= LONGEST
    assert all(size > LONGEST - len(row) for size in sizes[:-1])


def test_what_heads_labelled_values_is_shown_with_one(tmp_path: Path) -> None:
    text = (
        "# Glassworks to hire\n\nThe works at Ormley will hire 140 people in the spring.\n\n"
        "Press contact\nName: Fenella Dray\nTelephone: 0555 210 447\n"
    )
    bot = bot_on(tmp_path, "works.md", text)
    said = quotes(bot, "What is the name of the press contact?")
    assert said[:2] == ["Press contact", "Name: Fenella Dray"]


# Form


def test_the_cells_of_a_row() -> None:
    assert cells("| Sales | 412.7 | 387.1 |") == ["Sales", "412.7", "387.1"]
    assert cells("Sales | 412.7") == ["Sales", "412.7"]
    assert cells("| Q3 2025 | Q3 2024") == ["", "Q3 2025", "Q3 2024"]
    assert cells("Sales\t412.7\t387.1") == ["Sales", "412.7", "387.1"]
    assert cells("\tHe said that all was well.") == []
    assert cells("Nothing here.") == []


def test_a_label_stands_before_a_value_and_not_before_a_sentence() -> None:
    assert label_of("Mayor: Otto Klein") == "Mayor"
    assert label_of("- Highest gust: 141 km/h, at Cape Dorrin") == "Highest gust"
    assert label_of("Sent off (second half): Hanratty (79)") == "Sent off (second half)"
    assert label_of("He said this: nobody knows.") == ""
    assert label_of("WASHINGTON: The president has left the country.") == ""
    assert label_of("see https://example.org/a") == ""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("| a | b |", "and more"),
        ("Venue: Corn Hall", "Chair: Maud Ellerby"),
        ("What we know so far:", "- Schools: 37 closed"),
        ("Press contact", "Name: Fenella Dray"),
        ("1. Stay out of the water", "2. Rinse dogs with clean water"),
    ],
)
def test_lines_with_a_form_of_their_own_stand_apart(before: str, after: str) -> None:
    assert stand_apart(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("The committee said on Monday that the bridge over the", "river would close: nobody knew"),
        ("The house was built in the early summer of the year", "1998. Then it burned down"),
        ("Roses are red", "Violets are blue"),
    ],
)  # fmt: skip
def test_lines_of_one_text_do_not(before: str, after: str) -> None:
    assert not stand_apart(before, after)


def test_the_first_row_heads_a_table_only_where_it_holds_no_figures_and_others_do() -> None:
    assert heads("Ward | Elected | Votes", "Harbour | Anna Berg | 1,204")
    assert heads("| | 2025 | 2024 |", "|---|---|---|")
    assert not heads("Mayor | Otto Klein", "Population | 48,300")
    assert not heads("Harbour | Anna Berg | 1,204", "Old Town | Tomas Lund | 988")
    assert not heads("|---|---|---|", "| Harbour | Anna Berg | 1,204 |")


@given(texts)
def test_any_line_has_a_form_or_none(text: str) -> None:
    row = cells(text)
    assert len(row) != 1
    assert all(cell in text for cell in row)
    assert label_of(text) in text
    assert isinstance(is_rule(text), bool)


@given(texts)
def test_labels_are_words_of_their_own_line(text: str) -> None:
    sentences = [
        one
        for rank, passage in enumerate(split(Document("a", "A", "a.md", text)))
        for one in sentences_of(passage, rank)
    ]
    for number, label in labelled(sentences, heads_of(sentences)).items():
        assert set(label.words) <= set(sentences[number].words)
