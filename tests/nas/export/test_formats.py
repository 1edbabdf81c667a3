"""Each format has its writer, and every writer its file."""

import pytest

from nas.export.formats import WRITERS, Export, Format
from tests.nas.export.models import PREPROCESSING, network


@pytest.mark.slow
def test_each_writes_its_files_and_no_others(tmp_path):
    model = network()
    files = {
        Format.PT2: {"model.pt2"},
        Format.ONNX: {"model.onnx"},
        Format.TIMM: {"timm.safetensors", "timm.json", "timm_model.py"},
    }
    assert files.keys() == WRITERS.keys()
    for name, write in WRITERS.items():
        folder = tmp_path / name
        folder.mkdir()
        write(Export(model=model, preprocessing=PREPROCESSING, folder=folder, study="id"))
        assert {each.name for each in folder.iterdir()} == files[name]


def test_the_others_are_written_elsewhere():
    assert set(Format) - WRITERS.keys() == {Format.SAFETENSORS, Format.MLFLOW}
