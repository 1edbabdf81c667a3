"""Colours, axes and texts of figures."""

import math

import pandas as pd
import pytest

from nas.report.style import (
    accuracy_axis,
    by_convolution,
    legend_room,
    loss_axis,
    plain,
    score_axis,
    shorten,
    styles,
)

PAPER = ["C-C-C-C", "C-C-C-T", "C-C-T-T", "C-T-T-T", "ViT_REL"]


def test_layouts_are_ordered_from_convolution_to_attention():
    assert by_convolution(reversed([*PAPER, "C-C-C-C"])) == PAPER
    assert by_convolution(["C-T#10", "C-T#2", "C-C"]) == ["C-C", "C-T#2", "C-T#10"]


def test_the_papers_layouts_look_the_same_in_every_study():
    all_five, two = styles(PAPER), styles(["ViT_REL", "C-C-T-T"])
    assert two == {label: all_five[label] for label in two}


@pytest.mark.parametrize("labels", [PAPER, [f"C-T#{k}" for k in range(24)], ["odd name"]])
def test_no_two_layouts_look_alike(labels):
    looks = styles(labels)
    assert len({(look.color, look.marker) for look in looks.values()}) == len(labels)
    assert all(len(look.color) == 7 for look in looks.values())


def luminance(color):
    """Relative luminance, WCAG 2.2."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("labels", [PAPER, [f"C-T#{k}" for k in range(24)]])
def test_every_colour_stands_out_from_white(labels):
    contrasts = [1.05 / (luminance(look.color) + 0.05) for look in styles(labels).values()]
    assert min(contrasts) > 1.7


def test_high_accuracies_are_told_apart_by_their_errors():
    axis = accuracy_axis([0.5, 0.99, 1.0], title="t")
    assert axis.errors
    placed = axis.place([0.5, 0.99, 1.0])
    assert placed == pytest.approx([0.5, 0.01, 0.005])
    assert "99%" in axis.axis["ticktext"]
    assert axis.axis["autorange"] == "reversed"


def test_low_accuracies_stand_on_a_linear_axis():
    axis = accuracy_axis([0.1, 0.6], title="t")
    assert not axis.errors
    assert axis.place([0.1, 0.6]) == [0.1, 0.6]
    assert accuracy_axis([], title="t").place([]) == []


@pytest.mark.parametrize("accuracies", [[0.5, 1.0, 0.99], [0.0, 0.98, 1.0], [0.9999, 0.1]])
def test_an_axis_of_errors_has_ticks_in_order_and_finite(accuracies):
    axis = accuracy_axis(accuracies, title="t")
    assert all(0 < place < math.inf for place in axis.place(accuracies))
    assert axis.axis["tickvals"] == sorted(axis.axis["tickvals"])


@pytest.mark.parametrize("accuracies", [[1.0], [0.95], [0.95, 0.96], [0.36], [0.91, 0.92, 0.94]])
def test_lone_and_close_accuracies_stand_on_a_linear_axis_wide_enough_to_read(accuracies):
    axis = accuracy_axis(accuracies, title="t")
    assert axis.place(accuracies) == accuracies
    if max(accuracies) - min(accuracies) < 0.02:
        low, high = axis.axis["range"]
        assert low < min(accuracies) <= max(accuracies) < high < 1.01
        assert high - low > 0.01


@pytest.mark.parametrize("baselines", [["vit_small_patch16_224"], ["cvt-13", "C-C-T-T~twin"]])
def test_networks_of_other_families_change_no_layouts_look_and_come_last(baselines):
    looks = styles([*baselines, *PAPER])
    assert {label: looks[label] for label in PAPER} == styles(PAPER)
    assert len({look.color for look in looks.values()}) == len(looks)
    assert by_convolution([*baselines, *PAPER])[:5] == PAPER


def test_a_legend_of_many_takes_more_room():
    assert legend_room(PAPER) < legend_room([f"C-C-T-T#{k}" for k in range(12)])


def test_long_names_keep_both_ends():
    assert shorten("vit_small_patch16_224") == "vit_small_patch16_224"
    short = shorten("mobilenetv2_100_a_very_long_name.ra_in1k")
    assert len(short) <= 26
    assert short.startswith("mobilenetv2")
    assert short.endswith("name.ra_in1k")


def test_scores_above_one_are_not_on_the_axis(ranked_frame):
    low, high = score_axis(ranked_frame)["range"]
    assert low < 0.5
    assert 1.0 < high < 1.05


@pytest.fixture
def ranked_frame():
    return pd.DataFrame({"score": [0.9, 0.95], "low": [0.5, 0.8], "high": [1.3, 1.1]})


def test_ticks_of_losses_are_whole_numbers():
    axis = loss_axis([0.02, 1.9], title="t")
    assert {"0.02", "0.05", "1", "2"} <= set(axis["ticktext"])
    assert len(loss_axis([0.0, 2.0], title="t")["tickvals"]) < 20


def test_names_are_drawn_as_they_are():
    assert plain('<a href="x">&lt;') == '&lt;a href="x"&gt;&amp;lt;'
    assert plain("$x$") == "&#36;x&#36;"
