"""The figures of docs/ranking.md: what can be found with how many seeds, and where seeds go."""

from pathlib import Path

import numpy as np
from plotly import graph_objects as go
from plotly.colors import sample_colorscale
from plotly.subplots import make_subplots

from docs.png import write_png
from nas.ranking.forecast.scenarios import PAPER_GAPS, Scenario, differences, draw
from nas.ranking.forecast.simulate import Policy, claimed_at, replicate
from nas.ranking.result import Symbol
from nas.ranking.statistics.certificate import Design
from nas.report.style import FONT, GRID, INK
from nas.spec.study import Until

FIGURES = Path(__file__).parents[1] / "docs" / "figures"
RATIOS = (5.0, 3.0, 2.0, 1.5, 1.25, 1.0, 0.75, 0.5)  # gap / sd of a difference
SPREADS = (0.2, 0.4, 0.6, 0.8, 1.0)  # sd of a difference / margin
GAP = 0.02  # four margins: the estimate reaches the margin whenever the test rejects
NOISE = 0.003


def write(design: Design, studies: int) -> None:
    """Draw both figures as PNG."""
    write_png(power(design, studies), FIGURES / "power.png", width=1000, height=430)
    write_png(allocation(design, studies), FIGURES / "allocation.png", width=1000, height=400)


def power(design: Design, studies: int) -> go.Figure:
    """Return the share of studies that have found `>`, and `≈`, by n seeds."""
    figure = make_subplots(
        cols=2,
        horizontal_spacing=0.25,
        subplot_titles=("<b>></b> found between layouts that differ", "<b>≈</b> found, gap 0"),
    )
    n = np.arange(design.first, design.last + 1)
    for column, symbol, settings in (
        (1, Symbol.BETTER, [(GAP, GAP / ratio, f"{ratio:g}") for ratio in RATIOS]),
        (
            2,
            Symbol.EQUIVALENT,
            [(0.0, each * design.margin, f"{each:g} δ") for each in SPREADS],
        ),
    ):
        colors = sample_colorscale("Viridis", np.linspace(0, 0.85, len(settings)).tolist())
        for (gap, sd, name), color in zip(settings, colors, strict=True):
            at = claimed_at(gap, sd, symbol, design, pairs=10, studies=studies, seed=0)
            share = [float(np.mean((at > 0) & (at <= each))) for each in n]
            figure.add_scatter(
                x=n,
                y=share,
                mode="lines+markers",
                line={"color": color, "width": 2.5},
                marker={"size": 5},
                col=column,
                row=1,
                name=name,
                legend="legend" if column == 1 else "legend2",
            )
    figure.update_xaxes(
        title="paired seeds", dtick=2, range=[design.first - 0.5, design.last + 0.5]
    )
    figure.update_yaxes(title="share of studies", tickformat=".0%", range=[-0.02, 1.04])
    legend = {"xanchor": "left", "y": 0.98, "yanchor": "top"}
    return _dressed(figure).update_layout(
        legend={**legend, "x": 0.385, "title": {"text": "gap / sd"}},
        legend2={**legend, "x": 1.01, "title": {"text": "sd of a difference"}},
    )


def allocation(design: Design, studies: int) -> go.Figure:
    """Return the mean seeds a layout is given in a study like the paper's."""
    scenario = Scenario(means=tuple(-gap for gap in PAPER_GAPS), sds=(NOISE,) * 5)
    d = differences(draw(scenario, studies=studies, seeds=design.last, seed=20))
    names = [f"{-100 * gap:g}" if gap else "best" for gap in PAPER_GAPS]
    figure = make_subplots(
        cols=2,
        subplot_titles=[
            "<b>settled</b>: until there is no ?",
            "<b>sharp</b>: until there is no ? and no ≥",
        ],
    )
    for column, until in enumerate((Until.SETTLED, Until.SHARP), start=1):
        for policy, color in ((Policy.ADAPTIVE, "#0072B2"), (Policy.EQUAL, "#c3cad3")):
            runs = replicate(d, design, until=until, policy=policy).runs
            figure.add_bar(
                x=names,
                y=runs.mean(axis=0),
                name=policy.value,
                marker={"color": color},
                text=[f"{each:.1f}" for each in runs.mean(axis=0)],
                textposition="outside",
                textfont={"size": 11},
                showlegend=column == 1,
                col=column,
                row=1,
            )
    figure.update_xaxes(title="true score, points from the best", type="category")
    figure.update_yaxes(title="seeds, mean of the studies", range=[0, design.last + 2])
    return _dressed(figure).update_layout(
        legend={"orientation": "h", "x": 0.5, "xanchor": "center", "y": 1.22}
    )


def _dressed(figure: go.Figure) -> go.Figure:
    figure.update_layout(
        font={"family": FONT, "color": INK, "size": 14},
        plot_bgcolor="white",
        margin={"l": 70, "r": 80, "t": 70, "b": 60},
    )
    figure.update_xaxes(gridcolor=GRID, linecolor=INK)
    return figure.update_yaxes(gridcolor=GRID, linecolor=INK)
