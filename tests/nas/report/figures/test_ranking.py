"""Scores and pairs, drawn."""

from dataclasses import replace

import pytest

from nas.ranking.result import Symbol
from nas.report.figures import cost, learning_curves, pairwise, scores
from nas.report.style import styles
from nas.tables.frames import epochs_frame, ranking_frame
from tests.nas.synthetic import DIGITS, study


def order(figure):
    """What is written above the scores."""
    (text,) = [note.text for note in figure.layout.annotations if note.name == "order"]
    return text


def test_scores_have_the_best_on_top_and_the_order_as_title(six):
    figure = scores(six.table, looks=six.looks)
    layouts = six.ranking.layouts
    assert [trace.y[0] for trace in figure.data] == [layout.label for layout in layouts]
    assert figure.layout.yaxis.autorange == "reversed"
    assert order(figure) == six.ranking.order.replace(">", "&gt;")
    first = figure.data[0]
    assert first.x[0] + first.error_x.array[0] == pytest.approx(layouts[0].high)
    assert first.x[0] - first.error_x.arrayminus[0] == pytest.approx(layouts[0].low)


def test_a_long_order_is_broken_into_lines(six):
    layouts = [replace(six.ranking.layouts[0], label=f"C-C-T-T#{k}") for k in range(24)]
    ranking = replace(six.ranking, layouts=tuple(layouts), symbols=(Symbol.UNDECIDED,) * 23)
    names = [layout.label for layout in layouts]
    figure = scores(ranking_frame(ranking), looks=styles(names))
    lines = order(figure).split("<br>")
    assert len(lines) > 2
    assert max(map(len, lines)) <= 66 - len("C-C-T-T#10") + len("&gt;")


def test_neighbours_that_are_not_compared_have_a_bar_between_them_in_the_title(ranked):
    table = ranked({"C-C": 0.8, "C-T": 0.75, "T-T": 0.7}, symbol=["?", ">", None])
    table["next_withheld"] = ["sizes differ", "", None]
    figure = scores(table, looks=styles(table["label"]))
    assert order(figure) == "C-C | C-T &gt; T-T"


def test_long_names_are_shortened_beside_the_axis_and_whole_in_the_hover_text(ranked):
    name = "vit_relpos_medium_patch16_rpn_224"
    figure = scores(ranked({name: 0.5}), looks=styles([name]))
    assert figure.data[0].name == name
    (text,) = figure.layout.yaxis.ticktext
    assert text == "vit_relpos_m…tch16_rpn_224"


def test_withheld_scores_are_hollow(ranked):
    table = ranked({"C-C": 0.8, "T-T": 0.7}, withheld=["", "overfits"])
    full, hollow = scores(table, looks=styles(["C-C", "T-T"])).data
    assert full.marker.color != "#ffffff"
    assert hollow.marker.color == "#ffffff"
    assert hollow.marker.line.color == styles(["C-C", "T-T"])["T-T"].color


def test_the_matrix_mirrors_every_claim(six):
    figure = pairwise(six.pairs, six.table["label"].tolist())
    heat = figure.data[0]
    for i, row in enumerate(heat.text):
        assert row[i] == ""
        for j, cell in enumerate(row):
            if i < j:
                number, mirrored = (text.split("<br>")[1] for text in (cell, heat.text[j][i]))
                assert number.replace("+", "-") == mirrored.replace("+", "-")
                z, opposite = heat.z[i][j], heat.z[j][i]
                assert z == opposite if cell[3] in "≈?" else z + opposite == 7
    relation = six.ranking.relations[-1]
    assert relation.symbol is Symbol.MUCH_BETTER
    assert heat.text[3][4] == f"<b>≫</b><br>{100 * relation.difference:+.1f}"
    assert heat.text[4][3] == f"<b>≪</b><br>{-100 * relation.difference:+.1f}"


def test_a_withheld_pair_is_a_bar_on_white(related):
    pairs = related("A ? B", "A > C", "B > C", withheld=["sizes differ", "", ""])
    heat = pairwise(pairs, ["A", "B", "C"]).data[0]
    assert heat.text[0][1].startswith("<b>|</b>")
    assert heat.text[1][0].startswith("<b>|</b>")
    assert heat.z[0][1] == heat.z[1][0] == 3  # as "?"
    assert "&gt;" in heat.text[0][2]


def test_a_large_matrix_has_symbols_only(related):
    layouts = [f"C-T#{k}" for k in range(13)]
    heat = pairwise(related("C-T#0 > C-T#1"), layouts).data[0]
    assert heat.text[0][1] == "<b>&gt;</b>"


def test_one_seed_has_a_point_and_no_whiskers(draw):
    one = draw(study({"C-C-T-T": DIGITS["C-C-T-T"]}, seeds=[0]))
    figure = scores(one.table, looks=one.looks)
    assert figure.data[0].error_x.visible is False
    low, high = figure.layout.xaxis.range
    assert low < figure.data[0].x[0] < high
    assert high - low < 0.1


def test_tags_in_names_are_drawn_as_text(draw):
    odd = draw(study({'<a href="https://e.org">x</a>': DIGITS["C-C-T-T"]}, seeds=[0, 1]))
    figures = [
        learning_curves(epochs_frame(odd.histories), looks=odd.looks),
        scores(odd.table, looks=odd.looks),
        cost(odd.table, looks=odd.looks),
        pairwise(odd.pairs, odd.table["label"].tolist()),
    ]
    assert all("<a " not in figure.to_json() for figure in figures)
