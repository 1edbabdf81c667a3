"""When a candidate has ended, what is told of it, and what is proposed where a wish is known."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from nas.search.samplers.learning import Ending, LearningSampler, Pace, Seen
from nas.search.samplers.sampler import RandomSampler
from nas.space.candidate import Candidate
from nas.study.records import Pause, TrialHistory, TrialStatus
from search_spaces.language.parse import parse_space
from tests.nas.search.samplers.test_sampler import SPACE, depth_of_first, make, play

PLACE = parse_space(SPACE)
FINISHED, STOPPED = TrialStatus.FINISHED, TrialStatus.STOPPED
DIVERGED, FAILED = TrialStatus.DIVERGED, TrialStatus.FAILED
PLAYED = play(RandomSampler(PLACE, make, seed=5), 12, depth_of_first)


class Noting:
    """A goal that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[list[str]] = []

    def add(self, runs: Sequence[TrialHistory]) -> None:
        self.told.append([run.trial.id for run in runs])


def runs(*statuses: TrialStatus) -> list[TrialHistory]:
    """Return one candidate's trials, a seed each."""
    return [
        replace(
            PLAYED[0],
            trial=replace(PLAYED[0].trial, id=f"s{seed}", seed=seed, number=seed + 1),
            status=status,
        )
        for seed, status in enumerate(statuses)
    ]


def seen_of(histories: Sequence[TrialHistory], *, seeds: int, tuned: bool = False) -> Seen:
    seen = Seen(PLACE, [Noting()], Pace(lag=1, seeds=seeds, tuned=tuned))
    seen.update(histories)
    return seen


@pytest.mark.parametrize(
    ("statuses", "ending"),
    [
        ((FINISHED, FINISHED), Ending.FINISHED),
        ((FINISHED, DIVERGED), Ending.FINISHED),
        ((DIVERGED, FAILED), Ending.LOST),
        ((STOPPED, FINISHED), Ending.STOPPED),
        ((STOPPED, FAILED), Ending.STOPPED),
    ],
)
def test_how_a_candidate_ended(statuses, ending):
    histories = runs(*statuses)
    seen = seen_of(histories, seeds=2)
    assert seen.add(histories)
    assert (seen.endings, seen.epochs) == ([ending], [1])


@pytest.mark.parametrize(
    "status",
    [TrialStatus.PLANNED, TrialStatus.RUNNING, TrialStatus.PAUSED, TrialStatus.INTERRUPTED],
)
def test_it_has_not_ended_while_a_seed_may_go_on_or_is_to_come(status):
    for histories in (runs(FINISHED, status), runs(FINISHED)):
        seen = seen_of(histories, seeds=2)
        assert not seen.add(histories)
        assert (seen.ended, seen.goals[0].told) == (0, [])


def test_seeds_beyond_the_first_round_do_not_count():
    histories = runs(FINISHED, FINISHED, TrialStatus.RUNNING, FINISHED)
    seen = seen_of(histories, seeds=2)
    assert seen.add(histories)
    assert seen.goals[0].told == [["s0", "s1"]]


def tuning(of: TrialHistory, status: TrialStatus) -> TrialHistory:
    trial = replace(of.trial, id=f"{of.trial.id}-fine", parent=of.trial.id)
    return replace(of, trial=trial, status=status)


def test_where_fine_tunings_are_judged_all_have_to_end():
    first, second, lost = runs(FINISHED, FINISHED, DIVERGED)
    steps = [
        [first, second, lost],
        [first, second, lost, tuning(first, FINISHED)],
        [first, second, lost, tuning(first, FINISHED), tuning(second, TrialStatus.RUNNING)],
    ]
    for histories in steps:
        assert not seen_of(histories, seeds=3, tuned=True).add(histories)
    histories = [*steps[1], tuning(second, DIVERGED)]
    seen = seen_of(histories, seeds=3, tuned=True)
    assert seen.add(histories)
    assert seen.goals[0].told == [["s0-fine", "s1-fine", "s2"]]
    assert seen.endings == [Ending.FINISHED]


def test_where_they_are_not_judged_they_are_not_waited_for():
    (first,) = runs(FINISHED)
    histories = [first, tuning(first, TrialStatus.RUNNING)]
    seen = seen_of(histories, seeds=1)
    assert seen.add(histories)
    assert seen.goals[0].told == [["s0"]]


class Wishing:
    """Wants one point, always."""

    startup = 2

    def __init__(self, point) -> None:
        self.point, self.noted = point, []

    def learned(self, seen: Seen) -> None:
        self.noted.append(seen.ended)

    def choose(self, seen: Seen):
        return self.point


def wishing(point, *, neighbours=None) -> tuple[LearningSampler, Wishing]:
    chooser = Wishing(point)
    pace = Pace(lag=3, seeds=1)
    sampler = LearningSampler(
        PLACE,
        make,
        begin=lambda: (Seen(PLACE, [Noting()], pace), chooser),
        seed=5,
        neighbours=neighbours or (lambda point, rng: iter(())),
    )
    return sampler, chooser


def test_random_points_come_first_and_then_what_is_wished_for():
    new = PLAYED[11].trial
    sampler, chooser = wishing(new.point)
    for known in range(5):  # candidate 4 rests on the first, 5 on two: the next is wished for
        proposal = sampler.propose(PLAYED[:known])
        expected = PLAYED[known] if known < 4 else PLAYED[11]
        assert isinstance(proposal, Candidate)
        assert proposal.config == expected.trial.config
    assert chooser.noted == [1, 2]


def test_in_place_of_what_is_known_a_new_neighbour_is_proposed():
    known = PLAYED[0].trial.point
    near = [make(PLACE.point(PLAYED[k].trial.point)) for k in (1, 2, 9, 10)]
    sampler, _ = wishing(known, neighbours=lambda point, rng: iter(near if point == known else ()))
    proposal = sampler.propose(PLAYED[:6])
    assert isinstance(proposal, Candidate)
    assert proposal.config == PLAYED[9].trial.config
    alone, _ = wishing(known)
    proposal = alone.propose(PLAYED[:6])
    assert isinstance(proposal, Candidate)
    assert proposal.config == PLAYED[6].trial.config, "the next random one"


def test_another_journal_is_learnt_from_its_beginning():
    sampler, chooser = wishing(PLAYED[11].trial.point)
    sampler.propose(PLAYED[:6])
    assert sampler.propose([PLAYED[7], *PLAYED[1:4]]) is not Pause.WAIT
    assert chooser.noted == [1, 2, 3, 4, 1, 2]
