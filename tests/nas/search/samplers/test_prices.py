"""A price is a goal, large or small as one wants it."""

import pytest

from coatnet.cost import cost
from nas.search.samplers.prices import Prices
from nas.space.part_times import network_time
from nas.spec.choices import Price
from nas.study.records import TrialHistory, TrialStatus
from search_spaces.language.block_times import BlockTimes
from tests.nas.builders import TINY, trial

RUN = TrialHistory(trial=trial(), status=TrialStatus.FINISHED, epochs=(), attempts=1)


def test_latency_is_the_sum_of_its_parts_by_the_table_of_the_space():
    names: list[str] = []
    network_time(TINY, lambda part: names.append(part.name) or 0)
    table = BlockTimes(device="x", nanoseconds={name: 10**k for k, name in enumerate(names)})
    prices = Prices(Price.LATENCY, sign=-1, times=table)
    prices.add([RUN])
    assert prices.worths == [pytest.approx(-111e-6)]  # milliseconds


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("price", "expected"),
    [
        (Price.PARAMETERS, 1000),
        (Price.MACS, 20000),
        (Price.TRAINING_MACS, cost(TINY).training_macs()),
        (Price.ACTIVATION_MEMORY, cost(TINY).activation_bytes()),
    ],
)
def test_it_is_the_trial_s_with_its_sign(price, expected, sign):
    prices = Prices(price, sign=sign)
    prices.add([RUN, RUN])
    assert prices.worths == [sign * expected]
