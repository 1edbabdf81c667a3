"""Folders of networks: what comes back, and what is refused."""

import inspect
import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

import coatnet
from coatnet import VIT_REL, CoAtNet, create, load, load_metadata, save
from coatnet.config import changed


@pytest.fixture
def saved(tiny, tmp_path):
    """A network whose running statistics moved, and its folder."""
    model = create(tiny(drop_path=0.3), seed=0).to(memory_format=torch.channels_last)
    model(torch.rand(4, 2, 20, 20))
    folder = tmp_path / "new" / "model"
    save(model, folder, metadata={"dataset": "digits", "accuracy": 0.5}, card="# Card\n")
    return model.eval(), folder


def test_who_may_read_it_the_umask_says(tiny, tmp_path):
    before = os.umask(0o027)
    try:
        save(create(tiny(), seed=0), tmp_path / "model")
    finally:
        os.umask(before)
    found = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "model").iterdir()}
    assert found == {"model.safetensors": 0o640, "config.json": 0o640, "README.md": 0o640}


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


@pytest.mark.parametrize("name", ["pytorch_model.bin", "last.ckpt", "net.PT", "x.pth", "x.pkl"])
def test_pickles_are_named_and_not_read(saved, name):
    (saved[1] / "model.safetensors").rename(saved[1] / name)
    with pytest.raises(FileNotFoundError) as caught:
        load(saved[1])
    for said in (name, "are never read", "safetensors.torch.save_file"):
        assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def header(text, data=b""):
    return len(text).to_bytes(8, "little") + text.encode() + data


def one(shape, start, end, name="a", dtype="F32"):
    return f'"{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{start},{end}]}}'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 7,
        b"\xff" * 8,  # a header of 2^64 - 1 bytes
        (10**6).to_bytes(8, "little") + b"{}",  # longer than the file
        header("not JSON"),
        header("[" * 10_000),
        header("{" + one([2], 0, 8) + "}", b"\0" * 7),  # truncated
        header("{" + one([2], 0, 8) + "}", b"\0" * 9),
        header("{" + one([2], 0, 4) + "}", b"\0" * 4),  # a shape of more bytes than given
        header("{" + one([2**62, 4], 0, 0) + "}"),
        header("{" + one([-1], 0, 4) + "}", b"\0" * 4),
        header("{" + one([1], 0, 4) + "," + one([1], 0, 4, "b") + "}", b"\0" * 4),  # overlapping
        header("{" + one([1], 0, 4, dtype="object") + "}", b"\0" * 4),
    ],
)
def test_broken_files_are_refused_in_one_line(saved, content):
    path = saved[1] / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"model\.safetensors is not a safetensors file") as caught:
        load(saved[1])
    assert "\n" not in str(caught.value)


def test_a_truncated_file_is_refused(saved):
    path = saved[1] / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="is not a safetensors file"):
        load(saved[1])


def test_a_header_beyond_reason_is_not_read(saved):
    with (saved[1] / "model.safetensors").open("wb") as file:
        file.write((200_000_000).to_bytes(8, "little"))
        file.truncate(300_000_000)  # takes no space
    with pytest.raises(ValueError, match="is not a safetensors file"):
        load(saved[1])


def test_a_config_beyond_reason_is_not_read(saved):
    path = saved[1] / "config.json"
    path.write_text("[" * 100_000)
    with pytest.raises(ValueError, match="is not JSON"):
        load(saved[1])
    with path.open("wb") as file:
        file.truncate(2**24 + 1)
    with pytest.raises(ValueError, match="must have at most 16,777,216 bytes"):
        load(saved[1])


def test_a_config_of_a_million_blocks_is_not_built(saved):
    path = saved[1] / "config.json"
    description = json.loads(path.read_text())
    description["architecture"]["stages"][2]["depth"] = 10**9
    path.write_text(json.dumps(description))
    with pytest.raises(ValueError, match="tensors, too few for 1000000003 blocks"):
        load(saved[1])


# ----- what is not written


def test_a_network_without_weights_is_not_saved(tiny, tmp_path):
    with torch.device("meta"):
        model = create(tiny())
    with pytest.raises(ValueError, match="on the meta device: there are no weights to save"):
        save(model, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_network_changed_behind_its_config_is_not_saved(saved):
    model, folder = saved
    model.head.classifier = torch.nn.Linear(16, 7)
    with pytest.raises(ValueError, match=r"head.classifier.* is \(7, 16\) where .* says \(5, 16\)"):
        save(model, folder)
    model.head.classifier = torch.nn.Identity()
    with pytest.raises(ValueError, match=r"misses 2 tensors .*head\.classifier\.bias"):
        save(model, folder)


# ----- memory


def test_no_parameter_lies_in_the_file(saved):
    model, folder = saved
    loaded = load(folder)
    path = folder / "model.safetensors"
    with path.open("r+b") as file:  # in place: what is mapped from it would change
        file.write(b"\0" * path.stat().st_size)
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)


def test_parameters_can_be_trained(saved):
    loaded = load(saved[1])
    assert all(p.requires_grad and p.is_leaf and not p.is_meta for p in loaded.parameters())
    assert len({p.data_ptr() for p in loaded.parameters()}) == len(list(loaded.parameters()))


def test_other_default_devices_change_nothing(saved):
    with torch.device("meta"):
        loaded = load(saved[1], image_size=24, classes=3)
    tensors = (*loaded.parameters(), *loaded.buffers())
    assert {tensor.device.type for tensor in tensors} == {"cpu"}


def test_without_memory_all_shapes_are_as_with(tiny):
    with torch.device("meta"):
        blank = create(tiny())
    model = create(tiny(), seed=0)
    shapes = {name: buffer.shape for name, buffer in model.named_buffers()}
    assert {name: buffer.shape for name, buffer in blank.named_buffers()} == shapes
    assert all(buffer.is_meta for buffer in blank.buffers())


# ----- types


def test_half_precision_is_converted_only_when_asked(saved):
    model, folder = saved
    model.bfloat16()
    save(model, folder)
    with pytest.raises(ValueError, match=r"of torch.bfloat16 \(give load a dtype to convert\)"):
        load(folder)
    for dtype in (torch.float32, torch.bfloat16, torch.float64):
        loaded = load(folder, dtype=dtype, image_size=24, classes=3)
        floats = [t for t in loaded.state_dict().values() if t.is_floating_point()]
        assert {tensor.dtype for tensor in floats} == {dtype}
        assert loaded.stem[1].num_batches_tracked.dtype == torch.int64
        for name, tensor in loaded.state_dict().items():
            if "classifier" not in name:
                assert torch.equal(tensor, model.state_dict()[name].to(tensor.dtype))
    loaded = load(folder, dtype=torch.bfloat16)
    images_bchw = torch.rand(3, 2, 20, 20, dtype=torch.bfloat16)
    loaded.to(memory_format=torch.channels_last)
    assert torch.equal(loaded(images_bchw), model(images_bchw))


@pytest.mark.parametrize("dtype", [torch.int64, torch.complex64, torch.float8_e4m3fn])
def test_other_types_are_refused(saved, dtype):
    with pytest.raises(ValueError, match="dtype must be one of"):
        load(saved[1], dtype=dtype)


def test_whole_numbers_are_not_converted(saved):
    path = saved[1] / "model.safetensors"
    tensors = load_file(path)
    save_file(change(tensors, "stem.0.bias", torch.zeros(4).int()), path)
    with pytest.raises(
        ValueError, match=r"stem.0.bias must be \(4,\) of torch.float32, not .* I32$"
    ):
        load(saved[1], dtype=torch.float32)


# ----- other image sizes

SIZES = [
    ({}, 28),
    ({}, (20, 36)),
    ({}, 12),
    ({"layout": VIT_REL}, 30),
    ({"layout": VIT_REL}, (25, 15)),
    ({"layout": "C-T-C-T"}, 28),
    ({"relative_bias": "post"}, 28),
    ({"relative_bias": "none"}, 28),
    ({"attention": "window", "window": 4}, 44),
    ({"attention": "linear", "relative_bias": "none"}, 28),
    ({"bias_image_size": 24}, 28),
]


def sides(size):
    return (size, size) if isinstance(size, int) else size


def trained(config):
    """A network whose tables are far from zero and whose running statistics moved."""
    model = create(config, seed=0)
    for name, parameter in model.named_parameters():
        if name.endswith("table"):
            parameter.data.mul_(30)
    model(torch.rand(4, 2, *sides(config.image_size)))
    return model.eval()


@pytest.mark.parametrize(("changes", "size"), SIZES)
def test_another_image_size_keeps_the_parameters(tiny, tmp_path, changes, size):
    model = trained(tiny(**changes))
    save(model, tmp_path)
    loaded = load(tmp_path, image_size=size)
    stored_for = changes.get("bias_image_size", 20)
    assert loaded.config == changed(model.config, image_size=size, bias_image_size=stored_for)
    assert loaded.state_dict().keys() == model.state_dict().keys()
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)
    expected = create(loaded.config, seed=1).eval()
    expected.load_state_dict(model.state_dict())
    images_bchw = torch.rand(3, 2, *sides(size))
    assert torch.equal(loaded(images_bchw), expected(images_bchw))


@pytest.mark.parametrize(("changes", "size"), SIZES)
def test_the_way_back_gives_the_identical_network(tiny, tmp_path, changes, size):
    model = trained(tiny(**changes))
    save(model, tmp_path / "first")
    save(load(tmp_path / "first", image_size=size), tmp_path / "other")
    back = load(tmp_path / "other", image_size=20)
    assert back.config == model.config
    images_bchw = torch.rand(3, 2, 20, 20)
    assert torch.equal(back(images_bchw), load(tmp_path / "first")(images_bchw))


@pytest.mark.parametrize(("changes", "size"), SIZES)
def test_tables_resized_once_give_the_same_outputs(tiny, tmp_path, changes, size):
    model = trained(tiny(**changes))
    save(model, tmp_path)
    each_time = load(tmp_path, image_size=size)
    once = load(tmp_path, image_size=size, resize_tables=True)
    assert once.config == replace(model.config, image_size=size, bias_image_size=None)
    count = sum(parameter.numel() for parameter in once.parameters())
    assert count == coatnet.cost(once.config).parameters
    images_bchw = torch.rand(3, 2, *sides(size))
    torch.testing.assert_close(once(images_bchw), each_time(images_bchw))
    save(once, tmp_path / "once")
    assert torch.equal(load(tmp_path / "once")(images_bchw), once(images_bchw))


def test_tables_matter_in_these_tests(tiny):
    model = trained(tiny())
    images_bchw = torch.rand(3, 2, 20, 20)
    before = model(images_bchw)
    for name, parameter in model.named_parameters():
        if name.endswith("table"):
            parameter.data.mul_(1.1)
    assert (model(images_bchw) - before).abs().max() > 1e-4


def test_the_stored_size_of_equal_sides_changes_nothing(saved):
    model, folder = saved
    assert load(folder, image_size=(20, 20)).config == model.config
    assert load(folder, image_size=20, resize_tables=True).config == model.config


def test_a_stored_size_that_was_said_stays_said(tiny, tmp_path):
    model = create(tiny(bias_image_size=20), seed=0)
    save(model, tmp_path)
    assert load(tmp_path).config == model.config


def test_patches_must_divide_the_size(tiny, tmp_path):
    save(create(tiny(VIT_REL), seed=0), tmp_path)
    with pytest.raises(ValueError, match="image_size 28 must be a multiple of the patch 5"):
        load(tmp_path, image_size=28)


# ----- other classes, other rates


def test_another_number_of_classes_gives_a_new_last_layer_only(saved):
    model, folder = saved
    state = torch.get_rng_state()
    loaded = load(folder, classes=7, seed=3)
    assert torch.equal(torch.get_rng_state(), state)
    assert loaded.config == changed(model.config, classes=7)
    fresh = create(loaded.config, seed=3)
    for name, tensor in loaded.state_dict().items():
        source = fresh if name.startswith("head.classifier") else model
        assert torch.equal(tensor, source.state_dict()[name])
    weight = load(folder, classes=7, seed=4).head.classifier.weight
    assert not torch.equal(weight, loaded.head.classifier.weight)


def test_the_same_number_of_classes_keeps_the_last_layer(saved):
    model, folder = saved
    loaded = load(folder, classes=5, seed=3)
    assert torch.equal(loaded.head.classifier.weight, model.head.classifier.weight)


def test_rates_of_training_may_change(saved):
    model, folder = saved
    loaded = load(folder, drop_path=0.6, batch_norm_momentum=0.5)
    assert loaded.config == changed(model.config, drop_path=0.6, batch_norm_momentum=0.5)
    assert loaded.stages[3][0].drop_path == 0.6
    assert loaded.stem[1].momentum == 0.5
    loaded.to(memory_format=torch.channels_last)
    images_bchw = torch.rand(3, 2, 20, 20)
    assert torch.equal(loaded(images_bchw), model(images_bchw))
    assert load(folder, drop_path=0.0).config.drop_path == 0.0


@pytest.mark.parametrize(
    "name", ["in_channels", "relative_bias", "head_size", "bias_image_size", "stages", "colour"]
)
def test_what_the_weights_belong_to_cannot_change(saved, name):
    with pytest.raises(ValueError, match=f"{name} cannot be given at loading, only image_size, "):
        load(saved[1], **{name: 3})


def test_a_field_cannot_become_invalid(saved):
    with pytest.raises(ValueError, match=r"drop_path must be in \[0, 1\), not 1.5"):
        load(saved[1], drop_path=1.5)


def test_fine_tuning(tiny, tmp_path):
    def steps(model, images_bchw, labels_b, count):
        optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
        losses = []
        for _ in range(count):
            loss = torch.nn.functional.cross_entropy(model.train()(images_bchw), labels_b)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    generator = torch.Generator().manual_seed(0)
    model = create(tiny(), seed=0)
    steps(model, torch.rand(10, 2, 20, 20, generator=generator), torch.arange(10) % 5, 3)
    save(model, tmp_path / "first")

    tuned = load(tmp_path / "first", image_size=28, classes=3, drop_path=0.1, seed=1)
    images_bchw = torch.rand(12, 2, 28, 28, generator=generator)
    torch.manual_seed(0)  # drop path
    losses = steps(tuned, images_bchw, torch.arange(12) % 3, 25)
    assert losses[-1] < 0.5 * losses[0]
    for name, parameter in load(tmp_path / "first", classes=3, seed=1).named_parameters():
        assert not torch.equal(tuned.get_parameter(name), parameter), f"{name} was not trained"

    save(tuned, tmp_path / "second")
    again = load(tmp_path / "second")
    assert again.config == tuned.config
    assert torch.equal(again(images_bchw), tuned.eval()(images_bchw))


# ----- the hub's convention


def hub_cache(folder, cache):
    """Lay `folder` out as the hub's cache does: links to blobs."""
    repository = cache / "models--org--name"
    for name in ("blobs", "refs", "snapshots/" + "a" * 40):
        (repository / name).mkdir(parents=True)
    (repository / "refs" / "main").write_text("a" * 40)
    for number, path in enumerate(sorted(folder.iterdir())):
        path.rename(repository / "blobs" / str(number))
        (repository / "snapshots" / ("a" * 40) / path.name).symlink_to(f"../../blobs/{number}")


def test_from_pretrained_reads_folders_and_the_cache(saved, tmp_path, monkeypatch):
    model, folder = saved
    images_bchw = torch.rand(3, 2, 20, 20)
    model.save_pretrained(folder, metadata={"license": "mit"})
    loaded = CoAtNet.from_pretrained(folder)
    assert not loaded.training
    expected = loaded(images_bchw)
    torch.testing.assert_close(expected, model(images_bchw))
    hub_cache(folder, tmp_path / "cache")
    loaded = CoAtNet.from_pretrained(
        "org/name", cache_dir=tmp_path / "cache", revision="main", local_files_only=False, token="x"
    )
    assert torch.equal(loaded(images_bchw), expected)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    tuned = CoAtNet.from_pretrained("org/name", classes=3, image_size=24)
    assert tuned(torch.rand(1, 2, 24, 24)).shape == (1, 3)
    with pytest.raises(FileNotFoundError, match="`hf download org/other`"):
        CoAtNet.from_pretrained("org/other")


def test_nothing_is_downloaded_or_uploaded(saved):
    model, folder = saved
    with pytest.raises(ValueError, match="nothing is downloaded from here: `hf download"):
        CoAtNet.from_pretrained("org/name", force_download=True)
    with pytest.raises(ValueError, match=r"nothing is uploaded from here: .*`hf upload"):
        model.save_pretrained(folder, push_to_hub=True)


def test_the_hubs_own_mixin_knows_no_other_arguments():
    hub = pytest.importorskip("huggingface_hub")
    ours, theirs = (
        list(inspect.signature(owner.from_pretrained).parameters)
        for owner in (CoAtNet, hub.ModelHubMixin)
    )
    assert ours[0] == theirs[0]
    assert set(theirs) - set(ours) == {"model_kwargs"}
    ours, theirs = (
        list(inspect.signature(owner.save_pretrained).parameters)
        for owner in (CoAtNet, hub.ModelHubMixin)
    )
    assert ours[:2] == theirs[:2] == ["self", "save_directory"]


@pytest.mark.slow
def test_the_cache_is_read_without_network_or_the_hubs_library(saved, tmp_path):
    hub_cache(saved[1], tmp_path / "cache")
    program = (
        "import sys, coatnet; coatnet.CoAtNet\n"
        "before = set(sys.modules)\n"
        "sys.addaudithook(lambda event, _: event.startswith('socket.') and sys.exit(event))\n"
        "coatnet.CoAtNet.from_pretrained('org/name')\n"
        "imported = set(sys.modules) - before\n"
        "assert not imported & {'huggingface_hub', 'torch._dynamo', 'sympy'}, imported\n"
    )
    environment = {**os.environ, "HF_HUB_CACHE": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)


def test_the_card_is_written_from_config_and_metadata(saved):
    model, folder = saved
    save(model, folder, metadata={"license": 'm"it\n---', "other": "x\n---\ny"})
    text = (folder / "README.md").read_text()
    assert text.startswith("---\nlibrary_name: coatnet\n")
    assert text.count("\n---\n") == 1
    assert '\nlicense: "m\\"it\\U0000000A---"\n' in text
    assert "\n# CoAtNet C-C-T-T\n" in text
    program = text.split("```python\n")[1].split("```")[0]
    assert 'coatnet.load(".", image_size=40)' in program
    assert load_metadata(folder)["license"] == 'm"it\n---'


def test_the_cards_program_runs(saved, monkeypatch):
    monkeypatch.chdir(saved[1])
    save(saved[0], ".")
    program = (saved[1] / "README.md").read_text().split("```python\n")[1].split("```")[0]
    names: dict = {}
    exec(program, names)
    assert names["model"].config == saved[0].config
    assert names["larger"].config.image_size == 40
    assert names["other"].config.classes == 10


def test_options_of_stages_come_back(tiny, tmp_path):
    config = tiny("C-C-T-T", kernel=5, bias_image_size=28)
    first, *others, last = config.stages
    first, last = replace(first, kernel=7, expansion=2), replace(last, head_size=2)
    config = replace(config, stages=(first, *others, last))
    model = create(config, seed=0).eval()
    save(model, tmp_path)
    loaded = load(tmp_path)
    assert loaded.config == config
    images_bchw = torch.rand(2, 2, 20, 20)
    assert torch.equal(loaded(images_bchw), model(images_bchw))
    description = json.loads((tmp_path / "config.json").read_text())
    del description["architecture"]["stages"][-1]["head_size"]
    (tmp_path / "config.json").write_text(json.dumps(description))
    with pytest.raises(ValueError, match=r"stages.3.0.attention.positions.table must be \(4, "):
        load(tmp_path)
