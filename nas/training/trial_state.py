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
from nas.training import checkpoint, sharding
from nas.training.checkpoint_files import Place
from nas.training.device import Device
from nas.training.distributed import share_batch_norms
from nas.training.inheritance import inherit
from nas.training.optimizer import dump_moments, load_moments, make_optimizer
from nas.training.under_way import Sums, UnderWay, noise_of

Tensors = tuple[torch.Tensor, ...] | list[torch.Tensor]  # as torch.optim.swa_utils has them


@dataclass(kw_only=True, slots=True, eq=False)
class TrialState:
    """A network in training. `history` holds every epoch measured so far, of all attempts."""

    identity: str
    model: nn.Module
    optimizer: AdamW
    average: AveragedModel | None
    sharded: bool = False  # each of several processes has its part of every weight
    history: list[EpochMeasured] = field(default_factory=list)
    step: int = 0  # optimizer steps taken
    samples: int = 0  # training images seen
    seconds: float = 0.0  # spent, up to the last epoch measured
    under_way: UnderWay | None = None  # the epoch that a checkpoint was taken in the midst of

    @property
    def epoch(self) -> int:
        """The last epoch measured; 0 before the first."""
        return self.history[-1].epoch if self.history else 0

    def save(
        self, folder: Place, *, attempt: int, sums: Sums | None = None, writes: bool = True
    ) -> None:
        """Write a checkpoint of the epoch just measured (see `checkpoint.save`).

        Args:
            folder: the trial's.
            attempt: which writes.
            sums: of the steps of an epoch that is under way.
            writes: False in a process that gives its part of sharded tensors to another.
        """
        if not writes and not self.sharded:
            return
        parts = {"model": self.model.state_dict(), "optimizer": dump_moments(self.optimizer)}
        if self.average is not None:
            parts["average"] = self.average.state_dict()
        tensors = {
            f"{part}.{name}": sharding.whole(tensor.detach()).cpu().contiguous()
            for part, named in parts.items()
            for name, tensor in named.items()
        }
        if not writes:
            return
        noise = None if sums is None else noise_of(next(self.model.parameters()).device)
        taken = checkpoint.Checkpoint(
            identity=self.identity,
            history=tuple(self.history),
            tensors=tensors,
            under_way=None if sums is None or noise is None else UnderWay(sums=sums, noise=noise),
        )
        checkpoint.save(folder, taken, attempt=attempt)

    def restore(self, saved: checkpoint.Checkpoint) -> None:
        """Go back to a checkpoint of this very training.

        Raises:
            CheckpointError: it is of another network, seed, recipe or data.
        """
        if saved.identity != self.identity:
            raise CheckpointError(
                "the checkpoint is of another network, seed, recipe or data: remove the trial's "
                "folder to train anew"
            )
        _load(self.model, _part(saved, "model"))
        load_moments(self.optimizer, _part(saved, "optimizer"))
        if self.average is not None:
            _load(self.average, _part(saved, "average"))
        self.history, self.under_way = list(saved.history), saved.under_way
        if self.history:
            last = self.history[-1]
            self.step, self.samples, self.seconds = last.step, last.samples, last.seconds
        if self.under_way is not None:
            self.step += self.under_way.sums.steps
            self.samples += self.under_way.sums.images


def start(
    trial: Trial,
    *,
    recipe: TrainingSpec,
    data_fingerprint: str,
    device: Device,
    parent: Place | None = None,
) -> TrialState:
    """Build network, optimizer and average; equal arguments give equal states.

    Of several processes each builds the whole network and then keeps it, or its part of it.

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
    model = model.to(device.torch_device)
    # pyrefly: ignore [no-matching-overload] - torch's overloads leave memory_format out
    model = model.to(memory_format=torch.channels_last)
    family.checkpoint_activations(model, enabled=recipe.checkpoint_activations)
    # How much memory a step takes is no part of what is trained, and 0.1 had one way to measure.
    left_out = {"checkpoint_activations", "checkpoint_minutes"}
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
    average = None if recipe.ema_decay is None else make_average(model, recipe.ema_decay)
    if device.world_size > 1:
        share_batch_norms(model)
    sharded = device.shards(trial.parameters)
    if sharded:
        for each in [model] if average is None else [model, average.module]:
            sharding.shard(each, device=device.torch_device)
    return TrialState(
        identity=hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest(),
        model=model,
        optimizer=make_optimizer(model, recipe, undecayed=family.undecayed(model)),
        average=average,
        sharded=sharded,
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
    saved = checkpoint.newest(folder, measured=True)
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


def _load(module: nn.Module, tensors: dict[str, torch.Tensor]) -> None:
    """Load a state dict of whole tensors, whether the module is sharded or not."""
    own = module.state_dict()
    if own.keys() != tensors.keys():
        raise CheckpointError("the checkpoint has tensors of another network")
    for name, tensor in tensors.items():
        sharding.put(own[name], tensor)


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
        averaged, current = ([sharding.here(each) for each in side] for side in (averaged, current))
        if averaged[0].is_floating_point():
            count = int(steps)
            get_ema_multi_avg_fn(min(decay, (1 + count) / (10 + count)))(averaged, current, steps)
            return
        for old, new in zip(averaged, current, strict=True):  # counters, tables of indices
            old.copy_(new)

    return AveragedModel(model, multi_avg_fn=update, use_buffers=True)
