"""One study under faults: struck at its moments, resumed each time, and compared at its end."""

import json
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil

from benchmarks.fault_checks import (
    Before,
    doubled,
    lost,
    records_of,
    redone,
    running,
    saved,
    unlike,
    unlike_tables,
    vanished,
)
from benchmarks.fault_places import (
    SHORT,
    Driver,
    SmallDisk,
    StudyFolder,
    TwoNodes,
    end_leftovers,
    environment,
    nas,
    workers,
)
from benchmarks.fault_plan import Kind, Moment, Planned, StudyPlan
from benchmarks.fault_report import Struck, StudyReport, line
from nas.study.records import EpochMeasured, SegmentStarted

GRACE = {Kind.DRIVER_KILL: 0.0, Kind.TERM_2: 2.0, Kind.TERM_30: 30.0}  # then it is killed
SIGNALS = {
    Kind.TERM_2: signal.SIGTERM,
    Kind.TERM_30: signal.SIGTERM,
    Kind.INTERRUPT: signal.SIGINT,
    Kind.HANG_UP: signal.SIGHUP,
    Kind.DRIVER_KILL: signal.SIGKILL,
}
_OF_WORKERS = (Kind.WORKER_KILL, Kind.WORKER_STOP)
SPARES_DRIVER = (*_OF_WORKERS, Kind.NODE_KILL)
PATIENCE = 90.0  # seconds in which a driver ends, or a worker's loss is noticed
STOPPED_PATIENCE = 300.0  # the same of a stopped worker that had not measured an epoch
WHOLE = 240.0  # a study that nothing disturbs any more
_STARTING, _STEP, _CONCLUDING = 8.0, 0.4, 0.5  # seconds of a moment, within which a fault is drawn
_ROOM = 60_000  # bytes that a full disk may have left, for part of a checkpoint
_RARE = 20.0  # seconds to wait for a checkpoint being written


def rank(study: Path, *, sessions: Path) -> dict[str, object]:
    """Return what `nas rank STUDY -o json` prints."""
    done = subprocess.run(
        nas("rank", str(study), "-o", "json"),
        env=environment(sessions),
        capture_output=True,
        check=True,
    )
    return json.loads(done.stdout)


class HitStudy:
    """A study of the quickstart, and the driver that runs it just now."""

    def __init__(
        self,
        folder: Path,
        *,
        sessions: Path,
        logs: Path,
        nodes: TwoNodes | None,
        disk: SmallDisk | None,
        say: Callable[[str], None],
    ) -> None:
        """Begin the study."""
        self.study = StudyFolder(folder)
        self._sessions, self._logs = sessions, logs
        self._nodes, self._disk, self._say = nodes, disk, say
        self._struck: list[Struck] = []
        self._epochs_struck = 0  # when the last fault did
        self._driver = self._start()

    def _start(self) -> Driver:
        place = ["--quiet", *(["--address", self._nodes.address] if self._nodes else [])]
        folder = str(self.study.folder)
        words = nas("search", "quickstart", *SHORT, "--study", folder, *place)
        if self.study.begun:
            words = nas("resume", folder, *place)
        came_after = len(self._struck) - 1 if self._struck else None
        return Driver(
            words, self.study, sessions=self._sessions, logs=self._logs, came_after=came_after
        )

    def run(self, plan: StudyPlan, calm: Path) -> StudyReport:
        """Strike each fault and train to the end; compare with the study at `calm`."""
        try:
            missed, different = self._run(plan)
        finally:
            self._driver.process.kill()
        return self._compared(calm, missed, different)

    def _run(self, plan: StudyPlan) -> tuple[list[Planned], list[str]]:
        missed = []
        for fault in plan.faults:
            if missed and fault.moment is not Moment.ENDING:
                missed.append(fault)  # its turn never came
                continue
            struck = self._strike(fault) if self._await(fault) else None
            if struck is None:
                missed.append(replace(fault, tries=fault.tries + 1))
                self._say(f"{fault.kind} while {fault.moment}: came too late")
            else:
                self._struck.append(struck)
                self._say(line(struck))
            if self._driver.process.poll() not in (None, 0):
                self._restart()
        code = self._driver.wait(WHOLE)
        if code not in (None, 0):  # a fault at the very end
            self._restart()
            code = self._driver.wait(WHOLE)
        self._note_resumed()
        return missed, [] if code == 0 else [f"the last driver ended with {code}"]

    def _restart(self) -> None:
        self._note_resumed()
        self._driver = self._start()

    def _note_resumed(self) -> None:
        """Give the fault that this driver came after the times that it took to resume."""
        at, one = self._driver.came_after, self._driver
        if at is not None:
            times = {"ready": one.ready, "ray": one.ray, "measured": one.measured}
            self._struck[at] = replace(self._struck[at], **times)

    # Until a fault.

    def _await(self, fault: Planned) -> bool:
        """Wait for the moment; tell whether it came."""
        driver, moment = self._driver, fault.moment
        if moment is Moment.BEGINNING:
            return self._until(lambda: time.monotonic() - driver.began > _STARTING * fault.delay)
        if moment is Moment.ENDING:
            if driver.complete_before or not self._until(self.study.complete):
                return False
            time.sleep(_CONCLUDING * fault.delay)
            return driver.look() is None
        since = max(self._epochs_struck, driver.epochs_before)
        if not self._until(lambda: self.study.epochs() >= since + fault.epochs):
            return False
        if fault.kind in _OF_WORKERS and not self._until(lambda: bool(self._victims(fault.kind))):
            return False  # the ones before are being replaced
        if fault.kind is Kind.WORKER_STOP and not self._until(self._all_have_measured):
            return False
        if moment is Moment.SAVING:
            return self._until(self.study.saving, step=0.001, limit=_RARE)
        time.sleep(_STEP * fault.delay)
        return driver.look() is None and not self.study.complete()

    def _until(self, come: Callable[[], bool], *, step: float = 0.02, limit: float = WHOLE) -> bool:
        """Wait; tell whether it came while the driver was there."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            if come():
                return True
            if step < 0.01 and self._driver.process.poll() is not None:
                return False
            if step >= 0.01 and self._driver.look() is not None:
                return False
            time.sleep(step)
        return False

    def _all_have_measured(self) -> bool:
        """Tell whether every segment has an epoch: a silent one is soon missed from then on."""
        records = records_of(self.study.journal())
        begun = dict.fromkeys(running(records), 0)
        for each in records:
            if isinstance(each, SegmentStarted) and each.trial_id in begun:
                begun[each.trial_id] = 0
            elif isinstance(each, EpochMeasured) and each.trial_id in begun:
                begun[each.trial_id] += 1
        return bool(begun) and all(begun.values())

    # A fault.

    def _strike(self, fault: Planned) -> Struck | None:
        """Strike, and wait for what comes of it; None where nothing was left to be hit."""
        journal = self.study.journal()
        self._epochs_struck = self.study.epochs()
        begun = time.monotonic()
        if not self._hit(fault):
            return None
        if fault.kind in SPARES_DRIVER:
            found = self._lost_worker(fault, journal)
        else:
            found = self._ended_driver(fault, journal)
        if self._disk is not None:
            self._disk.free()
        return None if found is None else replace(found, took=time.monotonic() - begun)

    def _hit(self, fault: Planned) -> bool:
        if fault.kind in SIGNALS:
            self._driver.signal(SIGNALS[fault.kind])
        elif fault.kind is Kind.FULL_DISK:
            assert self._disk is not None
            room = 0 if fault.moment is Moment.ENDING else int(_ROOM * fault.choice)
            self._disk.fill(but=room)
        elif fault.kind is Kind.NODE_KILL:
            assert self._nodes is not None
            self._nodes.lose_second()
        else:
            victims = self._victims(fault.kind)
            if not victims:
                return False
            victim = victims[int(len(victims) * fault.choice)]
            victim.send_signal(signal.SIGSTOP if fault.kind is Kind.WORKER_STOP else signal.SIGKILL)
        return True

    def _victims(self, kind: Kind) -> list[psutil.Process]:
        if kind is Kind.HEAD_KILL:
            return self._driver.heads()
        raylets = self._driver.raylets() if self._nodes is None else self._nodes.raylets()
        return raylets if kind is Kind.RAYLET_KILL else workers(raylets)

    def _lost_worker(self, fault: Planned, journal: bytes) -> Struck | None:
        """Wait until the driver has noticed; a worker that had nothing to do is no loss."""
        had, kept = len(records_of(journal)), saved(self.study.trials)
        hit: frozenset[str] = frozenset()

        def noticed() -> bool:
            nonlocal hit
            hit = vanished(records_of(self.study.journal())[had:])
            return bool(hit) or self.study.complete()

        stopped = fault.kind is Kind.WORKER_STOP
        in_time = self._until(noticed, limit=STOPPED_PATIENCE if stopped else PATIENCE)
        if self._nodes is not None and fault.kind is Kind.NODE_KILL:
            self._nodes.replace_second()
        trouble: tuple[str, ...] = ()
        code = self._driver.look()
        if code not in (None, 0):
            trouble = (f"the driver ended with {code}",)
        elif not in_time and code is None:
            trouble = ("the loss of a worker was not noticed",)
        elif not hit:
            return None
        before = Before(journal=journal, saved=kept, hit=hit)
        return Struck(fault=fault, before=before, code=code, trouble=trouble)

    def _ended_driver(self, fault: Planned, journal: bytes) -> Struck | None:
        trouble: tuple[str, ...] = ()
        grace = GRACE.get(fault.kind)
        code = self._driver.wait(PATIENCE if grace is None else grace)
        if code is None:
            if grace is None:
                trouble = (f"the driver was there after {PATIENCE:.0f} s",)
            self._driver.signal(signal.SIGKILL)
            code = self._driver.wait(PATIENCE)
        if code == 0:
            return None  # it had just ended
        last = self.study.journal()
        if not last.startswith(journal):
            trouble += ("records are gone that were there before",)
        hit = running(records_of(journal)) | running(records_of(last))
        before = Before(journal=last, saved=saved(self.study.trials), hit=hit)
        return Struck(fault=fault, before=before, code=code, trouble=trouble)

    # At the end.

    def _compared(self, calm: Path, missed: list[Planned], different: list[str]) -> StudyReport:
        time.sleep(2.0)  # in which Ray's processes follow the driver
        left = end_leftovers(self._sessions) if self._nodes is None else 0
        after, finally_saved = self.study.journal(), saved(self.study.trials)
        struck = tuple(
            replace(
                each,
                lost=lost(each.before.journal, after),
                doubled=doubled(after),
                redone=redone(each.before, after, finally_saved),
            )
            for each in self._struck
        )
        folder = self.study.folder
        different += unlike(StudyFolder(calm).journal(), after)
        different += [f"table {name}" for name in unlike_tables(calm / "tables", folder / "tables")]
        if rank(calm, sessions=self._sessions) != rank(folder, sessions=self._sessions):
            different.append("another ranking")
        return StudyReport(
            struck=struck, missed=tuple(missed), unlike=tuple(different), left_running=left
        )
