"""One question to a sampler of Optuna's: it is shown some candidates, and asked for a point."""

import warnings
from collections.abc import Callable, Container, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import optuna
from optuna.samplers import BaseSampler
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, TrialState

from nas.search.samplers.distributions import Axes, Told
from nas.search.samplers.sampler import Assignment

AnySampler = TypeVar("AnySampler", bound=BaseSampler)

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)  # samplers do not look at times


def shown(
    place: int,
    params: dict[str, Told],
    axes: Axes,
    *,
    worth: tuple[float, ...] | None,
    stopped_at: int | None = None,
) -> FrozenTrial:
    """Return a candidate as Optuna knows it.

    Args:
        place: of the candidate, from 0.
        params: its point, as `axes` tells it.
        axes: of the space.
        worth: goal by goal, larger is better; None while it is still to be known.
        stopped_at: the epoch after which the search stopped it; `worth` is as it stood there.
    """
    state = TrialState.RUNNING if worth is None else TrialState.COMPLETE
    between: dict[int, float] = {}
    if stopped_at is not None and worth is not None:
        state, between, worth = TrialState.PRUNED, {stopped_at: worth[0]}, None
    return FrozenTrial(
        number=place + 1,  # the trial that asks is number 0
        trial_id=place + 1,
        state=state,
        value=None,
        values=worth,
        datetime_start=_LONG_AGO,
        datetime_complete=None if state is TrialState.RUNNING else _LONG_AGO,
        params=params,
        distributions={name: axes.distributions[name] for name in params},
        user_attrs={},
        system_attrs={},
        intermediate_values=between,
    )


class _Shown(InMemoryStorage):
    """Holds the trial that asks; what is shown beside it is neither copied nor kept."""

    def __init__(self, trials: Sequence[FrozenTrial]) -> None:
        super().__init__()
        self._others = trials

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        asking = super().get_all_trials(study_id, deepcopy=deepcopy, states=states)
        return [each for each in self._others if states is None or each.state in states] + asking


def study_of(trials: Sequence[FrozenTrial], sampler: BaseSampler, *, goals: int) -> optuna.Study:
    """Return a study that is made of these trials, and maximises so many goals."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna.create_study(
        storage=_Shown(trials), sampler=sampler, directions=["maximize"] * goals
    )


def ask(
    trials: Sequence[FrozenTrial], sampler: BaseSampler, axes: Axes, *, goals: int
) -> Assignment:
    """Return the point that a sampler suggests after these trials."""
    return axes.ask(study_of(trials, sampler, goals=goals).ask())


def quietly(make: Callable[[], AnySampler]) -> AnySampler:
    """Make a sampler without the words that Optuna has for what it calls experimental."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return make()
