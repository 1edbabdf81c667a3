"""From the spec to the search it asks for."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from nas.errors import SpecError
from nas.networks.registry import family_of
from nas.search.allocation.added_seeds import AddedSeeds, OpenLayouts
from nas.search.allocation.allocation import Allocation
from nas.search.allocation.choose import by_rungs, rung_goals
from nas.search.allocation.confirmation import Confirmation
from nas.search.allocation.fine_tuning import FineTuning
from nas.search.allocation.first_round import FirstRound
from nas.search.allocation.planning import Planner
from nas.search.allocation.readings import Readings
from nas.search.budget import make_allowance
from nas.search.samplers.ledger import identity
from nas.search.samplers.sampler import BaselinesFirst, Draws, GridSampler, RandomSampler, Sampler
from nas.search.search import Search
from nas.space.baselines import Entered, enter_baselines
from nas.space.candidate import (
    Candidate,
    Rejection,
    asks_for_all,
    candidates,
    make_candidate,
    off_words,
    sized_space,
    study_space,
)
from nas.space.feasible import FeasibleDraws, FeasibleSpace
from nas.spec.choices import Sampling
from nas.spec.study import SearchSpec, StudySpec
from nas.study.declaration import Declaration
from nas.study.extension import declaration
from nas.study.records import DataShape, Pause, TrialHistory
from search_spaces.language.constraints import Match
from search_spaces.language.points import Point

FAR = 0.02  # a size off by more is said before a study runs


@dataclass(frozen=True, kw_only=True, slots=True)
class _Chosen:
    """A sampler, and what is known of what it will propose."""

    sampler: Sampler
    adaptive: bool = False
    candidates: tuple[Candidate, ...] = ()  # all of them, where they are listed
    points: int | None = None
    notes: tuple[str, ...] = ()


def build_search(
    spec: StudySpec,
    shape: DataShape,
    *,
    fine_tune_shape: DataShape | None = None,
    evaluation_images: int | None = None,
    declared: Declaration | None = None,
) -> Search:
    """Return the search that the spec asks for.

    Args:
        spec: the study.
        shape: of the images to train on.
        fine_tune_shape: of those to fine-tune on, where the study does.
        evaluation_images: on which accuracies are measured; without, no seed is ever added.
        declared: looks and level of a study that was extended; by default those of `spec`.

    Raises:
        SpecError: the space is too large to list, holds nothing that can be trained, or what it
            holds cannot be fine-tuned or has no such placebo; or a baseline is refused.
    """
    declared = declared or declaration(spec)
    chosen = _enter(enter_baselines(spec, shape), _choose(spec, shape, declared))
    settings, brief = spec.search, spec.search.schedule_placebo
    planner = Planner(
        epochs=spec.training.epochs, brief_epochs=None if brief is None else brief.epochs
    )
    asked = settings.candidates
    most = None if asked is None else asked + len(spec.baselines)
    total = min((limit for limit in (most, chosen.points) if limit is not None), default=None)
    allowance = make_allowance(
        spec,
        planner,
        total=total,
        adaptive=chosen.adaptive,
        tuned=fine_tune_shape is not None,
    )
    if allowance is not None:
        chosen = replace(chosen, sampler=allowance.guard(chosen.sampler))
    rungs = None
    if settings.allocation.by_rungs:
        assert total is not None
        goals = rung_goals(settings, spec.space)
        rungs = by_rungs(
            settings,
            planner,
            sampler=chosen.sampler,
            adaptive=chosen.adaptive,
            total=total,
            readings=Readings(settings.allocation.metric, goals=goals),
        )
    first = rungs or FirstRound(
        settings,
        planner,
        sampler=chosen.sampler,
        adaptive=chosen.adaptive,
        most=most,
        listed=chosen.points,
    )
    allocations: list[Allocation] = [first]
    whole = first.workload.trials if rungs is None else len(rungs.controls)  # sure to finish
    tuning = _fine_tuning(spec, fine_tune_shape, trials=whole)
    _check(spec, chosen.candidates, tuning)
    if tuning is not None:
        allocations.insert(0, tuning)  # a trial is followed before others begin
    if settings.confirm is not None:
        allocations.append(_confirmation(spec, planner, declared))
    added = _added(settings)
    if evaluation_images is not None and added.most_seeds > added.seeds:
        open_layouts = _open_layouts(spec, evaluation_images, declared)
        allocations.append(AddedSeeds(added, planner, open_layouts=open_layouts))
    return Search(allocations, notes=chosen.notes, rungs=rungs, allowance=allowance)


def _fine_tuning(spec: StudySpec, shape: DataShape | None, *, trials: int) -> FineTuning | None:
    if spec.fine_tune is None or shape is None:
        return None
    recipe = spec.fine_tune.training
    return FineTuning(shape=shape, epochs=recipe.epochs, drop_path=recipe.drop_path, trials=trials)


def _confirmation(spec: StudySpec, planner: Planner, declared: Declaration) -> Confirmation:
    confirm = spec.search.confirm
    assert confirm is not None

    def find(histories: Sequence[TrialHistory]) -> Sequence[str]:
        from nas.ranking.confirmed import shortlist  # noqa: PLC0415 - imports scipy
        from nas.ranking.objective import Objective  # noqa: PLC0415

        return shortlist(histories, confirm, Objective(metric=spec.ranking.metric))

    return Confirmation(confirm, planner, explored_seeds=spec.search.seeds, shortlist=find)


def _added(settings: SearchSpec) -> SearchSpec:
    """Return from how many seeds on some are added; a confirmation's follow those that explored."""
    confirm = settings.confirm
    if confirm is None:
        return settings
    first = settings.seeds
    seeds = {"seeds": first + confirm.seeds, "max_seeds": first + confirm.most_seeds}
    return settings.model_copy(update=seeds)


def _open_layouts(spec: StudySpec, evaluation_images: int, declared: Declaration) -> OpenLayouts:
    def find(histories: Sequence[TrialHistory]) -> Sequence[str]:
        from nas.ranking.confirmed import confirmed  # noqa: PLC0415 - imports scipy
        from nas.ranking.open_pairs import open_layouts  # noqa: PLC0415

        return open_layouts(
            confirmed(histories, spec.search),
            spec.ranking,
            search=spec.search,
            evaluation_images=evaluation_images,
            declared=declared,
            endless=spec.data.endless,
        )

    return find


def _check(spec: StudySpec, listed: Sequence[Candidate], tuning: FineTuning | None) -> None:
    """Refuse at the door what would fail after hours of training."""
    labels = [candidate.label for candidate in listed]
    brief = spec.search.schedule_placebo
    for key, placebo in (
        ("search.placebo", spec.search.placebo),
        ("search.schedule_placebo.layout", brief and brief.layout),
    ):
        if placebo is not None and placebo not in labels:
            known = f"one of {', '.join(labels)}" if labels else "listed by sampler 'grid'"
            raise SpecError(f"must be {known}, not {placebo!r}", key=key)
    if tuning is None:
        return
    for candidate in listed:
        try:
            tuned = tuning.network(candidate.config)
            family_of(candidate.config).check_weights_fit(candidate.config, tuned)
        except ValueError as error:
            raise SpecError(
                f"{candidate.label} cannot be fine-tuned: {error}", key="fine_tune.data"
            ) from error


def _choose(spec: StudySpec, shape: DataShape, declared: Declaration) -> _Chosen:
    settings, match = spec.search, study_space(spec).match
    accepted: list[Candidate] = []
    points: int | None = None
    notes: tuple[str, ...] = ()
    sized = match is not None and match.within is None
    if settings.sampler is Sampling.GRID or sized or asks_for_all(spec):
        found = list(candidates(spec, shape))
        accepted, again = _once([made for made in found if isinstance(made, Candidate)])
        points = len(accepted)
        notes = (*_left_out(found), *again, *(_far(accepted, match) if match and sized else ()))
    if settings.sampler is Sampling.GRID:
        listed = accepted[: settings.candidates]
        return _Chosen(
            sampler=GridSampler(listed), candidates=tuple(listed), points=len(listed), notes=notes
        )
    space, _ = sized_space(spec, shape)

    def make(point: Point) -> Candidate | Rejection:
        return make_candidate(point, shape, space=space, drop_path=spec.training.drop_path)

    draws: Draws = space
    if space.limits or space.constraints.widths_do_not_shrink:
        draws = FeasibleDraws(FeasibleSpace(space, shape))
    sampler = RandomSampler(draws, make, seed=settings.seed)
    if sampler.propose(()) is Pause.DONE:
        raise SpecError("holds no point that can be trained and matches", key="space")
    if settings.sampler is Sampling.RANDOM:
        return _Chosen(sampler=sampler, points=points, notes=notes)
    from nas.ranking.objective import Objective  # noqa: PLC0415 - imports scipy
    from nas.search.samplers.choose import learning_sampler  # noqa: PLC0415 - imports optuna

    objective = Objective(
        metric=spec.ranking.metric,
        first=min(settings.seeds, declared.first_round),
        growing=declared.growing,
    )
    learns = learning_sampler(space, make, settings, objective=objective, draws=draws)
    notes = (*notes, *_idle(spec))
    return _Chosen(sampler=learns, adaptive=True, points=points, notes=notes)


def _enter(entered: Entered, chosen: _Chosen) -> _Chosen:
    """Let baselines be proposed too: after the candidates of a grid, before those of a sampler."""
    baselines = entered.candidates
    if not baselines:
        return chosen
    listed = (*chosen.candidates, *baselines)
    return replace(
        chosen,
        sampler=GridSampler(listed)
        if isinstance(chosen.sampler, GridSampler)
        else BaselinesFirst(baselines, chosen.sampler),
        candidates=listed,
        points=None if chosen.points is None else chosen.points + len(baselines),
        notes=(*chosen.notes, *entered.notes),
    )


def _once(accepted: Sequence[Candidate]) -> tuple[list[Candidate], list[str]]:
    """Return the first candidate of each network, and sentences that say what is left out."""
    first: dict[Hashable, Candidate] = {}
    again: list[str] = []
    for made in accepted:
        known = first.setdefault(identity(made), made)
        if known is not made:
            again.append(f"{made.label} is left out: it is the network of {known.label}")
    return list(first.values()), again


def _idle(spec: StudySpec) -> tuple[str, ...]:
    """Say where a sampler has to wait although there is room for more trials."""
    room, most = spec.resources.concurrent, spec.search.lag * spec.search.seeds
    if room is None or room <= most:
        return ()
    lag = f"search.lag {spec.search.lag} is how many candidates are open at a time"
    return (f"at most {most} of {room} trials run at once: {lag}",)


def _left_out(found: Sequence[Candidate | Rejection]) -> tuple[str, ...]:
    """Say which layouts have no point that is accepted, and why; they would vanish unnoticed."""
    accepted = {made.layout for made in found if isinstance(made, Candidate)}
    reasons: dict[str, Rejection] = {}
    for made in found:
        if isinstance(made, Rejection) and made.layout not in accepted:
            best = reasons.setdefault(made.layout, made)
            if (made.mismatch or 0.0) < (best.mismatch or 0.0):
                reasons[made.layout] = made
    return tuple(f"{name} is left out: {r.point}: {r.reason}" for name, r in reasons.items())


def _far(accepted: Sequence[Candidate], match: Match) -> list[str]:
    """Say which candidates are as near to the sizes asked for as can be, and still far."""
    return [
        f"{made.label} stays {made.off:.1%} off the size asked for: "
        f"{off_words(made.cost.parameters, made.cost.macs, match)}"
        for made in accepted
        if made.off > FAR
    ]
