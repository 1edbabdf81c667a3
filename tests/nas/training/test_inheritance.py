"""Fine-tuning: it begins where its parent ended, and nowhere else."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from coatnet.config import changed
from coatnet.model import create
from nas.errors import CheckpointError
from nas.study.records import Outcome
from nas.training import checkpoint
from nas.training.inheritance import inherit


def weights(folder, part: str = "model.") -> dict[str, torch.Tensor]:
    saved = checkpoint.newest(folder)
    assert saved is not None
    return {k.removeprefix(part): v for k, v in saved.tensors.items() if k.startswith(part)}


def test_all_weights_are_taken_over(training: Callable) -> None:
    parent = training()
    parent.run(4)
    model = create(parent.trial.config, seed=99)
    identity = inherit(model, parent.folder, classes=3)
    assert identity == checkpoint.newest(parent.folder).identity
    for name, tensor in weights(parent.folder).items():
        assert torch.equal(model.state_dict()[name], tensor), name


def test_the_average_is_taken_where_there_is_one(training: Callable) -> None:
    parent = training(ema_decay=0.9)
    parent.run(4)
    model = create(parent.trial.config, seed=99)
    inherit(model, parent.folder, classes=3)
    average = weights(parent.folder, "average.module.")
    name = min(name for name in average if name.endswith(".weight"))  # no counter of batches
    assert torch.equal(model.state_dict()[name], average[name])
    assert not torch.equal(average[name], weights(parent.folder)[name])


def test_another_number_of_classes_draws_a_classifier_anew(training: Callable) -> None:
    parent = training()
    parent.run(4)
    config = changed(parent.trial.config, classes=5)
    model, fresh = create(config, seed=7), create(config, seed=7)
    inherit(model, parent.folder, classes=5)
    assert torch.equal(model.head.classifier.weight, fresh.head.classifier.weight)
    inner = weights(parent.folder)["head.inner.weight"]
    assert torch.equal(model.head.inner.weight, inner)


def test_another_resolution_keeps_the_tables(training: Callable) -> None:
    parent = training()
    parent.run(4)
    config = changed(parent.trial.config, image_size=16, bias_image_size=8)
    model = create(config, seed=7)
    inherit(model, parent.folder, classes=3)
    table = next(name for name in model.state_dict() if name.endswith("positions.table"))
    assert torch.equal(model.state_dict()[table], weights(parent.folder)[table])
    assert model(torch.zeros(1, 1, 16, 16)).shape == (1, 3)


def test_tables_of_another_size_are_refused(training: Callable) -> None:
    parent = training()
    parent.run(4)
    model = create(changed(parent.trial.config, image_size=16), seed=7)
    with pytest.raises(CheckpointError, match="cannot be taken to images of another size"):
        inherit(model, parent.folder, classes=3)


def test_no_weights_and_other_blocks_are_refused(training: Callable, make_config, tmp_path) -> None:
    parent = training()
    with pytest.raises(CheckpointError, match="no intact checkpoint to fine-tune from"):
        inherit(create(parent.trial.config, seed=1), tmp_path / "nothing", classes=3)
    parent.run(1)
    with pytest.raises(CheckpointError, match="of other blocks"):
        inherit(create(make_config("C-C"), seed=1), parent.folder, classes=3)


def fine_tuning(training: Callable, parent, name: str):
    trial = replace(parent.trial, id="0002-C-T-s0-fine", epochs=3, parent=parent.trial.id)
    child = training(name, trial=trial, epochs=3, learning_rate=5e-5, warmup_epochs=0.0)
    child.parent = parent.folder
    return child


def test_a_fine_tuning_begins_where_its_parent_ended(training: Callable) -> None:
    parent = training()
    parent.run(4)
    child = fine_tuning(training, parent, "child")
    assert child.run(3).outcome is Outcome.FINISHED
    # at a rate so small the first epoch measures nearly the parent; from scratch it would not
    assert child.reported[0].probe_loss == pytest.approx(parent.reported[-1].probe_loss, abs=0.02)
    scratch = training("scratch", epochs=3, learning_rate=5e-5, warmup_epochs=0.0)
    scratch.run(3)
    assert abs(scratch.reported[0].probe_loss - parent.reported[-1].probe_loss) > 0.05


def test_a_fine_tuning_is_resumed_bit_by_bit_and_with_no_other_parent(training: Callable) -> None:
    parent, other = training(), training("other", learning_rate=2e-3)
    parent.run(4)
    other.run(4)
    whole, halves = (fine_tuning(training, parent, name) for name in ("whole", "halves"))
    whole.run(3)
    halves.run(2)
    halves.run(3)
    one, two = checkpoint.newest(whole.folder), checkpoint.newest(halves.folder)
    assert one.identity == two.identity
    assert all(torch.equal(one.tensors[name], two.tensors[name]) for name in one.tensors)
    halves.parent = other.folder
    with pytest.raises(CheckpointError, match="of another network, seed"):
        halves.run(3)


def test_a_twin_differs_in_its_initial_weights_alone(training: Callable) -> None:
    one = training()
    two = training("twin", trial=replace(one.trial, twin=True))
    again = training("again", trial=replace(one.trial, twin=True))
    for each in (one, two, again):
        each.run(4)
    assert [e.probe_loss for e in two.reported] == [e.probe_loss for e in again.reported]
    assert two.reported[0].probe_loss != one.reported[0].probe_loss
    assert two.reported[0].step == one.reported[0].step
