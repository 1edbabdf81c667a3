"""Folders of networks: what comes back, and what is refused."""

import json
import pickle

import pytest
import torch
from safetensors.torch import load_file, save_file

import coatnet
from coatnet import create, load, load_metadata, save


@pytest.fixture
def saved(tiny, tmp_path):
    """A network whose running statistics moved, and its folder."""
    model = create(tiny(drop_path=0.3), seed=0).to(memory_format=torch.channels_last)
    model(torch.rand(4, 2, 20, 20))
    folder = tmp_path / "new" / "model"
    save(model, folder, metadata={"dataset": "digits", "accuracy": 0.5}, card="# Card\n")
    return model.eval(), folder


def test_the_same_network_comes_back(saved):
    model, folder = saved
    loaded = load(folder)
    assert not loaded.training
    assert loaded.config == model.config
    loaded.to(memory_format=torch.channels_last)  # where the model's weights lie, for equal bits
    images_bchw = torch.rand(3, 2, 20, 20)
    assert torch.equal(loaded(images_bchw), model(images_bchw))
    assert load_metadata(folder) == {"dataset": "digits", "accuracy": 0.5}
    assert (folder / "README.md").read_text() == "# Card\n"


def test_nothing_else_is_left_in_the_folder(saved):
    model, folder = saved
    save(model, folder)  # again, over the first
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md",
        "config.json",
        "model.safetensors",
    ]
    assert load_metadata(folder) == {}
    assert "C-C-T-T" in (folder / "README.md").read_text()


def test_a_failed_write_leaves_the_old_file(saved, monkeypatch):
    model, folder = saved
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        save(model, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_loading_draws_no_random_numbers(saved):
    state = torch.get_rng_state()
    load(saved[1])
    assert torch.equal(torch.get_rng_state(), state)


def test_config_file_is_plain(saved):
    model, folder = saved
    description = json.loads((folder / "config.json").read_text())
    assert description["format"] == 1
    assert description["architecture"] == model.config.to_dict()


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_missing_file_is_named(saved, name):
    (saved[1] / name).unlink()
    with pytest.raises(FileNotFoundError, match=name):
        load(saved[1])


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("{", "is not JSON"),
        ("[]", "must have format 1, not None"),
        ('{"format": 2, "architecture": {}, "metadata": {}}', "must have format 1, not 2"),
        ('{"format": 1, "metadata": {}}', "must have a mapping 'architecture'"),
        ('{"format": 1, "architecture": {}}', "must have a mapping 'metadata'"),
        ('{"format": 1, "architecture": {}, "metadata": {}}', "misses the keys"),
    ],
)
def test_other_descriptions_are_refused(saved, content, rule):
    (saved[1] / "config.json").write_text(content)
    with pytest.raises(ValueError, match=rule) as caught:
        load(saved[1])
    assert "\n" not in str(caught.value)
    assert "config.json" in str(caught.value)


def test_an_architecture_of_wrong_types_is_refused(saved):
    path = saved[1] / "config.json"
    description = json.loads(path.read_text())
    for key, value in (("classes", "5"), ("stages", None), ("drop_path", "high"), ("stem", 3)):
        changed = {**description, "architecture": {**description["architecture"], key: value}}
        path.write_text(json.dumps(changed))
        with pytest.raises(ValueError, match=r"config\.json"):
            load(saved[1])


def test_a_pickle_is_refused_and_not_run(saved, tmp_path):
    class Harm:
        def __reduce__(self):
            return (open, (str(tmp_path / "harm"), "w"))

    (saved[1] / "model.safetensors").write_bytes(pickle.dumps(Harm()))
    with pytest.raises(ValueError, match="is not a safetensors file") as caught:
        load(saved[1])
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "harm").exists()


def change(tensors, name, tensor):
    return {**tensors, name: tensor}


@pytest.mark.parametrize(
    ("edit", "rule"),
    [
        (lambda t: {n: t[n] for n in t if n != "stem.0.bias"}, "misses 1 tensors.*stem.0.bias"),
        (lambda t: change(t, "extra", torch.zeros(1)), "has 1 tensors too many: extra"),
        (lambda t: change(t, "stem.0.bias", torch.zeros(5)), r"must be \(4,\) of torch.float32"),
        (lambda t: change(t, "stem.0.bias", torch.zeros(4).half()), "not .* of torch.float16"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(saved, edit, rule):
    path = saved[1] / "model.safetensors"
    save_file(edit(load_file(path)), path)
    with pytest.raises(ValueError, match=rule) as caught:
        load(saved[1])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("metadata", [{"x": object()}, {"x": float("nan")}])
def test_metadata_that_is_not_json_writes_nothing(tiny, tmp_path, metadata):
    with pytest.raises(ValueError, match="metadata must be plain JSON values"):
        coatnet.save(create(tiny(), seed=0), tmp_path / "model", metadata=metadata)
    assert not (tmp_path / "model").exists()
