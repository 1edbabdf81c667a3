"""What candidates cost, as a goal beside what they achieve."""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from coatnet.config import CoAtNetConfig
from coatnet.cost import Cost, cost
from nas.networks.registry import family_of
from nas.space.part_times import PartTime, looked_up, network_time
from nas.spec.choices import Price
from nas.study.records import Trial, TrialHistory
from search_spaces.language.block_times import BlockTimes


class Prices:
    """A price by place, of the network that is judged: of the fine-tuned one where that is."""

    def __init__(self, price: Price, *, sign: int, times: BlockTimes | None = None) -> None:
        """Count `price` as it is, `sign` 1, or as something to be small, -1.

        `times` are the space's, of which latencies are sums.
        """
        self._price, self._sign = _PRICES.get(price, _latency(looked_up(times))), sign
        self.worths: list[float] = []

    def add(self, runs: Sequence[TrialHistory]) -> None:
        """Take one more candidate; its trials train one network."""
        self.worths.append(float(self._sign * self._price(runs[0].trial)))


def _latency(time: PartTime) -> Callable[[Trial], int]:
    return lambda trial: network_time(_config(trial), time)


def _cost(trial: Trial) -> Cost:
    return cost(_config(trial))


def _config(trial: Trial) -> CoAtNetConfig:
    assert family_of(trial.config).searched  # ours alone is
    return cast("CoAtNetConfig", trial.config)


_PRICES: Mapping[Price, Callable[[Trial], int]] = {
    Price.PARAMETERS: lambda trial: trial.parameters,
    Price.MACS: lambda trial: trial.macs,
    Price.TRAINING_MACS: lambda trial: _cost(trial).training_macs(),
    Price.ACTIVATION_MEMORY: lambda trial: _cost(trial).activation_bytes(),
}
