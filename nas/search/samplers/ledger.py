"""The candidates that a journal has, in the order they were planned, kept up to date with it."""

from collections import Counter
from collections.abc import Hashable, Sequence

from nas.networks.registry import family_of
from nas.space.candidate import Candidate
from nas.study.records import Trial, TrialHistory


def identity(network: Candidate | Trial) -> Hashable:
    """Return what makes two candidates one: the network that both describe, and its recipe."""
    config, recipe = network.config, network.recipe
    built = family_of(config).identity(config)
    return built, tuple(sorted(recipe.items())) if recipe else ()


class Ledger:
    """Candidates by place, from 0. Trials are only ever added to a journal: each is read once.

    Twins are no candidates; a fine-tuning belongs to the candidate whose trial it follows.
    """

    def __init__(self) -> None:
        """Know of no trial yet."""
        self.trials: list[Trial] = []  # the first of each candidate
        self.identities: set[Hashable] = set()
        self.layouts: Counter[str] = Counter()  # candidates of each
        self.places: dict[str, int] = {}  # by label
        self._runs: list[list[int]] = []  # of each candidate, its places among the histories
        self._seen = 0
        self._last: Trial | None = None

    def __len__(self) -> int:
        """How many candidates there are."""
        return len(self.trials)

    def follows(self, histories: Sequence[TrialHistory]) -> bool:
        """Tell whether `histories` begin with what was read before."""
        if not self._seen:
            return True
        return len(histories) >= self._seen and histories[self._seen - 1].trial == self._last

    def update(self, histories: Sequence[TrialHistory]) -> None:
        """Read the trials that were planned since; `histories` are all of the journal, in order."""
        for place in range(self._seen, len(histories)):
            trial = histories[place].trial
            if trial.twin:
                continue
            if trial.label not in self.places:
                self.places[trial.label] = len(self.trials)
                self.trials.append(trial)
                self.identities.add(identity(trial))
                self.layouts[trial.layout] += 1
                self._runs.append([])
            self._runs[self.places[trial.label]].append(place)
        self._seen = len(histories)
        self._last = histories[-1].trial if histories else None

    def runs(
        self, place: int, histories: Sequence[TrialHistory], *, seeds: int
    ) -> tuple[TrialHistory, ...]:
        """Return the trials of a candidate with seeds below `seeds`, fine-tunings among them."""
        found = (histories[each] for each in self._runs[place])
        return tuple(history for history in found if history.trial.seed < seeds)


def brought_up_to_date(ledger: Ledger, histories: Sequence[TrialHistory]) -> Ledger:
    """Return the ledger with all of `histories`, or a new one if they are another journal's."""
    if not ledger.follows(histories):
        ledger = Ledger()
    ledger.update(histories)
    return ledger
