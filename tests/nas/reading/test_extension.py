"""After an answer with too few seeds the next command is named, and it is one that helps."""

from dataclasses import replace
from pathlib import Path

import pytest

from nas.ranking.relations import rank
from nas.ranking.result import Ranking
from nas.reading.extension import added_looks, again, extensions_words, next_step
from nas.spec.file import load_spec
from nas.study.declaration import Declaration
from nas.study.folder import Study
from nas.study.records import StudyExtended, TrialHistory, TrialStatus
from tests.nas.conftest import SMALL
from tests.nas.journals import STOPPED, journalled
from tests.nas.synthetic import SyntheticLayout
from tests.nas.synthetic import study as synthetic

NEAR = {
    "A": SyntheticLayout(accuracy=0.80, spread=0.012),
    "B": SyntheticLayout(accuracy=0.79, spread=0.012),
}
HALVED = Declaration(first=6, last=6, alpha=0.025, first_round=2, spent=0.05)
MORE = StudyExtended(
    at=3.0, changes={"search.seeds": 6, "tracking.uri": "http://me:secret@x"}, declared=HALVED
)


def answered(
    folder: Path, layouts: dict[str, SyntheticLayout], *overrides: str, seeds: int, seed: int = 0
) -> tuple[Study, tuple[TrialHistory, ...], Ranking]:
    """A study whose spec is real and whose trials are made up, with its answer."""
    spec = load_spec(str(SMALL), ["ranking.metric=accuracy", f"search.seeds={seeds}", *overrides])
    study = journalled(folder, STOPPED, spec=spec)
    histories = synthetic(layouts, seeds=range(spec.search.most_seeds), epochs=15, seed=seed)
    return study, histories, answer(study, histories)


def answer(study: Study, histories: tuple[TrialHistory, ...]) -> Ranking:
    declared = study.declared
    return rank(
        histories,
        study.spec.ranking.model_copy(update={"alpha": declared.alpha}),
        evaluation_images=10_000,
        seeds=(declared.first, declared.last),
    )


def test_a_few_seeds_are_made_enough_for_a_certificate(tmp_path):
    study, histories, ranking = answered(tmp_path / "a study", NEAR, seeds=3)
    assert ranking.symbols == ("?",)
    command, why = next_step(study, histories, ranking)
    assert command == f"next: nas extend '{tmp_path}/a study' search.seeds=6"
    assert why == (
        "6 more trials should decide about 1 of 1 open pairs; the new answer has alpha 0.025, it "
        "and what was answered before together 0.075"
    )


def test_what_is_decided_by_few_seeds_still_wants_a_certificate(tmp_path):
    apart = {**NEAR, "B": SyntheticLayout(accuracy=0.5, spread=0.001)}
    command, why = next_step(*answered(tmp_path / "s", apart, seeds=3))
    assert command.endswith("search.seeds=6")
    assert why.startswith("6 more trials make the answer a certificate; ")


def test_a_certificate_is_not_said_to_decide_what_it_will_not(tmp_path):
    command, why = next_step(*answered(tmp_path / "s", NEAR, seeds=3, seed=3))
    assert command.endswith("search.seeds=6")
    assert "certificate, but should decide none of 1 open pairs;" in why


def test_as_many_seeds_are_asked_for_as_close_what_can_be(tmp_path):
    """Six seeds a layout, and pairs that need a few more, or hundreds."""
    layouts = {**NEAR, "C": SyntheticLayout(accuracy=0.785, spread=0.012)}
    for seed, seeds, pairs in ((1, 10, "1 of 3"), (2, 10, "2 of 2"), (0, 18, "1 of 3")):
        command, why = next_step(*answered(tmp_path / f"{seed}", layouts, seeds=6, seed=seed))
        assert command.endswith(f"search.seeds={seeds}")
        expected = f"{3 * (seeds - 6)} more trials should decide about {pairs} open pairs"
        assert why.startswith(expected)


@pytest.mark.parametrize(
    ("layouts", "seeds"),
    [
        ({**NEAR, "B": SyntheticLayout(accuracy=0.5, spread=0.001)}, 6),  # all decided
        ({**NEAR, "B": SyntheticLayout(accuracy=0.80, spread=0.08)}, 6),  # hundreds of seeds
        ({"A": NEAR["A"]}, 3),  # nothing to compare
    ],
    ids=["decided", "hopeless", "alone"],
)
def test_nothing_is_named_where_nothing_would_help(tmp_path, layouts, seeds):
    study, histories, ranking = answered(tmp_path / "s", layouts, seeds=seeds)
    assert next_step(study, histories, ranking) == []


def test_nothing_is_named_where_the_comparison_is_withheld(tmp_path):
    unequal = {**NEAR, "B": replace(NEAR["B"], parameters=300_000)}
    study, histories, _ = answered(tmp_path / "s", unequal, "ranking.metric=capacity", seeds=3)
    ranking = answer(study, histories)
    assert ranking.marks == ("|",)
    assert next_step(study, histories, ranking) == []


def test_nothing_is_named_while_there_is_something_to_run(tmp_path):
    study, histories, ranking = answered(tmp_path / "s", NEAR, seeds=3)
    going = (replace(histories[0], status=TrialStatus.RUNNING), *histories[1:])
    assert next_step(study, going, ranking) == []


def test_a_study_that_adds_seeds_goes_on_adding_them(tmp_path):
    study, histories, ranking = answered(
        tmp_path / "s",
        NEAR,
        "search.max_seeds=7",
        seeds=6,
        seed=2,
    )
    assert ranking.symbols == ("?",)
    command, why = next_step(study, histories, ranking)
    key, _, seeds = command.split()[-1].partition("=")
    assert key == "search.max_seeds"
    assert 7 < int(seeds) <= 14
    assert "alpha 0.025" in why


def test_a_budget_that_is_spent_is_not_spent_again(tmp_path):
    found = answered(
        tmp_path / "s",
        NEAR,
        "search.max_seeds=7",
        "search.trials=14",
        seeds=6,
        seed=2,
    )
    assert next_step(*found) == []


def test_one_seed_costs_nothing(tmp_path):
    command, why = next_step(*answered(tmp_path / "s", NEAR, seeds=1))
    assert command.endswith("search.seeds=6")
    assert why == "10 more trials make the answer a certificate; the new answer has alpha 0.05"


def test_an_added_look_says_what_it_costs():
    assert added_looks(replace(HALVED, spent=0.0, alpha=0.05)) == []
    (note,) = added_looks(HALVED)
    assert "hold at alpha 0.025;" in note
    assert "in at most 7.5 % of studies" in note


def test_how_it_was_run_can_be_run_again_and_keeps_secrets(tmp_path):
    study = journalled(tmp_path / "s", [*STOPPED, MORE])
    assert again(study) == (
        f"nas search {tmp_path}/s/spec.json --study ANOTHER && nas extend ANOTHER search.seeds=6"
    )
    assert extensions_words(study) == "1970-01-01 00:00 UTC search.seeds=6"
