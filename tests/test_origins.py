"""Where an article comes from: fields and back, and the page a quote stands on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qabot.origins import fields_of, origin_of, pages_of, pages_text
from qabot.passage_sentences import cite
from qabot.split import split
from qabot.types import Document, Origin

origins = st.builds(Origin, *[st.text()] * 4, st.lists(st.text()).map(tuple))


@given(origins)
def test_an_origin_comes_back_from_its_fields(origin: Origin) -> None:
    assert origin_of(fields_of(origin)) == origin


def test_what_is_not_known_makes_no_field() -> None:
    assert fields_of(Origin(author="A. Writer")) == {"author": "A. Writer"}


@given(st.lists(st.integers(0)).map(tuple))
def test_pages_come_back_from_their_text(pages: tuple[int, ...]) -> None:
    assert pages_of(pages_text(pages)) == pages


@given(st.lists(st.text("ab. \n", max_size=400), min_size=1, max_size=6))
def test_a_quote_knows_the_page_it_starts_on(texts: list[str]) -> None:
    starts, text = [], ""
    for page in texts:
        starts.append(len(text))
        text += page
    for passage in split(Document("d", "t", "s", text, pages=tuple(starts))):
        for start in range(passage.start, passage.end):
            pages_begun = sum(1 for offset in starts if offset <= start)
            assert cite(1, passage, start, passage.end).page == pages_begun
