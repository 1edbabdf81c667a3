"""Which figures a study has, in the order in which they are read, and what each caption says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from plotly import graph_objects as go

from nas.ranking.groups import MOST_COMPARED
from nas.ranking.result import Ranking
from nas.report import figures
from nas.report.style import LayoutStyle, styles
from nas.study.records import FINAL, TrialHistory, TrialStatus, copied_label
from nas.tables.frames import epochs_frame, ranking_frame, relations_frame, trials_frame

_LOST = (TrialStatus.DIVERGED, TrialStatus.FAILED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A figure with its words."""

    name: str  # unique, safe as an id and a file name
    title: str
    caption: str
    figure: go.Figure


def in_figures(histories: Sequence[TrialHistory], ranking: Ranking) -> Sequence[TrialHistory]:
    """Return the trials that figures show; of a few candidates all, ranked or not."""
    if len({history.trial.label for history in histories}) <= MOST_COMPARED:
        return histories
    labels = {layout.label for layout in ranking.layouts}
    return [history for history in histories if copied_label(history.trial.label) in labels]


def sections(histories: Sequence[TrialHistory], ranking: Ranking) -> list[Section]:
    """Return the figures that there is something to draw in."""
    looks = styles(history.trial.label for history in histories)
    # A twin is its candidate over again: it shows the noise floor, and is no layout.
    own = [history for history in histories if not history.trial.twin]
    trained = [history for history in own if history.trial.parent is None]
    tuned = [history for history in own if history.trial.parent is not None]
    table = ranking_frame(ranking)
    return [
        *_ranked(table, ranking, looks),
        *_trained(trained, table, looks, equal_loss=ranking.equal_loss),
        *_tuned(tuned, looks),
        *_runs(trained, table, looks),
        *_cost(table, looks),
    ]


def _ranked(
    table: pd.DataFrame, ranking: Ranking, looks: Mapping[str, LayoutStyle]
) -> list[Section]:
    if table.empty:
        return []
    scores = Section(
        name="scores",
        title="Scores",
        caption="Mean over seeds with its own t interval. Two layouts may differ although these "
        "intervals overlap, and the other way round: the pairs compare the same seeds."
        + _hollow(table),
        figure=figures.scores(table, looks=looks),
    )
    if len(table) == 1:
        return [scores]
    pairs = relations_frame(ranking)
    return [
        scores,
        Section(
            name="difference",
            title="What is told apart",
            caption="A critical-difference diagram (Demšar 2006): layouts on the axis of scores, "
            "the best on the right. A solid bar joins layouts that are equivalent, a dashed bar "
            "layouts of which no two are told apart yet; dots on a bar say which layouts it joins. "
            "Two layouts that no bar joins differ."
            + (" The claims are preliminary." if ranking.preliminary else "")
            + _hollow(table),
            figure=figures.critical_difference(table, pairs, looks=looks),
        ),
        Section(
            name="pairs",
            title="Every pair",
            caption="What is claimed of the row against the column, and the difference in points. "
            "The colour tells the claim: blue is better, orange worse, grey equivalent, white not "
            "decided."
            + (
                " A bar: they are not compared, for the reason given above."
                if (pairs["withheld"] != "").any()
                else ""
            ),
            figure=figures.pairwise(pairs, table["label"].tolist()),
        ),
        Section(
            name="seeds",
            title="Seeds still needed",
            caption="Seeds that both layouts of an open pair have finished, and how many more are "
            "expected to settle it if the difference and its spread stay what they are now. It is "
            "an expectation, not a promise."
            if len(figures.open_pairs(pairs))
            else "No pair is open that more seeds could settle; the bars are the seeds behind each "
            "layout's score.",
            figure=figures.seeds_needed(table, pairs, looks=looks, last=ranking.looks[1]),
        ),
    ]


def _trained(
    histories: Sequence[TrialHistory],
    table: pd.DataFrame,
    looks: Mapping[str, LayoutStyle],
    *,
    equal_loss: float | None,
) -> list[Section]:
    epochs, lost = _kept_and_lost(histories)
    if epochs.empty:
        return []
    span = figures.band_of(epochs).words
    partly = _partly_words(histories)
    crossed = (
        ""
        if equal_loss is None
        else (
            " The dashed line is l*, a loss that every run that counts reaches, and the large "
            "markers on it are the scores, means over seeds."
        )
    )
    return [
        Section(
            name="curves",
            title="Learning curves",
            caption=f"As Figure 1 of the CoAtNet paper. {span} The probe loss is the training loss "
            f"in evaluation mode, on the probe: without augmentation.{_lost_words(lost)}{partly}",
            figure=figures.learning_curves(epochs, looks=looks, lost=lost),
        ),
        Section(
            name="generalization",
            title="Generalization: accuracy at equal probe loss",
            caption="Of two layouts at the same probe loss, the higher one generalizes better. "
            f"{span} Every seed is read where its probe loss reached a new low.{crossed} "
            f"Diverged and failed trials are left out.{partly}",
            figure=figures.generalization(epochs, table, looks=looks, equal_loss=equal_loss),
        ),
    ]


def _tuned(histories: Sequence[TrialHistory], looks: Mapping[str, LayoutStyle]) -> list[Section]:
    epochs, lost = _kept_and_lost(histories)
    if epochs.empty:
        return []
    return [
        Section(
            name="fine-tuning",
            title="Learning curves of fine-tuning",
            caption="Probe loss and evaluation accuracy on the images that the trained layouts "
            f"are fine-tuned on, against the steps of fine-tuning alone. "
            f"{figures.band_of(epochs).words}{_lost_words(lost)}{_partly_words(histories)}",
            figure=figures.learning_curves(epochs, looks=looks, lost=lost),
        )
    ]


def _runs(
    histories: Sequence[TrialHistory], table: pd.DataFrame, looks: Mapping[str, LayoutStyle]
) -> list[Section]:
    trials = trials_frame(histories)
    if not trials["status"].isin(FINAL).any():
        return []
    lost = trials["status"].isin(_LOST).any()
    stopped = (trials["status"] == TrialStatus.STOPPED).any()
    return [
        Section(
            name="runs",
            title="Every run",
            caption="Final evaluation accuracy, a marker for each seed; the stroke is the median. "
            f"A run far to the left of its siblings has collapsed{_how_many(table)}."
            + (
                " Crosses count the runs that diverged (filled) or failed (open), out of those "
                "that ended; they are in no mean."
                if lost
                else " No run diverged or failed."
            )
            + (
                " Squares count those that were stopped before their last epoch; their numbers so "
                "far are in the table of trials."
                if stopped
                else ""
            ),
            figure=figures.runs(trials, table, looks=looks),
        )
    ]


def _cost(table: pd.DataFrame, looks: Mapping[str, LayoutStyle]) -> list[Section]:
    if table.empty:
        return []
    equal = [
        words
        for name, words in (("macs", "MACs"), ("parameters", "parameters"))
        if figures.matched(table[name].tolist())
    ]
    caption = "MACs are the multiply-adds of one image. "
    if equal:
        caption += (
            f"All have about the same {' and '.join(equal)}: the axis tells how far each is off "
            "the median. "
        )
    if len(equal) < 2:
        caption += (
            "As in Figures 2 and 3 of the CoAtNet paper, with intervals; on the dashed line, the "
            "Pareto front, nothing is both cheaper and better. Layouts compare fairly only where "
            "they cost about the same. "
        )
    caption += "Markers that would cover each other are moved apart sideways."
    return [
        Section(
            name="cost",
            title="Accuracy against cost",
            caption=caption + _hollow(table),
            figure=figures.cost(table, looks=looks),
        )
    ]


def _kept_and_lost(histories: Sequence[TrialHistory]) -> tuple[pd.DataFrame, pd.DataFrame]:
    kept = epochs_frame(history for history in histories if history.status not in _LOST)
    return kept, epochs_frame(history for history in histories if history.status in _LOST)


def _how_many(table: pd.DataFrame) -> str:
    collapsed = int(table["collapsed"].sum())
    return f": {collapsed} in all" if collapsed else ""


def _lost_words(lost: pd.DataFrame) -> str:
    if lost.empty:
        return ""
    return " A dotted line is a run that diverged or failed, up to its last epoch (×)."


def _partly_words(histories: Sequence[TrialHistory]) -> str:
    """Say that lines hold runs that are in no score: stopped, paused, or still to go on."""
    whole = (TrialStatus.FINISHED, *_LOST)
    if not any(history.epochs and history.status not in whole for history in histories):
        return ""
    return (
        " A run that was stopped, or may go on, is in its line as far as it got; it is in no score."
    )


def _hollow(table: pd.DataFrame) -> str:
    if not (table["withheld"] != "").any():
        return ""
    return " Hollow markers: nothing is claimed of these layouts, for the reasons given above."
