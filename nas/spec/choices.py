"""The words that a spec and the command line may choose from; no library is needed to know them."""

from enum import StrEnum


class Until(StrEnum):
    """When no more seeds are asked for."""

    SETTLED = "settled"  # no pair is left undecided (`?`)
    SHARP = "sharp"  # every pair is ≫, > or ≈: `≥` is open too


class Sampling(StrEnum):
    """How the points to train are chosen (docs/samplers.md)."""

    GRID = "grid"  # all of them, in the file's order
    RANDOM = "random"  # each equally likely
    TPE = "tpe"  # Optuna's tree-structured Parzen estimator
    GP = "gp"  # Optuna's Gaussian process
    NSGA2 = "nsga2"  # Optuna's genetic algorithms
    NSGA3 = "nsga3"
    EVOLUTION = "evolution"  # regularised (aging) evolution


class Price(StrEnum):
    """What a network costs, whatever it learns; of one image (docs/samplers.md)."""

    PARAMETERS = "parameters"
    MACS = "macs"  # multiply-adds of a forward pass
    TRAINING_MACS = "training_macs"  # the same of a training step
    ACTIVATION_MEMORY = "activation_memory"  # bytes kept for the backward pass, float32
    LATENCY = "latency"  # of a forward pass, by the block times of `space.latency`


class Metric(StrEnum):
    """What a trial is scored by (docs/measures.md, "Metrics")."""

    GENERALIZATION = "generalization"  # evaluation accuracy at equal training loss
    ACCURACY = "accuracy"  # evaluation accuracy at the end
    CAPACITY = "capacity"  # the same where data is abundant: withheld where trials overfit
    TRANSFER = "transfer"  # evaluation accuracy after fine-tuning


class Correction(StrEnum):
    """How claims about all pairs are held to one error."""

    HOLM = "holm"  # a family of `>` and `≫`, one of `≈`, each at alpha; decides more
    BONFERRONI = "bonferroni"  # all claims read off the intervals, together at alpha


class Question(StrEnum):
    """What a study is to find out (docs/ranking.md, "Only the winner")."""

    ORDER = "order"  # how all of them stand to each other
    WINNER = "winner"  # which is the best: each is held against the best alone


class AllocationKind(StrEnum):
    """How epochs are shared out among candidates (docs/search.md)."""

    FULL = "full"  # every trial is trained to its end
    HALVING = "halving"  # successive halving in cohorts, fair to slow starters
    ASHA = "asha"  # asynchronous successive halving (arXiv:1810.05934)
    PASHA = "pasha"  # the same, with rungs added while rankings move (arXiv:2207.06940)
    I_EPOCH = "i-epoch"  # all but the best are discarded after so many epochs (arXiv:2404.04111)


class Strata(StrEnum):
    """Among which candidates one has to be good to go on."""

    LAYOUT = "layout"  # those of its layout
    FAMILY = "family"  # those with as many convolution stages
    NONE = "none"  # all


class RungMetric(StrEnum):
    """What a trial is read by at a rung (docs/search.md, "What is read at a rung")."""

    LAST = "last"  # evaluation accuracy there
    BEST = "best"  # the best up to there
    AREA = "area"  # mean height of the ln(probe loss) curve up to there; low is good
    EXTRAPOLATED = "extrapolated"  # a power law's evaluation accuracy at the last epoch
