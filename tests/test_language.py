"""Whether a text is English: another language only on evidence."""

from __future__ import annotations

import json

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from texts_support import hostile_texts, in_time, strings, texts

from qabot.language import is_english
from qabot.sentences import sentence_spans

QUESTIONS = ROOT / "evals" / "cases" / "seed.jsonl"


@pytest.mark.parametrize(
    "text",
    ["Lavrov?", "", "2025", "Feb. 25", "JCPOA?", "Kim Jong Un?", "Ursula von der Leyen?",
     "Erdoğan?",
     "Charles de Gaulle?", "El Salvador?", "São Paulo?", "AI chip exports?", "MIT students?",
     "Die hard?", "Men at war?", "how come?", "coup d'état?", "What does 外交部 mean?", "Le Monde?",
     "Did Die Linke win in Berlin?", "nuclear deal status",
     "Wie is a name, is it not?", "👩\u200d🚀"],
)  # fmt: skip
def test_english_and_what_is_no_language_at_all_is_taken_for_english(text: str) -> None:
    assert is_english(text)


@pytest.mark.parametrize(
    "text",
    ["Wer ist der Außenminister des Iran?", "Und wann?", "WER IST DAS UND WO IST ER?",
     "Qui est le ministre iranien des Affaires étrangères ?", "Qu'a dit Lavrov à Téhéran ?",
     "¿Qué dijo Lavrov en Teherán?", "que dijo lavrov", "Chi è il ministro degli Esteri iraniano?",
     "O que disse Lavrov em Teerã?", "Wat zei Lavrov in Teheran?",
     "Lavrov daha sonra nereye gitti?",
     "Кто министр иностранных дел Ирана?", "وزیر خارجه ایران کیست؟", "من هو وزير خارجية إيران؟",
     "伊朗外交部长是谁？", "イランの外相は誰ですか。", "ईरान के विदेश मंत्री कौन हैं?", "Ποιος είναι;",
     "Hvem er Irans utrikesminister?", "Gdzie spotkał się Ławrow z Rubio?"],
)  # fmt: skip
def test_another_language_is_seen_by_its_letters_or_its_small_words(text: str) -> None:
    assert not is_english(text)


def test_every_question_and_every_sentence_on_the_seed_article_is_english(seed_text: str) -> None:
    cases = QUESTIONS.read_text(encoding="utf-8").splitlines()
    sentences = [seed_text[start:end] for start, end in sentence_spans(seed_text)]
    asked = [json.loads(line)["question"] for line in cases]
    assert [text for text in [*asked, *sentences] if not is_english(text)] == []


@given(st.one_of(strings, texts))
def test_any_text_is_judged_alike_with_white_space_around_it(text: str) -> None:
    assert is_english(text) is is_english(f"  {text}\n")


@given(st.text(st.characters(min_codepoint=0x400, max_codepoint=0x44F), min_size=1))
def test_letters_of_another_script_alone_are_not_english(text: str) -> None:
    assert not is_english(text)


@in_time
@pytest.mark.parametrize("text", hostile_texts()[::4], ids=lambda text: repr(text[-12:]))
def test_hostile_text_is_judged_all_the_same(text: str) -> None:
    assert is_english(text) in (True, False)
