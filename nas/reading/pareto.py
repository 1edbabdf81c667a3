"""The front of a study as anyone reads it: rebuilt from its ranking and its trials."""

from collections.abc import Sequence
from dataclasses import replace

from nas.errors import NotFoundError
from nas.ranking.confirmed import confirmed, explored
from nas.ranking.costs import LatencyOf, costs_of, priced_goals, summed_latency, unknown
from nas.ranking.hypervolume import Growth, finishes, growth
from nas.ranking.pareto import Front, Fronts, claimed_front, estimated_front
from nas.ranking.resampling import SeedScores
from nas.ranking.result import Ranking
from nas.ranking.scores import counted
from nas.ranking.validity import spread
from nas.reading.latency import latencies
from nas.reading.rungs import study_objective
from nas.spec.choices import Price
from nas.study.folder import Study
from nas.study.records import TrialHistory, TrialStatus
from search_spaces.language.block_times import block_times

MANY = 20  # candidates of an open space from which on a report shows their front
SHOWN = (Price.MACS, Price.PARAMETERS)  # in it, where the spec names no cost
SIZES_DIFFER = 0.10  # where the spec tolerates any size: beyond it layouts differ by size as well


def study_front(
    study: Study,
    histories: Sequence[TrialHistory],
    ranking: Ranking,
    *,
    prices: Sequence[Price],
    exploration: bool = False,
) -> Front:
    """Return the front of a study's candidates; by the ranking's claims, where it makes any.

    Args:
        study: whose trials these are.
        histories: all trials, in order.
        ranking: of the metric that is asked for.
        prices: which costs, at least one.
        exploration: place all that was explored, by point estimates, even if some were ranked.
    """
    if not exploration and _claims(ranking):
        ranked = confirmed(histories, study.spec.search)
        costs = _costs(study, ranked, ranking, prices)
        return claimed_front(ranking, _scores(study, ranked, ranking), costs, prices)
    exploring = explored(histories, study.spec.search)
    return estimated_front(
        _scores(study, exploring, ranking),
        {history.trial.label: history.trial.layout for history in exploring},
        _costs(study, exploring, ranking, prices),
        prices,
        metric=ranking.metric,
        alpha=ranking.spec.alpha,
    )


def study_growth(
    study: Study, histories: Sequence[TrialHistory], ranking: Ranking, *, price: Price
) -> Growth | None:
    """Return how the hypervolume of what was explored grew; None where nothing has a place."""
    exploring = explored(histories, study.spec.search)
    values = _scores(study, exploring, ranking)
    scores = {
        history.trial.id: (history.trial.label, seeds[history.trial.seed])
        for history in _own(exploring, ranking)
        if history.trial.seed in (seeds := values.get(history.trial.label, {}))
    }
    costs = {
        label: cost
        for label, each in _costs(study, exploring, ranking, [price]).items()
        if (cost := each[price]) is not None
    }
    return growth(finishes(exploring), scores, costs, price=price)


def only_front(
    study: Study,
    histories: Sequence[TrialHistory],
    ranking: Ranking,
    *,
    prices: Sequence[Price],
    exploration: bool = False,
) -> Front:
    """Return the front of a study that must have one.

    Raises:
        NotFoundError: nothing has finished, or a cost is known of nothing that has.
    """
    found = study_front(study, histories, ranking, prices=prices, exploration=exploration)
    if found.candidates:
        return found
    if found.left_out and Price.LATENCY in prices:
        latencies(study)  # which says how it is measured, where that is what is missing
    if found.left_out:
        names = " and ".join(price.value for price in prices)
        raise NotFoundError(
            f"--against {names} is not known of any network in {study.place}: choose another cost"
        )
    raise NotFoundError(
        f"nothing in {study.place} has finished, so it has no front; `nas status "
        f"{study.place}` shows where it stands"
    )


def study_fronts(
    study: Study, histories: Sequence[TrialHistory], ranking: Ranking
) -> Fronts | None:
    """Return the fronts that a report shows, None where it shows none.

    It does where `search.objectives` names a cost, and then of these costs; and where the layouts
    of an open space have many candidates.
    """
    goals = priced_goals(study.spec.search.objectives)
    prices = tuple(goal.price for goal in goals if goal.sign < 0)
    many = sum(group.finished for group in ranking.groups)
    if prices:
        why = "search.objectives names several goals"
    elif many >= MANY:
        prices, why = SHOWN, f"{many:,} candidates of an open space finished"
    else:
        return None
    fronts = tuple(
        study_front(study, histories, ranking, prices=[price], exploration=many >= MANY)
        for price in prices
    )
    if not any(front.candidates for front in fronts):
        return None
    grown = study_growth(study, histories, ranking, price=prices[0])
    return Fronts(fronts=fronts, growth=grown, why=why)


def sizes_differ(ranking: Ranking) -> bool:
    """Tell whether ranked layouts differ in size by more than their spec tolerates."""
    given = ranking.spec.size_tolerance
    tolerance = SIZES_DIFFER if given is None else given
    columns = (
        [layout.parameters for layout in ranking.layouts],
        [layout.judged_macs for layout in ranking.layouts],
    )
    return any(len(sizes) > 1 and spread(sizes) > tolerance for sizes in columns)


def _claims(ranking: Ranking) -> bool:
    """Tell whether a ranking judges pairs; of one seed each, or of the best of many, it has not."""
    alone = len(ranking.layouts) == 1
    return ranking.looks[1] >= 2 and (alone or bool(ranking.relations))


def _own(histories: Sequence[TrialHistory], ranking: Ranking) -> list[TrialHistory]:
    """Return the finished trials that the metric scores, twins left out."""
    return [
        history
        for history in counted(histories, ranking.metric)
        if history.status is TrialStatus.FINISHED and not history.trial.twin and history.epochs
    ]


def _scores(study: Study, histories: Sequence[TrialHistory], ranking: Ranking) -> SeedScores:
    objective = replace(study_objective(study), metric=ranking.metric)
    return objective.scores(histories).values


def _latency(study: Study) -> LatencyOf:
    """Return what was measured of whole networks if anything was, else sums of block times."""
    try:
        measured = latencies(study)
    except NotFoundError:
        return summed_latency(block_times(study.spec.space.get("latency"), ("latency",)))

    def read(history: TrialHistory) -> float | None:
        found = measured.get(history.trial.label)
        return None if found is None else found.milliseconds

    return read


def _costs(
    study: Study, histories: Sequence[TrialHistory], ranking: Ranking, prices: Sequence[Price]
) -> dict[str, dict[Price, float | None]]:
    runs: dict[str, list[TrialHistory]] = {}
    for history in _own(histories, ranking):
        runs.setdefault(history.trial.label, []).append(history)
    latency = _latency(study) if Price.LATENCY in prices else unknown
    return {label: costs_of(each, prices, latency=latency) for label, each in runs.items()}
