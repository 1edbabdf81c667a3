"""Programs give the network's logits for any number of images, and hold no pickle."""

import zipfile

import numpy as np
import pytest
import torch

from nas.errors import SpecError
from nas.export.portable import load_onnx, load_pt2, portable, save_onnx, save_pt2
from tests.nas.export.models import BATCHES, PREPROCESSING, expected, images, network

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The network, and the folder with both programs."""
    folder, model = tmp_path_factory.mktemp("portable"), network()
    module = portable(model, PREPROCESSING)
    save_pt2(module, PREPROCESSING, folder / "model.pt2")
    save_onnx(module, PREPROCESSING, folder / "model.onnx")
    return model, folder


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize(("name", "load"), [("model.pt2", load_pt2), ("model.onnx", load_onnx)])
def test_logits_are_those_of_the_network(made, batch, name, load):
    model, folder = made
    found = load(folder / name)(images(batch))
    assert found.shape == (batch, 10)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected(model, images(batch)), atol=1e-4, rtol=0)


def test_normalization_is_that_of_training():
    from nas.data.on_device import Normalize

    model = network()
    mean, std = torch.tensor(0.3).view(1, 1, 1, 1), torch.tensor(0.32).view(1, 1, 1, 1)
    normalize = Normalize(scale=1 / (255 * std), shift=-mean / std)
    pixels = torch.from_numpy(images(7))
    with torch.no_grad():
        trained, ours = model(normalize(pixels)), portable(model, PREPROCESSING)(pixels)
    torch.testing.assert_close(ours, trained, atol=1e-5, rtol=0)


def test_the_archive_of_torch_has_no_pickle(made):
    _, folder = made
    with zipfile.ZipFile(folder / "model.pt2") as archive:
        for name in archive.namelist():
            content = archive.read(name)
            assert not content.startswith((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"PK"))


def copied(source, target, *, add=(), change=None):
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info.filename, change(info.filename, content) if change else content)
        for name, content in add:
            new.writestr(name, content)


def test_archives_that_may_hold_pickles_are_not_read(made, tmp_path, monkeypatch):
    _, folder = made
    monkeypatch.setattr(torch.export, "load", lambda _path: pytest.fail("it was read"))
    good, bad = folder / "model.pt2", tmp_path / "model.pt2"

    def pickled(name, content):
        if name.endswith("_weights_config.json"):
            return content.replace(b'"use_pickle": false', b'"use_pickle": true', 1)
        return content

    def inputs(name, content):
        return b"\x80\x04N." if name.endswith("sample_inputs/model.pt") else content

    changes = [
        {"add": [("model/data/extra/evil.pt", b"\x80\x04N.")]},
        {"add": [("model/data/aotinductor/model/evil.so", b"\x7fELF")]},
        {"add": [("model/data/weights/weight_9999", b"\x80\x04N.")]},
        {"change": pickled},
        {"change": inputs},
    ]
    for each in changes:
        copied(good, bad, **each)
        with pytest.raises(SpecError, match="a pickle can run any program"):
            load_pt2(bad)


@pytest.mark.parametrize("load", [load_pt2, load_onnx])
@pytest.mark.parametrize("content", [b"", b"no program", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_program_is_said_in_one_line(tmp_path, load, content):
    (tmp_path / "model").write_bytes(content)
    with pytest.raises(SpecError) as refused:
        load(tmp_path / "model")
    assert str(tmp_path / "model") in str(refused.value)
