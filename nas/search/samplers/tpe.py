"""Optuna's tree-structured Parzen estimator, fed from the journal at every question."""

from collections.abc import Sequence
from statistics import fmean

import optuna
from optuna.distributions import CategoricalDistribution
from optuna.trial import TrialState, create_trial

from nas.search.samplers.sampler import Maker, RandomSampler, numbered, proposed
from nas.seeds import derive_seed
from nas.space.candidate import Candidate
from nas.space.points import point_of
from nas.study.records import FINAL, TrialHistory, TrialStatus
from search_spaces.language.space import LAYOUT, SearchSpace

TRIES = 200  # questions to Optuna for one new point, after which a random one is taken
STARTUP = 10  # candidates drawn at random before the estimator has something to estimate from


class TpeSampler:
    """Maximises final evaluation accuracy, the mean over a candidate's seeds.

    Optuna keeps nothing: its in-memory study is built anew from the histories, so it cannot drift
    from the journal, and a resumed search asks the very same question.
    """

    def __init__(self, space: SearchSpace, make: Maker, *, seed: int) -> None:
        """Search `space`; `make` turns down what cannot be trained."""
        self._space, self._make, self._seed = space, make, seed
        self._fallback = RandomSampler(space, make, seed=seed)
        optuna.logging.set_verbosity(optuna.logging.ERROR)

    def propose(self, histories: Sequence[TrialHistory]) -> Candidate | None:
        """Return a point that is not planned yet; None when there seems to be none."""
        known = {
            first.trial.config: _value(label, histories)
            for label, first in proposed(histories).items()
        }
        finished = [value for value in known.values() if value is not None]
        worst = min(finished, default=0.0)
        study = self._study(histories)
        for _ in range(TRIES):
            trial = study.ask()
            layout = trial.suggest_categorical(LAYOUT, [lay.name for lay in self._space.layouts])
            chosen: dict[str, int | str] = {LAYOUT: layout}
            for name, values in self._space.layout(layout).variables.items():
                chosen[name] = trial.suggest_categorical(name, values)
            candidate = self._make(self._space.point(chosen))
            if not isinstance(candidate, Candidate):
                study.tell(trial, worst)  # a FAIL would teach it nothing, and it would come back
            elif candidate.config in known:
                study.tell(trial, known[candidate.config] or worst)
            else:
                return numbered(candidate, histories)
        return self._fallback.propose(histories)

    def _study(self, histories: Sequence[TrialHistory]) -> optuna.Study:
        first = proposed(histories)
        seed = derive_seed(self._seed, "tpe", len(first)) % 2**32
        study = optuna.create_study(
            direction="maximize",
            sampler=optuna.samplers.TPESampler(
                seed=seed, n_startup_trials=STARTUP, constant_liar=True
            ),
        )
        distributions = {
            name: CategoricalDistribution(values) for name, values in self._space.variables.items()
        }
        for label, history in first.items():
            value = _value(label, histories)
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


def _value(label: str, histories: Sequence[TrialHistory]) -> float | None:
    """Return the candidate's mean final accuracy, None while none of its seeds has ended.

    A trial that diverged or failed counts as 0: it is a result, and a bad one.
    """
    ended = [h for h in histories if h.trial.label == label and h.status in FINAL]
    if not ended:
        return None
    return fmean(
        h.epochs[-1].evaluation_accuracy if h.status is TrialStatus.FINISHED else 0.0 for h in ended
    )
