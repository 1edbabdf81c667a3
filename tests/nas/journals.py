"""Studies on the disk that never trained: a folder and a journal of these records."""

from collections.abc import Iterable
from pathlib import Path

from nas.spec.file import load_spec
from nas.spec.study import StudySpec
from nas.study.facts import DataFacts
from nas.study.folder import Study, create_study, open_study
from nas.study.journal import START, Journal, read_from
from nas.study.records import (
    DataShape,
    Outcome,
    Record,
    SegmentEnded,
    SegmentStarted,
    StudyEnded,
    TrialStopped,
)
from tests.nas.builders import measured, planned
from tests.nas.conftest import SMALL

FACTS = DataFacts(
    fingerprint="f" * 64,
    shape=DataShape(image_size=8, channels=1, classes=10),
    class_names=tuple("0123456789"),
    mean=(0.3,),
    std=(0.25,),
    train_images=48,
    probe_images=12,
    evaluation_images=24,
)
TRIAL = "0001-C-s0"
_REACHED = (
    planned(1),
    SegmentStarted(at=0.0, trial_id=TRIAL, attempt=1, until_epoch=1),
    measured(TRIAL, 1),
    SegmentEnded(at=1.0, trial_id=TRIAL, attempt=1, outcome=Outcome.REACHED),
)
STOP = TrialStopped(at=1.5, trial_id=TRIAL, reason="last of its rung")
# Of one trial each: it may go on, or it goes no further.
PAUSED: tuple[Record, ...] = (*_REACHED, StudyEnded(at=2.0))
STOPPED: tuple[Record, ...] = (*_REACHED, STOP, StudyEnded(at=2.0))


def journalled(folder: Path, records: Iterable[Record], *, spec: StudySpec | None = None) -> Study:
    """Create a study whose journal holds these records."""
    created = create_study(spec or load_spec(str(SMALL)), FACTS, folder=folder)
    journal = Journal(created.journal)
    for record in records:
        journal.append(record)
    journal.close()
    return open_study(folder)


def read_journal(folder: Path) -> list[Record]:
    """Return all acknowledged records of the journal in `folder`."""
    records, _ = read_from(folder, START)
    return records
