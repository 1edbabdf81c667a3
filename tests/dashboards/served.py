"""Studies to show that never trained, and a client that asks as a browser on this machine would."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from dashboards.app import create_app
from nas.study.journal import Journal
from nas.study.records import (
    Outcome,
    Record,
    SegmentEnded,
    SegmentStarted,
    StudyEnded,
    Trial,
    TrialPlanned,
)
from tests.nas.builders import measured, trial
from tests.nas.journals import journalled

FIXTURES = Path(__file__).parents[1] / "fixtures" / "studies"
EPOCHS = 3


def client(root: Path = FIXTURES, **options: Any) -> TestClient:
    """Return a client of the page; it follows no redirects."""
    app = create_app(root, **options)
    return TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)


def begun(one: Trial) -> list[Record]:
    """Return the records of a trial that has begun to train."""
    return [
        TrialPlanned(at=0.0, trial=one),
        SegmentStarted(at=0.0, trial_id=one.id, attempt=1, until_epoch=EPOCHS),
    ]


def epoch(one: Trial, number: int, accuracy: float) -> Record:
    """Return the record of an epoch."""
    return measured(one.id, number, evaluation_accuracy=accuracy)


def ended(one: Trial, accuracy: float, *, message: str = "") -> list[Record]:
    """Return the records of a trial that trained to its end, or failed after it with a message."""
    outcome = Outcome.DIVERGED if message else Outcome.FINISHED
    return [
        *begun(one),
        *(epoch(one, number, accuracy * number / EPOCHS) for number in range(1, EPOCHS + 1)),
        SegmentEnded(at=9.0, trial_id=one.id, attempt=1, outcome=outcome, message=message),
    ]


def some(labels: Sequence[str], *, seeds: int = 2, **more: Any) -> list[Trial]:
    """Return trials of these labels, numbered from 1."""
    return [
        trial(i + 1, id=f"{i + 1:04d}-s{seed}", label=label, layout=label, seed=seed, **more)
        for i, (label, seed) in enumerate(
            (label, seed) for label in labels for seed in range(seeds)
        )
    ]


def a_study(folder: Path, *, messages: Mapping[int, str] | None = None) -> Path:
    """Write a finished study of two labels and two seeds; trials of these numbers diverge."""
    trials = some(["C", "T"])
    records = [
        record
        for each in trials
        for record in ended(
            each, 0.5 + 0.1 * each.number, message=(messages or {}).get(each.number, "")
        )
    ]
    journalled(folder, [*records, StudyEnded(at=10.0)])
    return folder


def append(folder: Path, records: Sequence[Record]) -> None:
    """Have a study go on by these records."""
    journal = Journal(folder / "journal")
    for record in records:
        journal.append(record)
    journal.close()
