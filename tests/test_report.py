"""The report of an evaluation, read in a real browser: it shows what happened, and nothing acts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from browser_support import CHROMIUM, Browser, Page, browser
from conftest import SEED_ID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from texts_support import texts

from qabot.bot import Bot
from qabot.evaluation.figures import summarise
from qabot.evaluation.model import Case, Result, Score, Span
from qabot.evaluation.report import HITS, as_data, render
from qabot.render.json import answer_object
from qabot.types import Answer, Citation, Claim, Closest, Explanation, Hit, Passage, Rejected, Turn

Pairs = list[tuple[Case, Result]]
Open = Callable[..., Page]

QUOTE = "In mid-January, Moscow and Tehran signed a 20-year strategic partnership agreement."
WHO = Case(
    "case-pact",
    "How long is the pact to last?",
    True,
    ("20-year",),
    evidence=(QUOTE,),
    history=(Turn("Did Moscow sign a pact?", "Yes, in January."),),
    tags=("how-long", "follow-up"),
    cluster="one",
)
OFF_TOPIC = Case(
    "case-moon", "Who was first on the moon?", False, tags=("off-topic",), cluster="one"
)
BROKEN = Case("case-broken", "What broke?", True, ("this",), tags=("what",), cluster="one")


def place(text: str, quote: str) -> tuple[int, int]:
    return text.index(quote), text.index(quote) + len(quote)


def with_gold(case: Case, text: str, *evidence: str) -> Case:
    """The case with the places of its evidence, as a run has it."""
    gold = tuple(Span(SEED_ID, *place(text, piece)) for piece in evidence)
    return replace(case, evidence=evidence, gold=gold)


def answered(case: Case, text: str, quote: str = QUOTE, document: str = SEED_ID) -> Result:
    """An answer that cites a quote, with all there is to see of an answer."""
    start, end = place(text, quote)
    passage = Passage(document, "An article", "/a.txt", start, end, quote)
    answer = Answer(
        case.question,
        "answered",
        f"{quote} [1]",
        (Claim(quote, (1,), "supported"),),
        (Citation(1, document, "An article", "/a.txt", start, end, quote),),
        (Rejected(2, "It was signed in Qatar.", "“Qatar” is not in the passage"),),
        usage={"prompt_tokens": 812},
        timings_ms={"retrieve": 4.5, "total": 12.25},
        explanation=Explanation(
            "a sentence fits the question", {"confidence": 2.5}, (Hit(passage, 1.0, 0.5, 0.03),)
        ),
        standalone="How long is the pact of Moscow to last?",
        notes=("A note on the answer.",),
    )
    scores = {"right": Score(1.0, "“20-year” is in the answer")}
    return Result(case.id, answer_object(answer), scores, None, answer.timings_ms)


def abstained(case: Case, text: str) -> Result:
    start, end = place(text, QUOTE)
    closest = Closest(SEED_ID, "An article", "/a.txt", start, end, QUOTE, 0.03)
    answer = Answer(case.question, "abstained", "The articles do not say.", closest=(closest,))
    scores = {"right": Score(0.5, "half"), "rejection": Score(1.0, "abstained")}
    return Result(case.id, answer_object(answer), scores, None, {"total": 3.0})


def page_of(pairs: Sequence[tuple[Case, Result]], texts: Mapping[str, Mapping[str, str]]) -> str:
    return render(pairs, summarise(pairs), {"revision": "abc123", "seed": 0}, texts)


def data_of(page: str) -> dict[str, Any]:
    """What the page carries for its script."""
    _, _, rest = page.partition('<script type="application/json" id="data">')
    found: dict[str, Any] = json.loads(rest.partition("</script>")[0])
    return found


@pytest.fixture
def three(seed_text: str) -> str:
    """A report of a right answer, a wrong abstention and an error."""
    broken = Result(BROKEN.id, None, {}, "The model did not reply. Ask again later.", {})
    pairs = [
        (with_gold(WHO, seed_text, QUOTE), answered(WHO, seed_text)),
        (OFF_TOPIC, abstained(OFF_TOPIC, seed_text)),
        (BROKEN, broken),
    ]
    return page_of(pairs, {case.id: {SEED_ID: seed_text} for case, _ in pairs})


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("There is no chromium here: apt-get install chromium")
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens a report in the browser; afterwards nothing but the file must have been asked for."""
    chromium = request.getfixturevalue("chromium")
    pages: list[tuple[Page, Path]] = []

    def open_page(text: str) -> Page:
        path = tmp_path / f"report-{len(pages)}.html"
        path.write_text(text, encoding="utf-8")
        page = chromium.page()
        pages.append((page, path))
        page.open(path)
        return page

    yield open_page
    for page, path in pages:
        assert page.requests() == [path.as_uri()]
        assert page.complaints() == []


def shown(page: Page) -> list[str]:
    """The ids of the cases in the table, as drawn."""
    return page.run("[...document.querySelectorAll('tr.case .id')].map((cell) => cell.textContent)")


def open_case(page: Page, number: int) -> str:
    """Click on a case's question; what opens says this."""
    page.run(f"document.querySelector('#case-{number} .open').click()")
    return page.run(f"document.querySelector('#case-{number} + .detail').innerText")


def marks(page: Page, kind: str) -> list[str]:
    """The texts marked as cited, gold or closest in the articles of opened cases."""
    query = (
        f"[...document.querySelectorAll('.article mark.{kind}')].map((mark) => mark.textContent)"
    )
    return page.run(query)


def choose(page: Page, name: str, value: str) -> None:
    field = f"document.getElementById('filter-{name}')"
    page.run(f"{field}.value = {json.dumps(value)}")
    page.run(f"{field}.dispatchEvent(new Event('input'))")


# What it shows


def test_it_shows_the_plots_the_figures_the_manifest_and_every_case(
    opened: Open, three: str
) -> None:
    page = opened(three)
    assert shown(page) == ["case-pact", "case-moon", "case-broken"]
    assert page.run("document.querySelectorAll('.plots svg').length") >= 3
    assert "abc123" in page.run("document.getElementById('manifest').innerText")
    assert "3 cases" in page.run("document.getElementById('counts').innerText")
    badges = page.run("[...document.querySelectorAll('.badge')].map((one) => one.textContent)")
    assert badges == ["right", "wrong", "error"]


def test_an_opened_case_shows_all_that_is_known_of_it(opened: Open, three: str) -> None:
    page = opened(three)
    text = open_case(page, 1)
    for expected in (
        "Did Moscow sign a pact?",
        "Yes, in January.",
        "How long is the pact of Moscow to last?",
        "Answer with “20-year”",
        QUOTE + "[1]",
        "A note on the answer.",
        "It was signed in Qatar.",
        "“Qatar” is not in the passage",
        "“20-year” is in the answer",
        "a sentence fits the question",
        "prompt tokens 812",
        "retrieve 4.5 ms",
    ):
        assert expected in text


def test_the_citation_and_the_evidence_are_marked_each_in_its_way(
    opened: Open, seed_text: str
) -> None:
    evidence = "While the deal does not include a mutual defense clause"
    case = with_gold(WHO, seed_text, evidence, QUOTE[:14])
    page = opened(page_of([(case, answered(case, seed_text))], {case.id: {SEED_ID: seed_text}}))
    open_case(page, 1)
    assert "".join(marks(page, "cited")) == QUOTE
    assert marks(page, "gold") == [QUOTE[:14], evidence]
    style = "getComputedStyle(document.querySelector('.article mark.{}')).{}"
    assert page.run(style.format("gold", "textDecorationLine")) == "underline"
    assert page.run(style.format("cited", "textDecorationLine")) == "underline"  # both at once
    assert page.run("document.querySelector('.article .label').textContent") == "[1]"


def test_the_whole_article_comes_on_demand_and_goes_again(
    opened: Open, three: str, seed_text: str
) -> None:
    page = opened(three)
    open_case(page, 1)
    article = "document.querySelector('.article').textContent.length"
    few = page.run(article)
    page.run("document.querySelector('.document .quiet').click()")
    assert len(seed_text) <= page.run(article) <= len(seed_text) + 10
    page.run("document.querySelector('.document .quiet').click()")
    assert page.run(article) == few < len(seed_text)


def test_an_abstention_shows_what_came_closest_and_an_error_its_message(
    opened: Open, three: str
) -> None:
    page = opened(three)
    assert "Expected: Abstain" in open_case(page, 2)
    assert marks(page, "closest") == [QUOTE]
    assert "The model did not reply. Ask again later." in open_case(page, 3)


def test_a_case_opens_and_closes_by_keyboard(opened: Open, three: str) -> None:
    page = opened(three)
    page.run("document.querySelector('#case-1 .open').focus()")
    for count in (1, 0):
        for kind in ("keyDown", "keyUp"):
            page.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter",
                      windowsVirtualKeyCode=13, text="\r")  # fmt: skip
        assert page.run("document.querySelectorAll('.detail').length") == count
        expanded = page.run("document.querySelector('.open').getAttribute('aria-expanded')")
        assert expanded == str(bool(count)).lower()


def test_the_real_bot_s_answers_can_be_read_in_it(opened: Open, bot: Bot, seed_text: str) -> None:
    cases = [WHO, OFF_TOPIC, Case("who", "Who is Iran's foreign minister?", True, cluster="one")]
    pairs: Pairs = []
    for case in cases:
        answer = bot.ask(case.question, case.history)
        pairs.append((case, Result(case.id, answer_object(answer), timings_ms=answer.timings_ms)))
    page = opened(page_of(pairs, {case.id: {SEED_ID: seed_text} for case in cases}))
    for number, (_, result) in enumerate(pairs, start=1):
        assert result.answer is not None
        open_case(page, number)
        places = result.answer["citations"] or result.answer["closest"]
        last = f"document.querySelector('#case-{number} + .detail')"
        marked = page.run(
            f"[...{last}.querySelectorAll('.article mark')].map((m) => m.textContent)"
        )
        for one in places:
            assert one["quote"] in "".join(marked)


# Filtering and sorting


def test_typing_narrows_the_rows_down(opened: Open, three: str) -> None:
    page = opened(three)
    page.run("document.getElementById('filter-text').focus()")
    page.call("Input.insertText", text="MOON first")
    assert shown(page) == ["case-moon"]
    assert page.run("document.getElementById('shown').textContent") == "1 of 3 cases"
    page.call("Input.insertText", text=" nowhere")
    assert shown(page) == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("tag", "follow-up", ["case-pact"]),
        ("answerable", "unanswerable", ["case-moon"]),
        ("state", "right", ["case-pact"]),
        ("state", "wrong", ["case-moon"]),
        ("state", "error", ["case-broken"]),
        ("score", "right", ["case-moon"]),
        ("score", "*", ["case-moon"]),
        ("score", "rejection", []),
        ("text", "did not reply", ["case-broken"]),
    ],
)
def test_each_filter_keeps_what_it_names(
    opened: Open, three: str, name: str, value: str, expected: list[str]
) -> None:
    page = opened(three)
    choose(page, name, value)
    assert shown(page) == expected
    choose(page, name, "")
    assert len(shown(page)) == 3


def test_rows_sort_up_and_down_by_a_column(opened: Open, three: str) -> None:
    page = opened(three)
    click = (
        "[...document.querySelectorAll('.cases th button')].find((b) => b.textContent === 'Case')"
    )
    page.run(f"{click}.click()")
    assert shown(page) == ["case-broken", "case-moon", "case-pact"]
    page.run(f"{click}.click()")
    assert shown(page) == ["case-pact", "case-moon", "case-broken"]


def test_two_thousand_cases_draw_a_hundred_rows_and_all_for_printing(
    opened: Open, seed_text: str
) -> None:
    cases = [replace(WHO, id=f"case-{number}") for number in range(2_000)]
    result = answered(WHO, seed_text)
    pairs = [(case, replace(result, id=case.id)) for case in cases]
    one = page_of(pairs[:1], {WHO.id: {SEED_ID: seed_text}})
    text = page_of(pairs, {case.id: {SEED_ID: seed_text} for case in cases})
    assert text.count("Pool/AFP via Getty Images") == seed_text.count("Pool/AFP via Getty Images")
    assert len(text) < len(one) + 2_000 * 3_000
    page = opened(text)
    assert len(shown(page)) <= 300
    page.run("TABLE.choose({text: 'case-1999'})")
    assert shown(page) == ["case-1999"]
    page.run("TABLE.choose({})")
    page.run("dispatchEvent(new Event('beforeprint'))")
    assert len(shown(page)) == 2_000


# Nothing acts


@pytest.fixture
def watcher() -> Iterator[tuple[str, list[str]]]:
    """An address, and what was asked of it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def hostile(address: str) -> str:
    """Text that does harm wherever it is taken for markup, script, link or style."""
    return (
        f"</script><script>window.hacked = 1</script><img src={address}/img onerror='hacked = 1'>"
        f"<!--<script>--><iframe src={address}/frame></iframe><svg onload='hacked = 1'></svg>"
        f"<a href='javascript:hacked = 1'>x</a></style><style>@import '{address}/css';</style>"
        f"<link rel=prefetch href={address}/link><meta http-equiv=refresh content='0;{address}'>"
        "javascript:hacked=1 \" ' ` ${hacked = 1} $data &lt;b&gt; ]]> \u2028\u2029"
        "\u202e\x00\x1b[31m"
        "\ud800 \U0001f680 __proto__ constructor"
    )


def hostile_pair(evil: str) -> tuple[Case, Result]:
    """A case of which every text is hostile, with an answer of which every text is."""
    text = "before " + evil + " after"
    case = Case(
        evil, evil, True, (evil,), (), (evil,), (Span(evil, 0, 9),), (Turn(evil, evil),), (evil,),
        evil, evil,
    )  # fmt: skip
    passage = Passage(evil, evil, evil, 7, 7 + len(evil), evil, heading=evil)
    answer = Answer(
        evil,
        "answered",
        evil,
        (Claim(evil, (1,), "supported"),),
        (Citation(1, evil, evil, evil, 7, 7 + len(evil), evil),),
        (Rejected(2, evil, evil),),
        (Closest("elsewhere" + evil, evil, evil, 0, len(text), evil, 0.1),),
        model=evil,
        explanation=Explanation(evil, {evil: evil}, (Hit(passage, 1.0, 1.0, 0.1),)),
        standalone=evil,
        notes=(evil,),
    )
    scores = {"right": Score(0.0, evil), evil: Score(0.5, evil), "judge": Score(None, evil)}
    return case, Result(evil, answer_object(answer), scores, None, {evil: 1.0})


def test_hostile_text_is_shown_and_does_nothing(
    opened: Open, watcher: tuple[str, list[str]]
) -> None:
    address, asked = watcher
    evil = hostile(address)
    case, result = hostile_pair(evil)
    failed = replace(case, id="failed" + evil)
    pairs = [(case, result), (failed, Result(failed.id, None, {}, evil, {}))]
    manifest = {evil: evil, "nested": [{evil: [evil]}]}
    found = {one.id: {evil: "before " + evil + " after"} for one, _ in pairs}
    page = opened(render(pairs, summarise(pairs), manifest, found))
    open_case(page, 1)
    assert evil.split()[1] in open_case(page, 2)
    choose(page, "text", "javascript:hacked=1")
    page.run("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    page.run("document.querySelectorAll('.document .quiet').forEach((one) => one.click())")
    page.run("new Promise((done) => setTimeout(done, 100))")
    assert page.run("window.hacked") is None
    assert asked == []
    count = "document.querySelectorAll({!r}).length"
    assert page.run(count.format("script")) == 2
    assert page.run(count.format("style")) == 1
    assert page.run(count.format("a, iframe, img, link, object, embed, base, [onerror]")) == 0
    assert page.run("document.body.textContent.includes('\u202e')") is False
    assert page.run("document.body.textContent.includes('\u2039U+202E\u203a')") is True


def test_markup_that_got_in_all_the_same_could_neither_run_nor_fetch(
    request: pytest.FixtureRequest, three: str, tmp_path: Path, watcher: tuple[str, list[str]]
) -> None:
    address, asked = watcher
    evil = json.dumps(f"<img src='{address}/img' onerror='hacked = 1'><iframe src='{address}'>")
    path = tmp_path / "report.html"
    path.write_text(three, encoding="utf-8")
    page = request.getfixturevalue("chromium").page()
    page.open(path)
    page.run(f"document.body.insertAdjacentHTML('beforeend', {evil})")
    page.run(
        "const script = document.createElement('script'); script.textContent = 'window.hacked = 1';"
        "document.body.append(script)"
    )
    fetched = f"fetch('{address}/fetched').then(() => 'fetched', () => 'refused')"
    assert page.run(fetched) == "refused"
    assert page.run("window.hacked") is None
    assert asked == []


def test_lines_of_a_megabyte_are_cut_to_what_is_read(opened: Open) -> None:
    text = "x" * 500_000 + "\U0001f680" + "The answer is here. " + "\u202ey" * 250_000
    case = Case(
        "long", "q" * 1_000_000, True, ("a" * 1_000_000,), cluster="c", tags=("t" * 10_000,)
    )
    result = answered(case, text, "The answer is here.", "doc")
    page = opened(page_of([(case, result)], {"long": {"doc": text}}))
    open_case(page, 1)
    assert marks(page, "cited") == ["The answer is here."]
    assert page.run("document.querySelector('.article').textContent.length") < 4_000
    page.run("document.querySelector('.document .quiet').click()")
    assert marks(page, "cited") == ["The answer is here."]


def test_evidence_that_is_a_whole_long_article_is_said_and_not_marked(
    opened: Open, seed_text: str
) -> None:
    case = with_gold(WHO, seed_text, seed_text)
    page = opened(page_of([(case, answered(case, seed_text))], {case.id: {SEED_ID: seed_text}}))
    assert "The whole article: evidence of the case." in open_case(page, 1)
    assert marks(page, "gold") == []
    assert marks(page, "cited") == [QUOTE]


def test_evidence_and_citations_without_their_article_are_shown_by_their_words(
    opened: Open, seed_text: str
) -> None:
    page = opened(page_of([(WHO, answered(WHO, seed_text))], {}))
    text = open_case(page, 1)
    assert text.count(QUOTE) == 3  # as answer, as evidence, as citation
    assert page.run("document.querySelector('blockquote mark.cited').textContent") == QUOTE


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_marked_is_what_the_offsets_say(
    data: st.DataObject, opened: Open, three: str
) -> None:
    page = opened(three)
    lot = []
    for text in data.draw(st.lists(texts, min_size=1, max_size=30)):
        offsets = st.integers(0, len(text))
        pairs = data.draw(st.lists(st.tuples(offsets, offsets).map(sorted), max_size=4))
        lot.append({"text": text, "places": [{"start": a, "end": b} for a, b in pairs]})
    found = page.run(
        f"{as_data(lot)}.map(({{text, places}}) => places.map((one) => located(text, [one])"
        ".map(({start, end}) => text.slice(start, end)).join('')))"
    )
    for one, quotes in zip(lot, found, strict=True):
        text: Any = one["text"]
        assert quotes == [text[place["start"] : place["end"]] for place in one["places"]]


# Without a browser


@given(st.dictionaries(st.text(max_size=20), st.text() | st.integers(), max_size=8))
def test_data_comes_back_as_it_was_and_holds_nothing_that_acts(value: Any) -> None:
    text = as_data(value)
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text.encode("utf-8")) == value


def test_what_no_file_can_hold_becomes_as_many_replacement_characters() -> None:
    assert json.loads(as_data(["\ud800", "\ud83d\ude80", "\U0001f680"])) == [
        "\ufffd", "\ufffd\ufffd", "\U0001f680",
    ]  # fmt: skip


def test_numbers_that_json_does_not_have_are_no_figure() -> None:
    assert (
        as_data({"mean": float("nan"), "all": [float("inf"), 1]}) == '{"mean":null,"all":[null,1]}'
    )


def test_each_document_is_stored_once_and_only_where_something_refers_to_it(seed_text: str) -> None:
    pairs = [(replace(WHO, id=str(number)), answered(WHO, seed_text)) for number in range(5)]
    found = {str(number): {SEED_ID: seed_text, "other": "never cited"} for number in range(5)}
    data = data_of(page_of(pairs, found))
    assert [one["id"] for one in data["documents"]] == [SEED_ID]
    assert [case["documents"] for case in data["cases"]] == [{SEED_ID: 0}] * 5


def test_documents_with_one_id_and_other_texts_are_kept_apart(seed_text: str) -> None:
    pairs = [(replace(WHO, id=str(number)), answered(WHO, seed_text)) for number in range(2)]
    data = data_of(page_of(pairs, {"0": {SEED_ID: seed_text}, "1": {SEED_ID: QUOTE + seed_text}}))
    assert [case["documents"] for case in data["cases"]] == [{SEED_ID: 0}, {SEED_ID: 1}]


def test_passages_found_are_the_first_and_bring_no_text_that_is_there_already(
    seed_text: str,
) -> None:
    result = answered(WHO, seed_text)
    assert result.answer is not None
    hit = {"document_id": "far", "start": 0, "end": 900, "score": 0.1, "text": "far " * 225}
    near = result.answer["explanation"]["hits"][0]
    explanation = {**result.answer["explanation"], "hits": [near] + [hit] * 50}
    told = replace(result, answer={**result.answer, "explanation": explanation})
    data = data_of(page_of([(WHO, told)], {WHO.id: {SEED_ID: seed_text}}))
    first, *others = data["cases"][0]["answer"]["explanation"]["hits"]
    assert "text" not in first
    assert "excerpt" not in first
    assert len(others) == HITS - 1
    assert len(others[0]["excerpt"]) < 200


def test_a_report_of_no_cases_opens(opened: Open) -> None:
    page = opened(page_of([], {}))
    assert page.run("document.getElementById('shown').textContent") == "0 of 0 cases"
