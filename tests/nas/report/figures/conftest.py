"""One made-up study, its tables and its looks, for all figures."""

from dataclasses import dataclass

import pandas as pd
import pytest

from nas.ranking.relations import rank
from nas.ranking.result import Ranking
from nas.report.style import LayoutStyle, styles
from nas.spec.study import RankingSpec
from nas.study.records import TrialHistory
from nas.tables.frames import epochs_frame, ranking_frame, relations_frame
from tests.nas.synthetic import DIGITS, study


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """A study as figures get it."""

    histories: tuple[TrialHistory, ...]
    ranking: Ranking
    epochs: pd.DataFrame
    table: pd.DataFrame
    pairs: pd.DataFrame
    looks: dict[str, LayoutStyle]


def drawn(histories):
    """Return the tables of a study."""
    ranking = rank(histories, RankingSpec(), evaluation_images=599)
    return Drawn(
        histories=tuple(histories),
        ranking=ranking,
        epochs=epochs_frame(histories),
        table=ranking_frame(ranking),
        pairs=relations_frame(ranking),
        looks=styles(history.trial.label for history in histories),
    )


@pytest.fixture(scope="session")
def six():
    return drawn(study(DIGITS, seeds=range(6)))


@pytest.fixture(scope="session")
def draw():
    return drawn


@pytest.fixture
def named():
    """Find the traces of one layout."""
    return lambda figure, label: [trace for trace in figure.data if trace.name == label]


@pytest.fixture
def ranked():
    """Make a ranking's table of (layout, score) with what a figure needs beside."""

    def table(scores, **columns):
        rows = [
            {"label": layout, "score": score, "low": score - 0.01, "high": score + 0.01}
            for layout, score in scores.items()
        ]
        frame = pd.DataFrame(rows).assign(
            seeds=6,
            parameters=1000,
            macs=1000,
            withheld="",
            collapsed=0,
            symbol=None,
            next_withheld="",
        )
        return frame.assign(**columns)

    return table


@pytest.fixture
def related():
    """Make a relations' table of "A > B" and the like."""

    def table(*claims, **columns):
        rows = [dict(zip(("a", "symbol", "b"), claim.split(), strict=True)) for claim in claims]
        frame = pd.DataFrame(rows, columns=["a", "symbol", "b"]).assign(
            difference=0.02, low=0.0, high=0.04, paired_seeds=6, withheld="", more_seeds=pd.NA
        )
        return frame.assign(**columns)

    return table
