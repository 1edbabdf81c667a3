"""What was measured of latencies, as a table: a row a candidate, the fastest first."""

from collections.abc import Iterable

import pandas as pd

from nas.study.latency import Measurement
from nas.study.records import Trial
from nas.tables.schemas import LATENCIES


def latency_frame(measured: Measurement, trials: Iterable[Trial]) -> pd.DataFrame:
    """One row a candidate measured; parameters and MACs are those of its newest trial."""
    sizes = {trial.label: (trial.parameters, trial.macs) for trial in trials}
    rows = []
    for label, each in sorted(measured.latencies.items(), key=lambda item: item[1].milliseconds):
        parameters, macs = sizes.get(label, (None, None))
        rows.append(
            {
                "label": label,
                "milliseconds": each.milliseconds,
                "milliseconds_low": each.low,
                "milliseconds_high": each.high,
                "images_per_second": each.images_per_second,
                "parameters": parameters,
                "macs": macs,
                "batch": each.batch,
                "device": each.device,
            }
        )
    return LATENCIES.frame(rows)
