"""The tracker's thread, against a backend that fails in every way."""

import signal
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from nas.ranking.result import Ranking
from nas.study.records import Outcome, TrialStatus
from nas.tracking.background import NullTracker, Pace, ThreadedTracker
from nas.tracking.snapshots import SnapshotBuilder, StudySnapshot
from tests.nas.tracking import story

URI = "http://ann:hunter2@ml.example"
FAST = Pace(batch=0.01, first_retry=0.01, longest_retry=0.04)


class Recorder:
    """A backend that keeps what it is given, and fails while `down`."""

    experiment_id = "1"

    def __init__(self) -> None:
        self.down = False
        self.block = threading.Event()
        self.block.set()
        self.synced: list[StudySnapshot] = []
        self.finished: list[tuple[StudySnapshot, Ranking | None, tuple[Path, ...]]] = []
        self.attempts: list[float] = []
        self.epochs_taken = 0

    def _work(self, snapshot: StudySnapshot) -> None:
        self.attempts.append(time.monotonic())
        self.block.wait(20)
        if self.down:
            raise ConnectionError(f"no answer from {URI}\nand a long traceback")
        self.epochs_taken = snapshot.epochs

    def sync(self, snapshot: StudySnapshot) -> None:
        self._work(snapshot)
        self.synced.append(snapshot)

    def finish(
        self, snapshot: StudySnapshot, *, ranking: Ranking | None, artifacts: Sequence[Path] = ()
    ) -> None:
        self._work(snapshot)
        self.finished.append((snapshot, ranking, tuple(artifacts)))


def tracker(backend: Recorder) -> ThreadedTracker:
    builder = SnapshotBuilder(attempts_allowed=3)
    return ThreadedTracker(builder, lambda: backend, uri=URI, pace=FAST)


def wait_until(true: Callable[[], bool], *, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def test_all_records_arrive_and_several_go_together() -> None:
    backend = Recorder()
    tracked = tracker(backend)
    for record in story.study():
        tracked.observe(record)
    assert tracked.close(deadline_s=10) == ""
    ((snapshot, _, _),) = backend.finished
    assert snapshot.epochs == 225
    assert snapshot.ended is not None
    assert len(backend.attempts) < 50


def test_records_arrive_while_the_study_runs() -> None:
    backend = Recorder()
    tracked = tracker(backend)
    wait_until(lambda: bool(backend.synced))  # the study's run exists before any record
    tracked.observe(story.planned())
    for record in story.segment(range(1, 3), None):
        tracked.observe(record)
    wait_until(lambda: backend.synced[-1].epochs == 2)
    assert tracked.close(deadline_s=10) == ""


def test_without_news_the_backend_is_left_alone() -> None:
    backend = Recorder()
    tracked = tracker(backend)
    wait_until(lambda: bool(backend.synced))
    time.sleep(0.2)
    assert len(backend.attempts) == 1
    assert tracked.close(deadline_s=10) == ""


def test_an_outage_loses_nothing_and_never_reaches_the_driver() -> None:
    backend = Recorder()
    backend.down = True
    tracked = tracker(backend)
    for record in story.study(trials=2):
        tracked.observe(record)
    wait_until(lambda: len(backend.attempts) > 3)
    assert tracked.trouble == "no answer from http://***@ml.example"
    assert not backend.synced
    backend.down = False
    wait_until(lambda: bool(backend.synced))
    assert tracked.trouble == ""
    assert tracked.close(deadline_s=10) == ""
    assert backend.finished[-1][0].epochs == 30


def test_retries_slow_down_to_a_bound() -> None:
    backend = Recorder()
    backend.down = True
    tracked = tracker(backend)
    wait_until(lambda: len(backend.attempts) > 7)
    waits = [b - a for a, b in zip(backend.attempts, backend.attempts[1:], strict=False)]
    assert waits[0] >= 0.01
    assert waits[3] >= 0.04
    assert max(waits) < 2
    tracked.close(deadline_s=0)


def test_a_backend_that_cannot_even_be_opened_is_tried_again() -> None:
    backend, tries = Recorder(), []

    def opening() -> Recorder:
        tries.append(1)
        if len(tries) < 3:
            raise ImportError("mlflow is not installed")
        return backend

    tracked = ThreadedTracker(SnapshotBuilder(), opening, uri=URI, pace=FAST)
    wait_until(lambda: bool(backend.synced))
    assert tracked.close(deadline_s=10) == ""


def test_if_it_never_comes_back_the_user_is_told_what_is_missing() -> None:
    backend = Recorder()
    tracked = tracker(backend)
    wait_until(lambda: bool(backend.synced))
    tracked.observe(story.planned())
    for record in story.segment(range(1, 4), None):
        tracked.observe(record)
    wait_until(lambda: backend.synced[-1].epochs == 3)
    backend.down = True
    for record in [*story.segment(range(4, 9), Outcome.FINISHED)][1:]:
        tracked.observe(record)
    before = time.monotonic()
    sentence = tracked.close(deadline_s=0.3)
    assert time.monotonic() - before < 2
    assert sentence == ("MLflow did not take 5 of 8 epochs (no answer from http://***@ml.example)")


def test_what_arrived_before_a_failure_is_not_called_missing() -> None:
    backend = Recorder()
    backend.down = True
    backend.epochs_taken = 3  # as a backend that lost its connection halfway would say
    tracked = tracker(backend)
    tracked.observe(story.planned())
    for record in story.segment(range(1, 5), None):
        tracked.observe(record)
    assert tracked.close(deadline_s=0.2).startswith("MLflow did not take 1 of 4 epochs (")


def test_close_keeps_its_deadline_when_the_backend_hangs() -> None:
    backend = Recorder()
    backend.block.clear()
    tracked = tracker(backend)
    before = time.monotonic()
    sentence = tracked.close(deadline_s=0.2)
    assert time.monotonic() - before < 2
    assert sentence == "MLflow did not take the end of the study (it was too slow)"
    backend.block.set()


def test_close_says_at_once_that_it_waits_and_why() -> None:
    backend = Recorder()
    backend.down = True
    tracked = tracker(backend)
    wait_until(lambda: tracked.trouble != "")
    told: list[tuple[float, str, float]] = []
    before = time.monotonic()
    tracked.close(
        deadline_s=0.5, waiting=lambda s, why: told.append((s, why, time.monotonic() - before))
    )
    ((seconds, why, after),) = told
    assert (seconds, why) == (0.5, "no answer from http://***@ml.example")
    assert after < 0.4


def test_a_close_that_takes_no_time_says_nothing() -> None:
    told: list[float] = []
    assert tracker(Recorder()).close(deadline_s=10, waiting=lambda s, _: told.append(s)) == ""
    assert not told


def test_ctrl_c_ends_the_wait_and_goes_no_further() -> None:
    backend = Recorder()
    backend.down = True
    tracked = tracker(backend)

    def press(seconds: float, why: str) -> None:
        threading.Timer(0.1, signal.raise_signal, [signal.SIGINT]).start()

    before = time.monotonic()
    sentence = tracked.close(deadline_s=60, waiting=press)
    assert time.monotonic() - before < 20
    assert sentence.startswith("MLflow did not take the end of the study (")


def test_closing_interrupts_what_still_runs_and_carries_the_report() -> None:
    backend = Recorder()
    tracked = tracker(backend)
    tracked.observe(story.planned())
    for record in story.segment(range(1, 4), None):
        tracked.observe(record)
    assert tracked.close(deadline_s=10, artifacts=[Path("report.html")]) == ""
    ((snapshot, ranking, artifacts),) = backend.finished
    assert snapshot.trials[0].history.status is TrialStatus.INTERRUPTED
    assert snapshot.trials[0].ended == story.epoch(3).at
    assert (ranking, artifacts) == (None, (Path("report.html"),))


def test_records_out_of_order_are_our_fault_and_said_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raised: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", raised.append)
    tracked = tracker(Recorder())
    tracked.observe(story.planned())
    tracked.observe(story.planned())
    assert "0001-C-C-C-C-s0 planned twice" in tracked.close(deadline_s=10)
    assert raised[0].exc_type is ValueError


def test_observing_costs_the_driver_nothing_even_while_the_backend_hangs() -> None:
    backend = Recorder()
    backend.block.clear()
    tracked = tracker(backend)
    wait_until(lambda: bool(backend.attempts))
    costs = []
    for record in story.study():
        before = time.perf_counter()
        tracked.observe(record)
        costs.append(time.perf_counter() - before)
    backend.block.set()
    assert sorted(costs)[int(0.99 * len(costs))] < 1e-3
    assert tracked.close(deadline_s=10) == ""


def test_tracking_turned_off_is_content() -> None:
    off = NullTracker()
    off.observe(story.planned())
    assert off.close(deadline_s=0) == ""
