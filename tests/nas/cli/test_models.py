"""`nas export` and `nas predict`, as they are typed."""

import csv
import io
import json

import pytest
from PIL import Image
from sklearn.datasets import load_digits

from nas.cli.main import run
from nas.data.load import load
from nas.spec.file import load_spec
from tests.nas.conftest import SMALL

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def exported(finished, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported") / "m"
    assert run(["export", str(finished), "--to", str(folder), "--format", "onnx,pt2"]) == 0
    return folder


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i, digit in enumerate(load_digits().images[:5]):
        Image.fromarray((digit * 15.9).astype("uint8")).save(folder / f"{i}.png")
    return folder


def test_files_are_labelled_in_three_forms(exported, pictures, capsys):
    assert run(["predict", str(exported), str(pictures), "-o", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["file"] for row in rows] == [str(pictures / f"{i}.png") for i in range(5)]
    assert run(["predict", str(exported / "model.onnx"), str(pictures), "-o", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["predicted"] for each in found] == [row["predicted"] for row in rows]
    assert run(["predict", str(exported / "model.pt2"), str(pictures / "0.png")]) == 0
    assert rows[0]["predicted"] in capsys.readouterr().out


def test_files_of_the_evaluation_get_the_logits_that_training_had(exported, tmp_path):
    """Images that are bytes already, written as files: nothing is lost on the way."""
    from nas.export.predicting import open_model, pixels_of

    data = load(load_spec(str(SMALL)).data)
    files = [tmp_path / f"{i}.png" for i in range(len(data.evaluation.labels))]
    for file, image in zip(files, data.evaluation.images, strict=True):
        Image.fromarray(image[0]).save(file)
    model = open_model(exported)
    pixels, bad = pixels_of(files, model.preprocessing)
    assert bad == {}
    assert (pixels == data.evaluation.images).all()
    right = (model.logits(pixels).argmax(1) == data.evaluation.labels).mean()
    meta = json.loads((exported / "config.json").read_text())["metadata"]
    assert right == pytest.approx(meta["trial"]["evaluation_accuracy"])


def test_what_is_no_image_is_listed_and_the_exit_code_says_so(exported, pictures, capsys):
    (pictures / "bad.png").write_text("x")
    assert run(["predict", str(exported), str(pictures), "-o", "csv"]) == 1
    said = capsys.readouterr()
    assert len(list(csv.DictReader(io.StringIO(said.out)))) == 6
    assert "1 of 6 files cannot be read as images" in said.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--format", "pickle"], 2, "'pickle' is none of safetensors, pt2, onnx, timm, mlflow"),
        (["--trial", "1", "--layout", "C-C"], 2, "give one of both"),
        (["--layout", "X"], 4, "no layout X is ranked"),
    ],
)
def test_what_is_refused(finished, tmp_path, capsys, words, code, said):
    assert run(["export", str(finished), "--to", str(tmp_path / "m"), *words]) == code
    assert said in capsys.readouterr().err


def test_a_model_that_is_not_there(tmp_path, capsys):
    assert run(["predict", str(tmp_path), str(SMALL)]) == 4
    assert "no model" in capsys.readouterr().err
