"""A layout's interval and seeds, drawn to scale."""

import re
from xml.etree import ElementTree as ET

import pytest

from dashboards.band import EDGE, WIDTH, Scale, band


def test_scale_takes_in_all_and_keeps_their_order():
    scale = Scale.over([0.2, 0.9, 0.5])
    places = [scale.x(value) for value in (0.2, 0.5, 0.9)]
    assert places == sorted(places)
    assert places[0] > EDGE
    assert places[-1] < WIDTH - EDGE
    assert scale.x(0.55) == pytest.approx(WIDTH / 2, abs=0.1)


def test_equal_and_no_numbers_have_a_scale_too():
    assert Scale.over([0.5, 0.5]).x(0.5) == WIDTH / 2
    assert Scale.over([]).low < 0


def test_what_is_drawn():
    scale = Scale.over([0.0, 1.0])
    drawn = band(scale, color="#0072B2", score=0.5, ends=(0.4, 0.7), seeds=[0.4, 0.6, 0.5])
    root = ET.fromstring(str(drawn))
    assert root.get("aria-label") == "score 50.00%, interval 40.00% to 70.00%, 3 seeds"
    lines = [each for each in root if each.tag == "line"]
    assert float(lines[0].get("x1", 0)) == scale.x(0.4)
    assert float(lines[0].get("x2", 0)) == scale.x(0.7)
    assert [float(each.get("cx", 0)) for each in root if each.tag == "circle"] == [
        scale.x(each) for each in (0.4, 0.6, 0.5)
    ]


def test_one_seed_has_no_interval():
    drawn = band(Scale.over([0.5]), color="#000000", score=0.5, ends=None, seeds=[0.5])
    assert "interval" not in drawn
    assert len(re.findall("<line", drawn)) == 1
