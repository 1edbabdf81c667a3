"""What was explored is confirmed once it has all ended, seed by seed, with seeds of its own."""

from collections.abc import Sequence

from nas.search.allocation.confirmation import Confirmation
from nas.search.allocation.first_round import FirstRound
from nas.search.allocation.planning import Planner
from nas.search.samplers.sampler import GridSampler
from nas.search.search import Search
from nas.spec.confirm import ConfirmSpec
from nas.spec.study import SearchSpec
from nas.study.records import Outcome, Segment, TrialHistory, TrialPlanned
from nas.study.state import StudyState
from tests.nas.search.test_search import candidate, end, finish_all, run_all, start

CONFIRM = ConfirmSpec(candidates=2, seeds=2)


class Asked:
    """A shortlist that keeps of how many trials it was asked."""

    def __init__(self) -> None:
        self.of: list[int] = []

    def __call__(self, histories: Sequence[TrialHistory]) -> list[str]:
        self.of.append(len(histories))
        return ["C", "A"]


def search(shortlist: Asked) -> Search:
    """Return a search of A, B and C with one seed each, of which C and A are confirmed."""
    planner = Planner(epochs=3)
    exploring = FirstRound(
        SearchSpec(seeds=1),
        planner,
        sampler=GridSampler([candidate(label) for label in "ABC"]),
        adaptive=False,
        most=None,
        listed=3,
    )
    confirmation = Confirmation(CONFIRM, planner, explored_seeds=1, shortlist=shortlist)
    return Search([exploring, confirmation])


def test_the_shortlist_is_trained_when_all_has_ended() -> None:
    asked, state = Asked(), StudyState()
    both = search(asked)
    explored = run_all(both, state)
    assert explored == ["0001-A-s0", "0002-B-s0", "0003-C-s0"]
    end(state, explored[0], Outcome.FINISHED)
    end(state, explored[1], Outcome.DIVERGED)
    assert (run_all(both, state), asked.of) == ([], [])
    end(state, explored[2], Outcome.FINISHED)
    assert run_all(both, state) == ["0004-C-s1", "0005-A-s1", "0006-C-s2", "0007-A-s2"]
    assert asked.of == [3]


def test_a_search_that_was_killed_confirms_the_same() -> None:
    state = StudyState()
    whole = finish_all(search(Asked()), state)
    again = StudyState()
    found: list[str] = []
    while True:  # a new search at every question: nothing is remembered but the journal
        segment = search(Asked()).decide(again)
        if not isinstance(segment, Segment):
            break
        again.apply(TrialPlanned(at=0.0, trial=segment.trial))
        start(again, segment)
        end(again, segment.trial.id, Outcome.FINISHED)
        found.append(segment.trial.id)
    assert found == whole
    assert len(whole) == 7


def test_what_it_asks_for_is_known_before() -> None:
    workload = search(Asked())
    assert (workload.expected, workload.expected_epochs) == (3 + 4, 3 * 7)
