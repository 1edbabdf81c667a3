"""Optuna's tree-structured Parzen estimator, fed from the journal at every question."""

from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.distributions import CategoricalDistribution
from optuna.trial import TrialState, create_trial

from nas.ranking.objective import Objective
from nas.search.samplers.sampler import Maker, RandomSampler, numbered, proposed
from nas.seeds import derive_seed
from nas.space.candidate import Candidate
from nas.space.points import point_of
from nas.study.records import TrialHistory
from search_spaces.language.points import LAYOUT
from search_spaces.language.space import SearchSpace

TRIES = 200  # questions to Optuna for one new point, after which a random one is taken
STARTUP = 10  # candidates drawn at random before the estimator has something to estimate from


class TpeSampler:
    """Maximises the study's objective, the mean over a candidate's seeds.

    Optuna keeps nothing: its in-memory study is built anew from the histories, so it cannot drift
    from the journal, and a resumed search asks the very same question.
    """

    def __init__(self, space: SearchSpace, make: Maker, *, objective: Objective, seed: int) -> None:
        """Search `space` for the best `objective`; `make` turns down what cannot be trained."""
        self._space, self._make, self._seed = space, make, seed
        self._objective = objective
        self._fallback = RandomSampler(space, make, seed=seed)
        optuna.logging.set_verbosity(optuna.logging.ERROR)

    def propose(self, histories: Sequence[TrialHistory]) -> Candidate | None:
        """Return a point that is not planned yet; None when there seems to be none."""
        first = proposed(histories)
        values = self._objective.means([h for h in histories if h.trial.label in first])
        known = {history.trial.config: values[label] for label, history in first.items()}
        finished = [value for value in known.values() if value is not None]
        worst = min(finished, default=0.0)
        study = self._study(first, values)
        for _ in range(TRIES):
            trial = study.ask()
            layout = trial.suggest_categorical(LAYOUT, [lay.name for lay in self._space.layouts])
            chosen: dict[str, Any] = {LAYOUT: layout}
            for name, domain in self._space.layout(layout).variables.items():
                chosen[name] = trial.suggest_categorical(name, domain.values())
            candidate = self._make(self._space.point(chosen))
            if not isinstance(candidate, Candidate):
                study.tell(trial, worst)  # a FAIL would teach it nothing, and it would come back
            elif candidate.config in known:
                study.tell(trial, known[candidate.config] or worst)
            else:
                return numbered(candidate, histories)
        return self._fallback.propose(histories)

    def _study(
        self, first: Mapping[str, TrialHistory], values: Mapping[str, float | None]
    ) -> optuna.Study:
        seed = derive_seed(self._seed, "tpe", len(first)) % 2**32
        study = optuna.create_study(
            direction="maximize",
            sampler=optuna.samplers.TPESampler(
                seed=seed, n_startup_trials=STARTUP, constant_liar=True
            ),
        )
        distributions = {
            name: CategoricalDistribution(domain.values())
            for name, domain in self._space.variables.items()
        }
        for label, history in first.items():
            value = values[label]
            params = dict(point_of(history.trial, self._space))
            study.add_trial(
                create_trial(
                    state=TrialState.RUNNING if value is None else TrialState.COMPLETE,
                    value=value,
                    params=params,
                    distributions={name: distributions[name] for name in params},
                )
            )
        return study
