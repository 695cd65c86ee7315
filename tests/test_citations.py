"""The gate: what is kept of a reply, with which spans, and how a stream is cut into sentences."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qabot import markers
from qabot.citations import Verified, verify
from qabot.embed import WordLlamaEmbedder
from qabot.facts import absent, is_verbatim, quotations
from qabot.passage_sentences import sentences_of
from qabot.streaming import complete_sentences, spoken
from qabot.types import Passage

VECTORS = WordLlamaEmbedder()
TEXT = (
    "Iran's foreign minister, Abbas Araghchi, met his Russian counterpart in Moscow on Monday. "
    "“We will not negotiate under pressure,” Araghchi said. "
    "Trade between the two countries rose by 13 percent to 4.8 billion dollars.\n\n"
    "The central bank raised its key interest rate to 21 percent. "
    "Economists had expected a smaller increase."
)
CUT = TEXT.index("The central")
DOCUMENT = "Head.\n\n" + TEXT
FIRST = Passage("d", "Talks in Moscow", "d.txt", 7, 7 + CUT - 2, TEXT[: CUT - 2], "body", "", 3)
SECOND = Passage("d", "Talks in Moscow", "d.txt", 7 + CUT, 7 + len(TEXT), TEXT[CUT:], "body", "", 5)
PASSAGES = [FIRST, SECOND]


def check(sentence: str) -> Verified:
    found = verify(sentence, PASSAGES, VECTORS)
    for citation in found.citations:
        assert DOCUMENT[citation.start : citation.end] == citation.quote
    return found


def test_a_faithful_sentence_is_kept_with_the_sentence_that_carries_it() -> None:
    found = check("Trade between the countries rose by 13 percent to 4.8 billion dollars [1].")
    assert (found.claim.verdict, found.kept, found.claim.markers) == ("supported", True, (1,))
    assert found.claim.text.endswith("dollars.")
    assert [one.quote for one in found.citations] == [TEXT[TEXT.index("Trade") : CUT - 2]]
    assert found.citations[0].line == 3


def test_a_wrong_marker_is_mended() -> None:
    found = check("The central bank raised its key interest rate to 21 percent. [1]")
    assert (found.claim.verdict, found.kept, found.claim.markers) == ("misattributed", True, (2,))


@pytest.mark.parametrize(
    ("sentence", "verdict"),
    [
        ("Araghchi said: “We will never negotiate under pressure.” [1]", "misquoted"),
        ('Araghchi said "we will negotiate under any pressure. [1]', "misquoted"),
        ("Trade rose by 31 percent to 4.8 billion dollars. [1]", "unsupported"),
        ("Trade rose by 13 percent to 4.8 million dollars. [1]", "unsupported"),
        ("Abbas Araghchi met Sergei Lavrov in Moscow on Monday. [1]", "unsupported"),
        ("Abbas Araghchi met his Russian counterpart in Moscow on Friday. [1]", "unsupported"),
        ("Bananas grow best in a warm and humid climate. [1]", "unsupported"),
        ("Bananas grow best in a warm and humid climate.", "uncited"),
        ("Araghchi said they will negotiate under pressure. [1]", "unsupported"),
        ("The central bank did not raise its key interest rate to 21 percent. [2]", "unsupported"),
        ("... [1]", "unsupported"),
    ],
)
def test_what_the_passages_do_not_say_is_withheld(sentence: str, verdict: str) -> None:
    found = check(sentence)
    assert (found.claim.verdict, found.kept, found.citations) == (verdict, False, ())
    assert found.reason
    assert found.rejected[-1].reason == found.reason


def test_a_quotation_may_differ_in_quote_characters_and_white_space_alone() -> None:
    found = check('"We will not  negotiate under pressure," Araghchi said. [1]')
    assert (found.claim.verdict, found.kept) == ("supported", True)


def test_a_sentence_without_marker_is_attributed_where_a_passage_clearly_says_it() -> None:
    found = check("The central bank raised its key interest rate to 21 percent.")
    assert (found.claim.verdict, found.kept, found.claim.markers) == ("uncited", True, (2,))


def test_an_invented_marker_is_dropped_with_the_reason() -> None:
    found = check("The central bank raised its key interest rate to 21 percent. [2][7]")
    assert (found.claim.verdict, found.kept, found.claim.markers) == ("supported", True, (2,))
    assert [(one.marker, one.text) for one in found.rejected] == [(7, "[7]")]
    assert check("The bank raised its key interest rate. [7]").claim.verdict == "uncited"


def test_a_marker_that_adds_nothing_is_dropped_with_the_reason() -> None:
    found = check("The central bank raised its key interest rate to 21 percent. [1][2]")
    assert (found.claim.verdict, found.claim.markers) == ("supported", (2,))
    assert [one.marker for one in found.rejected] == [1]


def test_the_head_of_the_article_vouches_for_its_date() -> None:
    sentence = "On 18 May 2025 the central bank raised its key interest rate to 21 percent. [2]"
    assert not verify(sentence, PASSAGES, VECTORS).kept
    assert verify(sentence, PASSAGES, VECTORS, heads={SECOND: "May 18, 2025"}).kept


def test_a_full_name_stands_where_the_article_gives_it_elsewhere() -> None:
    assert absent("Abbas Araghchi left.", ["Araghchi left."], [TEXT, "Abbas Araghchi left."]) == []
    assert absent("Boris Araghchi left.", ["Araghchi left."], [TEXT]) == ["Boris"]


def test_figures_are_compared_by_what_they_are_worth() -> None:
    assert absent("It cost 1.5 million.", ["It cost 1,500,000."], []) == []
    assert absent("From 5 to 6 million came.", ["Between 5 million and 6 million came."], []) == []
    assert absent("It cost 5 billion.", ["It cost 5 million."], []) == ["5"]


def test_quotations_are_found_in_pairs_and_open_ended() -> None:
    assert quotations('He "said so" and “did so”.') == ["said so", "did so"]
    assert quotations('so it ends" he said') == ["so it ends"]
    assert quotations("he said “it begins") == ["it begins"]
    assert not is_verbatim("art of war", "It was part of war.")


@pytest.mark.parametrize("unit", ["[", "“", '"', '"a b c" ', "[1]", "[9]", "[1", ". ", "A ", "5 "])
def test_a_megabyte_of_anything_is_withheld(unit: str) -> None:
    assert not check(unit * (1_000_000 // len(unit))).kept
    assert "".join(complete_sentences([unit * (50_000 // len(unit))]))


PROSE = st.text(st.sampled_from(list("abcAB 12.,!?“”\"'[]()\n éß字。")), min_size=1, max_size=120)


@given(PROSE)
def test_a_verbatim_sentence_with_its_marker_is_always_kept(text: str) -> None:
    passage = Passage("d", "", "", 3, 3 + len(text), text)
    for sentence in sentences_of(passage, 0):
        found = verify(f"{markers.defuse(sentence.text)} [1]", [passage], VECTORS)
        assert (found.claim.verdict, found.kept) == ("supported", True)
        assert found.citations
        for citation in found.citations:
            assert text[citation.start - 3 : citation.end - 3] == citation.quote


CLAIMS = st.lists(st.sampled_from([*re.findall(r"\S+", TEXT), "[1]", "[2]", "not"]), max_size=25)


@given(CLAIMS, st.integers(10_000, 10**9), st.data())
def test_a_figure_that_is_nowhere_is_never_kept(
    words: list[str], figure: int, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(words)))
    assert not check(" ".join([*words[:place], str(figure), *words[place:]])).kept


@given(CLAIMS, st.sampled_from(["[3]", "[77]", "[2-1]", "[Source 9]"]), st.data())
def test_an_invented_marker_never_changes_whether_a_claim_is_kept(
    words: list[str], marker: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(words)))
    without, with_it = " ".join(words), " ".join([*words[:place], marker, *words[place:]])
    assert check(without).kept == check(with_it).kept


REPLY = st.lists(
    st.sampled_from(
        [*'.!?“”"[]\n ', "[1]", "[Source 3]", "[1, 2]", "[ref. 3]", "U.S. ", "Mr. ", " the", " The",
         ". ", ".\n\n", "\n- ", "3.5", "。", "word", " Word"]
    ),
    max_size=40,
).map("".join)  # fmt: skip


@given(REPLY, st.data())
def test_however_a_reply_is_cut_the_same_sentences_come(reply: str, data: st.DataObject) -> None:
    whole = list(complete_sentences([reply]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(reply)), max_size=20)))
    pieces = [reply[a:b] for a, b in zip([0, *cuts], [*cuts, len(reply)], strict=True)]
    assert list(complete_sentences(pieces)) == whole == list(complete_sentences(reply))
    assert "".join("".join(whole).split()) == "".join(reply.split())


@given(REPLY)
def test_no_sentence_ends_inside_a_marker(reply: str) -> None:
    assume("\n" not in reply)
    written = [reply[one.start : one.end] for one in markers.find(reply, 9)]
    found = [
        one[marker.start : marker.end]
        for one in complete_sentences([reply])
        for marker in markers.find(one, 9)
    ]
    assert found == written


def test_a_sentence_comes_as_soon_as_the_next_word_has_begun_and_ended() -> None:
    pieces = iter(["It rose. [", "1", "] Then", " it fell", " again."])
    sentences = complete_sentences(pieces)
    assert next(sentences) == "It rose. [1]"
    assert list(pieces) == [" again."]
    assert list(sentences) == ["Then it fell"]


@pytest.mark.parametrize(
    ("sentence", "kept"),
    [
        ("Der Außenminister sagte: “We will not negotiate under pressure.” [1]", True),
        ("Le ministre a dit que “We will not negotiate under pressure” est vrai. [1]", True),
        ("وزیر خارجه گفت: “We will not negotiate under pressure.” [1]", True),
        ("Der Außenminister will unter Druck nicht verhandeln, sagte er. [1]", False),
        ("Der Außenminister sagte: “We will never negotiate under pressure.” [1]", False),
        ("Der Außenminister sagte 2024: “We will not negotiate under pressure.” [1]", False),
        ("Der Handel der beiden “countries” ist gewachsen. [1]", False),
    ],
)
def test_a_sentence_in_another_language_rests_on_the_words_it_quotes(
    sentence: str, kept: bool
) -> None:
    found = check(sentence)
    assert found.kept is kept
    if kept:
        assert [one.quote for one in found.citations] == [
            "“We will not negotiate under pressure,” Araghchi said."
        ]


# Thinking aloud


@given(
    st.text(alphabet="ab <>/thinks.\n", max_size=40),
    st.text(alphabet="ab <>/thinks.\n", max_size=40),
    st.lists(st.integers(0, 60), max_size=6),
)
def test_thinking_aloud_is_left_out_however_the_reply_is_cut(
    thought: str, said: str, cuts: list[int]
) -> None:
    assume("</think>" not in thought)
    reply = f"\n <think>{thought}</think>{said}"
    places = sorted({0, len(reply), *(cut for cut in cuts if cut < len(reply))})
    pieces = [reply[start:end] for start, end in itertools.pairwise(places)]
    assert "".join(spoken(pieces)) == said


@given(st.lists(st.text(alphabet="<think>/ a", max_size=5), max_size=8))
def test_a_reply_that_does_not_begin_with_it_is_left_as_it_is(pieces: list[str]) -> None:
    reply = "".join(pieces)
    assume(not "<think>".startswith(reply.lstrip()[:7]))
    assert "".join(spoken(pieces)) == reply.lstrip()


def test_thoughts_without_an_end_say_nothing() -> None:
    assert "".join(spoken(["<thi", "nk>Let me ", "see", "." * 100_000])) == ""


def test_a_sentence_without_end_is_ended() -> None:
    pieces = ["word "] * 20_000
    sentences = list(complete_sentences(pieces))
    assert len(sentences) > 5
    assert " ".join(sentences).split() == "".join(pieces).split()
