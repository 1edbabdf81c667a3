"""Candidates of a real study are measured and kept; whose network, and between which ends."""

import shutil
from dataclasses import replace

import pytest
from scipy.stats import binom

from nas.driver import latency
from nas.driver.latency import LEAST_TURNS, candidates, measure_study, summary
from nas.errors import NasError, NotFoundError
from nas.spec.file import load_spec
from nas.study.folder import open_study
from nas.study.journal import Journal
from nas.study.latency import recorded
from nas.study.records import twin_label
from tests.nas.builders import TINY, trial
from tests.nas.conftest import SMALL


@pytest.fixture
def study(finished, tmp_path):
    return open_study(shutil.copytree(finished, tmp_path / "small"))


def trials_of(study):
    return [history.trial for history in study.histories()]


def test_every_candidate_is_measured_and_kept(study):
    journal = (study.journal / "records.jsonl").read_bytes()
    found = measure_study(study, trials_of(study), batch=2, turns=6)
    assert found.latencies.keys() == {"C-C", "C-T"}
    for each in found.latencies.values():
        assert 0 < each.low <= each.milliseconds <= each.high < 10_000
        assert (each.batch, each.device) == (2, found.device)
    assert (found.precision, found.turns, found.versions.keys()) == (
        "float32",
        6,
        {"torch", "coatnet-nas"},
    )
    assert recorded(study.folder) == (found,)
    assert (study.journal / "records.jsonl").read_bytes() == journal


def test_no_checkpoint_is_needed(study):
    shutil.rmtree(study.trials)
    assert measure_study(study, trials_of(study), turns=6).latencies


def test_a_running_study_is_left_alone(study):
    trials = trials_of(study)
    with Journal(study.journal), pytest.raises(NasError, match="is running, and its trials would"):
        measure_study(study, trials, turns=6)
    assert recorded(study.folder) == ()


def test_without_a_candidate_there_is_nothing_to_measure(study):
    with pytest.raises(NotFoundError, match="no candidate yet"):
        measure_study(study, [], turns=6)


def test_candidates_of_one_network_share_its_numbers(study, monkeypatch):
    built: list[str] = []

    def timed(subjects, device, **_):
        built.extend(each.name for each in subjects)
        return tuple((float(k),) * 6 for k, _ in enumerate(subjects, start=1))

    monkeypatch.setattr(latency, "time_modules", timed)
    same = replace(TINY, drop_path=0.2)
    other = replace(TINY, classes=7)
    trials = [
        trial(1, label="C#1"),
        trial(2, label="C#2", config=other),
        trial(3, label="C#3", config=same, recipe={"drop_path": 0.2}),
    ]
    found = measure_study(study, trials, turns=6)
    assert built == ["C#1", "C#2"]
    assert {label: each.milliseconds for label, each in found.latencies.items()} == {
        "C#1": 1000.0,
        "C#2": 2000.0,
        "C#3": 1000.0,
    }


def test_threads_and_place_can_be_other_than_those_of_its_trials(study, monkeypatch):
    asked = []

    def timed(subjects, device, **_):
        asked.append((device.torch_device.type, device.threads))
        return tuple((1.0,) * 6 for _ in subjects)

    monkeypatch.setattr(latency, "time_modules", timed)
    monkeypatch.setattr(latency, "device_name", lambda _: "there")
    for choices in ({}, {"threads": 3}, {"gpu": True}):
        measure_study(study, trials_of(study), turns=6, **choices)
    assert asked == [("cpu", 1), ("cpu", 3), ("cuda", 1)]


def test_the_network_is_the_one_that_the_metric_judges():
    trained = trial(1)
    tuned = trial(2, config=replace(TINY, classes=3), parent=trained.id)
    twin = trial(3, label=twin_label("C"), twin=True)
    twin_tuned = trial(4, label=twin_label("C"), twin=True, parent=twin.id)
    every = [trained, tuned, twin, twin_tuned]
    spec = load_spec(str(SMALL))
    assert candidates(spec, every) == {"C": TINY}
    moved = load_spec(
        str(SMALL), ["ranking.metric=transfer", "fine_tune={data: {image_size: 8}, training: {}}"]
    )
    assert candidates(moved, every) == {"C": tuned.config}


@pytest.mark.parametrize("n", [6, 7, 12, 21, 100])
def test_the_interval_holds_at_95_percent_and_is_the_shortest_that_does(n):
    middle, low, high = summary([float(k) for k in range(1, n + 1)])
    assert middle == (n + 1) / 2
    k = int(low)
    assert high == n + 1 - k
    assert 2 * binom.cdf(k - 1, n, 0.5) <= 0.05 < 2 * binom.cdf(k, n, 0.5)


def test_too_few_turns_have_no_interval():
    with pytest.raises(ValueError, match="needs 6 turns"):
        summary([1.0] * (LEAST_TURNS - 1))
