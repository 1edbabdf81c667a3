"""Points become networks with a price, or say why not."""

from dataclasses import replace
from typing import Any

import pytest

from coatnet.config import BlockType, CoAtNetConfig, StemType
from coatnet.cost import cost
from nas.errors import SpecError
from nas.networks.family import Size
from nas.space.candidate import (
    MAX_GRID,
    Candidate,
    Rejection,
    candidates,
    make_candidate,
    sized_space,
    study_space,
)
from nas.space.feasible import FeasibleSpace
from nas.spec.file import load_spec, shipped
from nas.spec.recipe import TrainingSpec
from nas.spec.study import SearchSpec, StudySpec
from nas.study.records import DataShape
from search_spaces.language.constraints import Match
from search_spaces.language.parse import parse_space
from search_spaces.language.space import SearchSpace

SHAPE = DataShape(image_size=28, channels=1, classes=10)
SPACE: dict[str, Any] = {
    "stem": {"width": 8},
    "head_size": 4,
    "batch_norm_momentum": 0.1,
    "stages": [{"depth": 1, "width": 8, "stride": 1}, {"depth": [1, 2], "width": 16}],
    "layouts": {
        "C-C": {},
        "C-T": {"depths": [1, 3]},
        "twin": {"types": "C-T", "depths": [1, 3]},
        "ViT_REL": {"patch": 7, "depth": 2, "width": 8},
    },
}


def price(config: CoAtNetConfig) -> Size:
    counted = cost(config)
    return Size(parameters=counted.parameters, macs=counted.macs)


def matching(match: Match | None) -> SearchSpace:
    return replace(parse_space(SPACE), match=match)


def study(space: dict[str, Any], **changes: Any) -> StudySpec:
    return StudySpec(name="a", space=space, **changes)


def test_a_point_becomes_the_network_it_describes() -> None:
    point = parse_space(SPACE).point_at(2)
    made = make_candidate(point, SHAPE, space=parse_space(SPACE), drop_path=0.2)
    assert isinstance(made, Candidate)
    config = made.config
    assert (made.label, made.layout, config.layout) == ("C-T", "C-T", "C-T")
    assert (config.image_size, config.in_channels, config.classes) == (28, 1, 10)
    assert (config.drop_path, config.batch_norm_momentum, config.head_size) == (0.2, 0.1, 4)
    assert (config.stem.type, config.stem.width, config.stem.stride) == ("convolution", 8, 2)
    assert [(s.block, s.depth, s.width, s.stride) for s in config.stages] == [
        (BlockType.CONVOLUTION, 1, 8, 1),
        (BlockType.TRANSFORMER, 3, 16, 2),
    ]
    assert made.cost == price(config)


def test_a_patch_point_has_a_patch_stem_as_wide_as_its_stage() -> None:
    made = make_candidate(parse_space(SPACE).point_at(4), SHAPE, space=parse_space(SPACE))
    assert isinstance(made, Candidate)
    stem = made.config.stem
    assert (stem.type, stem.width, stem.depth, stem.stride) == (StemType.PATCH, 8, 1, 7)
    assert made.config.layout == "ViT_REL"
    assert made.config.map_sizes == ((4, 4), (4, 4))


def test_labels_number_only_layouts_with_several_candidates() -> None:
    found = list(candidates(study(SPACE), SHAPE))
    labels = [made.label for made in found if isinstance(made, Candidate)]
    assert labels == ["C-C#1", "C-C#2", "C-T", "twin", "ViT_REL"]
    assert [made.layout for made in found] == ["C-C", "C-C", "C-T", "twin", "ViT_REL"]


def test_labels_count_accepted_candidates_only() -> None:
    size = make_candidate(parse_space(SPACE).point_at(1), SHAPE, space=parse_space(SPACE))
    assert isinstance(size, Candidate)
    match = {"parameters": size.cost.parameters, "within": 0.01}
    found = list(candidates(study({**SPACE, "match": match}), SHAPE))
    assert [type(made) for made in found[:2]] == [Rejection, Candidate]
    assert isinstance(found[1], Candidate)
    assert found[1].label == "C-C"


def test_a_placebo_differs_in_name_alone() -> None:
    _, _, original, twin, _ = candidates(study(SPACE), SHAPE)
    assert isinstance(original, Candidate)
    assert isinstance(twin, Candidate)
    assert original.config == twin.config
    assert original.label != twin.label


def test_rejections_say_what_does_not_fit() -> None:
    point = parse_space(SPACE).point_at(0)
    fine = make_candidate(point, SHAPE, space=matching(None))
    assert isinstance(fine, Candidate)
    size = fine.cost
    match = Match(parameters=size.parameters * 2, macs=size.macs, within=0.1)
    rejected = make_candidate(point, SHAPE, space=matching(match))
    assert isinstance(rejected, Rejection)
    assert rejected.reason == (
        f"{size.parameters:,} parameters, 50.0% under the {size.parameters * 2:,} asked for "
        "within 10.0%"
    )
    assert rejected.mismatch == pytest.approx(0.5)
    assert rejected.point == "C-C depths 1-1 widths 8-16"


@pytest.mark.parametrize(("target", "accepted"), [(0.91, True), (1.09, False), (1.12, False)])
def test_within_is_relative_to_the_target(target: float, accepted: bool) -> None:
    point = parse_space(SPACE).point_at(0)
    fine = make_candidate(point, SHAPE, space=matching(None))
    assert isinstance(fine, Candidate)
    match = Match(macs=round(fine.cost.macs * target), within=0.08 if target > 1 else 0.10)
    assert isinstance(make_candidate(point, SHAPE, space=matching(match)), Candidate) is accepted


def test_a_network_that_cannot_be_built_is_a_rejection() -> None:
    space = parse_space({**SPACE, "layouts": {"C-T": {"widths": [8, [16, 18]]}}})
    reasons = [
        made.reason
        for made in (make_candidate(point, SHAPE, space=space) for point in space.points())
        if isinstance(made, Rejection)
    ]
    assert len(reasons) == 2
    assert "must be a multiple of head_size 4" in reasons[0]
    odd = make_candidate(
        parse_space(SPACE).point_at(4),
        DataShape(image_size=32, channels=1, classes=10),
        space=parse_space(SPACE),
    )
    assert isinstance(odd, Rejection)
    assert "multiple of the patch 7" in odd.reason
    assert odd.mismatch is None


def test_a_space_without_a_candidate_names_the_closest() -> None:
    spec = study({**SPACE, "match": {"parameters": "1M", "within": 0.1}})
    found = [
        make_candidate(point, SHAPE, space=parse_space(SPACE))
        for point in study_space(spec).points()
    ]
    largest = max(made.cost.parameters for made in found if isinstance(made, Candidate))
    with pytest.raises(SpecError) as caught:
        candidates(spec, SHAPE)
    line = str(caught.value)
    assert line.startswith("space: none of its 5 points is accepted; the closest is C-T")
    assert f"{largest:,} parameters" in line
    assert line.isprintable()


def test_a_space_too_large_for_a_grid_is_refused_at_once() -> None:
    stage = {"depth": {"from": 1, "to": 1000}, "width": {"from": 1, "to": 1000}}
    spec = study({"stem": {"width": 8}, "stages": [{**stage, "type": "C"}] * 4})
    with pytest.raises(SpecError, match=f"more than the {MAX_GRID:,} that are listed"):
        candidates(spec, SHAPE)


def test_the_recipes_drop_path_reaches_the_network() -> None:
    spec = study(SPACE, training=TrainingSpec(drop_path=0.3), search=SearchSpec())
    first = next(candidates(spec, SHAPE))
    assert isinstance(first, Candidate)
    assert first.config.drop_path == 0.3


def test_a_candidate_knows_the_point_it_was_made_from() -> None:
    space = parse_space(SPACE)
    found = [made for made in candidates(study(SPACE), SHAPE) if isinstance(made, Candidate)]
    assert [made.point and dict(made.point) for made in found] == [
        {"layout": "C-C", "C-C/depth2": 1},
        {"layout": "C-C", "C-C/depth2": 2},
        {"layout": "C-T"},
        {"layout": "twin"},
        {"layout": "ViT_REL"},
    ]
    for made in found:
        assert made.point is not None
        again = make_candidate(space.point(made.point), SHAPE, space=space, label=made.label)
        assert again == made


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_space_has_candidates(name: str) -> None:
    spec = load_spec(name)
    shape = replace(SHAPE, image_size=spec.data.image_size)
    space, _ = sized_space(spec, shape)
    if space.limits:  # may be too large to be listed
        points = FeasibleSpace(space, shape).sample(3, seed=0)
        made = [make_candidate(point, shape, space=space) for point in points]
        assert all(isinstance(each, Candidate) for each in made)
    else:
        assert any(isinstance(each, Candidate) for each in candidates(spec, shape))


@pytest.mark.parametrize("name", ["generalization", "capacity", "transfer"])
def test_the_papers_experiments_are_the_same_at_both_scales(name: str) -> None:
    small, full = load_spec(f"paper_{name}"), load_spec(f"paper_{name}_full")
    for spec in (small, full):
        made = [*candidates(spec, replace(SHAPE, image_size=spec.data.image_size))]
        assert all(isinstance(each, Candidate) for each in made)
        labels = [each.label for each in made if isinstance(each, Candidate)]
        assert labels == ["C-C-C-C", "C-C-C-T", "C-C-T-T", "C-T-T-T", "ViT_REL"]
        costs = [each.cost for each in made if isinstance(each, Candidate)]
        tolerance = spec.ranking.size_tolerance  # else nothing would ever be claimed
        assert tolerance is not None
        for sizes in ([c.parameters for c in costs], [c.macs for c in costs]):
            assert max(sizes) / min(sizes) - 1 <= tolerance
        recipe = spec.training  # Section 2.2: no regularization, no augmentation
        assert (recipe.drop_path, recipe.label_smoothing, recipe.mixup) == (0.0, 0.0, 0.0)
        assert (recipe.rand_augment.layers, recipe.flip, recipe.crop_padding) == (0, False, 0)
        assert (spec.ranking.metric, spec.search.seeds) == (name, 6)
    assert small.training.schedule == full.training.schedule
    assert small.search.placebo == full.search.placebo
    assert (small.fine_tune is None) == (full.fine_tune is None) == (name != "transfer")
    if small.fine_tune is not None and full.fine_tune is not None:
        assert small.fine_tune.training.epochs == full.fine_tune.training.epochs == 30


def test_the_quickstart_compares_five_layouts_of_one_size() -> None:
    found = list(candidates(load_spec("quickstart"), SHAPE))
    accepted = [made for made in found if isinstance(made, Candidate)]
    assert len(accepted) == len(found)
    assert [made.label for made in accepted] == [
        "C-C-C-C", "C-C-C-T", "C-C-T-T", "C-T-T-T", "ViT_REL",
    ]  # fmt: skip
    macs = [made.cost.macs for made in accepted]
    assert max(macs) <= 1.05 * min(macs)  # equal compute (paper, Section 2.2), not only size
