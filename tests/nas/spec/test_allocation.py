"""Rungs in a spec: a bare word is the kind, and what does not go together is refused in a line."""

from typing import Any

import pytest

from nas.errors import SpecError
from nas.spec.allocation import AllocationSpec
from nas.spec.choices import AllocationKind, RungMetric, Strata
from nas.spec.file import resolved, spec_from_json, spec_of_values
from nas.spec.study import SearchSpec

VALUES: dict[str, Any] = {"name": "a", "space": {"stem": {"width": 8}, "layouts": ["C-C"],
                          "stages": [{"depth": 1, "width": 8}] * 2}}  # fmt: skip


def test_every_trial_is_trained_in_full_unless_rungs_are_asked_for() -> None:
    search = SearchSpec()
    assert search.allocation == AllocationSpec() == AllocationSpec(kind=AllocationKind.FULL)
    assert (search.allocation.by_rungs, search.seeds) == (False, 3)


def test_a_bare_word_is_the_kind_and_candidates_then_have_one_seed() -> None:
    spec = spec_of_values(VALUES, ["search.allocation=halving"])
    assert spec.search.allocation == AllocationSpec(kind=AllocationKind.HALVING)
    assert spec.search.seeds == 1
    assert spec_from_json(resolved(spec), "study.json") == spec
    assert spec_of_values(VALUES, ["search.allocation=full"]).search.seeds == 3


def test_keys_are_written_as_text_and_numbers() -> None:
    spec = spec_of_values(
        VALUES,
        ["search.allocation={kind: halving, first: 3, strata: layout, metric: area, cohort: 12}"],
    )
    found = spec.search.allocation
    assert (found.first, found.cohort) == (3, 12)
    assert (found.strata, found.metric) == (Strata.LAYOUT, RungMetric.AREA)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ("search.allocation=halve", "search.allocation.kind: must be 'full', 'halving'"),
        ("search.allocation={kind: asha, keep: 1}", "keep is not used by kind 'asha'"),
        ("search.allocation={first: 4}", "first is not used by kind 'full'"),
        ("search.allocation={kind: i-epoch, strata: none}", "strata is not used by kind 'i-epoch'"),
        ("search.allocation={kind: halving, reduction: 1}", "reduction: must be at least 2"),
        ("search.allocation={kind: halving, first: 15}", "must be less than training.epochs 15"),
        ("search={allocation: halving, seeds: 2}", "allocation 'halving' compares candidates by"),
        ("search={allocation: asha, max_seeds: 2}", "set seeds to 1 and leave out max_seeds"),
        ("search={allocation: halving, placebo: C-C}", "a placebo compares two whole trainings"),
        (
            "search={allocation: {kind: halving, cohort: 9}, sampler: tpe, candidates: 30}",
            "cohort 9 is more than the 8 candidates that the sampler can propose",
        ),
        (
            "search={allocation: pasha, sampler: tpe, candidates: 5}",
            "a sampler that learns has nothing to learn from",
        ),
    ],
)
def test_refused(overrides: str, words: str) -> None:
    with pytest.raises(SpecError, match=words) as refused:
        spec_of_values(VALUES, [overrides])
    assert "\n" not in str(refused.value)


def test_i_epoch_keeps_three_and_halving_one_unless_it_is_said() -> None:
    kinds = (AllocationKind.HALVING, AllocationKind.I_EPOCH)
    assert [AllocationSpec(kind=kind).kept for kind in kinds] == [1, 3]
    assert [AllocationSpec(kind=kind, keep=2).kept for kind in kinds] == [2, 2]


def test_halving_goes_with_a_sampler_that_learns() -> None:
    SearchSpec.model_validate({"allocation": "halving", "sampler": "tpe", "candidates": 9})
