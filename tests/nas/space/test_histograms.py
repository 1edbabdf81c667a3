"""Histograms drawn: a bar for each that has points, the budget shaded, ticks that do not touch."""

from xml.etree import ElementTree as ET

from nas.space.histograms import below, draw_spreads
from nas.space.spread import Spread
from search_spaces.language.constraints import Quantity

SVG = "{http://www.w3.org/2000/svg}"


def spread(edges=(100, 200, 400, 800), counts=(1, 0, 3), least=None, most=None):
    return Spread(
        quantity=Quantity.PARAMETERS,
        edges=edges,
        counts={"C-C": counts},
        least=least,
        most=most,
        resolution=0,
    )


def rects(svg, color):
    return [e for e in ET.fromstring(svg).iter(f"{SVG}rect") if e.get("class") == color]


def words(svg):
    return [e.text for e in ET.fromstring(svg).iter(f"{SVG}text")]


def test_bars_within_the_budget_have_another_colour_and_are_shaded():
    svg = draw_spreads([spread(most=300)], title="Prices")
    [inside], [outside], [shade] = (rects(svg, each) for each in ("C", "plain", "rule"))
    assert float(outside.get("height")) > 2.9 * float(inside.get("height"))
    assert float(shade.get("width")) > 2 * float(inside.get("width")) * 0.7
    assert "parameters, at most 300" in words(svg)
    assert "4 points" in words(svg)


def test_without_a_budget_nothing_is_shaded():
    svg = draw_spreads([spread()], title="Prices")
    assert not rects(svg, "rule")
    assert not any("shaded" in word for word in words(svg))


def test_ticks_are_the_ends_and_round_numbers():
    assert {"100", "800", "300"} <= set(words(draw_spreads([spread()], title="Prices")))
    one = draw_spreads([spread(edges=(7, 7), counts=(1,))], title="Prices")
    assert "1 point" in words(one)
    assert words(one).count("7") == 1


def test_two_drawings_are_one_document():
    upper, lower = (draw_spreads([spread()], title=each) for each in ("Above", "Below"))
    root = ET.fromstring(below(upper, lower))
    first, second = root.findall(f"{SVG}svg")
    assert second.get("y") == first.get("height")
    assert float(root.get("height")) == float(first.get("height")) + float(second.get("height"))
