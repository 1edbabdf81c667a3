"""Listings: where a study or a sweep stands, and why a point of a space is rejected."""

from pathlib import Path

import pytest

from nas.networks.family import Size
from nas.space.candidate import Candidate, Rejection
from nas.study.records import BaselineConfig
from nas.tables.listings import candidates_frame, status_frame, studies_frame, sweep_status
from tests.nas.builders import TINY
from tests.nas.synthetic import DIGITS, study


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


def test_a_trial_is_a_row_with_its_newest_epoch():
    histories = study(DIGITS, seeds=(0, 1))
    frame = status_frame(histories)
    assert frame["trial"].tolist() == [history.trial.id for history in histories]
    assert frame["epoch"].tolist() == [len(history.epochs) for history in histories]
    newest = [history.epochs[-1].evaluation_accuracy for history in histories]
    assert frame["evaluation_accuracy"].tolist() == newest
    assert status_frame(()).columns.tolist() == frame.columns.tolist()


def test_a_point_that_is_rejected_says_why():
    frame = candidates_frame(
        [Rejection(layout="C-T", point="C-T depths 1-5", reason="too small", mismatch=0.5)]
    )
    (row,) = frame.to_dict("records")
    assert (row["candidate"], row["point"], row["rejected"]) == (
        "C-T",
        "C-T depths 1-5",
        "too small",
    )


def test_layouts_baselines_and_rejections_share_the_columns():
    config = BaselineConfig(network="timm/test_vit", image_size=8, in_channels=1, classes=10)
    size = Size(parameters=3, macs=4)
    frame = candidates_frame(
        [
            Candidate(label="C", layout="C", config=TINY, cost=size),
            Candidate(label="ViT", layout="ViT", config=config, cost=size),
            Rejection(layout="T", point="T depths 9", reason="too large"),
        ]
    )
    sizes = frame[["candidate", "types", "depths", "widths"]].head(2)
    assert sizes.to_numpy().tolist() == [["C", "C", "1", "4"], ["ViT", "timm/test_vit", "", ""]]
    assert frame["parameters"].tolist()[:2] == [3, 3]
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
