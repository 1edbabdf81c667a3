"""What a study decides and measures: the typed records that cross every border of the program.

Units: losses are mean cross-entropy in nats, accuracies fractions in [0, 1], times seconds,
`at` is Unix time. Epochs count from 1. Records order by their place in the journal, never by time.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum, StrEnum
from typing import Any, Literal

from coatnet.config import CoAtNetConfig
from nas.study.declaration import Declaration
from nas.study.faults import MachineFault, TrialsRetried


class Outcome(StrEnum):
    """How a segment ended."""

    FINISHED = "finished"  # reached the trial's last epoch
    REACHED = "reached"  # reached `until_epoch`, short of the trial's last; another may go on
    DIVERGED = "diverged"  # a loss or gradient norm was not finite; final
    FAILED = "failed"  # the training code raised; tried again
    LOST = "lost"  # the worker vanished; tried again
    INTERRUPTED = "interrupted"  # the user or the cluster asked it to stop; goes on at resume


class TrialStatus(StrEnum):
    """Where a trial stands; those in `FINAL` are so for good."""

    PLANNED = "planned"
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    PAUSED = "paused"  # its newest segment reached its end, short of the trial's last epoch
    STOPPED = "stopped"  # the search decided that it goes no further
    FINISHED = "finished"
    DIVERGED = "diverged"
    FAILED = "failed"


FINAL = frozenset(
    {TrialStatus.STOPPED, TrialStatus.FINISHED, TrialStatus.DIVERGED, TrialStatus.FAILED}
)
TWIN = "~twin"  # ends the label of a twin with other initial weights; no name may hold a "~"
BRIEF = "~brief"  # the same training, over fewer epochs


class Role(StrEnum):
    """What a trial is for, as tables and MLflow say it."""

    TRAINED = "trained"
    FINE_TUNED = "fine-tuned"  # a twin's fine-tuning too
    TWIN = "twin"


@dataclass(frozen=True, kw_only=True, slots=True)
class DataShape:
    """What a network must know of its data."""

    image_size: int
    channels: int
    classes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class BaselineConfig:
    """A network of another family; what `CoAtNetConfig` is for ours."""

    network: str  # "timm/vit_small_patch16_224", "transformers/cvt-13"
    options: str = "{}"  # keyword arguments of the network, as JSON with sorted keys
    image_size: int
    in_channels: int
    classes: int
    drop_path: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


NetworkConfig = CoAtNetConfig | BaselineConfig


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """One candidate network trained with one seed.

    A trial with a `parent` is the fine-tuning of that trial, which has the same label and seed. A
    `twin` copies a candidate and is ranked against it alone. It differs in nothing but its initial
    weights and shows the noise floor (A/A placebo); or, if `brief`, in nothing but its epochs and
    shows what the schedule does to a reading at equal loss (schedule placebo). `point` holds the
    values of the space's variables, for samplers that learn from them; other networks have none,
    nor do trials planned before 0.2. `recipe` is what its candidate changes in the study's.
    """

    number: int  # 1, 2, 3, ... in the order planned
    id: str  # "0001-C-C-T-T-s0": sorts by number, safe as a file name
    label: str  # what the ranking calls it: the layout, or layout#k where a layout has several
    layout: str
    seed: int
    epochs: int
    config: NetworkConfig
    parameters: int
    macs: int  # multiply-adds of one forward pass of one image
    parent: str | None = None  # id of the trial that this one fine-tunes
    twin: bool = False
    point: Mapping[str, int | float | str] | None = None
    recipe: Mapping[str, int | float | str] | None = None

    @property
    def role(self) -> Role:
        """What the trial is for."""
        if self.parent is not None:
            return Role.FINE_TUNED
        return Role.TWIN if self.twin else Role.TRAINED

    @property
    def brief(self) -> bool:
        """Whether it copies a candidate over fewer epochs."""
        return self.label.endswith(BRIEF)


def twin_label(label: str) -> str:
    """Return the label of the twin that copies the candidate of this label."""
    return label + TWIN


def brief_label(label: str) -> str:
    """Return the label of the twin with fewer epochs."""
    return label + BRIEF


def copied_label(label: str) -> str:
    """Return the label of the candidate that a twin copies; any other label as it is."""
    return label.removesuffix(TWIN).removesuffix(BRIEF)


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """The unit of execution: train a trial from its newest checkpoint up to `until_epoch`."""

    trial: Trial
    attempt: int  # 1, 2, ...; names the checkpoint files, so that a lost worker's cannot clash
    acknowledged: int  # epochs already in the journal; the worker reports only later ones
    until_epoch: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """The decision that a paused trial goes no further."""

    trial_id: str
    reason: str


class Pause(Enum):
    """Why there is no segment to run."""

    WAIT = "wait"  # until a running segment ends
    DONE = "done"  # for good


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialPlanned:
    """The search decided on a trial; a driver lost just then still knows how far it was to go."""

    kind: Literal["planned"] = "planned"
    at: float
    trial: Trial
    until_epoch: int | None = None  # of its first segment; None: the trial's last epoch


@dataclass(frozen=True, kw_only=True, slots=True)
class SegmentStarted:
    """A segment was handed to an executor."""

    kind: Literal["started"] = "started"
    at: float
    trial_id: str
    attempt: int
    until_epoch: int


@dataclass(frozen=True, kw_only=True, slots=True)
class EpochMeasured:
    """One epoch of one trial, measured. All numbers are finite: anything else is a divergence.

    `train_*` are means over the epoch as trained (augmented, drop path on); `probe_*` and
    `evaluation_*` are in evaluation mode, of the raw weights, on the fixed probe subset of the
    training set and on the evaluation set (docs/measures.md, "Each epoch"). `ema_*` is the
    same of the averaged weights where the recipe keeps them. `*_loss_error` is the standard
    error of the mean over the images (nats): what another set of as many images would change.
    `*_correct` says which evaluation images were right (`nas.study.correct`); only who asks unpacks
    it.
    """

    kind: Literal["epoch"] = "epoch"
    at: float
    trial_id: str
    attempt: int
    epoch: int
    step: int  # optimizer steps so far
    samples: int  # training images seen so far
    seconds: float  # spent training and measuring so far, over all attempts
    learning_rate: float  # at the epoch's last step
    train_loss: float
    gradient_norm: float  # mean over steps, before clipping
    probe_loss: float
    probe_accuracy: float
    evaluation_loss: float
    evaluation_accuracy: float
    ema_evaluation_accuracy: float | None = None
    ema_probe_loss: float | None = None  # nats; not recorded before 0.2
    probe_loss_error: float | None = None  # of one image, or recorded before 0.2
    evaluation_loss_error: float | None = None
    evaluation_correct: str | None = None  # None: recorded before 0.2
    ema_evaluation_correct: str | None = None

    def __post_init__(self) -> None:
        """Refuse what no optimum may be built on."""
        for name in (
            "seconds", "learning_rate", "train_loss", "gradient_norm",
            "probe_loss", "probe_accuracy", "evaluation_loss", "evaluation_accuracy",
        ):  # fmt: skip
            if not math.isfinite(getattr(self, name)):
                raise ValueError(f"{name} must be finite, not {getattr(self, name)}")
        for name in ("ema_probe_loss", "probe_loss_error", "evaluation_loss_error"):
            error = getattr(self, name)
            if error is not None and not 0 <= error < math.inf:
                raise ValueError(f"{name} must be finite and not negative, not {error}")
        if self.epoch < 1:
            raise ValueError(f"epoch must be at least 1, not {self.epoch}")


@dataclass(frozen=True, kw_only=True, slots=True)
class SegmentEnded:
    """A segment ended; `message` says why when it did not finish."""

    kind: Literal["ended"] = "ended"
    at: float
    trial_id: str
    attempt: int
    outcome: Outcome
    message: str = ""
    fault: MachineFault | None = None  # interrupted by it; not recorded before 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialStopped:
    """The search decided that a paused trial goes no further; what it measured stays."""

    kind: Literal["stopped"] = "stopped"
    at: float
    trial_id: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyEnded:
    """Nothing is left to run."""

    kind: Literal["study-ended"] = "study-ended"
    at: float
    budget: str | None = None  # the limit of `search.budget` that ended it: "epochs"


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyExtended:
    """The user asked for more than the study began with; holds from here on."""

    kind: Literal["extended"] = "extended"
    at: float
    changes: Mapping[str, int | float | str | None]  # "search.seeds": 6
    declared: Declaration


Record = (
    TrialPlanned
    | SegmentStarted
    | EpochMeasured
    | SegmentEnded
    | TrialStopped
    | StudyEnded
    | StudyExtended
    | TrialsRetried
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialHistory:
    """A trial with all that the journal says of it; the input of every view."""

    trial: Trial
    status: TrialStatus
    epochs: Sequence[EpochMeasured]  # epoch 1, 2, ... without gap or double
    attempts: int
    until_epoch: int = 0  # where its newest segment was to end; 0: the trial's last epoch
    message: str = ""
