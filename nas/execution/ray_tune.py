"""Runs segments as Ray Tune trials: one segment is one Tune trial, on any node of the cluster.

Tune places, runs and watches; it decides nothing and remembers nothing. Its searcher asks the
conductor, its callback tells the conductor, and its own snapshots are thrown away.
"""

import logging
import shutil
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import ray
from pydantic import TypeAdapter
from ray import tune
from ray.tune.search import Searcher

from nas.errors import MachineError
from nas.execution.executor import Conductor, Job, guarded, interrupted, lost, stopped_by
from nas.execution.heartbeat import PATIENCE, Beating, Pulse, Watch
from nas.execution.ray_cluster import MOST_PENDING, nodes
from nas.execution.ray_waiting import Waiting
from nas.execution.ray_workers import bundles, with_others
from nas.execution.stop_signals import stop_signals
from nas.spec.resources import ResourcesSpec, at_once
from nas.study.faults import MachineFault, told_fault
from nas.study.journal import decode, encode
from nas.study.records import EpochMeasured, Pause, Record, Segment, SegmentEnded

SEGMENTS_PER_FIT = 500  # the cost of a segment grows with the number a Tuner has seen
_AT_WORK = ("PENDING", "RUNNING")  # a worker that is being reset for the next trial is PENDING
_SEGMENT: TypeAdapter[Segment] = TypeAdapter(Segment)


def run_segments(
    job: Job,
    conductor: Conductor,
    *,
    resources: ResourcesSpec,
    scratch: Path,
    patience: float = PATIENCE,
    say: Callable[[str], None],
) -> None:
    """Run segments until the conductor says DONE; Ray must be connected.

    Args:
        job: the work of a segment.
        conductor: hands out segments, takes records.
        resources: of one trial, and how many run at once.
        scratch: a folder that all nodes see; removed at the end.
        patience: seconds of silence that a worker is always allowed.
        say: takes a sentence for whoever looks on.

    Raises:
        KeyboardInterrupt: Ctrl-C, SIGTERM or SIGHUP; what ran is observed as interrupted.
        Exception: what the conductor raised.
    """
    shared = ray.put(job)
    with stop_signals() as stopped:
        bridge = _Bridge(
            conductor, stopped, watch=Watch(patience=patience), waiting=Waiting(resources, say)
        )
        try:
            while not bridge.done and not stopped.is_set():
                _fit(bridge, shared, resources, scratch)
        finally:
            with suppress(MachineError):  # the first error is the one to tell
                for segment in bridge.take_running():
                    conductor.observe(interrupted(segment, at=time.time()))
            shutil.rmtree(scratch, ignore_errors=True)
    if bridge.error is not None:
        raise bridge.error
    if stopped.is_set():
        raise KeyboardInterrupt


def _fit(bridge: "_Bridge", job: ray.ObjectRef, resources: ResourcesSpec, scratch: Path) -> None:
    bridge.begin()
    work = tune.with_parameters(run_segment, job=job, shared=[job])
    trainable = tune.with_resources(work, tune.PlacementGroupFactory(bundles(resources)))
    tuner = tune.Tuner(
        trainable,
        tune_config=tune.TuneConfig(
            search_alg=_AskConductor(bridge),
            num_samples=-1,
            max_concurrent_trials=resources.concurrent,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(
            name=f"segments-{uuid.uuid4().hex[:8]}",
            storage_path=str(scratch.resolve()),
            callbacks=[_TellConductor(bridge, resources)],
            failure_config=tune.FailureConfig(max_failures=0),
            verbose=0,
        ),
    )
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)
    tuner.fit()


def run_segment(config: dict[str, Any], job: Job, shared: list[ray.ObjectRef]) -> None:
    """Run one segment in a Tune worker; every record goes to the driver as one report.

    Tune gets `job` from the object store: arrays stay in memory that a node's workers share. Where
    a trial has several workers this is the first, and `shared` is what the others are sent.
    """
    segment = _SEGMENT.validate_json(config["segment"])
    pulse = Pulse(lambda: tune.report({"slowest": pulse.slowest}), clock=time.monotonic)

    def report(record: Record) -> None:
        told = encode(record).decode()
        pulse.sending(lambda: tune.report({"record": told, "slowest": pulse.slowest}))

    with with_others(job, shared[0], segment) as mine:
        work = mine.beating(pulse) if isinstance(mine, Beating) else mine
        ended = guarded(work, segment, report=report, clock=time.time)
    report(ended)


class _Bridge:
    """What searcher and callback share: the conductor, and which Tune trial runs which segment."""

    def __init__(
        self, conductor: Conductor, stopped: threading.Event, *, watch: Watch, waiting: Waiting
    ) -> None:
        self.watch, self.waiting = watch, waiting
        self.conductor = conductor
        self.stopped = stopped
        self.done = False
        self.error: BaseException | None = None
        self._running: dict[str, Segment] = {}
        self._started = 0
        self._room = 1  # trials that may be asked for before the cluster is looked at again

    def begin(self) -> None:
        self._started = 0

    def look(self, *, slots: int, pending: int, running: int) -> None:
        """Take note of trials that wait for a worker and that have one, and of those that can.

        One may always wait, so that its worker is there when another has ended.
        """
        self._room = max(1, min(MOST_PENDING, slots - running)) - pending

    def ask(self, tune_id: str) -> Segment | Pause:
        """Return the next segment; DONE also ends a Tuner that has seen enough segments."""
        if self.stopped.is_set():
            return Pause.DONE
        if self._started >= SEGMENTS_PER_FIT:
            return Pause.DONE if not self._running else Pause.WAIT
        if self._room <= 0:  # the search may know more by the time that there is room
            return Pause.WAIT
        segment = self._guard(self.conductor.next_segment)
        if segment is Pause.DONE or segment is None:
            self.done = True
            return Pause.DONE
        if isinstance(segment, Segment):
            self._running[tune_id] = segment
            self._started += 1
            self._room -= 1
        return segment

    def tell(self, tune_id: str, record: Record) -> None:
        """Pass a record on; a worker that was given up has nothing more to say."""
        if tune_id not in self._running:
            return
        if isinstance(record, SegmentEnded):
            self._running.pop(tune_id, None)
        self._guard(lambda: self.conductor.observe(record))

    def vanished(self, tune_id: str, reason: str, fault: MachineFault | None = None) -> None:
        """Tune lost the worker, or its machine refused: record it, unless the segment had ended."""
        segment = self._running.pop(tune_id, None)
        if segment is not None:
            ended = lost(segment, at=time.time(), message=reason)
            if fault is not None:
                ended = stopped_by(fault, segment, at=time.time())
            self._guard(lambda: self.conductor.observe(ended))

    def take_running(self) -> list[Segment]:
        segments, self._running = list(self._running.values()), {}
        return segments

    def _guard(self, call: Any) -> Any:
        """Tune swallows or wraps what callbacks raise; keep the first error, raise it ourselves."""
        try:
            return call()
        except Exception as error:  # noqa: BLE001 - raised again by the executor
            self.error = self.error or error
            self.stopped.set()
            if threading.current_thread() is threading.main_thread():
                signal.raise_signal(signal.SIGUSR1)
            return None


class _AskConductor(Searcher):
    """Tune's searcher. Tune pickles it into snapshots that nobody reads: pickle nothing."""

    def __init__(self, bridge: _Bridge | None = None) -> None:
        super().__init__()
        self._bridge = bridge

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return _AskConductor, ()

    # Tune's annotation forgets FINISHED, which its own documentation asks for.
    def suggest(self, trial_id: str) -> Any:
        assert self._bridge is not None
        segment = self._bridge.ask(trial_id)
        if segment is Pause.DONE:
            return Searcher.FINISHED
        if segment is Pause.WAIT:
            return None
        return {"segment": _SEGMENT.dump_json(segment).decode()}

    def on_trial_complete(
        self, trial_id: str, result: dict | None = None, error: bool = False
    ) -> None:
        """Nothing to learn: the callback has told the conductor."""

    def save(self, checkpoint_path: str) -> None:
        """Nothing to save: the journal is the memory."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing to restore."""


class _TellConductor(tune.Callback):
    """Tune's callback: hands every record to the conductor."""

    def __init__(
        self, bridge: _Bridge | None = None, resources: ResourcesSpec | None = None
    ) -> None:
        self._bridge, self._resources = bridge, resources or ResourcesSpec()
        self._looked = 0.0
        self._slots = 1

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return _TellConductor, ()

    def on_trial_result(
        self, iteration: int, trials: list, trial: Any, result: dict, **info: Any
    ) -> None:
        if self._bridge is None:
            return
        record = decode(result["record"]) if "record" in result else None
        if "slowest" in result:
            self._bridge.watch.heard(
                trial.trial_id, slowest=result["slowest"], measured=record is not None
            )
        if record is not None:
            assert isinstance(record, EpochMeasured | SegmentEnded)
            self._bridge.tell(trial.trial_id, record)

    def on_step_begin(self, iteration: int, trials: list, **info: Any) -> None:
        """Give up workers that have been silent for too long, those between two trials too."""
        now = time.monotonic()
        if self._bridge is None:
            return
        statuses = Counter(trial.status for trial in trials)
        pending, running = statuses["PENDING"], statuses["RUNNING"]
        if now - self._looked >= 1.0:
            self._slots = at_once(nodes(), self._resources)
        self._bridge.look(slots=self._slots, pending=pending, running=running)
        if now - self._looked < 1.0:
            return
        self._looked = now
        self._bridge.waiting.look(pending=pending > 0, running=running > 0, now=now)
        actors = {
            trial.trial_id: trial.temporary_state.ray_actor
            for trial in trials
            if trial.status in _AT_WORK and trial.temporary_state.ray_actor is not None
        }
        for tune_id, seconds in self._bridge.watch.silent(set(actors), now=now).items():
            self._bridge.vanished(tune_id, f"the worker was silent for {seconds:.0f} s")
            # What Tune does would wait for the worker to answer; this ends it in seconds, stopped
            # or not, and Tune then drops the trial.
            ray.kill(actors[tune_id])

    def on_trial_error(self, iteration: int, trials: list, trial: Any, **info: Any) -> None:
        if self._bridge is not None:
            reason = _reason(trial)
            fault = told_fault(reason, where=Path(trial.storage.storage_fs_path))
            self._bridge.vanished(trial.trial_id, reason, fault)


def _reason(trial: Any) -> str:
    """Return the last line of what Tune knows of a lost worker."""
    try:
        text = Path(trial.error_file).read_text(encoding="utf-8", errors="replace")
    except (OSError, TypeError):
        return "the worker died"
    return (text.strip().splitlines() or ["the worker died"])[-1]
