"""What a sweep leaves: a row a value and layout, a row a value, a row a study."""

import json
import math
import shutil
from dataclasses import replace

import pandas as pd
import pytest

from nas.reading.phase import (
    PAGE,
    SPREADSHEET,
    TABLE,
    members_frame,
    orders_frame,
    phase_frame,
    phase_points,
    sizes_frame,
    write_phase,
)
from nas.reading.study import rank_study
from nas.spec.file import load_spec
from nas.spec.study import Metric
from nas.study.folder import open_study
from nas.study.sweep import create_sweep, open_sweep
from nas.tables.schemas import MEMBERS, ORDERS, PHASE, SIZES
from tests.nas.conftest import SMALL
from tests.nas.journals import PAUSED, STOPPED, journalled


@pytest.fixture
def half(swept, tmp_path):
    """A sweep whose second study has not begun."""
    folder = tmp_path / "half"
    shutil.copytree(swept, folder)
    shutil.rmtree(folder / "data.train=80")
    return open_sweep(folder)


@pytest.mark.slow
def test_the_table_says_what_the_rankings_say(swept):
    points = phase_points(open_sweep(swept))
    table = phase_frame(points)
    assert [point.number for point in points] == [48, 80]
    assert table["value"].tolist() == ["48", "48", "80", "80"]
    for point in points:
        study = open_study(point.member.folder)
        ranking = rank_study(study, study.histories())
        rows = table[table["value"] == point.member.word]
        assert point.ranking == ranking
        assert rows["label"].tolist() == [layout.label for layout in ranking.layouts]
        assert rows["score"].tolist() == [layout.score for layout in ranking.layouts]
        assert rows["rank"].tolist() == [1, 2]
        assert rows["mark"].iloc[0] in ranking.order
        assert rows["mark"].isna().tolist() == [False, True]
        assert rows["equal_loss"].tolist() == [ranking.equal_loss] * 2
        for name in ("parameters", "macs"):
            assert rows[name].tolist() == [getattr(each, name) for each in ranking.layouts]
    orders = orders_frame(points)
    value, *others = ORDERS.names
    assert orders.columns.tolist() == [value, "C-C", "C-T", *others]
    assert (rows["label"] == rows["layout"]).all()
    assert orders["order"].tolist() == [point.ranking.order for point in points]
    assert set(orders["C-C"]) <= set(table["score"])


@pytest.mark.slow
def test_sizes_are_a_row_a_label_and_value(swept):
    points = phase_points(open_sweep(swept))
    first, second = (point.ranking for point in points)
    smaller = [
        replace(each, parameters=each.parameters // 2, macs=each.macs // 2)
        for each in second.layouts
    ]
    sizes = sizes_frame({"48": first, "80": replace(second, layouts=tuple(smaller))})
    assert sizes.columns.tolist() == SIZES.names
    assert sizes["label"].tolist() == ["C-C", "C-C", "C-T", "C-T"]
    assert sizes["value"].tolist() == ["80", "48", "80", "48"], "the smaller first"
    assert set(sizes["score"]) == set(phase_frame(points)["score"])
    assert sizes_frame({None: first})["value"].isna().all()
    assert len(sizes_frame({})) == 0


@pytest.mark.slow
def test_another_metric_ranks_every_study_by_it(swept):
    points = phase_points(open_sweep(swept), metric=Metric.ACCURACY)
    assert {point.ranking.metric.value for point in points} == {"accuracy"}
    assert orders_frame(points)["equal_loss"].isna().all()


@pytest.mark.slow
def test_a_study_that_has_not_begun_has_a_row_too(half):
    points = phase_points(half)
    assert members_frame(points)["status"].tolist() == ["finished", "planned"]
    assert members_frame(points)["finished"].tolist() == [4, 0]
    assert orders_frame(points)["value"].tolist() == ["48", "80"]
    assert orders_frame(points)["order"].iloc[1] == ""
    assert set(phase_frame(points)["value"]) == {"48"}


@pytest.mark.slow
def test_views_are_written_beside_the_studies(half, tmp_path):
    points = phase_points(half)
    page = write_phase(half, points)
    assert page == half.folder / PAGE
    text = page.read_text(encoding="utf-8")
    assert 'href="data.train%3D48/report.html"' in text
    assert text.count(">report</a>") == 1
    assert "not begun" in text
    frame = phase_frame(points)
    pd.testing.assert_frame_equal(
        pd.read_parquet(half.folder / TABLE), frame, check_dtype=False, check_exact=True
    )
    assert len(pd.read_csv(half.folder / SPREADSHEET)) == len(frame) == 2
    elsewhere = write_phase(half, points, to=tmp_path / "e" / "p.html")
    assert ">report</a>" not in elsewhere.read_text(encoding="utf-8")
    assert write_phase(half, points).read_text(encoding="utf-8") == text, "the same bytes"


def test_what_paused_or_was_stopped_is_not_finished(tmp_path):
    sweep = json.dumps({"key": "data.train", "values": [48, 80]})
    swept = create_sweep(load_spec(str(SMALL), [f"sweep={sweep}"]), folder=tmp_path / "s")
    journalled(swept.members[0].folder, PAUSED, spec=swept.members[0].spec)
    journalled(swept.members[1].folder, STOPPED, spec=swept.members[1].spec)
    frame = members_frame(phase_points(swept))
    assert frame.columns.tolist() == MEMBERS.names
    assert frame["status"].tolist() == ["interrupted", "finished"]
    assert frame[["finished", "paused", "stopped"]].values.tolist() == [[0, 1, 0], [0, 0, 1]]
    assert orders_frame(phase_points(swept)).columns.tolist() == ORDERS.names
    assert phase_frame(phase_points(swept)).columns.tolist() == PHASE.names


@pytest.mark.parametrize(
    ("key", "values", "overrides", "numbers"),
    [
        ("data.train", [40, None], [], [40, None]),
        (
            "data.train",
            [40, None],
            ["data.source=procedural", "training.epoch_images=9"],
            [40, math.inf],
        ),
        ("training.learning_rate", [0.1, 1], [], [0.1, 1.0]),
        ("training.flip", [True, False], [], [None, None]),
        ("data.channels", [3, None], [], [3.0, None]),
    ],
)
def test_values_are_numbers_where_they_can_be(tmp_path, key, values, overrides, numbers):
    sweep = json.dumps({"key": key, "values": values})
    spec = load_spec(str(SMALL), [f"sweep={sweep}", *overrides])
    points = phase_points(create_sweep(spec, folder=tmp_path / "s"))
    assert [point.number for point in points] == numbers
    assert [point.status for point in points] == ["planned"] * 2
    assert len(phase_frame(points)) == 0
    assert write_phase(open_sweep(tmp_path / "s"), points).is_file()


@pytest.mark.slow
def test_all_images_are_as_many_as_the_study_has(swept, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(swept, folder)
    file = folder / "sweep.json"
    file.write_text(file.read_text().replace("80\n", "null\n"))
    (folder / "data.train=80").rename(folder / "data.train=all")
    points = phase_points(open_sweep(folder))
    assert [(point.member.word, point.number) for point in points] == [("48", 48), ("all", 80)]
