"""Numbers are numbers to Optuna, words are words, and layouts share what they vary alike."""

import random

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, IntDistribution

from nas.search.samplers.distributions import Axes, axis_of
from search_spaces.language.domains import Choice, FloatRange, Range
from search_spaces.language.parse import parse_space
from search_spaces.language.points import LAYOUT

SPACE = parse_space(
    {
        "stem": {"width": 4},
        "head_size": 4,
        "stages": [
            {"depth": 1, "width": 4},
            {"depth": {"from": 1, "to": 9, "step": 3}, "width": 8},
        ],
        "layouts": {
            "C-C": {},
            "C-T": {"widths": [4, [8, 32, 16]]},
            "T-T": {"depths": [[2, 1], [1, 2]]},
        },
        "allow_transformer_first": True,
    }
)


def test_a_range_is_a_whole_number_with_its_step():
    axis = axis_of("depth", Range(first=2, last=9, step=3))
    assert axis.distribution == IntDistribution(2, 8, step=3)
    assert [axis.meant(axis.told(value)) for value in (2, 5, 8)] == [2, 5, 8]


def test_listed_numbers_are_told_by_rank():
    axis = axis_of("width", Choice(options=(192, 48, 96)))
    assert axis.distribution == IntDistribution(0, 2)
    assert [axis.told(value) for value in (48, 96, 192)] == [0, 1, 2]
    assert [axis.meant(rank) for rank in range(3)] == [48, 96, 192]


def test_listed_words_are_categories():
    words = Choice(options=("pre", "post"))  # pyrefly: ignore - domains of words are to come
    axis = axis_of("bias", words)
    assert axis.distribution == CategoricalDistribution(("pre", "post"))
    assert axis.meant(axis.told("post")) == "post"


@pytest.mark.parametrize(
    ("domain", "count"),
    [
        (Range(first=2, last=9, step=3), 3),
        (Range(first=1, last=100, step=1), 17),
        (Range(first=1, last=1000, step=1, log=True), 16),  # 1.5 and 2.4 are both 2
        (Choice(options=(192, 48, 96)), 3),
        (Choice(options=("pre", "post", "none")), 3),
        (FloatRange(first=1e-4, last=1e-2, step=None, log=True), 17),
        (FloatRange(first=0.0, last=0.5, step=None), 17),
    ],
)
def test_values_lie_from_0_to_1_in_their_order_and_come_back(domain, count):
    axis = axis_of("a", domain)
    levels = axis.levels(17)
    units = [axis.unit(level) for level in levels]
    assert units == sorted(set(units))
    assert (units[0], units[-1]) == pytest.approx((0, 1))
    for unit, level in zip(units, levels, strict=True):
        assert axis.at(unit) == (level if isinstance(level, str) else pytest.approx(level))
    assert len(levels) == count


def test_layouts_share_an_axis_where_name_and_values_are_the_same():
    axes = Axes(SPACE)
    assert axes.conditional
    assert list(axes.distributions) == [LAYOUT, "depth2", "width2", "depth1", "depth2@1"]
    for layout in ("C-C", "C-T"):
        point = {LAYOUT: layout, f"{layout}/depth2": 7, "C-T/width2": 16}
        assert axes.told(point)["depth2"] == 7


def test_all_layouts_alike_know_no_conditions():
    stages = [{"type": ["C", "T"], "depth": [1, 2], "width": 8}]
    space = {
        "stem": {"width": 4},
        "head_size": 4,
        "stages": stages,
        "allow_transformer_first": True,
    }
    axes = Axes(parse_space(space))
    assert (axes.conditional, list(axes.distributions)) == (False, [LAYOUT, "depth1"])


@pytest.mark.parametrize("rng", [None, random.Random(0)])
def test_what_a_layout_lacks_can_be_filled_in(rng):
    axes = Axes(SPACE)
    filled = axes.filled({LAYOUT: "C-C", "C-C/depth2": 4}, rng)
    assert filled.keys() == axes.distributions.keys()
    assert axes.meant(filled) == {LAYOUT: "C-C", "C-C/depth2": 4}
    assert (filled[LAYOUT], filled["depth2"]) == ("C-C", 4)
    for name, distribution in axes.distributions.items():
        assert distribution._contains(distribution.to_internal_repr(filled[name]))
    if rng is None:
        assert filled["width2"] == 1  # of three ranks that in the middle


def test_what_optuna_asks_for_is_a_point_and_told_it_is_what_was_asked():
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    axes, layouts = Axes(SPACE), set()
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(40):
        trial = study.ask()
        point = axes.ask(trial)
        assert SPACE.assignment(SPACE.point(point)) == point
        assert axes.told(point) == trial.params
        layouts.add(point[LAYOUT])
    assert len(layouts) == 3


def test_a_size_of_images_is_one_axis_of_all_layouts():
    stages = [{"type": ["C", "T"], "depth": 1, "width": 32}] * 2
    values = {"stem": {"width": 8}, "stages": stages}
    listed = Axes(parse_space({**values, "image_size": [28, 14, 20]}))
    assert listed.distributions["image_size"] == IntDistribution(0, 2)
    ranged = Axes(parse_space({**values, "image_size": {"from": 14, "to": 28, "step": 7}}))
    assert ranged.distributions["image_size"] == IntDistribution(14, 28, step=7)
    assert not ranged.conditional
    assert set(Axes(parse_space(values)).distributions) == {LAYOUT}
