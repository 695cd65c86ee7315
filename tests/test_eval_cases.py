"""Cases: what files may hold, what is said of those that cannot be read, and a case's own index."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import SEED_ID
from evaluation_support import ROBIN, absent, row, write_rows
from hypothesis import given
from hypothesis import strategies as st
from index_support import EMBEDDER, article_text, open_index, put

from qabot.bot import Bot
from qabot.evaluation.cases import CaseError, case_files, read_cases
from qabot.evaluation.model import Case, Span
from qabot.evaluation.rows import BadRow, case_of
from qabot.evaluation.texts import Texts
from qabot.evaluation.throwaway import Bots, MemoryIndex
from qabot.types import Document, Origin, Turn


def no_corpus() -> tuple[Document, ...]:
    return ()


def case(**more: Any) -> Case:
    return case_of(row("a", **more), no_corpus, "file")


# Rows


def test_a_row_of_our_own_knows_where_its_evidence_stands() -> None:
    found = case()
    (span,) = found.gold
    assert found.documents[0].text[span.start : span.end] == ROBIN
    assert (found.tags, found.answers, found.history) == (("who",), ("The robin",), ())


def test_a_row_without_documents_asks_the_index_and_has_no_places_yet() -> None:
    given = row("a")
    del given["docs"]
    found = case_of(given, no_corpus, "file")
    assert (found.documents, found.gold, found.evidence) == ((), (), (ROBIN,))


def test_a_row_whose_list_of_documents_is_empty_does_not_ask_the_index_of_the_bot() -> None:
    given = {**absent("a"), "docs": []}
    (document,) = case_of(given, no_corpus, "file").documents
    assert document.text == ""


def test_a_document_of_a_row_may_say_where_it_comes_from() -> None:
    given = {
        "id": "d",
        "text": ROBIN,
        "source": "The Verge",
        "url": "https://example.org/d",
        "published_at": "2023-09-26T17:01:22+00:00",
    }
    (document,) = case(docs=[given]).documents
    assert document.source == "https://example.org/d"
    assert document.origin == Origin("https://example.org/d", "", "The Verge", "2023-09-26")


def test_a_path_is_no_publisher() -> None:
    (document,) = case(docs=[{"id": "d", "text": ROBIN, "source": "articles/d.txt"}]).documents
    assert (document.source, document.origin) == ("articles/d.txt", Origin())


def test_history_is_read_as_turns() -> None:
    turns = [{"question": "Who sang?", "answer": "The robin sang."}]
    assert case(history=turns).history == (Turn("Who sang?", "The robin sang."),)


def test_offsets_that_overlap_are_one_piece_of_evidence() -> None:
    given = row("a", evidence_offsets=[[10, 14], [7, 12], [20, 30]])
    del given["evidence"]
    assert case_of(given, no_corpus, "f").gold == (Span("birds", 7, 14), Span("birds", 20, 30))


@pytest.mark.parametrize("offsets", [[[5, 5]], [[-1, 4]], [[0, 10**9]], [["x", 1]], [[1]], 7])
def test_offsets_outside_the_document_are_no_evidence(offsets: Any) -> None:
    given = row("a", evidence_offsets=offsets)
    del given["evidence"]
    assert case_of(given, no_corpus, "f").gold == ()


def test_gold_sentences_stand_where_they_come_in_order() -> None:
    text = "Same. Other. Same. Last."
    doc = {"id": "d", "title": "", "text": text, "sentences": ["Same.", "Other.", "Same.", "Last."]}
    given = row("a", docs=[doc], gold_sentences=[2, 3])
    del given["evidence"]
    assert case_of(given, no_corpus, "f").gold == (Span("d", 13, 18), Span("d", 19, 24))


def test_a_conversation_of_speakers_ends_in_the_question() -> None:
    said = [("user", "Who sang?"), ("agent", "The robin."), ("user", "Where from?")]
    given = {
        "id": "talk<::>2",
        "history": [{"speaker": speaker, "text": text} for speaker, text in said],
        "docs": [{"document_id": "birds", "text": ROBIN}],
        "label": "UNANSWERABLE",
        "collection": "Birds",
    }
    found = case_of(given, no_corpus, "talks")
    assert found.question == "Where from?"
    assert found.history == (Turn("Who sang?", "The robin."),)
    assert not found.answerable
    assert found.tags == ("talks", "unanswerable", "birds")


def test_what_no_article_holds_is_replaced_without_moving_anything() -> None:
    doc = {"id": "d", "title": "", "text": f"\0\ud800{ROBIN}"}
    found = case(docs=[doc])
    assert found.documents[0].text == f"\ufffd\ufffd{ROBIN}"
    assert found.gold == (Span("d", 2, 2 + len(ROBIN)),)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ("id", "question", "answerable", "answers", "evidence", "docs", "history", "tags", "gold",
          "gold_sentences", "evidence_offsets", "label", "twin", "claim")  # fmt: skip


@given(JSON | st.dictionaries(st.sampled_from(FIELDS), JSON), st.booleans())
def test_any_json_is_a_case_or_says_what_is_wrong_with_it(given: Any, filled: bool) -> None:
    if filled and isinstance(given, dict):
        given = {**row("a"), **given}
    try:
        found = case_of(given, no_corpus, "file")
    except BadRow:
        return
    texts = {document.id: document.text for document in found.documents}
    assert all(0 <= one.start <= one.end <= len(texts[one.document_id]) for one in found.gold)


@given(st.text(min_size=1), st.data())
def test_evidence_is_found_wherever_it_stands(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    found = case(docs=[{"id": "d", "text": text}], evidence=[text[start:end]])
    (span,) = found.gold
    assert found.documents[0].text[span.start : span.end] == found.evidence[0]


# Files


def test_files_and_folders_are_read_in_order_zipped_or_not(tmp_path: Path) -> None:
    write_rows(tmp_path / "b.jsonl.gz", [row("2"), row("3")])
    write_rows(tmp_path / "a.jsonl", [row("1")])
    single = write_rows(tmp_path / "elsewhere" / "c.jsonl", [row("4")])
    assert [one.id for one in read_cases([tmp_path, single])] == ["1", "2", "3", "4"]


def test_rows_with_gold_ids_share_the_documents_of_the_corpus_beside(tmp_path: Path) -> None:
    facts = [{"id": f"f{number}", "title": "", "text": f"Fact {number}."} for number in range(3)]
    write_rows(tmp_path / "m_corpus.jsonl.gz", facts)
    given = {"question": "Which?", "answerable": True, "answers": ["1"], "type": "Inference"}
    write_rows(
        tmp_path / "m.jsonl.gz",
        [{**given, "id": "a", "gold": ["f1", "f2"]}, {**given, "id": "b", "gold": []}],
    )
    one, other = read_cases([tmp_path])
    assert one.gold == (Span("f1", 0, 7), Span("f2", 0, 7))
    assert one.documents is other.documents
    assert one.tags == ("m", "inference")


def test_twins_know_each_other_and_belong_together(tmp_path: Path) -> None:
    file = write_rows(
        tmp_path / "t.jsonl",
        [row("rtqa-1"), absent("rtqa-twin-1"), row("own", twin="other"), absent("other")],
    )
    original, twin, own, other = read_cases([file])
    assert (original.twin, twin.twin, own.twin) == ("rtqa-twin-1", None, "other")
    assert original.cluster == twin.cluster
    assert own.cluster == other.cluster


def test_by_default_the_cases_for_a_last_judgement_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_rows(tmp_path / "evals" / "cases" / "a.jsonl", [row("1")])
    write_rows(tmp_path / "evals" / "cases" / "a-unseen.jsonl", [row("2")])
    monkeypatch.chdir(tmp_path)
    assert [path.name for path in case_files()] == ["a.jsonl"]
    assert [one.id for one in read_cases()] == ["1"]
    assert [one.id for one in read_cases([Path("evals/cases/a-unseen.jsonl")])] == ["2"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("1" * 5_000, "not JSON"),
        ("[]", "is no object"),
        ('{"id": "x", "answerable": true}', "the case 'x' lacks 'question'"),
        ('{"question": "Who?", "answerable": true}', "lacks 'id'"),
        ('{"id": "x", "question": " ", "answerable": true}', "'question' that is no text"),
        ('{"id": "x", "question": "Who?"}', "lacks 'answerable'"),
        ('{"id": "x", "question": "Who?", "answerable": "no"}', "neither true nor false"),
        ('{"id": "x", "claim": "It is."}', "a claim to be checked"),
        (json.dumps(row("x", evidence=["It never says so."])), "evidence that stands in none"),
        (json.dumps(row("x", answers="robin")), "'answers' that are no list"),
        (json.dumps(row("x", docs=[{"text": "No id."}])), "a document 1 without"),
        (json.dumps({**row("x"), "gold": ["f"]}), "b_corpus.jsonl, which is not there"),
        (json.dumps(row("taken")), "is taken already, at"),
    ],
)
def test_a_line_that_is_no_case_is_named_with_its_file(
    line: str, says: str, tmp_path: Path
) -> None:
    path = write_rows(tmp_path / "b.jsonl", [row("taken")])
    with path.open("a") as file:
        file.write(f"\n{line}\n")
    with pytest.raises(CaseError) as caught:
        read_cases([path])
    assert str(caught.value).startswith(f"{path}:3: ")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    damaged = write_rows(tmp_path / "d.jsonl.gz", [row("1")])
    damaged.write_bytes(damaged.read_bytes()[:-20])
    latin = tmp_path / "l.jsonl"
    latin.write_bytes(b'{"id": "caf\xe9"}\n')
    empty = write_rows(tmp_path / "e.jsonl", [])
    folder = tmp_path / "folder"
    folder.mkdir()
    for path in (damaged, latin, empty, folder, tmp_path / "nothing.jsonl"):
        with pytest.raises(CaseError, match=path.name):
            read_cases([path])


# A case's own index


def documents() -> list[Document]:
    animals = ("otter", "heron", "lynx")
    return [
        Document(animal, f"Life of the {animal}", f"/{animal}.txt", article_text(animal))
        for animal in animals
    ]


def test_the_index_in_memory_is_the_one_on_the_disk(tmp_path: Path) -> None:
    put(tmp_path, *documents())
    memory = MemoryIndex(documents(), EMBEDDER)
    with open_index(tmp_path, create=False) as index:
        ids = sorted(index.catalog.passage_ids([document.id for document in documents()]))
        assert ids == sorted(memory.catalog.passage_ids([one.id for one in documents()]))
        assert index.catalog.passages(ids) == memory.catalog.passages(ids)
        assert index.catalog.search(["heron"], 9) == memory.catalog.search(["heron"], 9)
        for question in ("What did the heron paint?", "winter", "?"):
            vector = EMBEDDER.embed([question])[0]
            stored, found = index.dense(vector, 9), memory.dense(vector, 9)
            assert [name for name, _ in stored] == [name for name, _ in found] or question == "?"
            assert np.allclose([cosine for _, cosine in stored], [c for _, c in found], atol=1e-5)


def test_a_bot_over_memory_answers_as_one_over_the_index(tmp_path: Path) -> None:
    put(tmp_path, *documents())
    question = "What did the heron paint?"
    with open_index(tmp_path, create=False) as index:
        stored = Bot(index, EMBEDDER).ask(question)
        found = Bot(index, EMBEDDER).over(MemoryIndex(documents(), EMBEDDER)).ask(question)
    assert found.citations == stored.citations
    assert found.status == "answered"


def test_an_index_without_documents_abstains(bot: Bot) -> None:
    answer = bot.over(MemoryIndex([], EMBEDDER)).ask("Who sang?")
    assert answer.status == "abstained"


def test_cases_that_share_their_documents_share_the_index(bot: Bot) -> None:
    bots = Bots(bot)
    one, other = case(), case()
    assert bots(one) is bots(one)
    assert bots(one) is not bots(other)
    for _ in range(20):
        bots(case())
    assert bots(one).ask("Who sang from the chimney?").status == "answered"


def test_evidence_is_placed_in_the_articles_of_the_index(bot: Bot, seed_text: str) -> None:
    texts, piece = Texts(bot.index), seed_text[100:180]
    found = texts.placed(Case("a", "Who?", True, evidence=(piece,)))
    start = seed_text.index(piece)
    assert found.gold == (Span(SEED_ID, start, start + len(piece)),)
    with pytest.raises(CaseError, match="case 'b' stands in no article"):
        texts.placed(Case("b", "Who?", True, evidence=("It never says so.",)))
