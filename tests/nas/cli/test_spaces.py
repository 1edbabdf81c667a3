"""`nas space draw`: the drawing is data on standard output, or a file whose path is printed."""

from xml.etree import ElementTree as ET

import pytest

from nas.cli.main import run


def test_the_drawing_goes_to_standard_output(capsys):
    assert run(["space", "draw", "quickstart"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert ET.fromstring(captured.out).tag.endswith("svg")


def test_or_to_a_file(capsys, tmp_path):
    path = tmp_path / "deep" / "one.svg"
    for _ in range(2):
        arguments = ["space", "draw", "quickstart", "--layout", "ViT_REL", "--to", str(path)]
        assert run(arguments) == 0
        assert capsys.readouterr() == (f"{path}\n", "")
    assert "ViT_REL of quickstart" in path.read_text(encoding="utf-8")


def test_overrides_are_drawn(capsys):
    drawings = []
    for overrides in ((), ("space.stages.0.width=24", "space.match.within=0.9")):
        assert run(["space", "draw", "quickstart", *overrides]) == 0
        drawings.append(capsys.readouterr().out)
    assert "1 × 24" in drawings[1]
    assert drawings[0] != drawings[1]


def test_layouts_left_out_are_said_on_standard_error(capsys):
    assert run(["space", "draw", "quickstart", "space.match.parameters=165k"]) == 0
    captured = capsys.readouterr()
    assert ET.fromstring(captured.out).tag.endswith("svg")
    lines = captured.err.splitlines()
    assert lines
    assert all(line.startswith("note: left out ") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["quickstart", "--layout", "CCTT"], "did you mean 'C-C-T-T'"),
        (["quickstart", "space.match.parameters=10k"], "nothing to draw"),
        (["quickstart", "--to", "."], "--to"),
    ],
)
def test_refused_in_one_line(arguments, names, capsys):
    assert run(["space", "draw", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert names in line
