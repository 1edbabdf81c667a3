"""Costs of candidates: counted from descriptions, and not known where they are not."""

import math
from dataclasses import replace

import pytest

import coatnet
from nas.ranking.costs import COSTS, PricedGoal, costs_of, priced_goals
from nas.spec.choices import Price
from nas.study.records import BaselineConfig, TrialHistory, TrialStatus
from tests.nas.builders import TINY, trial

RUN = TrialHistory(trial=trial(), status=TrialStatus.FINISHED, epochs=(), attempts=1)
BASELINE = BaselineConfig(network="timm/x", image_size=28, in_channels=1, classes=10)
OTHER = replace(RUN, trial=replace(RUN.trial, config=BASELINE))


def test_every_cost_has_its_rule():
    assert list(COSTS) == list(Price)


def test_costs_come_from_the_description():
    counted = coatnet.cost(TINY)
    assert costs_of([RUN, RUN], [Price.PARAMETERS, Price.MACS, Price.TRAINING_MACS]) == {
        Price.PARAMETERS: RUN.trial.parameters,
        Price.MACS: RUN.trial.macs,
        Price.TRAINING_MACS: counted.training_macs(),
    }
    memory = costs_of([RUN], [Price.ACTIVATION_MEMORY])[Price.ACTIVATION_MEMORY]
    assert memory == counted.activation_bytes()


def test_of_another_family_only_the_size_is_known():
    found = costs_of([OTHER], [Price.MACS, Price.ACTIVATION_MEMORY])
    assert found == {Price.MACS: RUN.trial.macs, Price.ACTIVATION_MEMORY: None}
    assert PricedGoal(price=Price.ACTIVATION_MEMORY, sign=1).worth(OTHER) == -math.inf


@pytest.mark.parametrize(("word", "sign"), [("-macs", -1), ("macs", 1)])
def test_objectives_that_are_costs_are_goals_with_their_sign(word, sign):
    (goal,) = priced_goals(["accuracy", word])
    assert goal == PricedGoal(price=Price.MACS, sign=sign)
    assert goal.worth(RUN) == sign * RUN.trial.macs


def test_latency_is_what_whoever_asks_knows_of_it_and_else_not_known():
    known = costs_of([RUN, RUN], [Price.LATENCY], latency=lambda _: 1.5)
    assert known == {Price.LATENCY: 1.5}
    assert costs_of([RUN], [Price.LATENCY]) == {Price.LATENCY: None}
    (goal,) = priced_goals(("accuracy", "-latency"), latency=lambda _: 1.5)
    assert goal.worth(RUN) == -1.5
    (goal,) = priced_goals(("accuracy", "-latency"))
    assert goal.worth(RUN) == -math.inf, "not known is the worst"
