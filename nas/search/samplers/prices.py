"""What candidates cost, as a goal beside what they achieve."""

from collections.abc import Sequence

from nas.ranking.costs import PricedGoal, summed_latency
from nas.spec.choices import Price
from nas.study.records import TrialHistory
from search_spaces.language.block_times import BlockTimes


class Prices:
    """A price by place, of the network that is judged: of the fine-tuned one where that is."""

    def __init__(self, price: Price, *, sign: int, times: BlockTimes | None = None) -> None:
        """Count `price` as it is, `sign` 1, or as something to be small, -1.

        `times` are the space's, of which latencies are sums.
        """
        self._goal = PricedGoal(price=price, sign=sign, latency=summed_latency(times))
        self.worths: list[float] = []

    def add(self, runs: Sequence[TrialHistory]) -> None:
        """Take one more candidate; its trials train one network."""
        self.worths.append(self._goal.worth(runs[0]))
