"""Signs of life: sent seldom, learned from, and never asked of a driver that slept itself."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from nas.execution.heartbeat import FACTOR, Pulse, Watch


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def stepping(clock: Clock, pulse: Callable[[], None], *seconds: float) -> None:
    for each in seconds:
        clock.now += each
        pulse()


def test_a_worker_sends_only_where_it_said_nothing_for_long() -> None:
    clock, sent = Clock(), []
    pulse = Pulse(lambda: sent.append(clock.now), clock=clock, every=15)
    stepping(clock, pulse, *[1] * 14)
    assert sent == []
    pulse.sending(lambda: None)  # a record says that it lives
    stepping(clock, pulse, *[4] * 8)
    assert sent == [130, 146]


def test_the_slowest_step_is_known_and_waiting_for_the_driver_is_none() -> None:
    clock = Clock()
    pulse = Pulse(lambda: None, clock=clock)
    stepping(clock, pulse, 50, 2, 7, 1)  # 50: the start
    clock.now += 3

    def slow_driver() -> None:
        assert pulse.slowest == 7
        clock.now += 1000

    pulse.sending(slow_driver)
    stepping(clock, pulse, 5)
    assert pulse.slowest == 7


def silences(watch: Watch, clock: Clock, seconds: int, *workers: str) -> dict[str, float]:
    """Let seconds pass; return who was given up first."""
    for _ in range(seconds):
        clock.now += 1
        if found := watch.silent(set(workers), now=clock.now):
            return found
    return {}


def begun(watch: Watch, clock: Clock, *workers: str, after: int = 5, slowest: float = 0.1) -> None:
    assert silences(watch, clock, after + 1, *workers) == {}  # the first tick has no length
    for worker in workers:
        watch.heard(worker, slowest=slowest, measured=True)


def test_a_silent_worker_is_found_and_the_others_are_not() -> None:
    watch, clock = Watch(patience=60), Clock()
    begun(watch, clock, "a", "b")
    for _ in range(3):
        assert silences(watch, clock, 19, "a", "b") == {}
        watch.heard("b", slowest=0.1, measured=False)
    assert silences(watch, clock, 10, "a", "b") == {"a": 61}


@pytest.mark.parametrize(("slowest", "allowed"), [(0.5, 60), (20.0, 200)])
def test_the_deadline_is_learned_from_the_trials_own_steps(slowest: float, allowed: int) -> None:
    assert FACTOR == 10
    watch, clock = Watch(patience=60), Clock()
    begun(watch, clock, "a", slowest=slowest)
    assert silences(watch, clock, allowed, "a") == {}
    assert silences(watch, clock, 1, "a") == {"a": allowed + 1}


def test_before_its_first_epoch_a_trial_is_given_the_time_that_others_took() -> None:
    watch, clock = Watch(patience=60), Clock()
    assert silences(watch, clock, 601, "a", "b") == {}
    watch.heard("a", slowest=0.1, measured=True)  # took 600 s: "b" may take ten times that
    for _ in range(100):
        watch.heard("a", slowest=0.1, measured=False)
        assert silences(watch, clock, 50, "a", "b") == {}
    quick = Watch(patience=60)
    begun(quick, clock, "a", after=5)
    assert silences(quick, clock, 300, "new") == {"new": 241}


def test_a_step_of_the_first_epoch_is_no_deadline_for_its_first_checkpoint() -> None:
    watch, clock = Watch(patience=60), Clock()
    begun(watch, clock, "a")
    assert silences(watch, clock, 20, "b") == {}
    watch.heard("b", slowest=0.1, measured=False)
    assert silences(watch, clock, 239, "b") == {}


def test_a_driver_that_slept_blames_nobody() -> None:
    watch, clock = Watch(patience=60), Clock()
    begun(watch, clock, "a")
    clock.now += 100_000  # a laptop was closed
    assert watch.silent({"a"}, now=clock.now) == {}
    assert silences(watch, clock, 50, "a") == {}


def test_a_worker_that_left_and_comes_again_starts_afresh() -> None:
    watch, clock = Watch(patience=60), Clock()
    begun(watch, clock, "a")
    assert silences(watch, clock, 55, "a") == {}
    assert silences(watch, clock, 1) == {}
    assert silences(watch, clock, 100, "a") == {}
