"""What a trial looks like in MLflow, as plain values."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nas.ranking.curves import area_log_loss
from nas.ranking.scope import scope
from nas.study.records import BaselineConfig, TrialStatus
from nas.tables.columns import WORDS
from nas.tables.frames import trials_frame
from nas.tracking import rows
from tests.nas.rankings import ranking
from tests.nas.tracking import story

HISTORY = story.HISTORIES[0]


def values(epoch: int) -> dict[str, float]:
    return {row.key: row.value for row in [*rows.epoch_rows(HISTORY, after=0)][epoch - 1]}


def test_gaps_are_positive_when_the_trial_overfits() -> None:
    measured = HISTORY.epochs[4]
    assert values(5)["gap/loss"] == measured.evaluation_loss - measured.probe_loss > 0
    assert values(5)["gap/accuracy"] == measured.probe_accuracy - measured.evaluation_accuracy >= 0


def test_convergence_is_that_of_the_epochs_so_far() -> None:
    so_far = replace(HISTORY, epochs=HISTORY.epochs[:5])
    assert values(5)["convergence/area_log_loss"] == area_log_loss(so_far)
    assert values(5)["convergence/seconds"] == HISTORY.epochs[4].seconds
    assert values(5)["convergence/flops"] == 6 * HISTORY.trial.macs * HISTORY.epochs[4].samples


def test_a_study_is_tagged_with_its_answer() -> None:
    found = ranking("A ? B ? C", "A > C", notes=("Sizes are comparable.",))
    tags = rows.ranking_tags(found)
    assert tags.pop("mlflow.note.content") == (
        f"**A ? B ? C**\n\nalso: A > C\n\n\n{found.sentence}\n\n\n{scope(found)}\n\n"
        "- Sizes are comparable."
    )
    assert tags == {"nas.order": "A ? B ? C", "nas.sentence": found.sentence}
    long = rows.ranking_tags(replace(found, notes=("x" * 9000,)))
    assert len(long["mlflow.note.content"]) == 6000


def test_only_later_epochs_are_sent() -> None:
    sent = [*rows.epoch_rows(HISTORY, after=12)]
    assert [{row.step for row in epoch} for epoch in sent] == [{13}, {14}, {15}]
    assert not [*rows.epoch_rows(HISTORY, after=15)]


def test_averaged_weights_are_shown_where_the_recipe_keeps_them() -> None:
    assert "eval/ema_accuracy" not in values(1)
    first = replace(HISTORY.epochs[0], ema_evaluation_accuracy=0.25)
    (sent,) = rows.epoch_rows(replace(HISTORY, epochs=(first,)), after=0)
    assert {row.key: row.value for row in sent}["eval/ema_accuracy"] == 0.25


def test_a_long_message_is_cut_before_mlflow_refuses_it() -> None:
    failed = replace(HISTORY, status=TrialStatus.FAILED, message="x" * 9000)
    tags = rows.status_tags(failed)
    assert tags["nas.status"] == "failed"
    assert len(tags["mlflow.note.content"]) == 2000


@pytest.mark.parametrize(
    ("changes", "role"),
    [
        ({}, "trained"),
        ({"twin": True}, "twin"),
        ({"parent": "0001-C-C-C-C-s0"}, "fine-tuned"),
        ({"parent": "0001-C-C-C-C-s0", "twin": True}, "fine-tuned"),
    ],
)
def test_the_role_is_that_of_the_tables(changes: dict[str, Any], role: str, tmp_path: Path) -> None:
    trial = replace(HISTORY.trial, **changes)
    assert rows.trial_tags(trial, story.facts(tmp_path))["nas.role"] == role
    frame = trials_frame([replace(HISTORY, trial=trial)])
    assert frame["role"].tolist() == [role]


def test_a_run_that_0_1_began_keeps_its_own_word_true() -> None:
    stopped = replace(HISTORY, status=TrialStatus.STOPPED)
    assert "nas.outcome" not in rows.status_tags(stopped, there={"nas.label": "C-C"})
    tags = rows.status_tags(stopped, there={"nas.outcome": "interrupted"})
    assert tags["nas.outcome"] == tags["nas.status"] == "stopped"


def test_metrics_are_those_that_are_declared() -> None:
    epoch = replace(HISTORY.epochs[0], ema_evaluation_accuracy=0.25, ema_probe_loss=0.5)
    (sent,) = rows.epoch_rows(replace(HISTORY, epochs=(epoch,)), after=0)
    assert [row.key for row in sent] == list(rows.METRICS)
    assert set(rows.METRICS.values()) <= WORDS.keys()
    found = {row.key: row.value for row in sent}
    assert found["train/loss"] == epoch.train_loss != epoch.probe_loss
    assert found["train/probe_loss"] == epoch.probe_loss
    assert found["eval/loss"] == epoch.evaluation_loss
    assert found["eval/accuracy"] == epoch.evaluation_accuracy


@pytest.mark.parametrize("status", TrialStatus)
def test_every_status_has_one_in_mlflow(status: TrialStatus) -> None:
    assert rows.RUN_STATUS[status] in {"RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"}


def test_what_tells_a_network_of_another_family_from_its_siblings() -> None:
    config = BaselineConfig(
        network="timm/test_vit", options='{"depth": 2}', image_size=8, in_channels=1, classes=3
    )
    trial = replace(HISTORY.trial, label="ViT", layout="ViT", config=config)
    params = rows.trial_params(trial)
    assert (params["layout"], params["network"]) == ("ViT", "timm/test_vit")
    assert (params["options"], params["image_size"]) == ('{"depth": 2}', "8")
    assert params["parameters"] == str(trial.parameters)
    assert params.keys() & rows.trial_params(HISTORY.trial).keys() == {
        "layout", "seed", "parameters", "macs", "image_size", "epochs_planned"
    }  # fmt: skip
