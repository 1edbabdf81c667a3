"""Many trials of two workers each, with stops in between: nothing hangs, nothing is left behind.

    python -m benchmarks.workers [--trials N] [--every S] [--seed N]

A head on loopback outlives every driver. `nas search` trains the trials, two processes each; every
few seconds something is ended: the driver asked to (SIGINT, SIGTERM) or killed, or a worker
killed. `nas resume` goes on. At each driver's end the head is asked for placement groups that are
still there, and at the end the journal for epochs that are lost or doubled.
"""

import argparse
import os
import random
import signal
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil
import ray
from ray.util import placement_group_table

from benchmarks.fault_checks import records_of, whole_lines
from benchmarks.fault_places import StudyFolder, TwoNodes, nas, workers
from nas.study.records import EpochMeasured

WORKERS, EPOCHS = 2, 1
TRIALS_AT_ONCE = 2
LONGEST = 120.0  # seconds without a record before it counts as hung
GOODBYE = 90.0  # seconds for a driver that is asked to end, and for its groups to go


def words(study: Path, trials: int) -> list[str]:
    """Return the arguments of the search: trials so small that their beginning and end is most."""
    return [
        "quickstart",
        f"search.seeds={trials // 5}",
        f"training.epochs={EPOCHS}",
        "training.warmup_epochs=0",
        "data.train=64",
        "data.probe=16",
        "data.evaluation=32",
        f"resources.workers={WORKERS}",
        "resources.cpus=0.5",
        f"resources.concurrent={TRIALS_AT_ONCE}",
        "tracking.uri=off",
        "--study",
        str(study),
    ]


class Watched:
    """A driver and the study that it drives."""

    def __init__(self, command: list[str], study: Path, log: Path) -> None:
        """Start it."""
        self.study = study
        with log.open("ab") as file:
            self.process = subprocess.Popen(command, stdout=file, stderr=file)
        self._size, self._since = -1, time.monotonic()

    def look(self) -> int | None:
        """Return the exit code, if it has ended.

        Raises:
            SystemExit: nothing has happened for long.
        """
        size = sum(path.stat().st_size for path in self.study.glob("journal/*"))
        if size != self._size:
            self._size, self._since = size, time.monotonic()
        if time.monotonic() - self._since > LONGEST:
            raise SystemExit(f"hung: no record for {LONGEST:g} s")
        return self.process.poll()

    def wait(self) -> int:
        """Wait for its end.

        Raises:
            SystemExit: it does not come.
        """
        try:
            return self.process.wait(GOODBYE)
        except subprocess.TimeoutExpired:
            raise SystemExit(f"hung: still there {GOODBYE:g} s after it was ended") from None


def groups() -> list[str]:
    """Return the names of placement groups that the head still holds, after a little patience."""
    until = time.monotonic() + GOODBYE
    while True:
        table = placement_group_table()
        found = [name for name, each in table.items() if each["state"] != "REMOVED"]
        if not found or time.monotonic() > until:
            return found
        time.sleep(1)


def strike(kind: str, driver: Watched, nodes: TwoNodes, chance: random.Random) -> bool:
    """End something; False where there was nothing of the kind."""
    if kind == "worker":
        found = workers(nodes.raylets())
        if not found:
            return False
        chance.choice(found).kill()
        return True
    number = {"interrupt": signal.SIGINT, "term": signal.SIGTERM, "kill": signal.SIGKILL}[kind]
    driver.process.send_signal(number)
    return True


def train(study: Path, nodes: TwoNodes, given: argparse.Namespace) -> tuple[list[str], int]:
    """Train all trials in spite of stops; return what was ended, and groups left behind."""
    chance, struck, left = random.Random(given.seed), list[str](), 0
    log = study.with_name("log")
    driver = Watched(nas("search", *words(study, given.trials)), study, log)
    due = time.monotonic() + given.every
    while driver.look() != 0:
        ended = driver.process.poll() is not None
        if not ended and time.monotonic() > due and (study / "study.json").exists():
            kind = chance.choice(["worker", "worker", "interrupt", "term", "kill"])
            due = time.monotonic() + given.every * chance.uniform(0.5, 1.5)
            if strike(kind, driver, nodes, chance):
                struck.append(kind)
                print(f"{time.strftime('%X')} {kind}", flush=True)
                ended = kind != "worker"
        if ended and not (study / "study.json").exists():
            raise SystemExit("the study did not begin")
        if ended:
            driver.wait()
            left += len(groups())
            driver = Watched(nas("resume", str(study)), study, log)
        time.sleep(0.3)
    return struck, left + len(groups())


def main(arguments: list[str] | None = None) -> None:
    """Print what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--every", type=float, default=25.0, help="seconds between two stops")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        nodes, study = TwoNodes(root / "sessions"), root / "study"
        os.environ["RAY_ADDRESS"] = nodes.address
        ray.init(nodes.address, log_to_driver=False)
        try:
            struck, left = train(study, nodes, given)
        except SystemExit:
            print((root / "log").read_text()[-3000:])
            raise
        finally:
            for each in psutil.Process().children():
                if "nas" in " ".join(each.cmdline()[:3]):
                    each.kill()
            ray.shutdown()
            nodes.close()
        epochs = Counter(
            (record.trial_id, record.epoch)
            for record in records_of(whole_lines(StudyFolder(study).journal()))
            if isinstance(record, EpochMeasured)
        )
    doubled = sum(count > 1 for count in epochs.values())
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(Counter(struck).items()))
    print(
        f"{len(epochs)} trials of {WORKERS} workers in {time.monotonic() - begun:.0f} s, "
        f"{len(struck)} stops ({kinds}): {given.trials - len(epochs)} lost, {doubled} doubled, "
        f"{left} placement groups left behind"
    )


if __name__ == "__main__":
    main()
