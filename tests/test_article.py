"""The parts of an article are recognised by their form, and stay where they stand."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given
from texts_support import texts

from qabot.article import read_blocks, title_of


def parts(text: str) -> list[tuple[str, str]]:
    return [(block.kind, text[block.start : block.end]) for block in read_blocks(text)]


def kinds(text: str) -> list[str]:
    return [kind for kind, _ in parts(text)]


def kind_of(line: str, text: str) -> str:
    (kind,) = {kind for kind, part in parts(text) if part == line}
    return kind


@given(texts)
@example("\ufeff# Title\r\n\r\nText.\r\n")
@example('---\ntitle: "A"\nauthor: B\n---\nText.')
@example("---\ntitle: '\n---\n")
def test_blocks_are_in_order_and_only_white_space_lies_between_them(text: str) -> None:
    blocks = read_blocks(text)
    between = list(text)
    for block in blocks:
        assert text[block.start : block.end].strip("\ufeff").strip()
        between[block.start : block.end] = " " * (block.end - block.start)
    for one, other in itertools.pairwise(blocks):
        assert one.end <= other.start
    assert not "".join(between).replace("\ufeff", "").strip()
    assert "\n" not in title_of(text, blocks)


# The seed


def test_the_seeds_furniture_is_recognised(seed_text: str) -> None:
    title = "Tehran Rejects Trump’s Maximum Pressure Policy During Visit by Russia’s Lavrov"
    found = parts(seed_text)
    assert found[0] == ("title", title)
    assert found[1][0] == "subtitle"
    assert found[1][1].startswith("Iran’s foreign minister made assertions after")
    assert found[2] == ("title", title)
    assert found[3][0] == "caption"
    assert found[3][1].startswith("Russian Foreign Minister Sergei Lavrov holds")
    assert found[3][1].endswith("Kirill Kudryavtsev/Pool via Getty Images")
    assert found[4] == ("byline", "Adam Morrow")
    assert found[5:7] == [("furniture", "Updated:"), ("furniture", "0:00")]
    assert found[7][0] == "body"
    assert found[7][1].startswith("Iran has ruled out holding direct talks")
    assert found[-1] == ("note", "Reuters contributed to this report.")


def test_the_seeds_repeated_caption_counts_once(seed_text: str) -> None:
    found = parts(seed_text)
    (place,) = [
        number
        for number, (kind, text) in enumerate(found)
        if kind == "caption" and text.endswith("(Evelyn Hockstein/Pool/AFP via Getty Images)")
    ]
    kind, repeated = found[place + 1]
    assert kind == "furniture"
    assert repeated.endswith("2025. Evelyn Hockstein/Pool/AFP via Getty Images")


def test_the_seed_has_one_heading_and_all_else_is_body(seed_text: str) -> None:
    found = parts(seed_text)
    assert [text for kind, text in found if kind == "heading"] == [
        "Lavrov: Still Room for Diplomacy"
    ]
    bodies = [text for kind, text in found if kind == "body"]
    assert len(bodies) == 27
    assert all(text.endswith((".", ".”")) for text in bodies)


# Other articles


def test_markdown_headings_lists_and_a_byline() -> None:
    text = (
        "# The Quiet River\n\nBy Ada Lee\n\nThe river is quiet. It flows on.\n\n## Its source\n\n"
        "- One spring lies in the hills.\n- Another one is cold.\n\n### The mouth\nIt is wide.\n"
    )
    assert parts(text) == [
        ("title", "# The Quiet River"),
        ("byline", "By Ada Lee"),
        ("body", "The river is quiet. It flows on."),
        ("heading", "## Its source"),
        ("body", "- One spring lies in the hills."),
        ("body", "- Another one is cold."),
        ("heading", "### The mouth"),
        ("body", "It is wide."),
    ]
    assert title_of(text, read_blocks(text)) == "The Quiet River"


def test_line_ends_of_windows_make_no_difference(seed_text: str) -> None:
    windows = seed_text.replace("\n", "\r\n")
    assert parts(windows) == parts(seed_text)


def test_a_byte_order_mark_is_no_part_of_the_title() -> None:
    text = "\ufeffThe Quiet River\n\nIt flows to the sea.\n"
    assert title_of(text, read_blocks(text)) == "The Quiet River"
    assert parts(text)[0] == ("title", "The Quiet River")


def test_front_matter_gives_the_title_and_is_no_text() -> None:
    text = '---\ntitle: "The Quiet River"\nauthor: Ada Lee\ntags: [a, b]\n---\n\nIt flows.\n'
    blocks = read_blocks(text)
    assert title_of(text, blocks) == "The Quiet River"
    assert kind_of("author: Ada Lee", text) == "furniture"
    assert kind_of("tags: [a, b]", text) == "furniture"
    assert kind_of("It flows.", text) == "body"


def test_front_matter_that_never_ends_takes_no_time_to_tell() -> None:
    assert kinds("---\na: b\n" + "-x: y\n" * 5_000)


def test_a_rule_at_the_top_is_no_front_matter() -> None:
    text = "---\n\nIt was late. Nobody came.\n\nA second paragraph: with a colon.\n\n---\n"
    assert kinds(text) == ["furniture", "body", "body", "furniture"]


def test_underlined_headings() -> None:
    text = "The Quiet River\n====\n\nIt flows on.\n\nIts source\n-----\n\nIt lies in the hills.\n"
    assert kinds(text) == ["title", "furniture", "body", "heading", "furniture", "body"]


WRAPPED = """THE RIVER

The river is quiet. It flows to the sea and the sea takes it in
without a word; the people of the valley say that it has done so
for a thousand years or more.

Nobody knows why. “It has always been so,” said Ada Lee, who has
lived on its banks since she was born.
"""


def test_the_lines_of_a_hard_wrapped_paragraph_are_one_part() -> None:
    (_, title), (_, first), (_, second) = parts(WRAPPED)
    assert title == "THE RIVER"
    assert first.startswith("The river is quiet")
    assert first.endswith("years or more.")
    assert second.startswith("Nobody knows")
    assert second.endswith("she was born.")


LINES_OF_A_CLAUSE = """\
    Each of them grants to you a license to make, have made, use,
    sell, import, and otherwise transfer the work, to which such
    claims apply only if licensable
    by such a person that is named in the
    agreement of 1 May. Nothing else is granted. You may:
    - read it
    - keep it
"""


def test_a_line_broken_before_its_end_goes_on_where_no_sentence_has_ended() -> None:
    units = [text.split() for kind, text in parts("The Deal\n\n" + LINES_OF_A_CLAUSE)]
    assert [words[0] for words in units] == ["The", "Each", "-", "-"]
    assert units[1][-2:] == ["You", "may:"]


@pytest.mark.parametrize(
    "lines",
    [
        "Many people of the town came to see the river rise\nthat day.\nAda\nlee\n",
        "Everything that is known of the river until today:\nno.\nwater\nrain\n",
        "It rained all day and all night on the town.\nit ended\nthen\nand there\n",
    ],
)
def test_short_lines_are_lines_of_their_own(lines: str) -> None:
    *_, before_last, last = parts(f"The River\n\nIt rose.\n\n{lines}")
    assert [before_last[1], last[1]] == lines.split("\n")[2:4]


def test_hard_wrapped_text_without_a_title_has_none() -> None:
    text = WRAPPED.removeprefix("THE RIVER\n\n")
    assert title_of(text, read_blocks(text)) == ""
    assert kinds(text) == ["body", "body"]


@pytest.mark.parametrize(
    "text",
    [
        "It rained all day. Nobody came to the door.\n\nThen it stopped.\n",
        "“Hello,” he said. “I am here.”\n\nShe left the room.\n",
        "- a list item\n- another one\n",
        "By Ada Lee\n\nIt rained all day.\n",
        "One line and no more",
        "",
    ],
)
def test_what_starts_as_prose_has_no_title(text: str) -> None:
    assert title_of(text, read_blocks(text)) == ""


@pytest.mark.parametrize(
    "sentence",
    [
        "Published reports say that Iran exports two million barrels.",
        "Updated plans were sent to the ministry on 3 May.",
        "Sign up for it he would not.",
        "Read more of her letters, he told them, and you will see.",
        "By the time the war ended, he had left.",
        "Save for two, all of them came.",
        "He paused —",
        "Photographs were taken by a man from Reuters.",
        "The agency was quoted by AFP, which is in Paris (France).",
        "The bridge was opened in 1932.[3] Its arch is of steel.[4][5]",
        "The bridge was opened in 1932.²",
        "It Was Late. Nobody came",
    ],
)
def test_prose_is_never_taken_for_what_cannot_be_cited(sentence: str) -> None:
    text = (
        "A Title of It All\n\nThe first paragraph is here. It has two sentences.\n\n"
        f"A second one follows it. It has two as well.\n\n{sentence}\n\nAnd then it ends.\n"
    )
    assert kind_of(sentence, text) == "body"


@pytest.mark.parametrize(
    "line",
    ["Updated:", "Updated: Feb. 26, 2025", "Published on 3 May 2024", "Last updated 10:15 a.m.",
     "0:00", "12:30", "Advertisement", "Share this", "3 min read", "Read more: another story",
     "Related stories", "* * *", "---"],
)  # fmt: skip
def test_page_furniture(line: str) -> None:
    text = f"A Title of It All\n\n{line}\n\nThe first paragraph is here. It has two sentences.\n"
    assert kind_of(line, text) == "furniture"


@pytest.mark.parametrize(
    "line",
    [
        "A boat on the river at dawn. Jo Doe/Reuters",
        "A boat on the river at dawn. (Jo Doe/AP)",
        "A boat on the river, on May 3, 2024. Jo Doe via Getty Images",
        "Photo: a boat on the river",
    ],
)
def test_captions(line: str) -> None:
    text = (
        f"A Title of It All\n\nThe first paragraph is here. It has two.\n\n{line}\n\nEnd of it.\n"
    )
    assert kind_of(line, text) == "caption"


def test_a_title_case_line_between_paragraphs_is_a_heading() -> None:
    text = (
        "A Title of It All\n\nThe first paragraph is here. It has two sentences.\n\n"
        "A second one follows it. It has two as well.\n\nMiddle East\n\nWhat came next is told."
    )
    assert kind_of("Middle East", text) == "heading"


def test_headings_of_scripts_without_capitals() -> None:
    text = (
        "中国外交部回应\n\n外交部发言人周一表示反对制裁。\n\n背景\n\n这是第二段文字，也有句号。\n"
    )
    assert kinds(text) == ["title", "body", "heading", "body"]


def test_a_title_that_comes_again_is_no_body() -> None:
    text = "The Quiet River\n\nThe quiet river\n\nIt flows to the sea. It is quiet.\n"
    assert kinds(text) == ["title", "title", "body"]


NEWSLETTER = """The Quay Briefing

MARKETS
Shares in Velloran Shipping fell 12 percent after the company cut its
forecast for the year.

WHAT WE KNOW SO FAR

- The fire began at 2:40 a.m.
- Nobody was hurt.

SPORT

RIVERSIDE WIN AGAIN AT HOME

Riverside beat Milltown in the rain on Saturday.
"""


def test_lines_in_capitals_head_what_follows() -> None:
    found = [text for kind, text in parts(NEWSLETTER) if kind == "heading"]
    assert found == ["MARKETS", "WHAT WE KNOW SO FAR", "SPORT", "RIVERSIDE WIN AGAIN AT HOME"]


@pytest.mark.parametrize(
    "line",
    [
        "WE WILL NEVER LEAVE!",
        "NOBODY IS ABOVE THE LAW.",
        "LETHBURG, MARCH 3",
        "WARD   VOTES   SHARE",
        "CHAIR: MARLENE HUBER",
        "TEL. 555 010",
    ],
)
def test_what_is_in_capitals_and_no_heading_stays_text(line: str) -> None:
    text = f"A Title of It All\n\nIt rose.\n\nNobody came.\n\n{line}\nIt goes on, she said.\n"
    assert any(line in part for kind, part in parts(text) if kind == "body")


def test_of_a_text_all_in_capitals_no_paragraph_is_a_heading() -> None:
    text = "THE RIVER\n\nIT ROSE.\n\nALL WERE OUT.\n\nIT FELL AGAIN\nBUT THEN IT ROSE ONCE MORE.\n"
    assert "IT FELL AGAIN" in [part for kind, part in parts(text) if kind == "body"]


WIRE = """BC-EU-Trade-Talks,1st Ld-Writethru/612 words

Union and Karsova agree to lower tariffs

By HELMA ROURKE

LETHBURG (AP) — Negotiators agreed on Tuesday to cut tariffs on steel.

MORE

The deal takes effect on July 1.

-30-
"""


def test_wire_copy_begins_with_its_headline_and_ends_before_its_mark() -> None:
    assert kinds(WIRE) == [
        "furniture", "title", "byline", "body", "furniture", "body", "furniture",
    ]  # fmt: skip
    assert title_of(WIRE, read_blocks(WIRE)) == "Union and Karsova agree to lower tariffs"


@pytest.mark.parametrize(
    "slug",
    ["BC-EU--Trade Talks, 1st Ld-Writethru,612", "eu-trade-talks/612 words", "EU-TRADE/TALKS",
     "OIL/PRICES (UPDATE 2)"],
)  # fmt: skip
def test_slugs_stand_above_a_headline(slug: str) -> None:
    text = f"{slug}\n\nUnion agrees to lower tariffs\n\nThe deal takes effect on July 1.\n"
    assert kinds(text) == ["furniture", "title", "body"]
    prose = f"{slug}\n\nThe deal takes effect on July 1.\n\nIt ends a dispute.\n"
    assert kinds(prose) == ["title", "body", "body"]


@pytest.mark.parametrize(
    "title", ["Covid-19 cases pass 3,000", "US-China talks, 2025", "Win-win at 24/7 shop", "AC/DC"]
)
def test_a_headline_with_a_hyphen_is_no_slug(title: str) -> None:
    text = f"{title}\n\nWhat came of it\n\nThe deal takes effect on July 1.\n"
    assert title_of(text, read_blocks(text)) == title


RELEASE = """FOR IMMEDIATE RELEASE
Contact: Maud Ferrier
(555) 010-4477

BRIGHTWELL OPENS NEW CENTRE

Embargoed until 00:01 on Monday 14 April 2025

Brightwell Hospital will open a centre for burn patients on 28 April.

- ends -

Notes to editors:

1. The hospital employs 3,400 people.
2. For more information, call Maud Ferrier on 555 010 4477.

Media enquiries

Maud Ferrier, Head of Communications
maud.ferrier@brightwell.example

###
"""


def test_a_press_release_keeps_its_notes_and_not_its_contacts() -> None:
    assert title_of(RELEASE, read_blocks(RELEASE)) == "BRIGHTWELL OPENS NEW CENTRE"
    assert [text for kind, text in parts(RELEASE) if kind == "heading"] == ["Notes to editors:"]
    assert [text for kind, text in parts(RELEASE) if kind == "body"] == [
        "Brightwell Hospital will open a centre for burn patients on 28 April.",
        "1. The hospital employs 3,400 people.",
        "2. For more information, call Maud Ferrier on 555 010 4477.",
    ]


@pytest.mark.parametrize(
    "block",
    [
        "Press contact\nName: Fenella Dray\nTelephone: 0555 210 447",
        "Press contact: Emil Harrow, press@lindquay.example",
        "Contact\nNobody has been in touch with the town since May.",
        "MORE THAN ONE\nWAY",
    ],
)
def test_contacts_behind_labels_and_other_text_are_still_told(block: str) -> None:
    text = f"A Title of It All\n\nIt rose.\n\nNobody came.\n\n{block}\n\nThe end.\n"
    body = "\n".join(part for kind, part in parts(text) if kind in ("body", "heading"))
    assert all(line in body for line in block.split("\n"))
