"""A study runs whole, goes on after any stop, and sends MLflow what it lacks."""

import shutil
import socket
import sqlite3
import time

import pytest

from nas.driver.display import Silent
from nas.driver.study import _fold, begin_study, resume_study, sync_study
from nas.errors import DataError, JournalError, SpecError
from nas.execution.inline import InlineExecutor
from nas.reading.study import rank_study
from nas.spec.file import load_spec
from nas.study.correct import correct_images
from nas.study.folded import KEPT, kept
from nas.study.folder import open_study
from nas.study.journal import FILE, Journal
from nas.study.records import (
    EpochMeasured,
    StudyEnded,
    TrialStatus,
)
from tests.nas.conftest import SMALL
from tests.nas.driver.test_conductor import make_conductor, next_of
from tests.nas.journals import read_journal
from tests.nas.search.test_search import grid


class Pulling(Silent):
    """A display that pulls the plug where a test says so."""

    def __init__(self, pull) -> None:
        self.observe = pull


@pytest.mark.slow
def test_a_whole_study_leaves_what_it_promises(finished):
    study = open_study(finished)
    histories = study.histories()
    assert [(h.trial.id, h.status) for h in histories] == [
        (f"000{n}-{layout}-s{seed}", TrialStatus.FINISHED)
        for n, (seed, layout) in enumerate(
            [(0, "C-C"), (0, "C-T"), (1, "C-C"), (1, "C-T")], start=1
        )
    ]
    assert isinstance(read_journal(study.journal)[-1], StudyEnded)
    left = {str(path.relative_to(finished)) for path in finished.rglob("*") if path.is_file()}
    assert {
        "report.html",
        "tables/trials.parquet",
        "tables/epochs.parquet",
        "tables/ranking.parquet",
        "export/winner/model.safetensors",
        "export/winner/config.json",
        "export/winner/README.md",
    } <= left
    assert not any(path.endswith((".pkl", ".pt", ".pickle")) for path in left)
    assert not (finished / "scratch").exists()


class Stop(BaseException):
    """What a test pulls the plug with."""


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 4, 9])
def test_resume_after_any_epoch_gives_the_same_records(finished, tmp_path, after):
    def pull(record, state):
        if sum(len(h.epochs) for h in state.histories()) >= after:
            raise Stop

    folder = tmp_path / "s"
    with pytest.raises(Stop):
        begin_study(
            load_spec(str(SMALL)), folder=folder, executor=InlineExecutor(), display=Pulling(pull)
        )
    study = open_study(folder)
    assert any(h.status is not TrialStatus.FINISHED for h in study.histories())
    conclusion = resume_study(study, executor=InlineExecutor(), display=Silent())
    calm = open_study(finished)
    assert conclusion.ranking == rank_study(calm, calm.histories())
    for ours, theirs in zip(study.histories(), calm.histories(), strict=True):
        assert [comparable(e) for e in ours.epochs] == [comparable(e) for e in theirs.epochs]


def comparable(epoch: EpochMeasured) -> tuple[float, ...]:
    return (epoch.epoch, epoch.train_loss, epoch.probe_loss, epoch.evaluation_accuracy)


@pytest.mark.slow
def test_resuming_a_finished_study_adds_no_record(finished, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder)
    before = (folder / "journal" / FILE).read_bytes()
    (folder / "report.html").unlink()
    conclusion = resume_study(open_study(folder), executor=InlineExecutor(), display=Silent())
    assert (folder / "journal" / FILE).read_bytes() == before
    assert conclusion.report.is_file()


@pytest.mark.slow
def test_a_long_journal_gets_its_folded_view_and_a_short_one_none(finished, tmp_path, monkeypatch):
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder)
    study = open_study(folder)
    resume_study(study, executor=InlineExecutor(), display=Silent())
    assert not (study.tables / KEPT).exists()
    monkeypatch.setattr("nas.driver.study.FROM", 1)
    resume_study(study, executor=InlineExecutor(), display=Silent())
    found = kept(study.tables, study.journal)
    assert found is not None
    assert found.state().histories() == study.histories()


def test_two_drivers_never_write_one_journal(finished, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder)
    study = open_study(folder)
    with Journal(study.journal), pytest.raises(JournalError, match="another driver"):
        resume_study(study, executor=InlineExecutor(), display=Silent())


@pytest.mark.slow
def test_changed_images_are_noticed(finished, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder)
    text = (folder / "study.json").read_text()
    (folder / "study.json").write_text(text.replace('"split_seed": 0', '"split_seed": 1'))
    with pytest.raises(DataError, match="have changed"):
        resume_study(open_study(folder), executor=InlineExecutor(), display=Silent())


@pytest.mark.mlflow
@pytest.mark.slow
def test_sync_sends_a_finished_study_to_a_new_database_once(finished, tmp_path):
    from mlflow import MlflowClient

    folder = tmp_path / "copy"
    shutil.copytree(finished, folder)
    for name in ("study.json", "spec.json"):
        text = (folder / name).read_text()
        (folder / name).write_text(text.replace('"uri": "off"', '"uri": null'))
    study = open_study(folder)
    for _ in range(2):
        conclusion = sync_study(study)
        assert conclusion.warning == ""
        assert conclusion.experiment_id is not None
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    runs = client.search_runs([conclusion.experiment_id])
    assert len(runs) == 1 + 4
    for run in runs:
        if "nas.trial_id" in run.data.tags:
            steps = [m.step for m in client.get_metric_history(run.info.run_id, "eval/accuracy")]
            assert steps == [1, 2, 3]


def test_a_deleted_experiment_is_refused_before_anything_is_made(tmp_path):
    with sqlite3.connect(tmp_path / "ml.db") as database:
        database.execute("CREATE TABLE experiments (name, lifecycle_stage)")
        database.execute("INSERT INTO experiments VALUES ('small', 'deleted')")
    spec = load_spec(str(SMALL), (f"tracking.uri=sqlite:///{tmp_path / 'ml.db'}",))
    with pytest.raises(SpecError, match=r"'small' .* was deleted: restore it"):
        begin_study(spec, folder=tmp_path / "s", executor=InlineExecutor(), display=Silent())
    assert not (tmp_path / "s").exists()


@pytest.mark.slow
def test_what_a_lost_driver_ran_is_interrupted_in_the_views_too(finished, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder)
    study = open_study(folder)
    with Journal(study.journal) as journal:
        conductor = make_conductor(journal, grid("X", seeds=1))
        started = next_of(conductor)
    with Journal(study.journal) as journal:
        history = _fold(study, journal).history(started.trial.id)
        assert history.status is TrialStatus.INTERRUPTED
    assert open_study(folder).state().history(started.trial.id) == history


def test_sync_of_an_untracked_study_is_refused(finished):
    with pytest.raises(SpecError, match=r"tracking\.uri"):
        sync_study(open_study(finished))


TRANSFER = (
    (
        "fine_tune={data: {image_size: 24, train: 60, evaluation: 50},"
        " training: {epochs: 2, batch_size: 16}}"
    ),
    "ranking={metric: transfer, size_tolerance: null}",
    "search.placebo=C-T",
)


@pytest.mark.slow
def test_a_transfer_study_fine_tunes_every_trial_and_exports_what_was_fine_tuned(tmp_path):
    folder = tmp_path / "s"
    conclusion = begin_study(
        load_spec(str(SMALL), TRANSFER), folder=folder, executor=InlineExecutor(), display=Silent()
    )
    study = open_study(folder)
    histories = {history.trial.id: history for history in study.histories()}
    tuned = [history for history in histories.values() if history.trial.parent is not None]
    assert len(tuned) == 6  # two layouts and a twin, two seeds each
    assert len(histories) == 12
    for history in tuned:
        parent = histories[history.trial.parent].trial
        assert (history.trial.label, history.trial.seed) == (parent.label, parent.seed)
        assert (len(history.epochs), history.trial.config.image_size) == (2, 24)
        assert history.epochs[-1].ema_evaluation_accuracy is not None
    for history in histories.values():  # trained, twins and fine-tuned
        images = 60 if history.trial.parent is None else 50
        for epoch in history.epochs:
            assert correct_images(epoch, images=images) is not None
            averaged = correct_images(epoch, images=images, averaged=True)
            assert (averaged is None) is (history.trial.parent is None)
    assert study.fine_tuning_data is not None
    assert study.fine_tuning_data.evaluation_images == 50
    assert conclusion.ranking.placebo is not None
    scores = {
        history.trial.label: history.epochs[-1].ema_evaluation_accuracy
        for history in tuned
        if history.trial.seed == 0
    }
    assert scores.keys() == {"C-C", "C-T", "C-T~twin"}
    assert conclusion.exported is not None
    assert histories[conclusion.exported.trial_id].trial.parent is not None


@pytest.mark.slow
def test_a_transfer_study_goes_on_in_the_middle_of_a_fine_tuning(tmp_path):
    whole, halves = tmp_path / "whole", tmp_path / "halves"

    def pull(record, state):
        if isinstance(record, EpochMeasured) and record.trial_id.endswith("-fine"):
            raise Stop

    spec = load_spec(str(SMALL), (*TRANSFER[:2], "search.seeds=1"))
    begin_study(spec, folder=whole, executor=InlineExecutor(), display=Silent())
    with pytest.raises(Stop):
        begin_study(spec, folder=halves, executor=InlineExecutor(), display=Pulling(pull))
    resume_study(open_study(halves), executor=InlineExecutor(), display=Silent())
    one, two = (open_study(folder).histories() for folder in (whole, halves))
    assert [h.trial.id for h in one] == [h.trial.id for h in two]
    for ours, theirs in zip(one, two, strict=True):
        assert [comparable(e) for e in ours.epochs] == [comparable(e) for e in theirs.epochs]


@pytest.mark.slow
@pytest.mark.parametrize(("margin", "seeds"), [(0.1, {3, 4}), (0.02, {2})])
def test_seeds_are_added_where_they_can_settle_and_only_there(tmp_path, margin, seeds):
    ranking = f"ranking={{metric: accuracy, margin: {margin}, large_margin: 0.5}}"
    spec = load_spec(str(SMALL), ("search.max_seeds=4", ranking))
    conclusion = begin_study(
        spec, folder=tmp_path / "s", executor=InlineExecutor(), display=Silent()
    )
    assert conclusion.ranking.looks == (2, 4)
    # 60 images: the difference has an sd of about 5 points, and no four seeds settle one of 2
    assert {layout.seeds for layout in conclusion.ranking.layouts} <= seeds
    assert len({layout.seeds for layout in conclusion.ranking.layouts}) == 1
    records = read_journal(open_study(tmp_path / "s").journal)
    assert sum(isinstance(record, StudyEnded) for record in records) == 1


@pytest.mark.mlflow
@pytest.mark.slow
def test_after_ctrl_c_nobody_waits_long_for_a_server_that_is_down(tmp_path):
    """MLflow would be waited for a minute when all else is done; at a prompt for five seconds."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    spec = load_spec(str(SMALL), (f"tracking.uri=http://127.0.0.1:{port}",))
    pressed = []

    def press(record, state):
        if isinstance(record, EpochMeasured) and not pressed:
            pressed.append(time.monotonic())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        begin_study(spec, folder=tmp_path / "s", executor=InlineExecutor(), display=Pulling(press))
    assert 3 < time.monotonic() - pressed[0] < 30
    (first, *_) = open_study(tmp_path / "s").histories()
    assert first.status is TrialStatus.INTERRUPTED
