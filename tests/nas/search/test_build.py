"""From a spec with networks of other families to the order in which all are trained."""

from typing import Any

import pytest

from nas.errors import SpecError
from nas.search import build
from nas.search.build import build_search
from nas.spec.study import StudySpec
from nas.study.extension import declaration
from nas.study.records import BaselineConfig, DataShape, Segment, SegmentStarted, TrialPlanned
from nas.study.state import StudyState
from tests.nas.search.samplers.test_sampler import SPACE
from tests.nas.synthetic import SyntheticLayout
from tests.nas.synthetic import study as histories_of

SHAPE = DataShape(image_size=32, channels=1, classes=10)
VIT = {"network": "timm/test_vit", "label": "ViT", "options": {"patch_size": 8, "depth": 1}}
CONVNEXT = {"network": "timm/test_convnext", "label": "ConvNeXt"}
GRID = {
    "stem": {"width": 4, "depth": 1},
    "head_size": 4,
    "stages": [{"depth": 1, "width": 8}, {"depth": 1, "width": 8}],
    "layouts": ["C-C", "C-T"],
}

pytestmark = pytest.mark.slow  # timm takes seconds to import


def study(space: dict[str, Any], **search: Any) -> StudySpec:
    return StudySpec.model_validate(
        {"name": "a", "space": space, "baselines": [VIT, CONVNEXT], "search": search}
    )


def planned(spec: StudySpec) -> tuple[list[str], int]:
    """Return label and seed of all trials, as they are planned, and how many were expected."""
    search, state = build_search(spec, SHAPE), StudyState([], attempts_allowed=1)
    names = []
    while isinstance(segment := search.decide(state), Segment):
        trial = segment.trial
        assert isinstance(trial.config, BaselineConfig) == (trial.layout in ("ViT", "ConvNeXt"))
        state.apply(TrialPlanned(at=0.0, trial=trial))
        state.apply(SegmentStarted(at=0.0, trial_id=trial.id, attempt=1, until_epoch=trial.epochs))
        names.append(f"{trial.label} {trial.seed}")
    return names, search.expected


def test_after_the_grid_with_as_many_seeds() -> None:
    once = ["C-C", "C-T", "ViT", "ConvNeXt"]
    assert planned(study(GRID, seeds=2)) == ([f"{n} {s}" for s in (0, 1) for n in once], 8)


def test_a_limit_is_on_the_layouts() -> None:
    names, expected = planned(study(GRID, seeds=1, candidates=1))
    assert (names, expected) == (["C-C 0", "ViT 0", "ConvNeXt 0"], 3)


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_before_the_points_that_a_sampler_chooses(sampler: str) -> None:
    names, expected = planned(study(SPACE, seeds=1, sampler=sampler, candidates=3))
    assert names[:2] == ["ViT 0", "ConvNeXt 0"]
    assert [name.partition("#")[2] for name in names[2:]] == ["1 0", "2 0", "3 0"]
    assert expected == 5


def test_a_twin_of_one() -> None:
    names, expected = planned(study(GRID, seeds=1, placebo="ViT"))
    assert sorted(names) == sorted(["C-C 0", "C-T 0", "ViT 0", "ConvNeXt 0", "ViT~twin 0"])
    assert expected == 5


@pytest.mark.parametrize(("train", "asked"), [(None, ("A", "B")), (100, ())])
def test_seeds_are_added_where_endless_data_cannot_be_overfitted(
    train: int | None, asked: tuple[str, ...]
) -> None:
    spec = StudySpec.model_validate(
        {
            "name": "a",
            "space": GRID,
            "data": {"source": "procedural", "train": train},
            "training": {"epoch_images": 50},
            "search": {"seeds": 6, "max_seeds": 20},
            "ranking": {"metric": "capacity"},
        }
    )
    noisy = SyntheticLayout(accuracy=0.75, spread=0.01, gap=0.4)
    histories = histories_of({"A": noisy, "B": noisy}, seeds=range(6))
    assert tuple(build._open_layouts(spec, 10_000, declaration(spec))(histories)) == asked


def test_one_that_cannot_be_fine_tuned_is_refused_at_the_door() -> None:
    spec = StudySpec.model_validate(
        {"name": "a", "space": GRID, "baselines": [CONVNEXT, VIT], "fine_tune": {"data": {}}}
    )
    larger = DataShape(image_size=64, channels=1, classes=10)
    with pytest.raises(SpecError, match="ViT cannot be fine-tuned: its weights are made for"):
        build_search(spec, SHAPE, fine_tune_shape=larger)
    build_search(spec, SHAPE, fine_tune_shape=SHAPE)


def test_rungs_are_climbed_by_candidates_and_baselines_with_one_seed() -> None:
    spec = study(GRID, allocation={"kind": "halving", "reduction": 2, "controls": 0.25})
    search, state = build_search(spec, SHAPE), StudyState([])
    goals = {}
    while isinstance(segment := search.decide(state), Segment):
        trial = segment.trial
        state.apply(TrialPlanned(at=0.0, trial=trial, until_epoch=segment.until_epoch))
        state.apply(
            SegmentStarted(at=0.0, trial_id=trial.id, attempt=1, until_epoch=segment.until_epoch)
        )
        goals[f"{trial.label} {trial.seed}"] = segment.until_epoch
    assert list(goals) == ["C-C 0", "C-T 0", "ViT 0", "ConvNeXt 0"]
    assert sorted(goals.values()) == [2, 2, 2, 15]  # one of four is a control
    assert search.rungs is not None
    assert search.expected == 4


def test_only_a_search_by_rungs_has_them() -> None:
    assert build_search(study(GRID, seeds=1), SHAPE).rungs is None


def test_a_limit_on_candidates_is_one_on_those_that_climb() -> None:
    spec = study(SPACE, sampler="random", candidates=3, allocation="asha")
    assert build_search(spec, SHAPE).expected == 5


@pytest.mark.parametrize("sampler", ["random", "tpe", "grid"])
def test_no_more_trials_are_announced_than_the_space_has_points(sampler: str) -> None:
    spec = study(GRID, sampler=sampler, candidates=100, seeds=1)
    names, expected = planned(spec)
    found = sorted(name.partition("#")[0].partition(" ")[0] for name in names)
    assert (found, expected) == (["C-C", "C-T", "ConvNeXt", "ViT"], 4)
