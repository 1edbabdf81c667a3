"""Every candidate gets its first seeds, whatever they bring; so does the placebo's twin."""

from nas.study.state import StudyState
from tests.nas.search.test_search import grid, run_all


def test_every_layout_gets_a_seed_before_any_gets_the_next():
    ids = run_all(grid("A", "B", "C"), StudyState())
    assert ids == ["0001-A-s0", "0002-B-s0", "0003-C-s0", "0004-A-s1", "0005-B-s1", "0006-C-s1"]


def test_an_adaptive_sampler_gets_all_seeds_of_a_candidate_first():
    ids = run_all(grid("A", "B", adaptive=True), StudyState())
    assert ids == ["0001-A-s0", "0002-A-s1", "0003-B-s0", "0004-B-s1"]


def test_candidates_limits_the_grid():
    search = grid("A", "B", "C", candidates=2)
    assert run_all(search, StudyState()) == ["0001-A-s0", "0002-B-s0", "0003-A-s1", "0004-B-s1"]
    assert search.expected == 4


def test_a_twin_is_the_same_network_under_another_label_and_seed_by_seed():
    state = StudyState()
    ids = run_all(grid("A", "B", placebo="A"), state)
    assert ids == [
        "0001-A-s0", "0002-B-s0", "0003-A.twin-s0", "0004-A-s1", "0005-B-s1", "0006-A.twin-s1",
    ]  # fmt: skip
    original, twin = state.history(ids[0]).trial, state.history(ids[2]).trial
    assert (twin.label, twin.twin, original.twin) == ("A~twin", True, False)
    assert (twin.config, twin.layout, twin.macs) == (original.config, "A", original.macs)
    assert grid("A", "B", placebo="A").expected == 6


def test_the_schedule_placebo_is_the_same_training_over_fewer_epochs():
    state = StudyState()
    search = grid("A", "B", schedule_placebo={"layout": "A", "epochs": 2})
    ids = run_all(search, state)
    assert ids[2] == "0003-A.brief-s0"
    original, brief = state.history(ids[0]).trial, state.history(ids[2]).trial
    assert (brief.label, brief.twin, brief.brief, brief.epochs) == ("A~brief", True, True, 2)
    assert (brief.config, brief.seed) == (original.config, original.seed)
    assert search.expected == 6
