"""The backend against a real MLflow database."""

import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nas.errors import NasError
from nas.ranking.result import LayoutScore, Ranking
from nas.ranking.validity import clopper_pearson
from nas.spec.study import RankingSpec
from nas.study.records import Outcome, Record, StudyEnded
from nas.tracking.snapshots import SnapshotBuilder, StudySnapshot
from tests.nas.tracking import story

pytestmark = pytest.mark.mlflow

PER_EPOCH = {
    "progress/epoch",
    "train/loss",
    "train/gradient_norm",
    "train/learning_rate",
    "train/probe_loss",
    "train/probe_accuracy",
    "eval/loss",
    "eval/accuracy",
    "gap/loss",
    "gap/accuracy",
    "convergence/area_log_loss",
    "convergence/seconds",
    "convergence/samples",
    "convergence/flops",
}


@pytest.fixture
def backend(uri: str, tmp_path: Path) -> Any:
    return open_backend(uri, tmp_path)


def open_backend(uri: str, folder: Path) -> Any:
    from nas.tracking.mlflow_backend import MlflowBackend

    return MlflowBackend(uri, story.facts(folder))


def at(records: list[Record], *, attempts_allowed: int = 3) -> StudySnapshot:
    return SnapshotBuilder(records, attempts_allowed=attempts_allowed).snapshot()


def one_trial(epochs: range, outcome: Outcome | None, **more: Any) -> list[Record]:
    return [story.planned(), *story.segment(epochs, outcome, **more)]


def runs(uri: str) -> list[Any]:
    from mlflow.tracking import MlflowClient

    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("digits")
    return list(client.search_runs([experiment.experiment_id], order_by=["attributes.run_name"]))


def child(uri: str) -> Any:
    (run,) = [run for run in runs(uri) if run.data.tags["nas.kind"] == "trial"]
    return run


def parent(uri: str) -> Any:
    (run,) = [run for run in runs(uri) if run.data.tags["nas.kind"] == "study"]
    return run


def dump(uri: str) -> list[tuple[Any, ...]]:
    """All that is visible of runs, whoever wrote it and in whatever order."""
    tables = ("runs", "metrics", "latest_metrics", "params", "tags")
    with sqlite3.connect(uri.removeprefix("sqlite:///")) as database:
        found = [
            (table, *row) for table in tables for row in database.execute(f"SELECT * FROM {table}")
        ]
    return sorted(found, key=repr)


def test_a_study_is_one_parent_with_a_child_for_each_trial(backend: Any, uri: str) -> None:
    backend.sync(at(story.study(trials=3, epochs=2)))
    first, second, third, study = runs(uri)
    assert study.info.run_name == "digits"
    assert study.data.tags["nas.study_id"] == story.STUDY_ID
    assert [run.info.run_name for run in (first, second, third)] == [
        "0001-C-C-C-C-s0",
        "0002-C-C-C-C-s1",
        "0003-C-C-C-C-s2",
    ]
    for run in (first, second, third):
        assert run.data.tags["mlflow.parentRunId"] == study.info.run_id
    assert second.data.tags["nas.layout"] == second.data.tags["nas.label"] == "C-C-C-C"
    assert second.data.tags["nas.seed"] == "1"
    assert second.data.tags["nas.study"] == "digits"


def test_every_epoch_arrives_with_its_number_as_step(backend: Any, uri: str) -> None:
    from mlflow.tracking import MlflowClient

    backend.sync(at(one_trial(range(1, 16), Outcome.FINISHED)))
    run = child(uri)
    assert set(run.data.metrics) == PER_EPOCH
    for key in PER_EPOCH:
        history = MlflowClient(uri).get_metric_history(run.info.run_id, key)
        assert [row.step for row in history] == list(range(1, 16)), key
    measured = story.epoch(7)
    history = MlflowClient(uri).get_metric_history(run.info.run_id, "gap/loss")
    assert history[6].value == measured.evaluation_loss - measured.probe_loss
    assert history[6].timestamp == round(measured.at * 1000)
    assert run.data.metrics["convergence/flops"] == 6 * story.trial().macs * story.epoch(15).samples


def test_parameters_go_once_to_where_they_differ(backend: Any, uri: str) -> None:
    backend.sync(at(one_trial(range(1, 3), None)))
    assert parent(uri).data.params["training.learning_rate"] == "0.001"
    params = child(uri).data.params
    assert params["layout"] == "C-C-C-C"
    assert params["depths"] == "1-1-1-1"
    assert params["widths"] == "32-32-32-32"
    assert params["parameters"] == str(story.trial().parameters)
    assert "training.learning_rate" not in params


@pytest.mark.parametrize(
    ("outcome", "status", "word"),
    [
        (None, "RUNNING", "running"),
        (Outcome.FINISHED, "FINISHED", "finished"),
        (Outcome.REACHED, "SCHEDULED", "paused"),
        (Outcome.INTERRUPTED, "KILLED", "interrupted"),
        (Outcome.DIVERGED, "FAILED", "diverged"),
        (Outcome.LOST, "SCHEDULED", "planned"),
        (Outcome.FAILED, "SCHEDULED", "planned"),
    ],
)
def test_status_says_how_a_trial_stands(
    backend: Any, uri: str, outcome: Outcome | None, status: str, word: str
) -> None:
    backend.sync(at(one_trial(range(1, 3), outcome)))
    assert child(uri).info.status == status
    assert child(uri).data.tags["nas.status"] == word


def test_a_trial_that_failed_for_good_says_why(backend: Any, uri: str) -> None:
    records = one_trial(range(0), Outcome.FAILED, message="RuntimeError: no")
    backend.sync(at(records, attempts_allowed=1))
    assert child(uri).info.status == "FAILED"
    assert child(uri).data.tags["nas.status"] == "failed"
    assert child(uri).data.tags["mlflow.note.content"] == "RuntimeError: no"
    assert child(uri).info.end_time == round(records[-1].at * 1000)


def test_a_planned_trial_has_no_run_yet(backend: Any, uri: str) -> None:
    backend.sync(at([story.planned()]))
    assert [run.data.tags["nas.kind"] for run in runs(uri)] == ["study"]


def test_an_interrupted_trial_goes_on_in_the_same_run(
    backend: Any, uri: str, tmp_path: Path
) -> None:
    records = one_trial(range(1, 6), Outcome.INTERRUPTED)
    backend.finish(at(records), ranking=None)
    before = child(uri)
    assert (before.info.status, parent(uri).info.status) == ("KILLED", "KILLED")
    records += [*story.segment(range(6, 9), None, attempt=2)]
    resumed = open_backend(uri, tmp_path)
    resumed.sync(at(records))
    assert child(uri).info.run_id == before.info.run_id
    assert (child(uri).info.status, parent(uri).info.status) == ("RUNNING", "RUNNING")
    assert child(uri).data.metrics["progress/epoch"] == 8


def test_a_paused_trial_goes_on_in_the_same_run(backend: Any, uri: str, tmp_path: Path) -> None:
    records = one_trial(range(1, 6), Outcome.REACHED, until=5)
    backend.finish(at(records), ranking=None)
    paused = child(uri)
    assert (paused.info.status, paused.info.end_time) == ("SCHEDULED", None)
    assert paused.data.tags["nas.status"] == "paused"
    *onwards, end = story.segment(range(6, 16), Outcome.FINISHED, attempt=2)
    resumed = open_backend(uri, tmp_path)
    resumed.sync(at([*records, *onwards]))
    running = child(uri)
    assert running.info.run_id == paused.info.run_id
    assert (running.info.status, running.info.end_time) == ("RUNNING", None)
    assert running.data.tags["nas.status"] == "running"
    resumed.sync(at([*records, *onwards, end]))
    finished = child(uri)
    assert finished.info.run_id == paused.info.run_id
    assert (finished.info.status, finished.info.end_time) == ("FINISHED", round(end.at * 1000))
    assert finished.data.tags["nas.status"] == "finished"
    steps = resumed._client.get_metric_history(finished.info.run_id, "eval/loss")
    assert [row.step for row in steps] == list(range(1, 16))


def test_a_stopped_trial_is_never_shown_as_finished(backend: Any, uri: str, tmp_path: Path) -> None:
    decision = story.stopped(after=5, reason="last of 4 at epoch 5")
    records = [
        *one_trial(range(1, 6), Outcome.REACHED, until=5),
        decision,
        story.planned(2),
        *story.segment(range(1, 16), Outcome.FINISHED, of=2),
    ]
    seen = set()
    for count in range(1, len(records) + 1):
        backend.sync(at(records[:count]))
        seen |= {run.info.status for run in runs(uri) if run.info.run_name == story.trial().id}
    assert seen == {"RUNNING", "SCHEDULED", "KILLED"}
    for each in (backend, open_backend(uri, tmp_path)):
        each.finish(at([*records, StudyEnded(at=story.START + 9e4)]), ranking=ranking())
        stopped, finished, study = runs(uri)
        assert [run.info.status for run in (finished, study)] == ["FINISHED", "FINISHED"]
        assert stopped.info.status == "KILLED"
        assert stopped.info.end_time == round(decision.at * 1000)
        assert stopped.data.tags["nas.status"] == "stopped"
        assert stopped.data.tags["mlflow.note.content"] == "last of 4 at epoch 5"
        assert stopped.data.metrics["progress/epoch"] == 5


def test_a_run_of_an_earlier_version_keeps_its_tags(backend: Any, uri: str, tmp_path: Path) -> None:
    backend.sync(at(one_trial(range(1, 3), Outcome.INTERRUPTED)))
    run_id = child(uri).info.run_id
    backend._client.delete_tag(run_id, "nas.role")
    backend._client.set_tag(run_id, "nas.phase", "training")
    records = one_trial(range(1, 3), Outcome.INTERRUPTED)
    records += [*story.segment(range(3, 16), Outcome.FINISHED, attempt=2)]
    open_backend(uri, tmp_path).sync(at(records))
    assert (child(uri).info.run_id, child(uri).info.status) == (run_id, "FINISHED")
    assert child(uri).data.tags["nas.phase"] == "training"
    assert "nas.role" not in child(uri).data.tags


def test_syncing_again_changes_nothing(backend: Any, uri: str, tmp_path: Path) -> None:
    records = story.study(trials=2, epochs=3)
    backend.sync(at(records))
    once = dump(uri)
    backend.sync(at(records))
    open_backend(uri, tmp_path).sync(at(records))
    assert dump(uri) == once
    assert len(once) > 2 * 3 * len(PER_EPOCH)


def test_growing_step_by_step_ends_as_all_at_once(
    backend: Any, uri: str, tmp_path: Path, template: Path
) -> None:
    records = story.study(trials=2, epochs=4)
    for count in range(1, len(records) + 1):
        backend.sync(at(records[:count]))
    whole = tmp_path / "whole.db"
    whole.write_bytes(template.read_bytes())
    other = f"sqlite:///{whole}"
    open_backend(other, tmp_path).sync(at(records))

    def plain(uri: str) -> Any:
        found = []
        for run in runs(uri):
            run.data.tags.pop("mlflow.parentRunId", None)
            info = run.info
            when = (info.start_time, info.end_time)
            data = (run.data.params, run.data.metrics, run.data.tags)
            found.append((info.run_name, info.status, when, data))
        return found

    assert plain(uri) == plain(other)


def test_rows_sent_twice_are_one_row(
    backend: Any, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MLflow's own second line of defence: what we rely on must be true of its database."""
    records = one_trial(range(1, 6), Outcome.FINISHED)
    backend.sync(at(records))
    once = dump(uri)
    run = backend._runs[story.trial().id]
    run.epochs, run.synced = 0, None
    sent: list[int] = []
    log_batch = backend._client.log_batch
    monkeypatch.setattr(
        backend._client,
        "log_batch",
        lambda run_id, **what: (sent.append(len(what["metrics"])), log_batch(run_id, **what)),
    )
    backend.sync(at(records))
    assert 5 * len(PER_EPOCH) in sent
    assert dump(uri) == once


def test_a_resumed_study_sends_only_what_mlflow_lacks(
    backend: Any, uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = one_trial(range(1, 6), Outcome.INTERRUPTED)
    backend.sync(at(records))
    records += [*story.segment(range(6, 8), None, attempt=2)]
    resumed = open_backend(uri, tmp_path)
    steps: list[int] = []
    log_batch = resumed._client.log_batch
    monkeypatch.setattr(
        resumed._client,
        "log_batch",
        lambda run_id, **what: (
            steps.extend(metric.step for metric in what["metrics"]),
            log_batch(run_id, **what),
        ),
    )
    resumed.sync(at(records))
    assert sorted(steps) == [6] * len(PER_EPOCH) + [7] * len(PER_EPOCH)
    assert resumed.epochs_taken == 7


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("method", ["create_run", "log_batch", "set_terminated", "update_run"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_kill_at_any_call_leaves_no_double(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, moment: str
) -> None:
    records = [
        *one_trial(range(1, 4), Outcome.INTERRUPTED),
        *story.segment(range(4, 6), None, attempt=2),
        story.planned(2),
        *story.segment(range(1, 4), Outcome.FINISHED, of=2),
    ]
    steps = (4, 6, len(records))
    for call in range(1, 6):
        backend = open_backend(uri, tmp_path)
        _kill_at(backend._client, method, call, moment, monkeypatch)
        for count in steps:
            try:
                backend.sync(at(records[:count]))
            except Killed:
                backend = open_backend(uri, tmp_path)
    backend = open_backend(uri, tmp_path)
    backend.sync(at(records))
    found = runs(uri)
    assert [run.info.run_name for run in found] == [story.trial(1).id, story.trial(2).id, "digits"]
    assert [run.info.status for run in found] == ["RUNNING", "FINISHED", "RUNNING"]
    with sqlite3.connect(uri.removeprefix("sqlite:///")) as database:
        (rows,) = database.execute("SELECT count(*) FROM metrics").fetchone()
        (once,) = database.execute(
            "SELECT count(*) FROM (SELECT DISTINCT key, step, run_uuid FROM metrics)"
        ).fetchone()
    assert rows == once == (5 + 3) * len(PER_EPOCH)


def _kill_at(
    client: Any, method: str, call: int, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = getattr(client, method), 0

    def killing(*args: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call and moment == "before":
            raise Killed
        result = real(*args, **named)
        if calls == call:
            raise Killed
        return result

    monkeypatch.setattr(client, method, killing)


def test_a_run_that_a_slow_server_made_twice_is_removed(
    backend: Any, uri: str, tmp_path: Path
) -> None:
    snapshot = at(one_trial(range(1, 4), Outcome.FINISHED))
    backend.sync(snapshot)
    whole = child(uri)
    backend._client.create_run("1", tags=dict(whole.data.tags), run_name=whole.info.run_name)
    backend._client.create_run("1", tags=dict(parent_tags(uri)), run_name="digits")
    backend.finish(snapshot, ranking=None)
    assert child(uri).data.metrics["progress/epoch"] == 3
    assert child(uri).data.tags["mlflow.parentRunId"] == parent(uri).info.run_id


@pytest.mark.parametrize("fuller_begins_at", [1, 3])
def test_of_two_runs_of_a_trial_the_one_with_more_epochs_is_kept(
    backend: Any, uri: str, fuller_begins_at: int
) -> None:
    """MLflow lists the run that began last first, so either order must be tried."""
    backend.sync(at(one_trial(range(1, 4), None)))
    fuller = child(uri).info
    tags = dict(child(uri).data.tags)
    other = backend._client.create_run(fuller.experiment_id, tags=tags, run_name=fuller.run_name)
    backend._client.log_metric(other.info.run_id, "progress/epoch", 1, step=1)
    began(uri, {fuller.run_id: fuller_begins_at, other.info.run_id: 2})
    backend.finish(at(one_trial(range(1, 6), Outcome.FINISHED)), ranking=None)
    assert child(uri).info.run_id == fuller.run_id
    history = backend._client.get_metric_history(fuller.run_id, "eval/loss")
    assert [row.step for row in history] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("first_begins_at", [1, 3])
def test_of_two_equal_runs_of_a_trial_every_process_keeps_the_same(
    backend: Any, uri: str, first_begins_at: int
) -> None:
    snapshot = at(one_trial(range(0), None))
    backend.sync(snapshot)
    one = child(uri).info
    tags = dict(child(uri).data.tags)
    other = backend._client.create_run(one.experiment_id, tags=tags, run_name=one.run_name).info
    first, last = sorted((one.run_id, other.run_id))
    began(uri, {first: first_begins_at, last: 2})
    backend.finish(snapshot, ranking=None)
    assert child(uri).info.run_id == first


def began(uri: str, times: dict[str, int]) -> None:
    with sqlite3.connect(uri.removeprefix("sqlite:///")) as database:
        database.executemany(
            "UPDATE runs SET start_time = ? WHERE run_uuid = ?",
            [(at, run_id) for run_id, at in times.items()],
        )


def parent_tags(uri: str) -> dict[str, str]:
    return dict(parent(uri).data.tags)


def test_a_run_the_user_deleted_comes_back_whole(backend: Any, uri: str, tmp_path: Path) -> None:
    snapshot = at(one_trial(range(1, 4), Outcome.FINISHED))
    backend.sync(snapshot)
    backend._client.delete_run(parent(uri).info.run_id)
    open_backend(uri, tmp_path).sync(snapshot)
    assert child(uri).data.tags["mlflow.parentRunId"] == parent(uri).info.run_id


def test_a_deleted_experiment_is_named(backend: Any, uri: str, tmp_path: Path) -> None:
    backend.sync(at([]))
    backend._client.delete_experiment(backend.experiment_id)
    with pytest.raises(NasError, match=r"'digits' was deleted: restore it, or set tracking\.exp"):
        open_backend(uri, tmp_path).sync(at([]))


def test_a_study_has_its_saved_charts_in_the_menu_once(
    backend: Any, uri: str, tmp_path: Path
) -> None:
    backend.sync(at(story.study(trials=1, epochs=1)))
    key = f"mlflow.sharedViewState.nas-layouts-{story.STUDY_ID}"
    tags = backend._client.get_experiment(backend.experiment_id).tags
    assert json.loads(tags[key])["name"] == "digits: layouts"
    assert tags["mlflow.experimentKind"] == "custom_model_development"
    backend._client.set_experiment_tag(backend.experiment_id, key, "edited by the user")
    open_backend(uri, tmp_path).sync(at(story.study(trials=1, epochs=1)))
    assert backend._client.get_experiment(backend.experiment_id).tags[key] == "edited by the user"


def test_a_trial_longer_than_a_batch_arrives_whole(
    backend: Any, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nas.tracking import mlflow_backend

    monkeypatch.setattr(mlflow_backend, "_ROWS_PER_BATCH", 200 + 3 * len(PER_EPOCH))
    backend.sync(at(one_trial(range(1, 15), Outcome.FINISHED)))
    history = backend._client.get_metric_history(child(uri).info.run_id, "eval/loss")
    assert [row.step for row in history] == list(range(1, 15))


def test_long_trials_are_sent_in_batches_of_whole_epochs(mlflow_quiet: None) -> None:
    from nas.tracking import mlflow_backend, rows

    epochs = [[rows.Row(key=str(k), value=0, timestamp=0, step=1)] * 15 for k in range(150)]
    batches = mlflow_backend._in_batches(epochs)
    assert sum(len(batch) for batch in batches) == 150 * 15
    assert max(len(batch) for batch in batches) <= 800
    assert all(len(batch) % 15 == 0 for batch in batches)


def test_the_end_brings_the_ranking_and_the_report(backend: Any, uri: str, tmp_path: Path) -> None:
    from mlflow.tracking import MlflowClient

    records = story.study(trials=2, epochs=3)
    report = tmp_path / "report.html"
    report.write_text("<html>")
    for _ in range(2):
        backend.finish(at(records), ranking=ranking(), artifacts=[report])
    study = parent(uri)
    assert isinstance(records[-1], StudyEnded)
    assert (study.info.status, study.info.end_time) == ("FINISHED", round(records[-1].at * 1000))
    assert study.data.tags["nas.order"] == "C-C-C-C ≈ C-C-C-T#2"
    assert study.data.tags["mlflow.note.content"].startswith("**C-C-C-C ≈ C-C-C-T#2**")
    assert study.data.metrics == {
        "ranking/generalization/C-C-C-C": 0.99,
        "ranking/generalization/C-C-C-T:2": 0.98,
    }
    (artifact,) = MlflowClient(uri).list_artifacts(study.info.run_id)
    assert artifact.path == "report.html"
    assert (tmp_path / "mlflow-artifacts").is_dir()


def test_what_is_preliminary_says_so(backend: Any, uri: str) -> None:
    order = replace(ranking(), preliminary="1 seed of 6", sentence="So far, A leads.")
    backend.finish(at(story.study(trials=2, epochs=3)), ranking=order, artifacts=[])
    tags = parent(uri).data.tags
    assert tags["nas.order"] == "preliminary: C-C-C-C ≈ C-C-C-T#2"
    assert tags["nas.sentence"] == "So far, A leads."
    assert tags["mlflow.note.content"] == (
        "**preliminary: C-C-C-C ≈ C-C-C-T#2**\n\nSo far, A leads.\n\n- 1 seed of 6\n"
        "- Read at a probe loss of 0.1 nats."
    )


def ranking() -> Ranking:
    def score(layout: str, value: float) -> LayoutScore:
        return LayoutScore(
            label=layout,
            layout=layout,
            score=value,
            low=None,
            high=None,
            seeds=1,
            parameters=1,
            macs=1,
            diverged=clopper_pearson(0, 1),
            collapsed=clopper_pearson(0, 1),
            failed=0,
            evaluation_accuracy=value,
            probe_loss=0.1,
            loss_gap=0.0,
            accuracy_gap=0.0,
            area_log_loss=0.0,
        )

    return Ranking(
        spec=RankingSpec(),
        order="C-C-C-C ≈ C-C-C-T#2",
        equal_loss=0.1,
        layouts=(score("C-C-C-C", 0.99), score("C-C-C-T#2", 0.98)),
        relations=(),
        notes=("Read at a probe loss of 0.1 nats.",),
        evaluation_images=599,
    )
