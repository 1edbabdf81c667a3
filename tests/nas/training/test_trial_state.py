"""A trial's state: built from a seed, checkpointed, restored, and loaded for export."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from coatnet.config import CoAtNetConfig
from nas.errors import CheckpointError
from nas.spec.recipe import TrainingSpec
from nas.study.records import Trial
from nas.training.device import Device
from nas.training.trial_state import TrialState, load_weights, start

CPU = Device(torch_device=torch.device("cpu"))


def begin(trial: Trial, **recipe: object) -> TrialState:
    return start(trial, recipe=TrainingSpec(**recipe), data_fingerprint="data", device=CPU)


def equal_weights(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(left, right) for left, right in pairs)


def test_equal_seeds_build_equal_networks(make_trial: Callable[..., Trial]) -> None:
    first, again = begin(make_trial()), begin(make_trial())
    other = begin(make_trial(seed=1))
    assert equal_weights(first.model, again.model)
    assert not equal_weights(first.model, other.model)
    assert first.identity == again.identity != other.identity
    assert (first.epoch, first.step, first.samples) == (0, 0, 0)


def test_identity_tells_trainings_apart(make_trial: Callable[..., Trial]) -> None:
    states = [
        begin(make_trial()),
        begin(make_trial("T-T")),
        begin(make_trial(epochs=5)),
        begin(make_trial(), mixup=0.1),
        start(make_trial(), recipe=TrainingSpec(), data_fingerprint="other", device=CPU),
    ]
    assert len({state.identity for state in states}) == len(states)


def test_checkpointing_reaches_every_stage_and_is_no_part_of_what_is_trained(
    make_trial: Callable[..., Trial],
) -> None:
    plain = begin(make_trial())
    checkpointed = begin(make_trial(), checkpoint_activations=True)
    assert [stage.checkpointing for stage in plain.model.stages] == [False, False]
    assert [stage.checkpointing for stage in checkpointed.model.stages] == [True, True]
    assert plain.identity == checkpointed.identity


def test_drop_path_of_the_recipe_wins_over_none(make_trial: Callable[..., Trial]) -> None:
    assert begin(make_trial(), drop_path=0.5).model.config.drop_path == 0.5
    assert begin(make_trial(drop_path=0.25)).model.config.drop_path == 0.25


def test_average_follows_the_weights(make_trial: Callable[..., Trial]) -> None:
    state = begin(make_trial(), ema_decay=0.9)
    assert state.average is not None
    weight = next(state.model.parameters())
    expected = None
    for step in range(30):
        with torch.no_grad():
            weight.fill_(float(step))
        state.average.update_parameters(state.model)
        decay = min(0.9, (1 + step) / (10 + step))
        expected = float(step) if expected is None else decay * expected + (1 - decay) * step
    averaged = next(state.average.module.parameters())
    torch.testing.assert_close(averaged, torch.full_like(averaged, expected))


def test_average_leaves_counters_and_tables_of_indices_whole(
    make_trial: Callable[..., Trial],
) -> None:
    state = begin(make_trial(), ema_decay=0.999)
    assert state.average is not None
    for _ in range(5):
        state.model(torch.rand(2, 1, 8, 8))
        state.average.update_parameters(state.model)
    averaged = dict(state.average.module.named_buffers())
    whole = {
        name: value for name, value in state.model.named_buffers() if not value.is_floating_point()
    }
    assert whole
    for name, value in whole.items():
        assert torch.equal(averaged[name], value), name


@pytest.mark.parametrize("ema", [False, True])
def test_weights_for_export(training: Callable, make_config: Callable, ema: bool) -> None:
    trained = training(ema_decay=0.5)
    trained.run(2)
    model = load_weights(trained.folder, trained.trial.config, ema=ema)
    assert not model.training
    pixels = torch.from_numpy(trained.data.evaluation.images.copy()).float()
    with torch.inference_mode():
        logits = model((pixels / 255 - 0.3) / 0.2)
    right = (logits.argmax(1).numpy() == trained.data.evaluation.labels).mean()
    last = trained.reported[-1]
    assert right == pytest.approx(last.ema_evaluation_accuracy if ema else last.evaluation_accuracy)


def test_weights_that_are_not_there(
    tmp_path: Path, training: Callable, make_config: Callable[..., CoAtNetConfig]
) -> None:
    with pytest.raises(CheckpointError, match="no intact checkpoint"):
        load_weights(tmp_path, make_config(), ema=False)
    trained = training()
    trained.run(1)
    with pytest.raises(CheckpointError, match="kept no average"):
        load_weights(trained.folder, make_config(), ema=True)
    with pytest.raises(CheckpointError, match="of another network"):
        load_weights(trained.folder, make_config("C-C"), ema=False)
