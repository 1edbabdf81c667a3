"""Labels of files are those that training's evaluation would give, by whatever file of a model."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

import coatnet
from nas.errors import NotFoundError, SpecError
from nas.export.portable import portable, save_onnx, save_pt2
from nas.export.predicting import image_files, open_model, pixels_of, predict
from nas.export.timm_files import save_timm
from tests.nas.export.models import PREPROCESSING, images, network

pytestmark = pytest.mark.slow
FILES = ("model.safetensors", "model.onnx", "model.pt2", "timm.safetensors")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder of all formats, and forty digits as files."""
    folder, model = tmp_path_factory.mktemp("model"), network()
    module = portable(model, PREPROCESSING)
    coatnet.save(model, folder, metadata={}, card="# card")
    save_pt2(module, PREPROCESSING, folder / "model.pt2")
    save_onnx(module, PREPROCESSING, folder / "model.onnx")
    save_timm(model, model.config, folder)
    (folder / "preprocessing.json").write_text(json.dumps(PREPROCESSING.to_json()))
    pictures = tmp_path_factory.mktemp("pictures")
    for i, image in enumerate(images(70)):
        Image.fromarray(image[0]).save(pictures / f"{i:03d}.png")
    return folder, pictures, module


@pytest.mark.parametrize("name", FILES)
def test_every_file_gives_the_same_labels(made, name):
    folder, pictures, module = made
    with torch.no_grad():
        logits = module(torch.from_numpy(images(70))).double()
    shares = logits.softmax(1).numpy()
    found = list(predict(open_model(folder / name), image_files([pictures])))
    assert [each.predicted for each in found] == [str(each) for each in shares.argmax(1)]
    np.testing.assert_allclose([each.probability for each in found], shares.max(1), atol=1e-4)
    runner_up = np.sort(shares, axis=1)[:, -2]
    np.testing.assert_allclose([each.runner_up_probability for each in found], runner_up, atol=1e-4)


def test_of_a_folder_the_first_that_is_there_is_taken(made, tmp_path):
    folder, _, _ = made
    assert open_model(folder).file.name == "model.safetensors"
    (tmp_path / "preprocessing.json").write_text(json.dumps(PREPROCESSING.to_json()))
    (tmp_path / "model.onnx").write_bytes((folder / "model.onnx").read_bytes())
    assert open_model(tmp_path).file.name == "model.onnx"


def test_files_are_turned_stretched_and_counted_as_training_does(tmp_path):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (20, 30, 3), dtype=np.uint8)
    upright, turned = Image.fromarray(pixels), Image.fromarray(np.rot90(pixels).copy())
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    upright.save(tmp_path / "a.png")
    turned.save(tmp_path / "b.png", exif=exif)
    found, bad = pixels_of([tmp_path / "a.png", tmp_path / "b.png"], PREPROCESSING)
    assert bad == {}
    assert found.shape == (2, 1, 64, 64)
    assert (found[0] == found[1]).all()
    gray = np.asarray(upright.resize((64, 64), Image.Resampling.BILINEAR).convert("L"))
    assert np.abs(found[0, 0].astype(int) - gray).max() <= 1


def test_what_is_no_image_is_said_and_the_others_are_labelled(made, tmp_path):
    folder, pictures, _ = made
    (tmp_path / "bad.png").write_text("no image")
    files = [pictures / "000.png", tmp_path / "bad.png", pictures / "001.png"]
    first, bad, second = predict(open_model(folder), files)
    assert first.predicted
    assert second.predicted
    assert (bad.predicted, bad.unreadable) == (None, "cannot identify image")


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(NotFoundError, match="no model; `nas export"):
        open_model(tmp_path)
    with pytest.raises(NotFoundError, match="no such model"):
        open_model(tmp_path / "model.onnx")
    (tmp_path / "model.bin").write_bytes(b"x")
    with pytest.raises(SpecError, match="must be one of"):
        open_model(tmp_path / "model.bin")
    with pytest.raises(NotFoundError, match="no image in it"):
        image_files([tmp_path])
    with pytest.raises(NotFoundError, match="no such file"):
        image_files([tmp_path / "x.png"])


def test_a_model_of_other_classes_is_refused(made, tmp_path):
    folder, pictures, _ = made
    values = {**PREPROCESSING.to_json(), "class_names": ["a", "b"]}
    (tmp_path / "preprocessing.json").write_text(json.dumps(values))
    (tmp_path / "model.onnx").write_bytes((folder / "model.onnx").read_bytes())
    with pytest.raises(SpecError, match="10 logits for 2 classes"):
        list(predict(open_model(tmp_path), image_files([pictures / "000.png"])))
