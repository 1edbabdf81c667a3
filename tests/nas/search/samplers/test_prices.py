"""A price is a goal, large or small as one wants it."""

import pytest

from coatnet.cost import cost
from nas.search.samplers.prices import Prices
from nas.spec.choices import Price
from nas.study.records import TrialHistory, TrialStatus
from tests.nas.builders import TINY, trial

RUN = TrialHistory(trial=trial(), status=TrialStatus.FINISHED, epochs=(), attempts=1)


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
