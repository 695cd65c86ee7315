"""Tables and labelled values: each line is read by itself, with its label and what heads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from texts_support import article_text, texts

from qabot.bot import Bot
from qabot.build import ingest_paths, open_bot
from qabot.labels import heads, heads_of
from qabot.layout import cells, is_rule, label_of, stand_apart
from qabot.passage_sentences import sentences_of
from qabot.readable import readable
from qabot.settings import Settings
from qabot.split import LONGEST, split
from qabot.types import Document, Passage

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


SPORTS = """# The spring games and the works

The games were held in Elmfield, and the works has published its year.

| Event | Winner |
|---|---|
| Long jump | Kim Sato |
| Javelin | Eva Moor |

| Post | Name |
|---|---|
| Director | Hanne Voss |

| | Q3 2025 |
|---|---|
| Operating profit | 48.2 |
| Net profit | 30.1 |

| Product | Price | Supplier |
|---|---|---|
| Butter | 88.50 | Dairy |
| Flour | 16.20 | Mill |
"""
FOLDER = """The open day of the works in Elmfield

The works opens its doors on the first of June, as it does each year.

09:30 Opening speech
12:00 Lunch
13:30 Workshop

Children ......... 2.50 euros
Family ticket .... 12.00 euros

**Founded:** 1958
**Auditor:** Eva Moor

                 2025      2024
Employees        2,310     2,280
Sales            412.7     387.1
"""


@pytest.fixture(scope="module")
def sports(tmp_path_factory: pytest.TempPathFactory) -> Bot:
    return bot_on(tmp_path_factory.mktemp("sports"), "sports.md", SPORTS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Bot:
    return bot_on(tmp_path_factory.mktemp("folder"), "folder.md", FOLDER)


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


@pytest.mark.parametrize(
    "question",
    ["Why was Marl founded?", "Why is Otto Klein mayor?", "How long is the population?",
     "Which country is the mayor from?"],
)  # fmt: skip
def test_a_label_is_no_answer_of_another_kind(marl: Bot, question: str) -> None:
    assert marl.ask(question).status == "abstained"


@pytest.mark.parametrize(
    "question",
    ["Who won the discus?", "Who won the high jump?", "How high was the gross profit?",
     "What is the salary of Hanne Voss?"],
)  # fmt: skip
def test_a_row_that_lacks_what_is_asked_for_is_no_answer(sports: Bot, question: str) -> None:
    assert sports.ask(question).status == "abstained"


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("Who won the long jump?", ["| Event | Winner |", "| Long jump | Kim Sato |"]),
        ("Who won the javelin?", ["| Event | Winner |", "| Javelin | Eva Moor |"]),
        ("How high was the net profit?", ["| | Q3 2025 |", "| Net profit | 30.1 |"]),
        ("What does butter cost?",
         ["| Product | Price | Supplier |", "| Butter | 88.50 | Dairy |"]),
        ("Who is the supplier of flour?",
         ["| Product | Price | Supplier |", "| Flour | 16.20 | Mill |"]),
    ],
)  # fmt: skip
def test_a_row_answers_below_the_head_of_its_own_table(
    sports: Bot, question: str, rows: list[str]
) -> None:
    assert quotes(sports, question) == rows


def test_a_reason_and_a_date_are_told_by_their_labels(tmp_path: Path) -> None:
    text = (
        "# Nutrina recalls jars of carrot mash\n\nParents should bring the jars back.\n\n"
        "Reason: pieces of glass may be in the jars\nVenue: any shop\n"
    )
    bot = bot_on(tmp_path, "recall.md", text)
    assert quotes(bot, "Why was the carrot mash recalled?")[0].startswith("Reason: ")


def test_what_stands_in_a_list_is_shown_below_what_announces_it(tmp_path: Path) -> None:
    text = (
        "# Crumble\n\nIt takes an hour.\n\nFor the fruit:\n- 800 g rhubarb\n- 90 g sugar\n\n"
        "For the topping:\n- 150 g flour\n- 80 g brown sugar\n\n1. Cut the rhubarb into pieces.\n"
    )
    bot = bot_on(tmp_path, "crumble.md", text)
    assert quotes(bot, "How much sugar is in the topping?")[:2] == [
        "For the topping:", "- 80 g brown sugar",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("When is lunch?", "12:00 Lunch"),
        ("How much does a family ticket cost?", "Family ticket .... 12.00 euros"),
        ("Who is the auditor?", "**Auditor:** Eva Moor"),
        ("How many employees are there?", "Employees        2,310     2,280"),
    ],
)
def test_each_line_of_a_programme_a_list_of_prices_or_a_box_answers_for_itself(
    folder: Bot, question: str, line: str
) -> None:
    assert quotes(folder, question)[-1] == line


def test_a_line_that_says_only_what_is_asked_is_no_answer(tmp_path: Path) -> None:
    text = "# Our staff\n\nThe works has a new staff.\n\n- Secretary\n- Treasurer: Ned Low\n"
    bot = bot_on(tmp_path, "staff.md", text)
    assert bot.ask("Who is the secretary?").status == "abstained"
    assert quotes(bot, "Who is the treasurer?") == ["- Treasurer: Ned Low"]


def test_every_row_of_a_page_can_be_cited_the_last_one_too(report: Bot) -> None:
    assert quotes(report, "How high was net debt?") == [
        "|  | Q3 2025 | Q3 2024 |", "Net debt | 287.0 | 214.4",
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
    assert cells("| Sales | 412.7 | 387.1 |") == ("Sales", "412.7", "387.1")
    assert cells("Sales | 412.7") == ("Sales", "412.7")
    assert cells("| Q3 2025 | Q3 2024") == ("", "Q3 2025", "Q3 2024")
    assert cells("Sales\t412.7\t387.1") == ("Sales", "412.7", "387.1")
    assert cells("\tHe said that all was well.") == ()
    assert cells("Sales\t\t387.1") == ("Sales", "", "387.1")
    assert cells("Family ticket .... 12.00 euros") == ("Family ticket", "12.00 euros")
    assert cells("Employees        2,310     2,280") == ("Employees", "2,310", "2,280")
    assert cells("Nothing here.") == ()
    assert cells("He paused ... and went on.") == ()
    assert cells("He left.   Then  it rained.") == ()
    assert cells("Photo: a boat | AFP. It was seen on Monday. Nobody was hurt.") == ()


def test_a_label_stands_before_a_value_and_not_before_a_sentence() -> None:
    assert label_of("Mayor: Otto Klein") == "Mayor"
    assert label_of("- Highest gust: 141 km/h, at Cape Dorrin") == "Highest gust"
    assert label_of("Sent off (second half): Hanratty (79)") == "Sent off (second half)"
    assert label_of("He said this: nobody knows.") == ""
    assert label_of("WASHINGTON: The president has left the country.") == ""
    assert label_of("**Founded:** 1231") == "Founded"
    assert label_of("Opening hours: 10 a.m. to 6 p.m.") == "Opening hours"
    assert label_of("Élu: Jean") == "Élu"
    assert label_of("Referee: Miss F. Aldermoor") == "Referee"
    assert label_of("Rupert Hale: 4.5 million. It was built by J.") == ""
    assert label_of("X axis: time") == "X axis"
    assert label_of("He said on Monday: the end of it") == ""
    assert label_of("see https://example.org/a") == ""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("| a | b |", "and more"),
        ("Venue: Corn Hall", "Chair: Maud Ellerby"),
        ("What we know so far:", "- Schools: 37 closed"),
        ("Press contact", "Name: Fenella Dray"),
        ("1. Stay out of the water", "2. Rinse dogs with clean water"),
        ("12:00 Lunch in the great hall of the works, with music", "13:30 Workshop"),
        ("Present: Jane Orwin (chair), Samir Patel, Lotte Hansen", "Apologies: Petra Novak"),
        ("What we know so far:\r", "- Schools: 37 closed"),
        ("Venue: Corn Hall  ", "Chair: Maud Ellerby"),
    ],
)
def test_lines_with_a_form_of_their_own_stand_apart(before: str, after: str) -> None:
    assert stand_apart(before, after, 80)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("The committee said on Monday that the bridge over the", "river would close: nobody knew"),
        ("The house was built in the early summer of the year", "1998. Then it burned down"),
        ("Roses are red", "Violets are blue"),
    ],
)  # fmt: skip
def test_lines_of_one_text_do_not(before: str, after: str) -> None:
    assert not stand_apart(before, after, 80)


def test_the_first_row_heads_a_table_only_where_it_holds_no_figures_and_others_do() -> None:
    assert heads("Ward | Elected | Votes", "Harbour | Anna Berg | 1,204")
    assert heads("| | 2025 | 2024 |", "|---|---|---|")
    assert not heads("Mayor | Otto Klein", "Population | 48,300")
    assert not heads("Harbour | Anna Berg | 1,204", "Old Town | Tomas Lund | 988")
    assert not heads("|---|---|---|", "| Harbour | Anna Berg | 1,204 |")
    assert not heads("- Storm moved east", "- Highest gust: 141 km/h")


@given(texts)
def test_the_cells_and_the_label_of_any_line_stand_in_it_in_order(text: str) -> None:
    place = 0
    for cell in (*cells(text),):
        place = text.index(cell, place) + len(cell)
    assert label_of(text) in text
    assert not (is_rule(text) and label_of(text))


@given(article_text)
def test_what_heads_a_line_stands_before_it_in_one_run_and_is_shown_with_it(text: str) -> None:
    passages = split(Document("a", "A", "a.md", text))
    sentences = [one for rank, each in enumerate(passages) for one in sentences_of(each, rank)]
    under = heads_of(sentences)
    for number, head in under.items():
        assert head < number
        assert all(place in under for place in range(head + 1, number + 1))

    def beside(passage: Passage, after: bool) -> Passage | None:
        place = passages.index(passage) + (1 if after else -1)
        return passages[place] if 0 <= place < len(passages) else None

    for number in under:
        shown = readable([sentences[number]], beside, 3)
        head = sentences[under[number]]  # shown with the rank of what it heads
        assert shown[0].start == head.start or len(shown) != 2
