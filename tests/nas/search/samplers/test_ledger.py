"""The ledger reads a journal once, and another journal from its beginning."""

from dataclasses import replace

from nas.search.samplers.ledger import Ledger, brought_up_to_date, identity
from nas.space.candidate import Candidate, make_candidate
from nas.study.records import DataShape, TrialHistory, TrialStatus, twin_label
from search_spaces.language.parse import parse_space
from tests.nas.builders import TINY, trial


def history(number: int, label: str, seed: int = 0, **changes) -> TrialHistory:
    layout, _, k = label.partition("#")
    planned = trial(
        number,
        id=f"{number:04d}",
        label=label,
        layout=layout,
        seed=seed,
        config=replace(TINY, classes=2 + int(k[:1])),
        **changes,
    )
    return TrialHistory(trial=planned, status=TrialStatus.PLANNED, epochs=(), attempts=0)


STUDY = (
    history(1, "C#1"),
    history(2, "C#1", seed=1),
    history(3, "C#1", parent="0001"),
    history(4, "T#1"),
    history(5, twin_label("C#1"), twin=True),
    history(6, "C#2"),
    history(7, "C#1", seed=2),
)


def read(ledger: Ledger) -> tuple:
    return ledger.places, dict(ledger.layouts), ledger.identities, ledger._runs


def test_it_knows_candidates_in_order_with_their_runs():
    ledger = brought_up_to_date(Ledger(), STUDY)
    assert list(ledger.places) == ["C#1", "T#1", "C#2"]
    assert (len(ledger), ledger.layouts) == (3, {"C": 2, "T": 1})
    runs = ledger.runs(0, STUDY, seeds=2)
    assert [(run.trial.number, run.trial.seed) for run in runs] == [(1, 0), (2, 1), (3, 0)]


def test_whenever_it_reads_it_knows_the_same():
    once, often = brought_up_to_date(Ledger(), STUDY), Ledger()
    for known in range(len(STUDY) + 1):
        kept = brought_up_to_date(often, STUDY[:known])
        assert kept is often
    assert read(often) == read(once)


def test_another_journal_is_read_from_its_beginning():
    ledger = brought_up_to_date(Ledger(), STUDY)
    for other in (STUDY[:3], (*STUDY[:6], history(7, "C#2", seed=1))):
        assert not ledger.follows(other)
        assert read(brought_up_to_date(ledger, other)) == read(brought_up_to_date(Ledger(), other))


def test_what_a_candidate_builds_makes_it_one_with_a_trial():
    planned = STUDY[0].trial
    made = Candidate(label="x", layout="T", config=planned.config, cost=planned)
    assert identity(made) == identity(planned) != identity(STUDY[5].trial)


def test_another_size_of_images_is_another_candidate_and_the_same_one_is_not():
    space = parse_space(
        {
            "stem": {"width": 4},
            "stages": [{"depth": 1, "width": 8}, {"depth": 1, "width": {"times_previous": [1, 2]}}],
            "layouts": ["C-C"],
            "image_size": [16, 28],
        }
    )
    shape = DataShape(image_size=28, channels=1, classes=10)
    made = [make_candidate(point, shape, space=space) for point in space.points()]
    assert all(isinstance(each, Candidate) for each in made)
    assert len({identity(each) for each in made}) == 4
    said = replace(space, layouts=(replace(space.layouts[0], image_size=None),))
    unsaid = [make_candidate(point, shape, space=said) for point in said.points()]
    assert {identity(each) for each in unsaid} == {identity(each) for each in made[2:]}
