"""What holds for all input: fields are fit to be shown, extracted texts fit to be cited."""

from __future__ import annotations

import io
import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html
from texts_support import PIECES, any_text, hostile_texts, strings, texts

from qabot.errors import LoadError
from qabot.frontmatter import FRONT_MATTER, front_matter_of
from qabot.loading import jsonl, plain
from qabot.loading.charsets import decode
from qabot.loading.fields import address_of, day_of, key_of, line_of, paragraphs, tags_of
from qabot.loading.formats import FORMATS, kind_of_name, recognised
from qabot.loading.lines import Line, text_of
from qabot.loading.markup import paragraphs_of
from qabot.loading.model import Extract, Hints
from qabot.split import split
from qabot.types import Document

DAYS = {
    "2026-02-27": "2026-02-27",
    "2026-02-27T23:59:59-11:00": "2026-02-27",
    "2026-02-27 10:00": "2026-02-27",
    "Fri, 27 Feb 2026 23:30:00 -0500": "2026-02-27",
    "27 Feb 2026": "2026-02-27",
    "February 27, 2026": "2026-02-27",
    "2026-02-30": "",
    "03/04/2025": "",
    "yesterday": "",
    "1772150400": "",
    "": "",
}


@pytest.mark.parametrize("written", DAYS)
def test_a_date_is_read_as_its_day_is_written(written: str) -> None:
    assert day_of(written) == DAYS[written]


@given(st.one_of(strings, texts, st.integers(), st.none()))
def test_a_day_is_one_of_the_calendar_or_none(value: object) -> None:
    day = day_of(value)
    assert day == "" or date.fromisoformat(day).isoformat() == day


@given(st.dates(date(1000, 1, 1)))
def test_a_day_reads_as_itself(day: date) -> None:
    assert day_of(day.isoformat()) == day.isoformat()


@given(strings)
def test_fields_are_one_line_that_can_be_written(value: str) -> None:
    for field in (line_of(value), key_of(value), *tags_of([value])):
        assert field == " ".join(field.split())
        assert field.encode("utf-8").decode("utf-8") == field
        assert field.isprintable() or not set(field) & set("\0\n\r\t\x1b")
    assert address_of(value) in ("", value.strip())


@pytest.mark.parametrize(
    "value", ["javascript:alert(1)", "//e.org", "http://", "http://[", "https://a b", "data:,x"]
)
def test_what_is_no_web_address_is_none(value: str) -> None:
    assert address_of(value) == ""


@given(st.lists(strings, max_size=5))
def test_extracted_paragraphs_can_be_stored(parts: list[str]) -> None:
    text = paragraphs(parts)
    assert text.encode("utf-8").decode("utf-8") == text
    assert text == text.strip()
    assert "\0" not in text
    assert paragraphs([text]) == text


lines = st.builds(
    Line, st.one_of(any_text, st.sampled_from(PIECES)), *[st.floats(0, 800, width=16)] * 4
)


@given(st.lists(st.lists(lines, max_size=5), max_size=5))
def test_the_pages_of_a_text_lie_in_it_in_order(pages: list[list[Line]]) -> None:
    text, offsets = text_of(pages)
    assert len(offsets) == len(pages)
    assert list(offsets) == sorted(offsets)
    assert all(0 <= offset <= len(text) for offset in offsets)
    assert text.encode("utf-8").decode("utf-8") == text
    for passage in split(Document("a", "", "", text, pages=offsets)):
        assert text[passage.start : passage.end] == passage.text


def test_a_hyphen_that_only_broke_a_word_goes() -> None:
    page = [
        Line("He is a well-known hun-", 72, 540, 700, 11),
        Line("ter, and a well-", 72, 540, 686, 11),
        Line("known man in A-", 72, 540, 672, 11),
        Line("Town.", 72, 200, 658, 11),
    ]
    assert text_of([page])[0] == "He is a well-known hunter, and a well-known man in A- Town."


markup = st.recursive(
    st.sampled_from([*PIECES, "a", " ", "\n", "<br>", "&lt;", "&#0;", "<!-- c -->"]),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>",
        st.sampled_from("p div h1 h3 ul li table tr td blockquote b span script figure".split()),
        st.lists(inner, max_size=4),
    ),
    max_leaves=20,
)


@given(markup)
def test_every_word_of_markup_comes_out_once(source: str) -> None:
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    tree = html.document_fromstring(f"<div>.{source}</div>".encode("utf-8", "replace"), parser)
    found = paragraphs_of(tree, etree.iterwalk)
    for skipped in tree.xpath("//script"):
        skipped.drop_tree()
    strip = str.maketrans("", "", " \t\r\n#|-\0")
    words = "".join("".join(tree.itertext()).split()).translate(strip)
    assert "".join("".join(found).split()).translate(strip) == words


@pytest.mark.parametrize("depth", [10, 2_000])
def test_deep_markup_is_walked_without_recursion(depth: int) -> None:
    parser = etree.HTMLParser(huge_tree=True)
    tree = etree.fromstring(f"<body>{'<div>' * depth}It flew.", parser)
    assert paragraphs_of(tree, etree.iterwalk) == ["It flew."]


@given(st.one_of(st.binary(max_size=200), texts.map(str.encode)), st.sampled_from(list(FORMATS)))
def test_any_bytes_are_of_some_format(data: bytes, told: object) -> None:
    assert recognised(data, told) in FORMATS  # type: ignore[arg-type]
    assert isinstance(decode(data), str)


@given(any_text)
def test_only_known_ends_of_names_are_read(name: str) -> None:
    kind = kind_of_name(name)
    assert kind is None or name.lower().endswith(FORMATS[kind].suffixes)


@given(st.one_of(st.binary(max_size=300), texts.map(lambda text: text.encode("utf-8"))))
def test_any_bytes_are_a_text_or_refused(data: bytes) -> None:
    try:
        (found,) = plain.read(data, Hints())
    except LoadError:
        return
    assert found.text.encode("utf-8") == data
    assert found.origin.date == "" or date.fromisoformat(found.origin.date)


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), strings),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(strings, inner, max_size=3),
    max_leaves=5,
)
articles = st.dictionaries(
    st.sampled_from(["title", "text", "url", "date", "author", "publisher", "tags", "id", "x"]),
    values | texts,
    max_size=9,
)


@given(st.lists(st.one_of(articles.map(json.dumps), any_text), max_size=6))
def test_any_lines_are_articles_or_errors_that_name_them(written: list[str]) -> None:
    data = "\n".join(line.replace("\n", " ") for line in written).encode("utf-8")
    keys = []
    try:
        for found in jsonl.read(io.BytesIO(data)):
            if isinstance(found, Extract):
                keys.append(found.key)
                assert found.text.encode("utf-8")
            else:
                assert str(found).startswith("line ")
                assert "\n" not in str(found)
    except LoadError:
        assert not keys
    assert len(set(keys)) == len(keys)


@given(texts)
def test_a_text_in_json_comes_out_as_it_went_in(text: str) -> None:
    try:
        plain.check_text(text)
    except LoadError:
        return
    (found,) = jsonl.read(io.BytesIO(json.dumps({"text": text}).encode()))
    assert isinstance(found, Extract)
    assert found.text == text


front_lines = st.lists(
    st.sampled_from(
        ["title: a", "-x: y", "- item", "tags:", "tags: [a, 'b']", " c: d", "e", "---"]
    ),
    max_size=60,
)


@given(front_lines)
def test_front_matter_has_fields_or_is_none(written: list[str]) -> None:
    text = "---\n" + "\n".join(written) + "\n"
    fields = front_matter_of(text)
    assert bool(fields) <= bool(FRONT_MATTER.match(text))
    assert all(value.strip() == value != "" for found in fields.values() for value in found)


def test_hostile_texts_take_no_time_to_load() -> None:
    for text in hostile_texts():
        data = text[:10_000].encode("utf-8")
        try:
            list(plain.read(data, Hints()))
        except LoadError:
            continue
