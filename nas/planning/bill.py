"""Makes a plan: rehearses the search, has some networks measured, adds up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Protocol

from nas.data.images import ImageData
from nas.planning.budget import budget_notes, within, without_budget
from nas.planning.memory import step_memory
from nas.planning.plan import TRAINING, TUNING, Measured, Plan, Room, task_of
from nas.planning.rehearsal import Rehearsed, rehearsable, rehearse
from nas.planning.seconds import EpochSeconds, Estimate, fit
from nas.planning.seeds import added_trials
from nas.planning.shapes import FEWER_SHAPES, MOST_SHAPES, Shape, shapes_of, to_measure
from nas.planning.stand_in import stand_in_notes
from nas.planning.timing_records import Timings
from nas.planning.totals import Costs, add_up
from nas.search.build import build_search
from nas.spec.study import ResourcesSpec, StudySpec
from nas.study.records import Trial
from nas.training.task import Task

REHEARSALS = 5  # of a search whose results decide how far trials go
HOUR = 3600.0


class Measure(Protocol):
    """Measures networks where trials will run: `nas.planning.timing.time_shapes`, or afar."""

    def __call__(
        self,
        shapes: Sequence[Shape],
        task: Task,
        resources: ResourcesSpec,
        *,
        neighbours: int,
    ) -> Timings:
        """Return what was measured."""
        ...


def make_plan(
    spec: StudySpec,
    training: ImageData,
    fine_tuning: ImageData | None,
    *,
    room: Room,
    measure: Measure,
    noise: float | None = None,
    price: float | None = None,
) -> Plan:
    """Rehearse the search, measure some of its networks and add up.

    Args:
        spec: the study; no sweep.
        training: its images.
        fine_tuning: those to fine-tune on, where it does.
        room: where it would run.
        measure: times networks.
        noise: sd of a run's score, a fraction; None: not known.
        price: of a device hour.

    Raises:
        SpecError: the spec asks for what cannot be.
        NasError: a network cannot be measured here.
    """
    asked = spec.resources
    spec = spec if room.lent is None else spec.model_copy(update={"resources": room.lent})
    short, times = rehearsable(spec)
    tuned_shape = None if fine_tuning is None else fine_tuning.shape

    def rehearsal(
        seconds: Callable[[Trial], float], start: float, seed: int, *, whole: bool = False
    ) -> Rehearsed:
        run = without_budget(short) if whole else short
        search = build_search(run, training.shape, fine_tune_shape=tuned_shape)
        return rehearse(
            search, epoch_seconds=seconds, segment_seconds=start, workers=room.workers, seed=seed
        )

    known = [h.trial for h in rehearsal(lambda _: 1.0, 0.0, 0, whole=True).histories]
    tasks = {TRAINING: Task(data=training, recipe=spec.training)}
    if fine_tuning is not None and spec.fine_tune is not None:
        tasks[TUNING] = Task(data=fine_tuning, recipe=spec.fine_tune.training)
    times_of = {
        name: _measure(name, task, [t for t in known if task_of(t) == name], spec, room, measure)
        for name, task in tasks.items()
    }
    clocks = {name: found.seconds for name, found in times_of.items()}
    cost = Costs(
        clocks, {n: f.save / tasks[n].recipe.checkpoint_every for n, f in times_of.items()}
    )
    start = fmean(found.start for found in times_of.values())
    again = short.search.allocation.by_rungs or short.search.confirm is not None
    runs = [rehearsal(cost.seconds, start, seed) for seed in range(REHEARSALS if again else 1)]
    candidates = {t.label: t for t in known if t.parent is None and not t.twin}
    count = round(len(candidates) * times)
    added = added_trials(spec, count, noise=noise)
    total = add_up(spec, runs, cost, added, tuple(candidates.values()), times=times)
    share = (spec.resources.gpus or spec.resources.cpus) / HOUR
    first = times_of[TRAINING].timings
    memory = max((found.memory for found in times_of.values()), key=lambda each: each.estimate)
    limits = spec.search.budget
    device_hours = within(total.busy.times(share), limits.device_hours)
    ranked = spec.search.confirm or spec.search
    return Plan(
        name=spec.name,
        candidates=count,
        parameters=_span([t.parameters for t in candidates.values()]),
        macs=_span([t.macs for t in candidates.values()]),
        seeds=(ranked.seeds, ranked.most_seeds),
        trials=within(total.trials, limits.trials),
        epochs=within(total.epochs, limits.epochs),
        device_hours=device_hours,
        wall_hours=within(total.wall(room.workers).times(1 / HOUR), limits.wall_hours),
        memory_bytes=memory,
        money=None if price is None else device_hours.times(price),
        device=first.device,
        device_memory_bytes=first.memory_bytes,
        workers=room.workers,
        measured=tuple(each for found in times_of.values() for each in found.measured),
        seconds=clocks,
        notes=(
            *stand_in_notes(asked, room.lent, spec.training, list(candidates.values()), first),
            *_notes(spec, short, first, times),
            *_limited(spec, runs, count, cost, list(candidates.values()), room),
        ),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _TaskTimes:
    """What measuring a task's networks brought."""

    seconds: EpochSeconds
    start: float
    save: float
    memory: Estimate
    timings: Timings
    measured: tuple[Measured, ...]


def _measure(
    name: str,
    task: Task,
    trials: Sequence[Trial],
    spec: StudySpec,
    room: Room,
    measure: Measure,
) -> _TaskTimes:
    shapes = shapes_of(trials)
    chosen = to_measure(shapes, most=MOST_SHAPES if room.lent is None else FEWER_SHAPES)
    found = measure(chosen, task, spec.resources, neighbours=room.neighbours)
    epochs = [tuple(timed.epoch for timed in rounds) for rounds in found.timed]
    every = [timed for rounds in found.timed for timed in rounds]
    return _TaskTimes(
        seconds=fit(list(zip(chosen, epochs, strict=True))),
        start=fmean(timed.start for timed in every),
        save=fmean(timed.save for timed in every),
        memory=step_memory(shapes, chosen, found, task.recipe, gpu=spec.resources.gpus > 0),
        timings=found,
        measured=tuple(
            Measured(
                task=name,
                label=shape.trial.label,
                parameters=shape.trial.parameters,
                macs=shape.trial.macs,
                epoch_seconds=rounds,
            )
            for shape, rounds in zip(chosen, epochs, strict=True)
        ),
    )


def _span(values: Sequence[int]) -> tuple[int, int]:
    return min(values), max(values)


def _limited(
    spec: StudySpec,
    runs: Sequence[Rehearsed],
    count: int,
    cost: Costs,
    candidates: Sequence[Trial],
    room: Room,
) -> tuple[str, ...]:
    """Return what is to be known of the budget: of so many candidates how many begin, say."""
    limits, confirm = spec.search.budget, spec.search.confirm
    begun = fmean(len({h.trial.label for h in run.histories if not h.trial.twin}) for run in runs)
    sure = 0.0
    if confirm is not None:
        trials = min(confirm.candidates, count) * confirm.seeds
        sure = trials * spec.training.epochs * fmean(cost.seconds(t) for t in candidates) / HOUR
    share = spec.resources.gpus or spec.resources.cpus
    return budget_notes(
        limits,
        binds=any(run.ended_by is not None for run in runs),
        begun=round(begun * count / max(len(candidates), 1)),
        of=count,
        sure_hours={"device_hours": sure * share, "wall_hours": sure / room.workers},
    )


def _notes(spec: StudySpec, short: StudySpec, timings: Timings, times: float) -> tuple[str, ...]:
    notes = []
    if short.search.sampler != spec.search.sampler:
        notes.append(
            f"sampler '{spec.search.sampler}' proposes by results, which nobody has yet: random "
            "points of the space stand for its candidates"
        )
    if times > 1:
        notes.append(f"{short.search.candidates:,} proposals stand for {spec.search.candidates:,}")
    if timings.neighbours:
        notes.append(f"measured beside {timings.neighbours} that trained at the same time")
    return tuple(notes)
