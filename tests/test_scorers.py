"""What each scorer says of an answer, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from figures_support import (
    COST,
    DOCUMENT,
    OPENED,
    TEXT,
    abstained,
    answered,
    case,
    citation,
    outcome,
    span,
)
from hypothesis import given
from hypothesis import strategies as st

from qabot.evaluation.model import Outcome, Score, Span
from qabot.evaluation.scorers import SCORERS, score_all
from qabot.evaluation.scorers.discounted_gain import discounted_gain
from qabot.evaluation.scorers.gold import pieces, shortened
from qabot.evaluation.scorers.reciprocal_rank import reciprocal_rank
from qabot.evaluation.scorers.said import normalised
from qabot.evaluation.scorers.token_overlap import token_f1
from qabot.types import Answer, Claim, Document, Explanation, Hit, Passage

OPENING = "The new museum in Lisbon opened on Friday after six years of work on its old roof."
PRICE = "It cost 40 million euros, the city said, and a foundation paid a third of that sum."
RAIN = "three hours"
GOOD = answered(OPENING, citations=[citation(OPENING)], found=[RAIN, OPENED, COST])


def value(name: str, of: Outcome) -> float | None:
    score = SCORERS[name](of)
    assert score is None or score.reason
    return None if score is None else score.value


def test_an_answer_gets_the_scores_that_apply_in_the_order_of_the_scorers() -> None:
    scores = score_all(outcome(case(answers=("Friday",)), GOOD, span(OPENED)))
    assert list(scores) == [name for name in SCORERS if name != "rejection"]
    assert all(score.value is not None and score.reason for score in scores.values())
    unanswerable = score_all(outcome(case(answerable=False), abstained(RAIN), span(OPENED)))
    assert unanswerable == dict.fromkeys(("rejection", "right"), unanswerable["rejection"])


# Retrieval


@pytest.mark.parametrize(
    ("found", "hit_1", "hit_3", "mrr"),
    [
        ([OPENED, COST], 1.0, 1.0, 1.0),
        ([COST, OPENED], 0.0, 1.0, 0.5),
        ([COST, RAIN], 0.0, 0.0, 0.0),
        ([], 0.0, 0.0, 0.0),
    ],
)
def test_a_passage_is_relevant_when_it_overlaps_the_evidence(found, hit_1, hit_3, mrr) -> None:
    of = outcome(case(), abstained(*found), span(OPENED))
    assert [value(name, of) for name in ("hit@1", "hit@3", "mrr@10")] == [hit_1, hit_3, mrr]


def test_all_evidence_needs_every_piece() -> None:
    both = span(OPENED), span(COST)
    assert value("all_evidence@10", outcome(case(), abstained(OPENED, RAIN), *both)) == 0.0
    assert value("all_evidence@10", outcome(case(), abstained(COST, OPENED), *both)) == 1.0


def test_the_gain_counts_relevant_passages_that_were_not_found() -> None:
    both = span(OPENED), span(COST)
    assert value("ndcg@10", outcome(case(), abstained(OPENED, COST), *both)) == 1.0
    alone = value("ndcg@10", outcome(case(), abstained(OPENED), *both))
    assert alone == pytest.approx(1 / (1 + 1 / 1.5849625007211562))


def test_whole_documents_as_evidence_are_ranked_as_documents() -> None:
    hits = [
        Hit(Passage(name, "", "", start, start + 4, "text"), None, None, 1.0)
        for name, start in (("a", 0), ("a", 5), ("b", 0), ("c", 5), ("d", 0))
    ]
    answer = replace(abstained(), explanation=Explanation("", {}, tuple(hits)))
    texts = dict.fromkeys("abcde", "text text")
    of = Outcome(case(), answer, tuple(Span(name, 0, 9) for name in "bce"), texts)
    assert value("mrr@10", of) == 0.5
    assert value("all_evidence@10", of) == 0.0
    gain = discounted_gain((False, True, True, False), 3)
    assert value("ndcg@10", of) == pytest.approx(gain)


@pytest.mark.parametrize("name", list(SCORERS)[:6])
def test_rankings_have_no_score_without_evidence_or_passages(name: str) -> None:
    assert value(name, outcome(case(), GOOD)) is None
    assert value(name, outcome(case(answerable=False), GOOD, span(OPENED))) is None
    without = replace(GOOD, explanation=None)
    assert value(name, outcome(case(), without, span(OPENED))) is None


@given(st.lists(st.booleans(), max_size=16), st.integers(0, 8))
def test_rankings_are_scored_as_trec_eval_scores_them(relevant: list[bool], missed: int) -> None:
    pytrec_eval = pytest.importorskip("pytrec_eval")
    total = sum(relevant) + missed
    judged = {f"d{n:02}": int(is_hit) for n, is_hit in enumerate(relevant)}
    judged |= {f"missed{n}": 1 for n in range(missed)}
    run = {f"d{n:02}": float(-n) for n in range(len(relevant))}
    top = dict(list(run.items())[:10])
    evaluator = pytrec_eval.RelevanceEvaluator({"q": judged}, {"ndcg_cut.10", "recip_rank"})
    theirs = [evaluator.evaluate({"q": some}).get("q", {}) for some in (run, top)]
    gain = theirs[0].get("ndcg_cut_10", 0.0)
    assert discounted_gain(tuple(relevant), total) == pytest.approx(gain, abs=1e-6)
    rank = theirs[1].get("recip_rank", 0.0)
    assert reciprocal_rank(tuple(relevant)) == pytest.approx(rank, abs=1e-6)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30), st.integers(0, 30))))
def test_pieces_of_evidence_never_overlap_and_cover_the_same_text(rows) -> None:
    gold = tuple(Span(name, start, end) for name, start, end in rows)
    found = pieces(Outcome(case(), abstained(), gold, {}))
    covered = [(one.document_id, at) for one in found for at in range(one.start, one.end)]
    wanted = {(one.document_id, at) for one in gold for at in range(one.start, one.end)}
    assert len(covered) == len(set(covered))
    assert set(covered) == wanted


# Answers


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (("Friday",), 1.0),
        (("on FRIDAY, after",), 1.0),
        (("Fri",), 0.0),
        (("Monday", "six years"), 1.0),
        (("1",), 0.0),  # the marker is no part of the answer
        (("…",), None),
        ((), None),
    ],
)
def test_contains_looks_for_whole_words_without_punctuation(answers, expected) -> None:
    assert value("contains", outcome(case(answers=answers), GOOD)) == expected


def test_an_abstention_contains_nothing_whatever_it_says() -> None:
    of = outcome(case(answers=("Friday",)), abstained(), span(OPENED))
    for name in ("contains", "token_f1", "exact_match", "right", "citation_hit", "citation_f1"):
        assert value(name, of) == 0.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The  Cat, a hat.", ["cat", "hat"]),
        ("U.S. Anthem", ["us", "anthem"]),
        ("“An” end", ["“", "”", "end"]),  # curly quotes stay, as in the official script
    ],
)
def test_texts_are_normalised_as_the_script_of_squad_does(text, expected) -> None:
    assert normalised(text) == expected


def test_token_f1_is_the_best_over_short_answers_only() -> None:
    said = answered("It opened on Friday.", citations=[citation(OPENED)])
    short = case(answers=("Monday", "on Friday"))
    assert value("token_f1", outcome(short, said)) == pytest.approx(2 * 2 / (4 + 2))
    assert value("exact_match", outcome(short, said)) == 0.0
    assert value("exact_match", outcome(case(answers=("it opened, on the Friday",)), said)) == 1.0
    for answers in (("Friday", "on the Friday after six long years"), ("the",), ()):
        assert value("token_f1", outcome(case(answers=answers), said)) is None
        assert value("exact_match", outcome(case(answers=answers), said)) is None


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_token_f1_is_symmetric_and_1_for_the_same_words_alone(one, other) -> None:
    assert token_f1(one, other) == token_f1(other, one)
    assert (token_f1(one, other) == 1.0) == (bool(one) and sorted(one) == sorted(other))


def test_right_is_an_answer_that_holds_it_or_an_abstention_where_none_is() -> None:
    assert value("right", outcome(case(answers=("Friday",)), GOOD)) == 1.0
    assert value("right", outcome(case(answers=("Monday",)), GOOD, span(OPENED))) == 0.0
    assert value("right", outcome(case(answerable=False), abstained())) == 1.0
    assert value("right", outcome(case(answerable=False), GOOD)) == 0.0


def test_right_goes_by_the_evidence_where_no_answer_is_given() -> None:
    assert value("right", outcome(case(), GOOD, span(OPENED))) == 1.0
    assert value("right", outcome(case(), GOOD, span(COST))) == 0.0
    assert value("right", outcome(case(), GOOD)) is None


def test_abstaining_is_scored_by_whether_the_documents_answer() -> None:
    assert value("rejection", outcome(case(answerable=False), abstained())) == 1.0
    assert value("rejection", outcome(case(answerable=False), GOOD)) == 0.0
    assert value("over_abstention", outcome(case(), abstained())) == 1.0
    assert value("over_abstention", outcome(case(), GOOD)) == 0.0
    assert value("over_abstention", outcome(case(answerable=False), GOOD)) is None


# Citations


@pytest.mark.parametrize("shift", [-1, 1, 10_000, -10_000])
def test_a_quote_that_is_not_at_its_offsets_is_invalid(shift: int) -> None:
    wrong = answered("a", "b", citations=[citation(OPENED), citation(COST, 2, shift)])
    assert value("quote_validity", outcome(case(), wrong)) == 0.5


def test_a_quote_of_an_unknown_document_is_invalid_and_none_has_no_score() -> None:
    elsewhere = replace(citation(OPENED), document_id="another")
    assert value("quote_validity", outcome(case(), answered("a", citations=[elsewhere]))) == 0.0
    assert value("quote_validity", outcome(case(), answered("a"))) is None


def test_citations_are_held_against_the_evidence() -> None:
    answer = answered("a", "b", citations=[citation(OPENING), citation(RAIN, 2)])
    of = outcome(case(), answer, span(OPENED), span(COST))
    assert value("citation_precision", of) == 0.5
    assert value("citation_recall", of) == 0.5
    assert value("citation_f1", of) == 0.5
    assert value("citation_hit", of) == 1.0
    missed = outcome(case(), answer, span("some went home"))
    assert value("citation_hit", missed) == value("citation_f1", missed) == 0.0
    for name in ("citation_precision", "citation_recall", "citation_f1", "citation_hit"):
        assert value(name, outcome(case(), answer)) is None


def test_citation_f1_asks_for_all_the_evidence_and_nothing_else() -> None:
    one = answered("a", citations=[citation(OPENED)])
    assert value("citation_f1", outcome(case(), one, span(OPENED))) == 1.0
    assert value("citation_f1", outcome(case(), one, span(OPENED), span(COST))) == pytest.approx(
        2 / 3
    )
    assert value("citation_f1", outcome(case(), abstained(), span(OPENED))) == 0.0


def test_a_sentence_is_covered_by_a_quote_that_holds_or_supports_it() -> None:
    quotes = [citation(OPENING), citation(PRICE, 2), citation(PRICE, 3), citation(OPENING, 4)]
    answer = answered(
        "… opened on Friday, after six years",  # verbatim but for punctuation
        "The museum cost 40 million euros, the city said.",  # in other words
        "Bananas grow best in warm countries.",  # something else
        "…",  # nothing
        "It has no citation.",
        citations=quotes,
    )
    assert value("sentence_coverage", outcome(case(), answer)) == pytest.approx(2 / 5)
    assert value("sentence_coverage", outcome(case(), abstained())) is None


# Whatever comes


@given(
    st.lists(st.text(max_size=30), max_size=3),
    st.lists(st.tuples(st.text(max_size=30), st.integers(-3, 300), st.integers(-3, 300))),
    st.lists(st.tuples(st.integers(-3, 300), st.integers(-3, 300))),
    st.booleans(),
    st.sampled_from(["answered", "abstained"]),
)
def test_any_answer_gets_scores_from_0_to_1(answers, cited, gold, answerable, status) -> None:
    made = [replace(citation(OPENED), quote=q, start=a, end=b) for q, a, b in cited]
    claims = tuple(Claim(quote, (1,), "supported") for quote, *_ in cited)
    answer = Answer("q", status, "", claims, tuple(made), explanation=Explanation("", {}, ()))
    spans = tuple(Span(DOCUMENT, *sorted(pair)) for pair in gold)
    of = Outcome(case(answers=tuple(answers), answerable=answerable), answer, spans, {})
    for score in score_all(of).values():
        assert isinstance(score, Score)
        assert score.value is not None
        assert 0.0 <= score.value <= 1.0
        assert len(score.reason) < 400


def test_a_megabyte_in_a_quote_or_an_answer_is_scored_and_shortened() -> None:
    huge = "word " * 200_000
    answer = answered(huge, citations=[replace(citation(OPENED), quote=huge)])
    scores = score_all(outcome(case(answers=(huge, "Friday")), answer, span(OPENED)))
    assert scores["sentence_coverage"].value == 1.0
    assert max(len(score.reason) for score in scores.values()) < 400


@given(st.text(max_size=400))
def test_texts_in_reasons_are_one_short_line(text: str) -> None:
    assert len(shortened(text)) <= 80
    assert len(shortened(text).splitlines()) <= 1


def test_the_passages_of_the_text_here_are_its_paragraphs() -> None:
    from qabot.split import split

    texts = [passage.text for passage in split(Document(DOCUMENT, "", "", TEXT))]
    assert texts[:2] == [OPENING, PRICE]
