"""Nothing begins that is not paid, the shortlist is always confirmed, and no timing has a say."""

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from nas.errors import SpecError
from nas.planning.rehearsal import made_up
from nas.search.build import build_search
from nas.search.search import Search
from nas.spec.study import StudySpec
from nas.study.extension import declaration
from nas.study.records import (
    DataShape,
    Outcome,
    Pause,
    Record,
    Segment,
    SegmentEnded,
    SegmentStarted,
    Stop,
    StudyExtended,
    TrialPlanned,
    TrialStatus,
    TrialStopped,
)
from nas.study.state import StudyState

SHAPE = DataShape(image_size=16, channels=1, classes=3)
SPACE = {
    "stem": {"width": [4, 8], "depth": 1},
    "head_size": 4,
    "stages": [{"depth": [1, 2, 3], "width": 8}, {"depth": [1, 2, 3], "width": 8}],
    "layouts": ["C-C", "C-T"],
}  # 36 points
EPOCHS, MINUTE = 9, 60.0
HALVING = {"kind": "halving", "first": 1, "controls": 0.1}
CONFIRM = {"candidates": 2, "seeds": 2}


def study(**search: Any) -> StudySpec:
    values = {"sampler": "random", "candidates": 36, "seeds": 1, **search}
    return StudySpec.model_validate(
        {"name": "a", "space": SPACE, "training": {"epochs": EPOCHS}, "search": values}
    )


class Driver:
    """Runs a search over made-up curves, an epoch a minute, and keeps its journal."""

    def __init__(self, spec: StudySpec, records: Sequence[Record] = (), *, now: float = 0.0):
        self.search, self.state = build_search(spec, SHAPE), StudyState(attempts_allowed=3)
        self.records: list[Record] = []
        self.running: list[tuple[float, Segment]] = []
        self.now = now
        for record in records:
            self.tell(record)

    def tell(self, record: Record) -> None:
        self.state.apply(record)
        self.records.append(record)

    def run(self, *, workers: int = 1) -> "Driver":
        while True:
            decision = (
                Pause.WAIT if len(self.running) == workers else self.search.decide(self.state)
            )
            if isinstance(decision, Stop):
                stopped = TrialStopped(
                    at=self.now, trial_id=decision.trial_id, reason=decision.reason
                )
                self.tell(stopped)
            elif isinstance(decision, Segment):
                self.start(decision)
            elif self.running:
                self.end(*self.running.pop(self.running.index(min(self.running, key=_when))))
            else:
                assert decision is Pause.DONE
                return self

    def start(self, segment: Segment) -> None:
        trial, until = segment.trial, segment.until_epoch
        if trial.id not in self.state:
            self.tell(TrialPlanned(at=self.now, trial=trial, until_epoch=until))
        self.tell(
            SegmentStarted(
                at=self.now, trial_id=trial.id, attempt=segment.attempt, until_epoch=until
            )
        )
        takes = (until - segment.acknowledged) * MINUTE
        self.running.append((self.now + takes, segment))

    def end(self, at: float, segment: Segment) -> None:
        self.now = at
        for epoch in range(segment.acknowledged + 1, segment.until_epoch + 1):
            before = (segment.until_epoch - epoch) * MINUTE
            made = made_up(segment, epoch, now=at - before)
            self.tell(type(made)(**{**_fields(made), "seconds": epoch * MINUTE}))
        whole = segment.until_epoch >= segment.trial.epochs
        self.tell(
            SegmentEnded(
                at=at,
                trial_id=segment.trial.id,
                attempt=segment.attempt,
                outcome=Outcome.FINISHED if whole else Outcome.REACHED,
            )
        )

    @property
    def epochs(self) -> int:
        return sum(len(history.epochs) for history in self.state.histories())

    @property
    def counts(self) -> Counter[TrialStatus]:
        return Counter(history.status for history in self.state.histories())

    @property
    def confirmed(self) -> int:
        return sum(history.trial.seed >= 1 for history in self.state.histories())


def _when(entry: tuple[float, Segment]) -> float:
    return entry[0]


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__dataclass_fields__ if name != "kind"}


SPECS = {
    "full": {"seeds": 2},
    "halving": {"allocation": HALVING},
    "cohorts": {"allocation": {**HALVING, "cohort": 6}},
    "i-epoch": {"allocation": {"kind": "i-epoch", "first": 1}},
    "asha": {"allocation": {"kind": "asha", "first": 1}},
    "pasha": {"allocation": {"kind": "pasha", "first": 1}},
    "confirmed": {"confirm": CONFIRM},
    "halved and confirmed": {"allocation": HALVING, "confirm": CONFIRM},
}


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("name", SPECS)
def test_epochs_and_trials_are_never_overshot_and_somebody_finishes(name, workers):
    for limit in ({"epochs": 60}, {"epochs": 75}, {"trials": 14}):
        ran = Driver(study(**SPECS[name], budget=limit)).run(workers=workers)
        assert ran.epochs <= limit.get("epochs", 10**9)
        assert len(ran.state.histories()) <= limit.get("trials", 10**9)
        assert ran.search.ended_by == next(iter(limit))
        assert ran.counts[TrialStatus.FINISHED] >= 1
        if "confirm" in SPECS[name]:
            assert ran.confirmed == 4


@pytest.mark.parametrize("name", ["full", "halving", "cohorts", "i-epoch", "confirmed"])
def test_workers_change_nothing(name):
    spec = study(**SPECS[name], budget={"epochs": 100})
    one, four = (Driver(spec).run(workers=workers) for workers in (1, 4))
    goals = [
        {h.trial.id: (h.until_epoch, h.status) for h in ran.state.histories()}
        for ran in (one, four)
    ]
    assert goals[0] == goals[1]


def test_rungs_stop_whom_they_would_and_the_budget_nobody():
    ran = Driver(study(allocation=HALVING, budget={"epochs": 60})).run()
    reasons = [h.message for h in ran.state.histories() if h.status is TrialStatus.STOPPED]
    assert reasons
    assert not [reason for reason in reasons if reason.startswith("budget")]


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("limit", [{"epochs": 80}, {"device_hours": 1.4}, {"wall_hours": 0.8}])
def test_a_search_that_forgot_all_but_the_journal_decides_the_same(name, limit):
    spec = study(**SPECS[name], budget=limit)
    ran = Driver(spec).run(workers=2)
    chance = random.Random(name)
    for cut in sorted(chance.sample(range(len(ran.records)), 12)):
        remembering, fresh = StudyState(attempts_allowed=3), StudyState(attempts_allowed=3)
        search = build_search(spec, SHAPE)
        for record in ran.records[:cut]:
            remembering.apply(record)
            fresh.apply(record)
            if chance.random() < 0.3:
                search.decide(remembering)  # whoever asks in between changes nothing
        assert search.decide(remembering) == build_search(spec, SHAPE).decide(fresh)


@pytest.mark.parametrize("key", ["device_hours", "wall_hours"])
@pytest.mark.parametrize("name", SPECS)
def test_hours_end_a_study_that_still_answers(name, key):
    ran = Driver(study(**SPECS[name], budget={key: 1.5})).run(workers=2)
    spending = ran.state.spending
    hours = {"device_hours": spending.segment_seconds, "wall_hours": spending.wall_seconds}
    under_way = 2 * EPOCHS / 60  # one training on each worker
    assert hours[key] / 3600 <= 1.5 + under_way
    assert ran.counts[TrialStatus.FINISHED] >= 1
    assert ran.search.ended_by in (key, None)
    if "confirm" in SPECS[name]:
        assert ran.confirmed == 4


def test_hours_leave_no_candidate_without_its_seeds():
    ran = Driver(study(seeds=2, budget={"device_hours": 1.5})).run()
    assert set(Counter(h.trial.label for h in ran.state.histories()).values()) == {2}


def test_a_confirmation_ends_with_its_hours_too():
    confirm = {"candidates": 2, "seeds": 20}
    ran = Driver(study(confirm=confirm, budget={"device_hours": 1.0})).run()
    assert ran.state.spending.segment_seconds <= 3600 + EPOCHS * MINUTE
    assert ran.search.ended_by == "device_hours"


def test_a_larger_budget_takes_up_what_the_smaller_stopped():
    spec, more = (study(**SPECS["asha"], budget={"epochs": n}) for n in (40, 400))
    ran = Driver(spec).run()
    stopped = {
        h.trial.id: len(h.epochs) for h in ran.state.histories() if h.message.startswith("budget")
    }
    assert stopped
    extension = StudyExtended(
        at=1e6, changes={"search.budget.epochs": 400}, declared=declaration(more)
    )
    again = Driver(more, [*ran.records, extension], now=1e6).run()
    assert again.epochs > ran.epochs
    assert any(len(h.epochs) > stopped.get(h.trial.id, EPOCHS) for h in again.state.histories())
    assert again.search.ended_by is None


def test_a_study_without_a_budget_has_nothing_to_pay() -> None:
    search: Search = build_search(study(), SHAPE)
    assert search.allowance is None
    assert Driver(study()).run().search.ended_by is None


@pytest.mark.parametrize(
    ("search", "words"),
    [
        (
            {"confirm": CONFIRM, "budget": {"epochs": 50}},
            r"search\.budget\.epochs: 50 is too few: training 2 candidates .* takes 54 epochs",
        ),
        ({"seeds": 3, "budget": {"trials": 5}}, r"2 candidates with 3 seeds takes 6 trials"),
    ],
)
def test_what_cannot_pay_the_sure_part_is_refused_at_the_door(search, words):
    with pytest.raises(SpecError, match=words):
        build_search(study(**search), SHAPE)
