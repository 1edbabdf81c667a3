"""A table of block times: what is measured of a space, how it is scaled, and that specs take it."""

import pytest

from nas.errors import SpecError
from nas.planning import block_times
from nas.planning.block_times import POINTS, check, measure_block_times, parts_of
from nas.space.candidate import Candidate, candidates
from nas.space.feasible import FeasibleSpace
from nas.space.part_times import Kind
from nas.space.sizing import network
from nas.spec.file import load_spec, spec_of_values
from nas.study.records import DataShape
from search_spaces.language.parse import parse_space
from tests.nas.conftest import SMALL
from tests.nas.space.test_part_times import PATCHES
from tests.nas.tiny import CPU

SHAPE = DataShape(image_size=16, channels=1, classes=10)


def small():
    return parse_space(load_spec(str(SMALL)).space)


def test_every_part_is_measured_once_as_it_is_in_networks(monkeypatch):
    found = {}

    def timed(subjects, device, *, turns, say):
        found.update({each.name: each for each in subjects})
        return tuple((1e-6 * place,) * turns for place in range(1, len(subjects) + 1))

    monkeypatch.setattr(block_times, "time_modules", timed)
    parts = parts_of(small(), SHAPE)
    made = measure_block_times(small(), SHAPE, CPU, turns=6)
    assert len(made.values["times"]) == len(parts) == len({part.name for part in parts})
    for part in parts:
        module = found[part.name].build()
        owner = {Kind.STEM: "Stem", Kind.BLOCK: "Stage", Kind.HEAD: "Head"}[part.kind]
        assert type(module).__name__ == owner
        assert found[part.name].input == (part.in_width, *part.in_size)


@pytest.mark.parametrize("values", [None, PATCHES])
def test_parts_run_one_after_another_are_the_network(values):
    """Shapes fit: what one part puts out is what the next was measured on."""
    import torch

    from nas.planning.block_times import _part
    from nas.space.part_times import _parts

    space = small() if values is None else parse_space(values)
    measured = {part.name for part in parts_of(space, SHAPE)}
    for point in space.points():
        config = network(point, SHAPE)
        x = torch.randn(1, config.in_channels, 16, 16)
        for times, part in _parts(config):
            assert part.name in measured
            for _ in range(times):
                subject = _part(part)
                assert x.shape == (1, *subject.input)
                x = subject.build().eval()(x)
        assert x.shape == (1, config.classes)


def test_sums_are_scaled_by_some_networks_and_held_to_others():
    found = check([10, 20, 30, 100, 100, 100], [20, 40, 90, 200, 250, 160])
    assert found.networks == 3
    assert found.scale == 2.0
    assert found.median_error == pytest.approx(0.2)
    assert found.worst_error == pytest.approx(0.25)


def test_the_table_has_scaled_times(monkeypatch):
    parts = len(parts_of(small(), SHAPE))

    def timed(subjects, device, *, turns, say):
        fastest = (1e-6 if k < parts else 1e-5 for k, _ in enumerate(subjects))
        return tuple((9 * each, each, 5 * each) for each in fastest)

    monkeypatch.setattr(block_times, "time_modules", timed)
    made = measure_block_times(small(), SHAPE, CPU, turns=6)
    taken = {int(each.split(" ")[0]) for each in made.values["times"]}
    assert taken == {round(1000 * made.checked.scale)}
    assert made.checked.scale == pytest.approx(10 / 4)  # stem, two blocks, head
    assert (made.checked.networks, made.checked.worst_error) == (POINTS, 0.0)
    assert "off the time of 10 whole networks by 0.0% in the median" in made.words()


def test_too_many_parts_are_refused(monkeypatch):
    monkeypatch.setattr(block_times, "MOST_PARTS", 3)
    with pytest.raises(
        SpecError, match=r"^space: its networks have \d+ different parts, more than"
    ):
        parts_of(small(), SHAPE)


@pytest.mark.slow
def test_a_real_table_limits_the_latency_of_a_space():
    values = measure_block_times(small(), SHAPE, CPU, turns=3).values
    spec = load_spec(str(SMALL))
    plain = {"name": "small", "data": {"image_size": 16}}
    space = {**spec.space, "latency": values}
    both = [
        made.nanoseconds
        for made in candidates(spec_of_values({**plain, "space": space}), SHAPE)
        if isinstance(made, Candidate)
    ]
    assert len(both) == 2
    assert all(0 < each < 10**9 for each in both)
    limit = {"budget": {"latency": f"<={min(both)}ns"}}
    limited = parse_space({**space, **limit})
    counted = FeasibleSpace(limited, SHAPE).count().feasible.value
    assert counted == both.count(min(both))
