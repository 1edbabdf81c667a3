"""Samplers that learn from results: what each may know, when it has to wait, and what it proposes.

docs/samplers.md, "The same proposals, whatever runs at once", says why it is done so.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from nas.search.samplers.ledger import Ledger, identity
from nas.search.samplers.neighbours import Neighbours
from nas.search.samplers.sampler import Assignment, Draws, Maker, RandomSampler, numbered
from nas.seeds import derive_seed
from nas.space.candidate import Candidate
from nas.space.points import point_of
from nas.study.records import FINAL, Pause, Trial, TrialHistory, TrialStatus
from search_spaces.language.space import SearchSpace

_LOST = (TrialStatus.DIVERGED, TrialStatus.FAILED)


class Ending(Enum):
    """How a candidate ended, all its seeds taken together."""

    FINISHED = "finished"  # some trial was trained in full, and none was stopped
    STOPPED = "stopped"  # the search let some trial go no further; it is read where it stands
    LOST = "lost"  # every trial diverged or failed: a result, and the worst there is


class Goal(Protocol):
    """Something to be as large as can be."""

    def add(self, runs: Sequence[TrialHistory]) -> None:
        """Take the trials of one more candidate, all of which have ended."""

    @property
    def worths(self) -> Sequence[float]:
        """What each candidate is worth, of those added so far."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """What decides how far proposals run ahead of results."""

    lag: int  # candidate n rests on the results of the candidates up to n - lag
    seeds: int  # trials of a candidate that its result is the mean of
    tuned: bool = False  # a trained trial has ended when its fine-tuning has


class Seen:
    """What one proposal may rest on. Places count candidates from 0, in the order planned.

    Kept from question to question, and still a function of the journal: candidates are added one by
    one in their order, at the same steps however late the journal is first read.
    """

    def __init__(self, space: SearchSpace, goals: Sequence[Goal], pace: Pace) -> None:
        """Know nothing yet; `goals` are fresh."""
        self._space, self._pace = space, pace
        self.goals = goals
        self.ledger = Ledger()
        self.points: list[Assignment] = []  # of all candidates; the first `ended` have ended
        self.endings: list[Ending] = []
        self.epochs: list[int] = []  # that every trial of an ended candidate has

    @property
    def ended(self) -> int:
        """How many candidates may be looked at."""
        return len(self.endings)

    @property
    def number(self) -> int:
        """Number of the next candidate, from 1."""
        return len(self.points) + 1

    @property
    def behind(self) -> bool:
        """Whether another candidate has to end before the next may be proposed."""
        return self.ended + self._pace.lag < self.number

    @property
    def pending(self) -> range:
        """Places of the candidates whose points are known and nothing else."""
        return range(self.ended, len(self.points))

    def worth(self, place: int) -> tuple[float, ...]:
        """Return what an ended candidate is worth, goal by goal; larger is better."""
        return tuple(goal.worths[place] for goal in self.goals)

    def update(self, histories: Sequence[TrialHistory]) -> None:
        """Take the points of what was planned since."""
        self.ledger.update(histories)
        for trial in self.ledger.trials[len(self.points) :]:
            self.points.append(point_of(trial, self._space))

    def trial(self, place: int) -> Trial:
        """Return a candidate's first trial."""
        return self.ledger.trials[place]

    def add(self, histories: Sequence[TrialHistory]) -> bool:
        """Take the results of the next candidate, or tell that not all of them are there."""
        runs = self.ledger.runs(self.ended, histories, seeds=self._pace.seeds)
        told = _told(runs, self._pace)
        if told is None:
            return False
        for goal in self.goals:
            goal.add(told)
        self.endings.append(_ending(told))
        self.epochs.append(min(len(run.epochs) for run in told))
        return True


def _told(runs: Sequence[TrialHistory], pace: Pace) -> tuple[TrialHistory, ...] | None:
    """Return the trials that a candidate is judged by, None while any is still to end."""
    trained = [run for run in runs if run.trial.parent is None]
    if len(trained) < pace.seeds or any(run.status not in FINAL for run in trained):
        return None
    if not pace.tuned:
        return tuple(trained)
    tuned = {run.trial.parent: run for run in runs if run.trial.parent is not None}
    told = [
        tuned.get(run.trial.id) if run.status is TrialStatus.FINISHED else run for run in trained
    ]
    ended = tuple(run for run in told if run is not None and run.status in FINAL)
    return ended if len(ended) == len(told) else None


def _ending(told: Sequence[TrialHistory]) -> Ending:
    statuses = {run.status for run in told}
    if TrialStatus.STOPPED in statuses:
        return Ending.STOPPED
    return Ending.LOST if statuses.issubset(_LOST) else Ending.FINISHED


class Chooser(Protocol):
    """The part in which samplers that learn differ."""

    @property
    def startup(self) -> int:
        """How many candidates must have ended before it chooses; random ones before that."""
        ...

    def learned(self, seen: Seen) -> None:
        """Take note that one more candidate has ended; called once for each, in order."""

    def choose(self, seen: Seen) -> Assignment:
        """Return the point wanted as number `seen.number`; one that is near may be proposed.

        It must be a function of what `seen` holds, whenever it is asked, and of what it noted.
        """
        ...


class LearningSampler:
    """Proposes what a chooser wants, or a network near it that can be trained and is new."""

    def __init__(
        self,
        space: SearchSpace,
        make: Maker,
        *,
        begin: Callable[[], tuple[Seen, Chooser]],
        seed: int,
        neighbours: Neighbours,
        opening: Callable[[int], Iterator[Assignment]] = lambda number: iter(()),
        draws: Draws | None = None,
    ) -> None:
        """Propose points of `space`; `make` turns down what cannot be trained.

        `begin` returns what has learnt nothing yet: it is called again should another journal come.
        `opening` has points for the candidate of a number while the chooser does not choose yet;
        without any, they are random ones, from `draws` or all of the space.
        """
        self._space, self._make, self._seed = space, make, seed
        self._begin, self._neighbours, self._opening = begin, neighbours, opening
        self._seen, self._chooser = begin()
        self._random = RandomSampler(draws or space, make, seed=seed)

    def propose(self, histories: Sequence[TrialHistory]) -> Candidate | Pause:
        """Return the next candidate; WAIT while one that it rests on has not ended."""
        if not self._seen.ledger.follows(histories):
            self._seen, self._chooser = self._begin()
        seen = self._seen
        seen.update(histories)
        while seen.behind:
            if not seen.add(histories):
                return Pause.WAIT
            self._chooser.learned(seen)
        if seen.ended >= self._chooser.startup:
            found = self._near(self._chooser.choose(seen))
        else:
            opened = (self._new(point) for point in self._opening(seen.number))
            found = next((each for each in opened if each is not None), None)
        found = found or self._random.first_outside(seen.ledger.identities)
        return Pause.DONE if found is None else numbered(found, seen.ledger)

    def _new(self, wanted: Assignment) -> Candidate | None:
        made = self._make(self._space.point(wanted))
        known = self._seen.ledger.identities
        return made if isinstance(made, Candidate) and identity(made) not in known else None

    def _near(self, wanted: Assignment) -> Candidate | None:
        """Return the network wanted, else the first beside it that is feasible and new."""
        made, known = self._new(wanted), self._seen.ledger.identities
        if made is not None:
            return made
        rng = random.Random(derive_seed(self._seed, "neighbours", self._seen.number))
        beside = self._neighbours(wanted, rng)
        return next((each for each in beside if identity(each) not in known), None)
