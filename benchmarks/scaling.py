"""What a segment costs the driver, and how many slots one driver keeps busy.

    python -m benchmarks.scaling [--segments N] [--slots 2,8,32] [--seconds S] [--long N]

Several raylets of one machine, a job that sleeps for two epochs and reports both, and everything
else as it is: our conductor, its journal on disk, Tune. A study's time is compared with that of
slots that are never idle (`segments / slots x seconds`), from the first worker's first epoch on, so
that starting the workers, which is paid once, is apart. The driver's CPU is this process's own.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from coatnet.config import BlockType, CoAtNetConfig, StageConfig, StemConfig
from nas.driver.conductor import StudyConductor
from nas.execution.executor import Report
from nas.execution.ray_executor import RayExecutor
from nas.search.search import Search
from nas.spec.resources import ResourcesSpec
from nas.study.journal import Journal
from nas.study.records import (
    EpochMeasured,
    Outcome,
    Pause,
    Record,
    Segment,
    SegmentEnded,
    SegmentStarted,
    Trial,
    TrialStatus,
)
from nas.study.state import StudyState

EPOCHS = 2
NODES = 2  # raylets, which share the slots
PART = 1000  # segments of which the first and the last are compared


@dataclass(frozen=True, kw_only=True)
class SleepingJob:
    """Sleeps instead of training."""

    seconds: float  # of a segment

    def __call__(self, segment: Segment, *, report: Report) -> SegmentEnded:
        """Report its epochs."""
        for epoch in range(segment.acknowledged + 1, segment.until_epoch + 1):
            time.sleep(self.seconds / EPOCHS)
            report(_measured(segment, epoch))
        return SegmentEnded(
            at=time.time(),
            trial_id=segment.trial.id,
            attempt=segment.attempt,
            outcome=Outcome.FINISHED,
        )


class Queue(Search):
    """So many trials, one after another."""

    def __init__(self, count: int) -> None:
        """Ask for `count` trials."""
        super().__init__(())
        self._waiting = iter(range(1, count + 1))

    def decide(self, state: StudyState) -> Segment | Pause:
        """Return the next trial."""
        number = next(self._waiting, None)
        if number is not None:
            return Segment(trial=_trial(number), attempt=1, acknowledged=0, until_epoch=EPOCHS)
        running = state.present.first(TrialStatus.RUNNING)
        return Pause.DONE if running is None else Pause.WAIT


@dataclass(kw_only=True)
class Clock:
    """When things happened; an observer of the conductor."""

    cpu: list[float] = field(default_factory=list)  # of this process, at each segment's end
    first: float = 0.0  # the first epoch
    last: float = 0.0  # the last segment's end
    running: int = 0
    most: int = 0

    def observe(self, record: Record, _state: StudyState) -> None:
        """Take note of a record."""
        if isinstance(record, EpochMeasured) and not self.first:
            self.first = time.perf_counter()
        self.running += isinstance(record, SegmentStarted)
        self.most = max(self.most, self.running)
        if isinstance(record, SegmentEnded):
            self.running -= 1
            self.last = time.perf_counter()
            self.cpu.append(time.process_time())


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """One study."""

    segments: int
    slots: int
    seconds: float  # of a segment
    wall: float  # from the first epoch to the last end
    cpu: float  # of the driver for a segment, s
    first_part: float  # the same of the first and of the last segments
    last_part: float

    @property
    def efficiency(self) -> float:
        """The time of slots that are never idle, of the time it took."""
        return self.segments * self.seconds / self.slots / self.wall


def study(segments: int, *, slots: int, seconds: float) -> Result:
    """Run a study on the cluster that is connected."""
    resources = ResourcesSpec()
    clock = Clock()
    executor = RayExecutor(os.environ["RAY_ADDRESS"])
    with tempfile.TemporaryDirectory() as name, Journal(Path(name) / "journal") as journal:
        state = StudyState(attempts_allowed=3)
        conductor = StudyConductor(journal, state, Queue(segments), observers=[clock.observe])
        executor.prepare(resources)
        begun = time.process_time()
        executor.run(
            SleepingJob(seconds=seconds),
            conductor,
            resources=resources,
            scratch=Path(name) / "scratch",
        )
        executor.close()
    assert all(each.status is TrialStatus.FINISHED for each in state.histories())
    part = min(PART, segments // 2)
    return Result(
        segments=segments,
        slots=slots,
        seconds=seconds,
        wall=clock.last - clock.first,
        cpu=(clock.cpu[-1] - begun) / segments,
        first_part=(clock.cpu[part - 1] - begun) / part,
        last_part=(clock.cpu[-1] - clock.cpu[-1 - part]) / part,
    )


@contextmanager
def raylets(slots: int) -> Iterator[None]:
    """Run a cluster of so many slots in this machine."""
    from ray.cluster_utils import Cluster  # noqa: PLC0415 - reads its environment at import

    each = slots // NODES
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": each})
    before = os.environ.get("RAY_ADDRESS")
    try:
        for _ in range(NODES - 1):
            cluster.add_node(num_cpus=each)
        os.environ["RAY_ADDRESS"] = cluster.address
        yield
    finally:
        os.environ.pop("RAY_ADDRESS")
        if before is not None:
            os.environ["RAY_ADDRESS"] = before
        cluster.shutdown()


def _trial(number: int) -> Trial:
    config = CoAtNetConfig(
        stem=StemConfig(width=4, depth=1),
        stages=(StageConfig(block=BlockType.CONVOLUTION, depth=1, width=4),),
        head_size=4,
        image_size=8,
        in_channels=1,
        classes=10,
    )
    return Trial(
        number=number,
        id=f"{number:05d}-C-s0",
        label="C",
        layout="C",
        seed=0,
        epochs=EPOCHS,
        config=config,
        parameters=1000,
        macs=20000,
    )


def _measured(segment: Segment, epoch: int) -> EpochMeasured:
    return EpochMeasured(
        at=time.time(),
        trial_id=segment.trial.id,
        attempt=segment.attempt,
        epoch=epoch,
        step=epoch,
        samples=epoch,
        seconds=1.0,
        learning_rate=1e-3,
        train_loss=1.0,
        gradient_norm=1.0,
        probe_loss=1.0,
        probe_accuracy=0.5,
        evaluation_loss=1.0,
        evaluation_accuracy=0.5,
    )


def main(arguments: list[str] | None = None) -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--segments", type=int, default=1000)
    parser.add_argument("--slots", default="2,8,32")
    parser.add_argument("--seconds", type=float, default=1.0, help="of a segment, with 8 slots")
    parser.add_argument("--long", type=int, default=0, help="segments of a last study, on 8 slots")
    given = parser.parse_args(arguments)
    # On 2 slots a segment is shorter, so that the whole takes minutes.
    runs = [
        (given.segments, int(slots), given.seconds * min(1.0, int(slots) / 8))
        for slots in given.slots.split(",")
    ]
    if given.long:
        runs.append((given.long, 8, 0.1))
    print("| segments | slots | s each | s from first to last | efficiency | driver CPU, ms each |")
    print("|---|---|---|---|---|---|")
    for segments, slots, seconds in runs:
        with raylets(slots):
            found = study(segments, slots=slots, seconds=seconds)
        parts = f"{1e3 * found.first_part:.1f} first, {1e3 * found.last_part:.1f} last"
        print(
            f"| {segments:,} | {slots} | {seconds:g} | {found.wall:.1f} | "
            f"{found.efficiency:.0%} | {1e3 * found.cpu:.1f} ({parts}) |",
            flush=True,
        )


if __name__ == "__main__":
    main()
