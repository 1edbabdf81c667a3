"""What is said when a study ends: here, how far its layouts stayed off the sizes asked for."""

from typing import Any

import pytest

from nas.conclusion import _sizes_asked_for
from nas.ranking.relations import rank
from nas.ranking.synthetic import study
from nas.spec import RankingSpec, StudySpec

LAYOUTS = ["C-C-C-C", "C-C-T-T"]


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


@pytest.mark.parametrize("match", [None, {"parameters": 5, "within": 0.5}])
def test_nothing_is_said_where_no_closest_size_was_asked_for(match: dict[str, Any] | None) -> None:
    assert said(match) == []
