"""A study read: ranked by its own rules, its frames, its best network, the sizes asked for."""

from pathlib import Path
from typing import Any

import pytest

from nas.errors import SpecError
from nas.ranking.relations import rank
from nas.reading.study import _sizes_asked_for, rank_study
from nas.spec.study import Metric, RankingSpec, StudySpec, Until
from tests.nas.reading.studies import LAYOUTS, a_study
from tests.nas.synthetic import DIGITS, SyntheticLayout, fine_tuned, study


def said(match: dict[str, Any] | None) -> list[str]:
    ranking = rank(study(seeds=range(2)), RankingSpec(), evaluation_images=100)
    values: dict[str, Any] = {"stem": {"width": 8}, "layouts": LAYOUTS}
    values["stages"] = [{"depth": 1, "width": 32}] * 4
    spec = StudySpec(name="a", space={**values, **({"match": match} if match else {})})
    return _sizes_asked_for(spec, ranking)


def test_the_ranking_says_how_far_off_each_layout_stayed() -> None:
    (first, *_) = ranked = rank(study(seeds=range(2)), RankingSpec(), evaluation_images=100).layouts
    wanted = round(first.parameters / 1.1)
    (note,) = said({"parameters": wanted, "macs": first.macs})
    assert note.startswith(f"sizes are the closest to parameters {wanted:,}, MACs {first.macs:,}: ")
    assert f"{first.layout} (parameters +10.0%, MACs +0.0%)" in note
    assert note.count("parameters") == len(ranked) + 1


def test_fine_tuning_at_another_size_takes_no_layout_off_it() -> None:
    histories = fine_tuned(study(seeds=range(2)), macs=dict.fromkeys(DIGITS, 9_000_000))
    ranking = rank(histories, RankingSpec(metric=Metric.TRANSFER), evaluation_images=100)
    space = {"layouts": LAYOUTS, "match": {"macs": 2_000_000}}
    (note,) = _sizes_asked_for(StudySpec(name="a", space=space), ranking)
    assert "C-C-C-C (MACs +0.0%)" in note


@pytest.mark.parametrize("match", [None, {"parameters": 5, "within": 0.5}])
def test_nothing_is_said_where_no_closest_size_was_asked_for(match: dict[str, Any] | None) -> None:
    assert said(match) == []


def test_a_study_is_ranked_by_the_seeds_that_its_spec_fixed(tmp_path: Path) -> None:
    ranking = rank_study(a_study(tmp_path), study(seeds=range(5)))
    assert ranking.looks == (4, 6)
    assert ranking.preliminary.startswith("preliminary: 4 paired seeds")
    expected = rank(
        study(seeds=range(5)),
        RankingSpec(),
        evaluation_images=600,
        seeds=(4, 6),
        until=Until.SHARP,
    )
    assert ranking == expected


def test_transfer_is_measured_on_the_images_fine_tuned_on(tmp_path: Path) -> None:
    histories = fine_tuned(study(seeds=range(5)))
    # 3 images are too few for a margin of half a point, 600 are not
    few = rank_study(a_study(tmp_path, tuned=3), histories, metric=Metric.TRANSFER)
    assert any("less than one of the 3 evaluation" in note for note in few.notes)
    assert few.metric is Metric.TRANSFER
    trained = rank_study(a_study(tmp_path / "b", tuned=3), histories)
    assert not any("less than one of" in note for note in trained.notes)


@pytest.mark.parametrize("train", [None, 100])
def test_of_endless_data_no_gap_is_overfitting(tmp_path: Path, train: int | None) -> None:
    endless = {"data": {"source": "procedural", "train": train}, "training": {"epoch_images": 50}}
    read = a_study(tmp_path, **endless)
    histories = study({"A": SyntheticLayout(accuracy=0.9, spread=0.01, gap=0.4)}, seeds=range(4))
    (layout,) = rank_study(read, histories, metric=Metric.CAPACITY).layouts
    assert ("overfits" in layout.withheld) is (train is not None)


def test_nothing_fine_tuned_has_no_transfer(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="metric: a fine-tunes nothing"):
        rank_study(a_study(tmp_path), study(), metric=Metric.TRANSFER)
