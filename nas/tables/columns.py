"""The data dictionary: every word that a table has as a column, with one meaning in all of them.

A table adds what the word is of, such as the mean over seeds of it. What was not measured is null.
`docs/tables.md` is made from this.
"""

from dataclasses import dataclass, replace
from enum import Enum

import pyarrow as pa

NATS, FRACTION, SECONDS, MACS = "nats", "fraction", "seconds", "multiply-adds"


class Type(Enum):
    """What a cell holds, with the type that Parquet gives it."""

    TEXT = pa.string()
    COUNT = pa.int64()
    REAL = pa.float64()
    FLAG = pa.bool_()


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column of a table, one key of JSON or one metric of MLflow."""

    name: str
    type: Type
    meaning: str  # and where it comes from
    unit: str = ""


def _column(name: str, kind: Type, meaning: str, unit: str = "") -> Column:
    return Column(name=name, type=kind, meaning=meaning, unit=unit)


def _text(name: str, meaning: str) -> Column:
    return _column(name, Type.TEXT, meaning)


def _count(name: str, meaning: str, unit: str = "") -> Column:
    return _column(name, Type.COUNT, meaning, unit)


def _real(name: str, meaning: str, unit: str = "") -> Column:
    return _column(name, Type.REAL, meaning, unit)


_WORDS = (
    # what is what
    _text("study", "name or folder of the study, or of the sweep"),
    _text("trial", "id: number, label and seed; sorts by number, safe as a file name"),
    _count("number", "1, 2, 3, ... in the order planned"),
    _text("label", "what the ranking calls it: the layout, `layout#k` where a layout has several"),
    _text("layout", "name of the layout in the spec; of a network of another family its label"),
    _text("types", "blocks of the stages, as C-C-T-T; of another family the network's name"),
    _text("role", "trained, fine-tuned, or twin: the placebo, which is no layout of its own"),
    _count("seed", "of the initial weights, and of the order of images, which all labels share"),
    _text("value", "value of the sweep's key, as folders are named by it"),
    _real(
        "value_number",
        "the value as a number: null where it is none, infinite for endless data",
    ),
    # where it stands
    _text("status", "where it stands"),
    _count("attempts", "segments begun: one, and one more after each pause, stop or loss"),
    _count("attempt", "which attempt measured it"),
    _count("epochs", "epochs measured"),
    _count("epochs_planned", "epochs of the whole trial"),
    _text("message", "why it did not finish; empty: nothing to say"),
    _text("created", "when the study was created: date and time, UTC"),
    _text("note", "why it cannot be read; of a sweep its values"),
    _count("trials", "trials planned so far"),
    _count("finished", "trials that reached their last epoch"),
    _count("paused", "trials whose newest segment ended early: they may go on"),
    _count("stopped", "trials that go no further, by decision of the search"),
    _count("diverged", "trials that ended because a loss or a gradient was not finite"),
    _count("failed", "trials whose training failed, or lost its worker, again and again"),
    _count("collapsed", "trials that finished far below those of the same label"),
    # what it costs
    _text("depths", "blocks of each stage"),
    _text("widths", "channels of each stage"),
    _count("parameters", "trained numbers of the network"),
    _count("macs", "of one forward pass of one image", MACS),
    _count(
        "trained_macs",
        "the same where it was first trained, by which sizes are judged; null where `macs` is that",
        MACS,
    ),
    _real("parameters_off", "from the number asked for, relative", FRACTION),
    _real("macs_off", "from the number asked for, relative", FRACTION),
    _text("choices", "options, image size and parts of the recipe that were chosen; null: none"),
    _text("point", "values of the space's variables, of a point that is rejected"),
    _text("rejected", "why the point is no candidate"),
    # what an epoch measured: `nas.study.records.EpochMeasured`
    _real("at", "when it was measured: Unix time", SECONDS),
    _count("epoch", "1, 2, 3, ..."),
    _count("step", "optimizer steps so far", "steps"),
    _count("samples", "training images seen so far", "images"),
    _real("seconds", "training and measuring so far, over all attempts", SECONDS),
    _real("learning_rate", "at the epoch's last step"),
    _real("train_loss", "mean over the epoch as trained: augmented, drop path on", NATS),
    _real("gradient_norm", "mean over the epoch's steps, before clipping"),
    _real(
        "probe_loss",
        "cross-entropy on the probe, a fixed part of the training set, in evaluation mode",
        NATS,
    ),
    _real("probe_accuracy", "on the probe, in evaluation mode", FRACTION),
    _real("evaluation_loss", "cross-entropy on the evaluation set", NATS),
    _real("evaluation_accuracy", "on the evaluation set, of the raw weights", FRACTION),
    _real(
        "ema_evaluation_accuracy",
        "the same of the averaged weights; null where the recipe keeps none",
        FRACTION,
    ),
    _real(
        "ema_probe_loss",
        "probe_loss of the averaged weights; null where the recipe keeps none",
        NATS,
    ),
    _real(
        "probe_loss_error",
        "standard error of probe_loss over its images; null where it was not recorded",
        NATS,
    ),
    _real(
        "evaluation_loss_error",
        "the same of evaluation_loss; trials share both sets, so seeds do not average it away",
        NATS,
    ),
    _real("loss_gap", "evaluation loss - probe loss", NATS),
    _real("accuracy_gap", "probe accuracy - evaluation accuracy", FRACTION),
    # what is read off a trial: `nas.ranking.curves`
    _real("lowest_probe_loss", "lowest of all its epochs", NATS),
    _real("area_log_loss", "mean height of the ln(probe loss) curve: lower is faster", NATS),
    _real("flops", "6 for each MAC and training image: forward and backward", "FLOPs"),
    # what is claimed: `nas.ranking.result`
    _text("metric", "what a trial is scored by"),
    _count("rank", "1 is the best"),
    _real("score", "mean over seeds, an evaluation accuracy as the metric reads it", FRACTION),
    _real("low", "lower end of the interval", FRACTION),
    _real("high", "upper end of the interval", FRACTION),
    _count("seeds", "finished trials behind the score"),
    _column("baseline", Type.FLAG, "whether it is a network of another family"),
    _text("withheld", "why nothing is claimed of it; empty: something is"),
    _text("a", "label of the better estimate"),
    _text("b", "label of the other"),
    _text("symbol", "the claim: ≫ > ≈ ≥ or ?, which also stands where it is withheld"),
    _text("mark", "the symbol as the order has it: a bar where the claim is withheld"),
    _real("difference", "score(a) - score(b), mean over paired seeds", FRACTION),
    _count("paired_seeds", "seeds that both finished"),
    _real("deviation", "sd of the paired differences; null with fewer than two", FRACTION),
    _real("skewness", "of the paired differences, g1; null with fewer than three"),
    _real("p_adjusted", "of no difference, adjusted for all pairs and looks; null: not judged"),
    _count("more_seeds", "expected to settle it; null: settled, or not foreseeable"),
    _real(
        "new_images_low", "lower end of the difference for new images; null: not known", FRACTION
    ),
    _real("new_images_high", "upper end of the same", FRACTION),
    _text("order", "labels, best first, with the marks between them; empty: none finished"),
    _real("equal_loss", "l*, the probe loss at which layouts are compared", NATS),
    _real("tau", "Kendall's tau-b with the paper's order"),
    # what rungs did: `nas.search.allocation.rung_report`
    _count("reached", "trials that were compared at the rung"),
    _count("promoted", "trials that it let go on"),
    _count("controls", "trials that it turned down and that are trained to the end all the same"),
    _column("pooled", Type.FLAG, "whether all were compared together, not within strata"),
    _count("false_kills", "controls that ended among the best two"),
    _real("rung_tau", "Kendall's tau-b of readings at the rung with final accuracies"),
    _real("rung_tau_low", "lower end of its interval at 95 %; null with fewer than five trials"),
    _real("rung_tau_high", "upper end of the same"),
    _count("rung_tau_of", "trials that it is over: those that finished"),
    # what candidates cost, and their front: `nas.ranking.costs`, `nas.ranking.pareto`
    _real("training_macs", "of a training step of one image: forward and backward pass", MACS),
    _real("activation_memory", "kept of one image for the backward pass, float32", "bytes"),
    _real("latency", "of a forward pass of one image, measured or summed; null: neither", "ms"),
    _column("on_front", Type.FLAG, "whether nothing is both cheaper and better, as estimated"),
    _real("front_share", "share of resamples over seeds that have it on the front", FRACTION),
    _text("standing", "front, dominated or open: what is certain; null: nothing is claimed"),
    _text("dominated_by", "labels that cost no more and are claimed to be better, the best first"),
    _count("trials_finished", "trials that had finished by then"),
    _count("epochs_spent", "epochs that all trials had measured by then"),
    _real("hypervolume", "of the front by then: the best score within a budget, mean over budgets"),
    # what replays come to: `nas.reading.replay_table`
    _text("allocation", "as it was asked for: KIND:KEY=VALUE,..."),
    _count("replays", "searches run over the recorded curves"),
    _real("epochs_share", "epochs trained / epochs of all candidates in full, mean", FRACTION),
    _real("regret", "score of the best candidate - score of the one found, mean", FRACTION),
    _real("found", "share of replays that found the best candidate", FRACTION),
    _real("false_kill", "share of replays that stopped the best candidate", FRACTION),
    _real(
        "layout_kill",
        "share of replays that stopped every candidate of one of the two best layouts",
        FRACTION,
    ),
    # what networks take: `nas.study.latency`
    _real("milliseconds", "of a forward pass of a batch in evaluation mode, median", "ms"),
    _real("milliseconds_low", "lower end of the median's interval, exact at 95 %", "ms"),
    _real("milliseconds_high", "upper end of the same", "ms"),
    _real("images_per_second", "that go through, batch after batch", "1/s"),
    _count("batch", "images of a forward pass", "images"),
    _text("device", "the GPU, or the processor and its threads"),
    # what a model says of images: `nas.export.predicting`
    _text("file", "as it was named, or found in a folder that was"),
    _text("predicted", "the class with the highest probability"),
    _real("probability", "softmax of the logits; not calibrated", FRACTION),
    _text("runner_up", "the next class"),
    _real("runner_up_probability", "its probability", FRACTION),
    _text("unreadable", "why a file is no image; null: it is one"),
    # what a study would cost: `nas.ranking.forecast.simulate`
    _real("noise", "sd of the score of one trial over seeds", FRACTION),
    _text("claim", "what is claimed of a pair: a symbol, or `not ?` for any of them"),
    _real("true_difference", "of the scores of the pair", FRACTION),
    _count("seeds_median", "at which half of the studies claim it; null: not by the last look"),
    _count("seeds_80", "at which 80 % of the studies claim it; null: not by the last look"),
    _real("decided", "share of pairs that end without `?`", FRACTION),
    _real("trials_mean", "trials that a study takes, mean"),
    _real("trials_10", "the same, the 10 % quantile"),
    _real("trials_90", "the same, the 90 % quantile"),
    _real("trials_if_equal", "trials that it takes where every label gets as many, mean"),
    _real("false_ever", "share of studies with any false claim at any look", FRACTION),
)
WORDS = {column.name: column for column in _WORDS}
assert len(WORDS) == len(_WORDS), "one word, one meaning"


def word(name: str, of: str = "") -> Column:
    """Return a column, its meaning followed by what it is `of` in a table.

    Raises:
        KeyError: the dictionary does not have it.
    """
    column = WORDS[name]
    return replace(column, meaning=f"{column.meaning}; {of}") if of else column
