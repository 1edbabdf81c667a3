"""The front of studies on disk: claimed where a ranking claims, estimated where it does not."""

from dataclasses import replace
from itertools import count

import pytest

from nas.errors import NotFoundError
from nas.ranking.pareto import Standing
from nas.reading.page import report_study
from nas.reading.pareto import only_front, sizes_differ, study_front, study_fronts, study_growth
from nas.reading.study import rank_study
from nas.spec.choices import Metric, Price
from nas.spec.file import load_spec
from nas.study.records import Outcome, SegmentEnded, SegmentStarted, StudyEnded, TrialPlanned
from tests.nas.builders import measured, trial
from tests.nas.conftest import SMALL
from tests.nas.journals import journalled

MACS = Price.MACS


def studied(folder, scores, *overrides, macs=None):
    """A study whose journal has finished trials with these accuracies: label, a number a seed."""
    numbers, records = count(1), []
    for place, (label, values) in enumerate(scores.items(), start=1):
        for seed, accuracy in enumerate(values):
            number = next(numbers)
            planned = trial(
                number,
                id=f"{number:04d}-{label.replace('#', '.')}-s{seed}",
                label=label,
                layout=label.split("#")[0],
                seed=seed,
                epochs=1,
                macs=(macs or {}).get(label, 1000 * place),
            )
            records += [
                TrialPlanned(at=0.0, trial=planned),
                SegmentStarted(at=0.0, trial_id=planned.id, attempt=1, until_epoch=1),
                measured(planned.id, 1, evaluation_accuracy=accuracy),
                SegmentEnded(at=1.0, trial_id=planned.id, attempt=1, outcome=Outcome.FINISHED),
            ]
    spec = load_spec(str(SMALL), ["ranking.metric=accuracy", *overrides])
    study = journalled(folder, [*records, StudyEnded(at=3.0)], spec=spec)
    histories = study.histories()
    return study, histories, rank_study(study, histories)


SIX = {
    "C-C": [0.50, 0.51, 0.49, 0.50, 0.52, 0.48],
    "C-T": [0.80, 0.81, 0.79, 0.80, 0.81, 0.79],
    "T-T": [0.60, 0.61, 0.60, 0.59, 0.61, 0.60],
}


def test_a_ranking_with_claims_makes_a_front_with_standings(tmp_path):
    found = study_front(*studied(tmp_path / "s", SIX, "search.seeds=6"), prices=[MACS])
    assert found.claimed
    assert {each.label: each.standing for each in found.candidates} == {
        "C-T": Standing.FRONT, "T-T": Standing.DOMINATED, "C-C": Standing.FRONT,
    }  # fmt: skip
    assert all(each.low is not None for each in found.candidates)
    assert study_front(
        *studied(tmp_path / "e", SIX, "search.seeds=6"), prices=[MACS], exploration=True
    ).claimed is False  # fmt: skip


def test_of_one_seed_each_nothing_is_claimed(tmp_path):
    scores = {f"C-C#{i}": [0.1 * i] for i in range(1, 6)}
    study, histories, ranking = studied(tmp_path / "s", scores, "search.seeds=1")
    found = study_front(study, histories, ranking, prices=[MACS])
    assert (found.claimed, len(found.candidates)) == (False, 5)


def test_of_more_candidates_than_are_compared_all_are_placed(tmp_path):
    scores = {f"C-C#{i}": [0.01 * i, 0.01 * i] for i in range(1, 41)}
    study, histories, ranking = studied(
        tmp_path / "s", scores, "search.seeds=2", macs=dict.fromkeys(scores, 7)
    )
    found = study_front(study, histories, ranking, prices=[MACS])
    assert (len(ranking.layouts), len(found.candidates)) == (32, 40)
    assert [(each.label, each.seeds) for each in found.on_front] == [("C-C#40", 2)]


def test_growth_is_read_off_the_journal(tmp_path):
    study, histories, ranking = studied(tmp_path / "s", SIX, "search.seeds=6")
    found = study_growth(study, histories, ranking, price=MACS)
    assert [each.trials for each in found.finishes] == list(range(1, 19))
    assert found.finishes[-1].epochs == 18
    assert 0.6 < found.values[-1] < 0.8
    assert (found.low, found.reference) == (1000, pytest.approx(3300))


def test_a_study_without_a_finished_trial_has_no_front(tmp_path):
    study, histories, ranking = studied(tmp_path / "s", {})
    with pytest.raises(NotFoundError, match="has finished, so it has no front"):
        only_front(study, histories, ranking, prices=[MACS])
    assert study_growth(study, histories, ranking, price=MACS) is None
    assert study_fronts(study, histories, ranking) is None


def test_a_report_has_fronts_where_the_spec_names_costs_or_candidates_are_many(tmp_path):
    assert study_fronts(*studied(tmp_path / "u", SIX, "search.seeds=6")) is None
    asked = studied(tmp_path / "a", SIX, "search.seeds=6", "search.objectives=[accuracy, -macs]")
    found = study_fronts(*asked)
    assert [front.prices for front in found.fronts] == [(MACS,)]
    assert found.growth.price is MACS
    page = report_study(*asked, to=tmp_path / "r.html").read_text(encoding="utf-8")
    assert "The front: score against MACs" in page
    assert "How the front grew" in page
    scores = {f"C-C#{i}": [0.01 * i] for i in range(1, 21)}
    many = studied(tmp_path / "o", scores, "search.seeds=1")
    assert [front.prices for front in study_fronts(*many).fronts] == [(MACS,), (Price.PARAMETERS,)]


def test_sizes_are_judged_by_the_tolerance_of_the_spec(tmp_path):
    macs = {"C-C": 1000, "C-T": 1080, "T-T": 1000}
    _, _, ranking = studied(tmp_path / "s", SIX, "search.seeds=6", macs=macs)
    for tolerance, differ in ((0.05, True), (0.1, False), (None, False)):
        spec = ranking.spec.model_copy(update={"size_tolerance": tolerance})
        assert sizes_differ(replace(ranking, spec=spec)) is differ


def test_another_metric_may_be_asked_for(tmp_path):
    study, histories, _ = studied(tmp_path / "s", SIX, "search.seeds=6")
    ranking = rank_study(study, histories, metric=Metric.CAPACITY)
    assert study_front(study, histories, ranking, prices=[MACS]).metric is Metric.CAPACITY
