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


def drawn(histories: Sequence[TrialHistory], ranking: Ranking) -> str:
    """Return the best layouts' networks as a data URI of an SVG; "" where none can be drawn.

    As an image of its own it can run nothing, whatever stands in it.
    """
    configs = {
        history.trial.label: history.trial.config
        for history in reversed(histories)
        if history.trial.parent is None
    }
    best: dict[str, CoAtNetConfig] = {}
    for layout in ranking.layouts:
        config = configs.get(layout.label)
        if config is not None and family_of(config).searched and len(best) < SHOWN:
            best[layout.label] = cast(CoAtNetConfig, config)  # the family that is searched
    if not best:
        return ""
    [(label, config), *others] = best.items()
    svg = draw_all(best, title="Stage by stage") if others else draw(config, title=label)
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
