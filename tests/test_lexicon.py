"""Words are found, counted and ranked exactly as SQLite's FTS5 does it, however they are stored."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from texts_support import texts

from qabot import lexicon, tokenizer
from qabot.catalog import Catalog
from qabot.entries import Entry, searched_row
from qabot.errors import IndexCorrupt
from qabot.postings import LAST_PLACE
from qabot.split import split
from qabot.tokenizer import stems
from qabot.types import Document, Origin

WORDS = (
    "the The a U.S. u s united states talks talking talked Café café don't covid-19 covid 19 3.5 "
    "anti-war anti war İstanbul naïve 東京 x-ray ray new york New York's"
).split()


@pytest.fixture
def catalog() -> Iterator[Catalog]:
    """A catalog in memory."""
    with closing(Catalog(None, create=True)) as made:
        made.initialise({})
        yield made


def entry(identifier: str, text: str, title: str = "A title of talks") -> Entry:
    origin = Origin(publisher="The New York Talks")
    document = Document(identifier, title, f"/{identifier}.txt", text, origin)
    passages = [(f"{identifier}:{p.start}-{p.end}", p) for p in split(document)]
    return Entry(document, "version", "2026-01-01T00:00:00+00:00", passages)


def sentence(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=chance.randrange(3, 40))) + "."


class Reference:
    """The same passages in SQLite's FTS5."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._db = sqlite3.connect(":memory:")
        self._db.execute(
            "CREATE VIRTUAL TABLE t USING fts5 (title, heading, text, publisher, id UNINDEXED,"
            " tokenize = 'porter unicode61 remove_diacritics 2')"
        )
        self._db.executemany(
            "INSERT INTO t VALUES (?, ?, ?, ?, ?)",
            (
                (*searched_row(passage), identifier)
                for entry in entries
                for identifier, passage in entry.passages
            ),
        )

    def search(self, terms: Sequence[str], limit: int) -> list[tuple[str, float]]:
        return self._db.execute(
            "SELECT id, -bm25(t, 2.0, 1.0, 4.0, 4.0) AS score FROM t WHERE t MATCH ?"
            " ORDER BY score DESC, id LIMIT ?",
            (" OR ".join(map(quoted, terms)), limit),
        ).fetchall()

    def frequency(self, term: str) -> int:
        sql = "SELECT count(*) FROM t WHERE t MATCH ?"
        return int(self._db.execute(sql, (quoted(term),)).fetchone()[0])


def quoted(term: str) -> str:
    return '"' + term.replace('"', '""') + '"'


def check_alike(catalog: Catalog, entries: Sequence[Entry], chance: random.Random) -> None:
    """Searches and frequencies are those of FTS5 over the same passages."""
    reference = Reference(entries)
    for _ in range(12):
        terms = [" ".join(chance.choices(WORDS, k=chance.choice((1, 1, 2)))) for _ in range(5)]
        assert catalog.search(terms, 7) == reference.search(terms, 7)
        assert [catalog.frequency(term) for term in terms] == [
            reference.frequency(term) for term in terms
        ]


@pytest.mark.parametrize("seed", range(6))
def test_what_is_found_is_what_fts5_finds_through_any_commits_and_merges(
    catalog: Catalog, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lexicon, "_SMALL", 3)
    monkeypatch.setattr(lexicon, "_MERGED", 3)
    monkeypatch.setattr(tokenizer, "_AT_ONCE", 5)
    chance = random.Random(seed)
    current: dict[str, Entry] = {}
    for _ in range(14):
        names = [f"d{chance.randrange(12)}" for _ in range(chance.randrange(4))]
        new = {
            name: entry(name, "\n\n".join(sentence(chance) for _ in range(chance.randrange(9))))
            for name in names
        }
        gone = [name for name in current if name not in new and chance.random() < 0.2]
        catalog.commit(list(new.values()), gone, {})
        current = {name: one for name, one in {**current, **new}.items() if name not in gone}
    check_alike(catalog, list(current.values()), chance)


@settings(max_examples=60)
@given(drawn=st.lists(texts, min_size=1, max_size=4), query=texts)
def test_any_text_is_taken_apart_as_fts5_does(drawn: list[str], query: str) -> None:
    entries = [entry(f"d{number}", text) for number, text in enumerate(drawn)]
    with closing(Catalog(None, create=True)) as catalog:
        catalog.initialise({})
        catalog.commit(entries, [], {})
        words = [word for text in (*drawn, query) for word in text.split()][:8]
        terms = [word for word in words if "\0" not in word] or ["none"]
        reference = Reference(entries)
        assert catalog.search(terms, 5) == reference.search(terms, 5)
        assert [catalog.frequency(term) for term in terms] == [
            reference.frequency(term) for term in terms
        ]


def test_words_that_are_no_words_find_nothing(catalog: Catalog) -> None:
    catalog.commit([entry("d", "Some words stand here.")], [], {})
    assert catalog.search(["", " ", "&", "\0", '"', "'"], 5) == []
    assert catalog.search([], 5) == []
    assert catalog.frequency("...") == 0


def test_a_phrase_is_found_only_where_its_words_stand_side_by_side(catalog: Catalog) -> None:
    texts = {
        "a": "Talks in the U.S. went on.",
        "b": "Write u, s and then u again.",
        "c": "Nothing of it here, in U.K. talks.",
    }
    catalog.commit([entry(name, text) for name, text in texts.items()], [], {})
    assert stems("U.S.") == ("u", "s")
    assert [key.split(":")[0] for key, _ in catalog.search(["u.s"], 5)] == ["a", "b"]
    assert catalog.frequency("u.s") == 2
    assert catalog.frequency("in the u.s") == 1


def test_a_phrase_does_not_run_from_the_title_into_the_text(catalog: Catalog) -> None:
    catalog.commit([entry("d", "Weather is what people talk of.", title="It is fine")], [], {})
    assert catalog.frequency("fine weather") == 0
    assert catalog.frequency("weather is") == 1


def test_a_text_of_many_words_is_found_by_its_last(catalog: Catalog) -> None:
    title = " ".join(f"word{number}" for number in range(LAST_PLACE + 100)) + " final"
    catalog.commit([entry("d", "Some text stands here.", title=title)], [], {})
    assert catalog.frequency("final") == 1
    assert catalog.frequency("word1 word2") == 1


def test_only_passages_of_the_documents_asked_for_are_found(catalog: Catalog) -> None:
    catalog.commit([entry(name, "The talks went on.") for name in "abc"], [], {})
    assert [key[0] for key, _ in catalog.search(["talks"], 5, ["b", "c", "x"])] == ["b", "c"]
    assert catalog.search(["talks"], 5, []) == []


def test_a_passage_taken_out_is_not_counted(catalog: Catalog) -> None:
    catalog.commit([entry(name, f"The {name}word talks went on.") for name in "abc"], [], {})
    catalog.commit([], ["b"], {})
    assert catalog.frequency("talks") == 2
    assert catalog.frequency("bword") == 0
    assert [key[0] for key, _ in catalog.search(["bword", "talks"], 5)] == ["a", "c"]


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE postings SET postings = substr(postings, 1, 3)",
        "UPDATE postings SET postings = x'ffffffff'",
        "UPDATE segments SET passages = x'00'",
        "UPDATE segments SET lengths = x'0000'",
    ],
)
def test_damaged_tables_are_met_with_our_error(catalog: Catalog, harm: str) -> None:
    catalog.commit([entry("d", "Some words stand here.")], [], {})
    catalog._db.execute(harm)
    with pytest.raises(IndexCorrupt, match="--rebuild"):
        catalog.search(["words"], 5)
    catalog._db.execute("UPDATE postings SET places = substr(places, 1, 1)")
    with pytest.raises(IndexCorrupt, match="--rebuild"):
        catalog.search(["some words"], 5)


def test_many_commits_leave_few_segments(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicon, "_SMALL", 4)
    for number in range(80):
        catalog.commit([entry(f"d{number}", "The talks went on.")], [], {})
    (count,) = catalog._db.execute("SELECT count(*) FROM segments").fetchone()
    assert count <= 3 * lexicon._MERGED
    assert catalog.frequency("talks") == 80
