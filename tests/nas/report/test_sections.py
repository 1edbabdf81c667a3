"""Which figures a study has, and what their captions say."""

from dataclasses import replace

import pytest

from nas.ranking.relations import rank
from nas.ranking.result import Symbol
from nas.report.figures import learning_curves
from nas.report.sections import sections
from nas.report.style import styles
from nas.spec.study import RankingSpec
from nas.study.records import TrialStatus
from nas.tables.frames import epochs_frame
from tests.nas.synthetic import DIGITS, study

HISTORIES = study(seeds=range(3))
RANKING = rank(HISTORIES, RankingSpec(), evaluation_images=599)


def found(histories, ranking=RANKING):
    return {section.name: section for section in sections(histories, ranking)}


@pytest.fixture(scope="module")
def plain_study():
    return found(HISTORIES)


def tuned(histories, **changes):
    """Fine-tunings of these trials: as long, at a lower loss."""
    return tuple(
        replace(
            history,
            trial=replace(history.trial, id=f"{history.trial.id}-ft", parent=history.trial.id),
            epochs=tuple(
                replace(epoch, probe_loss=epoch.probe_loss / 10) for epoch in history.epochs
            ),
            **changes,
        )
        for history in histories
    )


def twins(histories):
    """The same trials again, as twins."""
    return tuple(
        replace(
            history,
            trial=replace(history.trial, twin=True, label=f"{history.trial.label}~twin"),
        )
        for history in histories
    )


def test_a_study_has_its_figures_in_order(plain_study):
    assert list(plain_study) == [
        "scores",
        "difference",
        "pairs",
        "seeds",
        "curves",
        "generalization",
        "runs",
        "cost",
    ]


def test_fine_tuning_has_curves_of_its_own_and_is_in_no_other(plain_study):
    both = found((*HISTORIES, *tuned(HISTORIES)))
    assert set(both) - set(plain_study) == {"fine-tuning"}
    for name, section in plain_study.items():
        assert both[name].figure == section.figure
    expected = learning_curves(epochs_frame(tuned(HISTORIES)), looks=styles(DIGITS))
    assert both["fine-tuning"].figure == expected


def test_twins_are_drawn_nowhere_and_change_no_colour(plain_study):
    both = found((*HISTORIES, *twins(HISTORIES[:3])))
    for name, section in plain_study.items():
        assert both[name].figure == section.figure


@pytest.mark.parametrize(
    ("seeds", "words"),
    [(1, "single runs"), (3, "from the lowest seed to the highest"), (6, "quartiles")],
)
def test_captions_say_what_the_bands_span(seeds, words):
    histories = study(seeds=range(seeds), epochs=4)
    made = found(histories, rank(histories, RankingSpec(), evaluation_images=599))
    assert words in made["curves"].caption
    assert words in made["generalization"].caption


def test_lost_runs_are_drawn_and_said(plain_study):
    lost = {**DIGITS, "ViT_REL": replace(DIGITS["ViT_REL"], lost={1: TrialStatus.DIVERGED})}
    histories = study(lost)
    made = found(histories, rank(histories, RankingSpec(), evaluation_images=599))
    assert any(trace.name == "a lost run" for trace in made["curves"].figure.data)
    assert "(×)" in made["curves"].caption
    assert "Crosses count" in made["runs"].caption
    assert "×" not in plain_study["curves"].caption
    assert "No run diverged or failed" in plain_study["runs"].caption


def test_hollow_markers_are_explained_only_where_there_are_some(plain_study):
    first, *rest = RANKING.layouts
    withheld = replace(RANKING, layouts=(replace(first, withheld="overfits"), *rest))
    made = found(HISTORIES, withheld)
    for name in ("scores", "difference", "cost"):
        assert "Hollow markers" in made[name].caption
        assert "Hollow markers" not in plain_study[name].caption


def test_the_caption_of_seeds_says_whether_anything_is_open(plain_study):
    assert "expected to settle" in plain_study["seeds"].caption
    told = tuple(replace(each, symbol=Symbol.BETTER, more_seeds=None) for each in RANKING.relations)
    closed = found(HISTORIES, replace(RANKING, relations=told))
    assert "No pair is open" in closed["seeds"].caption


def test_the_caption_of_cost_says_whether_sizes_are_matched(plain_study):
    assert "All have about the same MACs and parameters" in plain_study["cost"].caption
    assert "Pareto" not in plain_study["cost"].caption
    first, *rest = RANKING.layouts
    uneven = replace(RANKING, layouts=(replace(first, macs=9 * first.macs), *rest))
    caption = found(HISTORIES, uneven)["cost"].caption
    assert "All have about the same parameters" in caption
    assert "Pareto front" in caption


def test_preliminary_claims_are_called_so():
    certified = replace(RANKING, preliminary="")
    hurried = replace(RANKING, preliminary="3 seeds are few")
    assert "preliminary" not in found(HISTORIES, certified)["difference"].caption
    assert "preliminary" in found(HISTORIES, hurried)["difference"].caption


def lost(*statuses):
    """A study of one layout whose first seeds ended like this, and its sections."""
    layout = replace(DIGITS["C-C-T-T"], lost=dict(enumerate(statuses)))
    histories = study({"C-C-T-T": layout}, seeds=range(3))
    return found(histories, rank(histories, RankingSpec(), evaluation_images=599))


def test_captions_say_what_was_stopped_and_what_may_go_on(plain_study):
    stopped = lost(TrialStatus.STOPPED)
    assert "Squares count those that were stopped" in stopped["runs"].caption
    assert "No run diverged or failed" in stopped["runs"].caption
    for name in ("curves", "generalization"):
        assert "it is in no score" in stopped[name].caption
        assert "it is in no score" in lost(TrialStatus.PAUSED)[name].caption
        assert "it is in no score" not in plain_study[name].caption
    assert "Squares" not in plain_study["runs"].caption
    assert "Squares" not in lost(TrialStatus.PAUSED)["runs"].caption
    assert "runs" in lost(*[TrialStatus.STOPPED] * 3)
    assert "runs" not in lost(*[TrialStatus.PAUSED] * 3)
