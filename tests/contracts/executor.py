"""The contract of executors: subclass it, provide `make`, and every test here must pass."""

from pathlib import Path

import pytest
import torch

from nas.errors import MachineError, NasError
from nas.execution.executor import Executor, Job
from nas.spec.study import ResourcesSpec
from nas.study.records import EpochMeasured, Outcome, SegmentEnded, TrialStatus
from tests.contracts.small_training import small_training, timeless, weights
from tests.contracts.toy import ToyConductor, ToyJob


class ExecutorContract:
    """What a study may rely on, whatever runs its segments."""

    def make(self) -> Executor:
        """Return the executor under test, prepared for the default resources."""
        raise NotImplementedError

    def run(self, tmp_path: Path, conductor: ToyConductor, **job) -> ToyConductor:
        self.run_job(ToyJob(folder=tmp_path, **job), conductor, tmp_path)
        return conductor

    def run_job(self, job: Job, conductor: ToyConductor, folder: Path) -> None:
        self.make().run(job, conductor, resources=ResourcesSpec(), scratch=folder / "scratch")

    def test_every_trial_finishes_and_every_epoch_arrives_once_in_order(self, tmp_path):
        conductor = self.run(tmp_path, ToyConductor(5))
        for history in conductor.state.histories():
            assert history.status is TrialStatus.FINISHED
            assert [epoch.epoch for epoch in history.epochs] == [1, 2, 3]
            assert history.attempts == 1

    def test_a_trial_may_be_run_in_several_segments(self, tmp_path):
        conductor = self.run(tmp_path, ToyConductor(3, goals=(1, 3)))
        for history in conductor.state.histories():
            assert (history.status, history.attempts) == (TrialStatus.FINISHED, 2)
            assert [epoch.epoch for epoch in history.epochs] == [1, 2, 3]
        outcomes = [r.outcome for r in conductor.records if isinstance(r, SegmentEnded)]
        assert sorted(outcomes) == [Outcome.FINISHED] * 3 + [Outcome.REACHED] * 3

    def test_a_trial_that_is_not_continued_stays_paused(self, tmp_path):
        conductor = self.run(tmp_path, ToyConductor(2, goals=(2,)))
        for history in conductor.state.histories():
            assert history.status is TrialStatus.PAUSED
            assert [epoch.epoch for epoch in history.epochs] == [1, 2]

    def test_a_segment_that_was_interrupted_goes_on_to_its_own_end(self, tmp_path):
        conductor = ToyConductor(2, goals=(2, 3), stop_after=1)
        with pytest.raises(KeyboardInterrupt):
            self.run(tmp_path, conductor, seconds=0.2)
        conductor._stop_after = None
        self.run(tmp_path, conductor)
        for history in conductor.state.histories():
            assert history.status is TrialStatus.FINISHED
            assert [epoch.epoch for epoch in history.epochs] == [1, 2, 3]

    @pytest.mark.slow
    def test_training_in_two_segments_equals_training_in_one_bit_by_bit(self, tmp_path):
        """The loop is the same, but what a process keeps between segments could leak."""
        found = []
        for name, goals in (("one", (15,)), ("two", (5, 15))):
            conductor = ToyConductor(0, goals=goals)
            job, planned = small_training(tmp_path / name)
            conductor.plan(planned)
            self.run_job(job, conductor, tmp_path / name)
            history = conductor.state.history(planned.id)
            assert (history.status, history.attempts) == (TrialStatus.FINISHED, len(goals))
            found.append(([timeless(epoch) for epoch in history.epochs], weights(job, planned)))
        (epochs, tensors), (epochs_of_two, tensors_of_two) = found
        assert len(epochs) == 15
        assert all(epoch["evaluation_correct"] for epoch in epochs)
        assert all(epoch["ema_evaluation_correct"] for epoch in epochs)
        assert epochs == epochs_of_two
        assert tensors.keys() == tensors_of_two.keys()
        assert all(torch.equal(tensors[key], tensors_of_two[key]) for key in tensors)

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

    def test_a_fault_of_the_machine_ends_the_run_and_costs_no_attempt(self, tmp_path):
        conductor = ToyConductor(4, attempts=1)
        with pytest.raises(MachineError, match="a/checkpoint: No space left on device"):
            self.run(tmp_path, conductor, faults={1: "full"}, seconds=0.05)
        ends = [record for record in conductor.records if isinstance(record, SegmentEnded)]
        assert [(r.outcome, r.fault.error) for r in ends if r.fault is not None] == [
            (Outcome.INTERRUPTED, "ENOSPC")
        ]
        assert TrialStatus.RUNNING not in {each.status for each in conductor.state.histories()}
        self.run(tmp_path, conductor, faults={1: "full"})
        for history in conductor.state.histories():
            assert history.status is TrialStatus.FINISHED
            assert [epoch.epoch for epoch in history.epochs] == [1, 2, 3]

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
