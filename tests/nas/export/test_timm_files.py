"""timm's network is filled with our weights, by lines that need nothing of ours."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from coatnet import CoAtNet
from coatnet.config import PoolType, RelativeBias, StemConfig
from nas.errors import SpecError
from nas.export.timm_files import load_timm, save_timm
from tests.nas.export.models import BATCHES, expected, images, network

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder, model = tmp_path_factory.mktemp("timm"), network()
    save_timm(model, model.config, folder)
    return model, folder


@pytest.mark.parametrize("batch", BATCHES)
def test_logits_are_those_of_the_network(made, batch):
    model, folder = made
    with torch.no_grad():
        found = load_timm(folder)((torch.from_numpy(images(batch)) / 255 - 0.3) / 0.32).numpy()
    np.testing.assert_allclose(found, expected(model, images(batch)), atol=1e-4, rtol=0)


def test_the_lines_that_go_out_need_nothing_of_ours(made):
    _, folder = made
    program = (
        "import sys; from nas.networks.libraries import import_library; import_library('timm');"
        "[sys.modules.pop(name) for name in list(sys.modules)"
        " if name.partition('.')[0] in ('nas', 'coatnet', 'search_spaces')];"
        "sys.meta_path.insert(0, type('No', (), {'find_spec': staticmethod(lambda name, *_:"
        " sys.exit(name) if name.partition('.')[0] in ('nas', 'coatnet') else None)})());"
        "sys.path.insert(0, '.'); import timm_model; print(type(timm_model.load()).__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "MaxxVit"), done.stderr


@pytest.mark.parametrize(
    "change",
    [
        {"stem": StemConfig(width=8, depth=1)},
        {"stem": StemConfig(width=8, depth=3)},
        {"pool": PoolType.AVERAGE, "pool_size": 3, "relative_bias": RelativeBias.POST},
    ],
    ids=["one stem layer", "three", "another bias"],
)
def test_what_timm_cannot_express_is_refused_and_nothing_written(tmp_path, change):
    config = replace(network().config, **change)
    with pytest.raises(SpecError, match="timm's MaxxVit cannot express this layout"):
        save_timm(CoAtNet(config), config, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_first_stage_of_stride_one_is_refused(tmp_path):
    config = network().config
    first, *others = config.stages
    config = replace(config, stages=(replace(first, stride=1), *others))
    with pytest.raises(SpecError, match="halves the resolution"):
        save_timm(CoAtNet(config), config, tmp_path)


def test_damaged_files_are_one_line(made, tmp_path):
    with pytest.raises(SpecError, match="not read"):
        load_timm(tmp_path)
    (tmp_path / "timm.json").write_text("{}")
    with pytest.raises(SpecError, match="not read"):
        load_timm(tmp_path)
