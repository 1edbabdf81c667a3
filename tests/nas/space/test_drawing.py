"""Spaces drawn: a row a layout, one layout in full, and what cannot be drawn is said."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from coatnet.drawing import draw
from nas.errors import SpecError
from nas.space.candidate import Candidate, candidates
from nas.space.drawing import MOST_POINTS, draw_space, write_drawing
from nas.spec.file import load_spec
from nas.spec.study import StudySpec
from nas.study.records import DataShape

SHAPE = DataShape(image_size=28, channels=1, classes=10)
OPEN: dict[str, Any] = {
    "stem": {"width": 8},
    "head_size": 4,
    "stages": [
        {"type": "C", "depth": 1, "width": [8, 12], "stride": 1},
        {"type": ["C", "T"], "depth": {"from": 1, "to": 4}, "width": {"from": 8, "to": 48}},
    ],
}


def texts(svg: str) -> list[str]:
    return [e.text or "" for e in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_every_layout_of_the_quickstart_is_a_row():
    spec = load_spec("quickstart", ())
    drawing = draw_space(spec, SHAPE)
    assert drawing.left_out == ()
    words = texts(drawing.svg)
    names = [made.layout for made in candidates(spec, SHAPE)]
    assert [word for word in words if word in names] == [*names, *names]  # networks, prices
    assert "Layouts of quickstart" in words


def test_a_layout_alone_is_drawn_in_full():
    spec = load_spec("quickstart", ())
    (made,) = (m for m in candidates(spec, SHAPE) if m.layout == "C-T-T-T")
    assert isinstance(made, Candidate)
    found = draw_space(spec, SHAPE, layout="C-T-T-T").svg
    assert found == draw(made.config, title="C-T-T-T of quickstart")


def test_of_several_candidates_the_first_is_drawn():
    spec = StudySpec(name="a", space=OPEN)
    first = next(m for m in candidates(spec, SHAPE) if m.layout == "C-T")
    assert isinstance(first, Candidate)
    found = draw_space(spec, SHAPE, layout="C-T").svg
    assert found == draw(first.config, title="C-T of a")


def test_what_is_not_accepted_is_left_out_and_said():
    space = {
        "stem": {"width": 8},
        "head_size": 4,
        "stages": [{"depth": 1, "width": 8, "stride": 1}, {"depth": 1, "width": 16}],
        "layouts": {"C-C": {"depths": [1, 1]}, "C-T": {"depths": [1, [5, 6]]}},
        "match": {"parameters": 5_000, "within": 0.5},
    }
    spec = StudySpec(name="a", space=space)
    drawing = draw_space(spec, SHAPE)
    (sentence,) = drawing.left_out
    assert sentence.startswith("C-T: no point is accepted; the first: ")
    assert "C-T" not in texts(drawing.svg)
    assert "C-C" in texts(drawing.svg)
    with pytest.raises(SpecError, match="nothing to draw: C-T: no point is accepted"):
        draw_space(spec, SHAPE, layout="C-T")


def test_large_spaces_are_not_listed():
    # Only widths of 47 can be split into heads: of two such stages the first comes too late.
    space = {**OPEN, "head_size": 47, "stages": [*OPEN["stages"], OPEN["stages"][1]]}
    drawing = draw_space(StudySpec(name="a", space=space), SHAPE)
    assert {"C-C-C", "C-C-T"} <= set(texts(drawing.svg))
    (sentence,) = drawing.left_out
    assert sentence.startswith(f"C-T-T: none of its first {MOST_POINTS:,} points is accepted")


def test_an_unknown_layout_names_the_nearest():
    with pytest.raises(SpecError, match="--layout: no layout 'CCTT', did you mean 'C-C-T-T'"):
        draw_space(load_spec("quickstart", ()), SHAPE, layout="CCTT")


def test_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "deep" / "a.svg"
    write_drawing(path, "<svg>×</svg>")
    assert path.read_text(encoding="utf-8") == "<svg>×</svg>"
    with pytest.raises(UnicodeEncodeError):
        write_drawing(path, "half \udce9")
    assert path.read_text(encoding="utf-8") == "<svg>×</svg>"
    assert list(path.parent.iterdir()) == [path]
