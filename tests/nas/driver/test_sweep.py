"""A sweep runs its studies on one cluster, refuses first, and goes on after any stop."""

import shutil
from dataclasses import replace

import pytest

from nas.driver.display import Silent
from nas.driver.sweep import begin_sweep, resume_sweep
from nas.errors import DataError, MachineError, NoClusterError, SpecError, StudyExistsError
from nas.execution.inline import InlineExecutor
from nas.reading.phase import PAGE, SPREADSHEET, TABLE
from nas.reading.study import REPORT, rank_study
from nas.spec.file import load_spec
from nas.study.folder import open_study
from nas.study.journal import FILE as JOURNAL
from nas.study.journal import Journal
from nas.study.records import (
    Outcome,
    SegmentEnded,
    SegmentStarted,
    StudyEnded,
    TrialPlanned,
    TrialStatus,
)
from nas.study.sweep import open_sweep
from tests.nas.conftest import SMALL, SWEPT

BOTH = ["data.train=48", "data.train=80"]


class Stop(BaseException):
    """What a test pulls the plug with."""


class Cluster(InlineExecutor):
    """An executor that remembers what it was prepared for."""

    def __init__(self):
        self.prepared = []

    def prepare(self, resources):
        self.prepared.append(resources)


class Pulling(Silent):
    """A display that pulls the plug in one study, once so many epochs are measured."""

    def __init__(self, study_name, after):
        self.study_name, self.after, self.here = study_name, after, False

    def begin(self, study, search):
        self.here = study.folder.name == self.study_name

    def observe(self, record, state):
        measured = sum(len(history.epochs) for history in state.histories())
        if self.here and measured >= self.after:
            raise Stop


def begin(folder, *overrides, executor=None, display=None):
    spec = load_spec(str(SMALL), [*SWEPT, *overrides])
    return begin_sweep(
        spec,
        folder=folder,
        executor=executor or InlineExecutor(),
        display=display or Silent(),
    )


def journals(folder):
    return {name: (folder / name / "journal" / JOURNAL).read_bytes() for name in BOTH}


def rankings(folder):
    studies = [open_study(folder / name) for name in BOTH]
    return [rank_study(study, study.histories()) for study in studies]


@pytest.mark.slow
def test_a_sweep_leaves_whole_studies_and_the_picture(swept):
    assert {PAGE, TABLE, SPREADSHEET, "sweep.json", "spec.json", *BOTH} == {
        path.name for path in swept.iterdir()
    }
    for name, train in zip(BOTH, (48, 80), strict=True):
        study = open_study(swept / name)
        assert (study.spec.data.train, study.spec.sweep) == (train, None)
        assert study.data.train_images == train
        assert [history.status for history in study.histories()] == [TrialStatus.FINISHED] * 4
        assert (study.folder / REPORT).is_file()
    assert len({open_study(swept / name).data.evaluation_images for name in BOTH}) == 1


@pytest.mark.slow
@pytest.mark.parametrize(("study", "after"), [(0, 2), (1, 1), (1, 12)])
def test_resume_after_a_stop_gives_the_same_rankings(swept, tmp_path, study, after):
    folder = tmp_path / "s"
    with pytest.raises(Stop):
        begin(folder, display=Pulling(BOTH[study], after))
    assert [(folder / name).is_dir() for name in BOTH] == [True, study == 1]
    done = {
        name: (folder / name / REPORT).stat().st_mtime_ns
        for name in BOTH
        if (folder / name / REPORT).exists()
    }
    assert len(done) == study
    conclusion = resume_sweep(open_sweep(folder), executor=InlineExecutor(), display=Silent())
    assert [point.status for point in conclusion.points] == ["finished"] * 2
    assert [point.ranking for point in conclusion.points] == rankings(swept)
    for name, written in done.items():
        assert (folder / name / REPORT).stat().st_mtime_ns == written, "it was complete"
    assert conclusion.page.read_bytes().count(b"data-figure=") == 1


@pytest.mark.slow
def test_a_finished_sweep_is_passed_over_without_a_cluster(swept, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(swept, folder)
    (folder / PAGE).unlink()
    cluster = Cluster()
    before = journals(folder)
    conclusion = resume_sweep(open_sweep(folder), executor=cluster, display=Silent())
    assert (cluster.prepared, journals(folder)) == ([], before)
    assert conclusion.page.is_file()


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["export", REPORT])
def test_a_study_that_was_killed_before_its_views_is_concluded(swept, tmp_path, lost):
    folder = tmp_path / "copy"
    shutil.copytree(swept, folder)
    shutil.rmtree(folder / BOTH[1] / "export")
    if lost == REPORT:
        (folder / BOTH[1] / REPORT).unlink()
    before = journals(folder)
    resume_sweep(open_sweep(folder), executor=InlineExecutor(), display=Silent())
    assert (folder / BOTH[1] / "export" / "winner" / "config.json").is_file()
    assert (folder / BOTH[1] / REPORT).is_file()
    assert journals(folder) == before


@pytest.mark.slow
class Broken(InlineExecutor):
    """An executor that runs nothing: the first trial that it is asked for finds the disk full."""

    def run(self, job, conductor, *, resources, scratch):
        def full(segment, *, report):
            raise OSError(28, "No space left on device", "a/checkpoint")

        super().run(full, conductor, resources=resources, scratch=scratch)


def test_a_fault_of_the_machine_stops_the_sweep_and_names_it(tmp_path):
    with pytest.raises(MachineError) as raised:
        begin(tmp_path / "s", executor=Broken())
    assert str(raised.value).startswith("a/checkpoint: No space left on device")
    assert str(raised.value).endswith(f"free some space, then `nas resume {tmp_path / 's'}`")
    (history,) = open_study(tmp_path / "s" / BOTH[0]).histories()
    assert history.status is TrialStatus.INTERRUPTED
    assert not (tmp_path / "s" / BOTH[1]).exists()


@pytest.mark.slow
def test_only_a_study_with_a_failed_trial_is_retried(swept, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(swept, folder)
    with Journal(folder / BOTH[1] / "journal") as journal:
        trial = journal.records[0].trial
        failed = replace(trial, number=99, id="0099-C-C-s98", seed=98)
        journal.append(TrialPlanned(at=1.0, trial=failed))
        for attempt in (1, 2, 3):
            journal.append(
                SegmentStarted(
                    at=1.0, trial_id=failed.id, attempt=attempt, until_epoch=failed.epochs
                )
            )
            journal.append(
                SegmentEnded(at=1.0, trial_id=failed.id, attempt=attempt, outcome=Outcome.FAILED)
            )
        journal.append(StudyEnded(at=1.0))
    before = journals(folder)
    cluster = Cluster()
    resume_sweep(open_sweep(folder), executor=cluster, display=Silent())
    assert journals(folder) == before
    assert cluster.prepared == []
    resume_sweep(open_sweep(folder), executor=cluster, display=Silent(), retry_failed=True)
    assert len(cluster.prepared) == 1
    assert journals(folder)[BOTH[0]] == before[BOTH[0]]
    *_, last = open_study(folder / BOTH[1]).histories()
    assert (last.trial.id, last.status, last.attempts) == (failed.id, TrialStatus.FINISHED, 4)


def test_every_study_is_checked_against_the_cluster_with_its_own_resources(tmp_path):
    cluster, folder = Cluster(), tmp_path / "s"
    short = ("training.epochs=2", "search.seeds=1")
    with pytest.raises(Stop):
        begin(folder, *short, executor=cluster, display=Pulling(BOTH[0], 1))
    study = folder / BOTH[0] / "study.json"
    study.write_text(study.read_text().replace('"cpus": 1.0', '"cpus": 2.0'))
    resume_sweep(open_sweep(folder), executor=cluster, display=Silent())
    assert [resources.cpus for resources in cluster.prepared] == [1.0, 1.0, 2.0, 1.0]


def test_what_cannot_be_is_refused_before_anything_is_created(tmp_path):
    few = 'sweep={"key": "data.train", "values": [48, 100000]}'
    with pytest.raises(
        DataError, match=r"sweep\.values: data\.train=100000: .*100000 images asked"
    ):
        begin(tmp_path / "s", few)
    small = 'sweep={"key": "space.image_size", "values": [20, 12]}'
    with pytest.raises(
        SpecError, match=r"sweep\.values: space\.image_size=12: space\.image_size: 12"
    ):
        begin(tmp_path / "s", small, 'data={"source": "procedural", "train": 48, "evaluation": 20}')
    none = 'sweep={"key": "space.match", "values": [null, {"parameters": 5, "within": 0.1}]}'
    with pytest.raises(SpecError, match=r"sweep\.values: space\.match="):
        begin(tmp_path / "s", none)
    with pytest.raises(SpecError, match=r"tracking\.uri"):
        begin(tmp_path / "s", "tracking.uri=file:///x")

    class Nowhere(InlineExecutor):
        def prepare(self, resources):
            raise NoClusterError("nobody answers")

    with pytest.raises(NoClusterError):
        begin(tmp_path / "s", executor=Nowhere())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_sweep_is_not_begun_twice(swept):
    before = journals(swept)
    with pytest.raises(StudyExistsError, match="there is a sweep"):
        begin(swept)
    assert journals(swept) == before
