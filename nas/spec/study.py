"""The study a user asked for: every option, its bounds and its default live here."""

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    JsonValue,
    field_validator,
    model_validator,
)

from nas.spec.allocation import Allocated, AllocationSpec, check_first_round, with_one_seed
from nas.spec.block_times import check_objectives
from nas.spec.budget import Budgeted, BudgetSpec
from nas.spec.choices import Correction, Metric, Price, Question, Sampling, Until
from nas.spec.confirm import ConfirmSpec
from nas.spec.data import DataSpec
from nas.spec.names import check_name
from nas.spec.recipe import (
    Count,
    FineTuningSpec,
    Positive,
    Section,
    Seeds,
    TrainingSpec,
)
from nas.spec.resources import ResourcesSpec


class FineTuneSpec(Section):
    """What every trained trial is then fine-tuned on: other images, or another resolution."""

    data: DataSpec
    training: FineTuningSpec = FineTuningSpec()


class SchedulePlaceboSpec(Section):
    """A candidate to enter once more over fewer epochs.

    It checks the reading at equal training loss: the same network, weights and images, so that it
    must not come out different. The brief one has no say in the loss that layouts are read at.
    """

    layout: str
    epochs: Count


def _signed(value: object) -> object:
    """Read ``{maximize: accuracy}`` and ``{minimize: macs}`` as ``accuracy`` and ``-macs``."""
    signs = {"maximize": "", "minimize": "-"}
    if isinstance(value, dict) and len(value) == 1:
        ((way, name),) = value.items()
        if way in signs and isinstance(name, str):
            return signs[way] + name
    return value


def _goal(value: str) -> str:
    metrics, prices = [str(each) for each in Metric], [f"-{price}" for price in Price]
    if value not in (*metrics, *prices, *Price):
        raise ValueError(f"{value!r} must be one of {', '.join([*metrics, *prices])}")
    return value


Goal = Annotated[str, BeforeValidator(_signed), AfterValidator(_goal)]


class SearchSpec(Section):
    """Which candidates to train and with how many seeds.

    Every candidate is trained with seeds 0, 1, ..., `seeds` - 1. With `max_seeds` more follow, one
    at a time, where relations are open and can still close (docs/ranking.md, "Where seeds go").
    """

    sampler: Sampling = Field(default=Sampling.GRID, strict=False)
    candidates: Count | None = None  # how many points to train; null takes the whole grid
    lag: Count = 8  # a sampler that learns knows all results but those of the last lag - 1 points
    # What a sampler that learns maximises (-macs: is to be small); none is `ranking.metric`.
    # Halving judges by the costs among them too.
    objectives: Annotated[tuple[Goal, ...], Field(strict=False)] = ()
    seeds: Seeds = 3
    max_seeds: Seeds | None = None  # null: `seeds`, and no more
    until: Until = Field(default=Until.SETTLED, strict=False)
    trials: Count | None = None  # budget: no seed is added beyond so many trials
    placebo: str | None = None  # a candidate to enter twice: the twin must not come out different
    schedule_placebo: SchedulePlaceboSpec | None = None  # what the schedule does to equal loss
    confirm: ConfirmSpec | None = None  # the best are trained anew, and these are ranked
    seed: int = 0  # of the sampler, and of which candidates are controls
    allocation: Allocated = AllocationSpec()  # which candidates are trained how far
    budget: Budgeted = BudgetSpec()  # of the whole study: it ends when a limit is reached

    @model_validator(mode="before")
    @classmethod
    def _one_seed(cls, values: object) -> object:
        return with_one_seed(values)

    @model_validator(mode="after")
    def _bounded(self) -> "SearchSpec":
        if self.sampler is not Sampling.GRID and self.candidates is None:
            raise ValueError(f"candidates is required for sampler '{self.sampler}'")
        several = len(self.objectives) > 1
        if several and self.sampler in (Sampling.GP, Sampling.EVOLUTION):
            raise ValueError(
                f"sampler '{self.sampler}' has one objective: use tpe, nsga2 or nsga3 for several"
            )
        if len(set(self.objectives)) < len(self.objectives):
            raise ValueError("objectives names one twice")
        if self.objectives and not set(self.objectives).intersection(Metric):
            raise ValueError(f"objectives must name a metric: {', '.join(Metric)}")
        if self.max_seeds is not None and self.max_seeds < self.seeds:
            raise ValueError(f"max_seeds {self.max_seeds} is less than seeds {self.seeds}")
        if self.confirm is not None and self.max_seeds is not None:
            raise ValueError("confirm adds seeds to the best candidates alone: leave out max_seeds")
        if self.confirm is not None and (self.placebo or self.schedule_placebo):
            raise ValueError("confirm ranks candidates that are not known yet: leave out placebos")
        check_first_round(
            self.allocation,
            lag=None if self.sampler in (Sampling.GRID, Sampling.RANDOM) else self.lag,
            seeds=self.most_seeds,
            placebo=self.placebo is not None or self.schedule_placebo is not None,
        )
        return self

    @property
    def most_seeds(self) -> int:
        """The most seeds that a candidate can be given, those of a confirmation aside."""
        return self.max_seeds or self.seeds


class RankingSpec(Section):
    """What the symbols claim. Accuracies are fractions: a margin of 0.005 is 0.5 points."""

    metric: Metric = Field(default=Metric.GENERALIZATION, strict=False)
    question: Question = Field(default=Question.ORDER, strict=False)
    alpha: Annotated[float, Field(gt=0.0, lt=0.5)] = 0.05  # family-wise error of a kind of claim
    margin: Positive = 0.005  # delta: a difference a user would not care about
    large_margin: Positive = 0.05  # Delta: what ≫ claims
    correction: Correction = Field(default=Correction.HOLM, strict=False)
    # Beyond these a claim says nothing about layouts and is withheld:
    overfitting: Positive = 0.1  # capacity: evaluation loss - probe loss at the end, nats
    size_tolerance: Positive | None = 0.1  # spread of parameters and of MACs; null: not checked

    @model_validator(mode="after")
    def _ordered(self) -> "RankingSpec":
        if self.large_margin <= self.margin:
            raise ValueError(f"large_margin {self.large_margin} must exceed margin {self.margin}")
        return self


class TrackingSpec(Section):
    """The MLflow view; null uri is ``sqlite:///STUDY/mlflow.db``, "off" turns the view off."""

    uri: str | None = None
    experiment: str | None = None  # null is the study's name


class BaselineSpec(Section):
    """A network of another family, trained and ranked beside the layouts."""

    network: str  # timm/NAME, transformers/cvt-13, t2t/t2t_vit_7, ...
    label: str | None = None  # in the ranking; null: the network's own name
    options: dict[str, JsonValue] = Field(default_factory=dict)  # keyword arguments of the network

    @field_validator("label")
    @classmethod
    def _safe_label(cls, value: str | None) -> str | None:
        return value if value is None else check_name(value)


def _named(value: object) -> object:
    return {"network": value} if isinstance(value, str) else value


Baseline = Annotated[BaselineSpec, BeforeValidator(_named)]


class SweepSpec(Section):
    """One study for each value of one key, or for each set of keys, and the order against it."""

    key: str  # dotted, as on the command line: data.train; beside `sets` any word, such as size
    values: Annotated[tuple[JsonValue, ...], Field(min_length=2, strict=False)] | None = None
    # What a study is called -> the keys, dotted, in which it differs from the rest of the file.
    sets: Annotated[dict[str, dict[str, JsonValue]], Field(min_length=2)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "SweepSpec":
        if (self.values is None) == (self.sets is None):
            raise ValueError("needs either values, of its key, or sets, each of several keys")
        return self


class StudySpec(Section):
    """One study, resolved: what `study.json` holds."""

    name: str
    space: dict[str, Any]  # parsed by search_spaces.language, kept as written
    baselines: Annotated[tuple[Baseline, ...], Field(strict=False)] = ()
    data: DataSpec = DataSpec()
    training: TrainingSpec = TrainingSpec()
    fine_tune: FineTuneSpec | None = None
    search: SearchSpec = SearchSpec()
    ranking: RankingSpec = RankingSpec()
    tracking: TrackingSpec = TrackingSpec()
    resources: ResourcesSpec = ResourcesSpec()
    sweep: SweepSpec | None = None

    @field_validator("name")
    @classmethod
    def _safe_name(cls, value: str) -> str:
        return check_name(value)

    @model_validator(mode="after")
    def _sections_fit(self) -> "StudySpec":
        if self.ranking.metric is Metric.TRANSFER and self.fine_tune is None:
            raise ValueError("ranking.metric transfer needs a section fine_tune")
        self.search.allocation.check_epochs(self.training.epochs)
        metrics = set(self.search.objectives).intersection(Metric)
        if metrics and (Metric.TRANSFER in metrics) is not (self.ranking.metric is Metric.TRANSFER):
            raise ValueError(
                "search.objectives and ranking.metric are both of fine-tuned networks or neither"
            )
        check_objectives(self.search.objectives, self.space, self.ranking.metric)
        if Metric.TRANSFER in metrics and len(metrics) > 1:
            raise ValueError("search.objectives: transfer is of other trials than other metrics")
        brief = self.search.schedule_placebo
        if (
            brief is not None
            and not self.training.warmup_epochs < brief.epochs < self.training.epochs
        ):
            raise ValueError(
                f"search.schedule_placebo.epochs {brief.epochs} must lie between the warm-up of "
                f"{self.training.warmup_epochs:g} epochs and training.epochs {self.training.epochs}"
            )
        for part, name in ((self, ""), (self.fine_tune, "fine_tune.")):
            if part is not None and part.data.endless and part.training.epoch_images is None:
                raise ValueError(
                    f"data without end needs {name}training.epoch_images, the images of an epoch"
                )
        return self
