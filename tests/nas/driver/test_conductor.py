"""The conductor journals, then tells, and drops what dead attempts send."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from nas.driver.conductor import StudyConductor
from nas.errors import MachineError
from nas.search.allocation.allocation import Workload, begin, go_on
from nas.search.allocation.planning import Planner
from nas.search.search import Search
from nas.study.faults import MachineFault
from nas.study.journal import Journal
from nas.study.records import (
    EpochMeasured,
    Outcome,
    Pause,
    Segment,
    SegmentEnded,
    Stop,
    TrialHistory,
    TrialStatus,
)
from nas.study.state import StudyState
from tests.nas.builders import measured
from tests.nas.journals import read_journal
from tests.nas.search.test_search import candidate, grid


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path) as journal:
        yield journal


def make_conductor(journal: Journal, search: Search, heard: list | None = None) -> StudyConductor:
    watch = [] if heard is None else [lambda record, _: heard.append(record)]
    state = StudyState(journal.records, attempts_allowed=2)
    return StudyConductor(journal, state, search, observers=watch)


def next_of(conductor: StudyConductor) -> Segment:
    segment = conductor.next_segment()
    assert isinstance(segment, Segment)
    return segment


def ended(segment: Segment, outcome: Outcome = Outcome.FINISHED) -> SegmentEnded:
    return SegmentEnded(at=1.0, trial_id=segment.trial.id, attempt=segment.attempt, outcome=outcome)


def kinds(records) -> list[str]:
    return [record.kind for record in records]


def test_every_record_is_journaled_and_told_once(journal, tmp_path):
    heard = []
    conductor = make_conductor(journal, grid("A", seeds=1), heard)
    segment = next_of(conductor)
    conductor.observe(measured(segment.trial.id, 1))
    conductor.observe(ended(segment))
    assert conductor.next_segment() is Pause.DONE
    assert conductor.next_segment() is Pause.DONE
    assert kinds(heard) == ["planned", "started", "epoch", "ended", "study-ended"]
    assert read_journal(tmp_path) == heard


def test_what_a_dead_attempt_still_sends_is_dropped(journal, tmp_path):
    conductor = make_conductor(journal, grid("A", seeds=1))
    first = next_of(conductor)
    conductor.observe(measured(first.trial.id, 1))
    conductor.observe(ended(first, Outcome.LOST))
    conductor.observe(measured(first.trial.id, 2))
    conductor.observe(ended(first, Outcome.LOST))
    second = next_of(conductor)
    assert (second.attempt, second.acknowledged) == (2, 1)
    conductor.observe(measured(first.trial.id, 2))
    conductor.observe(ended(first))
    conductor.observe(measured(first.trial.id, 2, attempt=2))
    conductor.observe(measured(first.trial.id, 2, attempt=2))
    epochs = [r for r in read_journal(tmp_path) if isinstance(r, EpochMeasured)]
    assert [(e.epoch, e.attempt) for e in epochs] == [(1, 1), (2, 2)]


FULL = MachineFault(error="ENOSPC", path="t/1", free=8)


def test_a_fault_of_the_machine_is_journaled_and_stops_the_study(tmp_path):
    with Journal(tmp_path / "s" / "journal") as journal:
        conductor = make_conductor(journal, grid("A", seeds=1))
        for _ in range(4):  # more often than a trial has attempts
            segment = next_of(conductor)
            with pytest.raises(MachineError) as raised:
                conductor.observe(replace(ended(segment, Outcome.INTERRUPTED), fault=FULL))
        assert next_of(conductor).attempt == 5
    assert str(raised.value) == (
        "t/1: No space left on device (8 bytes free); free some space, then "
        f"`nas resume {tmp_path / 's'}`"
    )
    faults = [r.fault for r in read_journal(tmp_path / "s" / "journal") if r.kind == "ended"]
    assert faults == [FULL] * 4


def test_a_journal_on_the_same_full_disk_does_not_hide_the_fault(small_disk):
    folder = small_disk.folder / "s" / "journal"
    with Journal(folder) as journal:
        conductor = make_conductor(journal, grid("A", seeds=1))
        segment = next_of(conductor)
        records = read_journal(folder)
        small_disk.fill()
        message = "t" * 100_000  # past what the file's last block has room for
        full = replace(ended(segment, Outcome.INTERRUPTED), fault=FULL, message=message)
        with pytest.raises(MachineError, match="t/1: No space left on device"):
            conductor.observe(full)
        with pytest.raises(MachineError, match=r"records\.jsonl: No space left on device"):
            conductor.observe(replace(full, fault=None))
        assert read_journal(folder) == records
        small_disk.free()
        conductor.observe(ended(segment, Outcome.INTERRUPTED))
    assert kinds(read_journal(folder)) == ["planned", "started", "ended"]


def test_what_a_lost_driver_ran_is_journaled_as_interrupted(tmp_path):
    with Journal(tmp_path) as journal:
        first = next_of(make_conductor(journal, grid("A", "B", seeds=1)))
    with Journal(tmp_path) as journal:
        conductor = make_conductor(journal, grid("A", "B", seeds=1))
        conductor.release_lost()
        conductor.release_lost()
        state = StudyState(read_journal(tmp_path))
        assert [(h.status, h.message) for h in state.histories()] == [
            (TrialStatus.INTERRUPTED, "its driver was lost")
        ]
        again = next_of(conductor)
        assert (again.trial, again.attempt) == (first.trial, 2)
    assert kinds(read_journal(tmp_path)) == ["planned", "started", "ended", "started"]


class Halving:
    """Two trials to epoch 1, the better of them to epoch 3, the other one stopped."""

    workload = Workload(trials=2, epochs=4)

    def decide(self, histories: Sequence[TrialHistory]) -> Segment | Stop | None:
        if len(histories) < 2:
            number = len(histories) + 1
            planned = Planner(epochs=3).new(candidate(f"C-{number}"), seed=0, number=number)
            return begin(planned, until_epoch=1)
        paused = [h for h in histories if h.status is TrialStatus.PAUSED]
        if len(paused) == 2:
            worst = min(paused, key=lambda h: h.epochs[-1].evaluation_accuracy)
            return Stop(trial_id=worst.trial.id, reason="behind at epoch 1")
        return go_on(paused[0], until_epoch=3) if len(histories) == 2 and paused else None


def test_a_trial_may_pause_and_be_stopped_by_decision(journal, tmp_path):
    heard = []
    conductor = make_conductor(journal, Search([Halving()]), heard)
    for accuracy in (0.2, 0.4):
        segment = next_of(conductor)
        assert segment.until_epoch == 1
        conductor.observe(measured(segment.trial.id, 1, evaluation_accuracy=accuracy))
        conductor.observe(ended(segment, Outcome.REACHED))
    segment = next_of(conductor)
    assert (segment.trial.label, segment.attempt, segment.acknowledged) == ("C-2", 2, 1)
    assert kinds(heard)[-2:] == ["stopped", "started"]
    conductor.observe(replace(ended(segment), outcome=Outcome.FINISHED))
    assert conductor.next_segment() is Pause.DONE
    state = StudyState(read_journal(tmp_path))
    assert [(h.status, h.message) for h in state.histories()] == [
        (TrialStatus.STOPPED, "behind at epoch 1"),
        (TrialStatus.FINISHED, ""),
    ]


def test_a_driver_lost_between_plan_and_start_still_knows_how_far_to_go(journal):
    conductor = make_conductor(journal, Search([Halving()]))
    segment = next_of(conductor)
    planned = next(record for record in journal.records + read_journal_of(journal))
    assert planned.until_epoch == 1
    state = StudyState([planned])  # and no SegmentStarted
    assert Search([Halving()]).decide(state) == segment


def read_journal_of(journal: Journal) -> list:
    return read_journal(journal._path.parent)


def test_paused_trials_that_nothing_continues_are_stopped_at_the_end(journal, tmp_path):
    class Short(Halving):
        def decide(self, histories):
            return super().decide(histories) if not histories else None

    conductor = make_conductor(journal, Search([Short()]))
    segment = next_of(conductor)
    conductor.observe(measured(segment.trial.id, 1))
    assert conductor.next_segment() is Pause.WAIT  # it runs
    conductor.observe(ended(segment, Outcome.REACHED))
    assert conductor.next_segment() is Pause.DONE
    assert kinds(read_journal(tmp_path))[-2:] == ["stopped", "study-ended"]
