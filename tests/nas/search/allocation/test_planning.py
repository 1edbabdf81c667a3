"""New trials: numbered over all, safe as file names, a candidate's network and point taken over."""

from dataclasses import replace

from nas.search.allocation.planning import Planner, trained_only, trial_id
from nas.study.records import TrialHistory, TrialStatus
from tests.nas.builders import trial
from tests.nas.search.test_search import candidate

PLANNER = Planner(epochs=7)


def history(planned):
    return TrialHistory(trial=planned, status=TrialStatus.FINISHED, epochs=(), attempts=1)


def test_an_id_sorts_by_number_and_is_a_safe_name():
    assert trial_id(12, "C-T#3~twin", 4) == "0012-C-T.3.twin-s4"


def test_the_point_travels_with_the_trial_and_with_every_seed_of_it():
    point = {"layout": "A", "A/depth1": 2}
    first = PLANNER.new(replace(candidate("A"), point=point), seed=0, number=1)
    assert (first.point, first.epochs, first.twin) == (point, 7, False)
    known = [history(first)]
    second = PLANNER.replicate("A", seed=1, trained=known, number=2)
    assert second == replace(first, number=2, id="0002-A-s1", seed=1)
    twin = PLANNER.replicate("A~twin", seed=0, trained=known, number=3)
    assert twin == replace(first, number=3, id="0003-A.twin-s0", label="A~twin", twin=True)


def test_fine_tunings_are_not_trained_anew():
    trained, tuned = history(trial(1)), history(trial(2, parent="0001-C-s0"))
    assert trained_only([trained, tuned]) == (trained,)
