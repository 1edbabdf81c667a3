"""The networks ranked first, drawn beside each other as a picture in the page."""

import base64
from collections.abc import Sequence
from typing import cast

from coatnet.config import CoAtNetConfig
from coatnet.drawing import draw, draw_all
from nas.networks.registry import family_of
from nas.ranking.result import Ranking
from nas.study.records import TrialHistory

SHOWN = 2  # the winner and the runner-up
_URI = "data:image/svg+xml;base64,"


def drawn(histories: Sequence[TrialHistory], ranking: Ranking) -> str:
    """Return the best layouts' networks as a data URI of an SVG; "" where none can be drawn.

    As an image of its own it can run nothing, whatever stands in it.
    """
    ours = {each.trial.label for each in histories if family_of(each.trial.config).searched}
    best = [layout.label for layout in ranking.layouts if layout.label in ours][:SHOWN]
    svg = drawing(histories, best)
    return "" if svg is None else _URI + base64.b64encode(svg.encode()).decode()


def drawing(histories: Sequence[TrialHistory], labels: Sequence[str]) -> str | None:
    """Return the networks of labels as an SVG document; None where none can be drawn."""
    found: dict[str, CoAtNetConfig] = {}
    for history in histories:
        trial = history.trial
        if trial.label in labels and family_of(trial.config).searched:
            found.setdefault(trial.label, cast(CoAtNetConfig, trial.config))
    ordered = {label: found[label] for label in labels if label in found}
    if not ordered:
        return None
    [(label, config), *others] = ordered.items()
    return draw_all(ordered, title="Stage by stage") if others else draw(config, title=label)
