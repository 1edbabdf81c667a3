"""How many trials a study adds for open relations, forecast from how much seeds scatter."""

from nas.planning.seconds import Estimate
from nas.spec.study import StudySpec

NOISE = 0.003  # sd of one run where nobody says: between what small and large studies showed
MOST_LAYOUTS = 40  # whose pairs a forecast holds in memory
STUDIES = 300  # simulated


def added_trials(spec: StudySpec, candidates: int, *, noise: float | None) -> Estimate:
    """Return how many trials come on top of the first seeds of every ranked candidate.

    With `noise`, the sd of one run, the interval is of 80 % of simulated studies at that noise
    (docs/ranking.md, "Seeds a question needs"). Without, it reaches from none to all that
    `max_seeds` allows, and the estimate is at a noise of 0.3 points.
    """
    ranked = spec.search.confirm or spec.search
    labels = candidates if spec.search.confirm is None else spec.search.confirm.candidates
    room = (ranked.most_seeds - ranked.seeds) * labels
    if spec.search.trials is not None:
        first = spec.search.seeds * candidates
        first += 0 if spec.search.confirm is None else ranked.seeds * labels
        room = min(room, max(spec.search.trials - first, 0))
    if room <= 0 or not 2 <= labels <= MOST_LAYOUTS or ranked.seeds < 2:
        return Estimate(estimate=0.0, low=0.0, high=float(max(room, 0)))
    mean, low, high = _simulated(spec, labels, NOISE if noise is None else noise)
    begun = ranked.seeds * labels
    added = [min(max(trials - begun, 0.0), float(room)) for trials in (mean, low, high)]
    if noise is None:
        return Estimate(estimate=added[0], low=0.0, high=float(room))
    return Estimate(estimate=added[0], low=min(added), high=max(added))


def _simulated(spec: StudySpec, labels: int, noise: float) -> tuple[float, float, float]:
    """Return the mean number of trials, and its 10 % and 90 % quantiles."""
    from nas.ranking.forecast.scenarios import Scenario, paper_means  # noqa: PLC0415 - imports numpy
    from nas.ranking.forecast.simulate import simulate  # noqa: PLC0415
    from nas.ranking.statistics.certificate import Design  # noqa: PLC0415 - imports scipy

    ranked = spec.search.confirm or spec.search
    found = simulate(
        Scenario(means=paper_means(labels), sds=(noise,) * labels),
        Design.of(spec.ranking, seeds=(ranked.seeds, ranked.most_seeds)),
        until=spec.search.until,
        studies=STUDIES,
        question=spec.ranking.question,
    )
    low, _, high = found.trials_quantiles
    return found.trials_mean, low, high
