"""Figures draw what the tables say."""

import math
from dataclasses import replace

import pytest

from nas.ranking.relations import rank
from nas.ranking.result import Symbol
from nas.ranking.synthetic import DIGITS, study
from nas.report import figures
from nas.report.style import styles
from nas.spec import RankingSpec
from nas.views import epochs_frame, ranking_frame, relations_frame

HISTORIES = study(seeds=range(6))
RANKING = rank(HISTORIES, RankingSpec(), evaluation_images=599)
EPOCHS, TABLE, PAIRS = epochs_frame(HISTORIES), ranking_frame(RANKING), relations_frame(RANKING)
LOOKS = styles(DIGITS)


def named(figure, label):
    """The traces of one layout."""
    return [trace for trace in figure.data if trace.name == label]


def test_learning_curves_have_a_median_and_a_band_for_each_layout():
    figure = figures.learning_curves(EPOCHS, looks=LOOKS)
    assert len(figure.data) == 5 * 4
    band, line, _, accuracy = named(figure, "C-C-T-T")
    rows = EPOCHS[(EPOCHS["label"] == "C-C-T-T") & (EPOCHS["epoch"] == 15)]
    assert line.y[-1] == rows["probe_loss"].median()
    assert band.y[14] == rows["probe_loss"].min()
    assert band.y[15] == rows["probe_loss"].max()
    assert 1 - accuracy.y[-1] == pytest.approx(rows["evaluation_accuracy"].median())
    assert sum(bool(trace.showlegend) for trace in figure.data) == 5


def test_generalization_marks_the_scores_at_the_equal_loss():
    figure = figures.generalization(EPOCHS, TABLE, looks=LOOKS, equal_loss=RANKING.equal_loss)
    marks = [trace for trace in figure.data if trace.mode == "markers"]
    assert [mark.x[0] for mark in marks] == [RANKING.equal_loss] * 5
    assert [1 - mark.y[0] for mark in marks] == pytest.approx(TABLE["score"].tolist())
    lines = [trace for trace in figure.data if trace.mode == "lines+markers"]
    assert len(lines) == 30
    assert all(list(line.x) == sorted(line.x, reverse=True) for line in lines)
    assert figure.layout.xaxis.autorange == "reversed"
    text = figure.layout.annotations[0]
    assert text.x == pytest.approx(math.log10(RANKING.equal_loss))


def test_without_an_equal_loss_nothing_is_marked():
    figure = figures.generalization(EPOCHS, TABLE, looks=LOOKS, equal_loss=None)
    assert {trace.mode for trace in figure.data} == {"lines+markers"}
    assert not figure.layout.shapes


def test_scores_have_the_best_on_top_and_the_order_as_title():
    figure = figures.scores(TABLE, looks=LOOKS)
    assert [trace.y[0] for trace in figure.data] == [layout.layout for layout in RANKING.layouts]
    assert figure.layout.yaxis.autorange == "reversed"
    assert figure.layout.title.text == RANKING.order.replace(">", "&gt;")
    first = figure.data[0]
    assert first.x[0] + first.error_x.array[0] == pytest.approx(RANKING.layouts[0].high)
    assert first.x[0] - first.error_x.arrayminus[0] == pytest.approx(RANKING.layouts[0].low)


def test_a_long_order_is_broken_into_lines():
    layouts = [replace(RANKING.layouts[0], layout=f"C-C-T-T#{k}") for k in range(24)]
    ranking = replace(RANKING, layouts=tuple(layouts), symbols=(Symbol.UNDECIDED,) * 23)
    names = [layout.layout for layout in layouts]
    figure = figures.scores(ranking_frame(ranking), looks=styles(names))
    lines = figure.layout.title.text.split("<br>")
    assert len(lines) > 2
    assert max(map(len, lines)) <= 100


def test_the_matrix_mirrors_every_claim():
    figure = figures.pairwise(PAIRS, TABLE["layout"].tolist())
    heat = figure.data[0]
    for i, row in enumerate(heat.text):
        assert row[i] == ""
        for j, cell in enumerate(row):
            if i < j:
                mirrored = heat.text[j][i]
                assert cell.split()[1].replace("+", "-") == mirrored.split()[1].replace("+", "-")
                z, opposite = heat.z[i][j], heat.z[j][i]
                assert z == opposite if cell[3] in "≈?" else z + opposite == 7
    relation = RANKING.relations[-1]
    assert relation.symbol is Symbol.MUCH_BETTER
    assert heat.text[3][4] == f"<b>≫</b>  {100 * relation.difference:+.1f}"
    assert heat.text[4][3] == f"<b>≪</b>  {-100 * relation.difference:+.1f}"


def test_cost_has_macs_and_parameters():
    figure = figures.cost(TABLE, looks=LOOKS)
    macs, parameters = named(figure, "ViT_REL")
    assert (macs.x[0], parameters.x[0]) == (2_090_000, 150_000)
    assert macs.y == parameters.y


def test_a_layout_keeps_its_colour_in_all_figures():
    drawn = [
        figures.learning_curves(EPOCHS, looks=LOOKS),
        figures.generalization(EPOCHS, TABLE, looks=LOOKS, equal_loss=0.1),
        figures.scores(TABLE, looks=LOOKS),
        figures.cost(TABLE, looks=LOOKS),
    ]
    colors = {
        trace.line.color or trace.marker.color
        for figure in drawn
        for trace in named(figure, "C-T-T-T")
        if trace.fill is None
    }
    assert colors == {LOOKS["C-T-T-T"].color}


def test_one_seed_has_a_point_and_no_whiskers():
    ranking = rank(
        study({"C-C-T-T": DIGITS["C-C-T-T"]}, seeds=[0]), RankingSpec(), evaluation_images=9
    )
    figure = figures.scores(ranking_frame(ranking), looks=LOOKS)
    assert figure.data[0].error_x.visible is False
    low, high = figure.layout.xaxis.range
    assert low < figure.data[0].x[0] < high
    assert high - low < 0.1


def test_tags_in_names_are_drawn_as_text():
    odd = '<a href="https://example.org">x</a>'
    histories = study({odd: DIGITS["C-C-T-T"]}, seeds=[0, 1])
    table = ranking_frame(rank(histories, RankingSpec(), evaluation_images=599))
    drawn = [
        figures.learning_curves(epochs_frame(histories), looks=styles([odd])),
        figures.scores(table, looks=styles([odd])),
        figures.cost(table, looks=styles([odd])),
        figures.pairwise(PAIRS.head(0), [odd]),
    ]
    assert all("<a " not in figure.to_json() for figure in drawn)
