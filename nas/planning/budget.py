"""What a budget makes of a plan: how far it reaches, and whether it can pay what is sure."""

from nas.planning.seconds import Estimate
from nas.spec.budget import BudgetSpec, budget_key
from nas.spec.study import StudySpec


def without_budget(spec: StudySpec) -> StudySpec:
    """Return the study as if nothing limited it."""
    search = spec.search.model_copy(update={"budget": BudgetSpec()})
    return spec.model_copy(update={"search": search})


def shared(budget: BudgetSpec, times: float) -> BudgetSpec:
    """Return the budget of a study that is so many times smaller."""
    if times == 1:
        return budget
    smaller = {key: max(value / times, 1e-9) for key, value in budget.limits()}
    for key in {"trials", "epochs"}.intersection(smaller):
        smaller[key] = max(int(smaller[key]), 1)
    return budget.model_copy(update=smaller)


def within(estimate: Estimate, most: float | None) -> Estimate:
    """Return an estimate that a limit caps; what is under way when it is reached is not known."""
    if most is None:
        return estimate
    return Estimate(
        estimate=min(estimate.estimate, most),
        low=min(estimate.low, most),
        high=min(estimate.high, most),
    )


def budget_notes(
    budget: BudgetSpec, *, binds: bool, begun: int, of: int, sure_hours: dict[str, float]
) -> tuple[str, ...]:
    """Return what is to be known of a budget, a sentence each.

    Args:
        budget: of the study.
        binds: whether it ended a rehearsal.
        begun: candidates that begin under it.
        of: candidates without it.
        sure_hours: what the confirmation takes, by the key of its limit.
    """
    notes = []
    if binds:
        notes.append(f"the budget of {budget.words} binds: about {begun:,} of {of:,} candidates")
    for key, takes in sure_hours.items():
        most = getattr(budget, key)
        if most is not None and takes > most:
            notes.append(
                f"{budget_key(key)} {most:g} is too little for the confirmation alone, which takes "
                f"about {takes:.2g}"
            )
    return tuple(notes)
