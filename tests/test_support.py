"""The support score: bounds, order, and what moves it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qabot.embed import WordLlamaEmbedder
from qabot.passage_sentences import sentences_of
from qabot.support import CLEAR, FEATURES, MOST_EVIDENCE, MOST_WORDS, THRESHOLD, WEIGHTS, support
from qabot.types import Passage

VECTORS = WordLlamaEmbedder()
TEXT = (
    "Researchers in Oslo measured the air of 40 schools last winter. "
    "In every second classroom there was too much carbon dioxide. "
    "The city will spend 12 million crowns on new windows."
)
SENTENCES = sentences_of(Passage("", "", "", 0, len(TEXT), TEXT), 0)


def score(claim: str, head: str = "") -> float:
    return support(claim, SENTENCES, VECTORS, head).score


def test_every_feature_has_a_weight() -> None:
    assert tuple(WEIGHTS) == FEATURES
    assert 0 < THRESHOLD <= CLEAR < 1


@pytest.mark.parametrize("number", range(3))
def test_a_sentence_of_the_article_is_clearly_supported_by_itself(number: int) -> None:
    found = support(SENTENCES[number].text, SENTENCES, VECTORS)
    assert found.score >= CLEAR
    assert found.evidence == (SENTENCES[number],)


def test_a_paraphrase_scores_between_the_sentence_and_another_subject() -> None:
    paraphrase = score("Oslo will pay 12 million crowns for new windows.")
    assert score("Bananas grow best in warm countries.") < THRESHOLD <= paraphrase
    assert paraphrase < score(SENTENCES[2].text)


def test_wrong_figures_and_wrong_names_cost() -> None:
    right = score("Last winter researchers in Oslo measured the air of 40 schools.")
    assert score("Last winter researchers in Oslo measured the air of 50 schools.") < right
    assert score("Last winter researchers in Bergen measured the air of 40 schools.") < right


def test_sentences_support_a_claim_together() -> None:
    claim = "Researchers in Oslo measured 40 schools, and the city will spend 12 million crowns."
    found = support(claim, SENTENCES, VECTORS)
    assert found.evidence == (SENTENCES[0], SENTENCES[2])


def test_what_the_head_says_counts_as_held() -> None:
    claim = "On 3 March Oslo said it will spend 12 million crowns on new windows."
    assert score(claim, head="Oslo, 3 March 2025") > score(claim)


def test_no_words_no_sentences_and_too_many_words_score_nothing() -> None:
    assert score("") == score("…") == score("air " * (MOST_WORDS + 1)) == 0.0
    assert support("The air.", (), VECTORS).score == 0.0


@given(st.text(max_size=80), st.text(max_size=200))
def test_any_text_has_a_score_from_0_to_1_and_the_same_each_time(claim: str, text: str) -> None:
    sentences = sentences_of(Passage("", "", "", 0, len(text), text), 0)
    found = support(claim, sentences, VECTORS)
    assert 0.0 <= found.score <= 1.0
    assert len(found.evidence) <= MOST_EVIDENCE
    assert found == support(claim, sentences, VECTORS)
