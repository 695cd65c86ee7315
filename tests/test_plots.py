"""Pictures: well-formed, described, hostile text no markup, any numbers."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from qabot.evaluation.model import Figure
from qabot.evaluation.plots import Series, dot_and_whisker, histogram, line_plot

HOSTILE = "<script>alert(1)</script>&\"'\x00\ud800\u202e]]>"
NUMBERS = st.floats()


def parsed(picture: str) -> ElementTree.Element:
    """The picture, which must be XML that any file can hold."""
    root = ElementTree.fromstring(picture.encode("utf-8"))
    assert root.get("role") == "img"
    names = {element.get("id") for element in root if element.tag.endswith(("title", "desc"))}
    assert names == set(root.get("aria-labelledby", "").split())
    assert not [
        one for one in root.iter() if one.tag.endswith(("script", "image", "foreignObject"))
    ]
    return root


def test_texts_in_pictures_are_no_markup() -> None:
    figure = Figure(0.5, 0.4, 0.6, 10)
    for picture in (
        dot_and_whisker({HOSTILE: figure}, HOSTILE, HOSTILE),
        line_plot([Series(HOSTILE, [(0, 0), (1, 1)])] * 2, HOSTILE, HOSTILE, HOSTILE, HOSTILE),
        histogram([1.0], HOSTILE, HOSTILE, HOSTILE, marks={HOSTILE: 1.0}),
    ):
        texts = "".join(parsed(picture).itertext())
        assert "<script>alert(1)</script>&\"'\ufffd\ufffd" in texts


@given(
    st.lists(st.tuples(NUMBERS, NUMBERS)),
    st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS)),
    NUMBERS,
)
def test_any_numbers_can_be_drawn_inside_the_picture(points, band, mark) -> None:
    figures = {str(number): Figure(*row, 1) for number, row in enumerate(band)}
    values = [x for x, _ in points]
    for picture in (
        line_plot([Series("a", points, band)], "t", mark=mark),
        dot_and_whisker(figures, "t"),
        histogram(values, "t", marks={"m": mark}),
        histogram(values, "t", marks={"m": mark}, logarithmic=True),
    ):
        assert "nan" not in picture
        for element in parsed(picture).iter():
            for name in ("x", "x1", "x2", "cx"):
                assert -1 <= float(element.get(name, 0)) <= 641


def test_a_histogram_holds_every_value() -> None:
    bars = [
        e for e in parsed(histogram(range(1, 101), "t", bins=10)).iter() if e.tag[-4:] == "rect"
    ]
    assert len({bar.get("height") for bar in bars}) == 1
    assert len(bars) == 10


def test_figures_stand_in_their_order_with_their_numbers() -> None:
    figures = {"right": Figure(0.5, 0.25, 0.75, 9), "hit@1": Figure(1.0, 1.0, 1.0, 9)}
    texts = list(parsed(dot_and_whisker(figures, "t")).itertext())
    assert texts.index("right") < texts.index("hit@1")
    assert "0.500 (0.25–0.75)" in texts
