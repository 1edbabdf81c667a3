"""What a user names to read: a study or a sweep, behind one interface."""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pandas as pd

from nas.ranking.result import Ranking
from nas.reading.study import StudyReader
from nas.spec.study import Metric, Question
from nas.study.folder import begun_study
from nas.study.places import find_study
from nas.study.sweep import find_sweep, open_sweep

if TYPE_CHECKING:
    from torch import nn

    from nas.reading.sweep import SweepOrders


class Target(Protocol):
    """Reads what is there now; whoever uses it need not know whether it is one study or several."""

    @property
    def folder(self) -> Path:
        """Where it is."""
        ...

    @property
    def trials(self) -> pd.DataFrame:
        """One row a trial."""
        ...

    @property
    def epochs(self) -> pd.DataFrame:
        """One row an epoch measured."""
        ...

    @property
    def ranking(self) -> pd.DataFrame:
        """The layouts, the best first."""
        ...

    def headline(self) -> str:
        """Return where it stands, in a line."""
        ...

    def status(self) -> pd.DataFrame:
        """Return where each of its parts stands."""
        ...

    def best(self) -> "nn.Module":
        """Return the best network, on the CPU, in evaluation mode.

        Raises:
            NotFoundError: nothing has finished.
            CheckpointError: its checkpoint is gone or damaged.
            SpecError: there are several studies, each with a best network of its own.
        """
        ...

    def answer(
        self, metric: Metric | None = None, question: Question | None = None
    ) -> "Ranking | SweepOrders":
        """Return what came out, by its own metric and question or by others.

        Raises:
            SpecError: that metric cannot be read off it.
        """
        ...

    def report(self, to: Path | None = None) -> Path:
        """Write its picture as one HTML file; return the path."""
        ...

    def only_study(self, what: str) -> StudyReader:
        """Return the one study that `what` is to be done to.

        Raises:
            SpecError: there are several; the message names one.
        """
        ...


def open_target(name: str | Path) -> Target:
    """Open a study or a sweep, given as a path, or as a name under `studies/`.

    Raises:
        NotFoundError: there is neither.
        SpecError: its file is damaged, or of a newer format.
    """
    swept = find_sweep(str(name))
    if swept is not None:
        from nas.reading.sweep import SweepReader  # noqa: PLC0415 - imports figures

        return SweepReader(open_sweep(swept))
    return StudyReader(begun_study(find_study(str(name))))
