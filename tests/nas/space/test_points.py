"""The point of a trial: as it was planned, or read off the network where a journal has none."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nas.space.candidate import Candidate, candidates, make_candidate, sized_space
from nas.space.points import point_of
from nas.spec.study import StudySpec
from nas.study.folder import open_study
from nas.study.records import BaselineConfig, DataShape
from search_spaces.language.parse import parse_space
from tests.nas.builders import trial

STUDIES = Path(__file__).parents[2] / "fixtures" / "studies"
SHAPE = DataShape(image_size=16, channels=1, classes=10)
VALUES: dict[str, Any] = {
    "stem": {"width": 4, "depth": 1},
    "head_size": 4,
    "stages": [
        {"type": "C", "depth": [1, 2], "width": 4, "stride": [1, 2]},
        {"type": ["C", "T"], "depth": 1, "width": [8, 16]},
    ],
}
SPACE = parse_space(VALUES)
BASELINE = BaselineConfig(network="timm/test_vit", image_size=16, in_channels=1, classes=10)


def planned(candidate: Candidate, **changes: Any):
    values = {"label": candidate.label, "layout": candidate.layout, "config": candidate.config}
    return trial(**{**values, **changes})


def test_every_point_is_read_off_its_network() -> None:
    seen = []
    for point in SPACE.points():
        made = make_candidate(point, SHAPE, space=SPACE)
        assert isinstance(made, Candidate)
        found = point_of(planned(made), SPACE)
        assert found == made.point == SPACE.assignment(point)
        assert SPACE.point(found) == point
        seen.append(tuple(found.items()))
    assert len(set(seen)) == SPACE.count() == 16


def test_what_was_planned_is_not_read_again() -> None:
    point = {"layout": "C-C", "C-C/depth1": 2, "C-C/stride1": 1, "C-C/width2": 16}
    assert point_of(trial(layout="C-C", point=point), SPACE) == point


def test_of_sizes_that_were_matched_only_the_layout_was_chosen() -> None:
    spec = StudySpec(name="a", space={**VALUES, "match": {"parameters": "3k"}})
    space, _ = sized_space(spec, SHAPE)
    for made in candidates(spec, SHAPE):
        assert isinstance(made, Candidate)
        assert point_of(planned(made), space) == made.point == {"layout": made.layout}


@pytest.mark.parametrize("name", ["finished", "interrupted"])
def test_the_trials_of_a_journal_that_0_1_wrote_have_points(name: str) -> None:
    study = open_study(STUDIES / name)
    space, _ = sized_space(study.spec, study.data.shape)
    trials = [history.trial for history in study.histories()]
    assert len(trials) > 1
    for each in trials:
        assert each.point is None
        found = point_of(each, space)
        assert found["layout"] == each.layout
        assert found.keys() == {"layout"} | set(space.layout(each.layout).variables)


def test_a_network_of_no_point_of_the_space_is_said() -> None:
    made = make_candidate(SPACE.point_at(0), SHAPE, space=SPACE)
    assert isinstance(made, Candidate)
    config = made.config
    wider = replace(config, stages=(config.stages[0], replace(config.stages[1], width=24)))
    shorter = replace(config, stages=config.stages[:1])
    cases = (
        ({"config": BASELINE}, "its network is a baseline"),
        ({"layout": "C-C-C"}, "no layout 'C-C-C', did you mean 'C-C'"),
        ({"config": wider}, "'C-C/width2' of its network is 24, which the space does not have"),
        ({"config": shorter}, "its network has 1 stages, layout C-C of the space has 2"),
    )
    for changes, said in cases:
        with pytest.raises(ValueError, match="trial 0001-C-s0 has no point: ") as raised:
            point_of(planned(made, **changes), SPACE)
        assert said in str(raised.value)
