"""Figures as tables: nothing that is drawn is left out."""

import pytest
from plotly import graph_objects as go

from dashboards.figure_table import figure_frame
from nas.ranking.relations import rank
from nas.report.sections import sections
from nas.spec.study import RankingSpec
from tests.nas.synthetic import study


def test_points_are_rows():
    figure = go.Figure()
    figure.add_scatter(x=[1, 2, None, 3], y=[0.5, 0.6, None, 0.7], name="a")
    figure.add_scatter(x=[1], y=[2], text=["said"])
    frame = figure_frame(figure)
    assert frame["series"].tolist() == ["a", "a", "a", "series 2"]
    assert frame["y"].tolist() == [0.5, 0.6, 0.7, 2.0]
    assert frame["text"].iloc[-1] == "said"


def test_text_is_a_column_where_there_is_any():
    assert list(figure_frame(go.Figure(go.Scatter(x=[1], y=[1])))) == ["series", "x", "y"]


def test_cells_of_a_matrix_are_rows():
    figure = go.Figure(
        go.Heatmap(x=["a", "b"], y=["c"], z=[[1, 2]], text=[["one", "two"]], name="m")
    )
    assert figure_frame(figure).to_dict("records") == [
        {"series": "m", "x": "a", "y": "c", "text": "one"},
        {"series": "m", "x": "b", "y": "c", "text": "two"},
    ]


def test_an_empty_figure_is_an_empty_table():
    assert len(figure_frame(go.Figure())) == 0


HISTORIES = study(epochs=4)
SECTIONS = sections(HISTORIES, rank(HISTORIES, RankingSpec(), evaluation_images=599))


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_every_figure_of_the_report_has_its_table(section):
    frame = figure_frame(section.figure)
    assert len(frame) > 0
    points = sum(
        sum(x is not None and y is not None for x, y in zip(trace.x, trace.y, strict=True))
        for trace in section.figure.data
        if trace.type in ("scatter", "bar") and trace.x is not None and trace.y is not None
    )
    assert len(frame) >= points
