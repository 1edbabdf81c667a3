"""Metrics per second into MLflow on SQLite, and what `observe` costs the driver meanwhile.

    python benchmarks/tracking.py [TRIALS]

Bars: at least 1,000 metrics/s; `observe` under 1 ms at p99.
"""

import os
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from nas.study.records import Outcome, Record, SegmentEnded, SegmentStarted, TrialPlanned
from nas.tracking.background import Backend, ThreadedTracker
from nas.tracking.opening import prepare_environment
from nas.tracking.snapshots import SnapshotBuilder, StudyFacts
from tests.nas.synthetic import study


def records_of(trials: int, epochs: int = 15) -> list[Record]:
    """Return the records of a study of so many finished trials."""
    records: list[Record] = []
    for history in study(seeds=range(-(-trials // 5)), epochs=epochs)[:trials]:
        id_, at = history.trial.id, history.epochs[0].at
        records.append(TrialPlanned(at=at, trial=history.trial))
        records.append(SegmentStarted(at=at, trial_id=id_, attempt=1, until_epoch=epochs))
        records.extend(history.epochs)
        ended = SegmentEnded(
            at=history.epochs[-1].at,
            trial_id=id_,
            attempt=1,
            outcome=Outcome.FINISHED,
        )
        records.append(ended)
    return records


def main(trials: int) -> None:
    """Track a synthetic study and print one line."""
    prepare_environment(os.environ)
    from nas.tracking.mlflow_backend import MlflowBackend  # noqa: PLC0415 - reads the environment

    with tempfile.TemporaryDirectory() as folder:
        uri = f"sqlite:///{folder}/mlflow.db"
        facts = StudyFacts(study_id="1", name="bench", folder=Path(folder), experiment="bench")
        backend: Backend = MlflowBackend(uri, facts)
        backend.sync(SnapshotBuilder().snapshot())  # makes the tables first
        tracker = ThreadedTracker(SnapshotBuilder(), lambda: backend, uri=uri)
        costs = []
        before = time.perf_counter()
        for record in records_of(trials):
            start = time.perf_counter()
            tracker.observe(record)
            costs.append(time.perf_counter() - start)
            time.sleep(0.0005)  # a driver does other things, and the thread gets its turn
        warning = tracker.close(deadline_s=600)
        seconds = time.perf_counter() - before
        with sqlite3.connect(f"{folder}/mlflow.db") as database:
            (metrics,) = database.execute("SELECT count(*) FROM metrics").fetchone()
    costs.sort()
    print(
        f"{trials} trials, {metrics} metrics in {seconds:.1f} s: "
        f"{metrics / seconds:.0f} metrics/s; "
        f"observe p50 {costs[len(costs) // 2] * 1e6:.1f} us, "
        f"p99 {costs[int(0.99 * len(costs))] * 1e6:.1f} us, max {costs[-1] * 1e6:.0f} us{warning}"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
