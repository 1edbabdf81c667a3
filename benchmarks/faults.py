"""Faults at random moments of a real study on Ray: what is lost, done again, how soon it goes on.

    python -m benchmarks.faults [--faults 24] [--seed 0] [--kinds worker-kill,driver-kill]
                                [--most 8] [--within 10] [--out FOLDER]

A short quickstart runs by `nas search` and `nas resume` as a user runs it. Workers, drivers, nodes
and the head of its cluster are killed or stopped, and its disk is filled, at moments drawn from the
seed: while it begins, trains, saves a checkpoint, and makes its tables and report
(benchmarks/fault_plan.py). Up to `--most` faults hit one study. At its end its journal,
checkpoints, tables and ranking are held to those of an undisturbed study
(benchmarks/fault_checks.py). A table by kind on stdout, progress on stderr, what drivers print in
`--out`. Exit code 1 where an acknowledged epoch is lost or doubled, a trial that was hit has more
than one epoch trained again, anything differs from the undisturbed study, a driver hangs or takes
longer than `--within` seconds to resume (Ray's own start apart), or a fault never struck.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fault_places import SHORT, TwoNodes, end_leftovers, environment, mounted, nas
from benchmarks.fault_plan import Kind, Planned, StudyPlan, draw, studies
from benchmarks.fault_report import HEADINGS, StudyReport, broken, table
from benchmarks.fault_study import HitStudy

TRIES = 4  # of a fault whose study ended before it could strike


@dataclass(frozen=True, kw_only=True, slots=True)
class Bench:
    """Where everything is."""

    out: Path  # studies, and what their drivers print
    sessions: Path  # of Ray; its sockets want a short path
    disks: Path

    def calm(self) -> Path:
        """Run the study undisturbed, without Ray: it must come to the same."""
        folder = self.out / "calm"
        words = nas("search", "quickstart", *SHORT, "--inline", "--quiet", "--study", str(folder))
        done = subprocess.run(words, env=environment(self.sessions), capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"the undisturbed study ended with {done.returncode}:\n{done.stderr}")
        return folder

    def run(self, number: int, plan: StudyPlan, calm: Path) -> StudyReport:
        """Run one study with its faults."""
        name = f"study-{number:03}"
        logs = self.out / f"{name}-logs"
        logs.mkdir()
        with ExitStack() as stack:
            nodes = disk = None
            folder = self.out / name
            if plan.two_nodes:
                nodes = TwoNodes(self.sessions)
                stack.callback(nodes.close)
            if plan.small_disk:
                disk = stack.enter_context(mounted(self.disks / name))
                folder = self.disks / name / "study"
            study = HitStudy(
                folder, sessions=self.sessions, logs=logs, nodes=nodes, disk=disk, say=say
            )
            return study.run(plan, calm)


def say(sentence: str) -> None:
    """Tell whoever looks on."""
    print(f"{time.strftime('%H:%M:%S')} {sentence}", file=sys.stderr, flush=True)


def may_mount(disks: Path) -> bool:
    """Tell whether a small disk can be mounted here."""
    with mounted(disks / "try") as disk:
        return disk is not None


def run_all(
    faults: Sequence[Planned], bench: Bench, *, most: int
) -> tuple[list[StudyReport], list[Planned]]:
    """Run studies until every fault has struck; return those that never did, too."""
    say("an undisturbed study first")
    calm = bench.calm()
    reports: list[StudyReport] = []
    never: list[Planned] = []
    waiting = list(faults)
    while waiting:
        plan = studies(waiting, most=most)[0]
        waiting = [each for each in waiting if not any(each is one for one in plan.faults)]
        try:
            report = bench.run(len(reports) + 1, plan, calm)
        except KeyboardInterrupt:
            say("stopped: the faults of this study and those to come do not count")
            break
        reports.append(report)
        for each in report.missed:
            (waiting if each.tries < TRIES else never).append(each)
        struck = sum(len(each.struck) for each in reports)
        differs = "; ".join(report.unlike[:3]) or "as undisturbed"
        say(f"study {len(reports)}: {differs}; {struck} of {len(faults)} faults so far")
    return reports, never


def main() -> None:
    """Print the table; exit with 1 where an invariant is broken."""
    # Ctrl-C, or `kill -INT` of what a shell started with `&`, ends it with what it has.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faults", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", default=",".join(Kind), help="all by default")
    parser.add_argument("--most", type=int, default=8, help="faults of one study")
    parser.add_argument("--within", type=float, default=10.0, help="seconds to resume")
    parser.add_argument("--out", type=Path, help="a new folder for studies and logs")
    chosen = parser.parse_args()
    kinds = [Kind(word) for word in chosen.kinds.split(",")]
    with ExitStack() as stack:
        sessions, disks, out = (
            Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix=f"nas-{each}-", dir="/tmp"))
            )
            for each in ("ray", "disks", "faults")
        )
        if chosen.out is not None:
            out = chosen.out.resolve()
            out.mkdir(parents=True)
        if Kind.FULL_DISK in kinds and not may_mount(disks):
            say("disk-full is SKIPPED: this user may mount no disk to fill")
            kinds.remove(Kind.FULL_DISK)
        bench = Bench(out=out, sessions=sessions, disks=disks)
        try:
            begun = time.monotonic()
            faults = draw(chosen.faults, kinds=kinds, seed=chosen.seed)
            reports, never = run_all(faults, bench, most=chosen.most)
        finally:
            end_leftovers(sessions)
    show(reports, never, within=chosen.within, seconds=time.monotonic() - begun)


def show(
    reports: Sequence[StudyReport], never: Sequence[Planned], *, within: float, seconds: float
) -> None:
    """Print what was found.

    Raises:
        SystemExit: with 1 where an invariant does not hold.
    """
    print("| " + " | ".join(HEADINGS) + " |\n" + "|---" * len(HEADINGS) + "|")
    for cells in table(reports):
        print("| " + " | ".join(cells) + " |")
    points = Counter(each.fault.moment.value for report in reports for each in report.struck)
    print(f"\n{len(reports)} studies, {seconds / 60:.0f} minutes; struck while {dict(points)}")
    print(f"processes left behind: {sum(each.left_running for each in reports)}")
    found = broken(reports, never, within=within)
    for sentence in found:
        print(f"BROKEN: {sentence}")
    raise SystemExit(int(bool(found)))


if __name__ == "__main__":
    main()
