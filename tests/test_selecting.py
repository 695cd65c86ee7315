"""Filters against an index: which articles are read, what is said when none is, and lists."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import date

import pytest
from hypothesis import given, settings
from index_support import EMBEDDER
from texts_support import strings

from qabot import selecting
from qabot.bot import Bot
from qabot.catalog import Catalog
from qabot.errors import QuestionError
from qabot.evaluation.throwaway import MemoryIndex
from qabot.filters import Filters
from qabot.selecting import Part, listed, look, select
from qabot.types import Answer, Document, Leg, Origin

QUESTION = "Who built the mill?"


def article(
    name: str, builder: str, publisher: str = "", day: str = "", *tags: str, url: str = ""
) -> Document:
    text = f"{builder} built the mill of {name.title()}.\n\nIt stands by a brook.\n"
    origin = Origin(url, "", publisher, day, tags)
    return Document(name, f"The mill of {name.title()}", f"/in/{name}.txt", text, origin)


ARTICLES = (
    article("alder", "Ada Lee", "Reuters", "2026-02-27", "mills", "rivers"),
    article("beech", "Bo Holm", "Österreich Heute", "2026-01-12", "mills"),
    article("cedar", "Cy Berg", "", "", url="https://news.example/cedar"),
    article("dogwood", "Di Falk", "The 100% Times", "2025-12-31", 'the "new" ones'),
)


@pytest.fixture(scope="module")
def index() -> Iterator[MemoryIndex]:
    with closing(MemoryIndex(ARTICLES, EMBEDDER)) as opened:
        yield opened


@pytest.fixture(scope="module")
def bot(index: MemoryIndex) -> Bot:
    return Bot(index, EMBEDDER)


def ids(catalog: Catalog, filters: Filters) -> set[str]:
    return set(select(catalog, filters).ids or ())


# What filters leave


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        (Filters(("reuters",)), {"alder"}),
        (Filters(("Alder",)), {"alder"}),
        (Filters(("mill of",)), {"alder", "beech", "cedar", "dogwood"}),
        (Filters(("/IN/beech",)), {"beech"}),
        (Filters(("news.example",)), {"cedar"}),
        (Filters(("ÖSTERREICH",)), {"beech"}),
        (Filters(("österreich",)), {"beech"}),
        (Filters(("100%",)), {"dogwood"}),
        (Filters(("reuters", "cedar")), {"alder", "cedar"}),
        (Filters(since=date(2026, 1, 12)), {"alder", "beech"}),
        (Filters(until=date(2026, 1, 12)), {"beech", "dogwood"}),
        (Filters(since=date(2026, 1, 1), until=date(2026, 1, 31)), {"beech"}),
        (Filters(tags=("MILLS",)), {"alder", "beech"}),
        (Filters(tags=("mills",), sources=("reuters",)), {"alder"}),
        (Filters(tags=('the "new" ones', "rivers")), {"alder", "dogwood"}),
        (Filters(ids=frozenset({"alder", "none such"})), {"alder"}),
        (Filters(("mill",), ids=frozenset({"cedar"})), {"cedar"}),
    ],
)
def test_filters_leave_what_they_name(index: MemoryIndex, filters: Filters, left: set[str]) -> None:
    assert ids(index.catalog, filters) == left


def test_days_leave_out_what_carries_none_and_say_so(index: MemoryIndex) -> None:
    found = select(index.catalog, Filters(since=date(2026, 1, 1)))
    assert (found.count, found.total, found.undated) == (2, 4, 1)
    assert found.notes() == (
        "Read 2 of 4 articles: since 1 January 2026.",
        "1 article carries no date and is left out.",
    )
    assert select(index.catalog, Filters(("cedar",))).undated == 0


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        (Filters(("ruters",)), "is of the source “ruters”. Did you mean “Reuters”?"),
        (Filters(("reuters", "ceder")), "is of the source “ceder”. Did you mean “Cedar” or"),
        (Filters(tags=("mill",)), "has the tag “mill”. Did you mean “mills”?"),
        (Filters(tags=("nothing",)), "has the tag “nothing”. List them: qabot sources"),
        (Filters(("%",)), None),
        (Filters(("_",)), "is of the source “_”"),
    ],
)
def test_a_name_that_no_article_has_is_an_error_with_near_ones(
    index: MemoryIndex, filters: Filters, said: str | None
) -> None:
    if said is None:
        assert ids(index.catalog, filters) == {"dogwood"}
        return
    with pytest.raises(QuestionError) as refused:
        select(index.catalog, filters)
    assert said in str(refused.value)


def test_of_articles_that_may_not_be_read_no_error_tells(index: MemoryIndex) -> None:
    with pytest.raises(QuestionError) as refused:
        select(index.catalog, Filters(("reuter",), ids=frozenset({"beech"})))
    assert "Reuters" not in str(refused.value)


@settings(max_examples=60)
@given(strings)
def test_any_text_can_be_looked_for(index: MemoryIndex, text: str) -> None:
    for kind in ("sources", "tags"):
        with suppress(QuestionError):
            filters = Filters(**{kind: (text,)})
            assert ids(index.catalog, filters) <= {one.id for one in ARTICLES}


# Questions asked of these alone


def read_of(answer: Answer) -> set[str]:
    return {one.document_id for one in (*answer.citations, *answer.closest)}


def test_only_the_articles_that_filters_leave_are_read_and_the_answer_says_so(bot: Bot) -> None:
    answer = bot.ask(QUESTION, filters=Filters(("beech",)))
    assert (answer.status, read_of(answer)) == ("answered", {"beech"})
    assert "Bo Holm" in answer.text
    assert answer.notes == ("Read 1 of 4 articles: source “beech”.",)
    assert bot.ask(QUESTION).notes == ()


def test_where_filters_leave_nothing_the_answer_says_what_they_hide(bot: Bot) -> None:
    answer = bot.ask(QUESTION, filters=Filters(("reuters",), until=date(2026, 1, 1)))
    assert answer.status == "abstained"
    assert answer.text == (
        "The filters leave no article to read (source “reuters”, until 1 January 2026)."
        " Without them these come closest."
    )
    assert "alder" in read_of(answer)
    answer = bot.ask(QUESTION, filters=Filters(("cedar",), since=date(2026, 1, 1)))
    assert answer.notes == ("1 article carries no date and is left out.",)


def test_what_may_not_be_read_is_not_named_where_filters_leave_nothing(bot: Bot) -> None:
    allowed = frozenset({"beech", "cedar"})
    answer = bot.ask(QUESTION, filters=Filters(since=date(2027, 1, 1), ids=allowed))
    assert read_of(answer) == allowed
    answer = bot.ask(QUESTION, filters=Filters(ids=frozenset()))
    assert (answer.status, read_of(answer), answer.notes) == ("abstained", set(), ())
    assert answer.text == "There is no article that may be read here."


@pytest.mark.parametrize("few", [0, 1_000])
@pytest.mark.parametrize(
    "filters", [Filters(("mill",), since=date(2026, 1, 1)), Filters(("cedar",))]
)
def test_many_articles_are_searched_as_few_are(
    index: MemoryIndex, filters: Filters, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = look(index, QUESTION, 16, 12_000, filters).hits
    monkeypatch.setattr(selecting, "FEW", few)
    assert look(index, QUESTION, 16, 12_000, filters).hits == whole


def test_the_rarer_the_articles_the_deeper_the_search_for_them(
    index: MemoryIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selecting, "FEW", 0)
    part = Part(index, select(index.catalog, Filters(("cedar",))))
    vector, depths = index.embedder.embed([QUESTION])[0], []
    only = index.catalog.search(["lee"], 1) * selecting.DEEPEST
    finding = lambda depth: index.catalog.search(["mill"], depth)  # noqa: E731

    def legs(vector: object, wordings: object, depth: int) -> list[Leg]:
        depths.append(depth)
        return [finding(depth), finding(depth)]

    monkeypatch.setattr(index, "legs", legs)
    assert [len(leg) for leg in part.legs(vector, [["mill"]], 1)] == [1, 1]
    assert depths == [8]
    finding = lambda depth: only[:depth]  # noqa: E731
    assert part.legs(vector, [["mill"]], 2) == [[], []]
    assert depths[1:] == [16, selecting.DEEPEST]  # as deep as it goes, and then not again


# Lists


def names(catalog: Catalog, *given: object, **named: object) -> list[str]:
    return [one.id for one in listed(catalog, *given, **named).sources]  # type: ignore[arg-type]


def test_articles_are_listed_in_the_order_asked_for(index: MemoryIndex) -> None:
    catalog = index.catalog
    assert names(catalog) == ["alder", "beech", "cedar", "dogwood"]
    assert names(catalog, order="date") == ["alder", "beech", "dogwood", "cedar"]
    assert sorted(names(catalog, order="added")) == names(catalog)
    assert sorted(names(catalog, order="passages")) == names(catalog)


def test_a_list_comes_by_the_page_with_how_many_there_are(index: MemoryIndex) -> None:
    first = listed(index.catalog, limit=3)
    assert ([one.id for one in first.sources], first.total, first.next) == (
        ["alder", "beech", "cedar"], 4, 2,
    )  # fmt: skip
    last = listed(index.catalog, limit=3, page=2)
    assert ([one.id for one in last.sources], last.total, last.next) == (["dogwood"], 4, None)
    beyond = listed(index.catalog, limit=3, page=9)
    assert (beyond.sources, beyond.total, beyond.next) == ([], 4, None)


def test_a_list_holds_what_has_all_the_words_and_fits_the_filters(index: MemoryIndex) -> None:
    assert names(index.catalog, "MILL reuters") == ["alder"]
    assert names(index.catalog, "mill nothing") == []
    assert names(index.catalog, "mill", Filters(tags=("mills",))) == ["alder", "beech"]
    with pytest.raises(QuestionError, match="Did you mean"):
        listed(index.catalog, "", Filters(("ruters",)))
