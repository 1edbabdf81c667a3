"""What runs, what waits, and why: as far as a study's journal tells it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from nas.spec.resources import ResourcesSpec
from nas.study.folder import Study
from nas.study.records import TrialHistory, TrialStatus

MOST = 200  # rows


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A trial that has not ended, and why it is where it is."""

    id: str
    number: int
    status: str
    progress: str  # epochs measured, of how many
    heard: str  # how long ago its newest epoch was measured
    why: str


def queue(
    study: Study, histories: Sequence[TrialHistory], *, now: float | None = None
) -> tuple[list[Waiting], int]:
    """Return the trials that have not ended, those that run first, and how many there are."""
    now = time.time() if now is None else now
    order = (
        TrialStatus.RUNNING,
        TrialStatus.INTERRUPTED,
        TrialStatus.PLANNED,
        TrialStatus.PAUSED,
    )
    going = [each for each in histories if each.status in order]
    going.sort(key=lambda each: order.index(each.status))
    running = sum(each.status is TrialStatus.RUNNING for each in going)
    rows = [
        Waiting(
            id=each.trial.id,
            number=each.trial.number,
            status=each.status.value,
            progress=f"{len(each.epochs)} of {each.trial.epochs}",
            heard=_ago(now - each.epochs[-1].at) if each.epochs else "–",
            why=_why(each, study, running=running),
        )
        for each in going[:MOST]
    ]
    return rows, len(going)


def asked(resources: ResourcesSpec) -> str:
    """Return what each trial asks for, in words."""
    text = resources.words(resources.asked)
    if resources.workers > 1:
        text = f"{resources.workers} workers of {text} each"
    limit = resources.concurrent
    return text + (f", {limit} at once" if limit is not None else ", as many as have room")


def _why(history: TrialHistory, study: Study, *, running: int) -> str:
    if history.status is TrialStatus.RUNNING:
        until = history.until_epoch or history.trial.epochs
        tried = f", attempt {history.attempts}" if history.attempts > 1 else ""
        return f"trains up to epoch {until}{tried}"
    if not study.running:
        return f"no driver runs this study: nas resume {study.place}"
    if history.status is TrialStatus.PAUSED:
        return "has come to its rung: waits for the trials it is compared with"
    if history.attempts:
        return (
            f"its worker was lost or stopped: waits for room to go on (attempt {history.attempts})"
        )
    limit = study.spec.resources.concurrent
    if limit is not None and running >= limit:
        return f"resources.concurrent is {limit}, and {running} run"
    return f"waits for room for {study.spec.resources.words(study.spec.resources.asked)}"


def _ago(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 0):.0f} s ago"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min ago"
    return f"{seconds / 3600:.0f} h ago" if seconds < 172_800 else f"{seconds / 86_400:.0f} d ago"
