"""Figures that the report has no place for: one trial's curves, and a search as it went."""

from collections.abc import Mapping, Sequence

import pandas as pd
from plotly import graph_objects as go
from plotly.subplots import make_subplots

from nas.networks.registry import family_of
from nas.report import figures
from nas.report.sections import Section
from nas.report.style import INK, MUTED, accuracy_axis, dress, plain, styles
from nas.study.records import Role, TrialHistory, TrialStatus
from nas.tables.frames import epochs_frame

MOST_LINES = 400  # of parallel coordinates: the best half and a sample of the others
_UNITS = (("hours", 3600, 7200), ("minutes", 60, 120), ("seconds", 1, 0))  # seconds; used from
_WIDEST = 24  # values of a choice that are drawn apart


def trial_sections(history: TrialHistory) -> list[Section]:
    """Return the figures of a trial that has measured anything."""
    if not history.epochs:
        return []
    epochs = epochs_frame([history])
    return [
        Section(
            name="curves",
            title="Learning curves",
            caption="The probe loss is the training loss in evaluation mode, on the probe.",
            figure=figures.learning_curves(epochs, looks=styles([history.trial.label])),
        ),
        Section(
            name="rates",
            title="Learning rate and gradient norm",
            caption="The learning rate of an epoch's last step, and the mean of the norm of the "
            "gradient before it is clipped.",
            figure=_rates(epochs),
        ),
    ]


def search_sections(histories: Sequence[TrialHistory]) -> list[Section]:
    """Return how a search went and what its choices did, of trials that have finished."""
    done = [
        each
        for each in histories
        if each.status is TrialStatus.FINISHED and each.trial.role is Role.TRAINED
    ]
    if len(done) < 2:
        return []
    done.sort(key=lambda each: each.epochs[-1].at)
    found = [
        Section(
            name="best-so-far",
            title="Best so far",
            caption="Final evaluation accuracy of each trial when it finished, and the best up to "
            "then, against the time that all finished trials had trained.",
            figure=_best_so_far(done),
        )
    ]
    choices = choices_frame(done)
    varied = [str(name) for name in choices if name != _SCORE and choices[name].nunique() > 1]
    if varied:
        shares = explained(choices, varied)
        found.append(
            Section(
                name="importances",
                title="What each choice alone explains",
                caption="The share of the variance of final accuracy that lies between the values "
                "of a choice (eta squared, less what as many values of nothing would explain). "
                "What choices do together is in none of them.",
                figure=_importances(shares),
            )
        )
        found.append(
            Section(
                name="parallel",
                title="Parallel coordinates",
                caption=_parallel_words(len(done)),
                figure=_parallel(choices, varied),
            )
        )
    return found


_SCORE = "evaluation accuracy"


def choices_frame(histories: Sequence[TrialHistory]) -> pd.DataFrame:
    """One row a trial: what was chosen for it, and its final accuracy."""
    rows = []
    for history in histories:
        trial = history.trial
        rows.append(
            {
                **_choices(history),
                "seed": trial.seed,
                _SCORE: history.epochs[-1].evaluation_accuracy,
            }
        )
    return pd.DataFrame(rows)


def _choices(history: TrialHistory) -> Mapping[str, object]:
    """Return the values of the space's variables, or what tells the network from others."""
    trial = history.trial
    if trial.point:
        return dict(trial.point)
    network = family_of(trial.config).describe(trial.config)
    return {"layout": trial.layout, "depths": network.depth_words, "widths": network.width_words}


def explained(choices: pd.DataFrame, names: Sequence[str]) -> pd.Series:
    """Return each choice's share of the variance, the largest first: epsilon squared, >= 0."""
    scores = choices[_SCORE].astype(float)
    total, count = float(((scores - scores.mean()) ** 2).sum()), len(scores)
    shares = {}
    for name in names:
        grouped = scores.groupby(choices[name].astype(str))
        groups = grouped.ngroups
        within = float(((scores - grouped.transform("mean")) ** 2).sum())
        if total <= 0 or groups >= count:
            shares[name] = 0.0
            continue
        adjusted = 1 - (within / (count - groups)) / (total / (count - 1))
        shares[name] = max(adjusted, 0.0)
    return pd.Series(shares, dtype=float).sort_values(ascending=False)


def _rates(epochs: pd.DataFrame) -> go.Figure:
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.12)
    for column, name in enumerate(("learning_rate", "gradient_norm"), 1):
        words = name.replace("_", " ")
        figure.add_scatter(
            x=epochs["epoch"].tolist(),
            y=epochs[name].tolist(),
            mode="lines+markers",
            name=words,
            line={"color": "#0072B2", "width": 2},
            row=1,
            col=column,
        )
        figure.update_yaxes(title_text=words, rangemode="tozero", row=1, col=column)
    figure.update_xaxes(title_text="epoch", rangemode="tozero")
    return dress(figure, height=340, legend=False, top=16)


def _best_so_far(done: Sequence[TrialHistory]) -> go.Figure:
    spent = pd.Series([each.epochs[-1].seconds for each in done]).cumsum()
    unit, seconds = next(each[:2] for each in _UNITS if spent.iloc[-1] >= each[2])
    hours = (spent / seconds).tolist()
    found = [each.epochs[-1].evaluation_accuracy for each in done]
    best = pd.Series(found).cummax().tolist()
    axis = accuracy_axis(found, title=_SCORE)
    figure = go.Figure()
    looks = styles(each.trial.label for each in done)
    figure.add_scatter(
        x=hours,
        y=axis.place(found),
        mode="markers",
        name="a trial",
        text=[plain(each.trial.id) for each in done],
        hovertemplate="%{text}<extra></extra>",
        marker={"color": [looks[each.trial.label].color for each in done], "size": 6},
    )
    figure.add_scatter(
        x=hours,
        y=axis.place(best),
        mode="lines",
        name="the best so far",
        line={"color": INK, "width": 2, "shape": "hv"},
    )
    figure.update_xaxes(title_text=f"{unit} trained, of all finished trials", rangemode="tozero")
    figure.update_yaxes(**axis.axis)
    return dress(figure, height=400)


def _importances(shares: pd.Series) -> go.Figure:
    shown = shares.head(_WIDEST)[::-1]
    figure = go.Figure(
        go.Bar(
            x=shown.tolist(),
            y=[plain(str(name)) for name in shown.index],
            orientation="h",
            marker={"color": "#0072B2"},
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
        )
    )
    figure.update_xaxes(title_text="share of the variance", tickformat=".0%", rangemode="tozero")
    return dress(figure, height=120 + 26 * len(shown), legend=False, top=16)


def _parallel_words(count: int) -> str:
    half = MOST_LINES // 2
    all_of_them = f"All {count} finished trials"
    some = f"The best {half} of {count:,} finished trials and {half} of the others"
    return (
        f"{some if count > MOST_LINES else all_of_them}, a line each from choice to choice; blue "
        "is the best fifth. Values stand in order, words by name."
    )


def _parallel(choices: pd.DataFrame, names: Sequence[str]) -> go.Figure:
    ordered = choices.sort_values(_SCORE, ascending=False)
    if len(ordered) > MOST_LINES:
        half = MOST_LINES // 2
        rest = ordered.iloc[half:]
        ordered = pd.concat([ordered.head(half), rest.iloc[:: -(-len(rest) // half)]])
    columns = [*names, _SCORE]
    places = {name: _places(choices[name], ordered[name]) for name in columns}
    cut = choices[_SCORE].quantile(0.8)
    figure = go.Figure()
    for best, color in ((False, "rgba(97,110,124,0.35)"), (True, "rgba(0,114,178,0.75)")):
        rows = [i for i, score in enumerate(ordered[_SCORE]) if bool(score >= cut) is best]
        xs: list[float | None] = []
        ys: list[float | None] = []
        for row in rows:
            xs += [*range(len(columns)), None]
            ys += [*(places[name][row] for name in columns), None]
        figure.add_scatter(
            x=xs,
            y=ys,
            mode="lines",
            name="the best fifth" if best else "the others",
            line={"color": color, "width": 1.5 if best else 1},
            hoverinfo="skip",
        )
    # All at once: plotly copies those there are at each that is added.
    marks = [
        {"x": i, "y": place, "text": plain(value), "showarrow": False, "xanchor": "left",
         "xshift": 4, "font": {"size": 11, "color": MUTED}}
        for i, name in enumerate(columns)
        for value, place in _ticks(choices[name])
    ]  # fmt: skip
    figure.update_layout(annotations=marks)
    figure.update_xaxes(
        tickvals=list(range(len(columns))),
        ticktext=[plain(name) for name in columns],
        range=[-0.1, len(columns) - 0.6],
    )
    figure.update_yaxes(visible=False, range=[-0.06, 1.06])
    dress(figure, height=460)
    figure.update_xaxes(showgrid=True)
    return figure


def _values(column: pd.Series) -> list[object]:
    numbers = pd.api.types.is_numeric_dtype(column)
    return sorted(column.unique(), key=None if numbers else str)


def _places(whole: pd.Series, shown: pd.Series) -> list[float]:
    """Return where on an axis from 0 to 1 values stand: numbers by size, words by order."""
    if pd.api.types.is_numeric_dtype(whole):
        low, high = float(whole.min()), float(whole.max())
        return [(float(each) - low) / (high - low) if high > low else 0.5 for each in shown]
    order = {value: i for i, value in enumerate(_values(whole))}
    return [order[each] / max(len(order) - 1, 1) for each in shown]


def _ticks(column: pd.Series) -> list[tuple[str, float]]:
    values = _values(column)
    if column.name == _SCORE:
        low, high = float(column.min()), float(column.max())
        return [(f"{low:.1%}", 0.0), (f"{high:.1%}", 1.0)]
    places = _places(column, pd.Series(values, dtype=column.dtype))
    step = -(-len(values) // _WIDEST)
    return [(str(value), place) for value, place in list(zip(values, places, strict=True))[::step]]
