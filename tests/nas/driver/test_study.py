"""The driver journals, then tells, drops what dead attempts send, and goes on after any stop."""

import shutil
from functools import partial

import pytest

from nas.driver.conclusion import rank_study
from nas.driver.study import Driver, _fold, begin_study, resume_study, sync_study
from nas.errors import DataError, JournalError, SpecError
from nas.execution.choose import open_executors
from nas.search.search import Search
from nas.spec.file import load_spec
from nas.study.folder import open_study
from nas.study.journal import FILE, Journal, read_journal
from nas.study.records import (
    EpochMeasured,
    Outcome,
    Pause,
    Segment,
    SegmentEnded,
    StudyEnded,
    TrialStatus,
)
from nas.study.state import StudyState
from tests.nas.builders import measured
from tests.nas.conftest import SMALL, nobody
from tests.nas.search.test_search import grid

INLINE = partial(open_executors, inline=True)


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path) as journal:
        yield journal


def make_driver(journal: Journal, search: Search, heard: list | None = None) -> Driver:
    watch = [] if heard is None else [lambda record, _: heard.append(record)]
    state = StudyState(journal.records, attempts_allowed=2)
    return Driver(journal, state, search, observers=watch)


def next_of(driver: Driver) -> Segment:
    segment = driver.next_segment()
    assert isinstance(segment, Segment)
    return segment


def ended(segment: Segment, outcome: Outcome = Outcome.FINISHED) -> SegmentEnded:
    return SegmentEnded(at=1.0, trial_id=segment.trial.id, attempt=segment.attempt, outcome=outcome)


def kinds(records) -> list[str]:
    return [record.kind for record in records]


def test_every_record_is_journaled_and_told_once(journal, tmp_path):
    heard = []
    driver = make_driver(journal, grid("A", seeds=1), heard)
    segment = next_of(driver)
    driver.observe(measured(segment.trial.id, 1))
    driver.observe(ended(segment))
    assert driver.next_segment() is Pause.DONE
    assert driver.next_segment() is Pause.DONE
    assert kinds(heard) == ["planned", "started", "epoch", "ended", "study-ended"]
    assert read_journal(tmp_path) == heard


def test_what_a_dead_attempt_still_sends_is_dropped(journal, tmp_path):
    driver = make_driver(journal, grid("A", seeds=1))
    first = next_of(driver)
    driver.observe(measured(first.trial.id, 1))
    driver.observe(ended(first, Outcome.LOST))
    driver.observe(measured(first.trial.id, 2))
    driver.observe(ended(first, Outcome.LOST))
    second = next_of(driver)
    assert (second.attempt, second.acknowledged) == (2, 1)
    driver.observe(measured(first.trial.id, 2))
    driver.observe(ended(first))
    driver.observe(measured(first.trial.id, 2, attempt=2))
    driver.observe(measured(first.trial.id, 2, attempt=2))
    epochs = [r for r in read_journal(tmp_path) if isinstance(r, EpochMeasured)]
    assert [(e.epoch, e.attempt) for e in epochs] == [(1, 1), (2, 2)]


def test_a_lost_segment_ends_at_the_epoch_the_journal_has(journal, tmp_path):
    driver = make_driver(journal, grid("A", seeds=1))
    segment = next_of(driver)
    driver.observe(measured(segment.trial.id, 1))
    driver.observe(ended(segment, Outcome.LOST))
    assert read_journal(tmp_path)[-1].epoch == 1


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

    from contextlib import contextmanager

    @contextmanager
    def pulling(*_):
        yield (pull,)

    folder = tmp_path / "s"
    with pytest.raises(Stop):
        begin_study(load_spec(str(SMALL)), folder=folder, executors=INLINE, observers=pulling)
    study = open_study(folder)
    assert any(h.status is not TrialStatus.FINISHED for h in study.histories())
    conclusion = resume_study(study, executors=INLINE, observers=nobody)
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
    conclusion = resume_study(open_study(folder), executors=INLINE, observers=nobody)
    assert (folder / "journal" / FILE).read_bytes() == before
    assert conclusion.report.is_file()


@pytest.mark.slow
def test_two_drivers_never_write_one_journal(finished, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder)
    study = open_study(folder)
    with Journal(study.journal), pytest.raises(JournalError, match="another driver"):
        resume_study(study, executors=INLINE, observers=nobody)


@pytest.mark.slow
def test_changed_images_are_noticed(finished, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder)
    text = (folder / "study.json").read_text()
    (folder / "study.json").write_text(text.replace('"split_seed": 0', '"split_seed": 1'))
    with pytest.raises(DataError, match="have changed"):
        resume_study(open_study(folder), executors=INLINE, observers=nobody)


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


@pytest.mark.slow
def test_what_a_lost_driver_ran_is_interrupted_in_the_views_too(finished, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder)
    study = open_study(folder)
    with Journal(study.journal) as journal:
        driver = make_driver(journal, grid("X", seeds=1))
        started = next_of(driver)
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
        load_spec(str(SMALL), TRANSFER), folder=folder, executors=INLINE, observers=nobody
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

    from contextlib import contextmanager

    @contextmanager
    def pulling(*_):
        yield (pull,)

    spec = load_spec(str(SMALL), (*TRANSFER[:2], "search.seeds=1"))
    begin_study(spec, folder=whole, executors=INLINE, observers=nobody)
    with pytest.raises(Stop):
        begin_study(spec, folder=halves, executors=INLINE, observers=pulling)
    resume_study(open_study(halves), executors=INLINE, observers=nobody)
    one, two = (open_study(folder).histories() for folder in (whole, halves))
    assert [h.trial.id for h in one] == [h.trial.id for h in two]
    for ours, theirs in zip(one, two, strict=True):
        assert [comparable(e) for e in ours.epochs] == [comparable(e) for e in theirs.epochs]


@pytest.mark.slow
@pytest.mark.parametrize(("margin", "seeds"), [(0.1, {3, 4}), (0.02, {2})])
def test_seeds_are_added_where_they_can_settle_and_only_there(tmp_path, margin, seeds):
    ranking = f"ranking={{metric: accuracy, margin: {margin}, large_margin: 0.5}}"
    spec = load_spec(str(SMALL), ("search.max_seeds=4", ranking))
    conclusion = begin_study(spec, folder=tmp_path / "s", executors=INLINE, observers=nobody)
    assert conclusion.ranking.looks == (2, 4)
    # 60 images: the difference has an sd of about 5 points, and no four seeds settle one of 2
    assert {layout.seeds for layout in conclusion.ranking.layouts} <= seeds
    assert len({layout.seeds for layout in conclusion.ranking.layouts}) == 1
    records = read_journal(open_study(tmp_path / "s").journal)
    assert sum(isinstance(record, StudyEnded) for record in records) == 1
