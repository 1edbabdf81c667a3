"""Python's own way in: run a spec, get what reads it, take the best network."""

import pytest
import torch

import nas
from nas.errors import SpecError, StudyExistsError
from tests.nas.conftest import SMALL, SWEPT

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_run_gives_what_load_gives(folder):
    study = nas.run(SMALL, "search.seeds=1", "training.epochs=2", inline=True)
    assert study.folder.resolve() == folder / "studies" / "small"
    again = nas.load("small")
    for name in ("ranking", "trials", "epochs"):
        assert getattr(study, name).equals(getattr(again, name))
    assert list(study.trials["status"]) == ["finished"] * 2
    assert len(study.epochs) == 4
    with pytest.raises(StudyExistsError, match="nas resume studies/small"):
        nas.run(SMALL, inline=True)


def test_best_is_the_network_that_was_exported(finished):
    import coatnet

    network = nas.load(finished).best()
    assert not network.training
    images = torch.randn(3, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        logits = network(images)
        exported = coatnet.load(finished / "export" / "winner")(images)
    assert logits.shape == (3, 10)
    torch.testing.assert_close(logits, exported)


def test_a_spec_may_be_plain_values():
    space = {
        "stem": {"width": 4, "depth": 1},
        "head_size": 4,
        "stages": [{"depth": 1, "width": 4}, {"depth": 1, "width": 8}],
        "layouts": ["C-C"],
    }
    values = {
        "name": "plain",
        "space": space,
        "data": {"image_size": 16, "train": 40, "probe": 20, "evaluation": 20},
        "training": {"epochs": 2, "batch_size": 16},
        "search": {"seeds": 1},
        "tracking": {"uri": "off"},
    }
    study = nas.run(values, "training.epochs=3", inline=True)
    assert list(study.trials["epochs"]) == [3]
    assert values["training"] == {"epochs": 2, "batch_size": 16}, "the caller's own stays as it was"
    with pytest.raises(SpecError, match=r"training\.epocs: unknown key, did you mean 'epochs'"):
        nas.run({**values, "name": "b", "training": {"epocs": 2}}, inline=True)


def test_a_sweep_runs_too():
    short = ("search.seeds=1", "training.epochs=2", SWEPT[1])
    sweep = nas.run(SMALL, *short, inline=True)
    assert list(sweep.status()["status"]) == ["finished"] * 2
    assert list(sweep.ranking["value"].unique()) == ["48", "80"]


def test_the_package_says_its_version():
    assert nas.__version__[0].isdigit()
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        _ = nas.lode
