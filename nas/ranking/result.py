"""The ranking as a value: what `nas rank` prints, the report draws and the export quotes."""

from dataclasses import dataclass
from enum import StrEnum

from nas.ranking.noise_words import NoiseFound
from nas.spec.study import Metric, Question, RankingSpec


class Symbol(StrEnum):
    """A claim about two layouts, the better estimate first (docs/ranking.md, "Claims")."""

    MUCH_BETTER = "≫"
    BETTER = ">"
    EQUIVALENT = "≈"
    NOT_WORSE = "≥"
    UNDECIDED = "?"


WITHHELD = "|"
"""Stands in an order between neighbours of which nothing is claimed, for a reason in words.

`A | B` says that A has the better estimate and that no comparison was made; `A ? B` that one was
made and did not decide.
"""


NOT_ASKED = "not asked: the question is the winner"
"""Why nothing is claimed of a pair without the leader, where the question is the winner."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """How often something happened, with its exact interval at 95 % (Clopper and Pearson 1934)."""

    count: int
    of: int
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class LayoutScore:
    """One layout's score over its seeds; [low, high] is a t interval of the mean at 1 - alpha."""

    label: str  # what the ranking calls it, as `Trial.label`; relations and the order name it so
    layout: str  # as `Trial.layout`; of a baseline its label
    score: float
    low: float | None  # None where one seed gives no interval
    high: float | None
    seeds: int  # trials behind the score
    parameters: int
    macs: int  # of the network that is scored
    diverged: Rate  # a loss was not finite; of the trials that ended. Never averaged
    collapsed: Rate  # finished far below its siblings, of the trials that finished
    failed: int  # trials lost for other reasons
    evaluation_accuracy: float  # mean at the last epoch
    probe_loss: float  # mean at the last epoch, nats
    loss_gap: float  # mean final evaluation loss - probe loss, nats
    accuracy_gap: float  # mean final probe accuracy - evaluation accuracy
    area_log_loss: float  # convergence: mean height of the ln(probe loss) curve, lower is faster
    stopped: int = 0  # trials that the search let go no further
    trained_macs: int | None = None  # before fine-tuning at another size; None: `macs` as well
    baseline: bool = False  # a network of another family
    withheld: str = ""  # why nothing is claimed of it, in words

    @property
    def judged_macs(self) -> int:
        """The multiply-adds that its size is judged by: those it was trained at.

        Fine-tuned at another resolution, networks of one size part, since attention grows faster
        with the number of cells than convolution does; that makes them no other networks.
        """
        return self.macs if self.trained_macs is None else self.trained_macs


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """The ends of an interval."""

    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Relation:
    """A claim about `a` against `b`; `difference` = score(a) - score(b) >= 0 over paired seeds."""

    a: str  # a label, as b
    b: str
    symbol: Symbol  # `?` where withheld
    difference: float
    low: float | None  # simultaneous over all pairs, cut where the symbol says more; None: not yet
    high: float | None
    paired_seeds: int  # that both layouts finished
    deviation: float | None  # sd of the paired differences
    skewness: float | None  # of the paired differences; None with fewer than three
    more_seeds: int | None  # expected to settle a `?`; None where settled, or not foreseeable
    # Of "no difference", adjusted for all pairs and looks: at most alpha where [low, high] is on
    # one side of 0. None where nothing was judged.
    p_adjusted: float | None = None
    withheld: str = ""  # why there is no claim, in words
    new_images: Interval | None = None  # as [low, high], for new images as well; None: not known

    @property
    def interval(self) -> str:
        """The interval in points, "[0.40, 2.00]", or an empty string.

        A round bracket stands beside what is not in it: "(0.00, 1.40]" holds no 0.
        """
        if self.low is None or self.high is None:
            return ""
        low, high = 100 * self.low, 100 * self.high
        begin = "(" if _left_out(low, low - round(low, 2)) else "["
        end = ")" if _left_out(high, round(high, 2) - high) else "]"
        return f"{begin}{low:.2f}, {high:.2f}{end}"


def _left_out(end: float, inside: float) -> bool:
    """Tell whether an end, printed with two digits, lies outside as 0 or as a margin."""
    return inside > 0 and (inside < 1e-8 or round(end, 2) == 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """The order beside the paper's (docs/paper.md, "Reported orders"), over layouts of both."""

    paper: str  # "C-C-C-C ≈ C-C-C-T ≥ C-C-T-T > C-T-T-T ≫ ViT_REL"
    tau: float  # Kendall's tau-b of the two orders, `≈` between neighbours a tie in either


@dataclass(frozen=True, kw_only=True, slots=True)
class Race:
    """Who can still be the best (docs/ranking.md, "Only the winner"); labels, the best first."""

    contenders: tuple[str, ...]  # that can be: the leader, and the others by their scores
    out: tuple[str, ...]  # certainly not the one best
    close: tuple[str, ...]  # contenders that the leader is certainly at most `margin` behind

    @property
    def leader(self) -> str:
        """The best of those that can be it; all others are held against it."""
        return self.contenders[0]

    @property
    def winner(self) -> str | None:
        """The best, where all others are out."""
        return self.leader if len(self.contenders) == 1 else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """The candidates of one layout. Scores are fractions; nothing is claimed of them."""

    layout: str
    candidates: int  # begun
    finished: int  # of those, with a trial that finished
    stopped: int  # that the search let go no further
    best: str  # label of the best
    score: float  # its mean
    low: float  # quartiles of the means of all that finished
    median: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranking:
    """Layouts from best to worst, with the claims between them and what they rest on."""

    spec: RankingSpec  # metric, error level and margins that the symbols stand for
    order: str  # "C-C-C-C ≈ C-C-C-T | C-C-T-T", layouts and `marks`; empty when none finished
    equal_loss: float | None  # l*, nats; None for other metrics than generalization
    layouts: tuple[LayoutScore, ...]
    relations: tuple[Relation, ...]  # every pair, the better estimate first
    notes: tuple[str, ...]  # assumptions and warnings, each one sentence
    evaluation_images: int  # that scores and [low, high] are of
    symbols: tuple[Symbol, ...] = ()  # between neighbours; `?` where nothing is claimed
    marks: tuple[str, ...] = ()  # as printed: the symbols, or `|` where a comparison is withheld
    looks: tuple[int, int] = (3, 3)  # seeds at the first and the last: claims hold at any between
    preliminary: str = ""  # why the symbols are no certificate yet; empty: they are one
    hidden: tuple[Relation, ...] = ()  # claims that the order neither shows nor implies
    sentence: str = ""  # what is known and what is not, in words (docs/ranking.md)
    placebo: Relation | None = None  # a candidate against its own twin: the noise floor
    noise: NoiseFound | None = None  # where it comes from; None where no image was kept
    schedule_placebo: Relation | None = None  # against itself over fewer epochs, at equal loss
    agreement: Agreement | None = None  # None with fewer than three of the paper's layouts
    groups: tuple[Group, ...] = ()  # layouts of several candidates each, as they were explored
    race: Race | None = None  # where the question is the winner, of two layouts or more

    @property
    def metric(self) -> Metric:
        """What a trial was scored by."""
        return self.spec.metric

    @property
    def question(self) -> Question:
        """What was asked."""
        return self.spec.question

    @property
    def winner(self) -> str | None:
        """The best, where that was the question and it is certain."""
        return None if self.race is None else self.race.winner

    @property
    def contenders(self) -> tuple[str, ...]:
        """Those that can still be the best, the leader first, where that was the question."""
        return () if self.race is None else self.race.contenders

    @property
    def answer(self) -> str:
        """The order as it is quoted: what is preliminary says so."""
        order = self.order or "no ranking: no trial has finished"
        return f"preliminary: {order}" if self.preliminary else order
