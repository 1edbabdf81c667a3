"""The contract of executors: subclass it, provide `make`, and every test here must pass."""

from pathlib import Path

import pytest

from nas.errors import NasError
from nas.execution.executor import Executor, Job
from nas.study.records import EpochMeasured, Outcome, SegmentEnded, TrialStatus
from tests.contracts.toy import ToyConductor, ToyJob


class ExecutorContract:
    """What a study may rely on, whatever runs its segments."""

    def make(self, job: Job, folder: Path) -> Executor:
        """Return the executor under test."""
        raise NotImplementedError

    def run(self, tmp_path: Path, conductor: ToyConductor, **job) -> ToyConductor:
        executor = self.make(ToyJob(folder=tmp_path, **job), tmp_path / "scratch")
        executor.run(conductor)
        return conductor

    def test_every_trial_finishes_and_every_epoch_arrives_once_in_order(self, tmp_path):
        conductor = self.run(tmp_path, ToyConductor(5))
        for history in conductor.state.histories():
            assert history.status is TrialStatus.FINISHED
            assert [epoch.epoch for epoch in history.epochs] == [1, 2, 3]
            assert history.attempts == 1

    def test_records_cross_unchanged(self, tmp_path):
        conductor = self.run(tmp_path, ToyConductor(1))
        epochs = [r for r in conductor.records if isinstance(r, EpochMeasured)]
        assert [(e.probe_loss, e.train_loss) for e in epochs] == [
            (1.9 / n, 2.0 / n) for n in (1, 2, 3)
        ]

    def test_nothing_to_do_returns(self, tmp_path):
        assert self.run(tmp_path, ToyConductor(0)).records == []

    def test_a_failure_is_recorded_with_its_reason_and_tried_again(self, tmp_path):
        conductor = self.run(tmp_path, ToyConductor(2), faults={1: "raise"})
        first, second = conductor.state.histories()
        assert (first.status, first.attempts) == (TrialStatus.FINISHED, 2)
        assert [epoch.epoch for epoch in first.epochs] == [1, 2, 3]
        assert second.attempts == 1
        failed = [r for r in conductor.records if isinstance(r, SegmentEnded)][0:]
        reasons = [r.message for r in failed if r.outcome is Outcome.FAILED]
        assert len(reasons) == 1
        assert reasons[0].startswith("RuntimeError: a planted fault\nTraceback")

    def test_a_trial_that_always_fails_is_given_up_and_the_others_go_on(self, tmp_path):
        conductor = self.run(tmp_path, ToyConductor(2, attempts=2), faults={1: "always"})
        first, second = conductor.state.histories()
        assert first.status is TrialStatus.FAILED
        assert "it never works" in first.message
        assert second.status is TrialStatus.FINISHED

    def test_a_divergence_is_an_outcome_not_a_failure(self, tmp_path):
        conductor = self.run(tmp_path, ToyConductor(1), faults={1: "diverge"})
        (history,) = conductor.state.histories()
        assert (history.status, history.attempts) == (TrialStatus.DIVERGED, 1)

    def test_interrupt_stops_records_and_can_go_on(self, tmp_path):
        conductor = ToyConductor(4, stop_after=2)
        with pytest.raises(KeyboardInterrupt):
            self.run(tmp_path, conductor, seconds=0.2)
        statuses = [history.status for history in conductor.state.histories()]
        assert TrialStatus.RUNNING not in statuses
        assert TrialStatus.INTERRUPTED in statuses
        conductor._stop_after = None
        self.run(tmp_path, conductor)
        for history in conductor.state.histories():
            assert history.status is TrialStatus.FINISHED
            assert [epoch.epoch for epoch in history.epochs] == [1, 2, 3]

    def test_an_error_of_the_driver_ends_the_run_with_that_error(self, tmp_path):
        conductor = ToyConductor(4)
        conductor.explode_at = 2
        with pytest.raises(NasError, match="the disk is full"):
            self.run(tmp_path, conductor, seconds=0.05)
