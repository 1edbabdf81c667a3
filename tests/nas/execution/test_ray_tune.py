"""The Ray Tune executor keeps the contract, and survives what only processes can suffer."""

import re
import threading
from contextlib import closing
from types import SimpleNamespace

import pytest

from nas.errors import MachineError
from nas.execution.heartbeat import Watch
from nas.execution.ray_executor import RayExecutor
from nas.spec.study import ResourcesSpec
from nas.study.faults import stopping
from nas.study.records import Outcome, Pause, SegmentEnded, SegmentStarted, TrialStatus
from tests.contracts.executor import ExecutorContract
from tests.contracts.toy import ToyConductor, ToyJob
from tests.nas.builders import measured, trial


@pytest.fixture(scope="module")
def ray_executor():
    with closing(RayExecutor()) as executor:
        executor.prepare(ResourcesSpec())
        yield executor


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Ray's own; our code is held to "error" elsewhere
class TestRayTune(ExecutorContract):
    """See the contract."""

    @pytest.fixture(autouse=True)
    def _connected(self, ray_executor):
        self.executor = ray_executor

    def make(self):
        return self.executor

    def test_trials_run_side_by_side(self, tmp_path):
        # On two CPUs; a third may wait for the worker of the first that ends.
        assert 2 <= self.run(tmp_path, ToyConductor(4), seconds=0.2).most_running <= 3

    def test_a_killed_worker_is_recorded_and_its_trial_goes_on(self, tmp_path):
        conductor = self.run(tmp_path, ToyConductor(3), faults={2: "kill"})
        for history in conductor.state.histories():
            assert history.status is TrialStatus.FINISHED
            assert [epoch.epoch for epoch in history.epochs] == [1, 2, 3]
        outcomes = [r.outcome for r in conductor.records if isinstance(r, SegmentEnded)]
        assert outcomes.count(Outcome.LOST) == 1
        assert outcomes.count(Outcome.FINISHED) == 3

    @pytest.mark.timeout(300)  # without a deadline it hangs
    @pytest.mark.parametrize("goals", [(3,), (2, 3)])  # in mid-segment; after its last epoch
    def test_a_worker_that_falls_silent_is_lost_and_its_trial_goes_on(self, tmp_path, goals):
        conductor, executor = ToyConductor(4, goals=goals), RayExecutor(patience=2.0)
        executor.prepare(ResourcesSpec())
        job = ToyJob(folder=tmp_path, faults={2: "stop"}, seconds=0.1)
        executor.run(job, conductor, resources=ResourcesSpec(), scratch=tmp_path / "scratch")
        for history in conductor.state.histories():
            assert history.status is TrialStatus.FINISHED
            assert [epoch.epoch for epoch in history.epochs] == [1, 2, 3]
        lost = [
            r
            for r in conductor.records
            if isinstance(r, SegmentEnded) and r.outcome is Outcome.LOST
        ]
        assert [(r.trial_id, r.attempt) for r in lost] == [(trial(2).id, 1)]
        silent = re.fullmatch(r"the worker was silent for (\d+) s", lost[0].message)
        assert int(silent[1]) < 30

    def test_what_a_worker_that_was_given_up_still_sends_is_refused(self):
        from nas.execution.ray_tune import _Bridge

        conductor = ToyConductor(1)
        bridge = _Bridge(conductor, threading.Event(), watch=Watch(), waiting=None)
        assert bridge.ask("old").attempt == 1
        bridge.vanished("old", "silent")
        bridge.look(slots=2, pending=0, running=0)
        assert bridge.ask("new").attempt == 2
        before = list(conductor.records)
        bridge.tell("old", measured(trial(1).id, 1))
        ended = SegmentEnded(at=0.0, trial_id=trial(1).id, attempt=1, outcome=Outcome.FINISHED)
        bridge.tell("old", ended)
        assert conductor.records == before
        bridge.tell("new", measured(trial(1).id, 1, attempt=2))
        assert len(conductor.records) == len(before) + 1

    def test_as_many_trials_are_asked_for_as_have_room_and_one_may_always_wait(self):
        from nas.execution.ray_tune import _Bridge

        conductor = ToyConductor(100)
        bridge = _Bridge(conductor, threading.Event(), watch=Watch(), waiting=None)

        def asked(**counts: int) -> int:
            """Return how many are handed out before the cluster is looked at again."""
            bridge.look(**counts)
            before = sum(isinstance(record, SegmentStarted) for record in conductor.records)
            while bridge.ask(str(len(conductor.records))) is not Pause.WAIT:
                pass
            return sum(isinstance(r, SegmentStarted) for r in conductor.records) - before

        assert asked(slots=4, pending=0, running=0) == 4
        assert asked(slots=4, pending=3, running=1) == 0
        assert asked(slots=4, pending=0, running=3) == 1
        assert asked(slots=4, pending=0, running=4) == 1
        assert asked(slots=4, pending=1, running=4) == 0
        assert asked(slots=1000, pending=2, running=10) == 6
        assert asked(slots=0, pending=0, running=0) == 1

    def test_scratch_is_removed(self, tmp_path):
        self.run(tmp_path, ToyConductor(1))
        assert not (tmp_path / "scratch").exists()

    def test_a_long_study_takes_several_tuners(self, tmp_path, monkeypatch):
        from nas.execution import ray_tune  # not before Ray's environment is prepared

        monkeypatch.setattr(ray_tune, "SEGMENTS_PER_FIT", 2)
        fits = []
        real = ray_tune._fit
        monkeypatch.setattr(ray_tune, "_fit", lambda *a: (fits.append(1), real(*a)))
        conductor = self.run(tmp_path, ToyConductor(5))
        assert len(fits) >= 3
        for history in conductor.state.histories():
            assert history.status is TrialStatus.FINISHED
            assert history.attempts == 1

    def test_what_a_full_disk_raised_inside_tune_costs_no_attempt(self, tmp_path):
        """Tune's words are all there is, and on most disks it survives: none to fill does this."""
        from nas.execution.ray_tune import _Bridge, _TellConductor

        (tmp_path / "error.txt").write_text(
            "Failure # 1\nTraceback\nOSError: [Errno 28] No space left on device: 'scratch/x'\n"
        )
        tune_trial = SimpleNamespace(
            trial_id="t",
            error_file=str(tmp_path / "error.txt"),
            storage=SimpleNamespace(storage_fs_path=str(tmp_path)),
        )
        conductor = ToyConductor(1, attempts=1)
        bridge = _Bridge(conductor, threading.Event(), watch=Watch(), waiting=None)
        bridge.ask("t")
        tell = _TellConductor(bridge)
        telling = threading.Thread(target=tell.on_trial_error, args=(0, [], tune_trial))
        telling.start()  # the main thread would send itself the signal that ends Tune's loop
        telling.join()
        (history,) = conductor.state.histories()
        assert history.status is TrialStatus.INTERRUPTED
        assert isinstance(bridge.error, MachineError)
        assert f"{tmp_path}: No space left on device" in str(bridge.error)

    def test_scratch_that_cannot_be_made_is_a_fault_of_the_machine(self, tmp_path, small_disk):
        small_disk.fill()
        conductor = ToyConductor(2, attempts=1)
        job = ToyJob(folder=tmp_path)
        with pytest.raises(MachineError, match="No space left"), stopping(small_disk.folder):
            self.run_job(job, conductor, small_disk.folder)
        assert {history.attempts for history in conductor.state.histories()} == {0}
