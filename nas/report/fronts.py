"""What the report says of a front: a figure for each cost, and how the first front grew."""

from nas.ranking.costs import COSTS
from nas.ranking.pareto import Front, Fronts
from nas.report import figures
from nas.report.figures.cost import short
from nas.report.sections import Section
from nas.tables.pareto import growth_frame, pareto_frame


def front_sections(found: Fronts) -> list[Section]:
    """Return the figures of the fronts that anything has a place on."""
    drawn = [_front(front, found.why) for front in found.fronts if front.candidates]
    return [*drawn, *_growth(found)]


def _front(front: Front, why: str) -> Section:
    (price,) = front.prices
    rule = COSTS[price]
    marks = (
        " A filled marker is on it for certain, a hollow one is open."
        if front.claimed
        else " Nothing is claimed of it: the best of many are good by luck as well."
    )
    whiskers = (
        " Whiskers are the t interval of a mean over seeds."
        if any(each.low is not None for each in front.on_front)
        else ""
    )
    notes = "".join(f" {note[0].upper()}{note[1:]}." for note in front.notes)
    return Section(
        name=f"front-{price.value}",
        title=f"The front: score against {rule.words}",
        caption=f"{front.sentence} Shown since {why}.{marks}{whiskers}{notes}",
        figure=figures.front(pareto_frame(front), cost=price.value, words=rule.axis or rule.words),
    )


def _growth(found: Fronts) -> list[Section]:
    grown = found.growth
    if grown is None:
        return []
    words = COSTS[grown.price].words
    return [
        Section(
            name="hypervolume",
            title="How the front grew",
            caption=f"Hypervolume of score against {words} after each trial that finished: the "
            f"best score within a budget, as the mean over budgets from {short(grown.low)} to "
            f"{short(grown.reference)}, each ratio alike. The reference point is score 0 at "
            f"{short(grown.reference)}. It is {grown.values[-1]:.4f} after "
            f"{grown.finishes[-1].trials:,} trials and {grown.finishes[-1].epochs:,} epochs.",
            figure=figures.hypervolume(growth_frame(grown)),
        )
    ]
