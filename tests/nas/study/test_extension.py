"""An extension is part of the truth: everyone reads it, and what it declares keeps the level."""

from dataclasses import replace

import pytest

from benchmarks.extend import EQUAL, HISTORIES, NOISES, STEPS, answer, declare
from nas.errors import SpecError
from nas.ranking.forecast.scenarios import Scenario
from nas.reading.study import StudyReader
from nas.spec.file import load_spec
from nas.study.declaration import Declaration
from nas.study.extension import declaration, extended_spec, redeclared
from nas.study.folder import Follower, begun_study, open_study
from nas.study.journal import FILE, Journal, decode, encode
from nas.study.records import StudyEnded, StudyExtended
from tests.nas.conftest import SMALL
from tests.nas.journals import PAUSED, STOPPED, journalled

HALVED = Declaration(first=6, last=6, alpha=0.025, first_round=2, spent=0.05)
MORE = StudyExtended(at=3.0, changes={"search.seeds": 6}, declared=HALVED)


def spec(*overrides: str):
    return load_spec(str(SMALL), overrides)


def test_a_record_of_it_survives_the_journal():
    for changes in ({"search.seeds": 6}, {"tracking.uri": None, "resources.cpus": 0.5}):
        record = replace(MORE, changes=changes)
        assert decode(encode(record)) == record
        assert [type(value) for value in decode(encode(record)).changes.values()] == [
            type(value) for value in changes.values()
        ]


@pytest.mark.parametrize(
    ("overrides", "looks", "first_round"),
    [
        ((), (2, 2), 2),
        (("search.seeds=1",), (1, 1), 1),
        (("search.seeds=1", "search.max_seeds=4"), (1, 4), 2),
        (("search.seeds=3", "search.max_seeds=20"), (3, 20), 3),
    ],
)
def test_a_study_declares_its_looks_and_its_level(overrides, looks, first_round):
    found = declaration(spec(*overrides))
    assert (found.first, found.last) == looks
    assert found.first_round == first_round
    assert (found.alpha, found.spent, found.together) == (0.05, 0.0, 0.05)


def after(before: tuple[str, ...], changes: tuple[str, ...], *, measured: bool = True):
    old, new = spec(*before), spec(*before, *changes)
    return redeclared(declaration(old), before=old, after=new, measured=measured)


def test_more_looks_have_half_the_level():
    assert after((), ("search.seeds=6",)) == HALVED
    looks = after((), ("search.max_seeds=6",))
    assert (looks.first, looks.last, looks.alpha, looks.spent) == (2, 6, 0.025, 0.05)


def test_all_answers_together_stay_below_twice_the_level():
    declared = declaration(spec())
    for seeds in range(3, 40):
        old, new = spec(f"search.seeds={seeds - 1}"), spec(f"search.seeds={seeds}")
        declared = redeclared(declared, before=old, after=new, measured=True)
    assert 0.0999 < declared.together < 0.1


def test_what_adds_no_look_costs_nothing():
    wide = ("search.seeds=3", "search.max_seeds=20")
    for changes in (("search.seeds=6",), ("search.trials=40",), ("search.until=sharp",)):
        assert after(wide, changes) == declaration(spec(*wide))
    assert after((), ("resources.cpus=2",)) == declaration(spec())


def test_before_anything_is_measured_a_study_is_declared_anew():
    found = after((), ("search.seeds=6",), measured=False)
    assert found == declaration(spec("search.seeds=6"))


def test_one_seed_claimed_nothing_and_keeps_its_place_in_the_loss():
    found = after(("search.seeds=1",), ("search.seeds=6",))
    assert (found.first, found.last, found.alpha, found.spent) == (6, 6, 0.05, 0.0)
    assert found.first_round == 1


def test_more_candidates_are_a_family_of_their_own():
    few = ("search.sampler=random", "search.candidates=2")
    found = after(few, ("search.candidates=3",))
    assert (found.first, found.last, found.alpha) == (2, 2, 0.025)


def test_a_value_that_cannot_be_is_blamed_on_the_file():
    with pytest.raises(SpecError, match=r"^journal: search\.seeds: must be at least 1"):
        extended_spec(spec(), {"search.seeds": 0}, file="journal")


def test_everyone_reads_the_begun_spec_with_its_extensions(tmp_path):
    study = journalled(tmp_path / "s", [*STOPPED, MORE])
    assert (study.begun.search.seeds, study.spec.search.seeds) == (2, 6)
    assert study.declared == HALVED
    assert '"seeds": 2' in (study.folder / "study.json").read_text()
    state = study.state()
    assert not state.ended, "there may be something to run again"
    reader = StudyReader(study)
    looks = reader.rank().looks
    assert looks == (6, 6)


def test_a_reader_that_was_open_before_sees_it(tmp_path):
    study = journalled(tmp_path / "s", STOPPED)
    reader = StudyReader(study)
    assert reader.rank().looks == (2, 2)
    with Journal(study.journal) as journal:
        journal.append(MORE)
        journal.append(StudyEnded(at=4.0))
    assert reader.rank().looks == (6, 6)
    assert reader.study == open_study(study.folder)


def test_a_view_of_a_long_journal_has_the_extensions_too(tmp_path, monkeypatch):
    monkeypatch.setattr("nas.study.folder.FROM", len(STOPPED) + 1)
    study = journalled(tmp_path / "s", [*STOPPED, MORE])
    for _ in range(2):  # the first reads the journal and leaves the view
        follower = Follower(begun_study(study.folder))
        assert follower.study.extensions == ()
        follower.refresh()
        assert follower.study == study
        monkeypatch.setattr("nas.study.journal.decode", None)


def test_without_one_the_journal_is_not_decoded_at_opening(tmp_path):
    study = journalled(tmp_path / "s", PAUSED)
    with (study.journal / FILE).open("r+b") as file:
        file.write(b"!")
    assert open_study(study.folder).extensions == ()


# What is said of the level, by simulation of the shipped rule


@pytest.mark.parametrize("seeds", HISTORIES.values(), ids=HISTORIES)
def test_all_answers_together_are_false_as_rarely_as_said(seeds):
    declared = declare(seeds)
    bar = 0.075 if len(seeds) == 2 else 0.1
    assert declared[-1].together <= bar + 1e-9
    for noise, scenario in NOISES.items():
        found = answer(scenario, declared, studies=2000, seed=7)
        assert found.any_better <= bar, noise
        assert found.newest_better <= declared[-1].alpha + 0.008, noise  # 2 standard errors
    edge = Scenario(means=STEPS, sds=(0.003,) * 5)
    assert answer(edge, declared, studies=2000, seed=7).any_equal <= bar


def test_answers_at_the_same_level_again_and_again_are_not():
    """So that the simulation above could find it."""
    scenario = Scenario(means=EQUAL, sds=(0.01,) * 5)
    declared = [replace(each, alpha=0.05) for each in declare(HISTORIES["3, 6, 9, 12, 15, 18"])]
    assert answer(scenario, declared, studies=2000, seed=7).any_better > 0.12


@pytest.mark.parametrize("growing", [True, False])
def test_whether_l_star_leaves_room_stays_as_it_was_begun(growing):
    """Scores that were read must not move: l* is the same before and after."""
    most = 6 if growing else 3
    before = spec("search.seeds=3", f"search.max_seeds={most}")
    after = spec("search.seeds=8", f"search.max_seeds={8 if growing else 12}")
    begun = declaration(before)
    extended = redeclared(begun, before=before, after=after, measured=True)
    assert (begun.growing, extended.growing) == (growing, growing)
    assert extended.first_round == 3
    assert redeclared(begun, before=before, after=after, measured=False).growing is not growing
