"""Rungs lie at first, first x reduction, ...; strata count convolution; controls are drawn."""

import pytest

from nas.search.allocation.ladder import after, drawn_controls, rung_epochs, stratum
from nas.spec.allocation import AllocationSpec
from nas.spec.choices import Strata
from nas.study.records import BaselineConfig
from tests.nas.builders import trial
from tests.nas.synthetic import trial_of


def spec(**values) -> AllocationSpec:
    return AllocationSpec.model_validate({"kind": "halving", **values})


@pytest.mark.parametrize(
    ("values", "epochs", "rungs"),
    [
        ({}, 20, (2, 6, 18)),
        ({}, 18, (2, 6)),
        ({"first": 1, "reduction": 4}, 20, (1, 4, 16)),
        ({"first": 5, "reduction": 10}, 20, (5,)),
        ({"kind": "i-epoch", "first": 1}, 20, (1,)),
        ({"kind": "asha"}, 7, (2, 6)),
    ],
)
def test_rungs_lie_before_the_last_epoch(values, epochs, rungs):
    assert rung_epochs(spec(**values), epochs) == rungs


def test_from_a_rung_a_trial_goes_to_the_next_or_to_its_end():
    assert [after((2, 6), epoch, last=20) for epoch in (2, 6)] == [6, 20]


def test_a_family_counts_the_stages_that_convolve():
    names = ["C-C-C-C", "C-C-C-T", "C-T-T-T", "ViT_REL"]
    trials = [trial_of(f"{name}#1", seed=0, number=1, epochs=3) for name in names]
    assert [stratum(each, Strata.FAMILY) for each in trials] == [
        "4 convolution stages", "3 convolution stages", "1 convolution stage",
        "0 convolution stages",
    ]  # fmt: skip
    assert {stratum(each, Strata.NONE) for each in trials} == {""}
    assert stratum(trials[1], Strata.LAYOUT) == trials[1].layout


def test_a_network_of_another_family_is_a_stratum_of_its_own():
    config = BaselineConfig(network="timm/vit", image_size=8, in_channels=1, classes=10)
    baseline = trial(config=config, layout="ViT")
    assert stratum(baseline, Strata.FAMILY) == stratum(baseline, Strata.LAYOUT) == "ViT"


def test_controls_are_a_share_rounded_up_drawn_by_number():
    drawn = drawn_controls(60, share=0.05, seed=0)
    assert len(drawn) == 3
    assert drawn == drawn_controls(60, share=0.05, seed=0)
    assert drawn != drawn_controls(60, share=0.05, seed=1)
    assert len(drawn_controls(3, share=0.05, seed=0)) == 1
    assert drawn_controls(3, share=0.99, seed=0) == {1, 2, 3}
    assert drawn_controls(60, share=0.0, seed=0) == frozenset()


def test_every_candidate_is_as_likely_to_be_a_control():
    times = [0] * 20
    for seed in range(600):
        for number in drawn_controls(20, share=0.05, seed=seed):
            times[number - 1] += 1
    assert sum(times) == 600
    assert 12 <= min(times) <= max(times) <= 54  # 30 on average, sd 5.3
