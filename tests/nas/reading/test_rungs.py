"""The rungs of a study on the disk: trained, stopped, reported, and never ranked as finished."""

import json
from pathlib import Path

import pytest

from nas.driver.display import Silent
from nas.driver.study import begin_study
from nas.errors import NotFoundError
from nas.execution.inline import InlineExecutor
from nas.reading.rungs import only_rungs, study_objective, study_rungs
from nas.reading.study import rank_study
from nas.spec.choices import AllocationKind, Metric
from nas.spec.file import load_spec
from nas.study.folder import open_study
from nas.study.records import TrialStatus
from tests.nas.conftest import SMALL

HALVING = "search.allocation={kind: halving, first: 1, reduction: 2, strata: none, controls: 0.0}"
STUDIES = Path(__file__).parents[2] / "fixtures" / "studies"


@pytest.fixture(scope="module")
def halved(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("halved") / "s"
    begin_study(
        load_spec(str(SMALL), ["search.seeds=1", "ranking.metric=accuracy", HALVING]),
        folder=folder,
        executor=InlineExecutor(),
        display=Silent(),
    )
    return folder


@pytest.mark.slow
def test_what_a_rung_stopped_has_its_epochs_and_is_not_ranked(halved):
    study = open_study(halved)
    histories = study.histories()
    assert sorted((h.status.value, len(h.epochs)) for h in histories) == [
        ("finished", 3), ("stopped", 1),
    ]  # fmt: skip
    (better, worse) = sorted(histories, key=lambda h: -h.epochs[0].evaluation_accuracy)
    if better.epochs[0].evaluation_accuracy > worse.epochs[0].evaluation_accuracy:
        assert better.status is TrialStatus.FINISHED
    ranked = rank_study(study, histories).layouts
    assert [layout.label for layout in ranked] == [
        h.trial.label for h in histories if h.status is TrialStatus.FINISHED
    ]


@pytest.mark.slow
def test_its_rungs_are_rebuilt_from_spec_and_journal(halved):
    study = open_study(halved)
    report = only_rungs(study, study.histories())
    assert report.kind is AllocationKind.HALVING
    (first, second) = report.rungs
    assert (first.epoch, first.reached, first.promoted, first.stopped) == (1, 2, 1, 1)
    assert (second.epoch, second.reached, second.promoted, second.stopped) == (2, 1, 1, 0)
    assert json.dumps(report.to_json())


@pytest.mark.slow
def test_the_report_of_the_study_has_them(halved):
    page = (halved / "report.html").read_text(encoding="utf-8")
    assert "What was stopped early" in page
    assert "No control has ended" in page


def test_a_study_that_trains_everything_in_full_has_none():
    study = open_study(STUDIES / "finished")
    assert study_rungs(study, study.histories()) is None
    with pytest.raises(NotFoundError, match="it trains every trial in full"):
        only_rungs(study, study.histories())


def test_the_objective_is_the_studys_own():
    study = open_study(STUDIES / "finished")
    objective = study_objective(study)
    assert objective.metric is study.spec.ranking.metric
    assert isinstance(objective.metric, Metric)
    assert objective.first == study.declared.first_round
