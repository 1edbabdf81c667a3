"""`nas space draw`, whose drawing is data on standard output or a file, and `nas validate`."""

import json
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from nas.cli.main import run
from nas.driver.images import load_images
from tests.nas.conftest import SMALL


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
    assert run(["space", "draw", "quickstart", "space.match={parameters: 83k, within: 0.05}"]) == 0
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


@pytest.mark.slow
def test_networks_of_other_families_are_listed_last(capsys):
    baseline = "baselines=[{network: timm/test_vit, label: ViT, options: {patch_size: 7}}]"
    assert run(["space", "list", "quickstart", baseline, "--output", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [row["label"] for row in listed][-2:] == ["ViT_REL", "ViT"]
    assert listed[-1]["types"] == "timm/test_vit"
    assert listed[-1]["parameters"] == 255_498
    assert listed[-1]["depths"] == ""


@pytest.mark.slow
@pytest.mark.parametrize("command", [["validate"], ["space", "list"]])
def test_one_that_does_not_exist_is_one_line(capsys, command):
    assert run([*command, "quickstart", "baselines=[timm/test_vitt]"]) == 2
    assert capsys.readouterr().err == (
        "nas: command line: baselines.0.network: timm has no network 'test_vitt', did you mean "
        "'test_vit'?\n"
    )


OTHER_SPLIT = "fine_tune={data: {image_size: 24, evaluation: 500, split_seed: 1}}"


@pytest.mark.slow
def test_a_fine_tuning_on_the_same_source_says_what_neither_task_trains_on(capsys):
    assert run(["validate", str(SMALL), OTHER_SPLIT]) == 0
    notes = capsys.readouterr().err.splitlines()
    assert len(notes) == 2
    assert notes[0].endswith("set apart, since fine_tune.data evaluates on them")
    assert run(["validate", str(SMALL), OTHER_SPLIT, "data.train=1700"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("nas: data.train: 1700 images asked of digits, which has 1")
    assert "that the study's other task evaluates on" in line


def test_every_set_of_a_sweep_is_counted_and_listed(capsys):
    sweep = "sweep={key: size, sets: {small: {}, wide: {space.stages.0.width: [16, 24]}}}"
    assert run(["space", "count", "quickstart", sweep, "-o", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["set"] for row in rows] == ["small", "wide"]
    assert all(row["feasible"] == row["likely_low"] == row["likely_high"] for row in rows)
    assert run(["space", "list", "quickstart", sweep, "-n", "2", "-o", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [row["set"] for row in listed] == ["small"] * 2 + ["wide"] * 2


def test_the_bars_of_the_drawing_are_data_too(capsys):
    for output in ("json", "csv"):
        assert run(["space", "draw", "quickstart", "-o", output]) == 0
        printed = capsys.readouterr().out
        if output == "json":
            rows = json.loads(printed)
            assert {row["quantity"] for row in rows} == {"parameters", "macs"}
            assert {row["points"] for row in rows} == {1}
        else:
            assert printed.startswith("quantity,layout,low,high,points\n")
            assert len(printed.splitlines()) == len(rows) + 1


def test_an_empty_space_names_the_line_that_emptied_it(capsys, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "space:\n"
        "  stem: {width: 8}\n"
        "  stages:\n"
        "    - {type: C, depth: [1, 2], width: 8}\n"
        "  budget:\n"
        "    parameters: '<=100'\n"
        "data: {source: digits}\n"
    )
    assert run(["space", "count", str(path)]) == 2
    assert "mine.yaml:6: space.budget.parameters: leaves no network" in capsys.readouterr().err


def pictures(root, classes=("a", "b"), count=12):
    for label, name in enumerate(classes):
        (root / name).mkdir(parents=True)
        for number in range(count):
            pixels = np.random.default_rng((label, number)).integers(0, 255, (32, 32, 3), np.uint8)
            Image.fromarray(pixels).save(root / name / f"{number}.png")


def folder_of(root):
    return ["data.source=folder", f"data.path={root}", "data.train=null", "data.evaluation=null"]


@pytest.mark.slow
def test_validate_says_what_the_images_are(tmp_path, capsys):
    pictures(tmp_path / "train")
    (tmp_path / "train" / "a" / "x.heic").touch()
    assert run(["validate", str(SMALL), *folder_of(tmp_path)]) == 0
    out, err = capsys.readouterr()
    first, last = out.splitlines()
    assert first == (
        "data: 16 images to train on, 8 to evaluate on, 2 classes, 16 pixels, none unreadable"
    )
    assert " trials, " in last
    assert "note: train/ is trained on, but for a part of it" in err
    assert f"note: {tmp_path}: files that are not used: 1 .heic" in err


@pytest.mark.slow
def test_validate_refuses_what_a_search_refuses_at_once(tmp_path, capsys):
    pictures(tmp_path)
    (tmp_path / "a" / "0.png").write_bytes(b"no image")
    (tmp_path / "a" / "1.png").write_bytes(b"no image")
    words = []
    for command in (["validate"], ["search", "--inline", "--study", str(tmp_path / "s")]):
        assert run([command[0], str(SMALL), *command[1:], *folder_of(tmp_path)]) == 1
        words.append(capsys.readouterr().err)
    assert words[0] == words[1]
    assert words[0].startswith("nas: 2 of 24 images cannot be read, more than data.max_bad 0.01")


def test_validate_refuses_a_password_as_a_search_does(tmp_path, capsys):
    words = []
    for command in (["validate"], ["search", "--inline", "--study", str(tmp_path / "s")]):
        uri = "tracking.uri=http://me:canary@127.0.0.1:1"
        assert run([command[0], str(SMALL), *command[1:], uri]) == 2
        words.append(capsys.readouterr().err)
    assert words[0] == words[1]
    assert "canary" not in words[0]
    assert not (tmp_path / "s").exists()


@pytest.mark.slow
def test_validate_loads_the_images_of_a_sweep_once(monkeypatch, capsys):
    loads = []

    def counted(*given, **more):
        loads.append(given)
        return load_images(*given, **more)

    monkeypatch.setattr("nas.driver.images.load_images", counted)
    sweep = "sweep={key: training.epochs, values: [2, 3]}"
    assert run(["validate", str(SMALL), sweep]) == 0
    assert len(loads) == 1
    assert len(capsys.readouterr().out.splitlines()) == 3
