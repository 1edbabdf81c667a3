"""Which columns each table has, in their order; the words are those of `nas.tables.columns`."""

from dataclasses import replace

from nas.spec.choices import Price
from nas.study.records import TrialStatus
from nas.tables.columns import FRACTION, Column, Type, word
from nas.tables.table import Table, words

STUDY_STATUSES = ("running", "interrupted", "finished")
UNREADABLE = "unreadable"

_STATUS = word("status", ", ".join(status.value for status in TrialStatus))
_COUNTS = words("trials", "finished", "paused", "stopped", "diverged", "failed")
_LAST = "at the last epoch measured"
_MEAN = "mean over the trials behind the score, at their last epoch"
_END = "t interval of the mean, by itself; null with one seed"
_PAIR_END = "simultaneous over all pairs; null with fewer than two paired seeds"
_NEXT = "about this label, as a, and the next, as b; null at the last"

TRIALS = Table(
    title="Trials",
    found="`tables/trials.parquet`",
    row="a trial, planned ones too",
    columns=(
        *words("trial", "number", "label", "layout", "role", "seed"),
        _STATUS,
        *words("attempts", "epochs", "epochs_planned", "parameters", "macs"),
        *words("samples", "seconds", of="0 before the first epoch"),
        *words("lowest_probe_loss", "area_log_loss"),
        *words("probe_loss", "probe_accuracy", "evaluation_loss", of=_LAST),
        *words("evaluation_accuracy", "loss_gap", "accuracy_gap", of=_LAST),
        word("message"),
    ),
)
EPOCHS = Table(
    title="Epochs",
    found="`tables/epochs.parquet`",
    row="an epoch measured, in the order of trials",
    columns=words(
        *("trial", "label", "layout", "role", "seed"),
        *("at", "attempt", "epoch", "step", "samples", "seconds", "learning_rate"),
        *("train_loss", "gradient_norm", "probe_loss", "probe_accuracy"),
        *("evaluation_loss", "evaluation_accuracy", "ema_evaluation_accuracy"),
        *("loss_gap", "accuracy_gap", "probe_loss_error", "evaluation_loss_error"),
        "ema_probe_loss",
    ),
)


def _rate(name: str, out_of: str) -> tuple[Column, ...]:
    """Return a count, what it is out of, and the ends of the rate's interval."""
    interval = f"interval of {name} / {name}_of, exact at 95 %"
    return (
        word(name),
        Column(name=f"{name}_of", type=Type.COUNT, meaning=f"trials that {out_of}"),
        Column(name=f"{name}_low", type=Type.REAL, unit=FRACTION, meaning=f"lower end, {interval}"),
        Column(
            name=f"{name}_high", type=Type.REAL, unit=FRACTION, meaning=f"upper end, {interval}"
        ),
    )


EVIDENCE = (
    word("difference"),
    *words("low", "high", of=_PAIR_END),
    word("p_adjusted"),
    *words("paired_seeds", "deviation", "skewness", "more_seeds", "withheld"),
)
RANKING = Table(
    title="Ranking",
    found="`tables/ranking.parquet`, `nas rank STUDY -o csv`",
    row="a label, the best first",
    columns=(
        *words("rank", "label", "layout", "score"),
        *words("low", "high", of=_END),
        *words("seeds", "parameters", "macs", "trained_macs"),
        *_rate("diverged", "ended"),
        *_rate("collapsed", "finished"),
        *words("failed", "stopped"),
        *words("evaluation_accuracy", "probe_loss", "loss_gap", "accuracy_gap", of=_MEAN),
        word("area_log_loss", "mean over the trials behind the score"),
        *words("baseline", "withheld"),
        word("symbol", _NEXT),
        *(
            replace(each, name=f"next_{each.name}", meaning=f"{each.meaning}; {_NEXT}")
            for each in EVIDENCE
        ),
    ),
)
RELATIONS = Table(
    title="Relations",
    found="`tables/relations.parquet`",
    row="a pair of labels",
    columns=(
        *words("a", "b", "symbol"),
        *EVIDENCE,
        *words("new_images_low", "new_images_high"),
    ),
)
PHASE = Table(
    title="Phase diagram",
    found="`phase.parquet` and `phase.csv` of a sweep",
    row="a value and label, the best first",
    columns=(
        *words("value", "value_number", "rank", "label", "layout", "score"),
        *words("low", "high", of=_END),
        *words("seeds", "parameters", "macs"),
        word("mark", _NEXT),
        *words("equal_loss", "tau"),
    ),
)
ORDERS = Table(
    title="Orders of a sweep",
    found="`nas rank SWEEP`",
    row="a value; between `value` and `equal_loss` every label is a column of scores",
    columns=words("value", "equal_loss", "tau", "order"),
)
SIZES = Table(
    title="Scores against size",
    found="`nas rank SWEEP --sizes`",
    row="a label and value, by size",
    columns=(
        word("label"),
        word("value", "null of a study alone"),
        *words("parameters", "macs", "score"),
        *words("low", "high", of=_END),
        word("seeds"),
    ),
)
MEMBERS = Table(
    title="Studies of a sweep",
    found="`nas status SWEEP`",
    row="a value",
    columns=(
        word("value"),
        word("status", f"planned, {', '.join(STUDY_STATUSES)}"),
        *_COUNTS,
        word("study"),
    ),
)
STATUS = Table(
    title="Where trials stand",
    found="`nas status STUDY`",
    row="a trial",
    columns=(
        word("trial"),
        _STATUS,
        *words("epochs", "epochs_planned"),
        *words("probe_loss", "evaluation_loss", "evaluation_accuracy", "seconds", of=_LAST),
        word("attempts"),
        word("message", "its first line"),
    ),
)
STUDIES = Table(
    title="Studies",
    found="`nas ls`",
    row="a study or sweep; of a sweep the counts of all its studies",
    columns=(
        word("study"),
        word("status", f"{', '.join(STUDY_STATUSES)}, {UNREADABLE}"),
        *_COUNTS,
        *words("created", "note"),
    ),
)
CANDIDATES = Table(
    title="Candidates",
    found="`nas space list SPEC`, `nas space sample SPEC`",
    row="a point of the space, or a network of another family",
    columns=(
        word("label", "null of a point that is rejected"),
        *words("layout", "types", "depths", "widths", "choices", "parameters", "macs"),
        word("milliseconds", "a sum of block times; null without `space.latency`"),
        *words("parameters_off", "macs_off", "point", "rejected"),
    ),
)
_SIMULATED = "`nas rank SPEC --simulate`, `-o csv` as one table"
QUESTIONS = Table(
    title="Seeds that a claim takes",
    found=_SIMULATED,
    row="a noise and a question about one pair",
    columns=words("noise", "claim", "true_difference", "seeds_median", "seeds_80"),
)
SCENARIOS = Table(
    title="Trials that a study takes",
    found=_SIMULATED,
    row="a noise",
    columns=words(
        *("noise", "decided", "trials_mean", "trials_10", "trials_90", "trials_if_equal"),
        "false_ever",
    ),
)
RUNGS = Table(
    title="Rungs of a study",
    found="`nas rungs STUDY`",
    row="a rung, over all cohorts, the lowest first",
    columns=(
        word("epoch"),
        *words("reached", "promoted"),
        word("stopped", "turned down here, controls left out"),
        *words("controls", "pooled"),
        *words("rung_tau", "rung_tau_low", "rung_tau_high", "rung_tau_of"),
        *_rate("false_kills", "were controls here and have ended"),
    ),
)


def _share(name: str) -> tuple[Column, ...]:
    """Return a share of replays and the ends of its interval."""
    ends = (("low", "lower"), ("high", "upper"))
    return (
        word(name),
        *(
            Column(
                name=f"{name}_{end}",
                type=Type.REAL,
                unit=FRACTION,
                meaning=f"{side} end of its interval, exact at 95 %",
            )
            for end, side in ends
        ),
    )


REPLAYS = Table(
    title="Replays of a study",
    found="`nas replay STUDY`",
    row="an allocation",
    columns=(
        *words("allocation", "replays", "epochs_share", "regret"),
        *_share("found"),
        *_share("false_kill"),
        *_share("layout_kill"),
    ),
)
LATENCIES = Table(
    title="Latencies",
    found="`nas latency STUDY`",
    row="a candidate, the fastest first",
    columns=words(
        *("label", "milliseconds", "milliseconds_low", "milliseconds_high"),
        *("images_per_second", "parameters", "macs", "batch", "device"),
    ),
)
PARETO = Table(
    title="Front",
    found="`nas pareto STUDY`; costs that were not asked for are null",
    row="a candidate that finished, the best score first",
    columns=(
        *words("label", "layout", "score"),
        *words("low", "high", of=_END),
        *words("seeds", *Price),
        word("on_front"),
        word("front_share", "null with fewer than three seeds"),
        *words("standing", "dominated_by"),
    ),
)
GROWTH = Table(
    title="How a front grew",
    found="`growth.steps` of `nas pareto STUDY -o json`",
    row="a trial that finished and changed it, in the order of time, and the last",
    columns=words("trial", "trials_finished", "epochs_spent", "hypervolume"),
)
PREDICTIONS = Table(
    title="Predictions",
    found="`nas predict MODEL IMAGES...`",
    row="a file, in the order given",
    columns=words(
        *("file", "predicted", "probability", "runner_up", "runner_up_probability", "unreadable"),
    ),
)
TABLES = (
    *(TRIALS, EPOCHS, RANKING, RELATIONS, PHASE),
    *(STATUS, STUDIES, MEMBERS, ORDERS, SIZES, CANDIDATES, QUESTIONS, SCENARIOS),
    *(RUNGS, REPLAYS, PARETO, GROWTH, LATENCIES, PREDICTIONS),
)
