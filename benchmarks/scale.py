"""10,000 trials of 50 epochs: what the engine itself takes, when training takes nothing.

    python -m benchmarks.scale [--searches random halving tpe] [--trials 10000] [--folder DIR]
    python -m benchmarks.scale --written [--trials 10000] [--folder DIR]

The driver's conductor, journal and search and the inline executor run a study whose segments
measure a made-up objective at once. A line for each tenth of the trials, or what `--every` says:
CPU time of this process a trial, and its memory. Then the commands that read the study are timed,
each in a process of its own, beside the same of a study of ten trials: what imports take.
`--written` writes such a journal without a driver, for the reading alone.

A journal is synced to the disk at each record: a folder in memory (`/dev/shm`) leaves that out of
the wall time. It is no CPU time.
"""

import argparse
import math
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from nas.driver.conductor import StudyConductor
from nas.driver.study import keep_if_long
from nas.execution.executor import Report
from nas.execution.inline import InlineExecutor
from nas.search.build import build_search
from nas.search.search import Search
from nas.spec.file import spec_of_values
from nas.spec.study import StudySpec
from nas.study.facts import DataFacts
from nas.study.folder import Study, create_study, open_study
from nas.study.journal import Journal
from nas.study.records import (
    DataShape,
    EpochMeasured,
    Outcome,
    Record,
    Segment,
    SegmentEnded,
    SegmentStarted,
    StudyEnded,
    Trial,
    TrialPlanned,
)
from nas.study.state import StudyState

EPOCHS = 50
SHAPE = DataShape(image_size=64, channels=3, classes=10)
FACTS = DataFacts(
    fingerprint="f" * 64,
    shape=SHAPE,
    class_names=tuple("0123456789"),
    mean=(0.5, 0.5, 0.5),
    std=(0.25, 0.25, 0.25),
    train_images=50_000,
    probe_images=1_000,
    evaluation_images=1_000,
)
SPACE = {
    "stem": {"width": 16, "depth": 2, "stride": 2},
    "head_size": 16,
    "stages": [
        {"type": "C", "depth": [1, 2, 3], "width": [16, 32, 48]},
        {"type": ["C", "T"], "depth": {"from": 1, "to": 6}, "width": [48, 64, 80, 96]},
        {"type": ["C", "T"], "depth": {"from": 1, "to": 14}, "width": [96, 128, 160, 192]},
        {"type": ["C", "T"], "depth": [1, 2, 3], "width": [192, 256, 320, 384]},
    ],
}
SEARCHES: dict[str, dict[str, object]] = {
    "random": {"sampler": "random"},
    "halving": {"sampler": "random", "allocation": "halving"},
    "asha": {"sampler": "random", "allocation": "asha"},
    "tpe": {"sampler": "tpe", "seeds": 1},
}
COMMANDS = {
    "nas --help": ("--help",),
    "nas status": ("status", "STUDY"),
    "nas status -o json": ("status", "STUDY", "-o", "json"),
    "nas rank": ("rank", "STUDY"),
    "nas rank -o json": ("rank", "STUDY", "-o", "json"),
    "nas rank --metric generalization": ("rank", "STUDY", "--metric", "generalization"),
    "nas report": ("report", "STUDY"),
}


def spec_for(search: str, trials: int) -> StudySpec:
    """Return the spec of a study of so many candidates, one trial each."""
    return spec_of_values(
        {
            "name": f"scale-{search}",
            "space": SPACE,
            "training": {"epochs": EPOCHS},
            "search": {"candidates": trials, "seeds": 1, **SEARCHES[search]},
            "ranking": {"metric": "accuracy"},
            "tracking": {"uri": "off"},
        }
    )


class ToyJob:
    """Measures a curve that rises with the size of the network: no image, no network."""

    def __call__(self, segment: Segment, *, report: Report) -> SegmentEnded:
        """Report the epochs of the segment."""
        for epoch in curve(
            segment.trial, segment.acknowledged, segment.until_epoch, attempt=segment.attempt
        ):
            report(epoch)
        whole = segment.until_epoch == segment.trial.epochs
        return SegmentEnded(
            at=time.time(),
            trial_id=segment.trial.id,
            attempt=segment.attempt,
            outcome=Outcome.FINISHED if whole else Outcome.REACHED,
        )


def curve(trial: Trial, after: int, until: int, *, attempt: int) -> Iterator[EpochMeasured]:
    """Yield the epochs after `after` up to `until`."""
    good = 0.6 + 0.05 * math.log10(trial.macs / 1e7)
    for epoch in range(after + 1, until + 1):
        noise = math.sin(12.9898 * trial.number + 78.233 * epoch)  # cheap, and never the same
        accuracy = good * (1.0 - 0.8 * math.exp(-0.08 * epoch)) + 0.003 * noise
        loss = 2.3 * math.exp(-0.05 * epoch * good) * (1.0 + 0.01 * noise)
        yield EpochMeasured(
            at=1.7e9 + 60.0 * trial.number + epoch,
            trial_id=trial.id,
            attempt=attempt,
            epoch=epoch,
            step=391 * epoch,
            samples=50_000 * epoch,
            seconds=1.234567 * epoch,
            learning_rate=1e-3 * (1.0 - epoch / trial.epochs),
            train_loss=1.1 * loss,
            gradient_norm=1.0 + 0.1 * noise,
            probe_loss=loss,
            probe_accuracy=min(accuracy + 0.02, 1.0),
            evaluation_loss=1.2 * loss,
            evaluation_accuracy=accuracy,
            probe_loss_error=0.01 * loss,
            evaluation_loss_error=0.012 * loss,
        )


class Meter:
    """Prints CPU time a trial and memory whenever so many more trials are planned."""

    def __init__(self, *, every: int) -> None:
        """Begin now."""
        self._every, self._planned = every, 0
        self._cpu, self._wall = time.process_time(), time.perf_counter()
        print(f"{'trials':>8} {'CPU, ms a trial':>16} {'wall, ms a trial':>17} {'memory, MB':>11}")

    def observe(self, record: Record, state: StudyState) -> None:
        """Count what is over: with trials that pause, whatever is planned."""
        if isinstance(record, TrialPlanned):
            self._planned += 1
            if self._planned > 1 and (self._planned - 1) % self._every == 0:
                self.line(self._planned - 1, self._every)

    def line(self, trials: int, of: int) -> None:
        """Print what the last `of` took."""
        cpu, wall = time.process_time(), time.perf_counter()
        each = 1e3 * (cpu - self._cpu) / of, 1e3 * (wall - self._wall) / of
        print(f"{trials:8,} {each[0]:16.2f} {each[1]:17.2f} {memory():11.0f}", flush=True)
        self._cpu, self._wall = time.process_time(), time.perf_counter()


def memory() -> float:
    """Return what this process has in memory now, MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def run(study: Study, *, every: int) -> None:
    """Run the study as `nas.driver.study.drive` does."""
    with Journal(study.journal) as journal:
        state = StudyState(journal.records, attempts_allowed=3)
        meter = Meter(every=every)
        start = time.process_time()
        conductor = StudyConductor(journal, state, search_of(study), observers=[meter.observe])
        InlineExecutor().run(
            ToyJob(), conductor, resources=study.spec.resources, scratch=study.folder
        )
        keep_if_long(study, journal, state)
    seconds, trials = time.process_time() - start, len(state.histories())
    print(
        f"all: {trials:,} trials, {seconds:.0f} s of CPU, {1e3 * seconds / trials:.2f} ms a trial"
    )


def search_of(study: Study) -> Search:
    """Return the study's search, which knows nothing yet."""
    return build_search(study.spec, SHAPE, evaluation_images=FACTS.evaluation_images)


def write(study: Study) -> None:
    """Write the journal of a study whose trials all finish, one after another, without a driver."""
    search, state = search_of(study), StudyState()
    with Journal(study.journal) as journal:

        def record(each: Record) -> None:
            journal.append(each)
            state.apply(each)

        while isinstance(segment := search.decide(state), Segment):
            trial, until = segment.trial, segment.until_epoch
            record(TrialPlanned(at=time.time(), trial=trial, until_epoch=until))
            record(SegmentStarted(at=0.0, trial_id=trial.id, attempt=1, until_epoch=until))
            for epoch in curve(trial, 0, until, attempt=1):
                record(epoch)
            record(SegmentEnded(at=0.0, trial_id=trial.id, attempt=1, outcome=Outcome.FINISHED))
        record(StudyEnded(at=time.time()))


def resume(study: Study) -> None:
    """Time what `nas resume` does before the first segment."""
    before, start, cpu = memory(), time.perf_counter(), time.process_time()
    with Journal(study.journal) as journal:
        state = StudyState(journal.records, attempts_allowed=3)
    search_of(study).decide(state)
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    grown = memory() - before
    print(f"{'resume, up to the first decision':32} {wall:8.2f} {cpu:8.2f} {grown:8.0f} in memory")


def read(study: Study) -> None:
    """Time the commands that read the study, with the view of its journal that the first makes."""
    size = (study.journal / "records.jsonl").stat().st_size
    print(f"\njournal {size / 1e6:.0f} MB\n\n{'':32} {'wall, s':>8} {'CPU, s':>8} {'MB':>8}")
    commands = dict(COMMANDS)
    if study.spec.search.allocation.by_rungs:
        commands["nas rungs"] = ("rungs", "STUDY")
    small = study.folder.with_name("ten")
    if not small.exists():
        create_study(spec_for("random", 10), FACTS, folder=small)
        write(open_study(small))
    commands = {"nas status, first": COMMANDS["nas status"], **commands}
    commands |= {"nas status of ten trials": ("status", "TEN")}
    commands |= {"nas rank of ten trials": ("rank", "TEN")}
    for name, words in commands.items():
        folders = {"STUDY": str(study.folder), "TEN": str(small)}
        asked = [folders.get(word, word) for word in words]
        start, cpu = time.perf_counter(), children()
        done = subprocess.run(
            [sys.executable, "-m", "nas.cli", *asked], capture_output=True, check=False
        )
        seconds, cpu = time.perf_counter() - start, children() - cpu
        size = len(done.stdout) / 1e6
        if name == "nas report" and not done.returncode:
            size = (study.folder / "report.html").stat().st_size / 1e6
        note = "" if not done.returncode else f"  exit {done.returncode}: {done.stderr[-300:]!r}"
        print(f"{name:32} {seconds:8.2f} {cpu:8.2f} {size:8.2f}{note}", flush=True)
    resume(study)


def children() -> float:
    """Return the CPU seconds of the commands so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Run or write the studies that are asked for, and read them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--searches", nargs="+", default=["random", "halving", "tpe"])
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--every", type=int)
    parser.add_argument("--written", action="store_true")
    parser.add_argument("--unread", action="store_true", help="do not time the commands")
    parser.add_argument("--folder", type=Path, default=Path("scale"))
    chosen = parser.parse_args()
    for search in ["random"] if chosen.written else chosen.searches:
        name = f"{'written' if chosen.written else search}-{chosen.trials}"
        print(f"\n{name}\n")
        folder = chosen.folder / name
        if not folder.exists():
            create_study(spec_for(search, chosen.trials), FACTS, folder=folder)
            study = open_study(folder)
            if chosen.written:
                write(study)
            else:
                run(study, every=chosen.every or max(chosen.trials // 10, 1))
        if not chosen.unread:
            read(open_study(folder))


if __name__ == "__main__":
    main()
