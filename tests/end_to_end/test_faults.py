"""Faults at random moments of a real study; and what `benchmarks/faults.py` finds if one costs.

`python -m benchmarks.faults --faults 200` strikes far more often; a few of its faults fit here.
"""

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
import torch
from pyarrow import parquet

from benchmarks import faults
from benchmarks.fault_checks import (
    TABLES,
    Before,
    doubled,
    lost,
    redone,
    running,
    saved,
    unlike,
    unlike_tables,
    whole_lines,
)
from benchmarks.fault_plan import MOMENTS, Kind, Moment, Planned, StudyPlan, draw, studies
from benchmarks.fault_report import Struck, StudyReport, broken, table
from nas.errors import CheckpointError
from nas.study.journal import encode
from nas.study.records import Outcome, Record, SegmentEnded, SegmentStarted
from nas.training import checkpoint
from tests.nas.builders import measured, planned

A, B = "0001-C-s0", "0002-C-s0"
STARTED = SegmentStarted(at=0.0, trial_id=A, attempt=1, until_epoch=3)
AGAIN = SegmentStarted(at=3.0, trial_id=A, attempt=2, until_epoch=3)
LOST = SegmentEnded(at=2.5, trial_id=A, attempt=1, outcome=Outcome.LOST)
HAD = (planned(1), STARTED, measured(A, 1), measured(A, 2))
FAULT = Planned(kind=Kind.WORKER_KILL, moment=Moment.TRAINING, epochs=1, delay=0.5, choice=0.5)


def journal(records: Sequence[Record]) -> bytes:
    """Return the file of a journal with these records."""
    crc, lines = 0, []
    for record in records:
        body = encode(record)
        crc = zlib.crc32(body, crc)
        lines.append(b"%08x %08x %b\n" % (len(body), crc, body))
    return b"".join(lines)


def before(*, saved: dict[tuple[str, int], float]) -> Before:
    return Before(journal=journal(HAD), saved=saved, hit=frozenset({A}))


def test_nothing_is_lost_or_doubled_where_a_journal_goes_on():
    after = journal([*HAD, LOST, AGAIN, measured(A, 3, attempt=2)])
    assert (lost(journal(HAD), after), doubled(after)) == (0, 0)
    assert whole_lines(journal(HAD) + b"00000") == journal(HAD)
    assert whole_lines(b"00000") == b""


@pytest.mark.parametrize(
    ("after", "count"),
    [
        ([planned(1), STARTED, measured(A, 1)], 1),
        ([planned(1), STARTED], 2),
        ([planned(1), STARTED, measured(A, 1), measured(A, 2, probe_loss=0.5)], 1),
        ([planned(1), measured(A, 1), measured(A, 2)], 1),  # of the other records one is gone
    ],
)
def test_what_an_acknowledged_epoch_lacks_is_found(after, count):
    assert lost(journal(HAD), journal(after)) == count


def test_doubles_are_counted():
    assert doubled(journal([*HAD, measured(A, 2), measured(B, 2), measured(A, 2)])) == 2


def test_the_epoch_under_way_is_the_only_one_done_again():
    after = [*HAD, LOST, AGAIN, measured(A, 3, at=3.5, attempt=2)]
    there = {(A, 1): 1.0, (A, 2): 2.0}
    assert redone(before(saved=there), journal(after), {**there, (A, 3): 3.5}) == 1
    assert redone(before(saved=there), journal(HAD), there) == 0, "it never went on"
    # It was saved, not told: its record has the time of the checkpoint.
    ahead = before(saved={**there, (A, 3): 3.5})
    assert redone(ahead, journal(after), {**there, (A, 3): 3.5}) == 1


def test_whole_epochs_done_again_are_counted():
    after = journal([*HAD, LOST, AGAIN, measured(A, 3, at=9.0, attempt=2)])
    there = {(A, 1): 1.0, (A, 2): 2.0, (A, 3): 3.0}
    assert redone(before(saved=there), after, {**there, (A, 3): 9.0}) == 2, "a checkpoint was lost"
    silently = {(A, 1): 1.0, (A, 2): 8.0, (A, 3): 9.0}
    assert redone(before(saved={}), after, silently) == 2, "in the journal, and trained again"


def test_running_is_what_has_not_ended():
    other = SegmentStarted(at=0.0, trial_id=B, attempt=1, until_epoch=3)
    assert running([*HAD, other]) == {A, B}
    assert running([*HAD, other, LOST]) == {B}


def test_a_study_is_unlike_another_in_numbers_not_in_times():
    calm = journal([*HAD, measured(A, 3)])
    assert unlike(calm, journal([*HAD, LOST, AGAIN, measured(A, 3, at=9.0, attempt=2)])) == []
    assert unlike(calm, journal(HAD)) == [f"{A} epoch 3: missing"]
    assert unlike(calm, journal([*HAD, measured(A, 3, train_loss=0.1)])) == [
        f"{A} epoch 3: other numbers"
    ]
    assert unlike(journal(HAD), calm) == [f"{A} epoch 3: never asked for"]


def tables(folder: Path, **changes: object) -> Path:
    """Write a row of each table."""
    folder.mkdir()
    for name in TABLES:
        row = {"trial": A, "probe_loss": float("nan"), "seconds": 1.0, **changes}
        parquet.write_table(pa.Table.from_pylist([row]), folder / f"{name}.parquet")
    return folder


def test_tables_differ_in_values_not_in_times(tmp_path):
    calm = tables(tmp_path / "calm")
    assert unlike_tables(calm, tables(tmp_path / "slow", seconds=9.0, attempts=2)) == []
    assert unlike_tables(calm, tables(tmp_path / "other", probe_loss=0.1)) == list(TABLES)
    (calm / "ranking.parquet").unlink()
    assert unlike_tables(tables(tmp_path / "again"), calm) == ["ranking"]


def test_checkpoints_say_when_each_epoch_was_trained(tmp_path):
    history = (measured(A, 1), measured(A, 2))
    held = checkpoint.Checkpoint(identity="x", history=history, tensors={"w": torch.zeros(1)})
    checkpoint.save(tmp_path / A, held, attempt=1)
    assert saved(tmp_path) == {(A, 1): 1.0, (A, 2): 2.0}
    assert saved(tmp_path / "none") == {}
    for path in (tmp_path / A).glob("*.safetensors"):
        path.write_bytes(b"")
    with pytest.raises(CheckpointError, match="no intact checkpoint"):
        saved(tmp_path)


def test_every_kind_is_drawn_at_each_of_its_moments():
    pairs = {(kind, moment) for kind in Kind for moment in MOMENTS[kind]}
    drawn = draw(100, kinds=list(Kind), seed=1)
    assert Counter((each.kind, each.moment) for each in drawn[: len(pairs)]) == Counter(pairs)
    assert len(drawn) == 100
    assert drawn == draw(100, kinds=list(Kind), seed=1) != draw(100, kinds=list(Kind), seed=2)
    assert {each.kind for each in draw(len(Kind), kinds=list(Kind), seed=3)} == set(Kind)
    shared = [each for plan in studies(drawn, most=7) for each in plan.faults]
    assert sorted(map(id, shared)) == sorted(map(id, drawn)), "each once"


def test_studies_have_what_their_faults_need_and_end_once():
    for plan in studies(draw(100, kinds=list(Kind), seed=1), most=7):
        kinds = {each.kind for each in plan.faults}
        endings = [each.moment is Moment.ENDING for each in plan.faults]
        assert len(plan.faults) <= 7
        assert sum(endings) <= 1
        assert endings == sorted(endings), "it comes last"
        assert plan.small_disk or Kind.FULL_DISK not in kinds
        assert plan.two_nodes is (Kind.NODE_KILL in kinds)


STRUCK = Struck(fault=FAULT, before=before(saved={}), code=-9, ready=9.0, ray=4.0, redone=1)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"lost": 2}, "2 acknowledged epochs lost"),
        ({"doubled": 1}, "1 epochs doubled"),
        ({"redone": 2}, "2 epochs of a trial done again"),
        ({"ready": 14.5}, "10.5 s to resume"),
        ({"trouble": ("it hangs",)}, "it hangs"),
    ],
)
def test_each_broken_invariant_is_said(changes, sentence):
    report = StudyReport(struck=(replace(STRUCK, **changes),), missed=(), unlike=())
    (found,) = broken([report], [], within=10)
    assert found == f"study 1: worker-kill while training: {sentence}"
    with pytest.raises(SystemExit) as ended:
        faults.show([report], [], within=10, seconds=60)
    assert ended.value.code == 1


def test_faults_that_never_struck_and_differences_are_broken_too(capsys):
    fine = StudyReport(struck=(STRUCK,), missed=(), unlike=())
    assert broken([fine], [], within=10) == []
    with pytest.raises(SystemExit) as ended:
        faults.show([fine], [], within=10, seconds=60)
    assert ended.value.code == 0
    assert "| worker-kill | 1 | 0 | 0 | 1 | 1/1 |" in capsys.readouterr().out
    assert broken([fine], [FAULT], within=10) == ["worker-kill while training never struck"]
    other = replace(fine, unlike=("another ranking",))
    assert broken([fine, other], [], within=10) == ["study 2: another ranking"]
    assert [cells[5] for cells in table([fine, other])] == ["1/2", "1/2"]


class TooShort(faults.Bench):
    """Runs studies that have ended before anything could strike."""

    def calm(self) -> Path:
        return self.out

    def run(self, number: int, plan: StudyPlan, calm: Path) -> StudyReport:
        missed = tuple(replace(each, tries=each.tries + 1) for each in plan.faults)
        return StudyReport(struck=(), missed=missed, unlike=())


def test_a_fault_that_comes_too_late_is_tried_again_and_then_given_up(tmp_path):
    bench = TooShort(out=tmp_path, sessions=tmp_path, disks=tmp_path)
    reports, never = faults.run_all([FAULT], bench, most=8)
    assert len(reports) == faults.TRIES
    assert broken(reports, never, within=10) == ["worker-kill while training never struck"]


@pytest.mark.ray
@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_study_that_is_hit_ends_as_an_undisturbed_one(tmp_path, monkeypatch, capsys):
    command = ["faults", "--faults", "2", "--kinds", "worker-kill,driver-kill"]
    monkeypatch.setattr("sys.argv", [*command, "--out", str(tmp_path / "out"), "--within", "60"])
    with pytest.raises(SystemExit) as ended:
        faults.main()
    printed = capsys.readouterr().out
    assert ended.value.code == 0, printed
    assert "| all | 2 | 0 | 0 | 1 | 2/2 |" in printed
    assert "processes left behind: 0" in printed
