"""The study a user asked for: every option, its bounds and its default live here."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
RESERVED_NAME = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")  # Windows devices

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Rate = Annotated[float, Field(ge=0.0, lt=1.0)]
Positive = Annotated[float, Field(gt=0.0)]
NonNegative = Annotated[float, Field(ge=0.0)]
Count = Annotated[int, Field(ge=1, le=1_000_000_000)]
Pixels = Annotated[int, Field(ge=1, le=4096)]
Padding = Annotated[int, Field(ge=0, le=4096)]
Seeds = Annotated[int, Field(ge=1, le=10_000)]
Threads = Annotated[int, Field(ge=1, le=1024)]


class Section(BaseModel):
    """A part of the spec: frozen, strict about types, closed to unknown keys, finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class DataSpec(Section):
    """Where images come from and how they are split; the split never depends on a trial.

    `evaluation` images come from the source's own test set where it has one (IDX `t10k`, folder
    `val/` or `test/`), else they are set apart from the rest by `split_seed`.
    """

    source: Literal["digits", "idx", "folder"] = "digits"
    path: str | None = None  # folder of the IDX files, or the root of CLASS/IMAGE folders
    image_size: Pixels = 28  # pixels; images are resized to this square
    train: Count | None = None  # images to train on; null takes all
    probe: Count = 512  # training images on which the comparable training loss is measured
    evaluation: Count | None = None  # images to evaluate on; null takes all, or a third if unsplit
    split_seed: int = 0
    max_bad: Rate = 0.01  # share of unreadable images at which loading stops

    @model_validator(mode="after")
    def _path_given(self) -> "DataSpec":
        if self.source != "digits" and self.path is None:
            raise ValueError(f"path is required for source '{self.source}'")
        if self.source == "digits" and self.path is not None:
            raise ValueError("path is not used by source 'digits': remove it or choose a source")
        return self


class RandAugmentSpec(Section):
    """RandAugment (paper, Table 10: layers and magnitude); 0 layers is off."""

    layers: Annotated[int, Field(ge=0, le=10)] = 0
    magnitude: Annotated[int, Field(ge=0, le=30)] = 15


class TrainingSpec(Section):
    """The recipe of all trials (paper, Table 10); by default no regularization (Section 2.2)."""

    epochs: Count = 15
    batch_size: Count = 128  # images per optimizer step
    accumulate: Count = 1  # micro-batches a step is split into
    learning_rate: Positive = 1e-3  # peak
    min_learning_rate: NonNegative = 1e-5
    warmup_epochs: NonNegative = 1.0
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    weight_decay: NonNegative = 0.05  # AdamW; not on biases, norms, relative position bias
    betas: tuple[Rate, Rate] = (0.9, 0.999)
    epsilon: Positive = 1e-8
    clip_norm: Positive | None = 1.0  # global gradient norm; null is off
    label_smoothing: Rate = 0.0
    mixup: NonNegative = 0.0  # alpha of the Beta distribution; 0 is off
    rand_augment: RandAugmentSpec = RandAugmentSpec()
    flip: bool = False  # random horizontal flip
    crop_padding: Padding = 0  # random crop after padding by so many pixels
    drop_path: Rate = 0.0  # stochastic depth, rate of the last block
    ema_decay: Rate | None = None
    precision: Literal["auto", "fp32", "bf16"] = "auto"  # auto: bf16 on GPUs, fp32 on CPUs
    checkpoint_every: Count = 1  # epochs; the last epoch always
    checkpoint_activations: bool = False  # same results in less memory, a third more time

    @field_validator("betas", mode="before")
    @classmethod
    def _betas_from_list(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @model_validator(mode="after")
    def _rules(self) -> "TrainingSpec":
        if self.min_learning_rate > self.learning_rate:
            raise ValueError(
                f"min_learning_rate {self.min_learning_rate} exceeds learning_rate "
                f"{self.learning_rate}"
            )
        if self.warmup_epochs >= self.epochs:
            raise ValueError(
                f"warmup_epochs {self.warmup_epochs} must be less than epochs {self.epochs}"
            )
        if self.batch_size % self.accumulate:
            raise ValueError(
                f"batch_size {self.batch_size} must be a multiple of accumulate {self.accumulate}"
            )
        return self


class SearchSpec(Section):
    """Which candidates to train and with how many seeds."""

    sampler: Literal["grid", "random", "tpe"] = "grid"
    candidates: Count | None = None  # how many points to train; null takes the whole grid
    seeds: Seeds = 3  # every candidate is trained with seeds 0, 1, ..., seeds - 1
    seed: int = 0  # of the sampler

    @model_validator(mode="after")
    def _bounded(self) -> "SearchSpec":
        if self.sampler != "grid" and self.candidates is None:
            raise ValueError(f"candidates is required for sampler '{self.sampler}'")
        return self


class Metric(StrEnum):
    """What a trial is scored by (DESIGN section 4)."""

    GENERALIZATION = "generalization"  # evaluation accuracy at equal training loss
    ACCURACY = "accuracy"  # evaluation accuracy at the end


class RankingSpec(Section):
    """What the symbols claim. Accuracies are fractions: a margin of 0.005 is 0.5 points."""

    metric: Metric = Field(default=Metric.GENERALIZATION, strict=False)
    alpha: Annotated[float, Field(gt=0.0, lt=0.5)] = 0.05  # family-wise error of a kind of claim
    margin: Positive = 0.005  # delta: a difference a user would not care about
    large_margin: Positive = 0.05  # Delta: what ≫ claims

    @model_validator(mode="after")
    def _ordered(self) -> "RankingSpec":
        if self.large_margin <= self.margin:
            raise ValueError(f"large_margin {self.large_margin} must exceed margin {self.margin}")
        return self


class TrackingSpec(Section):
    """The MLflow view; null uri is ``sqlite:///STUDY/mlflow.db``, "off" turns the view off."""

    uri: str | None = None
    experiment: str | None = None  # null is the study's name


class ResourcesSpec(Section):
    """What one trial takes, and how many run at once."""

    cpus: Positive = 1.0
    gpus: NonNegative = 0.0  # a fraction shares a GPU
    threads: Threads = 1  # torch threads of a trial
    concurrent: Count | None = None  # null: as many as the cluster has room for
    attempts: Count = 3  # of a segment that failed or whose worker was lost


class StudySpec(Section):
    """One study, resolved: what `study.json` holds."""

    name: str
    space: dict[str, Any]  # parsed by search_spaces.language, kept as written
    data: DataSpec = DataSpec()
    training: TrainingSpec = TrainingSpec()
    search: SearchSpec = SearchSpec()
    ranking: RankingSpec = RankingSpec()
    tracking: TrackingSpec = TrackingSpec()
    resources: ResourcesSpec = ResourcesSpec()

    @field_validator("name")
    @classmethod
    def _safe_name(cls, value: str) -> str:
        return check_name(value)


def check_name(value: str) -> str:
    """Return `value` if it is safe as a file name.

    Raises:
        ValueError: it is not.
    """
    if not NAME_PATTERN.fullmatch(value) or ".." in value or value != Path(value).name:
        raise ValueError(
            f"name {value!r} must be 1 to 64 letters, digits, '.', '_' or '-', begin with a letter "
            "or digit and hold no '..'"
        )
    if RESERVED_NAME.fullmatch(value):
        raise ValueError(f"name {value!r} is the name of a device on Windows: choose another")
    return value
