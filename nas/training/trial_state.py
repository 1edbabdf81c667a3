"""All that changes while a trial trains, how it is built from a seed and how it is checkpointed."""

import hashlib
import json
from dataclasses import dataclass, field

import torch
from torch import nn
from torch.optim import AdamW
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from nas.errors import CheckpointError
from nas.networks.registry import family_of
from nas.seeds import derive_seed
from nas.spec.recipe import TrainingSpec
from nas.study.records import EpochMeasured, NetworkConfig, Trial
from nas.training import checkpoint
from nas.training.checkpoint_files import Place
from nas.training.inheritance import inherit
from nas.training.optimizer import dump_moments, load_moments, make_optimizer

Tensors = tuple[torch.Tensor, ...] | list[torch.Tensor]  # as torch.optim.swa_utils has them


@dataclass(kw_only=True, slots=True, eq=False)
class TrialState:
    """A network in training. `history` holds every epoch measured so far, of all attempts."""

    identity: str
    model: nn.Module
    optimizer: AdamW
    average: AveragedModel | None
    history: list[EpochMeasured] = field(default_factory=list)
    step: int = 0  # optimizer steps taken
    samples: int = 0  # training images seen
    seconds: float = 0.0  # spent, up to the last epoch measured

    @property
    def epoch(self) -> int:
        """The last epoch measured; 0 before the first."""
        return self.history[-1].epoch if self.history else 0

    def save(self, folder: Place, *, attempt: int) -> None:
        """Write a checkpoint of the epoch just measured (see `checkpoint.save`)."""
        parts = {"model": self.model.state_dict(), "optimizer": dump_moments(self.optimizer)}
        if self.average is not None:
            parts["average"] = self.average.state_dict()
        tensors = {
            f"{part}.{name}": tensor.detach().cpu().contiguous()
            for part, named in parts.items()
            for name, tensor in named.items()
        }
        taken = checkpoint.Checkpoint(
            identity=self.identity, history=tuple(self.history), tensors=tensors
        )
        checkpoint.save(folder, taken, attempt=attempt)

    def restore(self, saved: checkpoint.Checkpoint) -> None:
        """Go back to a checkpoint of this very training.

        Raises:
            CheckpointError: it is of another network, seed, recipe or data.
        """
        if saved.identity != self.identity:
            raise CheckpointError(
                f"the checkpoint of {saved.history[-1].trial_id} is of another network, seed, "
                "recipe or data: remove its folder to train anew"
            )
        self.model.load_state_dict(_part(saved, "model"))
        load_moments(self.optimizer, _part(saved, "optimizer"))
        if self.average is not None:
            self.average.load_state_dict(_part(saved, "average"))
        last = saved.history[-1]
        self.history = list(saved.history)
        self.step, self.samples, self.seconds = last.step, last.samples, last.seconds


def start(
    trial: Trial,
    *,
    recipe: TrainingSpec,
    data_fingerprint: str,
    device: torch.device,
    parent: Place | None = None,
) -> TrialState:
    """Build network, optimizer and average; equal arguments give equal states.

    `parent` is the folder of the checkpoints of the trial that a fine-tuning follows.

    Raises:
        CheckpointError: the parent has no weights that fit.
    """
    reseeded = trial.twin and not trial.brief
    stream = ("init", "twin") if reseeded else ("init",)
    family = family_of(trial.config)
    model = family.build(
        trial.config,
        drop_path=recipe.drop_path or None,  # 0 leaves the rate to the network's own config
        seed=derive_seed(trial.seed, *stream),
    )
    origin = None
    if parent is not None:
        origin = inherit(model, parent, classes=trial.config.classes)
    model = model.to(device)
    # pyrefly: ignore [no-matching-overload] - torch's overloads leave memory_format out
    model = model.to(memory_format=torch.channels_last)
    family.checkpoint_activations(model, enabled=recipe.checkpoint_activations)
    # How much memory a step takes is no part of what is trained, and 0.1 had one way to measure.
    left_out = {"checkpoint_activations"}
    if recipe.batch_statistics == "running":
        left_out.add("batch_statistics")
    identity = {
        "config": trial.config.to_dict(),
        "seed": trial.seed,
        "epochs": trial.epochs,
        "recipe": recipe.model_dump(mode="json", exclude=left_out),
        "data": data_fingerprint,
    }
    if reseeded:
        identity["twin"] = True
    if origin is not None:
        identity["parent"] = origin
    return TrialState(
        identity=hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest(),
        model=model,
        optimizer=make_optimizer(model, recipe, undecayed=family.undecayed(model)),
        average=None if recipe.ema_decay is None else make_average(model, recipe.ema_decay),
    )


def load_weights(folder: Place, config: NetworkConfig, *, ema: bool) -> nn.Module:
    """Return the network of the newest checkpoint in `folder`, on the CPU, in evaluation mode.

    Args:
        folder: a trial's checkpoints.
        config: the trial's network.
        ema: take the averaged weights, which the recipe must have kept.

    Raises:
        CheckpointError: no intact checkpoint, none of that network, or no average.
    """
    saved = checkpoint.newest(folder)
    if saved is None:
        raise CheckpointError(f"{folder}: no intact checkpoint")
    weights = _part(saved, "average.module" if ema else "model")
    if not weights:
        raise CheckpointError(f"{folder}: the training kept no average of the weights")
    model = family_of(config).build(config, seed=0)
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise CheckpointError(f"{folder}: the checkpoint is of another network") from error
    return model.eval()


def _part(saved: checkpoint.Checkpoint, name: str) -> dict[str, torch.Tensor]:
    prefix = f"{name}."
    return {
        key.removeprefix(prefix): tensor
        for key, tensor in saved.tensors.items()
        if key.startswith(prefix)
    }


def make_average(model: nn.Module, decay: float) -> AveragedModel:
    """Return an exponential average of weights and norm statistics.

    The decay grows from 0.1 as (1 + n) / (10 + n), as in the official relatives' optimizer: short
    trainings would else average little but the initial weights.
    """

    def update(averaged: Tensors, current: Tensors, steps: torch.Tensor | int) -> None:
        if averaged[0].is_floating_point():
            count = int(steps)
            get_ema_multi_avg_fn(min(decay, (1 + count) / (10 + count)))(averaged, current, steps)
            return
        for old, new in zip(averaged, current, strict=True):  # counters, tables of indices
            old.copy_(new)

    return AveragedModel(model, multi_avg_fn=update, use_buffers=True)
