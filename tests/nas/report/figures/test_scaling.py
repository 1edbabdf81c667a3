"""Accuracy against size: what a curve joins, where it stands, when there is any to draw."""

import math

import pandas as pd
import pytest

from nas.report.figures.scaling import scaling, sizes_vary
from nas.report.style import styles


def table(*rows, low=0.02):
    """Rows of label, value, parameters, MACs, score."""
    names = ("label", "value", "parameters", "macs", "score")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    for row in found:
        row["seeds"] = 6
        row["low"] = None if low is None else row["score"] - low
        row["high"] = None if low is None else row["score"] + low
    return pd.DataFrame(found)


ROWS = (
    ("C-C", "large", 90_000, 2_000_000, 0.8),
    ("T-T", "large", 91_000, 2_100_000, 0.7),
    ("ViT", "small", 35_000, 300_000, 0.4),
    ("C-C", "small", 30_000, 700_000, 0.6),
    ("T-T", "small", 31_000, 650_000, 0.5),
)


def draw(rows=ROWS, **changes):
    found = table(*rows, **changes)
    return scaling(found, looks=styles(found["label"])).to_dict()


def curves(figure, panel):
    return {trace["name"]: trace for trace in figure["data"] if trace["xaxis"] == panel}


def test_a_curve_joins_the_sizes_of_a_label_from_small_to_large():
    figure = draw()
    macs, parameters = curves(figure, "x"), curves(figure, "x2")
    assert list(macs) == list(parameters) == ["C-C", "T-T", "ViT"]
    assert list(macs["C-C"]["x"]) == [700_000, 2_000_000]
    assert list(parameters["C-C"]["x"]) == [30_000, 90_000]
    assert list(macs["C-C"]["y"]) == list(parameters["C-C"]["y"]) == [0.6, 0.8]
    assert list(macs["C-C"]["error_y"]["array"]) == pytest.approx([0.02, 0.02])
    assert list(macs["ViT"]["x"]) == [300_000]
    assert macs["T-T"]["text"][1] == (
        "large: 70.00% [68.00%, 72.00%] over 6 seeds, 2,100,000 MACs, 91,000 parameters"
    )
    assert [trace["showlegend"] for trace in figure["data"]] == [True] * 3 + [False] * 3


def test_sizes_that_order_otherwise_in_the_other_panel_are_joined_there_in_their_order():
    figure = draw((("A", "s", 20_000, 900_000, 0.5), ("A", "l", 80_000, 400_000, 0.6)))
    assert list(curves(figure, "x")["A"]["x"]) == [400_000, 900_000]
    assert list(curves(figure, "x")["A"]["y"]) == [0.6, 0.5]
    assert list(curves(figure, "x2")["A"]["y"]) == [0.5, 0.6]


def test_axes_are_logarithmic_and_hold_every_size():
    layout = draw()["layout"]
    for axis, sizes in (("xaxis", (300_000, 2_100_000)), ("xaxis2", (30_000, 91_000))):
        assert layout[axis]["type"] == "log"
        low, high = layout[axis]["range"]
        assert low < math.log10(sizes[0]) < math.log10(sizes[1]) < high
        assert len(layout[axis]["tickvals"]) >= 2
    assert "MACs" in layout["xaxis"]["title"]["text"]
    assert "parameters" in layout["xaxis2"]["title"]["text"]
    assert "accuracy" in layout["yaxis"]["title"]["text"]
    assert not layout["yaxis2"]["title"].get("text")


def test_accuracies_near_one_are_drawn_by_their_errors():
    figure = draw((("A", "s", 1000, 1000, 0.9), ("A", "l", 9000, 9000, 0.99)), low=0.005)
    assert list(curves(figure, "x")["A"]["y"]) == pytest.approx([0.1, 0.01])
    assert figure["layout"]["yaxis"]["type"] == figure["layout"]["yaxis2"]["type"] == "log"


def test_one_seed_has_no_interval():
    figure = draw(low=None)
    assert list(curves(figure, "x")["C-C"]["error_y"]["array"]) == [0.0, 0.0]
    assert "[" not in curves(figure, "x")["C-C"]["text"][0]


def test_names_are_text():
    figure = draw((("<b>", "s", 1000, 1000, 0.3), ("<b>", "l", 9000, 9000, 0.5)))
    assert figure["data"][0]["name"] == "&lt;b&gt;"


@pytest.mark.parametrize(
    ("parameters", "macs", "vary"),
    [((1000, 1000), (500, 500), False), ((1000, 1090), (500, 500), False),
     ((1000, 1200), (500, 500), True), ((1000, 1000), (500, 600), True)],
)  # fmt: skip
def test_there_is_something_to_draw_where_a_label_has_several_sizes(parameters, macs, vary):
    rows = [("A", str(i), *size, 0.5) for i, size in enumerate(zip(parameters, macs, strict=True))]
    assert sizes_vary(table(*rows)) is vary
    others = [(f"A{i}", "0", *size, 0.5) for i, size in enumerate(((10, 10), (9999, 9999)))]
    assert not sizes_vary(table(*others)), "of one size each"
