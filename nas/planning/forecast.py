"""Forecast against actual: a plan kept beside its study, and held to what the trials took."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from nas.errors import SpecError
from nas.planning.plan import Plan, task_of
from nas.planning.seconds import EpochSeconds
from nas.planning.shapes import shape_of
from nas.study.records import TrialHistory
from nas.study.storage import replacing

FORMAT = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """How a plan's seconds came out, over trials that were trained."""

    trials: int
    covered: float  # share of them whose seconds lie in the interval, which is one of 90 %
    median_error: float  # of |forecast / actual - 1|
    forecast_seconds: float  # of all of them, and
    seconds: float  # what they took

    def words(self) -> str:
        """Return it as a sentence."""
        return (
            f"{self.forecast_seconds:,.0f} s forecast, {self.seconds:,.0f} s taken by "
            f"{self.trials} trials; {self.covered:.0%} within their interval, median error "
            f"{self.median_error:.1%}"
        )


def plan_file(study: Path) -> Path:
    """Return where the plan of a study is kept: beside its folder, which need not exist yet."""
    return study.with_name(f"{study.name}.plan.json")


def keep(plan: Plan, study: Path) -> Path:
    """Keep a plan for the study that will be at this folder; return the file.

    Raises:
        SpecError: the file cannot be written.
    """
    path = plan_file(study)
    clocks = {task: asdict(seconds) for task, seconds in plan.seconds.items()}
    text = json.dumps({"format": FORMAT, "plan": plan.to_json(), "seconds": clocks}, indent=1)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as beside:
            beside.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SpecError(f"{path}: cannot be written: {error.strerror}", key="--study") from error
    return path


def kept(study: Path) -> Mapping[str, EpochSeconds] | None:
    """Return the seconds of the plan that was kept for a study, by task; None: none was.

    Raises:
        SpecError: the file is damaged, or of a newer format.
    """
    path = plan_file(study)
    if not path.is_file():
        return None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["format"] != FORMAT:
            raise SpecError(f"is of format {values['format']}, not {FORMAT}", file=str(path))
        return {task: _seconds(each) for task, each in values["seconds"].items()}
    except SpecError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SpecError("is no plan; `nas plan SPEC --study` writes it anew", file=str(path)) from (
            error
        )


def _seconds(values: dict[str, Any]) -> EpochSeconds:
    one, macs, size = values["coefficients"]
    return EpochSeconds(
        measured=values["measured"],
        coefficients=(one, macs, size),
        factors=values["factors"],
        again=values["again"],
        others=values["others"],
    )


def check(histories: Sequence[TrialHistory], seconds: Mapping[str, EpochSeconds]) -> Checked | None:
    """Hold the forecast to the trials with epochs, each for as far as it was trained; None: none.

    What is compared are the journal's seconds, those of training and measuring.
    """
    inside: list[bool] = []
    errors: list[float] = []
    forecast = actual = 0.0
    for history in histories:
        clock = seconds.get(task_of(history.trial))
        if not history.epochs or clock is None:
            continue
        told = clock.of(shape_of(history.trial)).times(len(history.epochs))
        took = history.epochs[-1].seconds
        inside.append(told.low <= took <= told.high)
        errors.append(abs(told.estimate / took - 1) if took else 0.0)
        forecast, actual = forecast + told.estimate, actual + took
    if not inside:
        return None
    return Checked(
        trials=len(inside),
        covered=sum(inside) / len(inside),
        median_error=median(errors),
        forecast_seconds=forecast,
        seconds=actual,
    )
