"""What the report says of fronts: one seed has no interval, and a hollow marker is open."""

from nas.ranking.hypervolume import Finish, growth
from nas.ranking.pareto import Fronts, claimed_front, estimated_front
from nas.report.fronts import front_sections
from nas.spec.choices import Metric, Price
from tests.nas.rankings import ranking

COSTS = {"A": {Price.MACS: 9e6}, "B": {Price.MACS: 3e6}}


def test_captions_say_what_is_known_and_where_the_reference_point_is():
    front = estimated_front(
        {"A": {0: 0.9}, "B": {0: 0.8}}, {"A": "C", "B": "C"}, COSTS, [Price.MACS],
        metric=Metric.ACCURACY, alpha=0.05,
    )  # fmt: skip
    ended = [Finish(trial="a", trials=1, epochs=3)]
    grown = growth(ended, {"a": ("A", 0.9)}, {"A": 9e6}, price=Price.MACS)
    drawn, curve = front_sections(Fronts(fronts=(front,), growth=grown, why="it was asked for"))
    assert "one seed each has no interval" in drawn.caption
    assert "Shown since it was asked for." in drawn.caption
    assert "The reference point is score 0 at 9.9M." in curve.caption


def test_markers_of_what_is_open_are_hollow():
    front = claimed_front(ranking("A ? B"), {}, COSTS, [Price.MACS])
    (drawn,) = front_sections(Fronts(fronts=(front,), growth=None, why="so"))
    *_, on = drawn.figure.data
    assert list(on.text) == ["B", "A"]
    assert list(on.marker.color) == ["#0072B2", "#ffffff"]
