"""The columns of the tables that a study leaves: names, types, and what each means.

Units: losses nats, accuracies fractions in [0, 1], times seconds. What was not measured is null.
"""

import pyarrow as pa

TEXT, COUNT, REAL = pa.string(), pa.int64(), pa.float64()

TRIALS = pa.schema(
    [
        ("trial", TEXT),  # id
        ("number", COUNT),
        ("label", TEXT),  # what the ranking calls it
        ("layout", TEXT),
        ("role", TEXT),  # trained, fine-tuned, or twin: only the first two are ranked
        ("seed", COUNT),
        ("status", TEXT),
        ("attempts", COUNT),
        ("epochs", COUNT),  # measured
        ("epochs_planned", COUNT),
        ("parameters", COUNT),
        ("macs", COUNT),  # multiply-adds of one forward pass of one image
        ("samples", COUNT),  # training images seen
        ("seconds", REAL),  # training and measuring, over all attempts
        ("lowest_probe_loss", REAL),
        ("area_log_loss", REAL),  # nas.ranking.curves.area_log_loss
        # the rest of the numbers at the last epoch measured
        ("probe_loss", REAL),
        ("probe_accuracy", REAL),
        ("evaluation_loss", REAL),
        ("evaluation_accuracy", REAL),
        ("evaluation_gap", REAL),  # evaluation loss - probe loss
        ("accuracy_gap", REAL),  # probe accuracy - evaluation accuracy
        ("message", TEXT),
    ]
)
EPOCHS = pa.schema(
    [
        ("trial", TEXT),  # id
        ("label", TEXT),
        ("layout", TEXT),
        ("role", TEXT),  # as in TRIALS
        ("seed", COUNT),
        ("at", REAL),  # Unix time; from here on the columns are those of EpochMeasured
        ("attempt", COUNT),
        ("epoch", COUNT),
        ("step", COUNT),
        ("samples", COUNT),
        ("seconds", REAL),
        ("learning_rate", REAL),
        ("train_loss", REAL),
        ("gradient_norm", REAL),
        ("probe_loss", REAL),
        ("probe_accuracy", REAL),
        ("evaluation_loss", REAL),
        ("evaluation_accuracy", REAL),
        ("ema_evaluation_accuracy", REAL),
        ("evaluation_gap", REAL),
        ("accuracy_gap", REAL),
    ]
)
NEXT = {
    "difference": REAL,  # of this layout to the next, over the seeds that both have
    "low": REAL,
    "high": REAL,
    "pairs": COUNT,
    "deviation": REAL,
    "skewness": REAL,
    "more_seeds": COUNT,
    "withheld": TEXT,
}
RANKING = pa.schema(
    [
        ("rank", COUNT),  # from 1, the best
        ("layout", TEXT),
        ("score", REAL),
        ("low", REAL),  # t interval of the mean, null with one seed
        ("high", REAL),
        ("seeds", COUNT),
        ("parameters", COUNT),
        ("macs", COUNT),
        ("diverged", COUNT),
        ("diverged_of", COUNT),  # trials that ended
        ("diverged_low", REAL),  # the rate's exact interval at 95 %
        ("diverged_high", REAL),
        ("collapsed", COUNT),
        ("collapsed_of", COUNT),  # trials that finished
        ("collapsed_low", REAL),
        ("collapsed_high", REAL),
        ("failed", COUNT),
        ("accuracy", REAL),
        ("train_loss", REAL),
        ("evaluation_gap", REAL),
        ("accuracy_gap", REAL),
        ("area_log_loss", REAL),
        ("baseline", pa.bool_()),
        ("withheld", TEXT),  # why nothing is claimed of it; empty: it is
        # the claim about the next layout, null at the last; the rest as in RELATIONS
        ("symbol", TEXT),
        *((f"next_{name}", kind) for name, kind in NEXT.items()),
    ]
)
RELATIONS = pa.schema(
    [
        ("a", TEXT),  # the better estimate
        ("b", TEXT),
        ("symbol", TEXT),
        ("difference", REAL),
        ("low", REAL),  # simultaneous over all pairs, null with fewer than two
        ("high", REAL),
        ("pairs", COUNT),
        ("deviation", REAL),  # sd of the paired differences
        ("skewness", REAL),  # of the same, g1
        ("more_seeds", COUNT),
        ("withheld", TEXT),  # why there is no claim; empty: there is
    ]
)
