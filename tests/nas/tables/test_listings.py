"""Where studies and trials stand: what paused or was stopped is told from what finished."""

from pathlib import Path

import pytest

from nas.networks.family import Size
from nas.ranking.validity import clopper_pearson
from nas.search.allocation.agreement import Agreement
from nas.search.allocation.rung_report import Rung, RungReport
from nas.space.candidate import Candidate, Rejection
from nas.spec.choices import AllocationKind
from nas.spec.file import load_spec
from nas.study.records import BaselineConfig, TrialStatus
from nas.study.sweep import create_sweep
from nas.tables.frames import trials_frame
from nas.tables.listings import (
    candidates_frame,
    rungs_frame,
    status_frame,
    studies_frame,
    study_status,
    sweep_status,
    trial_counts,
)
from tests.nas.builders import TINY
from tests.nas.conftest import SMALL
from tests.nas.journals import PAUSED, STOPPED, journalled
from tests.nas.synthetic import SyntheticLayout, study

LOST = {0: TrialStatus.PAUSED, 1: TrialStatus.STOPPED, 2: TrialStatus.RUNNING}
HISTORIES = study({"C-C": SyntheticLayout(accuracy=0.9, spread=0.01, lost=LOST)}, seeds=range(5))


@pytest.mark.parametrize(
    ("records", "status", "counted"),
    [(PAUSED, "interrupted", "paused"), (STOPPED, "finished", "stopped")],
)
def test_a_study_is_finished_only_when_no_trial_may_go_on(tmp_path, records, status, counted):
    opened = journalled(tmp_path / "s", records)
    state = opened.state()
    assert state.ended
    assert study_status(opened, state.histories(), ended=state.ended) == status
    (row,) = studies_frame(tmp_path).to_dict("records")
    assert row["status"] == status
    names = ("finished", "paused", "stopped", "diverged", "failed")
    assert {name: row[name] for name in names if row[name]} == {counted: 1}


def test_a_sweep_counts_the_trials_of_its_studies(tmp_path):
    spec = load_spec(str(SMALL), ['sweep={"key": "data.train", "values": [48, 80]}'])
    sweep = create_sweep(spec, folder=tmp_path / "s")
    for member, records in zip(sweep.members, (PAUSED, STOPPED), strict=True):
        journalled(member.folder, records, spec=member.spec)
    (row,) = studies_frame(tmp_path).to_dict("records")
    assert row["status"] == "interrupted"
    assert (row["trials"], row["finished"], row["paused"], row["stopped"]) == (2, 0, 1, 1)


def test_each_status_is_counted_by_itself():
    assert trial_counts(HISTORIES) == {
        "trials": 5,
        "finished": 2,
        "paused": 1,
        "stopped": 1,
        "diverged": 0,
        "failed": 0,
    }


def test_trials_are_listed_with_their_status_and_how_far_they_got():
    statuses = ["paused", "stopped", "running", "finished", "finished"]
    for frame in (status_frame(HISTORIES), trials_frame(HISTORIES)):
        assert frame["status"].tolist() == statuses
        assert frame["epochs"].tolist() == [7, 7, 7, 15, 15]
        assert frame["epochs_planned"].tolist() == [15] * 5
    ends = [history.epochs[-1].probe_loss for history in HISTORIES]
    assert status_frame(HISTORIES)["probe_loss"].tolist() == ends


def test_a_point_that_is_rejected_has_a_layout_and_no_label():
    frame = candidates_frame([Rejection(layout="C-C", point="depth=1", reason="too large")])
    assert frame["layout"].tolist() == ["C-C"]
    assert frame["label"].isna().all()
    assert frame["rejected"].tolist() == ["too large"]


@pytest.mark.parametrize(
    ("begun", "studies", "status"),
    [
        (["finished", "finished"], 2, "finished"),
        (["finished"], 2, "interrupted"),
        (["finished", "interrupted"], 2, "interrupted"),
        (["interrupted", "running"], 3, "running"),
        ([], 2, "interrupted"),
    ],
)
def test_a_sweep_has_finished_when_all_its_studies_have(begun, studies, status):
    assert sweep_status(begun, studies) == status


def test_layouts_baselines_and_rejections_share_the_columns():
    config = BaselineConfig(network="timm/test_vit", image_size=8, in_channels=1, classes=10)
    size = Size(parameters=3, macs=4)
    frame = candidates_frame(
        [
            Candidate(label="C", layout="C", config=TINY, cost=size, nanoseconds=1_500_000),
            Candidate(label="ViT", layout="ViT", config=config, cost=size),
            Rejection(layout="T", point="T depths 9", reason="too large"),
        ]
    )
    sizes = frame[["label", "types", "depths", "widths"]].head(2)
    assert sizes.to_numpy().tolist() == [["C", "C", "1", "4"], ["ViT", "timm/test_vit", "", ""]]
    assert frame["parameters"].tolist()[:2] == [3, 3]
    assert frame["milliseconds"].iloc[0] == 1.5
    assert frame["milliseconds"].isna().tolist() == [False, True, True]
    assert frame["rejected"].iloc[2] == "too large"


def test_a_folder_without_studies_has_no_rows(tmp_path: Path):
    assert studies_frame(tmp_path).empty


def test_a_study_that_cannot_be_read_is_listed_with_its_error(tmp_path: Path):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "study.json").write_text("{")
    (row,) = studies_frame(tmp_path).to_dict("records")
    assert (row["study"], row["status"]) == ("broken", "unreadable")
    assert "study.json" in row["note"]


def test_a_rung_is_a_row_with_its_rates_spread_over_columns():
    rung = Rung(
        epoch=2, reached=9, promoted=3, stopped=5, controls=1, pooled=True,
        agreement=Agreement(tau=0.5, trials=4), false_kills=clopper_pearson(0, 1),
    )  # fmt: skip
    report = RungReport(kind=AllocationKind.HALVING, rungs=(rung,), false_kills=rung.false_kills)
    (row,) = rungs_frame(report).to_dict("records")
    assert (row["epoch"], row["reached"], row["promoted"], row["stopped"]) == (2, 9, 3, 5)
    assert (row["rung_tau"], row["rung_tau_of"]) == (0.5, 4)
    assert row["rung_tau_low"] != row["rung_tau_low"]  # null: four trials have no interval
    assert (row["false_kills"], row["false_kills_of"], row["false_kills_high"]) == (0, 1, 0.975)
