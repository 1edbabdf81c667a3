"""Many seeds as a median line with a band, and what the band spans."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from plotly import graph_objects as go

from nas.report.style import LayoutStyle, plain

# With fewer, quartiles are interpolated between two or three runs and mean nothing.
_SEEDS_FOR_QUARTILES = 5
_MARKERS = 10  # a line of 300 epochs is not a string of 300 beads


@dataclass(frozen=True, kw_only=True, slots=True)
class Band:
    """Which part of the seeds a band spans."""

    low: float  # quantile
    high: float
    words: str  # a sentence on lines and bands

    def of(self, values: np.ndarray) -> pd.DataFrame:
        """Return low, median and high over the first axis (seeds) of `values` [seeds, places]."""
        low, median, high = np.quantile(values, (self.low, 0.5, self.high), axis=0)
        return pd.DataFrame({"low": low, "median": median, "high": high})


_SINGLE = Band(low=0.0, high=1.0, words="With one seed a layout, lines are single runs.")
_RANGE = Band(
    low=0.0,
    high=1.0,
    words="Lines are medians over seeds, bands reach from the lowest seed to the highest.",
)
_MIDDLE = Band(
    low=0.25,
    high=0.75,
    words="Lines are medians over seeds, bands span the middle half of the seeds (quartiles).",
)


def band_of(epochs: pd.DataFrame) -> Band:
    """Return the band for a study: quartiles where the typical layout has five seeds, else all."""
    seeds = epochs.groupby("label")["seed"].nunique()
    if seeds.max() == 1:
        return _SINGLE
    return _MIDDLE if seeds.median() >= _SEEDS_FOR_QUARTILES else _RANGE


def band_and_line(
    label: str, at: Sequence[float], drawn: dict[str, list[float]], look: LayoutStyle
) -> list[go.Scatter]:
    """Return a layout's band and its median line; `drawn` has low, median and high over `at`."""
    shared = {"name": plain(label), "legendgroup": plain(label)}
    at = list(at)
    return [
        go.Scatter(
            x=at + at[::-1],
            y=drawn["low"] + drawn["high"][::-1],
            fill="toself",
            fillcolor=look.band,
            line={"width": 0},
            mode="lines",
            hoverinfo="skip",
            showlegend=False,
            **shared,
        ),
        go.Scatter(
            x=at,
            y=drawn["median"],
            mode="lines+markers",
            line={"color": look.color, "width": 2.2},
            marker={"symbol": look.marker, "size": 7, "maxdisplayed": _MARKERS},
            **shared,
        ),
    ]
