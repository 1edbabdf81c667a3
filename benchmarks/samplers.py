"""What a question to each sampler costs, after 100 to 10,000 candidates: CPU time of this process.

    python -m benchmarks.samplers [--most 10000] [--questions 20] [--samplers tpe nsga2 ...]
                                  [--objectives=accuracy,-macs,-parameters]

A study is made up: random points of a space of 4 stages at 224 pixels, whose accuracy and loss are
functions of their sizes, with noise. Each question is asked with all that ended up to then, as a
running study asks: one more candidate has ended since the last. The first question after a journal
was read, which takes in all of it, is listed apart. `rebuilt` is what 0.2 did at every question:
Optuna's study made anew, integers as categories.
"""

import argparse
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import median

import optuna
from optuna.distributions import CategoricalDistribution
from optuna.trial import TrialState, create_trial

from nas.ranking.objective import Objective
from nas.search.samplers.choose import LEARNS, learning_sampler
from nas.search.samplers.sampler import RandomSampler, Sampler
from nas.seeds import derive_seed
from nas.space.candidate import Candidate, Rejection, make_candidate
from nas.spec.choices import Metric, Sampling
from nas.spec.study import SearchSpec
from nas.study.records import DataShape, EpochMeasured, Trial, TrialHistory, TrialStatus
from search_spaces.language.parse import parse_space
from search_spaces.language.points import LAYOUT, Point

SPACE = parse_space(
    {
        "stem": {"width": 64, "depth": 2, "stride": 2},
        "head_size": 32,
        "stages": [
            {"type": "C", "depth": [1, 2, 3], "width": [64, 96, 128]},
            {"type": ["C", "T"], "depth": {"from": 1, "to": 6}, "width": [96, 128, 160, 192]},
            {"type": ["C", "T"], "depth": {"from": 1, "to": 14}, "width": [192, 256, 320, 384]},
            {"type": ["C", "T"], "depth": [1, 2, 3], "width": [384, 512, 640, 768]},
        ],
        "match": {"parameters": "25M", "within": 0.2},
    }
)
SHAPE = DataShape(image_size=224, channels=3, classes=1000)
EPOCHS = 10


def make(point: Point) -> Candidate | Rejection:
    """Return the network of a point, or why there is none."""
    return make_candidate(point, SHAPE, space=SPACE)


def ended(candidate: Candidate, number: int) -> TrialHistory:
    """Return a trial of the candidate, trained to its end."""
    trial = Trial(
        number=number,
        id=f"{number:05d}",
        label=candidate.label,
        layout=candidate.layout,
        seed=0,
        epochs=EPOCHS,
        config=candidate.config,
        parameters=candidate.cost.parameters,
        macs=candidate.cost.macs,
        point=candidate.point,
    )
    rng = random.Random(derive_seed("trial", number))
    good = 0.6 + 0.1 * (candidate.cost.macs / 8e9) + rng.gauss(0, 0.02)
    floor = 0.5 * (1.3 - good)
    epochs = tuple(
        EpochMeasured(
            at=0.0,
            trial_id=trial.id,
            attempt=1,
            epoch=epoch,
            step=epoch,
            samples=epoch,
            seconds=1.0,
            learning_rate=1e-3,
            train_loss=1.0,
            gradient_norm=1.0,
            probe_loss=2.0 * (floor / 2.0) ** (epoch / EPOCHS),
            probe_accuracy=0.5,
            evaluation_loss=1.0,
            evaluation_accuracy=good * (0.5 + 0.05 * epoch),
        )
        for epoch in range(1, EPOCHS + 1)
    )
    return TrialHistory(trial=trial, status=TrialStatus.FINISHED, epochs=epochs, attempts=1)


def made_up(count: int) -> list[TrialHistory]:
    """Return so many candidates that ended, drawn at random."""
    drawn, found = RandomSampler(SPACE, make, seed=1), []
    known: set = set()
    labels: dict[str, int] = {}
    for number in range(1, count + 1):
        candidate = drawn.first_outside(known)
        assert candidate is not None
        known.add(candidate.config)
        labels[candidate.layout] = labels.get(candidate.layout, 0) + 1
        label = f"{candidate.layout}#{labels[candidate.layout]}"
        found.append(ended(replace(candidate, label=label), number))
    return found


def timed(
    ask: Callable[[Sequence[TrialHistory]], Candidate],
    histories: Sequence[TrialHistory],
    questions: int,
) -> list[float]:
    """Return the CPU seconds of each question; what was proposed has ended at the next."""
    known, seconds = list(histories), []
    for _ in range(questions):
        start = time.process_time()
        candidate = ask(known)
        seconds.append(time.process_time() - start)
        known.append(ended(candidate, len(known) + 1))
    return seconds


def of_sampler(sampler: Sampler) -> Callable[[Sequence[TrialHistory]], Candidate]:
    """Ask a sampler alone."""

    def ask(histories: Sequence[TrialHistory]) -> Candidate:
        candidate = sampler.propose(histories)
        assert isinstance(candidate, Candidate)
        return candidate

    return ask


def rebuilt(histories: Sequence[TrialHistory]) -> Candidate:
    """Ask as 0.2 did, but for the points that it turned down."""
    values = Objective(metric=Metric.ACCURACY).means(histories)
    sampler = optuna.samplers.TPESampler(seed=len(histories), constant_liar=True)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    domains = {LAYOUT: SPACE.layout_choice}
    for layout in SPACE.layouts:
        domains |= layout.variables
    every = {name: CategoricalDistribution(v.values()) for name, v in domains.items()}
    for history in histories:
        params = dict(history.trial.point or {})
        study.add_trial(
            create_trial(
                state=TrialState.COMPLETE,
                value=values[history.trial.label],
                params=params,
                distributions={name: every[name] for name in params},
            )
        )
    while True:
        trial = study.ask()
        point = {LAYOUT: trial.suggest_categorical(LAYOUT, [each.name for each in SPACE.layouts])}
        for name, options in SPACE.layout(point[LAYOUT]).variables.items():
            point[name] = trial.suggest_categorical(name, options.values())
        made = make(SPACE.point(point))
        if isinstance(made, Candidate):
            return replace(made, label=f"{made.layout}#{len(histories) + 1}")
        study.tell(trial, 0.0)


def main() -> None:
    """Print a line for each sampler, metric and number of candidates."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--most", type=int, default=10_000)
    parser.add_argument("--questions", type=int, default=20)
    parser.add_argument("--samplers", nargs="+", default=["random", *LEARNS])
    parser.add_argument("--objectives", default="", help="in place of a metric, by commas")
    chosen = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    histories = made_up(chosen.most)
    print("sampler    metric          candidates  first, ms  median, ms  largest, ms")
    for count in [each for each in (100, 200) if each <= chosen.most]:
        line("rebuilt", "accuracy", count, timed(rebuilt, histories[:count], 4))
    goals = tuple(word for word in chosen.objectives.split(",") if word)
    metrics = (Metric.ACCURACY,) if goals else (Metric.ACCURACY, Metric.GENERALIZATION)
    for count in [each for each in (100, 1_000, 10_000) if each <= chosen.most]:
        for name in chosen.samplers:
            for metric in metrics:
                asked = of_sampler(sampler(name, metric, goals))
                seconds = timed(asked, histories[:count], chosen.questions + 1)
                line(name, f"{len(goals)} goals" if goals else metric, count, seconds)


def sampler(name: str, metric: Metric, goals: tuple[str, ...] = ()) -> Sampler:
    """Return a sampler that has seen nothing."""
    if name == Sampling.RANDOM:
        return RandomSampler(SPACE, make, seed=1)
    settings = SearchSpec(sampler=Sampling(name), candidates=1, seeds=1, objectives=goals)
    return learning_sampler(SPACE, make, settings, objective=Objective(metric=metric))


def line(name: str, metric: str, count: int, seconds: Sequence[float]) -> None:
    """Print the first of some questions, and the median and largest of the others."""
    first, *rest = [1e3 * each for each in seconds]
    print(
        f"{name:10} {metric:15} {count:10,}  {first:9.0f}  {median(rest):10.1f}  {max(rest):11.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
