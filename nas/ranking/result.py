"""The ranking as a value: what `nas rank` prints, the report draws and the export quotes."""

from dataclasses import dataclass
from enum import StrEnum

from nas.spec import Metric, RankingSpec


class Symbol(StrEnum):
    """A claim about two layouts, the better estimate first (DESIGN section 4)."""

    MUCH_BETTER = "≫"
    BETTER = ">"
    EQUIVALENT = "≈"
    NOT_WORSE = "≥"
    UNDECIDED = "?"


@dataclass(frozen=True, kw_only=True, slots=True)
class LayoutScore:
    """One layout's score over its seeds; [low, high] is a t interval of the mean at 1 - alpha."""

    layout: str
    score: float
    low: float | None  # None where one seed gives no interval
    high: float | None
    seeds: int  # trials behind the score
    parameters: int
    macs: int
    diverged: int  # trials that diverged or failed: reported apart, never averaged
    accuracy: float  # mean final evaluation accuracy
    evaluation_gap: float  # mean final evaluation loss - probe loss, nats
    accuracy_gap: float  # mean final probe accuracy - evaluation accuracy


@dataclass(frozen=True, kw_only=True, slots=True)
class Relation:
    """A claim about `a` against `b`; `difference` = score(a) - score(b) >= 0 over paired seeds."""

    a: str
    b: str
    symbol: Symbol
    difference: float
    low: float | None  # simultaneous over all pairs; None with fewer than two paired seeds
    high: float | None
    pairs: int  # seeds that both layouts finished
    more_seeds: int | None  # expected to settle a `?`; None where settled, or more than 1,000


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranking:
    """Layouts from best to worst, with the claims between them and what they rest on."""

    spec: RankingSpec  # metric, error level and margins that the symbols stand for
    order: str  # "C-C-C-C ≈ C-C-C-T > C-C-T-T"; empty when no trial finished
    equal_loss: float | None  # l*, nats; None for metric accuracy
    layouts: tuple[LayoutScore, ...]
    relations: tuple[Relation, ...]  # every pair, the better estimate first
    notes: tuple[str, ...]  # assumptions and warnings, each one sentence
    symbols: tuple[Symbol, ...] = ()  # those in `order`, between neighbours

    @property
    def metric(self) -> Metric:
        """What a trial was scored by."""
        return self.spec.metric
