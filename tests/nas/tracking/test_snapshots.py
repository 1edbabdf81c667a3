"""Records folded into snapshots."""

from dataclasses import replace

from nas.spec.study import StudySpec, TrackingSpec
from nas.study.faults import TrialsRetried
from nas.study.records import Outcome, StudyEnded, TrialStatus
from nas.tracking.snapshots import SnapshotBuilder, flat_params
from tests.nas.tracking import story


def test_a_snapshot_says_when_things_happened() -> None:
    records = story.study(trials=2, epochs=2)
    snapshot = SnapshotBuilder(records).snapshot()
    assert snapshot.epochs == 4
    assert (snapshot.started, snapshot.ended) == (records[0].at, records[-1].at)
    first = snapshot.trials[0]
    assert (first.started, first.ended) == (records[1].at, records[4].at)


def test_a_trial_keeps_its_start_and_takes_its_newest_end() -> None:
    builder = SnapshotBuilder([story.planned(), *story.segment(range(1, 3), Outcome.INTERRUPTED)])
    first = builder.snapshot().trials[0]
    for record in story.segment(range(3, 5), Outcome.FINISHED, attempt=2):
        builder.apply(record)
    second = builder.snapshot().trials[0]
    assert second.started == first.started
    assert second.ended == story.epoch(4).at + 1


def test_an_old_snapshot_does_not_change_and_untouched_trials_are_shared() -> None:
    builder = SnapshotBuilder([story.planned(1), story.planned(2)])
    before = builder.snapshot()
    for record in story.segment(range(1, 4), None, of=2):
        builder.apply(record)
    after = builder.snapshot()
    assert (before.epochs, after.epochs) == (0, 3)
    assert after.trials[0] is before.trials[0]
    assert after.trials[1] is not before.trials[1]


def test_a_trial_planned_later_opens_the_study_again() -> None:
    builder = SnapshotBuilder(story.study(trials=1))
    assert builder.snapshot().ended is not None
    builder.apply(story.planned(2))
    assert builder.snapshot().ended is None


def test_a_failed_trial_that_is_retried_waits_again_and_the_study_is_open() -> None:
    records = [story.planned(), *story.segment((), Outcome.FAILED), StudyEnded(at=99.0)]
    builder = SnapshotBuilder(records)
    before = builder.snapshot()
    assert (before.trials[0].history.status, before.ended) == (TrialStatus.FAILED, 99.0)
    builder.apply(TrialsRetried(at=100.0))
    after = builder.snapshot()
    assert (after.trials[0].history.status, after.ended) == (TrialStatus.PLANNED, None)


def test_a_driver_that_is_gone_leaves_no_trial_running() -> None:
    builder = SnapshotBuilder(
        [story.planned(1), *story.segment(range(1, 3), None), story.planned(2)]
    )
    builder.release_running()
    running, planned = builder.snapshot().trials
    assert running.history.status is TrialStatus.INTERRUPTED
    assert running.ended == story.epoch(2).at
    assert planned.history.status is TrialStatus.PLANNED


def test_a_trial_that_is_stopped_ends_when_that_is_decided() -> None:
    builder = SnapshotBuilder(
        [story.planned(), *story.segment(range(1, 3), Outcome.REACHED, until=2)]
    )
    (paused,) = builder.snapshot().trials
    assert paused.history.status is TrialStatus.PAUSED
    assert paused.ended == story.epoch(2).at + 1
    decision = story.stopped(after=2)
    builder.apply(decision)
    (stopped,) = builder.snapshot().trials
    assert stopped.history.status is TrialStatus.STOPPED
    assert stopped.history.message == decision.reason
    assert stopped.ended == decision.at


def test_a_paused_trial_that_lost_its_driver_again_ended_after_its_pause() -> None:
    pause = [*story.segment(range(1, 3), Outcome.REACHED, until=2)]
    (again,) = story.segment([], None, attempt=2)
    again = replace(again, at=pause[-1].at + 60)
    builder = SnapshotBuilder([story.planned(), *pause, again])
    builder.release_running()
    (trial,) = builder.snapshot().trials
    assert trial.history.status is TrialStatus.INTERRUPTED
    assert trial.ended == again.at


def test_params_are_the_spec_flattened_without_the_tracking_uri() -> None:
    spec = StudySpec(
        name="x",
        space={"stages": {"depth": [1, 2]}, "stem": "patch"},
        tracking=TrackingSpec(uri="http://ann:hunter2@ml"),
    )
    params = flat_params(spec)
    assert params["training.learning_rate"] == "0.001"
    assert params["training.betas"] == "[0.9, 0.999]"
    assert params["training.ema_decay"] == "null"
    assert params["training.rand_augment.layers"] == "0"
    assert params["ranking.metric"] == "generalization"
    assert params["space.stages.depth"] == "[1, 2]"
    assert params["space.stem"] == "patch"
    assert "hunter2" not in repr(params)
    assert not any(key.startswith(("tracking", "name")) for key in params)
