"""The contract of samplers: subclass it, name one, and every test here must pass.

Studies are played out without training: trials run on some workers, end in any order, are lost or
interrupted, and what a network is worth is a function of its description.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from coatnet.config import CoAtNetConfig
from nas.search.build import build_search
from nas.search.samplers.sampler import proposed
from nas.search.search import Search
from nas.seeds import derive_seed
from nas.spec.study import StudySpec
from nas.study.records import (
    DataShape,
    EpochMeasured,
    Outcome,
    Pause,
    Segment,
    SegmentEnded,
    SegmentStarted,
    Stop,
    TrialHistory,
    TrialPlanned,
)
from nas.study.standing import Standing
from nas.study.state import StudyState
from tests.nas.builders import measured

SHAPE = DataShape(image_size=16, channels=1, classes=10)
SPACE: dict[str, Any] = {
    "stem": {"width": 4, "depth": 1, "stride": 2},
    "head_size": 4,
    "stages": [
        {"type": "C", "depth": {"from": 1, "to": 6}, "width": [16, 4, 8, 12]},
        {"type": ["C", "T"], "depth": [1, 2, 3, 4], "width": {"from": 8, "to": 24, "step": 4}},
    ],
    "match": {"parameters": 9000, "within": 0.8},  # about half of the points
}
FEW: dict[str, Any] = {
    "stem": SPACE["stem"],
    "stages": [{"type": "C", "depth": [1, 2, 3], "width": 4}],
}


def goodness(config: CoAtNetConfig) -> float:
    """Return how well a network does, about 0.2 to 0.9: best at 5 and 2 blocks of width 12, 20."""
    first, second = config.stages
    off = abs(first.depth - 5) / 5 + abs(first.width - 12) / 12
    off += abs(second.depth - 2) / 3 + abs(second.width - 20) / 16 + 0.3 * (second.block == "C")
    return 0.9 - 0.7 * off / 3.5


def epoch_of(history: TrialHistory, number: int) -> EpochMeasured:
    """Return an epoch of a trial, whenever and wherever it is trained."""
    trial, config = history.trial, history.trial.config
    assert isinstance(config, CoAtNetConfig)
    noise = random.Random(derive_seed(trial.label, trial.seed)).gauss(0, 0.02)
    good = goodness(config) if len(config.stages) > 1 else 0.5
    return measured(
        trial.id,
        number,
        attempt=history.attempts,
        probe_loss=2.0 * (1.1 - good) ** (number / trial.epochs),
        evaluation_accuracy=(good + noise) * (0.5 + 0.5 * number / trial.epochs),
    )


def diverges(history: TrialHistory) -> bool:
    """Tell whether a trial never gets to its end: that of one network in eight."""
    return derive_seed(str(history.trial.point)) % 8 == 0


class Cluster:
    """Runs what a search asks for, on so many workers, in an order drawn from a generator."""

    def __init__(self, build: Callable[[], Search], *, workers: int, order: random.Random) -> None:
        self._build, self._workers, self._order = build, workers, order
        self.state = StudyState(attempts_allowed=3)
        self.search = build()
        self.running: list[str] = []
        self.waits = 0  # how often a worker had nothing to do while others had

    def play(self, *, killed: float = 0.0) -> tuple[TrialHistory, ...]:
        """Run the study to its end; at every step its driver is killed with probability `killed`.

        A driver that was killed has forgotten all but the journal.
        """
        while True:
            self._fill()
            if not self.running:
                return self.state.histories()
            if self._order.random() < killed:
                self._kill()
            else:
                self._step(self._order.choice(self.running))

    def _fill(self) -> None:
        while len(self.running) < self._workers:
            decision = self.search.decide(self.state)
            assert not isinstance(decision, Stop)
            if isinstance(decision, Pause):
                assert decision is (Pause.WAIT if self.running else Pause.DONE)
                self.waits += bool(self.running)
                return
            self._start(decision)

    def _start(self, segment: Segment) -> None:
        trial = segment.trial
        if trial.id not in self.state:
            self.state.apply(TrialPlanned(at=0.0, trial=trial))
        self.state.apply(
            SegmentStarted(
                at=0.0,
                trial_id=trial.id,
                attempt=segment.attempt,
                until_epoch=segment.until_epoch,
            )
        )
        self.running.append(trial.id)

    def _step(self, trial_id: str) -> None:
        history = self.state.history(trial_id)
        done = len(history.epochs)
        if done < history.trial.epochs:
            self.state.apply(epoch_of(history, done + 1))
        if done == 1 and diverges(history):
            self._end(trial_id, Outcome.DIVERGED)
        elif done + 1 >= history.trial.epochs:
            self._end(trial_id, Outcome.FINISHED)

    def _kill(self) -> None:
        for trial_id in tuple(self.running):
            self._end(trial_id, Outcome.INTERRUPTED)
        self.search = self._build()

    def _end(self, trial_id: str, outcome: Outcome) -> None:
        attempt = self.state.history(trial_id).attempts
        self.state.apply(SegmentEnded(at=0.0, trial_id=trial_id, attempt=attempt, outcome=outcome))
        self.running.remove(trial_id)


def candidates(histories: tuple[TrialHistory, ...]) -> list[tuple[str, CoAtNetConfig]]:
    """Return label and network of each candidate, in the order proposed."""
    return [(label, h.trial.config) for label, h in proposed(histories).items()]


class SamplerContract:
    """What a study may rely on, whatever chooses its candidates."""

    name: ClassVar[str]
    learns = True
    count = 36  # candidates, some of them after it has begun to learn
    lag = 4
    workers = (2, 4, 7)

    def spec(self, space: dict[str, Any] = SPACE, **changes: Any) -> StudySpec:
        search = {"sampler": self.name, "candidates": self.count, "lag": self.lag, "seeds": 1}
        return StudySpec.model_validate(
            {
                "name": "a",
                "space": space,
                "search": {**search, **changes.pop("search", {})},
                "ranking": {"metric": "accuracy"},
                "training": {"epochs": 3},
                **changes,
            }
        )

    def play(
        self, spec: StudySpec, *, workers: int = 1, seed: int = 0, killed: float = 0.0
    ) -> tuple[TrialHistory, ...]:
        cluster = Cluster(
            lambda: build_search(spec, SHAPE), workers=workers, order=random.Random(seed)
        )
        return cluster.play(killed=killed)

    @pytest.mark.parametrize("metric", ["accuracy", "generalization"])
    def test_the_candidates_are_the_same_whatever_runs_at_once(self, metric):
        spec = self.spec(ranking={"metric": metric})
        alone = candidates(self.play(spec))
        assert len(alone) == self.count
        for workers in self.workers:
            assert candidates(self.play(spec, workers=workers, seed=workers)) == alone

    def test_the_candidates_are_the_same_however_often_the_driver_is_killed(self):
        """What it keeps from question to question is no other than what it reads off a journal."""
        spec = self.spec(search={"seeds": 2, "candidates": self.count - 4})
        alone = candidates(self.play(spec))
        assert candidates(self.play(spec, workers=2, seed=1, killed=0.1)) == alone

    def test_no_network_is_proposed_twice_and_labels_count_up(self):
        found = candidates(self.play(self.spec()))
        assert len({config for _, config in found}) == len(found)
        for layout in ("C-C", "C-T"):
            own = [label for label, _ in found if label.startswith(layout)]
            assert own == [f"{layout}#{k}" for k in range(1, len(own) + 1)]

    def test_every_proposal_can_be_trained(self):
        spec = self.spec()
        for history in self.play(spec):
            assert abs(history.trial.parameters / 9000 - 1) <= 0.8

    def test_a_space_is_used_up(self):
        spec = self.spec(FEW, search={"candidates": 9, "lag": 1})
        depths = [config.stages[0].depth for _, config in candidates(self.play(spec))]
        assert sorted(depths) == [1, 2, 3]

    def test_what_is_pending_is_not_looked_at_and_what_ended_is(self):
        if not self.learns:
            pytest.skip("looks at nothing")
        spec = self.spec()
        histories = self.play(spec)
        looked = 0
        for known in range(self.count - 6, self.count):
            proposal = self._next(spec, histories[:known])
            late = known - self.lag + 1  # places from here on are pending
            changed = [self._worse(h) if p >= late else h for p, h in enumerate(histories)]
            assert self._next(spec, changed[:known]) == proposal == histories[known].trial.config
            changed = [self._worse(h) if p < late else h for p, h in enumerate(histories)]
            looked += self._next(spec, changed[:known]) != proposal
        assert looked

    def _next(self, spec: StudySpec, histories) -> CoAtNetConfig:
        found = build_search(spec, SHAPE).decide(frozen(histories))
        assert isinstance(found, Segment)
        return found.trial.config

    @staticmethod
    def _worse(history: TrialHistory) -> TrialHistory:
        flipped = tuple(
            replace(epoch, evaluation_accuracy=1 - epoch.evaluation_accuracy)
            for epoch in history.epochs
        )
        return replace(history, epochs=flipped)

    def test_it_waits_for_the_oldest_of_the_open_candidates(self):
        """As many are open at once as the lag says: one missing seed keeps all others back."""
        if not self.learns:
            pytest.skip("waits for nothing")
        spec = self.spec(search={"seeds": 2})
        cluster = Cluster(lambda: build_search(spec, SHAPE), workers=99, order=random.Random(0))
        cluster._fill()
        assert (len(cluster.running), cluster.waits) == (2 * self.lag, 1)
        for trial_id in cluster.running[2:]:
            cluster._end(trial_id, Outcome.DIVERGED)
        cluster._end(cluster.running[0], Outcome.DIVERGED)
        assert cluster.search.decide(cluster.state) is Pause.WAIT
        cluster._end(cluster.running[0], Outcome.DIVERGED)
        assert isinstance(cluster.search.decide(cluster.state), Segment)


def frozen(histories: Sequence[TrialHistory]) -> StudyState:
    """A state that says just these histories."""
    return StudyState.restored(
        [
            Standing(
                trial=each.trial,
                status=each.status,
                epochs=list(each.epochs),
                attempts=each.attempts,
                until_epoch=each.until_epoch,
                message=each.message,
            )
            for each in histories
        ],
        attempts_allowed=1,
        ended=False,
    )
