"""Histograms of prices hold every point that can be built, in the bar of its price."""

from collections import Counter
from itertools import pairwise

from nas.space.candidate import Candidate, make_candidate
from nas.space.spread import bars_of, spreads
from nas.study.records import DataShape
from search_spaces.language.constraints import Quantity
from search_spaces.language.parse import parse_space

SHAPE = DataShape(image_size=16, channels=1, classes=10)
SPACE = parse_space(
    {
        "stem": {"width": [4, 8], "depth": 1},
        "head_size": 4,
        "stages": [
            {"type": "C", "depth": [1, 2], "width": [4, 8, 64], "stride": 1},
            {"type": ["C", "T"], "depth": {"from": 1, "to": 3}, "width": [8, 16]},
        ],
        "budget": {"parameters": "<=5k", "state_bytes": ">=16k"},
    }
)
OPEN = parse_space(
    {
        "stem": {"width": [4, 8], "depth": 1},
        "head_size": 4,
        "stages": [
            {"type": "C", "depth": [1, 2], "width": [4, 8, 64], "stride": 1},
            {"type": ["C", "T"], "depth": {"from": 1, "to": 3}, "width": [8, 16]},
        ],
    }
)


def test_every_point_stands_in_its_bar():
    found = spreads(bars=6, space=SPACE, shape=SHAPE)
    assert [each.quantity for each in found] == [
        Quantity.PARAMETERS,
        Quantity.MACS,
        Quantity.STATE_BYTES,
    ]
    made = [make_candidate(point, SHAPE, space=OPEN) for point in OPEN.points()]
    costs = [(each.layout, each.cost) for each in made if isinstance(each, Candidate)]
    for spread, name in zip(found, ("parameters", "macs"), strict=False):
        assert (len(spread.edges), spread.resolution) == (7, 0)
        for layout, counts in spread.counts.items():
            prices = [getattr(cost, name) for other, cost in costs if other == layout]
            assert sum(counts) == len(prices)
            for bar, (low, high) in enumerate(pairwise(spread.edges)):
                within = [low < price <= high or (not bar and price == low) for price in prices]
                assert counts[bar] == sum(within)


def test_bars_know_what_is_allowed_and_wide_axes_are_of_ratios():
    parameters, _, state = spreads(bars=6, space=SPACE, shape=SHAPE)
    assert (parameters.least, parameters.most) == (None, 5_000)
    assert (state.least, state.most) == (16_000, None)
    assert parameters.log
    assert parameters.allowed(0)
    assert not parameters.allowed(5)


def test_rows_hold_the_same():
    found = spreads(bars=6, space=SPACE, shape=SHAPE)
    points: Counter[tuple[object, object]] = Counter()
    for row in bars_of(found):
        points[row["quantity"], row["layout"]] += int(row["points"])
    assert points == {
        (each.quantity.value, name): sum(counts)
        for each in found
        for name, counts in each.counts.items()
    }


def test_one_price_is_one_bar():
    single = parse_space({"stem": {"width": 4}, "stages": [{"type": "C", "depth": 1, "width": 8}]})
    for spread in spreads(single, SHAPE):
        assert spread.edges[0] == spread.edges[1]
        assert list(spread.counts.values()) == [(1,)]
