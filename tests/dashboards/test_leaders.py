"""The rows of the answer's table."""

import re

import pytest

from dashboards.leaders import leaders
from dashboards.live import LiveStudy
from tests.dashboards.served import FIXTURES, a_study


def test_best_first_with_the_marks_between_and_what_has_finished(tmp_path):
    folder = a_study(tmp_path / "a", messages={2: "loss is NaN"})
    snapshot = LiveStudy(folder).snapshot()
    rows = leaders(snapshot)
    assert [row.label for row in rows] == ["T", "C"] == [x.label for x in snapshot.ranking.layouts]
    assert [row.trials for row in rows] == ["2 of 2", "1 of 2"]
    assert [row.mark for row in rows] == [*snapshot.ranking.marks, ""]
    assert str(rows[0].band).count("<circle") == 2
    assert str(rows[1].band).count("<circle") == 1
    assert rows[0].color != rows[1].color


def test_seeds_are_drawn_where_the_ranking_reads_them():
    snapshot = LiveStudy(FIXTURES / "finished").snapshot()
    assert snapshot.ranking.equal_loss is not None
    for row, layout in zip(leaders(snapshot), snapshot.ranking.layouts, strict=True):
        dots = [float(x) for x in re.findall(r'<circle cx="([0-9.]+)"', str(row.band))]
        [stroke] = re.findall(r'<line x1="([0-9.]+)" x2="[0-9.]+" y1="2"', str(row.band))
        assert len(dots) == layout.seeds
        assert sum(dots) / len(dots) == pytest.approx(float(stroke), abs=0.2)
