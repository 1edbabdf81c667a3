"""A study that goes on is seen to, and reading it costs little."""

import time

import pandas as pd
import pytest

from dashboards import live
from dashboards.live import TABLES, LiveStudy
from nas.study.records import TrialStatus
from tests.dashboards.served import FIXTURES, a_study, append, begun, ended, epoch, some
from tests.nas.journals import journalled


@pytest.fixture
def always(monkeypatch):
    """Have studies read again as soon as they change."""
    monkeypatch.setattr(live, "SOONEST", 0.0)
    monkeypatch.setattr(live, "SHARE", 0)


def test_what_is_appended_is_seen(tmp_path, always):
    one, two = some(["C"])
    folder = tmp_path / "a"
    journalled(folder, begun(one))
    study = LiveStudy(folder)
    assert study.peek() is None
    first = study.snapshot()
    assert first.by_number[1].status is TrialStatus.INTERRUPTED, "nobody holds the journal"
    append(folder, [epoch(one, 1, 0.7), epoch(one, 2, 0.6)])
    second = study.snapshot()
    assert second.tag != first.tag
    assert second.trials["best_accuracy"].tolist() == [0.7]
    assert second.trials["evaluation_accuracy"].tolist() == [0.6]
    append(folder, [epoch(one, 3, 0.65), *ended(two, 0.9)])
    assert study.snapshot().trials["best_accuracy"].tolist() == [0.7, 0.9]


def test_what_has_not_changed_is_not_read_again(always):
    study = LiveStudy(FIXTURES / "finished")
    assert study.snapshot() is study.snapshot() is study.peek()


def test_reading_takes_a_small_share_of_the_time(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(live.time, "monotonic", lambda: now[0])
    folder = a_study(tmp_path / "a")
    study = LiveStudy(folder)
    real = study._read

    def slow(reader, mark):
        now[0] += 2.0  # seconds that reading takes
        return real(reader, mark)

    monkeypatch.setattr(study, "_read", slow)
    first = study.snapshot()
    append(folder, begun(some(["C", "T", "X"])[4]))
    now[0] += 2.0 * live.SHARE - 0.1
    assert study.snapshot() is first
    now[0] += 0.2
    assert study.snapshot() is not first


def test_labels_that_are_not_ranked_come_last(tmp_path):
    trials = some(["A", "B", "C"])
    folder = tmp_path / "a"
    journalled(
        folder,
        [*begun(trials[0]), *begun(trials[1]), *ended(trials[2], 0.3), *ended(trials[3], 0.4),
         *ended(trials[4], 0.8), *ended(trials[5], 0.9)],
    )  # fmt: skip
    assert LiveStudy(folder).snapshot().labels == ["C", "B", "A"]


def test_tables_have_their_columns(tmp_path):
    snapshot = LiveStudy(a_study(tmp_path / "a")).snapshot()
    for name, table in TABLES.items():
        frame = snapshot.table(name)
        assert isinstance(frame, pd.DataFrame)
        assert table.arrow(frame).num_rows == len(frame) > 0


def test_of_many_candidates_the_ranked_ones_are_drawn(tmp_path):
    trials = some([f"C#{i}" for i in range(40)], seeds=1)
    records = [record for each in trials for record in ended(each, 0.5 + each.number / 100)]
    journalled(tmp_path / "a", records)
    snapshot = LiveStudy(tmp_path / "a").snapshot()
    ranked = {layout.label for layout in snapshot.ranking.layouts}
    assert len(ranked) < 40
    assert {history.trial.label for history in snapshot.shown} == ranked
    assert set(snapshot.figures())
    assert len(snapshot.labels) == 40


def test_of_a_large_study_nobody_waits_for_figures(monkeypatch):
    monkeypatch.setattr(live, "_AT_ONCE", 1)
    study = LiveStudy(FIXTURES / "finished")
    first = study.figures()
    assert (dict(first.sections), first.tag) == ({}, "")
    deadline = time.monotonic() + 60
    while not study.figures().sections:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert study.figures().tag == study.snapshot().tag
    assert study.figures() is study.figures()
