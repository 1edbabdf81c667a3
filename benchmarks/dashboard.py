"""The live page: what viewers cost while a study runs, and how soon they see 10,000 trials.

    python -m benchmarks.dashboard [--trials 800] [--viewers 5] [--seconds 60]
    python -m benchmarks.dashboard --paint [--trials 10000]

The study is written as `benchmarks.scale` writes one, in memory (`/dev/shm`). While it is watched,
this process is its driver: an epoch a second. Each viewer asks as the page does, every three
seconds and with the tag of what it has; memory and CPU are those of the server alone. `--paint`
opens the pages in Chromium, five times each, and prints the median until content is painted.
"""

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
from playwright.sync_api import sync_playwright

from benchmarks.scale import EPOCHS, FACTS, curve, spec_for, write
from nas.driver.study import keep_if_long
from nas.study.folder import Study, create_study, open_study
from nas.study.journal import Journal
from nas.study.records import SegmentStarted, TrialPlanned
from nas.study.state import StudyState

EVERY = 3.0  # seconds, as static/app.js has it
TIMES = 5
CHROMIUM = "/usr/bin/chromium"
PAGES = {
    "overview": "/",
    "answer": "/s/study",
    "trials": "/s/study/trials",
    "trials, filtered and sorted": "/s/study/trials?text=09&sort=-accuracy",
    "trials, by layout": "/s/study/trials?group=layout&sort=-accuracy",
    "search": "/s/study/search",
}


def made(folder: Path, trials: int) -> Study:
    """Write a finished study of so many trials."""
    create_study(spec_for("random", trials), FACTS, folder=folder)
    study = open_study(folder)
    write(study)
    with Journal(study.journal) as journal:  # the view that a driver leaves of a long journal
        keep_if_long(study, journal, StudyState(journal.records, attempts_allowed=3))
    return study


@contextmanager
def serving(root: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Run `nas dashboard`; yield its address and its process."""
    command = [sys.executable, "-u", "-m", "nas.cli", "dashboard", str(root), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            found = re.search(r"http://\S+/", server.stdout.readline())
            assert found is not None
            yield found[0].rstrip("/"), psutil.Process(server.pid)
        finally:
            server.terminate()


class Viewer(threading.Thread):
    """Asks for a page as a browser does that shows it."""

    def __init__(self, address: str, ends: float) -> None:
        """Ask for `address` until then."""
        super().__init__()
        self._address, self._ends, self._tag = address, ends, ""
        self.taken: list[float] = []  # seconds of each answer
        self.new = 0  # answers that were not "as before"

    def run(self) -> None:
        """Ask, wait, ask."""
        while time.monotonic() < self._ends:
            begun = time.monotonic()
            headers = {"Accept": "text/html", "Accept-Encoding": "gzip"}
            if self._tag:
                headers["If-None-Match"] = self._tag
            try:
                request = urllib.request.Request(self._address, headers=headers)
                with urllib.request.urlopen(request, timeout=60) as answer:
                    answer.read()
                    self._tag, self.new = answer.headers["ETag"], self.new + 1
            except urllib.error.HTTPError as error:
                if error.code != 304:
                    raise
            self.taken.append(time.monotonic() - begun)
            time.sleep(EVERY)


def watch(root: Path, trials: int, *, viewers: int, seconds: float) -> None:
    """Print what viewers of a study take from the server while the study goes on."""
    study = made(root / "study", trials)
    one = study.histories()[-1].trial
    with Journal(study.journal) as journal, serving(root) as (address, server):
        urllib.request.urlopen(f"{address}/s/study/trials", timeout=120).read()
        time.sleep(5)
        before, begun = sum(server.cpu_times()[:2]), time.monotonic()
        pages = ("/s/study", "/s/study/trials", "/s/study/queue", "/", "/s/study/t/1")
        asking = [Viewer(address + pages[i % len(pages)], begun + seconds) for i in range(viewers)]
        for each in asking:
            each.start()
        number = trials
        while time.monotonic() < begun + seconds:
            number += 1
            trial = replace(
                one, number=number, id=f"{number:04d}-{one.label}-s{number}", seed=number
            )
            journal.append(TrialPlanned(at=time.time(), trial=trial, until_epoch=EPOCHS))
            journal.append(
                SegmentStarted(at=time.time(), trial_id=trial.id, attempt=1, until_epoch=EPOCHS)
            )
            for record in curve(trial, 0, 10, attempt=1):
                journal.append(record)
                time.sleep(1)
                if time.monotonic() >= begun + seconds:
                    break
        for each in asking:
            each.join()
        used = (sum(server.cpu_times()[:2]) - before) / (time.monotonic() - begun)
        memory = server.memory_full_info()
        taken = [one for each in asking for one in each.taken]
        new = sum(each.new for each in asking)
        print(
            f"{trials:,} trials of {EPOCHS} epochs, {viewers} viewers, {seconds:.0f} s: "
            f"{used:.1%} of a core, {memory.rss / 1e6:.0f} MB resident "
            f"({memory.uss / 1e6:.0f} MB its own); {len(taken)} answers, "
            f"{new} of them new, median {1e3 * statistics.median(taken):.0f} ms, "
            f"slowest {1e3 * max(taken):.0f} ms"
        )
    with tempfile.TemporaryDirectory() as empty, serving(Path(empty)) as (address, server):
        urllib.request.urlopen(f"{address}/", timeout=60).read()
        print(f"a server of no study: {server.memory_full_info().rss / 1e6:.0f} MB resident")


def paint(root: Path, trials: int) -> None:
    """Print how soon pages of a study are painted."""
    made(root / "study", trials)
    with serving(root) as (address, server), sync_playwright() as playwright:
        begun = time.monotonic()
        urllib.request.urlopen(f"{address}/s/study/trials", timeout=600).read()
        print(f"{trials:,} trials are read in {time.monotonic() - begun:.1f} s, once")
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        print(f"{'page':30} {'first, ms':>10} {'median of 5, ms':>16} {'server, ms':>11} {'KB':>6}")
        for name, path in PAGES.items():
            painted, served, size = [], [], 0.0
            for _ in range(TIMES):
                page = browser.new_page()
                page.goto(address + path)
                page.wait_for_function(
                    "performance.getEntriesByName('first-contentful-paint').length > 0"
                )
                painted.append(
                    page.evaluate(
                        "performance.getEntriesByName('first-contentful-paint')[0].startTime"
                    )
                )
                entry = "performance.getEntriesByType('navigation')[0]"
                served.append(page.evaluate(f"{entry}.responseEnd - {entry}.requestStart"))
                size = page.evaluate(f"{entry}.decodedBodySize") / 1e3
                page.close()
            print(
                f"{name:30} {painted[0]:10.0f} {statistics.median(painted):16.0f} "
                f"{statistics.median(served):11.0f} {size:6.0f}"
            )
        print(f"server: {server.memory_full_info().rss / 1e6:.0f} MB resident")
        browser.close()


def main() -> None:
    """Parse and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int)
    parser.add_argument("--viewers", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--paint", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        if asked.paint:
            paint(Path(name), asked.trials or 10_000)
        else:
            watch(Path(name), asked.trials or 800, viewers=asked.viewers, seconds=asked.seconds)


if __name__ == "__main__":
    main()
