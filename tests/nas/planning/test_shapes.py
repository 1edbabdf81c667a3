"""Which networks are alike as far as time goes, and which are measured."""

from dataclasses import replace

from nas.planning.shapes import shape_of, shapes_of, to_measure
from nas.study.records import BaselineConfig
from tests.nas.tiny import make_trial


def widths(layout: str, count: int):
    """Trials of one layout, wider and wider."""
    trials = []
    for number in range(count):
        trial = make_trial(layout)
        stages = tuple(replace(s, width=8 * (number + 1)) for s in trial.config.stages)
        trials.append(replace(trial, config=replace(trial.config, stages=stages)))
    return trials


def test_seeds_of_a_network_are_one_shape_and_recipes_are_not():
    first, second = make_trial("C-T"), make_trial("C-T", seed=1)
    other = replace(first, recipe={"rand_augment.layers": 2})
    assert len(shapes_of([first, second])) == 1
    assert len(shapes_of([first, other, make_trial("C-C")])) == 3


def test_a_kind_is_what_most_stages_are():
    kinds = {layout: shape_of(make_trial(layout)).kind for layout in ("C-C", "C-T", "T-T", "C-C-T")}
    assert kinds == {
        "C-C": "convolution",
        "C-T": "attention",
        "T-T": "attention",
        "C-C-T": "convolution",
    }


def test_few_are_all_measured_and_of_many_the_ends_of_each_kind():
    few = shapes_of(widths("C-C", 3))
    assert to_measure(few, most=4) == few
    many = shapes_of([*widths("C-C", 20), *widths("T-T", 20)])
    chosen = to_measure(many, most=6)
    assert len(chosen) == 6
    for kind in ("convolution", "attention"):
        ordered = sorted((s for s in many if s.kind == kind), key=lambda shape: shape.work)
        mine = [shape for shape in chosen if shape.kind == kind]
        assert (mine[0], mine[-1]) == (ordered[0], ordered[-1])


def test_of_another_family_each_is_measured():
    config = BaselineConfig(network="timm/x", image_size=8, in_channels=1, classes=3)
    others = [
        replace(make_trial(), config=replace(config, network=f"timm/{name}"), label=name)
        for name in "ab"
    ]
    chosen = to_measure(shapes_of([*widths("C-C", 20), *others]), most=4)
    assert [shape.trial.label for shape in chosen if not shape.predictable] == ["a", "b"]
