"""The view of a long journal: it holds for the very bytes it was made of, and is not there else."""

import pytest

from nas.study import folded, journal
from nas.study.folded import KEPT, keep, kept
from nas.study.folder import Follower, open_study
from nas.study.journal import FILE, Journal
from nas.study.records import Outcome, SegmentEnded, SegmentStarted, TrialStatus
from nas.study.state import StudyState
from tests.nas.builders import measured, planned
from tests.nas.journals import journalled

ONE, TWO = "0001-C-s0", "0002-C-s0"
RECORDS = (
    planned(1),
    SegmentStarted(at=0.0, trial_id=ONE, attempt=1, until_epoch=3),
    *(measured(ONE, epoch, evaluation_correct="eJw=") for epoch in (1, 2, 3)),
    SegmentEnded(at=1.0, trial_id=ONE, attempt=1, outcome=Outcome.FINISHED),
    planned(2),
    SegmentStarted(at=0.0, trial_id=TWO, attempt=1, until_epoch=3),
    measured(TWO, 1),
)
REST = (
    measured(TWO, 2),
    measured(TWO, 3),
    SegmentEnded(at=1.0, trial_id=TWO, attempt=1, outcome=Outcome.FINISHED),
)


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A study whose journal is long enough for a view, which was read once."""
    monkeypatch.setattr("nas.study.folder.FROM", len(RECORDS))
    opened = journalled(tmp_path / "a", RECORDS)
    assert not (opened.tables / KEPT).exists()
    assert Follower(opened).refresh().history(TWO).status is TrialStatus.INTERRUPTED
    assert (opened.tables / KEPT).is_file()
    return opened


def decoded(study, monkeypatch) -> tuple[int, StudyState]:
    """How many records are read from the journal itself, and what it comes to."""
    count = 0
    real = journal.decode

    def counting(body):
        nonlocal count
        count += 1
        return real(body)

    with monkeypatch.context() as patch:
        patch.setattr("nas.study.journal.decode", counting)
        state = Follower(study).refresh()
    return count, state


def test_what_it_holds_is_not_read_again_and_what_came_since_is(study, monkeypatch):
    count, state = decoded(study, monkeypatch)
    assert count == 0
    assert [h.status.value for h in state.histories()] == ["finished", "interrupted"]
    with Journal(study.journal) as writer:
        for record in REST:
            writer.append(record)
    count, state = decoded(study, monkeypatch)
    assert count == len(REST)
    whole = StudyState((*RECORDS, *REST))
    assert state.histories() == whole.histories()
    assert state.settled == whole.settled == 6
    assert state.present.first(TrialStatus.FINISHED) == whole.history(ONE)


def test_a_journal_that_was_altered_is_read_itself(study, monkeypatch):
    path = study.journal / FILE
    shorter = b"".join(path.read_bytes().splitlines(keepends=True)[:6])
    path.write_bytes(shorter)
    count, state = decoded(study, monkeypatch)
    assert count == 6
    assert state.histories() == StudyState(RECORDS[:6]).histories()


@pytest.mark.parametrize("place", [0, 12, -400, -1])
def test_a_damaged_view_counts_as_not_there(study, monkeypatch, place):
    path = study.tables / KEPT
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    count, state = decoded(study, monkeypatch)
    assert count == len(RECORDS)
    assert len(state.histories()) == 2


def test_one_that_another_version_wrote_counts_as_not_there(study, monkeypatch):
    monkeypatch.setattr(folded, "version", lambda _: "0.0.1")
    assert kept(study.tables, study.journal) is None


def test_a_folder_that_cannot_be_written_goes_without(study):
    (study.tables / KEPT).unlink()
    study.tables.rmdir()
    study.tables.write_text("in the way")
    state = StudyState(RECORDS)
    keep(
        study.tables, study.journal, state, folded.Position(size=0, crc=0, records=0), extensions=()
    )
    assert kept(study.tables, study.journal) is None
    assert len(open_study(study.folder).histories()) == 2
