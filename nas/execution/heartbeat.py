"""Signs of life of a segment: what a worker sends while it trains, and when the driver gives up."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from nas.execution.executor import Job

SEND_EVERY = 15.0  # seconds without a record after which a worker says that it lives
PATIENCE = 60.0  # seconds of silence that are always allowed
FACTOR = 10.0  # times the trial's slowest step is allowed
_LONGEST_TICK = 2.0  # seconds; more, and it was the driver that slept


@runtime_checkable
class Beating(Protocol):
    """A job that can say between its steps that it lives."""

    def beating(self, alive: Callable[[], None]) -> Job:
        """Return the job, calling `alive` after every step of training and of measuring."""
        ...


class Pulse:
    """The worker's side: called between steps, it sends now and then, and knows the slowest gap."""

    def __init__(
        self, send: Callable[[], None], *, clock: Callable[[], float], every: float = SEND_EVERY
    ) -> None:
        """Call `send` where nothing was sent for `every` seconds."""
        self._send, self._clock, self._every = send, clock, every
        self._seen: float | None = None  # what comes before the first step is a start, no step
        self._sent = clock()
        self.slowest = 0.0  # seconds between two steps

    def __call__(self) -> None:
        """Take note of a step."""
        if self._note() - self._sent >= self._every:
            self.sending(self._send)

    def sending(self, send: Callable[[], None]) -> None:
        """Send; time spent in waiting for the driver is none of the trial's."""
        self._note()
        send()
        self._seen = self._sent = self._clock()

    def _note(self) -> float:
        now = self._clock()
        if self._seen is not None:
            self.slowest = max(self.slowest, now - self._seen)
        self._seen = now
        return now


@dataclass(slots=True)
class _Heard:
    silent: float = 0.0  # seconds that the driver was awake and heard nothing
    slowest: float = 0.0
    measured: bool = False  # an epoch: each kind of step, a checkpoint too, has been seen once


class Watch:
    """The driver's side: how long each worker has been silent, and how long it may be.

    Before a trial's first epoch nobody knows how long its start, a step or a checkpoint take. What
    is allowed then follows from the starts that this watch has seen.
    """

    def __init__(self, *, patience: float = PATIENCE) -> None:
        """Allow at least `patience` seconds of silence."""
        self._patience = patience
        self._heard: dict[str, _Heard] = {}
        self._begun: float | None = None  # the longest silence before a first epoch
        self._now: float | None = None

    def heard(self, worker: str, *, slowest: float, measured: bool) -> None:
        """Note a sign of life: an epoch `measured`, or another."""
        one = self._heard.setdefault(worker, _Heard())
        if not one.measured:
            self._begun = max(self._begun or 0.0, one.silent)
        one.silent, one.slowest = 0.0, max(one.slowest, slowest)
        one.measured |= measured

    def silent(self, workers: set[str], *, now: float) -> dict[str, float]:
        """Return who has been silent for too long, with the seconds; call it every second or so.

        `workers` are those that should be at work; `now` is of a monotonic clock. A driver that was
        asleep itself blames nobody for that time.
        """
        tick = 0.0 if self._now is None else min(now - self._now, _LONGEST_TICK)
        self._now = now
        self._heard = {each: self._heard.get(each) or _Heard() for each in workers}
        for one in self._heard.values():
            one.silent += tick
        return {
            worker: one.silent
            for worker, one in self._heard.items()
            if one.silent > self._allowed(one)
        }

    def _allowed(self, one: _Heard) -> float:
        if one.measured:
            return max(self._patience, FACTOR * one.slowest)
        if self._begun is None:
            return FACTOR * self._patience
        return max(4 * self._patience, FACTOR * max(self._begun, one.slowest))
