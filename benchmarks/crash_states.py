"""Every state that a power cut may leave of a small study, opened and trained on.

    python -m benchmarks.crash_states [--most 12000] [--processes 2] [--seed 0]

A study of two trials is run under strace, stopped in the middle as by `kill -9`, and gone on with
to its report. Of each moment the folders that a power cut may leave are built, as
benchmarks/crash_model.py says; each is opened and its study trained to the end. Then no epoch whose
record was synced before that moment may be gone or have to be trained again, each epoch is there
once, and all numbers are those of an undisturbed study.
"""

import argparse
import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.crash_model import Disk, State
from benchmarks.crash_trace import Reader, Step, Sync, traced
from nas.driver.conductor import StudyConductor
from nas.driver.display import Silent
from nas.driver.images import StudyImages, facts_of, load_images
from nas.driver.study import begin_study, plan_search, resume_study
from nas.errors import NasError
from nas.execution.inline import InlineExecutor
from nas.execution.training_job import TrainingJob
from nas.search.search import Search
from nas.spec.file import spec_of_values
from nas.spec.study import StudySpec
from nas.study.folder import STUDY, create_study, open_study
from nas.study.journal import FILE, Journal, decode
from nas.study.records import EpochMeasured, Record
from nas.study.state import StudyState
from nas.training import checkpoint
from nas.training.task import Task

STOP_AFTER = 3  # epochs measured, of the six
NAME = "study"
SPEC = {
    "name": "crash",
    "space": {
        "stem": {"width": 4},
        "head_size": 4,
        "stages": [{"depth": 1, "width": 8}, {"depth": 1, "width": 8}],
        "layouts": ["C-C", "C-T"],
    },
    "data": {"image_size": 8, "train": 48, "probe": 16, "evaluation": 16},
    "training": {"epochs": 3, "batch_size": 16},
    "search": {"seeds": 1},
    "ranking": {"metric": "accuracy"},
    "tracking": {"uri": "off"},
}
Numbers = dict[tuple[str, int], tuple[float | int | None, ...]]


def spec() -> StudySpec:
    """Return that of the small study."""
    return spec_of_values(SPEC)


class Stopping(Silent):
    """Ends the process without a word once so many epochs are journaled."""

    def __init__(self, after: int) -> None:
        """Count from none."""
        self._left = after

    def observe(self, record: Record, state: StudyState) -> None:
        """Count it."""
        self._left -= isinstance(record, EpochMeasured)
        if not self._left:
            os._exit(9)


def run_traced(folder: Path) -> None:
    """Begin the study and stop, or go on with it: what runs under strace."""
    executor = InlineExecutor()
    if STUDY.is_at(folder):
        resume_study(open_study(folder), executor=executor, display=Silent())
    else:
        begin_study(spec(), folder=folder, executor=executor, display=Stopping(STOP_AFTER))


def record(root: Path, logs: Path) -> list[Step]:
    """Return all that both runs did to `root`.

    Raises:
        RuntimeError: a run did not end as it had to.
    """
    reader, steps = Reader(root), list[Step]()
    for number, wanted in enumerate((9, 0)):
        log = logs / f"{number}.log"
        command = [sys.executable, "-m", "benchmarks.crash_states", "--traced", str(root / NAME)]
        status = traced(command, log)
        if status != wanted:
            raise RuntimeError(f"the run under strace ended with {status}, not {wanted}")
        steps += reader.read(log)
    return steps


@dataclass(frozen=True, slots=True)
class Moment:
    """A state, and what of the journal was synced before it."""

    state: State
    acknowledged: bytes


def moments(steps: list[Step], seed: int) -> Iterator[Moment]:
    """Yield every different state after each step."""
    rng, disk, seen = random.Random(seed), Disk(), set[tuple[str, int]]()
    acknowledged = b""
    for step in steps:
        disk.apply(step)
        if isinstance(step, Sync):
            acknowledged = disk.safe(f"{NAME}/journal/{FILE}") or acknowledged
        for state in disk.states(rng):
            key = (state.key, len(acknowledged))
            if key not in seen:
                seen.add(key)
                yield Moment(state=state, acknowledged=acknowledged)


class Checker:
    """Opens states and trains them to the end; one a process."""

    def __init__(self) -> None:
        """Load the images and train the study once, undisturbed."""
        self._spec = spec()
        self._images: StudyImages = load_images(self._spec)
        with tempfile.TemporaryDirectory() as folder:
            self.wanted = self._finished(Path(folder) / NAME)

    def check(self, moment: Moment) -> str:
        """Return what is wrong; empty where nothing is."""
        with tempfile.TemporaryDirectory() as folder:
            moment.state.build(Path(folder))
            study = Path(folder) / NAME
            journal = study / "journal" / FILE
            if moment.acknowledged:
                if not journal.is_file():
                    return "the journal is gone"
                if not journal.read_bytes().startswith(moment.acknowledged):
                    return "acknowledged records are gone"
                if redone := _without_checkpoint(study, moment.acknowledged):
                    return f"{redone} acknowledged epochs have to be trained again"
            try:
                numbers = self._finished(study)
            except NasError as error:
                return f"{type(error).__name__}: {str(error).replace(folder, '')}"
            return "" if numbers == self.wanted else "other numbers than undisturbed"

    def _finished(self, folder: Path) -> Numbers:
        """Begin what is not there yet, train to the end, return every epoch."""
        if STUDY.is_at(folder):
            study = open_study(folder)
        else:
            study = create_study(self._spec, facts_of(self._images.training), folder=folder)
        with Journal(study.journal) as journal:
            state = StudyState(journal.records, attempts_allowed=3)
            conductor = StudyConductor(journal, state, self._search(), observers=[])
            conductor.release_lost()
            job = TrainingJob(
                folder=study.trials.resolve(),
                resources=self._spec.resources,
                training=Task(data=self._images.training, recipe=self._spec.training),
            )
            InlineExecutor().run(
                job, conductor, resources=self._spec.resources, scratch=folder / "scratch"
            )
        with Journal(study.journal) as journal:
            return numbers_of(journal.records)

    def _search(self) -> Search:
        return plan_search(self._spec, self._images)


def _without_checkpoint(study: Path, acknowledged: bytes) -> int:
    """Return how many acknowledged epochs no checkpoint holds."""
    epochs = Counter[str]()
    for line in acknowledged.splitlines():
        each = decode(line[len("00000000 00000000 ") :])
        if isinstance(each, EpochMeasured):
            epochs[each.trial_id] = each.epoch
    saved = {trial: checkpoint.newest(study / "trials" / trial) for trial in epochs}
    return sum(
        max(count - (0 if (one := saved[trial]) is None else one.epoch), 0)
        for trial, count in epochs.items()
    )


def numbers_of(records: list[Record]) -> Numbers:
    """Return what each epoch measured.

    Raises:
        NasError: an epoch is there twice.
    """
    found: Numbers = {}
    for each in records:
        if not isinstance(each, EpochMeasured):
            continue
        key = (each.trial_id, each.epoch)
        if key in found:
            raise NasError(f"{key} is there twice")
        found[key] = (
            each.step,
            each.samples,
            each.train_loss,
            each.gradient_norm,
            each.probe_loss,
            each.evaluation_loss,
            each.evaluation_accuracy,
        )
    return found


_checker: Checker


def _begin() -> None:
    global _checker
    _checker = Checker()


def _check(moment: Moment) -> str:
    return _checker.check(moment)


def main() -> None:
    """Print what was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--most", type=int, default=12_000)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--traced", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.traced is not None:
        run_traced(chosen.traced)
        return
    with tempfile.TemporaryDirectory() as logs, tempfile.TemporaryDirectory() as root:
        steps = record(Path(root).resolve(), Path(logs))
    kinds = Counter(type(step).__name__ for step in steps)
    print(f"{len(steps)} steps: {json.dumps(kinds)}", flush=True)
    every = list(moments(steps, chosen.seed))
    random.Random(chosen.seed).shuffle(every)
    print(
        f"{len(every):,} different states; {min(len(every), chosen.most):,} are opened", flush=True
    )
    start, wrong = time.perf_counter(), Counter[str]()
    context = multiprocessing.get_context("spawn")
    with context.Pool(chosen.processes, initializer=_begin) as pool:
        for number, found in enumerate(
            pool.imap_unordered(_check, every[: chosen.most], chunksize=16), start=1
        ):
            wrong[found] += bool(found)
            if number % 1000 == 0:
                print(f"{number:,} states, {time.perf_counter() - start:.0f} s", file=sys.stderr)
    print(f"{time.perf_counter() - start:.0f} s, {sum(wrong.values())} states with a fault")
    for what, count in wrong.most_common():
        if what:
            print(f"{count:6}  {what}")
    raise SystemExit(bool(sum(wrong.values())))


if __name__ == "__main__":
    main()
