"""What is planned of a first round, trial by trial."""

from nas.search.allocation.planned import Planned, planned_of
from nas.study.records import TrialHistory, TrialStatus, twin_label
from tests.nas.builders import trial


def histories(*asked: tuple[str, int], **changes) -> list[TrialHistory]:
    return [
        TrialHistory(
            trial=trial(number, id=f"{number}", label=label, seed=seed, **changes),
            status=TrialStatus.PLANNED,
            epochs=(),
            attempts=0,
        )
        for number, (label, seed) in enumerate(asked, start=1)
    ]


def test_the_lowest_seed_comes_first_and_of_it_the_first_label():
    known = planned_of(Planned(seeds=2), histories(("A", 0), ("B", 0), ("A", 1)), seeds=2)
    assert list(known.firsts) == ["A", "B"]
    assert known.lowest_missing(()) == ("B", 1)
    assert known.first_missing(()) == ("B", 1)
    assert known.lowest_missing([twin_label("A")]) == ("A~twin", 0)
    assert known.first_missing([twin_label("A")]) == ("B", 1)


def test_one_that_learns_gets_all_seeds_of_the_first_label():
    known = planned_of(Planned(seeds=2), histories(("A", 0), ("B", 0)), seeds=2)
    assert known.first_missing(()) == ("A", 1)
    known = planned_of(known, histories(("A", 0), ("B", 0), ("A", 1), ("B", 1)), seeds=2)
    assert known.first_missing(()) is None
    assert known.lowest_missing(()) is None


def test_fine_tunings_and_twins_are_no_candidates():
    found = [
        *histories(("A", 0)),
        *histories(("A", 1), parent="1"),
        *histories(("A~twin", 0), twin=True),
    ]
    known = planned_of(Planned(seeds=2), found, seeds=2)
    assert list(known.firsts) == ["A"]
    assert known.lowest_missing(["A~twin"]) == ("A", 1)


def test_another_journal_begins_anew():
    known = planned_of(Planned(seeds=1), histories(("A", 0), ("B", 0)), seeds=1)
    known = planned_of(known, histories(("A", 0), ("C", 0), ("D", 0)), seeds=1)
    assert list(known.firsts) == ["A", "C", "D"]
