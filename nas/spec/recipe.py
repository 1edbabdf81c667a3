"""The recipe that all trials of a study are trained by, and what every section of a spec is."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

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


class RandAugmentSpec(Section):
    """RandAugment (paper, Table 10: layers and magnitude); 0 layers is off."""

    layers: Annotated[int, Field(ge=0, le=10)] = 0
    magnitude: Annotated[int, Field(ge=0, le=30)] = 15


class TrainingSpec(Section):
    """The recipe of all trials (paper, Table 10); by default no regularization (Section 2.2)."""

    epochs: Count = 15
    epoch_images: Count | None = None  # drawn in an epoch; null: every training image once
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
    crop_padding: Padding = 0  # random crop after padding by so many pixels, at data.image_size
    drop_path: Rate = 0.0  # stochastic depth, rate of the last block
    ema_decay: Rate | None = None
    # Of batch norms, when measuring; "running" is what studies of 0.1 began with and go on with.
    batch_statistics: Literal["anew", "running"] = "anew"
    precision: Literal["auto", "fp32", "bf16"] = "auto"  # auto: bf16 on GPUs, fp32 on CPUs
    checkpoint_every: Count = 1  # epochs; the last epoch always
    checkpoint_minutes: Positive | None = 10.0  # between those in the midst of an epoch
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


def changed_recipe(recipe: TrainingSpec, changes: Mapping[str, int | float | str]) -> TrainingSpec:
    """Return the recipe with those keys changed; a key may be dotted, ``rand_augment.layers``.

    Raises:
        ValueError: a key is unknown, or a value breaks a rule (pydantic's ValidationError).
    """
    values: dict[str, Any] = recipe.model_dump()
    for key, value in changes.items():
        *sections, last = key.split(".")
        place = values
        for section in sections:
            place = place[section]
        place[last] = value
    return type(recipe).model_validate(values)


def scaled_recipe(recipe: TrainingSpec, *, size: int, of: int) -> TrainingSpec:
    """Return the recipe, which is for images of `of` pixels a side, for images of `size` pixels.

    Crops move a picture by the same part of itself: padding is in proportion, to the nearest pixel
    (a half goes up), and one pixel at least where there is some.
    """
    if not recipe.crop_padding or size == of:
        return recipe
    padding = max(1, (2 * recipe.crop_padding * size + of) // (2 * of))
    return recipe.model_copy(update={"crop_padding": padding})


class FineTuningSpec(TrainingSpec):
    """The paper's fine-tuning recipe (Table 10, "1K fine-tune") but for augmentation."""

    epochs: Count = 30
    batch_size: Count = 512
    learning_rate: Positive = 5e-5
    min_learning_rate: NonNegative = 5e-5
    warmup_epochs: NonNegative = 0.0
    schedule: Literal["cosine", "linear", "constant"] = "constant"
    weight_decay: NonNegative = 1e-8
    label_smoothing: Rate = 0.1
    ema_decay: Rate | None = 0.9999
